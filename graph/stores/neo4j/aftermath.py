"""What is done after a revision was published? The present forgets what closed, and the current graph follows.

Whoever commits comes first: both would ask the same server, and a first load would take twice as long.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from graph.store import StoreError
from graph.stores.neo4j.commit import sweep
from graph.stores.neo4j.connection import Database, Refused
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.projection import project
from graph.stores.neo4j.spans import newest

log = structlog.get_logger("asbuilt.neo4j")

_GRACE = 10.0
"""Seconds: a single look at a small estate is then followed at once."""

_QUIET = 0.5
"""Seconds after a commit in which the next one may begin: a first load is a row of them."""

_PATIENCE = 5.0
"""Seconds that each portion gives way for, and no longer: what is written without end must not hold it up."""


class Aftermath:
    """A thread of the writer's own. What it did not come to is done after the next revision, or by the next writer."""

    def __init__(self, database: Database, lookup: Lookup, fence: int) -> None:
        self._database = database
        self._lookup = lookup
        self._fence = fence
        self._asked = threading.Condition()
        self._due = False
        self._busy = False
        self._committing = False
        self._ended = -_QUIET
        self._hurried = False
        self._closed = False
        self._sweeping = False
        self._unswept = 0
        self._refused = False
        self._thread = self._begun()

    def _begun(self) -> threading.Thread:
        thread = threading.Thread(target=self._go_on, name="asbuilt-aftermath", daemon=True)
        thread.start()
        return thread

    def due(self) -> None:
        """Let it begin, unless it is at it. If it died of an error, which Python has shown, it is begun again."""
        with self._asked:
            self._due = True
            if not (self._closed or self._thread.is_alive()):
                self._thread = self._begun()
            self._asked.notify_all()

    @contextmanager
    def unswept(self) -> Iterator[None]:
        """Keep what closes in the present meanwhile, for whoever reads it as of a revision that stood before."""
        with self._asked:
            self._asked.wait_for(lambda: not self._sweeping)
            self._unswept += 1
        try:
            yield
        finally:
            with self._asked:
                self._unswept -= 1
                self._asked.notify_all()

    def _sweep(self, head: int) -> None:
        """Sweep once nobody reads what would be swept away, and let nobody begin to meanwhile."""
        with self._asked:
            self._asked.wait_for(lambda: self._closed or not self._unswept)
            if self._closed:
                return
            self._sweeping = True
        try:
            sweep(self._database, head)
        finally:
            with self._asked:
                self._sweeping = False
                self._asked.notify_all()

    @contextmanager
    def second(self) -> Iterator[None]:
        """Let what is done meanwhile come first."""
        self._say(committing=True)
        try:
            yield
        finally:
            self._say(committing=False)

    def _say(self, *, committing: bool) -> None:
        with self._asked:
            self._committing = committing
            self._ended = time.monotonic()
            self._asked.notify_all()

    def _gives_way(self) -> bool:
        """Wait while commits are in the making, within reason. Tell whether to stop."""
        until = time.monotonic() + _PATIENCE
        with self._asked:
            while not self._closed and (left := min(until, self._quiet_at()) - time.monotonic()) > 0:
                self._asked.wait(left)
            return self._closed

    def _quiet_at(self) -> float:
        """Give the instant from which nobody is to be let by, as it looks now."""
        if self._hurried:
            return -math.inf
        return math.inf if self._committing else self._ended + _QUIET

    def settled(self, seconds: float | None = None) -> bool:
        """Wait until nothing is left to do."""
        with self._asked:
            return self._asked.wait_for(lambda: not (self._due or self._busy), seconds)

    def close(self) -> None:
        """Give it some seconds for what is due, then let it end what it is at, and no more."""
        with self._asked:
            self._hurried = True  # nobody commits any more
            self._asked.notify_all()
        self.settled(_GRACE)
        with self._asked:
            self._closed = True
            self._asked.notify_all()
        self._thread.join()

    def _go_on(self) -> None:
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._due or self._closed)
                if not self._due:
                    return
                self._due, self._busy = False, True
            try:
                head = self._database.reading(newest)
                self._sweep(head)
                project(self._database, self._lookup, self._fence, head, self._gives_way)
                self._refused = False
            except Refused as error:
                self._tell(error)
            except StoreError:
                # The server is away, or busy, or another writes. AsbuiltStore.projected says how far it came; the next
                # revision goes on.
                pass
            finally:
                with self._asked:
                    self._busy = False
                    self._asked.notify_all()

    def _tell(self, error: Refused) -> None:
        """Say once why the current graph stands still: mostly for a constraint or an index that somebody added."""
        if not self._refused:
            step = "drop the constraint or the index that somebody added, if it names one; it is tried again"
            log.warning("the current graph cannot follow", reason=str(error), step=step)
        self._refused = True
