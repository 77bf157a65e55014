"""What changed, newest first? By the narrowest index that the question has, never by reading all that ever did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from graph.store import ChangeFilter, RecordedChange
from graph.stores.durations import duration_class
from graph.stores.sqlite.decode import CHANGE, Decoder, Row
from graph.stores.sqlite.rows import chunks, digest_of, marks, range_values, within
from graph.stores.sqlite.spans import UNBOUNDED
from graph.stores.values import CAUSE_BITS, microseconds, microseconds_or_none

_SECOND = 1_000_000
_LONGEST = 36
"""2^36 seconds are two thousand years."""
_NEVER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class _Stream:
    """Changes as one index gives them. place: the column that holds the change's id there."""

    tables: str
    condition: str = "1"
    value: object = None
    place: str = "c.id"
    ordered: bool = True


def changes(
    decoder: Decoder, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None, revision: int
) -> list[RecordedChange]:
    """List changes up to a revision, newest first, from before a (revision, sequence) on."""
    first, end = (wanted.after + 1) << 32 if wanted.after else 0, (revision + 1) << 32
    if before is not None:
        end = min(end, (before[0] << 32) + before[1])
    conditions, values = _conditions(decoder, wanted)
    found: dict[int, Row] = {}
    for stream in _streams(decoder, wanted):
        order = stream.place if stream.ordered else "+c.id"
        rows = decoder.db.execute(
            f"SELECT {CHANGE} FROM {stream.tables} WHERE {stream.condition} AND {stream.place} >= :first "
            f"AND {stream.place} < :end AND {conditions} ORDER BY {order} DESC LIMIT :limit",
            {**values, "value": stream.value, "first": first, "end": end, "limit": limit},
        )
        found.update((row[0], row) for row in rows)
    newest = [found[id_] for id_ in sorted(found, reverse=True)[:limit]]
    instants: dict[int, int] = {}
    for portion in chunks({row[0] >> 32 for row in newest}):
        sql = f"SELECT number, instant FROM mark WHERE number IN ({marks(len(portion))})"
        instants.update(decoder.db.execute(sql, portion))
    return decoder.changes([(*row, instants[row[0] >> 32]) for row in newest])


def _conditions(decoder: Decoder, wanted: ChangeFilter) -> tuple[str, dict[str, object]]:
    """Say what every change must meet, wherever it comes from. A plus keeps SQLite from choosing an index by it."""
    conditions = ["1"]
    values: dict[str, object] = {}
    if wanted.words:
        conditions.append("+c.word IN (SELECT value FROM json_each(:words))")
        values["words"] = json.dumps(decoder.lookup.numbers(decoder.db, wanted.words))
    if wanted.causes:
        conditions.append("(c.causes & :causes) <> 0")
        values["causes"] = sum(bit for cause, bit in CAUSE_BITS.items() if cause in wanted.causes)
    if wanted.window is not None:
        conditions.append("(c.happened_start IS NULL OR c.happened_start < :until)")
        conditions.append("(:since IS NULL OR +c.happened_end > :since)")
        values["until"] = microseconds(wanted.window.end)
        values["since"] = microseconds_or_none(wanted.window.start)
    if wanted.prefix:
        inside = within("k.text", wanted.prefix)
        about = "SELECT value FROM json_each('[' || coalesce(c.key, c.named, '') || ']')"
        conditions.append(f"EXISTS (SELECT 1 FROM ({about}) AS a CROSS JOIN key AS k ON k.id = a.value WHERE {inside})")
        values |= range_values(wanted.prefix)
    return " AND ".join(conditions), values


def _streams(decoder: Decoder, wanted: ChangeFilter) -> list[_Stream]:
    """Choose where to look: the narrowest of what is asked for."""
    if wanted.subjects:
        return _of_subjects(decoder, wanted)
    if wanted.window is not None and wanted.window.start is not None:
        return [_of_window(wanted.window.start, wanted.window.end, only_world=wanted.causes == {"world"})]
    if wanted.prefix:
        number = decoder.lookup.key_numbers(decoder.db, [wanted.prefix]).get(wanted.prefix)
        if number is not None:
            under = "change_under AS u CROSS JOIN change AS c ON c.id = u.change"
            return [*_about(number), _Stream(under, "u.key = :value", number, "u.change")]
    if wanted.words:
        numbers = decoder.lookup.numbers(decoder.db, wanted.words)
        return [_Stream("change AS c", "c.word = :value", number) for number in numbers]
    return [_Stream("change AS c", "c.world = 1" if wanted.causes == {"world"} else "1")]


def _of_subjects(decoder: Decoder, wanted: ChangeFilter) -> list[_Stream]:
    subjects = sorted(wanted.subjects)
    ties = not wanted.words or any(word.isupper() for word in wanted.words)
    numbers = decoder.lookup.key_numbers(decoder.db, subjects).values()
    streams = [stream for number in numbers for stream in (_about(number) if ties else _about(number)[:1])]
    tie = "c.relation = (SELECT id FROM relation WHERE digest = :value)"
    for subject in subjects:
        digest = digest_of(subject)
        if digest is not None:
            streams.append(_Stream("change AS c", tie, digest))
    return streams


def _about(number: int) -> list[_Stream]:
    """Look by the key that a change is about: its own changes, and those of its relations."""
    named = "change_named AS n CROSS JOIN change AS c ON c.id = n.change"
    return [_Stream("change AS c", "c.key = :value", number), _Stream(named, "n.key = :value", number, "n.change")]


def _of_window(start: datetime, end: datetime, *, only_world: bool) -> _Stream:
    """Look by how long a change took: one of class c that overlaps a window ended before 2^(c+1) seconds after it."""
    after, until = microseconds(start), microseconds(end)
    bounds = [[UNBOUNDED, after, _NEVER]]
    bounds += [[c, after, until + (2 << c) * _SECOND] for c in range(_LONGEST)]
    probes = json.dumps([[*bound, world] for bound in bounds for world in ([1] if only_world else [0, 1])])
    tables = (
        "json_each(:value) AS probe CROSS JOIN change AS c ON c.class = json_extract(probe.value, '$[0]') "
        "AND c.world = json_extract(probe.value, '$[3]') AND c.happened_end > json_extract(probe.value, '$[1]') "
        "AND c.happened_end <= json_extract(probe.value, '$[2]')"
    )
    return _Stream(tables, value=probes, ordered=False)


def happened_class(start: int | None, end: int) -> int:
    """Give the class of a change by the seconds that it may have taken."""
    return UNBOUNDED if start is None else min(duration_class((end - start) // _SECOND), _LONGEST - 1)
