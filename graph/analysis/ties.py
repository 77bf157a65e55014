"""In which order do the ties of a thing stand, where it has very many and a page is asked for?

Outgoing first, then by verb, by the other end, by slot. The first three are known from hops, which cost little; whole
relations are read of a page only, and of what one pair has several of around its edges.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from graph.model import Key, RelationVersion
from graph.store import GraphReader


class NoSuchPosition(ValueError):
    """A list of relations has no row of that position."""


class Direction(StrEnum):
    """Which relations of a thing are meant: those it is the source of, those it is the target of, or both."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


class _Place(NamedTuple):
    """Where a tie stands, as far as hops know. other: the key at its other end, empty where there is not one."""

    inward: bool
    verb: str
    other: str


class _Tie(NamedTuple):
    place: _Place
    tie: int | str
    version: RelationVersion | None


def position(side: Direction, id_: str) -> str:
    """Name the place of a relation in a list: what is tied to itself stands there twice, once from each side."""
    return f"{side.value}:{id_}"


def _place(side: Direction, relation: RelationVersion) -> _Place:
    other = relation.target if side is Direction.OUT else relation.source
    return _Place(side is Direction.IN, relation.verb, str(other.key or ""))


class Ties:
    """Every relation of a thing in force, with the side it is seen from, in order."""

    def __init__(self, reader: GraphReader, key: Key, direction: Direction, verbs: Collection[str]) -> None:
        self._reader = reader
        found: list[_Tie] = []
        loose: dict[tuple[Direction, str], RelationVersion] = {}
        for side in (Direction.OUT, Direction.IN):
            if direction in (side, Direction.BOTH):
                out = side is Direction.OUT
                hops = reader.hops([key], outgoing=out, verbs=verbs)
                found += [_Tie(_Place(not out, one.verb, str(one.there)), one.tie, None) for one in hops]
                loose |= {(side, one.id): one for one in reader.untied(key, outgoing=out, verbs=verbs)}
        for relation in reader.unsettled(key):
            side = Direction.OUT if key in relation.source.keys else Direction.IN
            if direction in (side, Direction.BOTH) and (not verbs or relation.verb in verbs):
                loose[side, relation.id] = relation
        found += [_Tie(_place(side, one), one.id, one) for (side, _), one in loose.items()]
        self._ties = sorted(found, key=lambda one: one.place)
        self._places = [one.place for one in self._ties]

    def __len__(self) -> int:
        return len(self._ties)

    def page(self, first: int = 0, last: int | None = None) -> list[tuple[Direction, RelationVersion]]:
        """Give the ties from one number to before another."""
        end = len(self._ties) if last is None else min(last, len(self._ties))
        if first >= end:
            return []
        begins = bisect_left(self._places, self._places[first])
        ends = bisect_right(self._places, self._places[end - 1])
        return self._whole(begins, ends)[first - begins : end - begins]

    def place(self, at: str) -> int:
        """Give the number of the tie at a position."""
        side, _, id_ = at.partition(":")
        version = self._reader.latest_ties([id_]).get(id_)
        if version is None or side not in (Direction.OUT, Direction.IN):
            raise NoSuchPosition(at)
        place = _place(Direction(side), version)
        begins, ends = bisect_left(self._places, place), bisect_right(self._places, place)
        for number, (seen, one) in enumerate(self._whole(begins, ends), begins):
            if position(seen, one.id) == at:
                return number
        raise NoSuchPosition(at)

    def _whole(self, begins: int, ends: int) -> list[tuple[Direction, RelationVersion]]:
        """Read the relations of a stretch that ends where places do, and put those of one place in order."""
        stretch = self._ties[begins:ends]
        ids = self._reader.ids([one.tie for one in stretch if one.version is None])
        versions = self._reader.latest_ties(list(ids.values()))
        rows = [(one.place, one.version or versions[ids[one.tie]]) for one in stretch]
        rows.sort(key=lambda row: (row[0], row[1].stated.slot, row[1].id))
        return [(Direction.IN if place.inward else Direction.OUT, one) for place, one in rows]
