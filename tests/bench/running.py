"""What runs, and where? Pods, their containers, nodes, and the machines that these are."""

from __future__ import annotations

from collections.abc import Sequence

from graph.model import Alias, AliasEnd, Entity, Holding, Key, Statement, Value
from tests.bench.shapes import PODS_PER_CLUSTER, mixed, unit
from tests.bench.sites import ACCOUNT, REGION, Machine, Workload, cluster_key, image_key, node_key
from tests.bench.things import address, meta, tie

INSTANCE_ID = "aws.ec2.instance.id"
_PLACE, _SIDECAR = range(30, 32)
_SIDECARS = 20


def pod(one: Workload, index: int, life: int, revision: int) -> Sequence[Statement]:
    """State a pod."""
    key = one.pod(index, life)
    drawn = mixed(one.seed, _PLACE, one.number, index, life)
    node = node_key(one.seed, one.cluster, drawn % one.nodes)
    name = f"{one.name}-{drawn >> 24:010x}"
    ip = address(10, one.before + index + life * PODS_PER_CLUSTER)
    attributes: dict[str, Value] = {
        **meta(one),
        "node": node.id,
        "qos_class": "Burstable",
        "restart_policy": "Always",
        "phase": "Running",
        "ready": revision % 2 == 0,
        "pod_ip": ip,
        "conditions": {"Ready": str(revision % 2 == 0), "PodScheduled": "True", "Initialized": "True"},
    }
    aliases = (
        Alias("k8s.pod.name", f"{one.namespace}/{name}", Holding.EXCLUSIVE),
        Alias("ip", f"{one.cluster}/{ip}", Holding.EXCLUSIVE),
    )
    return (
        Entity(key, name, key.id, attributes, aliases),
        tie(key, "RUNS_ON", node),
        tie(key, "MANAGED_BY", one.one("k8s.deployment"), controller=True),
        tie(key, "USES_CONFIG", one.one("k8s.configmap"), uses=["env"]),
        tie(key, "RUNS_AS", one.one("k8s.serviceaccount")),
    )


def container(one: Workload, index: int, life: int, number: int, revision: int) -> Sequence[Statement]:
    """State a container of a pod. The first runs the workload's own image, the others one of a few that many share."""
    owner = one.pod(index, life)
    key = owner.child("k8s.container", f"c{number}")
    shared = int(unit(one.seed, _SIDECAR, one.number, number) * min(_SIDECARS, one.count))
    number_of_image = one.number if number == 0 else shared
    image = image_key(one.seed, number_of_image)
    attributes: dict[str, Value] = {
        "image": f"registry.example.com/svc-{number_of_image:05d}:1.{number_of_image % 90}.0",
        "image_digest": image.id,
        "role": "main",
        "requests": {"cpu": "100m", "memory": "256Mi"},
        "limits": {"memory": "512Mi"},
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env_names": ["DB_PASSWORD", "LOG_LEVEL", "NODE"],
        "ready": True,
        "state": "running",
        "restarts": revision,
    }
    return (
        Entity(key, f"c{number}", None, attributes),
        tie(key, "PART_OF", owner),
        tie(key, "USES_IMAGE", image),
        tie(key, "USES_CONFIG", one.one("k8s.configmap"), uses=["env"]),
        tie(key, "MOUNTS", one.one("k8s.secret"), path="/etc/svc"),
    )


def _zone(machine: Machine) -> str:
    return f"eu-west-1{'abc'[machine.number % 3]}"


def _zone_key(machine: Machine) -> Key:
    return REGION.child("cloud.availability_zone", _zone(machine))


def node(machine: Machine, revision: int) -> Sequence[Statement]:
    """State a node, which is tied to its machine by the machine's id."""
    key = machine.node
    attributes: dict[str, Value] = {
        "created_at": "2026-01-05T09:00:00Z",
        "labels": {"topology.kubernetes.io/zone": _zone(machine), "kubernetes.io/os": "linux"},
        "provider_id": f"aws:///{_zone(machine)}/{machine.id}",
        "instance_type": "m6i.4xlarge",
        "zone": _zone(machine),
        "region": "eu-west-1",
        "capacity": {"cpu": "16", "memory": "65536Mi", "pods": "110"},
        "allocatable": {"cpu": "15890m", "memory": "62000Mi", "pods": "110"},
        "kubelet_version": "v1.36.3",
        "ready": revision % 2 == 0,
    }
    return (
        Entity(key, key.id, machine.id, attributes, (Alias("k8s.node.name", key, Holding.EXCLUSIVE),)),
        tie(key, "REALIZED_BY", AliasEnd(INSTANCE_ID, machine.id, ("aws.ec2.instance",))),
        tie(key, "PART_OF", cluster_key(machine.seed, machine.cluster)),
        tie(key, "IN_ZONE", _zone_key(machine)),
        tie(key, "IN_REGION", REGION),
    )


def instance(machine: Machine, revision: int) -> Sequence[Statement]:
    """State a machine as the cloud shows it."""
    key = REGION.child("aws.ec2.instance", machine.id)
    attributes: dict[str, Value] = {
        "type": "m6i.4xlarge",
        "image_id": "ami-0abcdef1234567890",
        "private_ip": address(172, machine.number),
        "zone": _zone(machine),
        "tags": {"Name": f"node-{machine.number}", "revision": str(revision)},
        "state": "running",
    }
    return (
        Entity(key, machine.id, None, attributes, (Alias(INSTANCE_ID, machine.id, Holding.FOREVER),)),
        tie(key, "IN_ZONE", _zone_key(machine)),
        tie(key, "IN_REGION", REGION),
        tie(key, "IN_ACCOUNT", ACCOUNT),
        tie(key, "OWNED_BY", Key("team/platform")),
    )
