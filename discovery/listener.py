"""Who is told how a look at a source goes? Logs, metrics, and whoever watches at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from discovery.source import Source
from graph.model import Outcome, RevisionMark, Run, Scope
from graph.record import Recorded


@dataclass(slots=True)
class ScopeLook:
    """How one scope was read in one look: its last run, and what all its runs of this look came to.

    opened, revised, ended: documents. doubted: how many documents' endings wait for another listing. unmapped: how many
    documents could not be mapped. changes: of entities and relations. mark: the newest revision that reading it made,
    if it made one.
    """

    scope: Scope
    run: Run
    runs: int = 0
    seen: int = 0
    opened: int = 0
    revised: int = 0
    ended: int = 0
    doubted: int = 0
    unmapped: int = 0
    changes: int = 0
    mark: RevisionMark | None = None

    @property
    def complete(self) -> bool:
        """Tell whether its last run was complete."""
        return self.run.outcome is Outcome.COMPLETE


@dataclass(slots=True)
class Look:
    """One look at one source. error: why its scopes could not be listed. stopped: given up, for Asbuilt is stopping.

    retry_after: seconds for which the source asked to be left alone. stuck: a thread still waits for the source.
    """

    source: str
    started: datetime
    ended: datetime | None = None
    scopes: list[ScopeLook] = field(default_factory=list)
    error: str | None = None
    retry_after: float | None = None
    stopped: bool = False
    stuck: bool = False

    @property
    def complete(self) -> bool:
        """Tell whether everything that the source lists was read."""
        return not self.stopped and self.error is None and all(one.complete for one in self.scopes)

    @property
    def vain(self) -> bool:
        """Tell whether nothing of the source could be read."""
        return self.error is not None or (bool(self.scopes) and not any(one.complete for one in self.scopes))


class WatchState(StrEnum):
    """How the watch of a scope goes on."""

    LIVE = "live"
    """Its connection stands."""
    ENDED = "ended"
    """The source ended the connection in order; telling goes on in another."""
    CUT = "cut"
    """The connection broke, or told what cannot be used; it is asked again from the last event."""
    OUTDATED = "outdated"
    """The source has forgotten what came after the last event; the scope is listed anew."""
    REFUSED = "refused"
    """The source does not tell, or not this account; the scope is polled."""
    UNRECORDED = "unrecorded"
    """What was told could not be recorded; the scope is listed anew."""
    OVER = "over"
    """The scope is listed no longer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A batch of a watch's events, recorded. events: how many were told. lag: seconds since the oldest was heard."""

    scope: Scope
    events: int
    lag: float
    recorded: Recorded
    unmapped: int = 0


class Listener(Protocol):
    """What there is to be told. `reading` and `watching` are called from several threads at once, the rest from few."""

    def looking(self, source: Source) -> None:
        """Hear that a look begins."""
        ...

    def listed(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Hear which scopes the source lists."""
        ...

    def reading(self, source: Source, scope: Scope, documents: int) -> None:
        """Hear how many documents of a scope have been read so far."""
        ...

    def read(self, source: Source, look: ScopeLook, seconds: float) -> None:
        """Hear that a run of a scope is recorded, which took so many seconds of reading."""
        ...

    def looked(self, source: Source, look: Look) -> None:
        """Hear that a look is over."""
        ...

    def watching(self, source: Source, scope: Scope, state: WatchState, reason: str | None) -> None:
        """Hear how the watch of a scope goes on."""
        ...

    def heard(self, source: Source, heard: Heard) -> None:
        """Hear that a batch of a watch's events is recorded."""
        ...


class Silence:
    """A listener that listens to nothing; others override what they care about."""

    def looking(self, source: Source) -> None:
        """Ignore it."""

    def listed(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Ignore it."""

    def reading(self, source: Source, scope: Scope, documents: int) -> None:
        """Ignore it."""

    def read(self, source: Source, look: ScopeLook, seconds: float) -> None:
        """Ignore it."""

    def looked(self, source: Source, look: Look) -> None:
        """Ignore it."""

    def watching(self, source: Source, scope: Scope, state: WatchState, reason: str | None) -> None:
        """Ignore it."""

    def heard(self, source: Source, heard: Heard) -> None:
        """Ignore it."""


class Everybody:
    """Tells several listeners."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def looking(self, source: Source) -> None:
        """Tell that a look begins."""
        for one in self._listeners:
            one.looking(source)

    def listed(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Tell the scopes."""
        for one in self._listeners:
            one.listed(source, scopes)

    def reading(self, source: Source, scope: Scope, documents: int) -> None:
        """Tell how far reading has come."""
        for one in self._listeners:
            one.reading(source, scope, documents)

    def read(self, source: Source, look: ScopeLook, seconds: float) -> None:
        """Tell that a run is recorded."""
        for one in self._listeners:
            one.read(source, look, seconds)

    def looked(self, source: Source, look: Look) -> None:
        """Tell that a look is over."""
        for one in self._listeners:
            one.looked(source, look)

    def watching(self, source: Source, scope: Scope, state: WatchState, reason: str | None) -> None:
        """Tell how the watch of a scope goes on."""
        for one in self._listeners:
            one.watching(source, scope, state, reason)

    def heard(self, source: Source, heard: Heard) -> None:
        """Tell what a watch has told."""
        for one in self._listeners:
            one.heard(source, heard)
