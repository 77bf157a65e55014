"""Does the record hold where systems meet: registry, cloud and Git beside the cluster? Histories b, c, f."""

from __future__ import annotations

from graph.model import Key
from tests.graph.world import World
from tests.histories.estate import (
    BALANCER,
    CLUSTER,
    CLUSTERS,
    DEPLOYMENT,
    DEPLOYMENTS,
    FILE,
    IMAGE,
    INSTANCES,
    MANIFESTS,
    NODE,
    NODES,
    PODS,
    REGISTRY,
    TARGETS,
    cluster,
    deployment,
    image,
    instance,
    instance_key,
    manifest,
    node,
    pod,
    target,
)
from tests.histories.witness import Witness


def test_b_an_image_that_200_pods_name_and_nobody_homes_is_mentioned(world: World, says: Witness) -> None:
    """Then a home appears, is read, becomes forbidden, and deletes it; and at no time does a mention make a change."""
    world.configure("prod")
    world.scopes("prod", PODS)
    pods = [pod(f"uid-{n}") for n in range(200)]
    world.read(PODS, *pods)
    assert says.presence(IMAGE) == "mentioned"
    assert len(says.ties(IMAGE, "USES_IMAGE")) == 200
    named = world.now

    world.pass_(minutes=1)
    world.read(PODS, *pods[1:])
    assert says.presence(IMAGE) == "mentioned"
    assert says.changes(entity=IMAGE, kind="container.image") == []
    assert len(says.ties(IMAGE, "USES_IMAGE")) == 199

    world.configure("prod", "registry", states=["container.image"])
    assert says.presence(IMAGE) == "mentioned, never_read"
    world.scopes("registry", REGISTRY)
    assert says.presence(IMAGE) == "mentioned, never_read"
    world.pass_(minutes=1)
    world.read(REGISTRY, image())
    assert says.presence(IMAGE) == "present"
    homed = world.now

    world.pass_(minutes=1)
    world.forbid(REGISTRY)
    assert says.presence(IMAGE) == "present, unknown"
    world.pass_(minutes=1)
    world.read(REGISTRY)
    assert says.presence(IMAGE) == "present, doubted"
    world.read(REGISTRY)
    assert says.presence(IMAGE) == "gone"
    assert len(says.ties(IMAGE, "USES_IMAGE")) == 199  # tied all the same: they run what its registry lost

    assert says.presence(IMAGE, named) == "mentioned"
    assert says.presence(IMAGE, homed) == "present"


def test_b_a_home_that_never_had_it_does_not_make_an_image_missing(world: World, says: Witness) -> None:
    """Nothing contains an image: no registry is the place where it ought to be."""
    world.configure("prod", "registry")
    world.scopes("prod", PODS)
    world.scopes("registry", REGISTRY)
    world.read(PODS, pod("uid-1"))
    world.pass_(minutes=1)
    world.read(REGISTRY)
    assert says.presence(IMAGE) == "mentioned"


def test_c_a_node_finds_its_instance_an_hour_later_and_no_tie_flips(world: World, says: Witness) -> None:
    """Tied by its cloud id for good; an address belongs to who was seen taking it last."""
    world.configure("prod", "aws", "targets")
    world.scopes("prod", NODES)
    world.scopes("aws", INSTANCES)
    world.scopes("targets", TARGETS)
    world.read(NODES, node())
    world.read(TARGETS, target("10.0.0.5"))
    alone = world.now
    assert says.ties(NODE, "REALIZED_BY", alone) == [("open", None, None)]

    world.pass_(hours=1)
    world.read(INSTANCES, instance("i-0abc", "10.0.0.5"))
    found = world.now
    here = instance_key("i-0abc")
    assert says.ties(NODE, "REALIZED_BY", found) == [("tied", here, "present")]
    assert says.ties(BALANCER, "RESOLVES_TO", found) == [("tied", here, "present")]
    assert [one["cause"] for one in says.changes(entity=NODE, cause="resolution")] == ["resolution"]

    # Another instance is seen with the address before the first one is seen without it, polled by another scope.
    world.pass_(hours=1)
    other = INSTANCES.__class__("aws2", "instances", INSTANCES.states, INSTANCES.range, None, snapshot=False)
    world.configure("prod", "aws", "targets", "aws2")
    world.scopes("aws2", other)
    world.read(other, instance("i-0new", "10.0.0.5"))
    taken = world.now
    there = instance_key("i-0new")
    assert says.ties(BALANCER, "RESOLVES_TO", taken) == [("tied", there, "present")]
    assert says.ties(NODE, "REALIZED_BY", taken) == [("tied", here, "present")]

    world.pass_(minutes=5)
    world.read(INSTANCES, instance("i-0abc", "10.0.0.9"))  # the lag is over: the first one has moved on
    for instant in (taken, world.now):
        assert says.ties(BALANCER, "RESOLVES_TO", instant) == [("tied", there, "present")]
    for instant, expected in ((alone, ("open", None, None)), (found, ("tied", here, "present"))):
        assert says.ties(BALANCER, "RESOLVES_TO", instant) == [expected]
        assert says.ties(NODE, "REALIZED_BY", instant) == [expected]
    assert says.ties(NODE, "REALIZED_BY") == [("tied", here, "present")]


def test_c_an_address_seen_with_both_is_ambiguous(world: World, says: Witness) -> None:
    """Only once the earlier holder is seen with it again; then both are given, and none is chosen."""
    world.configure("aws", "targets")
    world.scopes("aws", INSTANCES)
    world.scopes("targets", TARGETS)
    world.read(TARGETS, target("10.0.0.5"))
    world.read(INSTANCES, instance("i-0abc", "10.0.0.5"))
    world.pass_(minutes=1)
    both = instance("i-0abc", "10.0.0.5"), instance("i-0new", "10.0.0.5")
    world.read(INSTANCES, *both)
    assert says.ties(BALANCER, "RESOLVES_TO") == [("tied", instance_key("i-0new"), "present")]
    world.pass_(minutes=1)
    world.read(INSTANCES, *both)
    assert says.ties(BALANCER, "RESOLVES_TO") == [("ambiguous", None, None)]
    end = says.ask(f"entities/{BALANCER}/relations", verb="RESOLVES_TO")["data"][0]["other"]
    assert end["candidates"] == [instance_key("i-0abc"), instance_key("i-0new")]
    head = world.store.head()
    world.pass_(minutes=1)
    world.read(INSTANCES, *both)
    assert world.store.head() == head  # said once


def test_f_a_manifest_declares_what_no_cluster_has_shown_yet(world: World, says: Witness) -> None:
    """Then the cluster is read, has it, and loses it by hand: drift, and the declaration keeps nothing alive."""
    minted = Key.by_name("k8s.cluster", "prod").child("k8s.namespace", "shop").child("k8s.deployment", "cart")
    world.configure("git", "prod")
    world.scopes("git", MANIFESTS)
    world.read(MANIFESTS, manifest())
    declared = world.now
    assert says.presence(minted, declared) == "mentioned, never_read"
    assert says.ties(FILE, "DECLARED_IN", declared) == [("tied", minted, "mentioned, never_read")]
    assert "prod/* never_read" in says.gaps(f"entities/{minted}", declared)

    world.pass_(minutes=10)
    world.scopes("prod", CLUSTERS, DEPLOYMENTS)
    world.read(CLUSTERS, cluster())
    named = world.now
    assert says.ties(FILE, "DECLARED_IN", named) == [("tied", DEPLOYMENT, "mentioned, never_read")]
    world.read(DEPLOYMENTS, deployment("d-1"), deployment("d-2", "pay"), deployment("d-3", "mail"))
    shown = world.now
    assert says.ties(FILE, "DECLARED_IN", shown) == [("tied", DEPLOYMENT, "present")]
    assert says.presence(minted, shown) == "present"  # asked under the configured name
    assert says.ties(DEPLOYMENT, "DECLARED_IN", shown) == [("tied", FILE, "present")]

    world.pass_(minutes=10)
    world.read(DEPLOYMENTS, deployment("d-2", "pay"), deployment("d-3", "mail"))
    assert says.presence(DEPLOYMENT) == "gone"
    assert says.ties(FILE, "DECLARED_IN") == [("tied", DEPLOYMENT, "gone")]
    assert says.ask(f"entities/{FILE}/relations")["data"][0]["other"]["dangling"]
    assert says.ties(FILE, "DECLARED_IN", declared) == [("tied", minted, "mentioned, never_read")]


def test_f_a_declared_thing_that_a_complete_look_did_not_find_is_missing(world: World, says: Witness) -> None:
    """Named, contained, and not there: missing, by a run that began after the naming and by no earlier one."""
    world.configure("git", "prod")
    world.scopes("git", MANIFESTS)
    world.scopes("prod", CLUSTERS, DEPLOYMENTS)
    world.read(CLUSTERS, cluster())
    world.read(DEPLOYMENTS, deployment("d-2", "pay"))
    world.read(MANIFESTS, manifest())
    assert says.presence(DEPLOYMENT) == "mentioned"
    head = world.store.head()
    world.pass_(minutes=1)
    world.read(DEPLOYMENTS, deployment("d-2", "pay"))
    assert world.store.head().number == head.number + 1  # an unchanged listing, and yet it changed what is said
    assert says.presence(DEPLOYMENT) == "missing"
    assert says.ties(FILE, "DECLARED_IN") == [("tied", DEPLOYMENT, "missing")]
    assert says.presence(DEPLOYMENT, head.instant) == "mentioned"
    world.read(DEPLOYMENTS, deployment("d-2", "pay"))
    assert world.store.head().number == head.number + 1
    assert says.presence(CLUSTER) == "present"
