"""What was settled as true, between which revisions, and according to which documents?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graph.model.keys import Key
from graph.model.scopes import Scope, ScopeStatus
from graph.model.statements import Alias, Attributes, Relation
from graph.model.times import Interval


@dataclass(frozen=True, slots=True, order=True)
class DocumentRef:
    """A document by its source and its id there."""

    source: str
    id: str


class Tie(StrEnum):
    """What became of an end."""

    TIED = "tied"
    """One key."""
    OPEN = "open"
    """An alias that nobody holds."""
    AMBIGUOUS = "ambiguous"
    """An alias that more than one holds."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The keys that an end turned out to mean: one when tied, none when open, several when ambiguous."""

    tie: Tie
    keys: tuple[Key, ...] = ()
    incarnation: str | None = None

    @property
    def key(self) -> Key | None:
        """The one key of a tied end."""
        return self.keys[0] if self.tie is Tie.TIED else None


@dataclass(frozen=True, slots=True)
class EntityVersion:
    """An entity as it was from one revision until another (None: still is).

    since: when this incarnation of the thing began to exist, as far as anybody saw. evidence: every document that
    states it.
    """

    key: Key
    name: str
    incarnation: str | None
    attributes: Attributes
    aliases: tuple[Alias, ...]
    evidence: tuple[DocumentRef, ...]
    since: Interval
    opened: int
    closed: int | None = None

    @property
    def kind(self) -> str:
        """The kind of the thing."""
        return self.key.kind


@dataclass(frozen=True, slots=True)
class RelationVersion:
    """A relation as it was from one revision until another (None: still is).

    stated: its ends as stated, which never change, and what is said about the tie. source, target: what the ends mean.
    """

    id: str
    stated: Relation
    source: Resolved
    target: Resolved
    evidence: tuple[DocumentRef, ...]
    since: Interval
    opened: int
    closed: int | None = None

    @property
    def verb(self) -> str:
        """The type of the tie."""
        return self.stated.verb

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key that a tied end of it names."""
        return tuple(key for key in (self.source.key, self.target.key) if key is not None)


@dataclass(frozen=True, slots=True)
class ScopeState:
    """What is known of a scope as of a revision.

    since: when the status began. judged: the start and end of the last complete run that a revision took notice of;
    what it did not have is not there. stale_after: seconds after which a failing scope counts as unreadable.
    """

    scope: Scope
    status: ScopeStatus
    since: datetime
    error: str | None
    judged: Interval | None
    stale_after: float


@dataclass(frozen=True, slots=True)
class RunFold:
    """Consecutive runs of one outcome over one scope. longest_gap: seconds between the starts of two of them."""

    source: str
    scope: str
    outcome: str
    error: str | None
    first_started: datetime
    first_ended: datetime
    last_started: datetime
    last_ended: datetime
    count: int
    longest_gap: float


@dataclass(frozen=True, slots=True)
class RevisionMark:
    """One commit: its number and its instant, later than that of the one before."""

    number: int
    instant: datetime
