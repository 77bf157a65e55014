"""What extends the API, and can break it: admission webhooks, aggregated APIs, and the resources of others?

Certificates (caBundle) are not kept, and neither is the schema of a resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present
from graph.model import KeyEnd, Relation, Statement


def mutatingwebhookconfiguration(place: Place, item: Object) -> Iterator[Statement]:
    """State a MutatingWebhookConfiguration and the services that the API server asks."""
    yield from _webhooks(place, "k8s.mutatingwebhookconfiguration", item)


def validatingwebhookconfiguration(place: Place, item: Object) -> Iterator[Statement]:
    """State a ValidatingWebhookConfiguration and the services that the API server asks."""
    yield from _webhooks(place, "k8s.validatingwebhookconfiguration", item)


def apiservice(place: Place, item: Object) -> Iterator[Statement]:
    """State an APIService, and the service that answers for it; one without is answered by the API server itself."""
    spec, source = item["spec"], place.of("k8s.apiservice", item)
    service = spec.get("service") or {}
    attributes = present(
        group=spec.get("group"),
        version=spec.get("version"),
        service=_service_name(service),
        insecure=spec.get("insecureSkipTLSVerify") or None,
        group_priority=spec.get("groupPriorityMinimum"),
        version_priority=spec.get("versionPriority"),
        available=conditions(item.get("status") or {}).get("Available"),
    )
    yield entity(place, "k8s.apiservice", item, attributes)
    yield from owners(place, source, item)
    yield from _asks(place, source, service, "")


def customresourcedefinition(place: Place, item: Object) -> Iterator[Statement]:
    """State a CustomResourceDefinition, and the service that converts between its versions."""
    spec, source = item["spec"], place.of("k8s.customresourcedefinition", item)
    names, conversion = spec.get("names") or {}, spec.get("conversion") or {}
    attributes = present(
        group=spec.get("group"),
        resource=names.get("plural"),
        resource_kind=names.get("kind"),
        scope=spec.get("scope"),
        versions=[_version(version) for version in each(spec.get("versions"))],
        conversion=conversion.get("strategy"),
        conditions=conditions(item.get("status") or {}),
    )
    yield entity(place, "k8s.customresourcedefinition", item, attributes)
    yield from owners(place, source, item)
    client = (conversion.get("webhook") or {}).get("clientConfig") or {}
    yield from _asks(place, source, client.get("service") or {}, "conversion")


def _webhooks(place: Place, kind: str, item: Object) -> Iterator[Statement]:
    webhooks, source = each(item.get("webhooks")), place.of(kind, item)
    attributes = present(webhooks={webhook["name"]: _webhook(webhook) for webhook in webhooks})
    yield entity(place, kind, item, attributes)
    yield from owners(place, source, item)
    for webhook in webhooks:
        yield from _asks(place, source, webhook["clientConfig"].get("service") or {}, webhook["name"])


def _webhook(webhook: Object) -> dict[str, Any]:
    client = webhook["clientConfig"]
    return present(
        service=_service_name(client.get("service") or {}),
        url=(client.get("url") or "").partition("?")[0],  # a query may hold a token
        failure_policy=webhook.get("failurePolicy"),
        match_policy=webhook.get("matchPolicy"),
        rules=list(each(webhook.get("rules"))),
        namespace_selector=dict(webhook.get("namespaceSelector") or {}),
        object_selector=dict(webhook.get("objectSelector") or {}),
        match_conditions=[one["name"] for one in each(webhook.get("matchConditions"))],
        side_effects=webhook.get("sideEffects"),
        timeout=webhook.get("timeoutSeconds"),
        reinvocation=webhook.get("reinvocationPolicy"),
    )


def _version(version: Object) -> dict[str, Any]:
    return present(
        name=version["name"],
        served=bool(version.get("served")),
        storage=bool(version.get("storage")),
        deprecated=version.get("deprecated") or None,
    )


def _service_name(service: Object) -> str | None:
    return f"{service['namespace']}/{service['name']}" if service else None


def _asks(place: Place, source: KeyEnd, service: Object, slot: str) -> Iterator[Relation]:
    """Tie what extends the API to the service that is asked. An absent port is 443 (ServiceReference)."""
    if service:
        target = place.end("k8s.service", service["namespace"], service["name"])
        attributes = present(port=service.get("port") or 443, path=(service.get("path") or "").partition("?")[0])
        yield Relation(source, "ROUTES_TO", target, slot, attributes)
