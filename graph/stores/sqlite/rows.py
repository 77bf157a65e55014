"""How does a statement bind many values, and how does a row hold a list of numbers?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")

CHUNK = 500
"""Values bound in one IN (...): large enough that statements are few."""


def listed(numbers: Sequence[int]) -> int | str | None:
    """Write a list of numbers, which mostly has one."""
    if len(numbers) == 1:
        return numbers[0]
    return ",".join(map(str, numbers)) if numbers else None


def unlisted(stored: int | str | None) -> tuple[int, ...]:
    """Read a list of numbers."""
    if stored is None:
        return ()
    return (stored,) if isinstance(stored, int) else tuple(map(int, stored.split(",")))


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Give values in portions that one statement can bind."""
    rest = iter(values)
    while portion := list(islice(rest, CHUNK)):
        yield portion


def marks(count: int) -> str:
    """Give that many question marks."""
    return ",".join("?" * count)


def digest_of(relation_id: str) -> bytes | None:
    """Write the id of a relation; None for a text that is none."""
    try:
        return bytes.fromhex(relation_id)
    except ValueError:
        return None


def within(column: str, prefix: str) -> str:
    """Say in SQL that a key lies in a range, so that an index on the column serves. `range_values` binds it."""
    if not prefix:
        return "1"
    return f"{column} >= :prefix AND {column} < :beyond AND ({column} = :prefix OR {column} >= :inside)"


def range_values(prefix: str) -> dict[str, Any]:
    """Give what `within` binds."""
    return {"prefix": prefix, "inside": prefix + "/", "beyond": prefix + "0"}  # "0" follows "/"
