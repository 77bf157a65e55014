"""Is a change recorded as it happens, whatever the watch that tells of it goes through?"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from collectors.contract import Failed, Forbidden, Outdated, Unwatchable
from discovery import watch as watch_module
from discovery import watching
from discovery.checking import check
from discovery.listener import WatchState
from discovery.watch import Watch
from graph.model import Document, Ended, Outcome, Position, Run
from tests.discovery.telling import WITHIN, Telling, discovering
from tests.discovery.worlds import START, Clock, World, configmap, names, outcomes, raising, service, unmappable


@pytest.fixture
def world() -> Telling:
    """A world of two configmaps, listed at position 10."""
    return Telling(documents={"configmaps": [configmap("a", "1"), configmap("b", "2")]}, position=10)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less than one would for a real server."""
    monkeypatch.setattr(watch_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(watching, "BATCH", 0.02)


def test_what_happens_is_recorded_as_it_happens(world: Telling) -> None:
    """Opened, revised and ended between two looks, from the position of the listing on."""
    with discovering(world) as running:
        running.shows("a", "b")
        running.live()
        world.tell(configmap("c"), Ended("uid-a", Position(0)))
        running.shows("b", "c")
        assert world.observed == ["configmaps"]
        assert world.connections == [10]
        assert outcomes(running.store, "configmaps") == [("complete", 1)]  # a batch is no listing


def test_a_broken_connection_goes_on_from_the_last_word(world: Telling) -> None:
    """What happened while it was broken is told by the next one; the scope is not listed for it."""
    with discovering(world) as running:
        running.live()
        world.tell(configmap("c"))
        running.shows("a", "b", "c")
        world.break_with(Failed("cut"))
        running.is_(WatchState.CUT)
        world.tell(configmap("d"))
        running.shows("a", "b", "c", "d")
        assert world.connections[:2] == [10, 11]
        assert world.observed == ["configmaps"]


def test_a_connection_that_raises_what_it_should_not_is_a_broken_one(world: Telling) -> None:
    """A defect of the collector ends no watch."""
    with discovering(world) as running:
        running.live()
        world.break_with(RuntimeError("a defect"))
        running.is_(WatchState.CUT)
        world.tell(configmap("c"))
        running.shows("a", "b", "c")


def test_an_outdated_position_is_listed_anew_and_watched_from_there(world: Telling) -> None:
    """What happened in what the source has forgotten is shown by the listing, its endings included."""
    with discovering(world) as running:
        running.live()
        world.tell(configmap("c"))
        running.shows("a", "b", "c")
        with world.happened:
            world.breaking.append(Outdated("410"))
            world.history.clear()
        world.tell(Ended("uid-b", Position(0)))
        with world.happened:
            world.history.clear()
            world.forgotten = 12
        running.is_(WatchState.OUTDATED)
        running.shows("a", "c")
        world.tell(configmap("d"))
        running.shows("a", "c", "d")
        assert world.observed == ["configmaps", "configmaps"]


@pytest.mark.parametrize("error", [Forbidden("403"), Unwatchable("405")])
def test_a_scope_that_cannot_be_watched_is_polled_and_says_why(world: Telling, error: Exception) -> None:
    """At the interval of its source, as without a watch."""
    world.refusal = raising(error)
    with discovering(world, interval=0.05) as running:
        running.is_(WatchState.REFUSED)
        world.tell(configmap("c"))
        running.shows("a", "b", "c")
        running.until(lambda: len(world.observed) > 4, "polled")
        with running.store.reader() as reader:
            assert reader.folds(scope="configmaps")[-1].error == f"polled: {error}"


def test_a_refused_watch_is_asked_for_again_later(world: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is allowed, the scope is watched."""
    monkeypatch.setattr(watching, "PROOF", 2)
    world.refusal = raising(Forbidden("403"))
    with discovering(world, interval=0.05) as running:
        running.is_(WatchState.REFUSED)
        world.refusal = None
        running.live()


def test_a_check_says_which_scopes_would_be_polled(world: Telling) -> None:
    """It asks for a watch as well, and hangs up; a scope that is refused one is readable all the same."""
    assert [(one.verdict, one.polled) for one in check(world.source())] == [("readable", None)]
    world.refusal = raising(Forbidden("grant 'watch'"))
    world.hung_up = False
    [finding] = check(world.source())
    assert (finding.readable, finding.polled) == (True, "grant 'watch'")
    assert world.connections == [10, 10]


def test_nothing_is_watched_where_that_is_not_wanted(world: Telling) -> None:
    """`watch: false` polls."""
    with discovering(world, watch=False, interval=0.05) as running:
        running.until(lambda: len(world.observed) > 2, "polled")
        assert world.connections == []


def test_a_collector_that_cannot_watch_is_polled_in_silence() -> None:
    """A source without a word of changes, though with positions, is no news."""
    world = World(documents={"configmaps": [configmap("a")], "services": [service("s")]}, position=10)
    with discovering(world, interval=0.05) as running:
        running.until(lambda: len(world.observed) > 4, "polled")
        assert running.ears.states == []


def test_an_unbroken_watch_spares_the_listing_and_a_bookmark_counts_as_one(world: Telling) -> None:
    """Looks go on and list nothing; each bookmark that has moved is a complete run, and makes no revision."""
    with discovering(world, interval=0.3) as running:
        running.live()
        head = running.store.head().number
        world.tell(Position(0))
        running.until(lambda: outcomes(running.store, "configmaps") == [("complete", 2)], "a bookmark")
        with running.store.reader() as reader:
            assert reader.folds(scope="configmaps")[-1].outcome == "complete"
        assert running.store.head().number == head
        assert world.observed == ["configmaps"]


def test_a_bookmark_that_has_not_moved_proves_nothing(world: Telling) -> None:
    """A source that only repeats itself may be cut off from the world: the scope is listed again."""
    with discovering(world, interval=0.2) as running:
        running.live()
        for _ in range(3):
            with world.happened:
                world.position = (world.position or 0) + 1
                world.history.append((world.position, Position(10)))
                world.happened.notify_all()
        running.until(lambda: len(world.observed) > 1, "listed")
        assert outcomes(running.store, "configmaps")[0][1] <= len(world.observed)


def test_a_watched_scope_is_listed_now_and_then_as_proof(world: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """However well its watch goes; and what the watch did not tell is found."""
    monkeypatch.setattr(watching, "PROOF", 3)
    with discovering(world, interval=0.1, stale_after=600.0) as running:
        running.live()
        world.documents["configmaps"].append(configmap("untold", "5"))
        running.shows("a", "b", "untold")
        assert len(world.observed) >= 2


def test_late_and_repeated_events_change_nothing(world: Telling) -> None:
    """An event that is older than what is known, of one that ended above all, is no news."""
    with discovering(world) as running:
        running.live()
        world.tell(configmap("c"), Ended("uid-c", Position(0)), configmap("d"))
        running.shows("a", "b", "d")
        late = [(11, configmap("c", "11")), (13, configmap("d", "13"))]
        with world.happened:
            world.position = 14
            world.history += [(14, event) for _, event in late] + [(14, Position(14))]
            world.happened.notify_all()
        running.until(lambda: outcomes(running.store, "configmaps") == [("complete", 2)], "the bookmark after them")
        assert names(running.store) == {"a", "b", "d"}


def test_an_event_that_cannot_be_mapped_costs_only_itself(world: Telling) -> None:
    """What it is about stands as it was; a new one is not there, and then no bookmark proves anything."""
    with discovering(world) as running:
        running.live()
        world.tell(Document("uid-a", "", unmappable), configmap("c"), Position(0))
        running.shows("a", "b", "c")
        running.until(lambda: outcomes(running.store, "configmaps")[-1] == ("complete", 1), "proved with a note")
        with running.store.reader() as reader:
            assert "uid-a" in str(reader.folds(scope="configmaps")[-1].error)
        world.tell(Document("uid-new", "", unmappable), configmap("d"), Position(0))
        running.shows("a", "b", "c", "d")
        world.tell(configmap("e"), Position(0))
        running.shows("a", "b", "c", "d", "e")
        assert outcomes(running.store, "configmaps") == [("complete", 1), ("complete", 1)]


def test_what_cannot_be_recorded_is_listed_anew(world: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events in hand are lost, and so the chain is broken: nobody vouches for the scope any more."""
    with discovering(world, interval=2.0) as running:
        running.live()
        ledger = running.service._ledger
        recording = ledger.record_watched
        broken = threading.Event()

        def once_broken(*arguments: Any) -> Any:
            if not broken.is_set():
                broken.set()
                world.tell(configmap("later"), Position(0))
                [watch] = running.service._watches._watches.values()
                running.until(lambda: watch.feed._position is not None, "a bookmark after what is about to be lost")
                raise RuntimeError("a defect in settling")
            return recording(*arguments)

        monkeypatch.setattr(ledger, "record_watched", once_broken)
        world.tell(configmap("c"))
        running.is_(WatchState.UNRECORDED)
        time.sleep(0.2)
        assert names(running.store) == {"a", "b"}
        assert outcomes(running.store, "configmaps") == [("complete", 1)]
        running.shows("a", "b", "c", "later")
        world.tell(configmap("d"))
        running.shows("a", "b", "c", "d", "later")


def test_the_watch_of_a_scope_that_is_listed_no_longer_ends(world: Telling) -> None:
    """Nobody listens for what there is not."""
    world.kinds["services"] = "k8s.service"
    with discovering(world, interval=0.1) as running:
        running.until(lambda: running.ears.states.count(WatchState.LIVE) == 2, "two live")
        del world.kinds["configmaps"]
        running.is_(WatchState.OVER)


def test_stopping_ends_watches_at_once(world: Telling) -> None:
    """Also one that waits for its source, which never says another word."""
    with discovering(world) as running:
        running.live()
        began = time.monotonic()
        assert running.service.stop()
        assert time.monotonic() - began < 2.0
        running.until(
            lambda: not [one.name for one in threading.enumerate() if one.name.startswith("watch-prod")], "threads"
        )


def test_a_slow_writer_is_told_the_last_word_only(world: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many words about few documents while a batch is recorded become few; none is lost."""
    with discovering(world) as running:
        running.live()
        ledger = running.service._ledger
        recording = ledger.record_watched
        held = threading.Event()

        def slow(*arguments: Any) -> Any:
            held.wait(WITHIN)
            return recording(*arguments)

        monkeypatch.setattr(ledger, "record_watched", slow)
        world.tell(configmap("first"))
        time.sleep(0.1)
        for number in range(500):
            world.tell(configmap(f"c{number % 5}", labels=str(number)))
        held.set()
        running.shows("a", "b", "first", *(f"c{number}" for number in range(5)))
        running.until(lambda: sum(one.events for one in running.ears.batches) == 501, "all events heard")
        assert len(running.ears.batches) < 20


def test_what_a_replaced_watch_told_is_not_recorded(world: Telling) -> None:
    """The writer may come to it late: the listing that another watch goes on from has shown what is left of it."""
    with discovering(world) as running:
        running.live()
        watches = running.service._watches
        [present] = watches._watches.values()
        run = Run(present.scope, START, START, Outcome.COMPLETE, position=Position(10))
        former = Watch(running.source, run, threading.Event(), Clock(), again=600.0)
        former._take(configmap("ghost", "20"))
        former._take(Position(21))
        assert not watches._recorded(former)
        assert names(running.store) == {"a", "b"}
        assert outcomes(running.store, "configmaps") == [("complete", 1)]
