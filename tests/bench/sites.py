"""Where is a thing of an estate, and what is its key?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from graph.model import Key
from tests.bench.shapes import mixed

ACCOUNT = Key.of(("cloud.account", "123456789012"))
REGION = ACCOUNT.child("cloud.region", "eu-west-1")

_CLUSTER, _POD, _IMAGE, _COMMIT, _MACHINE = range(10, 15)
"""What a number is drawn for."""


@dataclass(frozen=True)
class Workload:
    """A workload, and as much of what is around it as its things name.

    count: of the workloads of the estate. before: the pods that its cluster has of the workloads before it.
    """

    seed: int
    number: int
    count: int
    size: int
    containers: int
    before: int
    cluster: int
    nodes: int

    @property
    def name(self) -> str:
        """The name that its namespace, its Deployment and its services share."""
        return f"svc-{self.number:05d}"

    @cached_property
    def team(self) -> Key:
        """Who owns it."""
        return Key.of(("team", f"team-{self.number % 97}"))

    @cached_property
    def namespace(self) -> Key:
        """Where it is."""
        return cluster_key(self.seed, self.cluster).child("k8s.namespace", self.name)

    @cached_property
    def repository(self) -> Key:
        """Where its code is."""
        return Key.of(("vcs.repository", f"git.example.com/{self.name}"))

    @property
    def commit(self) -> Key:
        """The commit that it was made from."""
        return self.repository.child("vcs.commit", digits(40, self.seed, _COMMIT, self.number))

    def one(self, kind: str) -> Key:
        """Give the key of the one thing of a kind that it has."""
        return self.namespace if kind == "k8s.namespace" else self.namespace.child(kind, self.name)

    def file(self, name: str) -> Key:
        """Give the key of a file of its repository."""
        return self.repository.child("vcs.file", name)

    def pod(self, index: int, life: int = 0) -> Key:
        """Give the key of a pod of it. life: the round since which it stands in its place."""
        return self.namespace.child("k8s.pod", self.pod_uid(index, life))

    def pod_uid(self, index: int, life: int) -> str:
        """Give the uid of a pod of it."""
        return digits(32, self.seed, _POD, self.number, index, life)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine in the cloud: the node of that number of a cluster, or one of its own (cluster -1)."""

    seed: int
    cluster: int
    number: int

    @property
    def id(self) -> str:
        """What the cloud calls it."""
        return f"i-{digits(17, self.seed, _MACHINE, self.cluster + 1, self.number)}"

    @property
    def node(self) -> Key:
        """The node that it is."""
        return node_key(self.seed, self.cluster, self.number)


def digits(count: int, *numbers: int) -> str:
    """Give so many hexadecimal digits, mixed from integers."""
    return "".join(f"{mixed(part, *numbers):016x}" for part in range(-(-count // 16)))[:count]


def cluster_key(seed: int, number: int) -> Key:
    """Give the key of a cluster."""
    return Key(f"k8s.cluster/{digits(32, seed, _CLUSTER, number)}")


def node_key(seed: int, cluster: int, number: int) -> Key:
    """Give the key of a node."""
    return cluster_key(seed, cluster).child("k8s.node", f"node-{number:05d}")


def image_key(seed: int, workload: int) -> Key:
    """Give the key of a workload's image."""
    return Key(f"container.image/sha256:{digits(64, seed, _IMAGE, workload)}")


def logical_key(workload: int) -> Key:
    """Give the key of the logical service that a workload is."""
    return Key(f"service/svc-{workload:05d}")
