"""What of a listing is left when a watch went on beside it? In every store, nothing that a later word contradicts."""

from __future__ import annotations

from graph.model import Document, Position
from graph.store import GraphStore
from tests.graph.stores.estate import B1, POD, PODS
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
