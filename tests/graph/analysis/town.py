"""What does a cluster look like whose shape is known exactly? 25 pods on each node, and 15 in each workload."""

from __future__ import annotations

from dataclasses import dataclass, field

from graph.model import Document, Key
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.analysis.shop import CLUSTER, SCOPES, SHOP
from tests.graph.world import World, document, entity, tie

REPLICAS = 15
"""The pods of a workload."""


def node(number: int) -> Key:
    """Name a node."""
    return CLUSTER.child("k8s.node", f"n{number:03d}")


def one(kind: str, number: int) -> Key:
    """Name what a workload has one of."""
    return SHOP.child(f"k8s.{kind}", f"w{number:03d}")


def pod(number: int, index: int) -> Key:
    """Name a pod of a workload."""
    return SHOP.child("k8s.pod", f"w{number:03d}-{index:02d}")


@dataclass(slots=True)
class Town:
    """The cluster, read once. nodes: a multiple of twelve."""

    store: GraphStore = field(default_factory=MemoryStore)
    nodes: int = 12
    world: World = field(init=False)
    pods: dict[Key, tuple[int, Key]] = field(default_factory=dict)
    """Of each pod its workload and its node."""

    def __post_init__(self) -> None:
        self.world = World(self.store)
        self.world.configure("prod")
        self.world.scopes("prod", *SCOPES.values())
        self._read("cluster", [document("c", "1", entity(CLUSTER)), document("ns", "1", entity(SHOP))])
        self._read("nodes", [self._node(number) for number in range(self.nodes)])
        for kind in ("service", "ingress", "deployment", "replicaset", "configmap"):
            self._read(
                f"{kind}s" if kind != "ingress" else "ingresses",
                [self._single(kind, number) for number in range(self.workloads)],
            )
        self.pods = {
            pod(number, index): (number, node(self.host(number, index)))
            for number in range(self.workloads)
            for index in range(REPLICAS)
        }
        self._read("pods", [self._pod(key, *placed) for key, placed in self.pods.items()])
        self._read("endpointslices", [self._slice(number) for number in range(self.workloads)])

    @property
    def workloads(self) -> int:
        """How many workloads fill the nodes."""
        return self.nodes * 25 // REPLICAS

    def host(self, number: int, index: int) -> int:
        """Give the number of the node that a pod runs on: 12 pairs of neighbours and one more on each of them."""
        place = number * REPLICAS + index
        return place // 2 % self.nodes if place < 24 * self.nodes else place % self.nodes

    def _read(self, name: str, documents: list[Document]) -> None:
        self.world.read(SCOPES[name], *documents)

    def _node(self, number: int) -> Document:
        key = node(number)
        return document(f"node-{number}", "1", entity(key, ready=True), tie(key, "PART_OF", CLUSTER))

    def _single(self, kind: str, number: int) -> Document:
        key = one(kind, number)
        ties = {
            "ingress": [tie(key, "ROUTES_TO", one("service", number), f"h{number} /", host=f"h{number}", path="/")],
            "deployment": [tie(key, "USES_CONFIG", one("configmap", number))],
            "replicaset": [tie(key, "MANAGED_BY", one("deployment", number), controller=True)],
        }
        return document(f"{kind}-{number}", "1", entity(key), *ties.get(kind, []))

    def _pod(self, key: Key, number: int, on: Key) -> Document:
        container = key.child("k8s.container", "app")
        return document(
            f"pod-{key}",
            "1",
            entity(key, ready=self.ready(key), phase="Running"),
            tie(key, "MANAGED_BY", one("replicaset", number), controller=True),
            tie(key, "RUNS_ON", on),
            tie(key, "USES_CONFIG", one("configmap", number), uses=["env"]),
            entity(container, ready=self.ready(key)),
            tie(container, "RUNS_ON", key),
        )

    def _slice(self, number: int) -> Document:
        service, key = one("service", number), one("endpointslice", number)
        ties = [
            tie(service, "SELECTS", pod(number, index), "IPv4", ready=self.ready(pod(number, index)))
            for index in range(REPLICAS)
        ]
        return document(f"slice-{number}", "1", entity(key), tie(key, "MANAGED_BY", service), *ties)

    def ready(self, key: Key) -> bool:
        """Tell whether a pod is ready: one of each third workload is not."""
        return not (key.id.endswith("-14") and int(key.id[1:4]) % 3 == 0)

    def on(self, where: Key) -> set[Key]:
        """Give the pods of a node."""
        return {key for key, (_, place) in self.pods.items() if place == where}
