"""When is a source due? At its own interval, jittered, one flight at a time; later where it fails or asks for peace.

Alarms ring by the clock on the wall, for so APScheduler knows them. When that clock is set, they are set anew: a pause
is a pause, whatever the time of day becomes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import SystemRandom

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from discovery.listener import Look
from discovery.source import Source

BACKOFF_BOUND = 300.0
"""Seconds: however long a source fails, it is tried again at least so often (or at its interval, if that is longer)."""

PATIENCE_BOUND = 3600.0
"""Seconds: the longest that a source may ask to be left alone."""

JITTER = 0.1
"""The part of a pause by which it is varied, so that sources of one interval do not all come at once."""

CLOCK_LOOKED_AT = 5.0
"""Seconds between two looks at whether the clock on the wall was set: so late an alarm may be for it."""

_CLOCK_SET = 1.0
"""Seconds by which the clock has to move on its own before that counts as set."""

_ALARMS = 1000
"""Alarms of one source that may ring at once. One that finds its source in flight does nothing (`_take_off`); but one
that APScheduler withholds, because the last has not been hung up yet, would be the last of that source."""

log = structlog.get_logger("asbuilt.schedule")


def pause_after(interval: float, failures: int, retry_after: float | None) -> float:
    """Say how many seconds lie between the end of a look and the next.

        failures in a row   0, 1      2            3            ...   n
        pause               interval  2 intervals  4 intervals  ...   up to BACKOFF_BOUND, or the interval

    What the source asks for (Retry-After) is granted on top of that, up to PATIENCE_BOUND.
    """
    doublings = min(max(0, failures - 1), 30)
    pause = min(max(interval, BACKOFF_BOUND), interval * 2.0**doublings)
    return max(pause, min(retry_after or 0.0, PATIENCE_BOUND))


def _ahead() -> float:
    """Tell how far the clock on the wall is ahead of the one that nobody sets, in seconds."""
    return datetime.now(UTC).timestamp() - time.monotonic()


@dataclass(slots=True)
class _Turn:
    """Where one source stands: is it being looked at, is it wanted again, how often did it fail in a row?"""

    source: Source
    flying: bool = False
    wanted: bool = False
    failures: int = 0
    looks: int = 0
    due: float = 0.0
    """When its alarm is to ring, by a clock that nobody sets."""


class Schedule:
    """Looks at each source when it is due. Flights are daemon threads: one that hangs keeps nobody from leaving."""

    def __init__(self, sources: Iterable[Source], look: Callable[[Source], Look], jitter: float = JITTER) -> None:
        self._turns = {source.name: _Turn(source) for source in sources}
        self._look = look
        self._jitter = jitter
        self._random = SystemRandom()
        self._changed = threading.Condition()
        self._stopping = False
        self._timer = BackgroundScheduler(timezone=UTC, daemon=True)
        self._ahead = _ahead()

    def start(self) -> None:
        """Begin: every source is due at once."""
        for name in self._turns:
            self._set(name, 0.0)
        self._timer.start()
        threading.Thread(target=self._mind_the_clock, name="clock", daemon=True).start()

    def due(self, name: str) -> bool:
        """Have a source looked at now, or right after the look under way; False where there is none so named."""
        with self._changed:
            turn = self._turns.get(name)
            if turn is None or self._stopping:
                return False
            if turn.flying:
                turn.wanted = True
            else:
                self._set(name, 0.0)
        return True

    def wait_for_first_looks(self, seconds: float) -> bool:
        """Wait until every source was looked at once; tell whether that came to pass within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: all(turn.looks for turn in self._turns.values()), seconds)

    def stop(self, seconds: float) -> bool:
        """Begin no more looks, and wait for those under way; tell whether all were over within so many seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._timer.running:
            self._timer.shutdown(wait=False)
        until = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(turn.flying for turn in self._turns.values()), max(0.0, until - time.monotonic())
            )

    def _set(self, name: str, seconds: float) -> None:
        """Set the alarm of a source anew. misfire_grace_time=None: an alarm that comes late still comes."""
        self._turns[name].due = time.monotonic() + seconds
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        self._timer.add_job(
            self._take_off,
            "date",
            run_date=at,
            args=[name],
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=_ALARMS,
        )

    def _mind_the_clock(self) -> None:
        """Set the alarms anew each time that the clock on the wall was set."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._stopping, CLOCK_LOOKED_AT):
                ahead = _ahead()
                if abs(ahead - self._ahead) > _CLOCK_SET:
                    log.warning("the clock was set; looks keep their pauses", seconds=round(ahead - self._ahead, 1))
                    for name, turn in self._turns.items():
                        if not turn.flying:
                            self._set(name, max(0.0, turn.due - time.monotonic()))
                self._ahead = ahead

    def _take_off(self, name: str) -> None:
        with self._changed:
            turn = self._turns[name]
            if turn.flying or self._stopping:
                return
            turn.flying, turn.wanted = True, False
        threading.Thread(target=self._fly, args=[turn], name=f"look-{name}", daemon=True).start()

    def _fly(self, turn: _Turn) -> None:
        look: Look | None = None
        try:
            look = self._look(turn.source)
        except Exception:
            log.exception("a look could not be recorded; it is tried again", source=turn.source.name)
        finally:
            self._land(turn, look)

    def _land(self, turn: _Turn, look: Look | None) -> None:
        with self._changed:
            turn.flying = False
            turn.looks += 1
            turn.failures = turn.failures + 1 if look is None or look.vain else 0
            if not self._stopping:
                pause = pause_after(turn.source.interval, turn.failures, look.retry_after if look else None)
                pause *= 1 + self._jitter * self._random.uniform(-1, 1)
                self._set(turn.source.name, 0.0 if turn.wanted else pause)
            self._changed.notify_all()
