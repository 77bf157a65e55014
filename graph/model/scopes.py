"""What does one listing cover completely, and how did reading it go?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from graph.model.keys import Key, meets_any


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far into its source's history a listing or a watch event stands (a Kubernetes resourceVersion)."""

    value: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A watch said that a document exists no longer."""

    id: str
    position: Position


@dataclass(frozen=True, slots=True)
class Scope:
    """What one listing covers completely.

    name: unique in its source, and stable. states: the kinds and verbs that its documents state. range: the key that
    everything in it begins with; "" where that is not known yet. within: the key that it exists by (a namespace), if
    any. snapshot: whether one complete listing shows one instant (Kubernetes does, most cloud APIs do not). begins: how
    the ids of its things begin, where the things of one kind and range are listed in several scopes.
    """

    source: str
    name: str
    states: frozenset[str]
    range: str = ""
    within: Key | None = None
    snapshot: bool = True
    begins: str = ""

    def covers(self, key: Key) -> bool:
        """Tell whether this scope is a home of the key."""
        if not key.within(self.range) or key.kind not in self.states:
            return False
        return not self.begins or key.id.startswith(self.begins)

    def shows_all_of(self, other: Scope) -> bool:
        """Tell whether this scope states all that another one does, everywhere that it does."""
        wide = not self.range or bool(other.range and Key(other.range).within(self.range))
        return wide and self.states >= other.states and other.begins.startswith(self.begins)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What one version of a collector's mapping knows: for each kind and verb the attribute names that it fills."""

    version: int
    fields: Mapping[str, frozenset[str]]

    def knows(self, word: str, attribute: str) -> bool:
        """Tell whether this mapping fills an attribute of a kind or verb. Nested names count by their first part."""
        return attribute.split(".", 1)[0] in self.fields.get(word, frozenset())


class Outcome(StrEnum):
    """How one attempt to read one scope ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to read one scope. Only a complete one proves absence."""

    scope: Scope
    started: datetime
    ended: datetime
    outcome: Outcome
    error: str | None = None
    position: Position | None = None


class ScopeStatus(StrEnum):
    """What a scope's runs say about it, as of a revision."""

    NEVER_READ = "never_read"
    READABLE = "readable"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    """Its source lists it no longer, and nobody has retired it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer could return: kinds and verbs (empty means any) inside ranges (empty means anywhere).

    expected: whether a kind that no source states is a gap of its own; not so for what an answer shows in passing.
    """

    words: frozenset[str] = field(default_factory=frozenset)
    ranges: tuple[str, ...] = ()
    expected: bool = True

    def leans_on(self, scope: Scope) -> bool:
        """Tell whether the scope could have added to the answer."""
        if self.words and not (self.words & scope.states):
            return False
        return not self.ranges or meets_any(scope.range, self.ranges)
