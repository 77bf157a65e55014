"""What does a dump of a store consist of, and in which order?

Only what cannot be told from the rest: what a store keeps beside that to find its way (terms, counts, indexes) it makes
again. Nothing has a number of its own but revisions and the places of changes in them, so the dumps of two stores that
keep the same are the same.

    record              in the order of
    Head                it comes first, and once
    RevisionMark        number, from 1 on without a gap
    SourceRecord        name
    KeptKnowledge       source, version
    KeptState           source and name of the scope, revision that opened it
    RunFold             source and name of the scope, then as they were made
    KeptDocument        source, id
    KeptPage            source, id, revision that opened it
    KeptDoubt           source, id, revision that opened it
    EntityVersion       kind, key, revision that opened it
    RelationVersion     id, revision that opened it
    KeptClaim           type and value of the alias, then as they were made
    KeptChange          revision, sequence

What is cited stands before what cites it. One thing aside: a claim or a piece of evidence may cite a document that was
opened and ended by one revision, and so has no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from graph.identity import Claim
from graph.model import (
    Change,
    DocumentRef,
    EntityVersion,
    Key,
    Knowledge,
    RelationVersion,
    RevisionMark,
    RunFold,
    ScopeState,
)
from graph.plan import Known
from graph.store import Doubted, SourceRecord, StoreError


@dataclass(frozen=True, slots=True)
class Head:
    """The newest revision of a dump."""

    number: int
    instant: datetime


@dataclass(frozen=True, slots=True)
class KeptKnowledge:
    """What a version of a source's mapping fills."""

    source: str
    knowledge: Knowledge


@dataclass(frozen=True, slots=True)
class KeptState:
    """The state of a scope from one revision until another (None: it still is)."""

    state: ScopeState
    opened: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document. known: of one in force, or of one that left its position behind; None where it has ended."""

    ref: DocumentRef
    known: Known | None


@dataclass(frozen=True, slots=True)
class KeptPage:
    """What a document stated from one revision until another.

    version, mapping: the source's token and the mapping that first stated just this.
    """

    ref: DocumentRef
    version: str
    mapping: int
    text: str
    opened: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class KeptDoubt:
    """That the ending of a document was doubted, from one revision until another."""

    ref: DocumentRef
    doubted: Doubted
    opened: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """A claim, in force from one revision until another. One that a single revision made and took back stays too."""

    claim: Claim
    opened: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class KeptChange:
    """A change, its place in the revision that made it, who stated it, and what it is about."""

    revision: int
    sequence: int
    change: Change
    evidence: tuple[DocumentRef, ...]
    named: tuple[Key, ...]


Record: TypeAlias = (
    Head
    | RevisionMark
    | SourceRecord
    | KeptKnowledge
    | KeptState
    | RunFold
    | KeptDocument
    | KeptPage
    | KeptDoubt
    | EntityVersion
    | RelationVersion
    | KeptClaim
    | KeptChange
)

ORDER: tuple[type[Record], ...] = (
    Head,
    RevisionMark,
    SourceRecord,
    KeptKnowledge,
    KeptState,
    RunFold,
    KeptDocument,
    KeptPage,
    KeptDoubt,
    EntityVersion,
    RelationVersion,
    KeptClaim,
    KeptChange,
)
"""The types of records in the order in which they come."""

_PLACE = {type_: place for place, type_ in enumerate(ORDER)}


class Disordered(StoreError):
    """The records are no dump: one is out of place, or cites a revision that is not in it."""


def in_order(records: Iterable[Record]) -> Iterator[Record]:
    """Pass records on, or raise Disordered at the first that cannot stand where it does."""
    place, head, last = -1, Head(0, datetime.max.replace(tzinfo=UTC)), 0
    for record in records:
        here = _PLACE[type(record)]
        if (place < 0) != isinstance(record, Head) or here < place:
            raise Disordered(f"a {type(record).__name__} stands out of its place: export the store again")
        place = here
        if isinstance(record, Head):
            head = record
        elif isinstance(record, RevisionMark):
            last += 1
            if record.number != last:
                raise Disordered(f"revision {last} is missing: export the store again")
        elif _revision(record) > head.number:
            raise Disordered(f"revision {_revision(record)} lies past the last, {head.number}: export the store again")
        yield record
    if place < 0 or last != head.number:
        raise Disordered(f"revision {last + 1} is missing: export the store again")


def _revision(record: Record) -> int:
    """Give the newest revision that a record cites."""
    if isinstance(record, KeptChange):
        return record.revision
    if isinstance(record, KeptState | KeptPage | KeptDoubt | EntityVersion | RelationVersion | KeptClaim):
        return record.opened if record.closed is None else record.closed
    return 0
