"""Does discovery speak when something changes, and only then? And does it count the rest?"""

from __future__ import annotations

from structlog.testing import capture_logs

from collectors.contract import Failed, Forbidden
from discovery.cycle import Cycle
from discovery.listener import Heard, WatchState
from discovery.reasons import safe_traceback
from discovery.telemetry import REGISTRY, Telemetry
from graph.model import RevisionMark
from graph.record import Recorded
from graph.stores.memory import MemoryStore
from tests.discovery.worlds import START, Clock, World, configmap, configured, raising


class Watched:
    """A world whose looks are told to telemetry."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = MemoryStore()
        self.source = world.source()
        clock = Clock()
        self.cycle = Cycle(configured(self.store, self.source, clock=clock), clock=clock, listener=Telemetry())

    def said(self) -> list[str]:
        """Look once, and give what was logged."""
        with capture_logs() as logged:
            self.cycle.look(self.source, self.world)
        return [line["event"] for line in logged]


def sample(name: str, **labels: str) -> float | None:
    """Read one metric."""
    return REGISTRY.get_sample_value(name, labels)


def test_it_logs_changes_of_state_and_not_polls() -> None:
    """First look, failure, recovery and refusal are one line each, however often they are polled."""
    watched = Watched(World("talk", {"configmaps": [configmap("a")]}))
    assert watched.said() == ["source is read"]
    assert watched.said() == []
    watched.world.faults["services"] = raising(Failed("500"))
    assert watched.said() == ["scope fails"]
    assert watched.said() == []
    watched.world.faults["services"] = raising(Forbidden("403"))
    assert watched.said() == ["scope is forbidden"]
    watched.world.faults.clear()
    assert watched.said() == ["scope recovered"]
    watched.world.listing = raising(Failed("no route"))
    assert watched.said() == ["source fails"]
    assert watched.said() == []
    watched.world.listing = None
    assert watched.said() == ["source recovered"]


def test_doubt_is_told_when_it_begins_and_when_it_ends() -> None:
    """An ending that waits for another listing is news, and so is its end."""
    world = World("doubt", {"configmaps": [configmap(name) for name in "abc"]}, snapshot=False)
    watched = Watched(world)
    watched.said()
    world.documents["configmaps"] = [configmap("a"), configmap("b")]
    world.after["configmaps"] = lambda: world.documents.update(configmaps=[configmap("a")])
    assert watched.said() == ["endings are doubted until another listing agrees"]
    world.after.clear()
    assert watched.said() == ["doubt is settled"]


def test_it_counts() -> None:
    """Runs by outcome, documents seen, failures in a row and the revision are metrics."""
    watched = Watched(World("count", {"configmaps": [configmap("a"), configmap("b")]}))
    watched.said()
    assert sample("asbuilt_documents_seen", source="count", scope="configmaps") == 2
    assert sample("asbuilt_documents_changed_total", source="count", transition="opened") == 2
    assert sample("asbuilt_runs_total", source="count", outcome="complete") == 2
    watched.world.listing = raising(Failed("no route"))
    watched.said()
    watched.said()
    assert sample("asbuilt_cycles_failed_in_a_row", source="count") == 2
    assert sample("asbuilt_runs_total", source="count", outcome="failed") == 4


def test_a_scope_that_is_listed_no_longer_leaves_no_metric() -> None:
    """What vanished would otherwise show its last figure for ever."""
    watched = Watched(World("gone", {"configmaps": [configmap("a")]}))
    watched.said()
    del watched.world.kinds["services"]
    watched.said()
    assert sample("asbuilt_documents_seen", source="gone", scope="services") is None


def test_watches_are_counted_and_a_scope_that_comes_to_be_polled_is_news() -> None:
    """Once, and once more when it can be watched after all; what breaks and goes on is a metric only."""
    telemetry, world = Telemetry(), World("heard")
    source, [configmaps, _] = world.source(), world.scopes()

    def said(state: WatchState) -> list[str]:
        with capture_logs() as logged:
            telemetry.watching(source, configmaps, state, "403")
        return [line["event"] for line in logged if line["log_level"] != "debug"]

    assert [said(one) for one in (WatchState.LIVE, WatchState.CUT, WatchState.LIVE)] == [[], [], []]
    assert sample("asbuilt_watch_live", source="heard", scope="configmaps") == 1
    assert said(WatchState.REFUSED) == ["scope is polled, for it cannot be watched"]
    assert sample("asbuilt_watch_live", source="heard", scope="configmaps") == 0
    assert said(WatchState.REFUSED) == []
    assert said(WatchState.LIVE) == ["scope is watched"]
    assert sample("asbuilt_watch_restarts_total", source="heard", reason="cut") == 1
    telemetry.heard(source, Heard(configmaps, 7, 0.3, Recorded(RevisionMark(5, START), opened=2, total=3), 1))
    telemetry.heard(source, Heard(configmaps, 0, 0.0, Recorded()))
    assert sample("asbuilt_watch_events_total", source="heard") == 7
    assert sample("asbuilt_watch_batches_total", source="heard") == 1
    assert sample("asbuilt_watch_lag_seconds_sum", source="heard") == 0.3
    assert sample("asbuilt_documents_changed_total", source="heard", transition="opened") == 2
    assert sample("asbuilt_documents_unmapped", source="heard", scope="configmaps") == 0
    assert sample("asbuilt_revision") == 5
    telemetry.watching(source, configmaps, WatchState.OVER, None)
    assert sample("asbuilt_watch_live", source="heard", scope="configmaps") is None


def test_a_traceback_has_places_and_no_secrets() -> None:
    """What is logged of an exception withholds a message that looks like a secret."""
    try:
        raise RuntimeError("login failed for password=hunter2hunter2")
    except RuntimeError as error:
        told = safe_traceback(error)
    assert "test_telemetry.py" in told
    assert "withheld" in told.splitlines()[-1]
