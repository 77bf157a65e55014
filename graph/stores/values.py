"""How does a value stand in a store? Instants as microseconds, texts packed where it pays."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from graph.model import Cause, FieldChange, Interval, RevisionMark

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PACK_FROM = 160
"""Characters below which packing does not pay."""

_LEVEL = 6

CAUSE_BITS = {
    Cause.WORLD: 1,
    Cause.FIRST_LOOK: 2,
    Cause.MAPPING: 4,
    Cause.RESOLUTION: 8,
    Cause.RULE: 16,
    Cause.RETIRED: 32,
    Cause.EXPIRED: 64,
}
"""Stored, so never to be renumbered."""

CAUSES = {bit: cause for cause, bit in CAUSE_BITS.items()}


@lru_cache(maxsize=4096)
def microseconds(instant: datetime) -> int:
    """Write an instant as microseconds since 1970."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def microseconds_or_none(instant: datetime | None) -> int | None:
    """Write an instant that may be absent."""
    return None if instant is None else microseconds(instant)


@lru_cache(maxsize=4096)
def instant(number: int) -> datetime:
    """Read an instant."""
    return _EPOCH + timedelta(microseconds=number)


def instant_or_none(number: int | None) -> datetime | None:
    """Read an instant that may be absent."""
    return None if number is None else instant(number)


def interval(start: int | None, end: int) -> Interval:
    """Read an interval."""
    return Interval(None if start is None else instant(start), instant(end))


def mark_of(row: tuple[int, int]) -> RevisionMark:
    """Read a revision's number and instant."""
    return RevisionMark(row[0], instant(row[1]))


def dumped(value: Any) -> str:
    """Write JSON data."""
    try:
        return orjson.dumps(value, default=dict).decode()
    except TypeError:  # a number beyond 64 bits, which JSON may hold
        return " " + json.dumps(value, ensure_ascii=False, default=dict)


def loaded(text: str) -> Any:
    """Read JSON data. What begins with a space has a number that orjson would take for a float."""
    return json.loads(text) if text.startswith(" ") else orjson.loads(text)


def packed(text: str) -> str | bytes:
    """Write a text, compressed where that makes it shorter."""
    if len(text) < _PACK_FROM:
        return text
    raw = text.encode()
    small = zlib.compress(raw, _LEVEL)
    return small if len(small) < len(raw) else text


def unpacked(stored: str | bytes) -> str:
    """Read a text."""
    return stored if isinstance(stored, str) else zlib.decompress(stored).decode()


def field_rows(fields: Sequence[FieldChange]) -> str | bytes | None:
    """Write differing fields."""
    if not fields:
        return None
    rows = [[one.name, one.old, one.new, CAUSE_BITS[one.cause], int(one.state)] for one in fields]
    return packed(dumped(rows))


def fields_of(stored: str | bytes | None) -> tuple[FieldChange, ...]:
    """Read differing fields."""
    if stored is None:
        return ()
    rows = loaded(unpacked(stored))
    return tuple(FieldChange(name, old, new, CAUSES[cause], bool(state)) for name, old, new, cause, state in rows)


def kind_of(subject: str) -> str:
    """Give the kind that a key ends with; nothing for what is no key."""
    parts = subject.rsplit("/", 2)
    return parts[-2] if len(parts) > 1 else ""
