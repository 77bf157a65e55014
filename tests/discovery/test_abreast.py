"""What of a listing is recorded when a watch has gone on while it was read?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from discovery.ledger import Ledger
from graph.model import Document, Ended, Outcome, Position, Run, Scope
from graph.plan import DocumentChanges, plan
from graph.record import Recorded
from graph.store import EntityFilter, GraphStore
from graph.stores.memory import MemoryStore
from tests.discovery.worlds import START, World, configmap, configured, scope

CONFIGMAPS = scope("prod", "configmaps", "k8s.configmap")


class Beside:
    """A listing of one scope, and a watch that goes on between its planning and its commit."""

    def __init__(self, store: GraphStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.source = World().source()
        self.ledger: Ledger = configured(self.store, self.source)

    def listing(self, position: int, *documents: Document) -> tuple[DocumentChanges, int]:
        known, base = self.ledger.known(CONFIGMAPS)
        items: Sequence[Position | Document] = [Position(position), *documents]
        return plan(known, items, scope=CONFIGMAPS, mapping=1), base

    def commit(self, planned: tuple[DocumentChanges, int]) -> Recorded:
        changes, base = planned
        return self.ledger.record(self.source, self._run(CONFIGMAPS), changes, base)

    def watch(self, *events: Document | Ended) -> Recorded:
        return self.ledger.record_watched(self.source, self._run(CONFIGMAPS), events)

    def bookmark(self, position: int) -> Recorded:
        """Record, as a watch does, that all up to a position was told."""
        return self.ledger.record(self.source, self._run(CONFIGMAPS), DocumentChanges(position=position))

    def fail(self) -> Recorded:
        return self.ledger.record(self.source, replace(self._run(CONFIGMAPS), outcome=Outcome.FAILED))

    def shown(self) -> dict[str, object]:
        """The names of what is there, each with its label."""
        with self.store.reader() as reader:
            return {one.name: one.attributes.get("labels") for one in reader.entities(EntityFilter(), 100)}

    def _run(self, scope: Scope) -> Run:
        return Run(scope, START, START + timedelta(seconds=1), Outcome.COMPLETE)


def with_(name: str, position: int, labels: str) -> Document:
    """A configmap with a label, as of a position."""
    return configmap(name, str(position), labels=labels)


def test_the_later_word_counts_whoever_said_it() -> None:
    """What a watch moved past the listing's position stays as it said; what the listing shows later is taken."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "old"), with_("b", 2, "old"), with_("c", 3, "old")))
    planned = beside.listing(20, with_("a", 15, "listed"), with_("b", 16, "listed"), with_("c", 3, "old"))
    beside.watch(with_("a", 30, "watched"), with_("b", 14, "watched"), with_("c", 31, "watched"))
    beside.commit(planned)
    assert beside.shown() == {"a": "watched", "b": "listed", "c": "watched"}


def test_a_listing_opens_nothing_that_a_watch_saw_end() -> None:
    """Neither what was known and ended meanwhile, nor what came and went without ever being recorded."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "x"), with_("b", 2, "x"), with_("c", 3, "x")))
    planned = beside.listing(20, with_("a", 12, "y"), with_("b", 2, "x"), with_("c", 3, "x"), with_("brief", 15, "z"))
    beside.watch(Ended("uid-a", Position(25)), Ended("uid-brief", Position(26)))
    beside.commit(planned)
    assert set(beside.shown()) == {"b", "c"}
    beside.watch(with_("a", 24, "late"))  # an event that was late
    assert set(beside.shown()) == {"b", "c"}


@pytest.mark.parametrize("position", [18, 27])
def test_a_bookmark_beside_a_listing_does_not_end_it(position: int) -> None:
    """What came and went while the scope is being listed stays away, wherever a bookmark stands between."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "x")))
    planned = beside.listing(20, with_("a", 1, "x"), with_("brief", 15, "z"))
    if position < 26:
        beside.bookmark(position)
    beside.watch(Ended("uid-brief", Position(26)))
    if position > 26:
        beside.bookmark(position)
    beside.commit(planned)
    assert set(beside.shown()) == {"a"}


def test_a_listing_that_failed_notes_no_departures_any_longer() -> None:
    """Nobody waits for what departed beside it, however long the watch goes on alone."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "x")))
    beside.listing(20, with_("a", 1, "x"))
    beside.fail()
    beside.watch(Ended("uid-brief", Position(26)))
    assert beside.ledger._departures._left == {}


def test_a_listing_ends_nothing_that_a_watch_has_moved_past_it() -> None:
    """What it lacks because it is older, a watch has said to be there."""
    beside = Beside()
    beside.commit(beside.listing(10, *(with_(name, 1, "x") for name in "abcd")))
    planned = beside.listing(20, *(with_(name, 1, "x") for name in "ab"))
    beside.watch(with_("c", 25, "y"), with_("new", 22, "y"))
    beside.commit(planned)
    assert set(beside.shown()) == {"a", "b", "c", "new"}


def test_what_a_watch_recorded_before_the_listing_is_not_recorded_twice() -> None:
    """The same word from both sides makes one version."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "x")))
    planned = beside.listing(20, with_("a", 15, "y"), with_("b", 16, "y"))
    beside.watch(with_("a", 15, "y"), with_("b", 16, "y"))
    head = beside.store.head().number
    assert beside.commit(planned).mark is None
    assert beside.store.head().number == head


def test_a_listing_that_was_overtaken_puts_its_tokens_on_nothing_else() -> None:
    """A token that came with the former statements says nothing of those that a watch recorded meanwhile."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "up"), with_("b", 2, "x"), with_("c", 3, "x")))
    planned = beside.listing(30, with_("a", 28, "up"), with_("b", 27, "y"), with_("c", 3, "x"))
    beside.watch(with_("a", 25, "down"), with_("b", 24, "w"))
    beside.commit(planned)
    assert beside.shown() == {"a": "down", "b": "y", "c": "x"}
    beside.commit(beside.listing(40, with_("a", 28, "up"), with_("b", 27, "y"), with_("c", 3, "x")))
    assert beside.shown() == {"a": "up", "b": "y", "c": "x"}


def test_a_listing_does_not_bring_back_what_was_taken_back_since() -> None:
    """What a watch says is as it was, with a later word, is not what an older listing shows."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "up"), with_("b", 2, "x")))
    planned = beside.listing(20, with_("a", 15, "down"), with_("b", 16, "y"))
    beside.watch(with_("a", 25, "up"))
    beside.commit(planned)
    assert beside.shown() == {"a": "up", "b": "y"}
    beside.commit(beside.listing(30, with_("a", 25, "up"), with_("b", 16, "y")))
    assert beside.shown() == {"a": "up", "b": "y"}


def test_a_late_word_brings_back_nothing_that_a_listing_has_forgotten() -> None:
    """Neither what ended before the listing, nor what came and went before it: whoever was there, the listing shows."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "x"), with_("b", 1, "x"), with_("c", 1, "x")))
    beside.watch(Ended("uid-a", Position(25)))
    again = Document("uid-b2", "26", with_("b", 26, "new").read)
    beside.commit(beside.listing(30, again, with_("c", 1, "x")))
    beside.watch(with_("a", 24, "late"), with_("b", 24, "late"), with_("ghost", 30, "late"), with_("d", 31, "y"))
    assert beside.shown() == {"b": "new", "c": "x", "d": "y"}


def test_a_word_that_a_listing_could_not_take_is_no_late_one() -> None:
    """What the watch had recorded otherwise meanwhile is put right by its own next word, an older one as that is."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "up"), with_("b", 1, "x")))
    planned = beside.listing(30, with_("a", 28, "up"), with_("b", 1, "x"))
    beside.watch(with_("a", 25, "down"))
    beside.commit(planned)
    beside.watch(with_("a", 28, "up"))
    assert beside.shown() == {"a": "up", "b": "x"}


def test_nothing_is_late_once_a_history_was_turned_back() -> None:
    """Its positions begin again from an older one. Nor is anything late that has no position."""
    beside = Beside()
    beside.commit(beside.listing(100, with_("a", 1, "x")))
    beside.ledger.begin_anew(CONFIGMAPS)
    beside.watch(with_("b", 60, "y"))
    beside.commit(beside.listing(70, with_("a", 1, "x"), with_("b", 60, "y")))
    beside.watch(with_("c", 71, "y"), configmap("d", "opaque", labels="y"))
    assert beside.shown() == {"a": "x", "b": "y", "c": "y", "d": "y"}


def test_a_name_that_another_takes_over_is_a_replacement() -> None:
    """A watch that missed the end of the former holder still ends it."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("a", 1, "x")))
    again = Document("uid-a2", "15", with_("a", 15, "y").read)
    assert beside.watch(again).ended == 1
    assert beside.shown() == {"a": "y"}


def test_a_late_word_of_a_former_holder_takes_no_name_back() -> None:
    """It was told at an earlier position than the one who holds the name since."""
    beside = Beside()
    beside.commit(beside.listing(10, with_("b", 1, "x")))
    beside.watch(Document("uid-a2", "26", with_("a", 26, "new").read))
    assert beside.watch(with_("a", 24, "old")).ended == 0
    assert beside.shown() == {"a": "new", "b": "x"}
