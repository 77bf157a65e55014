"""What changed, when did it happen, why, and was it configuration or only state?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.freshness import about_entity, about_place, about_relations
from graph.analysis.subjects import Subjects
from graph.model import (
    Cause,
    End,
    FieldChange,
    Interval,
    Key,
    KeyEnd,
    Question,
    RelationVersion,
    Resolved,
    Transition,
)
from graph.store import ChangeFilter, GraphReader, RecordedChange

_SCANNED = 20
"""How many pages of changes are looked through for one that a class leaves nearly empty; then the cursor goes on."""


class Class(StrEnum):
    """What a change is to."""

    CONFIGURATION = "configuration"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class ChangedRelation:
    """The ends of a relation that changed: what each means, or the candidates; as stated where it means nothing yet."""

    source: str
    verb: str
    target: str
    slot: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change of an entity (by key) or a relation (by id).

    fields: the differing fields of the causes that were asked for; hidden: how many have other causes. told: what it is
    about, in names.
    """

    revision: int
    sequence: int
    recorded: datetime
    subject: str
    word: str
    name: str | None
    relation: ChangedRelation | None
    transition: Transition
    class_: Class
    cause: Cause
    happened: Interval
    fields: tuple[FieldChange, ...]
    hidden: int
    evidence: tuple[Evidence, ...]
    told: str


def about(wanted: ChangeFilter) -> tuple[Question, ...]:
    """Say what a list of changes could return."""
    if not wanted.subjects:
        return about_place(wanted.prefix, wanted.words)
    questions: list[Question] = []
    for subject in sorted(wanted.subjects):
        key = Key(subject)
        questions += [about_entity(key), *about_relations(key, [word for word in wanted.words if word.isupper()])]
    return tuple(questions)


def changes(
    reader: GraphReader,
    wanted: ChangeFilter,
    limit: int,
    *,
    class_: Class | None = None,
    before: tuple[int, int] | None = None,
) -> tuple[tuple[ChangeView, ...], tuple[int, int] | None]:
    """Give changes, newest first, and where the next page begins (None at the end)."""
    page: list[RecordedChange] = []
    following: tuple[int, int] | None = None
    for recorded in _scan(reader, wanted, limit, before):
        if recorded is None or len(page) == limit:
            break
        following = (recorded.revision, recorded.sequence)
        if class_ is None or class_of(recorded) is class_:
            page.append(recorded)
    else:
        following = None
    return tuple(_views(reader, page, wanted.causes)), following


def _scan(
    reader: GraphReader, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None
) -> Iterator[RecordedChange | None]:
    """Yield changes newest first, and None where enough was looked through."""
    for _ in range(_SCANNED):
        found = reader.changes(wanted, limit + 1, before)
        yield from found
        if len(found) <= limit:
            return
        before = (found[-1].revision, found[-1].sequence)
    yield None


def class_of(recorded: RecordedChange) -> Class:
    """Tell whether a change is to configuration, or to state only (phase, readiness, restarts)."""
    return Class.STATE if recorded.change.only_state else Class.CONFIGURATION


def _views(reader: GraphReader, page: Sequence[RecordedChange], causes: frozenset[str]) -> Iterator[ChangeView]:
    about = {one.change.subject for one in page if one.change.word.isupper()}
    ties = reader.latest_ties(about)
    named = reader.latest([Key(one.change.subject) for one in page if one.change.subject not in about])
    ends = {key: ends_of(tie) for key, tie in ties.items()}
    subjects = Subjects(reader, {*named, *(end for one in ends.values() for end in (one.source, one.target))})
    witnesses = Witnesses(reader, {ref for one in page for ref in one.evidence})
    for recorded in page:
        change = recorded.change
        tie = ties.get(change.subject)
        entity = named.get(Key(change.subject))
        shown = tuple(one for one in change.fields if not causes or one.cause in causes)
        if entity is not None:
            evidence = witnesses.of_entity(replace(entity, evidence=recorded.evidence))
        else:
            evidence = witnesses.of_relation(replace(tie, evidence=recorded.evidence)) if tie else ()
        yield ChangeView(
            recorded.revision,
            recorded.sequence,
            recorded.instant,
            change.subject,
            change.word,
            entity.name if entity is not None else None,
            ends.get(change.subject),
            change.transition,
            class_of(recorded),
            change.cause,
            change.happened,
            shown,
            len(change.fields) - len(shown),
            evidence,
            subjects.relation(ends[change.subject]) if tie is not None else subjects.entity(change.subject),
        )


def ends_of(tie: RelationVersion) -> ChangedRelation:
    """Say what a relation ties."""
    stated = tie.stated
    return ChangedRelation(
        _meaning(tie.source, stated.source), tie.verb, _meaning(tie.target, stated.target), stated.slot
    )


def _meaning(resolved: Resolved, stated: End) -> str:
    """Write what an end means; where that is no one thing, how it was stated."""
    if resolved.key is not None:
        return str(resolved.key)
    return str(stated.key) if isinstance(stated, KeyEnd) else f"{stated.type}={stated.value}"
