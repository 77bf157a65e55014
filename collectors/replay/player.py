"""What would the recorded source say at this moment of its clock?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from pydantic import Field

from collectors.contract import Failed, Forbidden, Plugin, SourceSettings
from collectors.replay.recording import Frame, Recording, read
from graph.model import KINDS, VERBS, Document, Knowledge, Outcome, Position, Scope

BUNDLED = "recordings/estate.jsonl.gz"


class ReplaySettings(SourceSettings, frozen=True):
    """What may be set for a replay. Without anything, the recording that comes with Asbuilt is played."""

    path: str | None = None
    """Path of the recording; else the bundled one."""
    speed: float = Field(default=1.0, gt=0)
    """Recorded seconds that pass in one second."""
    begin: float = Field(default=0.0, ge=0)
    """Second of the recording to begin at."""
    loop: bool = False
    """Begin again after the last frame; else the last frames stay."""


class Player:
    """Plays one recording on a clock, which starts with the first look. Safe for several threads."""

    def __init__(
        self,
        source: str,
        recording: Callable[[], Recording],
        settings: ReplaySettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._load = recording
        self._settings = settings or ReplaySettings()
        self._clock = clock
        self._lock = threading.Lock()
        self._recording: Recording | None = None
        self._started: float | None = None

    def scopes(self) -> Sequence[Scope]:
        frames = (self._frame(name) for name in self.recording.frames)
        return [replace(frame.scope, source=self._source) for frame in frames if frame is not None and frame.scope]

    def observe(self, scope: Scope) -> Iterator[Position | Document]:
        frame = self._frame(scope.name)
        if frame is None or frame.scope is None:
            raise Failed(f"{scope.name} is no scope of this recording at this moment; list its scopes again")
        if frame.outcome is Outcome.FORBIDDEN:
            raise Forbidden(frame.error or f"{scope.name}: recorded as forbidden")
        if frame.outcome is Outcome.FAILED:
            raise Failed(frame.error or f"{scope.name}: recorded as failed")
        if frame.position is not None:
            yield Position(frame.position)
        for document in frame.documents.values():
            yield document.document()

    def close(self) -> None:
        """Nothing is open."""

    @property
    def recording(self) -> Recording:
        """The recording, read when it is first needed."""
        with self._lock:
            if self._recording is None:
                self._recording = self._load()
            return self._recording

    def _frame(self, name: str) -> Frame | None:
        frames = self.recording.frames.get(name, ())
        now = self._now()
        return next((frame for frame in reversed(frames) if frame.at <= now), None)

    def _now(self) -> float:
        """Tell the second of the recording."""
        with self._lock:
            if self._started is None:
                self._started = self._clock()
            elapsed = self._settings.begin + (self._clock() - self._started) * self._settings.speed
        length = self.recording.length
        return elapsed % length if self._settings.loop and length else elapsed


def _recording_of(settings: ReplaySettings) -> Recording:
    if settings.path is not None:
        return read(Path(settings.path).expanduser())
    return read(files("collectors.replay") / BUNDLED)


def _connect(source: str, settings: SourceSettings) -> Player:
    if not isinstance(settings, ReplaySettings):
        raise TypeError(f"source {source} needs ReplaySettings")
    return Player(source, lambda: _recording_of(settings), settings)


_FIELDS = {kind.name: frozenset(kind.attributes) for kind in KINDS.values()} | {
    verb.name: frozenset(verb.attributes) for verb in VERBS.values()
}

plugin = Plugin(
    "replay",
    ReplaySettings,
    frozenset(_FIELDS),  # a recording may be of any source
    Knowledge(1, _FIELDS),
    _connect,
    {"read the recording": "a file; nothing else is opened"},
)
