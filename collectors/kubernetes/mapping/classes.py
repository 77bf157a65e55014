"""How does an object name the class that it is of: who serves it, how urgent it is, on which storage it lies?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, present
from collectors.kubernetes.mapping.secrecy import without_random
from graph.model import KeyEnd, Relation, Statement

_DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"


def of_class(place: Place, source: KeyEnd, kind: str, name: Any, way: str) -> Iterator[Relation]:
    """Tie an object to the class that it names, if it names one."""
    if name:
        yield Relation(source, "USES_CONFIG", place.end(kind, "", name), attributes={"uses": [way]})


def is_default(item: Object, *annotations: str) -> bool | None:
    """Tell whether one of some annotations makes this class the default one; None where none does."""
    held = item["metadata"].get("annotations") or {}
    return any(held.get(annotation) == "true" for annotation in annotations) or None


def ingressclass(place: Place, item: Object) -> Iterator[Statement]:
    """State an IngressClass: which controller serves the Ingresses that name it."""
    spec = item.get("spec") or {}
    attributes = present(
        controller=spec.get("controller"),
        parameters=parameters(spec.get("parameters")),
        default=is_default(item, _DEFAULT_INGRESS_CLASS),
    )
    yield entity(place, "k8s.ingressclass", item, attributes)
    yield from owners(place, place.of("k8s.ingressclass", item), item)


def gatewayclass(place: Place, item: Object) -> Iterator[Statement]:
    """State a GatewayClass: which controller serves the Gateways that name it."""
    spec = item["spec"]
    attributes = present(
        controller=spec.get("controllerName"),
        parameters=parameters(spec.get("parametersRef")),
        conditions=conditions(item.get("status") or {}),
    )
    yield entity(place, "k8s.gatewayclass", item, attributes)
    yield from owners(place, place.of("k8s.gatewayclass", item), item)


def priorityclass(place: Place, item: Object) -> Iterator[Statement]:
    """State a PriorityClass. Its fields stand beside its metadata; a missing value is zero."""
    attributes = present(
        value=item.get("value", 0),
        default=item.get("globalDefault") or None,
        preemption_policy=item.get("preemptionPolicy"),
        description=without_random(item.get("description") or ""),
    )
    yield entity(place, "k8s.priorityclass", item, attributes)
    yield from owners(place, place.of("k8s.priorityclass", item), item)


def parameters(reference: Any) -> dict[str, Any]:
    """Give the reference to a controller's own parameters."""
    named: Object = reference or {}
    return present(
        group=named.get("group") or named.get("apiGroup"),
        kind=named.get("kind"),
        namespace=named.get("namespace"),
        name=named.get("name"),
    )
