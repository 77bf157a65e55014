"""Does harm reach the whole of a part, what has several ways of which one is closed, and what lies within?"""

from __future__ import annotations

import pytest

from graph.analysis.dependencies import dependencies
from graph.analysis.impact import Effect, Impact, impact
from graph.analysis.spread import Bounds, Why
from graph.model import Key
from graph.store import GraphStore
from tests.graph.analysis.nets import Tie, net, read, thing
from tests.graph.analysis.shop import (
    CLUSTER,
    CONFIG,
    CRONJOB,
    DEPLOYMENT,
    IMAGE,
    INGRESS,
    NODE,
    REPLICASET,
    SERVICE,
    SHOP,
    pod_key,
    shop,
)

WAYS = thing("shop", "k8s.ingress")
CART, MENU, OLD = (thing(name, "k8s.service") for name in ("cart", "menu", "old"))
PODS = [thing(name, "k8s.pod") for name in ("p1", "p2")]


def ask(store: GraphStore, key: Key) -> Impact:
    """Ask for all that is harmed."""
    with store.reader() as reader:
        return impact(reader, key, limit=1_000)


def told(found: Impact) -> dict[Key, tuple[str, str]]:
    """Give the effect on each thing, and why."""
    return {one.key: (one.effect.value, one.reason) for one in found.affected}


def test_an_image_takes_the_pods_of_its_containers_and_what_stands_on_these() -> None:
    """From the image to its containers, to their pods, to the groups of these and the way in."""
    found = told(ask(shop("p1", "p2").store, IMAGE))
    wanted = {REPLICASET, DEPLOYMENT, SERVICE, INGRESS}
    pods = {pod_key("p1"), pod_key("p2")}
    assert found.keys() == {*wanted, *pods, *(pod.child("k8s.container", "app") for pod in pods)}
    assert {effect for effect, _ in found.values()} == {"outage"}
    assert found[pod_key("p1")][1] == "Container app runs on Pod cart-p1"


def test_a_container_takes_its_pod_and_not_the_other_containers() -> None:
    """Harm that went up to the whole never comes down to its other parts."""
    app, side = (PODS[0].child("k8s.container", name) for name in ("app", "side"))
    store = net([Tie(app, "RUNS_ON", PODS[0]), Tie(side, "RUNS_ON", PODS[0]), Tie(CART, "SELECTS", PODS[0])]).store
    assert told(ask(store, app)).keys() == {PODS[0], CART}
    assert told(ask(store, PODS[0])).keys() == {app, side, CART}


def test_a_service_needs_the_images_of_its_pods() -> None:
    """The same ties the other way round; and a container needs its pod, but none of its siblings."""
    with shop("p1").store.reader() as reader:
        assert IMAGE in {one.key for one in dependencies(reader, SERVICE).needed}
        needed = {one.key for one in dependencies(reader, pod_key("p1").child("k8s.container", "app")).needed}
    assert {IMAGE, NODE, CONFIG, pod_key("p1")} <= needed
    app, side = (PODS[0].child("k8s.container", name) for name in ("app", "side"))
    with net([Tie(app, "RUNS_ON", PODS[0]), Tie(side, "RUNS_ON", PODS[0])]).store.reader() as reader:
        assert {one.key for one in dependencies(reader, app).needed} == {PODS[0]}
        assert {one.key for one in dependencies(reader, PODS[0]).needed} == {app, side}


def routed(*more: Tie) -> GraphStore:
    """Give an Ingress that leads to two services, with a pod each on nodes of their own."""
    nodes = [thing(name, "k8s.node") for name in ("n1", "n2")]
    ties = [Tie(WAYS, "ROUTES_TO", CART, slot="/cart"), Tie(WAYS, "ROUTES_TO", MENU, slot="/menu")]
    ties += [Tie(service, "SELECTS", pod) for service, pod in zip((CART, MENU), PODS, strict=True)]
    ties += [Tie(pod, "RUNS_ON", node) for pod, node in zip(PODS, nodes, strict=True)]
    return net([*ties, *more, *(Tie(node, "REALIZED_BY", thing("m", "aws.ec2.instance")) for node in nodes)]).store


def test_what_leads_to_several_is_degraded_by_the_loss_of_one() -> None:
    """Surely harmed, for one way is closed; but not lost."""
    [row] = [one for one in ask(routed(), PODS[0]).affected if one.key == WAYS]
    assert (row.effect, row.confidence) == (Effect.DEGRADED, 1.0)
    assert row.reason == "Ingress shop routes to Service cart; 1 of 2 ways are left"
    assert row.members is not None
    assert (row.members.left, row.members.all, row.members.lost, row.members.of) == (1, 2, 1, "ways")


def test_it_is_lost_with_the_last_way() -> None:
    """Both services lose their only pod with the machine that is both nodes."""
    found = ask(routed(), thing("m", "aws.ec2.instance"))
    assert told(found)[WAYS] == ("outage", "Ingress shop routes to Service cart; 0 of 2 ways are left")
    assert found.effects == {"outage": 7}


@pytest.mark.parametrize("weight", [0, 5])
def test_a_way_without_weight_is_none(weight: int) -> None:
    """A canary that gets no traffic keeps nothing up, and its loss takes nothing away."""
    ties = [
        Tie(WAYS, "ROUTES_TO", CART, attributes={"weight": 10}),
        Tie(WAYS, "ROUTES_TO", OLD, attributes={"weight": weight}),
        Tie(CART, "SELECTS", PODS[0]),
        Tie(OLD, "SELECTS", PODS[1]),
    ]
    store = net(ties).store
    assert told(ask(store, PODS[0]))[WAYS][0] == ("degraded" if weight else "outage")
    assert told(ask(store, PODS[1]))[WAYS][0] == ("degraded" if weight else "at_risk")


def test_a_way_to_what_does_not_exist_is_none() -> None:
    """An Ingress that names a missing service has one way, however many it names."""
    ties = [Tie(WAYS, "ROUTES_TO", one, slot=one.id) for one in (CART, OLD)]
    ties += [Tie(CART, "SELECTS", PODS[0])]
    world = net(ties)
    assert told(ask(world.store, PODS[0]))[WAYS][0] == "degraded"
    world.pass_(minutes=1)
    read(world, ties, without=[OLD])
    assert told(ask(world.store, PODS[0]))[WAYS][0] == "outage"


def test_what_lies_in_a_namespace_is_lost_with_it() -> None:
    """All that is there: also what no relation leads to. Its path says that it lies there."""
    made = shop("p1")
    found = ask(made.store, SHOP)
    lost = told(found)
    assert {SERVICE, DEPLOYMENT, CRONJOB, CONFIG, INGRESS, pod_key("p1")} < lost.keys()
    assert NODE not in lost
    assert lost[CRONJOB] == ("outage", "CronJob report lies in Namespace shop")
    [row] = [one for one in found.affected if one.key == CRONJOB]
    assert [(step.relation, step.to) for step in row.path] == [(None, CRONJOB)]


def test_a_cluster_takes_its_namespaces_and_what_lies_in_them() -> None:
    """By way of the namespace, which is a part of it."""
    store = net([Tie(SHOP, "PART_OF", CLUSTER), Tie(SERVICE, "SELECTS", pod_key("p1"))]).store
    assert told(ask(store, CLUSTER))[SERVICE] == ("at_risk", "Service cart lies in Namespace shop")


def test_what_only_limits_a_namespace_does_not_reach_into_it() -> None:
    """A quota that is gone ends nothing."""
    quota = SHOP.child("k8s.resourcequota", "small")
    store = net([Tie(quota, "LIMITS", SHOP), Tie(SERVICE, "SELECTS", pod_key("p1"))]).store
    assert told(ask(store, quota)).keys() == {SHOP}


def test_what_lies_within_is_cut_like_everything_else() -> None:
    """A namespace of more than is followed says so."""
    ties = [Tie(SHOP.child("k8s.service", f"s{number:04d}"), "SELECTS", pod_key(f"{number}")) for number in range(30)]
    with net(ties).store.reader() as reader:
        found = impact(reader, SHOP, Bounds(most=20, followed=20))
    assert found.reached == 20
    assert [(one.why, one.at) for one in found.cuts] == [(Why.LIMIT, 20)]
