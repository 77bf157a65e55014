"""Does a failure reach exactly what depends on it: pods with their node, groups as k of n, and nothing else?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from graph.analysis.dependencies import dependencies
from graph.analysis.freshness import freshness
from graph.analysis.impact import Affected, Effect, Impact, about, impact
from graph.analysis.presence import Doubt, Said
from graph.analysis.spread import Bounds, Why
from graph.model import Key, RevisionMark, Value
from graph.store import GraphStore
from tests.graph.analysis import town
from tests.graph.analysis.nets import Tie, net, read, thing
from tests.graph.analysis.shop import (
    CONFIG,
    DEPLOYMENT,
    IMAGE,
    INGRESS,
    NODE,
    REPLICASET,
    SERVICE,
    SHOP,
    SLICE,
    Shop,
    endpoints,
    pod,
    pod_key,
    shop,
)
from tests.graph.world import document, entity, tie
from tests.stores import STORES


def ask(store: GraphStore, key: Key, at: RevisionMark | None = None, **bounds: int) -> Impact:
    """Ask for all that is harmed."""
    with store.reader(at) as reader:
        return impact(reader, key, Bounds(**bounds), limit=100_000)


def told(found: Impact) -> dict[Key, tuple[str, int | None, int | None]]:
    """Give the effect on each thing, with k and n of groups."""
    return {
        one.key: (one.effect.value, one.members.left if one.members else None, one.members.all if one.members else None)
        for one in found.affected
    }


def row(found: Impact, key: Key) -> Affected:
    """Give what is said of one thing."""
    [one] = [one for one in found.affected if one.key == key]
    return one


@pytest.fixture(scope="module", params=sorted(STORES))
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[town.Town]:
    """Make a cluster of 3,000 pods in the embedded store, and one of 300 in the others."""
    store = STORES[request.param](tmp_path_factory.mktemp("town"))
    yield town.Town(store, 120 if request.param == "sqlite" else 12)
    store.close()


def expected(estate: town.Town, node: Key) -> dict[Key, tuple[str, int | None, int | None]]:
    """Work out by hand what a node takes with it: its pods and their containers, and the share of each group."""
    pods = estate.on(node)
    answer: dict[Key, tuple[str, int | None, int | None]] = {}
    for key in pods:
        answer |= {key: ("outage", None, None), key.child("k8s.container", "app"): ("outage", None, None)}
    lost = Counter(estate.pods[key][0] for key in pods if estate.ready(key))
    for number, count in lost.items():
        ready = sum(estate.ready(town.pod(number, index)) for index in range(town.REPLICAS))
        for kind in ("replicaset", "deployment", "service"):
            answer[town.one(kind, number)] = ("degraded", ready - count, ready)
        answer[town.one("ingress", number)] = ("at_risk", None, None)
    return answer


@pytest.mark.parametrize("number", [0, 5, 7, 11])
def test_a_node_takes_its_pods_and_what_these_degrade_and_nothing_else(estate: town.Town, number: int) -> None:
    """Of all pods exactly the 25 of the node, and of each group exactly the share that is lost."""
    node = town.node(number)
    assert len(estate.on(node)) == 25
    found = ask(estate.store, node)
    assert told(found) == expected(estate, node)
    assert found.cuts == ()
    shares = {one.key: one.members for one in found.affected if one.members}
    assert all(
        row(found, key).confidence == pytest.approx((one.all - one.left) / one.all) for key, one in shares.items()
    )


def test_a_config_that_a_workload_uses_puts_its_pods_at_risk_and_no_others(estate: town.Town) -> None:
    """Pods, containers, and the groups over them: at risk, for a pod that runs does not need it at once."""
    found = ask(estate.store, town.one("configmap", 5))
    pods = {town.pod(5, index) for index in range(town.REPLICAS)}
    groups = {town.one(kind, 5) for kind in ("replicaset", "deployment", "service", "ingress")}
    assert {one.key for one in found.affected} == {*pods, *(key.child("k8s.container", "app") for key in pods), *groups}
    assert {one.effect for one in found.affected} == {Effect.AT_RISK}
    assert {one.confidence for one in found.affected} == {0.9}


def test_the_whole_estate_costs_as_many_steps_as_are_shown() -> None:
    """Harm that goes up to a group does not come down to its other members, by whatever ties."""
    made = shop("p1", "p2", "p3")
    assert told(ask(made.store, pod_key("p1"))) == {
        pod_key("p1").child("k8s.container", "app"): ("outage", None, None),
        REPLICASET: ("degraded", 2, 3),
        DEPLOYMENT: ("degraded", 2, 3),
        SERVICE: ("degraded", 2, 3),
        INGRESS: ("at_risk", None, None),
    }


def test_the_last_member_takes_the_group_along() -> None:
    """None is left: an outage of the ReplicaSet, the Deployment, the service, and of the way in."""
    found = ask(shop("p1").store, NODE)
    assert told(found)[SERVICE] == ("outage", 0, 1)
    assert told(found)[DEPLOYMENT] == ("outage", 0, 1)
    assert told(found)[INGRESS] == ("outage", None, None)
    assert row(found, INGRESS).confidence == 1.0


def test_a_workload_takes_its_pods_down() -> None:
    """From group to member all harm travels: and up again to another group of theirs."""
    found = ask(shop("p1", "p2").store, DEPLOYMENT)
    assert {one.effect for one in found.affected} == {Effect.OUTAGE}
    assert {REPLICASET, pod_key("p1"), pod_key("p2"), SERVICE, INGRESS} < told(found).keys()
    assert SLICE not in told(found)
    assert SLICE in told(ask(shop("p1").store, SERVICE))


def test_what_is_not_ready_is_no_member_that_could_be_lost() -> None:
    """Two of three are ready. To lose the third costs nothing; to lose a ready one leaves one of two."""
    made = Shop().configure().read_all("p1", "p2")
    made.read("pods", pod("p1"), pod("p2"), pod("p3", ready=False))
    unready = [tie(SERVICE, "SELECTS", pod_key(one), "IPv4", ready=one != "p3") for one in ("p1", "p2", "p3")]
    made.read("endpointslices", document("slice", "2", entity(SLICE), *unready))
    assert told(ask(made.store, pod_key("p3"))).keys() == {pod_key("p3").child("k8s.container", "app")}
    found = told(ask(made.store, pod_key("p1")))
    assert (found[SERVICE], found[REPLICASET]) == (("degraded", 1, 2), ("degraded", 1, 2))


def test_a_gone_member_does_not_count_and_is_shown_as_gone() -> None:
    """An endpoint that outlives its pod is no ready member, and harm still shows the way to what names it."""
    made = shop("p1", "p2", "p3")
    made.read("pods", pod("p1"), pod("p2"))
    found = ask(made.store, pod_key("p1"))
    assert told(found)[SERVICE] == ("degraded", 1, 2)
    gone = ask(made.store, pod_key("p3"))
    assert gone.root.presence is not None
    assert gone.root.presence.said is Said.GONE
    assert SERVICE not in told(gone), "it had nothing left to lose"


def test_a_service_whose_pods_were_never_read_counts_the_endpoints_that_are_named() -> None:
    """Pods are forbidden: what the endpoints say of readiness is all that there is."""
    made = Shop().configure()
    made.forbid("pods")
    made.read("services", document("service", "1", entity(SERVICE)))
    made.read("endpointslices", endpoints("p1", "p2"))
    found = ask(made.store, pod_key("p1"))
    assert told(found) == {SERVICE: ("degraded", 1, 2)}
    there = row(found, SERVICE).presence
    assert there is not None
    root = found.root.presence
    assert root is not None
    assert (root.said, root.doubt) == (Said.MENTIONED, Doubt.NEVER_READ)


def test_a_missing_configmap_still_leads_to_the_pods_that_use_it() -> None:
    """Nobody ever had it; pods and the Deployment name it, and are at risk."""
    made = Shop().configure().read_all("p1")
    other = SHOP.child("k8s.configmap", "nowhere")
    made.read("deployments", document("deployment", "2", entity(DEPLOYMENT), tie(DEPLOYMENT, "USES_CONFIG", other)))
    made.read("configmaps")
    made.read("configmaps")
    found = ask(made.store, other)
    assert found.root.presence is not None
    assert found.root.presence.said is Said.MISSING
    assert {DEPLOYMENT, REPLICASET, pod_key("p1")} <= told(found).keys()
    gone = ask(made.store, CONFIG)
    assert gone.root.presence is not None
    assert gone.root.presence.said is Said.GONE
    assert pod_key("p1") in told(gone)


def test_each_affected_thing_has_its_path_and_its_reason() -> None:
    """Step by step from the root, each by a relation that stands once in the answer, with who says so."""
    found = ask(shop("p1", "p2").store, pod_key("p1"))
    ties = {one.id: one for one in found.relations}
    way_in = row(found, INGRESS)
    assert [step.to for step in way_in.path] == [SERVICE, INGRESS]
    assert [ties[step.relation or ""].verb for step in way_in.path] == ["SELECTS", "ROUTES_TO"]
    assert [step.confidence for step in way_in.path] == [0.5, 0.5]
    assert way_in.hops == 2
    assert way_in.reason == "Ingress shop routes to Service cart"
    assert row(found, SERVICE).reason == "Service cart selects Pod cart-p1; 1 of 2 ready members are left"
    selects = ties[way_in.path[0].relation or ""]
    assert (selects.source.key, selects.target.key) == (SERVICE, pod_key("p1"))
    assert (selects.method, selects.confidence, selects.weight) == ("explicit_ref", 1.0, 1.0)
    assert [(one.source, one.document, one.scopes) for one in selects.evidence] == [
        ("prod", "slice", ("endpointslices",))
    ]
    assert selects.last_seen is not None
    used = {step.relation for one in found.affected for step in one.path}
    assert used == ties.keys()


def test_harm_is_as_of_a_revision() -> None:
    """Yesterday the pod ran on another node; the answer of then stays what it was."""
    made = shop("p1", "p2")
    before = made.store.head()
    then = told(ask(made.store, NODE))
    other = NODE.replace("/n1", "/n2")
    moved = document("pod-p1", "2", entity(pod_key("p1"), ready=True), tie(pod_key("p1"), "RUNS_ON", Key(other)))
    made.world.pass_(days=1)
    made.read("pods", moved, pod("p2"))
    now = told(ask(made.store, NODE))
    assert pod_key("p1") not in now
    assert now[SERVICE] == ("degraded", 1, 2)
    assert told(ask(made.store, NODE, before)) == then
    assert then[SERVICE] == ("outage", 0, 2)


def test_what_no_replica_stands_behind_cannot_be_missed() -> None:
    """An old ReplicaSet without replicas is no loss to its Deployment, nor is a pod that is over to its Job."""
    deployment, job = thing("d", "k8s.deployment"), thing("j", "k8s.job")
    old, new = thing("old", "k8s.replicaset"), thing("new", "k8s.replicaset")
    pods = [thing(f"p{number}", "k8s.pod") for number in range(2)]
    over = thing("over", "k8s.pod")
    ties = [Tie(one, "MANAGED_BY", deployment) for one in (old, new)]
    ties += [Tie(one, "MANAGED_BY", new) for one in pods]
    world = net([*ties, Tie(over, "MANAGED_BY", job)], unready=[over], attributes={old: {"ready_replicas": 0}})
    assert told(ask(world.store, old)) == {}
    assert told(ask(world.store, over)) == {}
    assert told(ask(world.store, new))[deployment] == ("outage", 0, 2)


def test_a_group_is_degraded_by_what_all_its_groups_lose() -> None:
    """A service of two Deployments: its pods are counted once each, though its workloads and its pods are members."""
    service, pods = thing("cart"), [thing(f"p{number}", "k8s.pod") for number in range(5)]
    sets = [thing(f"r{number}", "k8s.replicaset") for number in range(2)]
    ties = [Tie(one, "MANAGED_BY", sets[number > 2]) for number, one in enumerate(pods)]
    ties += [Tie(one, "INSTANCE_OF", service) for one in (*sets, *pods)]
    ties += [Tie(one, "RUNS_ON", thing("n", "k8s.node")) for one in (pods[0], pods[4])]
    found = ask(net(ties).store, thing("n", "k8s.node"))
    assert told(found)[service] == ("degraded", 3, 5)
    assert row(found, service).confidence == pytest.approx(0.95 * 2 / 5)
    assert told(found)[sets[0]] == ("degraded", 2, 3)


def test_a_large_workload_is_taken_at_its_word() -> None:
    """One that says of 400 ready replicas is not counted pod by pod; what is lost of it is."""
    deployment, owner = thing("d", "k8s.deployment"), thing("r", "k8s.replicaset")
    pods = [thing(f"p{number}", "k8s.pod") for number in range(40)]
    ties = [Tie(one, "MANAGED_BY", owner) for one in pods] + [Tie(owner, "MANAGED_BY", deployment)]
    ties += [Tie(one, "RUNS_ON", thing("n", "k8s.node")) for one in pods]
    said: dict[str, Value] = {"ready_replicas": 400}
    world = net(ties, unready=pods[:2], attributes={owner: said, deployment: said})
    found = ask(world.store, thing("n", "k8s.node"))
    assert told(found)[owner] == told(found)[deployment] == ("degraded", 362, 400)


def test_what_shares_a_load_balancer_with_a_broken_thing_is_not_broken() -> None:
    """Harm travels both ways between a service and its balancer, but not on to the other services behind it."""
    balancer, first, second = thing("lb", "aws.elbv2.load_balancer"), thing("one"), thing("two")
    world = net([Tie(one, "EXPOSED_BY", balancer) for one in (first, second)])
    assert told(ask(world.store, first)).keys() == {balancer}
    assert told(ask(world.store, balancer)).keys() == {first, second}


def test_nodes_of_a_group_take_their_pods_down_and_these_their_own_groups() -> None:
    """Down by one tie and up by its like: the node group takes its nodes, these their pods, and these a ReplicaSet."""
    nodes = [thing(f"n{number}", "k8s.node") for number in range(2)]
    group, owner = thing("ng", "aws.eks.nodegroup"), thing("r", "k8s.replicaset")
    pods = [thing(f"p{number}", "k8s.pod") for number in range(3)]
    ties = [Tie(one, "MANAGED_BY", group) for one in nodes] + [Tie(one, "MANAGED_BY", owner) for one in pods]
    ties += [Tie(pods[0], "RUNS_ON", nodes[0]), Tie(pods[1], "RUNS_ON", nodes[1])]
    store = net(ties).store
    assert told(ask(store, group))[owner] == ("degraded", 1, 3)
    alone = told(ask(store, nodes[0]))
    assert (alone[group], alone[owner]) == (("degraded", 1, 2), ("degraded", 2, 3))
    assert nodes[1] not in alone


def test_cuts_are_said_and_the_surest_stay() -> None:
    """At the cap, and at the depth."""
    made = shop(*(f"p{number}" for number in range(30)))
    found = ask(made.store, NODE, most=10)
    assert (found.reached, [one.why for one in found.cuts]) == (10, [Why.LIMIT])
    assert [one.confidence for one in found.affected] == [1.0] * 10
    assert [one.key for one in found.affected] == sorted(pod_key(f"p{number}") for number in range(30))[:10]
    near = ask(made.store, NODE, depth=1)
    assert {one.kind for one in near.affected} == {"k8s.pod"}
    assert [(one.why, one.at) for one in near.cuts] == [(Why.DEPTH, 1)]
    weak = ask(made.store, pod_key("p1"))
    assert [(one.why, one.at, one.least) for one in weak.cuts] == [(Why.CONFIDENCE, 0.05, 3)], "1 of 30 is below 0.05"


def test_a_page_of_the_answer_is_a_part_of_the_whole() -> None:
    """The counts are of all; the rows and their relations are of the page."""
    with shop("p1", "p2").store.reader() as reader:
        whole, page = impact(reader, NODE), impact(reader, NODE, limit=3, after=2)
    assert page.affected == whole.affected[2:5]
    assert (page.reached, page.effects, page.kinds) == (whole.reached, whole.effects, whole.kinds)
    assert {step.relation for one in page.affected for step in one.path} == {one.id for one in page.relations}


def test_what_a_thing_needs_is_what_could_harm_it() -> None:
    """Each thing that harms another is among what that needs, and the other way round: over all pairs of the shop."""
    made = shop("p1", "p2")
    with made.store.reader() as reader:
        keys = [NODE, CONFIG, IMAGE, DEPLOYMENT, REPLICASET, SERVICE, INGRESS, SLICE, pod_key("p1"), pod_key("p2")]
        harms = {(one, other.key) for one in keys for other in impact(reader, one).affected if other.key in keys}
        needs = {(other.key, one) for one in keys for other in dependencies(reader, one).needed if other.key in keys}
    assert harms == needs
    assert len(harms) > 20


def test_a_verb_does_not_say_again_what_its_target_is() -> None:
    """It uses Image cart, not image Image cart."""
    with shop("p1").store.reader() as reader:
        found = dependencies(reader, pod_key("p1").child("k8s.container", "app"))
    assert {one.key: one.reason for one in found.needed}[IMAGE] == "Container app uses Image sha256:abc"


def test_members_that_a_thing_needs_stand_together() -> None:
    """A service needs its pods, each one of three, and through them their node; it needs no pod of another service."""
    with shop("p1", "p2", "p3").store.reader() as reader:
        found = dependencies(reader, SERVICE)
    needed = {one.key: one for one in found.needed}
    assert [(needed[pod_key(one)].one_of, needed[pod_key(one)].confidence) for one in ("p1", "p2")] == [(3, 1.0)] * 2
    assert needed[pod_key("p1")].reason == "Service cart selects Pod cart-p1, one of 3"
    assert (needed[NODE].hops, needed[NODE].one_of) == (2, None)
    assert needed[CONFIG].confidence == 0.9
    assert found.kinds["k8s.pod"] == 3


def test_it_leans_on_every_scope_that_could_have_added() -> None:
    """Also on a source that never answered, in which anything could depend on this."""
    made = Shop().configure("lost").read_all("p1")
    with made.store.reader() as reader:
        fresh = freshness(reader, about())
    assert "lost" in {gap.source for gap in fresh.gaps}
    assert {"pods", "ingresses", "services"} <= {one.scope for one in fresh.scopes}


def test_a_thing_that_is_gone_still_harms_what_names_it() -> None:
    """The Deployment is gone, and its ReplicaSet names it still."""
    owner, deployment = thing("r", "k8s.replicaset"), thing("d", "k8s.deployment")
    world = net([Tie(owner, "MANAGED_BY", deployment)])
    read(world, [Tie(owner, "MANAGED_BY", deployment)], without=[deployment])
    found = ask(world.store, deployment)
    assert found.root.presence is not None
    assert found.root.presence.said is Said.GONE
    assert told(found).keys() == {owner}
