"""What does the memory do with one look at an estate? The path of discovery, without its threads and collectors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from discovery.spool import Spool
from graph.model import Document, Outcome, Run, Scope
from graph.plan import mapped_document, plan
from graph.record import Reading, record
from graph.store import GraphStore, GraphWriter
from tests.bench.estate import Estate
from tests.graph.world import everything_known

MAPPING = 1


@dataclass(slots=True)
class Timed:
    """What a look took. wall, cpu: seconds, of planning (listing and mapping included) and of recording."""

    plan_wall: float = 0.0
    record_wall: float = 0.0
    cpu: float = 0.0
    documents: int = 0
    opened: int = 0
    revised: int = 0
    ended: int = 0
    revisions: int = 0
    changes: int = 0

    @property
    def wall(self) -> float:
        """Seconds from beginning to end."""
        return self.plan_wall + self.record_wall


@dataclass(slots=True)
class Looking:
    """A store, its one writer, and a clock that moves a minute with each run, so that a run is the same every time."""

    store: GraphStore
    now: datetime = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    writer: GraphWriter = field(init=False)
    reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self.writer = self.store.writer()
        head = self.store.head()
        self.now = max(self.now, head.instant + timedelta(minutes=1)) if head.number else self.now
        self.reading = Reading("estate", everything_known(MAPPING), 3600.0)

    def look(self, estate: Estate) -> Timed:
        """Look at every scope of an estate, and record what each look shows."""
        timed = Timed()
        for scope in estate.scopes:
            self.read(scope, estate.documents(scope), timed)
        return timed

    def read(self, scope: Scope, documents: Iterator[Document], timed: Timed) -> None:
        """Read one scope to its end, plan, and commit."""
        began, cpu = time.perf_counter(), time.process_time()
        known, base = self.writer.known(scope)
        spool = Spool()
        changes = plan(known, documents, scope=scope, mapping=MAPPING, keeper=spool)
        planned = time.perf_counter()
        started, self.now = self.now, self.now + timedelta(minutes=1)
        with self.writer.stage(base) as stage:
            recorded = record(stage, Run(scope, started, self.now, Outcome.COMPLETE), changes, self.reading, self.now)
        spool.close()
        timed.plan_wall += planned - began
        timed.record_wall += time.perf_counter() - planned
        timed.cpu += time.process_time() - cpu
        timed.documents += changes.seen
        timed.opened += recorded.opened
        timed.revised += recorded.revised
        timed.ended += recorded.ended
        timed.revisions += recorded.mark is not None
        timed.changes += recorded.total


def fingerprinted(estate: Estate) -> float:
    """Read every document, map it and fingerprint what it states; give the seconds. The least a look could cost."""
    began = time.perf_counter()
    for scope in estate.scopes:
        for document in estate.documents(scope):
            mapped_document(document, scope, MAPPING, None)
    return time.perf_counter() - began
