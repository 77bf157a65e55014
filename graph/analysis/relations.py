"""What is this thing tied to, what became of each end, and is the other side there?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.presence import Presence, relation_presences
from graph.model import VERBS, AliasEnd, Attributes, EntityVersion, Interval, Key, RelationVersion, Tie
from graph.store import GraphReader


class Direction(StrEnum):
    """Which relations of a thing are meant: those it is the source of, those it is the target of, or both."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class CitedAlias:
    """The alias by which an end was stated, and the kinds that are meant by it."""

    type: str
    value: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """The other end of a relation.

    key: what it is tied to, None while it is open or ambiguous. stated: the end as it was stated, a key or
    `type=value`. candidates: what an ambiguous end could mean. stated_incarnation: the life of the thing that was
    meant; former_incarnation: that life is over, and the key has another. dangling: tied to what is gone or missing.
    """

    tie: Tie
    key: Key | None
    kind: str | None
    name: str | None
    stated: str
    alias: CitedAlias | None
    candidates: tuple[Key, ...]
    presence: Presence | None
    stated_incarnation: str | None
    former_incarnation: bool
    dangling: bool


@dataclass(frozen=True, slots=True)
class RelationView:
    """One relation of a thing, as seen from it. reads: the verb as read from here. near: what became of this end."""

    id: str
    direction: Direction
    verb: str
    reads: str
    slot: str
    near: Tie
    other: OtherEnd
    attributes: Attributes
    method: str
    confidence: float
    evidence: tuple[Evidence, ...]
    since: Interval
    opened: int


def relations(
    reader: GraphReader,
    key: Key,
    direction: Direction = Direction.BOTH,
    verbs: Collection[str] = (),
    *,
    limit: int | None = None,
    after: str = "",
) -> tuple[tuple[RelationView, ...], bool]:
    """Give the relations of a thing in force, outgoing first, and whether more follow.

    after: the id that the last page ended with.
    """
    found = _ordered(reader, key, direction, verbs)
    ids = [relation.id for _, relation in found]
    first = ids.index(after) + 1 if after in ids else 0
    last = len(found) if limit is None else first + limit
    page = found[first:last]
    versions = [relation for _, relation in page]
    there = relation_presences(reader, versions)
    known = reader.latest([one for relation in versions for one in (*relation.source.keys, *relation.target.keys)])
    witnesses = Witnesses(reader, {ref for relation in versions for ref in relation.evidence})
    views = [_view(side, relation, known, there, witnesses) for side, relation in page]
    return tuple(views), last < len(found)


def _ordered(
    reader: GraphReader, key: Key, direction: Direction, verbs: Collection[str]
) -> list[tuple[Direction, RelationVersion]]:
    """Give every relation of a thing with the side it is seen from: outgoing first, then by verb and other end."""
    found: list[tuple[Direction, RelationVersion]] = []
    for side in (Direction.OUT, Direction.IN):
        if direction in (side, Direction.BOTH):
            found += [(side, one) for one in reader.relations([key], outgoing=side is Direction.OUT, verbs=verbs)]
    for relation in reader.unsettled(key):
        side = Direction.OUT if key in relation.source.keys else Direction.IN
        if direction in (side, Direction.BOTH) and (not verbs or relation.verb in verbs):
            found.append((side, relation))
    seen: dict[tuple[Direction, str], RelationVersion] = {(side, one.id): one for side, one in found}
    return sorted(((side, one) for (side, _), one in seen.items()), key=_rank)


def _rank(entry: tuple[Direction, RelationVersion]) -> tuple[bool, str, str, str, str]:
    side, relation = entry
    other = relation.target if side is Direction.OUT else relation.source
    return side is Direction.IN, relation.verb, str(other.key or ""), relation.stated.slot, relation.id


def _view(
    side: Direction,
    relation: RelationVersion,
    known: Mapping[Key, EntityVersion],
    there: Mapping[Key, Presence],
    witnesses: Witnesses,
) -> RelationView:
    verb = VERBS.get(relation.verb)
    out = side is Direction.OUT
    return RelationView(
        id=relation.id,
        direction=side,
        verb=relation.verb,
        reads=relation.verb if out or verb is None else verb.inverse,
        slot=relation.stated.slot,
        near=(relation.source if out else relation.target).tie,
        other=other_end(relation, known, there, outgoing=out),
        attributes=relation.stated.attributes,
        method=relation.stated.method.value,
        confidence=relation.stated.confidence,
        evidence=witnesses.of_relation(relation),
        since=relation.since,
        opened=relation.opened,
    )


def other_end(
    relation: RelationVersion,
    known: Mapping[Key, EntityVersion],
    there: Mapping[Key, Presence],
    *,
    outgoing: bool,
) -> OtherEnd:
    """Describe what an end of a relation means: the target of an outgoing one, else the source."""
    stated = relation.stated.target if outgoing else relation.stated.source
    resolved = relation.target if outgoing else relation.source
    alias = CitedAlias(stated.type, stated.value, stated.kinds) if isinstance(stated, AliasEnd) else None
    key = resolved.key
    version = known.get(key) if key is not None else None
    life = resolved.incarnation
    presence = there.get(key) if key is not None else None
    return OtherEnd(
        tie=resolved.tie,
        key=key,
        kind=key.kind if key is not None else None,
        name=version.name if version is not None else None,
        stated=f"{stated.type}={stated.value}" if isinstance(stated, AliasEnd) else str(stated.key),
        alias=alias,
        candidates=resolved.keys if resolved.tie is Tie.AMBIGUOUS else (),
        presence=presence,
        stated_incarnation=life,
        former_incarnation=bool(life and version and version.incarnation and version.incarnation != life),
        dangling=presence is not None and presence.absent,
    )
