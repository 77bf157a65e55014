"""What is allowed in a namespace: which traffic, and how much of everything?"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from graph.model import KeyEnd, Relation, Statement


def networkpolicy(place: Place, item: Object) -> Iterator[Statement]:
    """State a NetworkPolicy. Whom it protects is a matter of its selector, and of labels: a rule says it.

    An absent selector means every pod of the namespace, as an empty one does. An absent list of types means Ingress,
    and Egress where there are rules for it (NetworkPolicySpec.policyTypes).
    """
    spec = item.get("spec") or {}
    types = texts(spec.get("policyTypes")) or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    attributes = present(
        pod_selector=dict(spec.get("podSelector") or {}),
        policy_types=sorted(types),
        ingress=list(each(spec.get("ingress"))),
        egress=list(each(spec.get("egress"))),
    )
    yield entity(place, "k8s.networkpolicy", item, attributes)
    yield from owners(place, place.of("k8s.networkpolicy", item), item)


def resourcequota(place: Place, item: Object) -> Iterator[Statement]:
    """State a ResourceQuota, what of it is used, and the namespace that it limits."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    attributes = present(
        hard={name: str(quantity) for name, quantity in (spec.get("hard") or {}).items()},
        scopes=sorted(texts(spec.get("scopes"))),
        scope_selector=dict(spec.get("scopeSelector") or {}),
        used={name: str(quantity) for name, quantity in (status.get("used") or {}).items()},
    )
    yield entity(place, "k8s.resourcequota", item, attributes)
    yield from owners(place, place.of("k8s.resourcequota", item), item)
    yield _limits(place, "k8s.resourcequota", item)


def limitrange(place: Place, item: Object) -> Iterator[Statement]:
    """State a LimitRange and the namespace that it limits."""
    attributes = present(limits=list(each((item.get("spec") or {}).get("limits"))))
    yield entity(place, "k8s.limitrange", item, attributes)
    yield from owners(place, place.of("k8s.limitrange", item), item)
    yield _limits(place, "k8s.limitrange", item)


def _limits(place: Place, kind: str, item: Object) -> Relation:
    namespace = place.namespace(item["metadata"]["namespace"])
    return Relation(place.of(kind, item), "LIMITS", KeyEnd(namespace))
