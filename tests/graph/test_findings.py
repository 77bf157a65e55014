"""Do the mistakes that a review once found stay mended?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graph.analysis.names import under_identity
from graph.analysis.presence import Doubt, Presence, Said, presence
from graph.model import Key, Knowledge, Transition
from graph.store import ChangeFilter
from tests.graph.world import World, alias_end, document, entity, everything_known, exclusive, tie
from tests.histories.estate import (
    BALANCER,
    CLUSTER,
    CLUSTERS,
    CONFIG,
    CONFIGS,
    DEPLOYMENTS,
    MANIFESTS,
    PODS,
    REGION,
    SHOP,
    TARGETS,
    cluster,
    config,
    deployment,
    instance,
    instance_key,
    manifest,
    pod,
    pod_key,
    target,
)
from tests.stores import STORES


@pytest.fixture(params=sorted(STORES))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world over an empty store of each kind."""
    store = STORES[request.param](tmp_path)
    yield World(store)
    store.close()


def said(world: World, key: Key) -> Presence | None:
    """Give what is said of a key now."""
    with world.store.reader() as reader:
        return presence(reader, key)


def closing(world: World, key: Key) -> tuple[object, object]:
    """Give between which instants a key ended."""
    with world.store.reader() as reader:
        wanted = ChangeFilter(subjects=frozenset({key}), words=frozenset({key.kind}))
        (recorded,) = [one for one in reader.changes(wanted, 10) if one.change.transition is Transition.CLOSED]
        return recorded.change.happened.start, recorded.change.happened.end


def test_a_key_named_anew_is_looked_for_anew(world: World) -> None:
    """Pods that roll over name what is missing again: mentioned until the next look, and missing again after it."""
    other = document("other", "1", entity(SHOP.child("k8s.configmap", "other")))
    world.scopes("prod", PODS, CONFIGS)
    world.read(CONFIGS, other)
    world.read(PODS, pod("u1"), pod("k1"), pod("k2"))
    world.read(CONFIGS, other)
    assert said(world, CONFIG) == Presence(Said.MISSING)
    world.read(PODS, pod("u2"), pod("k3"), pod("k4"))
    world.read(PODS, pod("u2"), pod("k3"), pod("k4"))
    there = said(world, CONFIG)
    assert there is not None
    assert there.said is Said.MENTIONED
    world.pass_(minutes=1)
    assert world.read(CONFIGS, other).mark is not None
    assert said(world, CONFIG) == Presence(Said.MISSING)
    assert world.read(CONFIGS, other).mark is None


def test_a_confirmed_doubt_goes_back_to_the_last_run_that_had_the_thing(world: World) -> None:
    """It ended between the look that had it and the first that lacked it, not between the two that lacked it."""
    began = world.now
    world.read(PODS, *(pod(f"u{n}") for n in range(4)))
    world.pass_(minutes=30)
    world.read(PODS, pod("u0"))
    world.read(PODS, pod("u0"))
    assert closing(world, pod_key("u1")) == (began, world.now)


def test_a_scope_that_comes_to_cover_less_leaves_the_rest_unknown_until_it_is_retired(world: World) -> None:
    """What no scope covers any more is unknown; a person who retires the source ends all of it."""
    big = replace(PODS, states=PODS.states | {"k8s.configmap"})
    world.configure("prod")
    world.scopes("prod", big)
    world.read(big, config(), pod("u"))
    world.scopes("prod", PODS)
    there = said(world, CONFIG)
    assert there is not None
    assert (there.said, there.doubt) == (Said.PRESENT, Doubt.UNKNOWN)
    assert world.retire("prod") is not None
    for key in (CONFIG, pod_key("u")):
        gone = said(world, key)
        assert gone is not None
        assert gone.said is Said.GONE


def test_documents_without_an_entity_are_known_where_they_were_read(world: World) -> None:
    """A tie from an alias, and a document that states nothing: read again, they plan nothing; lacking, they end."""
    stated = tie(alias_end("dns", "shop.example.com", "service"), "RESOLVES_TO", BALANCER)
    shown = [document("tie", "1", stated), document("empty", "1")]
    for _ in range(4):
        world.read(TARGETS, *shown)
    assert world.store.head().number == 2  # the second look proves that what the tie names is missing
    world.read(TARGETS)
    world.read(TARGETS)
    assert said(world, BALANCER) is None
    assert not world.writer.known(TARGETS)[0]


def test_a_late_first_look_takes_no_alias_from_who_was_seen_taking_it(world: World) -> None:
    """A slow source that is first read afterwards shows an older holder: that is a contest, and no flip."""
    slow = replace(TARGETS, source="slow", name="instances", states=frozenset({"aws.ec2.instance"}))
    fast = replace(slow, source="fast")
    world.read(TARGETS, target("10.0.0.5"))
    world.read(fast)
    world.pass_(minutes=1)
    world.read(fast, instance("i-new", "10.0.0.5"))
    world.pass_(minutes=1)
    world.read(slow, instance("i-old", "10.0.0.5"))
    with world.store.reader() as reader:
        (found,) = reader.relations([BALANCER], outgoing=True)
        assert found.target.keys == (instance_key("i-new"), instance_key("i-old"))


def test_learning_an_incarnation_is_no_other_life(world: World) -> None:
    """A source without uids stated it first: the thing was not replaced, and exists since as long."""
    key = SHOP.child("k8s.deployment", "cart")
    world.read(replace(DEPLOYMENTS, source="inventory"), document("cart", "", entity(key)))
    world.pass_(hours=1)
    world.read(DEPLOYMENTS, deployment("d-1"))
    with world.store.reader() as reader:
        first, second = reader.versions(key)
        assert first.since == second.since
        newest = reader.changes(ChangeFilter(words=frozenset({"k8s.deployment"})), 1)[0].change
        assert newest.transition is Transition.REVISED


def test_unknown_since_the_first_run_that_failed_and_not_for_one_failure_after_a_pause(world: World) -> None:
    """How long it has failed counts, not how long nobody looked."""
    world.read(PODS, pod("u1"))
    world.pass_(hours=5)
    began = world.now
    world.fail(PODS)
    there = said(world, pod_key("u1"))
    assert there is not None
    assert there.doubt is None
    world.pass_(seconds=world.stale_after)
    world.fail(PODS)
    there = said(world, pod_key("u1"))
    assert there is not None
    assert (there.doubt, there.doubt_since) == (Doubt.UNKNOWN, began)


def test_a_replacement_is_of_the_world_though_another_document_was_only_mapped_anew(world: World) -> None:
    """Several documents state one thing: the weightiest cause is shown."""
    wide, narrow = replace(DEPLOYMENTS, source="a"), DEPLOYMENTS
    world.knowledge = everything_known(1, lacking=[("k8s.deployment", "paused")])
    world.read(wide, deployment("d-1"))
    world.read(narrow, deployment("d-1"))
    world.knowledge = everything_known(2)
    again = deployment("d-2", created="2026-03-01T10:00:01Z")
    world.pass_(minutes=1)
    world.read(narrow, again)
    with world.store.reader() as reader:
        newest = reader.changes(ChangeFilter(words=frozenset({"k8s.deployment"})), 1)[0].change
        assert (newest.transition, newest.cause) == (Transition.REPLACED, "world")


def test_a_name_that_nobody_holds_is_in_doubt_while_who_could_hold_it_cannot_be_read(world: World) -> None:
    """The Deployment may well be there, under the uid of a cluster that could not tell its name."""
    minted = Key.by_name("k8s.cluster", "prod").child("k8s.namespace", "shop").child("k8s.deployment", "cart")
    world.scopes("prod", CLUSTERS, DEPLOYMENTS)
    world.read(DEPLOYMENTS, deployment("d-1"))
    world.forbid(CLUSTERS)
    world.read(MANIFESTS, manifest())
    there = said(world, minted)
    assert there is not None
    assert (there.said, there.doubt) == (Said.MENTIONED, Doubt.NEVER_READ)


def test_a_quiet_source_without_tokens_writes_one_row(world: World) -> None:
    """Nothing moved, so nothing is touched."""
    shown = document("x", "", entity(BALANCER, exclusive("dns", "a"), dns_name="a"))
    scope = replace(TARGETS, range=REGION)
    world.read(scope, shown)
    changes, _ = world.planned(scope, [shown])
    assert changes.empty
    assert changes.touched == []


def test_a_source_that_was_retired_is_looked_at_for_the_first_time_again(world: World) -> None:
    """What it shows when it comes back must not look like an incident."""
    world.configure("prod")
    world.scopes("prod", DEPLOYMENTS)
    world.read(DEPLOYMENTS, deployment("d-1"))
    world.retire("prod")
    world.pass_(hours=1)
    world.configure("prod")
    world.scopes("prod", DEPLOYMENTS)
    world.read(DEPLOYMENTS, deployment("d-1"))
    with world.store.reader() as reader:
        newest = reader.changes(ChangeFilter(words=frozenset({"k8s.deployment"})), 1)[0].change
        assert (newest.transition, newest.cause) == (Transition.OPENED, "first_look")


def test_what_another_look_has_seen_since_is_not_doubted_by_an_older_one(world: World) -> None:
    """A listing was planned, a watch then showed one of the pods that it lacked, and then the listing was committed."""
    world.read(PODS, *(pod(f"u{n}") for n in range(4)))
    started = world.now
    changes, base = world.planned(PODS, [pod("u0")])
    world.watch(PODS, pod("u1", "2", reason="restarted"))
    world.commit(PODS, changes, base, started)
    seen, unseen = said(world, pod_key("u1")), said(world, pod_key("u2"))
    assert seen is not None
    assert unseen is not None
    assert (seen.doubt, unseen.doubt) == (None, Doubt.DOUBTED)


def test_a_name_that_two_clusters_claim_is_never_chosen_from(world: World) -> None:
    """Asked under it, the key as minted is given, and neither of the two."""
    twin = Key.of(("k8s.cluster", "two"))
    world.read(CLUSTERS, cluster())
    minted = Key.by_name("k8s.cluster", "prod").child("k8s.node", "n1")
    with world.store.reader() as reader:
        assert under_identity(reader, minted) == CLUSTER.child("k8s.node", "n1")
    held = entity(twin, exclusive("k8s.cluster.name", "prod"))
    world.read(replace(CLUSTERS, source="second", range=twin), document("second", "1", held))
    with world.store.reader() as reader:
        assert under_identity(reader, minted) == minted


def test_what_no_mapping_declares_is_of_the_world(world: World) -> None:
    """Names and aliases are part of every statement: one that moves is no doing of a mapping that is another."""
    silent = {"k8s.pod": frozenset({"phase"})}
    key = pod_key("u")
    world.knowledge = Knowledge(1, silent)
    world.read(PODS, document("u", "1", entity(key, exclusive("ip", "net|1"), phase="Running")))
    world.knowledge = Knowledge(2, silent)
    world.read(PODS, document("u", "2", entity(key, exclusive("ip", "net|2"), phase="Running")))
    with world.store.reader() as reader:
        newest = reader.changes(ChangeFilter(words=frozenset({"k8s.pod"})), 1)[0].change
        assert [(one.name, one.cause) for one in newest.fields] == [("aliases.ip", "world")]
