"""What do the properties of nodes say, as values?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from graph.hops import Link
from graph.identity import Claim
from graph.model import (
    Alias,
    Attributes,
    Change,
    DocumentRef,
    EntityVersion,
    FieldChange,
    Holding,
    Interval,
    Key,
    KeyEnd,
    Method,
    Outcome,
    Relation,
    RelationVersion,
    Resolved,
    RunFold,
    Scope,
    ScopeState,
    ScopeStatus,
    Tie,
    Transition,
)
from graph.model.canonical import end_of
from graph.model.statements import End
from graph.store import RecordedChange
from graph.stores.neo4j.connection import Row
from graph.stores.values import CAUSES, instant, interval, loaded, unpacked

ENTITY = "coalesce(v.last_key, v.past_key), v.opened, v.closed, v.body"
RELATION = (
    "coalesce(v.last_id, v.past_id), v.verb, coalesce(v.now_source, v.was_source), "
    "coalesce(v.now_target, v.was_target), v.confidence, v.opened, v.closed, v.body"
)
LINK = (
    "coalesce(v.last_id, v.past_id), v.verb, coalesce(v.now_source, v.was_source), "
    "coalesce(v.now_target, v.was_target), v.confidence"
)
CLAIM = "c.type, c.value, c.holding, c.key, c.ref, c.taken_start, c.taken_end, c.opened, c.closed, c.number"
FOLD = (
    "f.source, f.name, f.outcome, f.error, f.first_started, f.first_ended, f.last_started, f.last_ended, f.count, "
    "f.longest_gap"
)


def ref_of(text: str) -> DocumentRef:
    """Read what a document is found by."""
    source, _, id_ = text.partition("\n")
    return DocumentRef(source, id_)


def refs_of(texts: Iterable[str]) -> tuple[DocumentRef, ...]:
    """Read several."""
    return tuple(map(ref_of, texts))


def not_after(closed: int | None, revision: int) -> int | None:
    """Give the revision that closed something, unless it came later than the one that is read."""
    return None if closed is None or closed > revision else closed


def entity_of(row: Row, revision: int) -> EntityVersion:
    """Read a row of ENTITY."""
    key, opened, closed, body = row
    name, incarnation, start, end, evidence, aliases, attributes = loaded(unpacked(body))
    stated: Attributes = attributes
    return EntityVersion(
        Key(key),
        name,
        incarnation,
        stated,
        tuple(Alias(type_, value, Holding(holding)) for type_, value, holding in aliases),
        refs_of(evidence),
        interval(start, end),
        opened,
        not_after(closed, revision),
    )


def relation_rows(rows: Sequence[Row]) -> list[tuple[Row, list[Any]]]:
    """Open the bodies of rows of RELATION."""
    return [(row, loaded(unpacked(row[7]))) for row in rows]


def relation_numbers(rows: Sequence[tuple[Row, list[Any]]]) -> Iterator[int]:
    """Give every number of a key in rows of RELATION."""
    for row, body in rows:
        yield from (number for number in (row[2], row[3]) if number is not None)
        for stated in body[0:2]:
            if not isinstance(stated, str):
                yield stated if isinstance(stated, int) else stated[0]
        for meant in body[8:10]:
            if meant:
                yield from meant[1]


def relation_of(row: Row, body: list[Any], keys: Mapping[int, Key], revision: int) -> RelationVersion:
    """Read a row of RELATION."""
    id_, verb, _, _, confidence, opened, closed, _ = row
    source, target, slot, method, start, end, evidence, attributes, meant_source, meant_target = body
    left, right = _end(source, keys), _end(target, keys)
    stated = Relation(left, verb, right, slot, attributes or {}, Method(method), confidence)
    return RelationVersion(
        id_,
        stated,
        _resolved(left, meant_source, keys),
        _resolved(right, meant_target, keys),
        refs_of(evidence),
        interval(start, end),
        opened,
        not_after(closed, revision),
    )


def _end(stored: int | str | list[Any], keys: Mapping[int, Key]) -> End:
    if isinstance(stored, str):
        return end_of(stored)
    return KeyEnd(keys[stored]) if isinstance(stored, int) else KeyEnd(keys[stored[0]], stored[1])


def _resolved(stated: End, meant: list[Any] | int, keys: Mapping[int, Key]) -> Resolved:
    if isinstance(meant, list):
        return Resolved(Tie(meant[0]), tuple(keys[number] for number in meant[1]), meant[2])
    if isinstance(stated, KeyEnd):
        return Resolved(Tie.TIED, (stated.key,), stated.incarnation)
    return Resolved(Tie.OPEN)


def links_of(rows: Sequence[Row], keys: Mapping[int, Key]) -> list[Link]:
    """Read rows of LINK whose two ends are tied."""
    return [Link(id_, verb, keys[source], keys[target], confidence) for id_, verb, source, target, confidence in rows]


def claim_of(row: Row, revision: int) -> Claim:
    """Read a row of CLAIM."""
    type_, value, holding, key, ref, start, end, _, closed, _ = row
    by = ref_of(ref)
    in_force = not_after(closed, revision) is None
    return Claim(Alias(type_, value, Holding(holding)), Key(key), by.source, by.id, interval(start, end), in_force)


def state_of(body: str | bytes) -> ScopeState:
    """Read the state of a scope."""
    form, status, since, error, start, end, stale = loaded(unpacked(body))
    source, name, states, range_, within, snapshot, *begins = form
    scope = Scope(source, name, frozenset(states), range_, None if within is None else Key(within), snapshot, *begins)
    judged: Interval | None = None if end is None else interval(start, end)
    return ScopeState(scope, ScopeStatus(status), instant(since), error, judged, stale)


def fold_of(row: Row) -> RunFold:
    """Read a row of FOLD."""
    source, name, outcome, error, *instants, count, gap = row
    first_started, first_ended, last_started, last_ended = map(instant, instants)
    return RunFold(
        source, name, Outcome(outcome), error, first_started, first_ended, last_started, last_ended, count, gap
    )


def change_of(record: Sequence[Any]) -> Change:
    """Read one change of those that a node holds."""
    _, subject, word, transition, cause, start, end, _, _, fields = record
    differing = tuple(FieldChange(name, old, new, CAUSES[bit], bool(state)) for name, old, new, bit, state in fields)
    return Change(subject, word, Transition(transition), CAUSES[cause], differing, interval(start, end))


def recorded_of(revision: int, at: int, record: Sequence[Any]) -> RecordedChange:
    """Read one change with its place."""
    named = tuple(Key(key) for key in record[8])
    return RecordedChange(revision, instant(at), record[0], change_of(record), refs_of(record[7]), named)
