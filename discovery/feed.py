"""What has a watch told of its scope that is not recorded yet? The last word about each document, and no more."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from discovery.ledger import Clock
from graph.model import Document, Ended, Position

MOST = 1_000
"""Documents of one scope that may wait. Whoever tells of another one then waits too, and so does the source."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was told since the last batch: the last word about each document, in order of these words.

    position: up to where all was told, where the source said so. heard: events, those overtaken by a later word about
    their document included. first, last: when the oldest and the newest of all that was told were heard. waited: the
    instant (monotonic) of the oldest event; None where there is none.
    """

    events: tuple[Document | Ended, ...]
    position: Position | None
    heard: int
    first: datetime
    last: datetime
    waited: float | None


class Feed:
    """Stands between who hears a watch and who records it. Bounded: its reader waits where the writer is slow.

    bell: set whenever something is to be taken.
    """

    def __init__(self, bell: threading.Event, clock: Clock, most: int = MOST) -> None:
        self._bell = bell
        self._clock = clock
        self._most = most
        self._changed = threading.Condition()
        self._closed = False
        self._pending: dict[str, Document | Ended] = {}
        self._position: Position | None = None
        self._heard = 0
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._waited: float | None = None

    def put(self, event: Document | Ended | Position) -> bool:
        """Take one more event, as soon as there is room; False once the feed is closed."""
        with self._changed:
            if not isinstance(event, Position):
                self._changed.wait_for(lambda: self._closed or self._has_room(event.id))
            if self._closed:
                return False
            self._last = self._clock()
            self._first = self._first or self._last
            if isinstance(event, Position):
                self._position = event
            else:
                self._pending.pop(event.id, None)
                self._pending[event.id] = event
                self._heard += 1
                self._waited = self._waited or time.monotonic()
        self._bell.set()
        return True

    def take(self) -> Batch | None:
        """Give all that waits, and make room; None where nothing does."""
        with self._changed:
            if self._first is None or self._last is None:
                return None
            events = tuple(self._pending.values())
            batch = Batch(events, self._position, self._heard, self._first, self._last, self._waited)
            self._clear()
            self._changed.notify_all()
        return batch

    def close(self) -> None:
        """Take nothing more, and let who waits for room go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _has_room(self, id_: str) -> bool:
        return id_ in self._pending or len(self._pending) < self._most

    def _clear(self) -> None:
        self._pending = {}
        self._position = self._first = self._last = self._waited = None
        self._heard = 0
