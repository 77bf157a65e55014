"""What decides how many there are, and how many may be missing: autoscalers and disruption budgets?"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, group_of, present
from graph.model import Relation, Statement


def hpa(place: Place, item: Object) -> Iterator[Statement]:
    """State a HorizontalPodAutoscaler and what it scales. autoscaling/v1 has one metric, and not in a list."""
    spec, status = item["spec"], item.get("status") or {}
    source, target = place.of("k8s.hpa", item), spec["scaleTargetRef"]
    metrics = list(each(spec.get("metrics")))
    percentage = spec.get("targetCPUUtilizationPercentage")
    if percentage is not None:
        wanted = {"type": "Utilization", "averageUtilization": percentage}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": wanted}})
    attributes = present(
        target=f"{target['kind']}/{target['name']}",
        min_replicas=spec.get("minReplicas"),
        max_replicas=spec.get("maxReplicas"),
        metrics=metrics,
        behavior=dict(spec.get("behavior") or {}),
        current_replicas=status.get("currentReplicas", 0),
        desired_replicas=status.get("desiredReplicas", 0),
        last_scaled_at=status.get("lastScaleTime"),
        conditions=conditions(status),
    )
    yield entity(place, "k8s.hpa", item, attributes)
    yield from owners(place, source, item)
    group = group_of(target.get("apiVersion") or "")
    if end := place.referred(group, target["kind"], item["metadata"]["namespace"], target["name"]):
        yield Relation(source, "SCALES", end)


def pdb(place: Place, item: Object) -> Iterator[Statement]:
    """State a PodDisruptionBudget. Whom it guards is a matter of its selector, and of labels: a rule says it.

    An empty selector means every pod of the namespace, an absent one none: so the empty one is kept, in a form that can
    be told from its absence.
    """
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        min_available=spec.get("minAvailable"),
        max_unavailable=spec.get("maxUnavailable"),
        unhealthy_pod_eviction=spec.get("unhealthyPodEvictionPolicy"),
        current_healthy=status.get("currentHealthy", 0),
        desired_healthy=status.get("desiredHealthy", 0),
        expected_pods=status.get("expectedPods", 0),
        disruptions_allowed=status.get("disruptionsAllowed", 0),
        conditions=conditions(status),
    )
    if spec.get("selector") is not None:
        attributes["selector"] = dict(spec["selector"]) or {"matchLabels": {}}
    yield entity(place, "k8s.pdb", item, attributes)
    yield from owners(place, place.of("k8s.pdb", item), item)
