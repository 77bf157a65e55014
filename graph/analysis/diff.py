"""What is different between two revisions: what came, what went, what is another, and why?

The changes between the two say where to look, so that the cost follows change and not size; what is different is told
from the versions at both ends. What was undone in between is no difference, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from graph.analysis.changes import ChangedRelation, ends_of
from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.subjects import Subjects
from graph.model import Cause, EntityVersion, FieldChange, Interval, Key, RelationVersion, Transition, Value
from graph.model.changes import CAUSES_BY_WEIGHT
from graph.settle.differences import entity_differences, relation_differences
from graph.store import ChangeFilter, GraphReader, RecordedChange

PORTION = 500
SCANNED = 10_000
"""How many changes are looked through for one page; then the cursor goes on."""

Version = EntityVersion | RelationVersion


class Difference(StrEnum):
    """What became of an entity or a relation."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REPLACED = "replaced"
    """Under the same key stands another incarnation."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that is another. happened: of the last change of it. changes: how many there were."""

    name: str
    old: Value
    new: Value
    state: bool
    causes: tuple[Cause, ...]
    happened: Interval
    changes: int


@dataclass(frozen=True, slots=True)
class Row:
    """One entity (by key) or relation (by id) that is different.

    happened: of the last change. changes: how many there were in between. fields: those that were asked for; hidden:
    how many others differ. evidence: who states it at the later revision; of what was removed, who did at the earlier.
    told: what it is about, in names.
    """

    subject: str
    word: str
    name: str | None
    relation: ChangedRelation | None
    difference: Difference
    causes: tuple[Cause, ...]
    happened: Interval
    changes: int
    fields: tuple[FieldDifference, ...]
    hidden: int
    evidence: tuple[Evidence, ...]
    told: str = ""


@dataclass(slots=True)
class Tally:
    """How many subjects of a page came to what.

    undone: changed in between, and as before. state: only state differs, which was not asked for. hidden: what differs
    has other causes than those asked for.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    replaced: int = 0
    undone: int = 0
    state: int = 0
    hidden: int = 0

    def count(self, what: str) -> None:
        """Count one more."""
        setattr(self, what, getattr(self, what) + 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences are asked for. Empty means any. state: also those of state (phase, readiness, restarts).

    subjects: entity keys, whose relations count as theirs. among: tells from the versions at both ends whether a
    difference belongs to the answer.
    """

    subjects: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    state: bool = False
    among: Callable[[Version | None, Version | None], bool] = lambda _before, _after: True


@dataclass(frozen=True, slots=True)
class Pair:
    """A subject at both ends, None where it is not in force, with the changes in between, newest first."""

    before: Version | None
    after: Version | None
    changes: tuple[RecordedChange, ...]


Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Differences:
    """A page of differences, the latest first. following: where the next page begins; None at the end."""

    rows: tuple[Row, ...] = ()
    tally: Tally = field(default_factory=Tally)
    following: Position | None = None


def differences(
    earlier: GraphReader, later: GraphReader, wanted: Wanted, limit: int, *, position: Position | None = None
) -> Differences:
    """Give what differs between two revisions, ordered by the last change, the latest first."""
    tally, last = Tally(), position
    rows: list[tuple[Row, Pair]] = []
    for place, pair in _newest(earlier, later, wanted, position, min(PORTION, limit + 1)):
        if pair is not None and wanted.among(pair.before, pair.after):
            found = row_of(pair, wanted)
            if isinstance(found, Row):
                if len(rows) == limit:
                    break
                rows.append((found, pair))
            tally.count(found.difference if isinstance(found, Row) else found)
        last = place
        if pair is None:
            break
    else:
        last = None
    return Differences(witnessed(earlier, later, rows), tally, last)


def _newest(
    earlier: GraphReader, later: GraphReader, wanted: Wanted, position: Position | None, most: int
) -> Iterator[tuple[Position, Pair | None]]:
    """Yield each subject at its last change, the latest first; None instead where enough was looked through."""
    seen: set[str] = set()
    chosen = ChangeFilter(subjects=wanted.subjects, words=wanted.words, after=earlier.mark.number)
    before, looked = position, 0
    while looked < SCANNED:
        portion = later.changes(chosen, most, before)
        fresh = _first_seen(portion, seen)
        if position is not None:
            fresh = _not_before(earlier, later, fresh)
        pairs = paired(earlier, later, [one.change.subject for one in fresh])
        for one in fresh:
            yield (one.revision, one.sequence), pairs[one.change.subject]
        if len(portion) < most:
            return
        before = (portion[-1].revision, portion[-1].sequence)
        looked, most = looked + most, min(PORTION, 2 * most)  # where a portion gave too little, the next is larger
    if before is not None:
        yield before, None


def _first_seen(changes: Iterable[RecordedChange], seen: set[str]) -> list[RecordedChange]:
    found = []
    for one in changes:
        if one.change.subject not in seen:
            seen.add(one.change.subject)
            found.append(one)
    return found


def _not_before(earlier: GraphReader, later: GraphReader, changes: Sequence[RecordedChange]) -> list[RecordedChange]:
    """Leave out subjects that changed again later: an earlier page had them."""
    versions = _latest(later, [one.change.subject for one in changes])
    unsure = set()
    for one in changes:
        version = versions.get(one.change.subject)
        if version is not None and (version.closed or version.opened) != one.revision:
            unsure.add(one.change.subject)  # its last version may be another in its evidence only, and no change
    between = _between(earlier, later, unsure)
    return [
        one
        for one in changes
        if one.change.subject not in unsure or between[one.change.subject][0].revision == one.revision
    ]


def is_relation(subject: str) -> bool:
    """Tell the id of a relation from the key of an entity."""
    return "/" not in subject


def _latest(reader: GraphReader, subjects: Collection[str]) -> dict[str, Version]:
    ties = reader.latest_ties({one for one in subjects if is_relation(one)})
    entities = reader.latest({Key(one) for one in subjects if not is_relation(one)})
    return {**ties, **{str(key): version for key, version in entities.items()}}


def paired(earlier: GraphReader, later: GraphReader, subjects: Collection[str]) -> dict[str, Pair]:
    """Give subjects as they are at both ends, with the changes in between."""
    ends = [_latest(reader, subjects) for reader in (earlier, later)]
    between = _between(earlier, later, subjects)
    found = {}
    for one in subjects:
        before, after = (versions.get(one) for versions in ends)
        found[one] = Pair(
            before if before is not None and before.closed is None else None,
            after if after is not None and after.closed is None else None,
            tuple(between.get(one, ())),
        )
    return found


def _between(
    earlier: GraphReader, later: GraphReader, subjects: Collection[str]
) -> Mapping[str, Sequence[RecordedChange]]:
    """Give the changes of subjects between two revisions, newest first: not those of an entity's relations."""
    found: dict[str, list[RecordedChange]] = {}
    for some in ({one for one in subjects if is_relation(one)}, {one for one in subjects if not is_relation(one)}):
        words = frozenset(Key(one).kind for one in some if not is_relation(one))
        before: Position | None = None
        while some:
            chosen = ChangeFilter(subjects=frozenset(some), words=words, after=earlier.mark.number)
            portion = later.changes(chosen, PORTION, before)
            for one in portion:
                found.setdefault(one.change.subject, []).append(one)
            if len(portion) < PORTION:
                break
            before = (portion[-1].revision, portion[-1].sequence)
    return found


# ---------------------------------------------------------------------------------------------------- one subject


def row_of(pair: Pair, wanted: Wanted) -> Row | str:
    """Say what differs, still without evidence; or else as what it counts: `undone`, `state` or `hidden`."""
    before, after, changes = pair.before, pair.after, pair.changes
    version = after or before
    fields = field_differences(before, after, changes)
    replaced = any(one.name == "incarnation" and None not in (one.old, one.new) for one in fields)
    if version is None or not changes or (before is not None and after is not None and not fields):
        return "undone"
    asked = [one for one in fields if wanted.state or not one.state]
    shown = tuple(one for one in asked if not wanted.causes or wanted.causes.intersection(one.causes))
    if before is None or after is None:
        difference = Difference.ADDED if before is None else Difference.REMOVED
        transition = Transition.OPENED if before is None else Transition.CLOSED
        causes = {next((one.change.cause for one in changes if one.change.transition is transition), Cause.WORLD)}
        if wanted.causes and not wanted.causes.intersection(causes):
            return "hidden"
    else:
        difference = Difference.REPLACED if replaced else Difference.CHANGED
        causes = {cause for one in shown for cause in one.causes}
        if not shown:
            return "hidden" if asked else "state"
    return Row(
        subject=version.id if isinstance(version, RelationVersion) else str(version.key),
        word=version.verb if isinstance(version, RelationVersion) else version.kind,
        name=None if isinstance(version, RelationVersion) else version.name,
        relation=ends_of(version) if isinstance(version, RelationVersion) else None,
        difference=difference,
        causes=_weighed(causes),
        happened=changes[0].change.happened,
        changes=len(changes),
        fields=shown,
        hidden=len(fields) - len(shown),
        evidence=(),
    )


def _weighed(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    return tuple(sorted(set(causes), key=CAUSES_BY_WEIGHT.index))


def field_differences(
    before: Version | None, after: Version | None, changes: Sequence[RecordedChange]
) -> tuple[FieldDifference, ...]:
    """Compare the fields at both ends, and tell from the changes in between why and when each became another."""
    found: tuple[FieldChange, ...] = ()
    if isinstance(before, EntityVersion) and isinstance(after, EntityVersion):
        found = entity_differences(before, after, lambda _: Cause.WORLD)
    elif isinstance(before, RelationVersion) and isinstance(after, RelationVersion):
        found = relation_differences(before, after, lambda _: Cause.WORLD)
    return tuple(_explained(each, changes) for each in found if changes)


def _explained(found: FieldChange, changes: Sequence[RecordedChange]) -> FieldDifference:
    """Say why and when: by the changes of the field; where it went and came again, by its coming."""
    told = [(one.change, each.cause) for one in changes for each in one.change.fields if each.name == found.name]
    whole = (Transition.OPENED, Transition.REPLACED)
    told = told or [(one.change, one.change.cause) for one in changes if one.change.transition in whole]
    told = told or [(changes[0].change, changes[0].change.cause)]
    causes = _weighed(cause for _, cause in told)
    return FieldDifference(found.name, found.old, found.new, found.state, causes, told[0][0].happened, len(told))


def witnessed(earlier: GraphReader, later: GraphReader, rows: Sequence[tuple[Row, Pair]]) -> tuple[Row, ...]:
    """Add to rows according to whom, and what they are about in names, asking once for all of them."""
    past = {ref for _, pair in rows if pair.before and not pair.after for ref in pair.before.evidence}
    present = {ref for _, pair in rows if pair.after for ref in pair.after.evidence}
    before, after = Witnesses(earlier, past), Witnesses(later, present)
    ties = [row.relation for row, _ in rows if row.relation is not None]
    named = {row.subject for row, _ in rows if row.relation is None}
    subjects = Subjects(later, named.union(*((one.source, one.target) for one in ties)))
    return tuple(
        replace(
            row,
            evidence=_evidence(after, pair.after) if pair.after else _evidence(before, pair.before),
            told=subjects.relation(row.relation) if row.relation is not None else subjects.entity(row.subject),
        )
        for row, pair in rows
    )


def _evidence(witnesses: Witnesses, version: Version | None) -> tuple[Evidence, ...]:
    if isinstance(version, EntityVersion):
        return witnesses.of_entity(version)
    return witnesses.of_relation(version) if version is not None else ()
