"""Is each source looked at when it is due, one flight at a time, and does everything stop when told?"""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base as apscheduler

from collectors.contract import Failed, SourceSettings
from discovery import schedule as schedule_module
from discovery.listener import Look
from discovery.schedule import BACKOFF_BOUND, Schedule, pause_after
from discovery.service import Service
from discovery.source import Source
from graph.stores.memory import MemoryStore
from tests.discovery.worlds import START, World, configmap, configured, names, outcomes, plugin_of, raising


@pytest.mark.parametrize(
    ("interval", "failures", "retry_after", "pause"),
    [
        (60, 0, None, 60),
        (60, 1, None, 60),
        (60, 2, None, 120),
        (60, 3, None, 240),
        (60, 9, None, BACKOFF_BOUND),
        (60, 10_000, None, BACKOFF_BOUND),
        (900, 9, None, 900),
        (60, 0, 7, 60),
        (60, 0, 100, 100),
        (60, 0, 1e9, 3600),
    ],
)
def test_pauses(interval: float, failures: int, retry_after: float | None, pause: float) -> None:
    """A source waits its interval; twice that after each further failure, up to a bound; and as long as it asks for."""
    assert pause_after(interval, failures, retry_after) == pause


class Looks:
    """Counts looks, and holds them while `gate` is closed."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.flying: Counter[str] = Counter()
        self.most = 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, source: Source) -> Look:
        self.flying[source.name] += 1
        self.most = max(self.most, self.flying[source.name])
        self.counts[source.name] += 1
        self.gate.wait(5)
        self.flying[source.name] -= 1
        return Look(source.name, START)


def eventually(condition: object, seconds: float = 5.0) -> bool:
    """Wait until something becomes true."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_every_source_is_looked_at_at_once_and_at_its_own_interval() -> None:
    """The first look is immediate; a short interval comes round while a long one waits."""
    looks = Looks()
    schedule = Schedule([World("fast").source(interval=0.05), World("slow").source(interval=60)], looks)
    schedule.start()
    assert schedule.wait_for_first_looks(5)
    assert eventually(lambda: looks.counts["fast"] >= 3)
    assert schedule.stop(5)
    assert looks.counts["slow"] == 1


def test_one_flight_at_a_time() -> None:
    """A source that is due while it is being looked at is looked at right after, once, and never twice at a time."""
    looks = Looks()
    looks.gate.clear()
    schedule = Schedule([World("prod").source(interval=60)], looks)
    schedule.start()
    assert eventually(lambda: looks.counts["prod"] == 1)
    assert schedule.due("prod")
    assert schedule.due("prod")
    looks.gate.set()
    assert eventually(lambda: looks.counts["prod"] == 2)
    time.sleep(0.1)
    assert schedule.stop(5)
    assert (looks.counts["prod"], looks.most) == (2, 1)


def test_no_alarm_is_ever_lost() -> None:
    """However fast looks come and whoever makes a source due meanwhile, it is always looked at again."""
    looks = Looks()
    schedule = Schedule([World(f"w{number}").source(interval=0.001) for number in range(8)], looks)
    schedule.start()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        schedule.due("w0")
    before = Counter(looks.counts)
    assert eventually(lambda: all(looks.counts[name] > count for name, count in before.items()))
    assert schedule.stop(5)
    assert looks.most == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_stops_nothing(hours: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour back (a machine's clock in local time) and looks go on; an hour ahead and they come no more often."""
    set_by = timedelta()

    class Wall(datetime):
        """The clock on the wall, which somebody sets."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Wall:
            return cls.fromtimestamp((datetime.now(tz) + set_by).timestamp(), tz)

    monkeypatch.setattr(schedule_module, "datetime", Wall)
    monkeypatch.setattr(apscheduler, "datetime", Wall)
    monkeypatch.setattr(schedule_module, "CLOCK_LOOKED_AT", 0.1)
    looks = Looks()
    schedule = Schedule([World("fast").source(interval=0.5), World("slow").source(interval=60)], looks)
    schedule.start()
    assert eventually(lambda: looks.counts["fast"] >= 2)
    set_by = timedelta(hours=hours)
    before = looks.counts["fast"]
    assert eventually(lambda: looks.counts["fast"] >= before + 3, 10)
    assert schedule.stop(5)
    assert looks.counts["slow"] <= (1 if hours < 0 else 2), "an alarm that lies in the past rings, once"


def test_a_source_can_be_made_due() -> None:
    """`due` brings the next look forward; a name that is none is told."""
    looks = Looks()
    schedule = Schedule([World("prod").source(interval=60)], looks)
    schedule.start()
    assert eventually(lambda: looks.counts["prod"] == 1 and not looks.flying["prod"])
    assert schedule.due("prod")
    assert eventually(lambda: looks.counts["prod"] == 2)
    assert not schedule.due("nothing")
    assert schedule.stop(5)
    assert not schedule.due("prod")


def test_a_look_that_cannot_be_recorded_is_tried_again() -> None:
    """A full disk stops nobody: the next look comes."""
    counts: Counter[str] = Counter()

    def look(source: Source) -> Look:
        counts[source.name] += 1
        raise OSError("disk full")

    schedule = Schedule([World("prod").source(interval=0.02)], look)
    schedule.start()
    assert eventually(lambda: counts["prod"] >= 3)
    assert schedule.stop(5)


def test_two_sources_share_one_store() -> None:
    """Each source has its own scopes, runs and documents; one failing harms no other."""
    good = World("good", {"configmaps": [configmap("a")]})
    bad = World("bad", listing=raising(Failed("no route to host")))
    store, sources = MemoryStore(), (good.source(), bad.source())
    service = Service(store, configured(store, *sources), sources)
    looks = service.look_at_all()
    assert [look.complete for look in looks] == [True, False]
    assert names(store) == {"a"}
    assert outcomes(store, "*") == [("failed", 1)]
    assert [look.source for look in service.look_at_all(["bad"])] == ["bad"]
    assert service.stop()
    assert good.closed == 1


def test_a_clean_stop_under_load() -> None:
    """With sources busy listing, committing and hanging, stopping takes seconds, and the store can be written again."""
    hang = threading.Event()
    worlds = [
        World(f"w{number}", {"configmaps": [configmap(f"w{number}-{one}") for one in range(50)]}) for number in range(4)
    ]
    worlds[3].faults["services"] = lambda: void(hang.wait(30))
    store = MemoryStore()
    sources = [world.source(interval=0.01) for world in worlds]
    service = Service(store, configured(store, *sources), sources)
    service.start()
    assert eventually(lambda: all("services" in world.observed for world in worlds))
    began = time.monotonic()
    assert service.stop()
    assert time.monotonic() - began < 4
    hang.set()
    store.writer()
    head = store.head()
    time.sleep(0.1)
    assert store.head() == head


def test_a_collector_that_cannot_be_made_is_a_failed_run() -> None:
    """What `connect` raises is the reason of the source's failure, recorded like any other."""

    def connect(source: str, settings: SourceSettings) -> World:
        raise Failed("the certificate authority of the kubeconfig is no file")

    store = MemoryStore()
    source = Source("prod", plugin_of(connect), SourceSettings())
    ledger = configured(store, source)
    service = Service(store, ledger, [source])
    assert service.look(source).error == "the certificate authority of the kubeconfig is no file"
    assert outcomes(store, "*") == [("failed", 1)]
    service.stop()


def test_a_collector_with_a_stuck_thread_is_connected_anew() -> None:
    """A look whose deadline passed while a thread waits lets go of the connection, and the next look has its own."""
    hang = threading.Event()
    world = World(faults={"services": lambda: void(hang.wait(30))})
    store, source = MemoryStore(), world.source(deadline=0.2)
    service = Service(store, configured(store, source), [source])
    assert service.look(source).stuck
    assert eventually(lambda: world.closed == 1)
    world.faults.clear()
    assert service.look(source).complete
    hang.set()
    service.stop()


def void(_value: object) -> None:
    """Drop a value."""
