"""What runs, for as long as Asbuilt watches? One store, one writer, and a schedule of looks at every source."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog

from collectors.contract import Collector
from discovery.cycle import Cycle
from discovery.ledger import Clock, Ledger, utc_now
from discovery.listener import Everybody, Listener, Look
from discovery.schedule import Schedule
from discovery.source import Source
from discovery.telemetry import REVISION, Telemetry
from discovery.watching import Watches
from graph.garbage import look_seldom
from graph.store import GraphStore, StoreError

GRACE = 8.0
"""Seconds that stopping waits for the commit under way. It is left unfinished after that, which harms nothing."""

log = structlog.get_logger("asbuilt.service")


class Eyes:
    """The collectors of the sources, each connected when it is first needed, and anew once a thread of it is stuck."""

    def __init__(self) -> None:
        self._open: dict[str, Collector] = {}
        self._lock = threading.Lock()

    def of(self, source: Source) -> Collector:
        """Give the collector of a source."""
        with self._lock:
            if source.name not in self._open:
                self._open[source.name] = source.connect()
            return self._open[source.name]

    def drop(self, source: Source) -> None:
        """Let go of a collector, from a thread that may hang in the attempt."""
        with self._lock:
            collector = self._open.pop(source.name, None)
        if collector is not None:
            threading.Thread(target=collector.close, name=f"close-{source.name}", daemon=True).start()

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            collectors = list(self._open.values())
            self._open.clear()
        closing = [threading.Thread(target=one.close, daemon=True) for one in collectors]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(1.0)


class Service:
    """Discovery over one store, whose one writer it is given."""

    def __init__(
        self,
        store: GraphStore,
        ledger: Ledger,
        sources: Sequence[Source],
        *,
        clock: Clock = utc_now,
        listener: Listener | None = None,
    ) -> None:
        look_seldom()
        self.sources = tuple(sources)
        self._store = store
        self._ledger = ledger
        self._stop = threading.Event()
        self._eyes = Eyes()
        telemetry = Telemetry()
        told = Everybody(telemetry, listener) if listener else telemetry
        self._schedule = Schedule(self.sources, self.look)
        self._watches = Watches(ledger, self._eyes.of, due=self._schedule.due, clock=clock, listener=told)
        self._cycle = Cycle(ledger, clock=clock, listener=told, watches=self._watches)

    def configure(self) -> None:
        """Note all configured sources before any of them is connected to: each stands as never read until it is."""
        self._ledger.configure(self.sources)
        REVISION.set(self._store.head().number)

    def look(self, source: Source) -> Look:
        """Look at one source now, and have the rules conclude. Raise StoreError where that cannot be recorded."""
        look = self._cycle.look(source, self._eyes.of(source), self._stop)
        if look.stuck:
            self._eyes.drop(source)
        if not self._stop.is_set():
            mark = self._ledger.conclude(max(one.stale_after for one in self.sources))
            if mark is not None:
                REVISION.set(mark.number)
        return look

    def look_at_all(self, names: Sequence[str] = ()) -> list[Look]:
        """Look once at every source (or at those named), side by side; give the looks in the order of configuration."""
        chosen = [source for source in self.sources if not names or source.name in names]
        looks: dict[str, Look] = {}
        raised: list[BaseException] = []
        threads = [threading.Thread(target=self._kept, args=(one, looks, raised), daemon=True) for one in chosen]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # in steps, so that Ctrl-C is heard
                thread.join(0.2)
        for error in raised:
            raise error
        return [looks[source.name] for source in chosen]

    def _kept(self, source: Source, looks: dict[str, Look], raised: list[BaseException]) -> None:
        try:
            looks[source.name] = self.look(source)
        except StoreError as error:
            raised.append(error)
        except Exception as error:
            log.exception("a look could not be recorded", source=source.name)
            raised.append(error)

    def start(self) -> None:
        """Begin to look at every source whenever it is due, the first time at once; and to hear of changes between."""
        self._watches.start(max((one.stale_after for one in self.sources), default=0.0))
        self._schedule.start()

    def due(self, name: str) -> bool:
        """Have a source looked at as soon as possible; False where there is none so named."""
        return self._schedule.due(name)

    def wait_for_first_looks(self, seconds: float) -> bool:
        """Wait until every source was looked at once; tell whether that came to pass within so many seconds."""
        return self._schedule.wait_for_first_looks(seconds)

    def stop(self, seconds: float = GRACE) -> bool:
        """Stop looking, and let go of the store; tell whether the commits under way were over within so many seconds.

        A listing is given up at once; a commit is finished, or left unpublished between two of its documents.
        """
        self._stop.set()
        self._watches.stop()
        until = time.monotonic() + seconds
        landed = self._schedule.stop(seconds)
        self._eyes.close()
        if not (self._ledger.close(until - time.monotonic()) and landed):
            landed = False
            log.warning("a commit did not end in time; it is left unpublished, and nothing of it was written")
        return landed
