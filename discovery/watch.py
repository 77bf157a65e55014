"""How far has one scope been watched, by which connection, and what became of it?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from secrets import SystemRandom
from typing import Any

import structlog

from collectors.contract import Failed, Forbidden, Outdated, Unwatchable, Watching
from discovery.feed import Feed
from discovery.ledger import Clock
from discovery.listener import WatchState
from discovery.reasons import reason_of, unmapped_text
from discovery.source import Source
from graph.model import Document, Ended, Position, Run, Scope

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a broken connection is made again: at first, and at most; doubled each time one breaks at once."""

STOOD = 5.0
"""Seconds after which a connection that broke did not break at once, even where nothing was told by it."""

Told = Callable[[WatchState, str | None], None]
"""Told how a watch goes on, and why."""

_random = SystemRandom()

log = structlog.get_logger("asbuilt.watching")


@dataclass(frozen=True, slots=True)
class Proven:
    """Up to where a scope is known completely, and since when: by the clock, and by the one that is never set."""

    position: Position
    instant: datetime
    at: float


class Watch:
    """The watch of one scope, from the position of a listing on, over as many connections as it takes."""

    def __init__(self, source: Source, run: Run, bell: threading.Event, clock: Clock, *, again: float) -> None:
        """Watch from a listing on. again: seconds after which one that was refused may be asked for again."""
        self.source = source
        self.scope: Scope = run.scope
        self.feed = Feed(bell, clock)
        self.state = WatchState.CUT  # until its first connection stands
        self.reason: str | None = None
        self.unmapped: set[str] = set()
        """Ids of documents that could not be mapped when they were last told of."""
        self.moved = False
        """Whether it has told anything."""
        self._since = run.position or Position(0)
        self._again = again
        self._ended = threading.Event()
        self.proven = Proven(self._since, run.started, time.monotonic())
        self.listed = time.monotonic()

    @property
    def over(self) -> bool:
        """Tell whether it goes on no longer."""
        return self._ended.is_set()

    @property
    def lost(self) -> bool:
        """Tell whether something of what it told was lost: what it told after that proves nothing, and is dropped."""
        return self.over and self.state is WatchState.UNRECORDED

    @property
    def may_ask_again(self) -> bool:
        """Tell whether it was refused long enough ago to ask again."""
        return time.monotonic() - self.listed > self._again

    @property
    def gap(self) -> str | None:
        """Say what stands as it was because it could not be mapped, if anything does."""
        return unmapped_text(self.unmapped) or None

    def listing(self, run: Run) -> None:
        """Note a complete listing. A watch whose connection is broken goes on from there, which may help it."""
        position = run.position or Position(0)
        if position > self.proven.position:
            self.proven = Proven(position, run.started, time.monotonic())
        self.listed = time.monotonic()
        if self.state is not WatchState.LIVE:
            self._since = max(self._since, position)

    def prove(self, position: Position, instant: datetime) -> None:
        """Note that all up to a position was told and recorded."""
        self.proven = Proven(position, instant, time.monotonic())

    def end(self) -> None:
        """Let it be over: who hears it stops at the next word."""
        self._ended.set()
        self.feed.close()

    def break_off(self, state: WatchState, reason: str) -> None:
        """Let it be over for a reason."""
        self.end()
        self.state, self.reason = state, reason

    def hear(self, collector: Callable[[], Watching | None], told: Told) -> None:
        """Hear the source until the watch is over. Every connection goes on from the last word of the one before."""
        failures = 0
        while not self.over:
            before, began = self._since, time.monotonic()
            state, reason, asked = self._connection(collector, told)
            if self._ended.is_set():
                return
            if state in (WatchState.OUTDATED, WatchState.REFUSED):
                self.break_off(state, reason or "")
                told(state, reason)
                return
            self.state = state
            told(state, reason)
            failures = 0 if self._since > before or time.monotonic() - began > STOOD else failures + 1
            pause = min(FIRST_PAUSE * 2.0**failures, LONGEST_PAUSE) * _random.uniform(0.5, 1.0)
            self._ended.wait(max(pause if failures else 0.0, asked))

    def _connection(self, collector: Callable[[], Watching | None], told: Told) -> tuple[WatchState, str | None, float]:
        """Hear one connection to its end; say how it ended, why, and for how long the source asks to be left alone."""
        try:
            watching = collector()
            if watching is None:
                return WatchState.REFUSED, "the source tells of no changes any more", 0.0
            self._listen(watching.watch(self.scope, self._since), told)
        except Outdated as error:
            return WatchState.OUTDATED, reason_of(error), 0.0
        except (Forbidden, Unwatchable) as error:
            return WatchState.REFUSED, reason_of(error), 0.0
        except Failed as error:
            return WatchState.CUT, reason_of(error), error.retry_after or 0.0
        except Exception as error:
            log.exception("a watch raised what it should not", source=self.source.name, scope=self.scope.name)
            return WatchState.CUT, reason_of(error), 0.0
        return WatchState.ENDED, None, 0.0

    def _listen(self, stream: Any, told: Told) -> None:
        """Take what one connection tells, and hang up once nobody wants to hear more."""
        with closing(stream):
            for event in stream:
                if self.over or not self._take(event):
                    return
                if self.state is WatchState.CUT or self.state is WatchState.ENDED:  # the first word: it stands
                    self.state = WatchState.LIVE
                    told(WatchState.LIVE, None)

    def _take(self, event: Document | Ended | Position) -> bool:
        """Take one word, and note how far the source has come with it; False where it is wanted no longer.

        Positions never go back: what is older than the last word was told before, or has been overtaken by it.
        """
        position = _position_of(event)
        if position is None:
            return self.feed.put(event)
        if position < self._since or event == self._since:
            return True
        if not self.feed.put(event):
            return False
        self.moved |= position > self._since
        self._since = max(self._since, position)
        return True


def _position_of(event: Document | Ended | Position) -> Position | None:
    if isinstance(event, Position):
        return event
    if isinstance(event, Ended):
        return event.position
    return Position(int(event.version)) if event.version.isdigit() else None
