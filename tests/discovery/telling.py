"""What is a source that also tells of changes, and a service that hears it? In memory, with faults at will."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from collectors.contract import Outdated, Plugin, SourceSettings
from discovery.listener import Heard, Silence, WatchState
from discovery.service import Service
from discovery.source import Source
from graph.model import Document, Ended, Position, Scope
from graph.stores.memory import MemoryStore
from tests.discovery.worlds import World, configured, names, plugin_of

WITHIN = 10.0


@dataclass
class Telling(World):
    """A world that also tells of changes: a history of events by position, as a server keeps it."""

    kinds: dict[str, str] = field(default_factory=lambda: {"configmaps": "k8s.configmap"})
    history: list[tuple[int, Document | Ended | Position]] = field(default_factory=list)
    refusal: Callable[[], None] | None = None
    breaking: list[BaseException] = field(default_factory=list)
    forgotten: int = 0
    connections: list[int] = field(default_factory=list)
    happened: threading.Condition = field(default_factory=threading.Condition)
    hung_up: bool = False

    def tell(self, *events: Document | Ended | Position) -> None:
        """Let something happen, which the listing shows as well."""
        with self.happened:
            listed = {one.id: one for one in self.documents.get("configmaps", []) if isinstance(one, Document)}
            for event in events:
                self.position = (self.position or 0) + 1
                told: Document | Ended | Position = Position(self.position)
                if isinstance(event, Ended):
                    listed.pop(event.id, None)
                    told = Ended(event.id, Position(self.position))
                elif isinstance(event, Document):
                    told = listed[event.id] = Document(event.id, str(self.position), event.read)
                self.history.append((self.position, told))
            self.documents["configmaps"] = list(listed.values())
            self.happened.notify_all()

    def break_with(self, error: BaseException) -> None:
        """Break the connection that stands."""
        with self.happened:
            self.breaking.append(error)
            self.happened.notify_all()

    def watch(self, scope: Scope, since: Position) -> Iterator[Document | Ended | Position]:
        self.connections.append(since.value)
        if self.refusal is not None:
            self.refusal()
        if since.value < self.forgotten:
            raise Outdated("410")
        yield since
        at = since.value
        while True:
            with self.happened:
                while not (self.breaking or self.hung_up or (self.position or 0) > at):
                    self.happened.wait()
                if self.hung_up:
                    return
                if self.breaking:
                    raise self.breaking.pop()
                waiting = [event for position, event in self.history if position > at]
                at = self.position or 0
            yield from waiting

    def close(self) -> None:
        super().close()
        with self.happened:
            self.hung_up = True
            self.happened.notify_all()

    @property
    def plugin(self) -> Plugin:
        """The world as a plugin."""

        def connect(source: str, settings: SourceSettings) -> Telling:
            return self

        return plugin_of(connect)


class Ears(Silence):
    """Notes how watches go on, and what they told."""

    def __init__(self) -> None:
        self.states: list[WatchState] = []
        self.batches: list[Heard] = []

    def watching(self, source: Source, scope: Scope, state: WatchState, reason: str | None) -> None:
        self.states.append(state)

    def heard(self, source: Source, heard: Heard) -> None:
        self.batches.append(heard)


@dataclass
class Discovery:
    """A service that runs over one world."""

    world: World
    store: MemoryStore
    service: Service
    source: Source
    ears: Ears

    def until(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + WITHIN
        while not holds():
            assert time.monotonic() < end, f"{what}: {names(self.store)} {self.ears.states}"
            time.sleep(0.01)

    def shows(self, *expected: str) -> None:
        """Wait until exactly these are there."""
        self.until(lambda: names(self.store) == set(expected), f"not {expected}")

    def is_(self, state: WatchState) -> None:
        """Wait until the watch has come to a state."""
        self.until(lambda: state in self.ears.states, f"not {state}")

    def live(self) -> None:
        """Wait until a connection stands, anew."""
        self.until(lambda: self.ears.states[-1:] == [WatchState.LIVE], "not live")


@contextmanager
def discovering(
    world: World, *, interval: float = 3600.0, stale_after: float | None = None, watch: bool = True
) -> Iterator[Discovery]:
    """Run a service over a world, looked at once unless the interval says otherwise."""
    store, ears = MemoryStore(), Ears()
    source = Source(world.name, world.plugin, SourceSettings(), interval, stale_after or 3 * interval, 5.0, 4, watch)
    ledger = configured(store, source)
    running = Service(store, ledger, [source], listener=ears)
    running.configure()
    running.start()
    assert running.wait_for_first_looks(WITHIN)
    try:
        yield Discovery(world, store, running, source, ears)
    finally:
        running.stop()
