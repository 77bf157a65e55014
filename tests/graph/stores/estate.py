"""Which few things do the tests of the stores tell of? A node, two pods on it, and machines in a cloud."""

from __future__ import annotations

from graph.model import Key, Scope
from graph.store import EntityFilter, GraphStore
from tests.graph.world import document, entity, exclusive, tie

CLUSTER = Key.of(("k8s.cluster", "one"))
SHOP = CLUSTER.child("k8s.namespace", "shop")
NODE = CLUSTER.child("k8s.node", "n1")
POD = SHOP.child("k8s.pod", "a")
OTHER = SHOP.child("k8s.pod", "b")
PODS = Scope("kube", "pods", frozenset({"k8s.pod", "RUNS_ON"}), CLUSTER)
NODES = Scope("kube", "nodes", frozenset({"k8s.node", "REALIZED_BY"}), CLUSTER)
CLOUD = Scope("cloud", "instances", frozenset({"aws.ec2.instance"}), "cloud.account/1", snapshot=False)
MACHINES = [Key.of(("cloud.account", "1"), ("aws.ec2.instance", name)) for name in "xyz"]

A1 = document(
    "a",
    "1",
    entity(POD, exclusive("ip", "10.0.0.1"), phase="Running", labels={"app": "cart"}),
    tie(POD, "RUNS_ON", NODE),
)
A2 = document(
    "a",
    "2",
    entity(POD, exclusive("ip", "10.0.0.2"), phase="Failed", labels={"app": "cart"}),
    tie(POD, "RUNS_ON", NODE),
)
B1 = document(
    "b", "1", entity(OTHER, phase="Running", labels={"app": "cart", "tier": "web"}), tie(OTHER, "RUNS_ON", NODE)
)
N1 = document("n", "1", entity(NODE, capacity="4"))


def keys_at(store: GraphStore, revision: int | None = None) -> list[Key]:
    """List the keys of the entities in force."""
    mark = None if revision is None else store.revision(revision)
    with store.reader(mark) as reader:
        return [one.key for one in reader.entities(EntityFilter(), 1000)]
