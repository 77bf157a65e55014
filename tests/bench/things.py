"""What does each thing that a workload has one of state? One entity, and four relations, as a collector would."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graph.model import Alias, Entity, Holding, Key, KeyEnd, Relation, Statement, Value
from graph.model.statements import End
from tests.bench.shapes import BASE_IMAGE, CALLED, unit, zipf
from tests.bench.sites import ACCOUNT, Workload, cluster_key, digits, image_key, logical_key

_CALLS, _BASE = range(20, 22)
_STEP = 1_000_003
"""A prime above every number of workloads, which spreads the ranks over them."""


def tie(source: Key, verb: str, target: Key | End, **attributes: Value) -> Relation:
    """State a relation of a thing."""
    end = KeyEnd(target) if isinstance(target, Key) else target
    return Relation(KeyEnd(source), verb, end, "", attributes)


def _labels(workload: Workload) -> dict[str, Value]:
    return {
        "app.kubernetes.io/name": workload.name,
        "app.kubernetes.io/version": f"1.{workload.number % 90}.0",
        "team": workload.team.id,
    }


def meta(workload: Workload) -> dict[str, Value]:
    """Give the attributes that all things of a workload have."""
    day = workload.number % 28 + 1
    return {"created_at": f"2026-01-{day:02d}T09:00:00Z", "labels": _labels(workload)}


def _template(workload: Workload) -> Sequence[Value]:
    return [
        {"name": f"c{one}", "image": f"registry.example.com/{workload.name}-{one}", "requests": {"cpu": "100m"}}
        for one in range(workload.containers)
    ]


def address(first: int, number: int) -> str:
    """Give an address of a network, by its first byte."""
    return f"{first}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _namespace(one: Workload, revision: int) -> Sequence[Statement]:
    key = one.namespace
    attributes = {**meta(one), "phase": "Active", "annotations": {"revision": str(revision)}}
    return (
        Entity(key, one.name, digits(32, one.seed, one.number), attributes),
        tie(key, "PART_OF", cluster_key(one.seed, one.cluster)),
        tie(key, "OWNED_BY", one.team),
        tie(key, "DECLARED_IN", one.file("namespace.yaml")),
        tie(key, "IN_ACCOUNT", ACCOUNT),
    )


def _deployment(one: Workload, revision: int) -> Sequence[Statement]:
    key = one.one("k8s.deployment")
    attributes: dict[str, Value] = {
        **meta(one),
        "replicas": one.size,
        "selector": {"matchLabels": {"app.kubernetes.io/name": one.name}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "containers": _template(one),
        "annotations": {"deployment.kubernetes.io/revision": str(1 + revision)},
        "ready_replicas": one.size,
    }
    return (
        Entity(key, one.name, digits(32, one.seed, one.number, 1), attributes),
        tie(key, "PART_OF", one.namespace),
        tie(key, "USES_CONFIG", one.one("k8s.configmap"), uses=["env"]),
        tie(key, "MOUNTS", one.one("k8s.secret"), path="/etc/svc"),
        tie(key, "RUNS_AS", one.one("k8s.serviceaccount")),
    )


def _service(one: Workload, revision: int) -> Sequence[Statement]:
    key = one.one("k8s.service")
    attributes: dict[str, Value] = {
        **meta(one),
        "type": "ClusterIP",
        "cluster_ips": [address(10, 1 << 23 | one.number)],
        "ports": [{"name": "http", "port": 80 + revision, "targetPort": 8080, "protocol": "TCP"}],
        "selector": {"app.kubernetes.io/name": one.name},
    }
    host = f"{one.cluster}/{one.name}.{one.name}.svc.cluster.local"
    return (
        Entity(key, one.name, None, attributes, (Alias("dns", host, Holding.EXCLUSIVE),)),
        tie(key, "PART_OF", one.namespace),
        tie(key, "DEPENDS_ON", one.one("k8s.deployment")),
        tie(key, "SELECTS", one.pod(0), ready=True),
        tie(key, "DECLARED_IN", one.file("service.yaml")),
    )


def _configured(kind: str, one: Workload, attributes: dict[str, Value]) -> Sequence[Statement]:
    key = one.one(kind)
    return (
        Entity(key, one.name, digits(32, one.seed, one.number, len(kind)), {**meta(one), **attributes}),
        tie(key, "PART_OF", one.namespace),
        tie(key, "DECLARED_IN", one.file(f"{kind}.yaml")),
        tie(key, "OWNED_BY", one.team),
        tie(key, "BUILT_FROM", one.commit),
    )


def _configmap(one: Workload, revision: int) -> Sequence[Statement]:
    return _configured(
        "k8s.configmap",
        one,
        {"keys": ["application.yaml", "logging.xml"], "content_hash": digits(32, one.seed, one.number, revision)},
    )


def _secret(one: Workload, revision: int) -> Sequence[Statement]:
    return _configured("k8s.secret", one, {"type": "Opaque", "annotations": {"revision": str(revision)}})


def _account(one: Workload, revision: int) -> Sequence[Statement]:
    key = one.one("k8s.serviceaccount")
    attributes = {**meta(one), "automount_token": False, "annotations": {"revision": str(revision)}}
    return (
        Entity(key, one.name, digits(32, one.seed, one.number, 2), attributes),
        tie(key, "PART_OF", one.namespace),
        tie(key, "ASSUMES", ACCOUNT.child("aws.iam.role", one.name)),
        tie(key, "OWNED_BY", one.team),
        tie(key, "DECLARED_IN", one.file("serviceaccount.yaml")),
    )


def _called(one: Workload) -> list[int]:
    """Draw the three workloads whose services a workload calls: the lower the rank, the more often."""
    found: list[int] = []
    draw = 0
    while len(found) < 3:
        rank = zipf(unit(one.seed, _CALLS, one.number, draw), one.count, CALLED) if draw < 20 else draw
        other = rank * _STEP % one.count
        if other != one.number and other not in found:
            found.append(other)
        draw += 1
    return found


def _logical(one: Workload, revision: int) -> Sequence[Statement]:
    key = logical_key(one.number)
    attributes = {"version": f"1.{one.number % 90}.{revision}", "tier": ("web", "logic", "data")[one.number % 3]}
    calls = [tie(key, "CALLS", logical_key(other)) for other in _called(one)]
    return (Entity(key, one.name, None, attributes), tie(key, "DEPENDS_ON", one.one("k8s.service")), *calls)


def _image_of(one: Workload, revision: int) -> Sequence[Statement]:
    key = image_key(one.seed, one.number)
    base = zipf(unit(one.seed, _BASE, one.number), one.number, BASE_IMAGE) if one.number else one.count
    attributes: dict[str, Value] = {
        "repository": f"registry.example.com/{one.name}",
        "tags": [f"1.{one.number % 90}.{revision}"],
        "architecture": "amd64",
        "os": "linux",
    }
    return (
        Entity(key, one.name, None, attributes, (Alias("digest", key.id, Holding.FOREVER),)),
        tie(key, "BUILT_FROM", one.commit),
        tie(key, "BUILT_FROM", image_key(one.seed, base)),
        tie(key, "DECLARED_IN", one.file("Dockerfile")),
        tie(key, "OWNED_BY", one.team),
    )


SINGLE: dict[str, Callable[[Workload, int], Sequence[Statement]]] = {
    "k8s.namespace": _namespace,
    "k8s.deployment": _deployment,
    "k8s.service": _service,
    "k8s.configmap": _configmap,
    "k8s.secret": _secret,
    "k8s.serviceaccount": _account,
    "service": _logical,
    "container.image": _image_of,
}
"""How to state the one thing of a kind that a workload has, revised so many times."""
