"""What do the controllers want: how many pods, of which template, and how far are they?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.classes import of_class
from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from collectors.kubernetes.mapping.template import template_attributes, template_relations
from graph.model import Statement


def replicaset(place: Place, item: Object) -> Iterator[Statement]:
    """State a ReplicaSet."""
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        replicas=spec.get("replicas"),
        selector=_selector(spec),
        status_replicas=status.get("replicas", 0),
        ready_replicas=status.get("readyReplicas", 0),
        available_replicas=status.get("availableReplicas", 0),
    )
    yield from _workload(place, "k8s.replicaset", item, attributes, spec.get("template"))


def deployment(place: Place, item: Object) -> Iterator[Statement]:
    """State a Deployment."""
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        replicas=spec.get("replicas"),
        selector=_selector(spec),
        strategy=dict(spec.get("strategy") or {}),
        paused=spec.get("paused") or None,
        status_replicas=status.get("replicas", 0),
        ready_replicas=status.get("readyReplicas", 0),
        available_replicas=status.get("availableReplicas", 0),
        updated_replicas=status.get("updatedReplicas", 0),
        conditions=conditions(status),
    )
    yield from _workload(place, "k8s.deployment", item, attributes, spec.get("template"))


def statefulset(place: Place, item: Object) -> Iterator[Statement]:
    """State a StatefulSet."""
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        replicas=spec.get("replicas"),
        selector=_selector(spec),
        strategy=dict(spec.get("updateStrategy") or {}),
        service_name=spec.get("serviceName"),
        volume_claims={claim["metadata"]["name"]: _claim(claim) for claim in each(spec.get("volumeClaimTemplates"))},
        claim_retention=dict(spec.get("persistentVolumeClaimRetentionPolicy") or {}),
        status_replicas=status.get("replicas", 0),
        ready_replicas=status.get("readyReplicas", 0),
        available_replicas=status.get("availableReplicas", 0),
        updated_replicas=status.get("updatedReplicas", 0),
        current_revision=status.get("currentRevision"),
        update_revision=status.get("updateRevision"),
    )
    yield from _workload(place, "k8s.statefulset", item, attributes, spec.get("template"))
    claims = [claim.get("spec") or {} for claim in each(spec.get("volumeClaimTemplates"))]
    for class_ in sorted({claim["storageClassName"] for claim in claims if claim.get("storageClassName")}):
        source = place.of("k8s.statefulset", item)
        yield from of_class(place, source, "k8s.storageclass", class_, "volumeClaimTemplates")


def daemonset(place: Place, item: Object) -> Iterator[Statement]:
    """State a DaemonSet."""
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        selector=_selector(spec),
        strategy=dict(spec.get("updateStrategy") or {}),
        desired=status.get("desiredNumberScheduled", 0),
        ready_replicas=status.get("numberReady", 0),
        available_replicas=status.get("numberAvailable", 0),
        updated_replicas=status.get("updatedNumberScheduled", 0),
    )
    yield from _workload(place, "k8s.daemonset", item, attributes, spec.get("template"))


def job(place: Place, item: Object) -> Iterator[Statement]:
    """State a Job."""
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        parallelism=spec.get("parallelism"),
        completions=spec.get("completions"),
        backoff_limit=spec.get("backoffLimit"),
        suspend=spec.get("suspend") or None,
        active=status.get("active", 0),
        succeeded=status.get("succeeded", 0),
        failed=status.get("failed", 0),
        conditions=conditions(status),
        started_at=status.get("startTime"),
        completed_at=status.get("completionTime"),
    )
    yield from _workload(place, "k8s.job", item, attributes, spec.get("template"))


def cronjob(place: Place, item: Object) -> Iterator[Statement]:
    """State a CronJob."""
    spec, status = item["spec"], item.get("status") or {}
    attributes = present(
        schedule=spec.get("schedule"),
        time_zone=spec.get("timeZone"),
        suspend=spec.get("suspend") or None,
        concurrency_policy=spec.get("concurrencyPolicy"),
        last_scheduled_at=status.get("lastScheduleTime"),
        last_successful_at=status.get("lastSuccessfulTime"),
        active=len(each(status.get("active"))),
    )
    yield from _workload(place, "k8s.cronjob", item, attributes, spec["jobTemplate"]["spec"].get("template"))


def _workload(
    place: Place, kind: str, item: Object, attributes: dict[str, Any], template: Object | None
) -> Iterator[Statement]:
    source = place.of(kind, item)
    spec: Object = (template or {}).get("spec") or {}
    yield entity(place, kind, item, attributes | template_attributes(place, template or {}))
    yield from owners(place, source, item)
    if spec:  # a ReplicaSet may have no template, and then it names nothing
        yield from template_relations(place, source, item["metadata"]["namespace"], spec)


def _selector(spec: Object) -> dict[str, Any]:
    return dict(spec.get("selector") or {})


def _claim(claim: Object) -> dict[str, Any]:
    spec = claim.get("spec") or {}
    return present(
        storage_class=spec.get("storageClassName"),
        access_modes=sorted(texts(spec.get("accessModes"))),
        storage=((spec.get("resources") or {}).get("requests") or {}).get("storage"),
    )
