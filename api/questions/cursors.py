"""Where does a list go on? A cursor continues the very question that gave it, at the revision of its answer."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from api.errors import ForeignCursor


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the list that a question (by its digest) gave at a revision."""

    digest: str
    revision: int
    position: Any


def sealed(place: Place | None) -> str | None:
    """Write a place as an opaque text."""
    if place is None:
        return None
    packed = orjson.dumps([place.digest, place.revision, place.position])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def opened(cursor: str | None, digest: str) -> Place | None:
    """Read a cursor, or raise ForeignCursor when it is none, or belongs to another question."""
    if cursor is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, revision, position = orjson.loads(packed)
        place = Place(str(of), int(revision), position)
    except (binascii.Error, ValueError, TypeError):
        raise ForeignCursor("this is no cursor: begin again without one") from None
    if place.digest != digest:
        raise ForeignCursor("begin again without a cursor, or repeat the parameters of the question that gave this one")
    return place


def text_at(position: Any) -> str:
    """Read a position that is a text; "" at the beginning."""
    if not isinstance(position, str | None):
        raise ForeignCursor("this is no cursor: begin again without one")
    return position or ""


def number_at(position: Any) -> int | None:
    """Read a position that is a number; None at the beginning."""
    if not isinstance(position, int | None):
        raise ForeignCursor("this is no cursor: begin again without one")
    return position


def pair_at(position: Any) -> tuple[int, int] | None:
    """Read a position that is a pair of numbers; None at the beginning."""
    if position is None:
        return None
    match position:
        case [int(first), int(second)]:
            return first, second
        case _:
            raise ForeignCursor("this is no cursor: begin again without one")
