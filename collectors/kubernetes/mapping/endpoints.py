"""Which pods stand behind a service, and which of them are ready?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.network import leans_on_host
from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from graph.model import KeyEnd, Method, Relation, Statement

_SERVICE_LABEL = "kubernetes.io/service-name"


def endpointslice(place: Place, item: Object) -> Iterator[Statement]:
    """State an EndpointSlice, its service, and the service's tie to each pod that it names by uid (ontology R6).

    What no pod stands behind is kept by its address; a host name is what the service depends on, as an external one is.
    """
    meta = item["metadata"]
    source = place.of("k8s.endpointslice", item)
    service = (meta.get("labels") or {}).get(_SERVICE_LABEL)
    endpoints = each(item.get("endpoints"))
    others = [one for one in endpoints if (one.get("targetRef") or {}).get("kind") != "Pod"]
    ports = [_port(port) for port in each(item.get("ports"))]
    address_type = item.get("addressType") or ""
    attributes = present(
        address_type=address_type,
        ports=ports,
        service=service,
        addresses=sorted({address for one in others for address in texts(one.get("addresses"))}),
        endpoints_ready=sum(_serves(endpoint, "ready") for endpoint in endpoints),
        endpoints_total=len(endpoints),
    )
    yield entity(place, "k8s.endpointslice", item, attributes)
    owning = list(owners(place, source, item))
    yield from owning
    if service:
        target = place.end("k8s.service", meta["namespace"], service)
        if not any(isinstance(tie.target, KeyEnd) and tie.target.key == target.key for tie in owning):
            told = {"controller": False}
            yield Relation(source, "MANAGED_BY", target, attributes=told, method=Method.LABEL, confidence=0.9)
        yield from _selected(place, target, meta["namespace"], endpoints, ports, address_type)
        if address_type == "FQDN":
            yield from (leans_on_host(place, target, host, "endpoints") for host in attributes.get("addresses", ()))


def _selected(
    place: Place, service: KeyEnd, namespace: str, endpoints: Any, ports: list[dict[str, Any]], slot: str
) -> Iterator[Relation]:
    by_pod: dict[KeyEnd, list[Object]] = {}
    for endpoint in endpoints:
        target = endpoint.get("targetRef") or {}
        if target.get("kind") == "Pod" and target.get("uid"):
            pod = place.end("k8s.pod", target.get("namespace") or namespace, target.get("name", ""), target["uid"])
            by_pod.setdefault(pod, []).append(endpoint)
    for pod, parts in sorted(by_pod.items(), key=lambda entry: entry[0].key):
        attributes = present(
            ports=ports,
            zone=next(iter(sorted({part["zone"] for part in parts if part.get("zone")})), None),
            ready=any(_serves(part, "ready") for part in parts),
            serving=any(_serves(part, "serving") for part in parts),
            terminating=any(bool((part.get("conditions") or {}).get("terminating")) for part in parts),
            addresses=sorted({address for part in parts for address in texts(part.get("addresses"))}),
        )
        yield Relation(service, "SELECTS", pod, slot, attributes, Method.SELECTOR)


def _serves(endpoint: Object, condition: str) -> bool:
    """Read a condition as consumers must: unknown counts as ready (EndpointConditions, discovery.k8s.io/v1)."""
    conditions = endpoint.get("conditions") or {}
    ready = conditions.get("ready")
    known = conditions.get("serving") if condition == "serving" and conditions.get("serving") is not None else ready
    return known is not False


def _port(port: Object) -> dict[str, Any]:
    return present(
        name=port.get("name"),
        port=port.get("port"),
        protocol=port.get("protocol"),
        app_protocol=port.get("appProtocol"),
    )
