"""What of a listing is left when a watch went on beside it? In every store, nothing that a later word contradicts."""

from __future__ import annotations

import pytest

from graph.model import Document, Position
from graph.store import GraphStore, Overtaken
from tests.graph.stores.estate import B1, POD, PODS, SHOP
from tests.graph.world import World, document, entity


def pod(version: int, phase: str) -> Document:
    """Show the pod as of a position."""
    return document("a", str(version), entity(POD, phase=phase))


def phase(store: GraphStore) -> object:
    """Tell the phase that the pod is in now."""
    with store.reader() as reader:
        return reader.latest([POD])[POD].attributes["phase"]


def test_a_token_is_not_put_on_what_another_look_has_revised_since(world: World, store: GraphStore) -> None:
    """It stood beside what the document said when the listing was planned, and would keep that from being read."""
    world.read(PODS, Position(10), pod(1, "up"), B1)
    changes, base = world.planned(PODS, [Position(30), pod(28, "up"), B1])
    assert [id_ for id_, _, _ in changes.touched] == ["a"]
    world.watch(PODS, pod(25, "down"))
    world.commit(PODS, changes, base, world.now)
    known = world.writer.known(PODS)[0]["a"]
    assert (known.version, known.position) == ("25", 25)
    assert phase(store) == "down"
    world.watch(PODS, pod(28, "up"))
    assert phase(store) == "up"


def test_a_listing_heals_what_a_watch_left_behind(world: World, store: GraphStore) -> None:
    """Also where the watch never tells the rest: the next listing finds another token, and compares."""
    world.read(PODS, Position(10), pod(1, "up"), B1)
    changes, base = world.planned(PODS, [Position(30), pod(28, "up"), B1])
    world.watch(PODS, pod(25, "down"))
    world.commit(PODS, changes, base, world.now)
    world.read(PODS, Position(40), pod(28, "up"), B1)
    assert phase(store) == "up"


def test_a_listing_does_not_revise_what_a_watch_has_moved_past_it(world: World, store: GraphStore) -> None:
    """Also where the watch said no more than that it is as it was: its token alone moved on."""
    world.read(PODS, Position(10), pod(1, "up"), B1)
    changes, base = world.planned(PODS, [Position(20), pod(15, "down"), B1])
    world.watch(PODS, pod(25, "up"))  # one word for what it was at 15 and is again at 25
    with pytest.raises(Overtaken):
        world.commit(PODS, changes, base, world.now)
    known = world.writer.known(PODS)[0]["a"]
    assert (known.version, known.position, phase(store)) == ("25", 25, "up")


def test_a_listing_does_not_end_what_a_watch_has_moved_past_it(world: World, store: GraphStore) -> None:
    """What was not there for a while is there again, and was never another."""
    more = document("c", "1", entity(SHOP.child("k8s.pod", "c")))
    world.read(PODS, Position(10), pod(1, "up"), B1, more)
    changes, base = world.planned(PODS, [Position(20), B1, more])
    assert [one.id for one in changes.ended] == ["a"]
    world.watch(PODS, pod(25, "up"))
    with pytest.raises(Overtaken):
        world.commit(PODS, changes, base, world.now)
    assert phase(store) == "up"


def test_a_late_word_of_a_former_life_ends_no_later_one(world: World, store: GraphStore) -> None:
    """Who holds a key since a later position came after it: nothing is left of what it says."""
    world.read(PODS, Position(10), B1)
    world.watch(PODS, document("a2", "26", entity(POD, phase="new")))
    world.watch(PODS, pod(24, "old"))
    assert world.writer.known(PODS)[0].keys() == {"a2", "b"}
    assert phase(store) == "new"
