"""Do budgets and autoscalers count in what a failure comes to: in full below a budget's minimum, and else by share?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from collectors.kubernetes.mapping.place import Object, Place
from collectors.kubernetes.resources import RESOURCES
from graph.analysis.impact import Affected, Effect, impact
from graph.analysis.labels import Members
from graph.analysis.minimum import harm_below, needed, scaled
from graph.analysis.spread import Bounds, Why
from graph.correlate.selected import DISRUPTION
from graph.model import Document, Key, Scope, Value
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.analysis.nets import Tie, net, thing
from tests.graph.analysis.shop import CLUSTER, SHOP
from tests.graph.correlate.cluster import Estate
from tests.graph.world import EVERYTHING, World
from tests.stores import STORES

NODE, CONFIG = thing("n", "k8s.node"), thing("c", "k8s.configmap")
ZK, SET, ABOVE = thing("zk", "k8s.statefulset"), thing("zk-7f", "k8s.replicaset"), thing("shop")
DEPLOYMENT = thing("cart", "k8s.deployment")
BUDGET, OTHER = thing("zk", "k8s.pdb"), thing("zk-too", "k8s.pdb")
SCALER = thing("cart", "k8s.hpa")

Said = dict[Key, dict[str, Value]]


def workload(key: Key, count: int, lost: int, on: Key = NODE, verb: str = "RUNS_ON") -> list[Tie]:
    """Make a workload of so many pods, of which some are lost with the node, and what depends on it."""
    pods = [thing(f"{key.id}-{number:02d}", "k8s.pod") for number in range(count)]
    ties = [Tie(one, "MANAGED_BY", key) for one in pods] + [Tie(one, verb, on) for one in pods[:lost]]
    return [*ties, Tie(ABOVE, "DEPENDS_ON", key)]


def told(ties: list[Tie], said: Said, root: Key = NODE, store: GraphStore | None = None) -> dict[Key, Affected]:
    """Tell what the loss of the node comes to, by key."""
    with net(ties, attributes=said, store=store).store.reader() as reader:
        return {one.key: one for one in impact(reader, root).affected}


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GraphStore:
    """Give an empty store of each sort that needs no server."""
    return STORES[request.param](tmp_path)


@pytest.mark.parametrize(
    ("value", "of", "expected"),
    [(2, 9, 2), ("50%", 7, 4), ("0%", 7, 0), ("100%", 7, 7), ("34%", 3, 2), ("2", 7, None), (None, 7, None)],
)
def test_a_percentage_is_rounded_up(value: Value, of: int, expected: int | None) -> None:
    """As Kubernetes' documentation has it: 50% of 7 pods are 4."""
    assert scaled(value, of) == expected


@pytest.mark.parametrize(
    ("budget", "own", "others", "expected"),
    [
        ({"min_available": 2}, 3, (), 2),
        ({"min_available": "50%"}, 7, (), 4),
        ({"max_unavailable": 1}, 3, (), 2),
        ({"max_unavailable": "30%"}, 7, (), 4),
        ({"max_unavailable": 5}, 3, (), 0),
        ({"max_unavailable": 0}, 3, (), 3),
        ({}, 3, (), 0),
        ({"min_available": 4}, 3, (3,), 1),
        ({"min_available": 2}, 3, (3,), 0),
        ({"min_available": "75%"}, 2, (6,), 0),
        ({"max_unavailable": 1}, 3, (3, 2), 2),
    ],
)
def test_a_workload_keeps_what_a_budget_needs_of_it(
    budget: Mapping[str, Value], own: int, others: tuple[int, ...], expected: int
) -> None:
    """Both of a budget's numbers are of all replicas that it guards; what others can make up for, none must keep."""
    assert needed(budget, own, others) == expected


@pytest.mark.parametrize(
    ("harms", "ready", "minimum", "expected"),
    [
        ([1.0], 3, 2, 0.0),
        ([1.0, 1.0], 3, 2, 1.0),
        ([0.9, 1.0], 3, 2, 0.9),
        ([0.9, 0.5, 1.0], 3, 2, 0.9),
        ([0.4], 3, 3, 0.4),
        ([0.4], 2, 3, 0.4),
        ([], 3, 3, 0.0),
    ],
)
def test_too_few_are_left_as_surely_as_enough_are_lost(
    harms: list[float], ready: int, minimum: int, expected: float
) -> None:
    """As surely as the second loss, where the second is one too many."""
    assert harm_below(harms, ready, minimum) == expected


def test_below_the_minimum_of_a_budget_harm_passes_in_full(store: GraphStore) -> None:
    """One of three may be missing: of two losses the second is too many, though one member is left."""
    guards = [Tie(BUDGET, "GUARDS", ZK)]
    said: Said = {BUDGET: {"min_available": 2}}
    found = told([*workload(ZK, 3, 2), *guards], said, store=store)
    assert (found[ZK].effect, found[ZK].confidence) == (Effect.DEGRADED, 1.0)
    assert found[ZK].members == Members(1, 3, 2, 0, 2, BUDGET)
    assert found[ZK].reason == (
        "Pod zk-00 is managed by StatefulSet zk; 1 of 3 ready members are left, fewer than the 2 that"
        " PodDisruptionBudget zk keeps"
    )
    assert found[ABOVE].confidence == pytest.approx(0.8)


def test_at_the_minimum_harm_passes_by_its_share() -> None:
    """Two of three are left, and two are kept: a third is lost, as without a budget."""
    found = told([*workload(ZK, 3, 1), Tie(BUDGET, "GUARDS", ZK)], {BUDGET: {"min_available": 2}})
    assert found[ZK].confidence == pytest.approx(1 / 3)
    assert found[ZK].reason == "Pod zk-00 is managed by StatefulSet zk; 2 of 3 ready members are left"
    assert found[ZK].members == Members(2, 3, 1, 0, 2, BUDGET)


def test_what_may_be_missing_is_counted_from_the_replicas_that_are_asked_for() -> None:
    """Three are ready of the four that the workload asks for, and one may be missing: the first loss is too many."""
    guards = Tie(BUDGET, "GUARDS", ZK)
    said: Said = {BUDGET: {"max_unavailable": 1}, ZK: {"replicas": 4}}
    found = told([*workload(ZK, 3, 1), guards], said)
    assert (found[ZK].members, found[ZK].confidence) == (Members(2, 3, 1, 0, 3, BUDGET), 1.0)
    unsaid = told([*workload(ZK, 3, 1), guards], {BUDGET: {"max_unavailable": 1}})
    assert unsaid[ZK].members == Members(2, 3, 1, 0, 2, BUDGET)


def test_of_several_budgets_the_one_that_asks_most_is_told() -> None:
    """Of two that ask for as much it is the first by key; one that asks for none is no minimum."""
    guards = [Tie(BUDGET, "GUARDS", ZK), Tie(OTHER, "GUARDS", ZK)]
    for first, second, expected in ((1, "100%", (3, OTHER)), (2, 2, (2, BUDGET)), (0, "0%", (None, None))):
        said: Said = {BUDGET: {"min_available": first}, OTHER: {"min_available": second}}
        members = told([*workload(ZK, 3, 1), *guards], said)[ZK].members
        assert members is not None
        assert (members.minimum, members.kept_by) == expected


def test_a_budget_on_nothing_or_on_others_changes_nothing() -> None:
    """One whose workload is another, and one over two workloads of which the other has enough."""
    plain = told(workload(ZK, 3, 2), {})[ZK]
    beside = [*workload(DEPLOYMENT, 3, 0), Tie(BUDGET, "GUARDS", DEPLOYMENT)]
    assert told([*workload(ZK, 3, 2), *beside], {BUDGET: {"min_available": 3}})[ZK] == plain
    said: Said = {BUDGET: {"min_available": 3}, DEPLOYMENT: {"replicas": 3}}
    shared = [*workload(ZK, 3, 2), *beside, Tie(BUDGET, "GUARDS", ZK)]
    assert told(shared, said)[ZK] == plain
    members = told(shared, said | {BUDGET: {"min_available": 5}})[ZK].members
    assert members is not None
    assert (members.left, members.minimum) == (1, 2)


def test_harm_that_is_not_sure_passes_as_surely_as_it_comes() -> None:
    """All three are kept, and one may be lost: so surely are too few left, and the reason says so."""
    ties = [*workload(ZK, 3, 1, CONFIG, "USES_CONFIG"), Tie(BUDGET, "GUARDS", ZK)]
    zk = told(ties, {BUDGET: {"max_unavailable": 0}}, CONFIG)[ZK]
    assert zk.effect is Effect.AT_RISK
    assert zk.confidence == pytest.approx(0.9)
    assert zk.members == Members(3, 3, 0, 1, 3, BUDGET)
    assert zk.reason.endswith(
        "3 of 3 ready members are left, without those at risk fewer than the 3 that PodDisruptionBudget zk keeps"
    )


def test_below_the_minimum_of_an_autoscaler_is_told_and_no_worse() -> None:
    """It is no promise: the share stays what it is. One that does not say its minimum asks for one."""
    ties = [*workload(DEPLOYMENT, 3, 2), Tie(SCALER, "SCALES", DEPLOYMENT)]
    cart = told(ties, {SCALER: {"min_replicas": 2}})[DEPLOYMENT]
    assert cart.confidence == pytest.approx(2 / 3)
    assert cart.members == Members(1, 3, 2, 0, None, None, 2, SCALER)
    assert cart.reason.endswith(
        "1 of 3 ready members are left, fewer than the 2 that HorizontalPodAutoscaler cart asks for"
    )
    unsaid = told(ties, {})[DEPLOYMENT]
    assert unsaid.members == Members(1, 3, 2, 0, None, None, 1, SCALER)
    assert unsaid.reason.endswith("1 of 3 ready members are left")


def test_the_small_share_of_a_replicaset_does_not_hide_the_workload_above_it() -> None:
    """One of thirty is too little to be told of the ReplicaSet, and one too many for the Deployment that keeps all."""
    ties = [*workload(SET, 30, 1), Tie(SET, "MANAGED_BY", DEPLOYMENT), Tie(BUDGET, "GUARDS", DEPLOYMENT)]
    said: Said = {BUDGET: {"max_unavailable": 0}}
    found = told(ties, said)
    assert found[DEPLOYMENT].confidence == 1.0
    assert found.keys() == {thing("zk-7f-00", "k8s.pod"), DEPLOYMENT}
    assert [step.confidence for step in found[DEPLOYMENT].path] == [1.0, pytest.approx(1 / 30), 1.0]
    with net([*ties, Tie(thing("caller"), "CALLS", NODE)], attributes=said).store.reader() as reader:
        cut = impact(reader, NODE, Bounds(most=2))
    assert [one.key for one in cut.affected] == [thing("zk-7f-00", "k8s.pod"), DEPLOYMENT], "the cap keeps the surest"
    assert [(one.why, one.least) for one in cut.cuts] == [(Why.CONFIDENCE, 2), (Why.LIMIT, 1)]


def test_a_workload_that_is_harmed_by_itself_is_harmed_more_below_its_minimum() -> None:
    """What it needs itself puts it at risk more than its ReplicaSet's share, and one pod of the three that it keeps."""
    ties = [*workload(SET, 3, 1, CONFIG, "USES_CONFIG"), Tie(SET, "MANAGED_BY", DEPLOYMENT, 0.9)]
    ties += [Tie(DEPLOYMENT, "USES_CONFIG", CONFIG, 1 / 3), Tie(BUDGET, "GUARDS", DEPLOYMENT)]
    assert told(ties, {BUDGET: {"min_available": 2}}, CONFIG)[DEPLOYMENT].confidence == pytest.approx(0.3)
    assert told(ties, {BUDGET: {"min_available": 3}}, CONFIG)[DEPLOYMENT].confidence == pytest.approx(0.81)


READ = {one.kind: one for one in RESOURCES}
PLACE = Place(CLUSTER, b"key")
LABELS = {"app": "cart"}


def stated(kind: str, name: str, owner: Object | None = None, **parts: object) -> Document:
    """Map an object as the API server would show it."""
    owners = [{**owner, "controller": True}] if owner else []
    meta = {"name": name, "namespace": "shop", "uid": name, "labels": LABELS, "ownerReferences": owners}
    item = {"metadata": meta, **parts}
    return Document(f"{kind}-{name}", "1", partial(READ[kind].read, PLACE, item))


def test_from_objects_to_the_reason() -> None:
    """A Deployment of three pods, two of them on one node, its budget by labels, and its autoscaler."""
    containers = [{"name": "app", "image": "cart"}]
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": containers}}
    spec = {"replicas": 3, "selector": {"matchLabels": LABELS}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "uid": "cart"}
    replicaset = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-7f", "uid": "cart-7f"}
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart"}
    world = World(MemoryStore())
    world.configure("prod")
    scope = Scope("prod", "all", EVERYTHING, CLUSTER)
    world.scopes("prod", scope)
    world.read(
        scope,
        stated("k8s.deployment", "cart", spec=spec),
        stated("k8s.replicaset", "cart-7f", deployment, spec=spec),
        *(
            stated(
                "k8s.pod", f"cart-{number}", replicaset, spec={"containers": containers, "nodeName": node}, status=ready
            )
            for number, node in enumerate(("n1", "n1", "n2"))
        ),
        stated("k8s.pdb", "cart", spec={"maxUnavailable": "30%", "selector": {"matchLabels": LABELS}}),
        stated("k8s.hpa", "cart", spec={"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 9}),
    )
    Estate(world, (DISRUPTION,)).conclude()
    with world.store.reader() as reader:
        found = {one.key: one for one in impact(reader, CLUSTER.child("k8s.node", "n1")).affected}
    cart = found[SHOP.child("k8s.deployment", "cart")]
    assert (cart.effect, cart.confidence) == (Effect.DEGRADED, 1.0)
    assert cart.reason == (
        "ReplicaSet cart-7f is managed by Deployment cart; 1 of 3 ready members are left, fewer than the 2 that"
        " PodDisruptionBudget cart keeps, fewer than the 3 that HorizontalPodAutoscaler cart asks for"
    )
    assert found[SHOP.child("k8s.replicaset", "cart-7f")].confidence == pytest.approx(2 / 3)
