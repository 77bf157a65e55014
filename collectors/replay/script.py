"""How does a test write down, in a few lines, what a source says and when?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from collectors.replay.player import Player, ReplaySettings
from collectors.replay.recording import Frame, Recorded, Recording, recorded
from graph.model import KINDS, VERBS, Document, Key, Knowledge, Outcome, Scope, Statement


def document(id_: str, *statements: Statement, version: str = "") -> Document:
    """Make a document of its statements, the subject first."""
    return Document(id_, version, lambda: statements)


class Script:
    """Collects what a source says at which second.

    ```python
    aws = Script("aws")
    instances = aws.scope("instances", "aws.ec2.instance", range="cloud.account/1", snapshot=False)
    aws.complete(0, instances, [])
    aws.complete(3600, instances, [document("i-1", Entity(Key.of(("aws.ec2.instance", "i-1")), "web"))])
    aws.forbidden(7200, instances)
    collector = aws.collector(clock=clock)
    ```
    """

    def __init__(self, source: str, knowledge: Knowledge | None = None) -> None:
        self._source = source
        self._knowledge = knowledge
        self._frames: dict[str, list[Frame]] = {}

    def scope(
        self, name: str, states: str, *, range: str = "", within: Key | None = None, snapshot: bool = True
    ) -> Scope:
        """Describe a scope; `states` are kinds and verbs with spaces between. It exists from its first frame on."""
        return Scope(self._source, name, frozenset(states.split()), range, within, snapshot)

    def complete(self, at: float, scope: Scope, documents: Iterable[Document], *, position: int | None = None) -> None:
        """From this second on the scope lists these documents."""
        rows = {each.id: recorded(each) for each in documents}
        self._append(at, scope, Outcome.COMPLETE, None, position, rows)

    def failed(self, at: float, scope: Scope, error: str = "no answer in time; the next poll tries again") -> None:
        """From this second on reading the scope fails."""
        self._append(at, scope, Outcome.FAILED, error, None, None)

    def forbidden(self, at: float, scope: Scope, error: str = "not allowed; grant 'list'") -> None:
        """From this second on reading the scope is forbidden."""
        self._append(at, scope, Outcome.FORBIDDEN, error, None, None)

    def absent(self, at: float, scope: Scope) -> None:
        """From this second on the source has no such scope."""
        self._put(Frame(at, scope.name, None))

    def recording(self) -> Recording:
        """Give what was scripted so far as a recording."""
        frames = {name: tuple(rows) for name, rows in self._frames.items()}
        scopes = [frame.scope for rows in frames.values() for frame in rows if frame.scope is not None]
        states = frozenset[str]().union(*(scope.states for scope in scopes))
        return Recording(self._source, states, self._knowledge or _all_of(states), frames)

    def collector(self, clock: Callable[[], float] = time.monotonic, *, begin: float = 0.0) -> Player:
        """Play it. What is scripted later is played too."""
        return _Live(self._source, self.recording, ReplaySettings(begin=begin), clock=clock)

    def _append(
        self,
        at: float,
        scope: Scope,
        outcome: Outcome,
        error: str | None,
        position: int | None,
        rows: dict[str, Recorded] | None,
    ) -> None:
        before = self._frames.get(scope.name)
        kept = rows if rows is not None else dict(before[-1].documents) if before else {}
        self._put(Frame(at, scope.name, scope, outcome, error, position, kept))

    def _put(self, frame: Frame) -> None:
        frames = self._frames.setdefault(frame.name, [])
        if frames and frame.at < frames[-1].at:
            raise ValueError(
                f"{frame.name} at {frame.at} comes after its frame at {frames[-1].at}: script in order of time"
            )
        frames.append(frame)


class _Live(Player):
    """Plays a script that still grows."""

    @property
    def recording(self) -> Recording:
        return self._load()


def _all_of(states: frozenset[str]) -> Knowledge:
    words = {word: KINDS.get(word) or VERBS.get(word) for word in states}
    return Knowledge(1, {word: frozenset(declared.attributes) for word, declared in words.items() if declared})
