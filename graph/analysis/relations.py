"""What is this thing tied to, what became of each end, and is the other side there?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.freshness import about_entity, about_relations
from graph.analysis.presence import Presence, relation_presences
from graph.analysis.ties import Direction, NoSuchPosition, Ties, position
from graph.model import (
    KINDS,
    VERBS,
    AliasEnd,
    Attributes,
    EntityVersion,
    Interval,
    Key,
    Question,
    RelationVersion,
    Tie,
)
from graph.store import GraphReader

__all__ = ["CitedAlias", "Direction", "NoSuchPosition", "OtherEnd", "RelationView", "about", "other_end", "relations"]


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

    @property
    def position(self) -> str:
        """Its place in the list: what is tied to itself stands there twice, once from each side."""
        return position(self.direction, self.id)


def about(reader: GraphReader, key: Key, verbs: Collection[str] = ()) -> tuple[Question, ...]:
    """Say what the answer could return: the thing, its ties, and from their homes the things at the other ends.

    A verb that ties anything to anything, anywhere, leaves no homes out; there those of what it was found to tie stand
    for them, and whoever could hold an alias that it cites.
    """
    wanted = [verb for verb in VERBS.values() if not verbs or verb.name in verbs]
    boundless = [verb.name for verb in wanted if not verb.local and not verb.ends]
    found = Ties(reader, key, Direction.BOTH, boundless).page() if boundless else []
    homes: dict[Question, None] = {}
    for side, relation in found:
        out = side is Direction.OUT
        stated = relation.stated.target if out else relation.stated.source
        for one in (relation.target if out else relation.source).keys:
            homes[Question(frozenset({one.kind}), (one.container or one,), expected=False)] = None
        if isinstance(stated, AliasEnd):
            homes[Question(frozenset(stated.kinds or KINDS), expected=False)] = None
    return about_entity(key), *about_relations(key, verbs), *homes


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

    after: the position of the row that the last page ended with; NoSuchPosition is raised for one that is not there.
    """
    found = Ties(reader, key, direction, verbs)
    first = found.place(after) + 1 if after else 0
    last = len(found) if limit is None else first + limit
    page = found.page(first, last)
    versions = [relation for _, relation in page]
    there = relation_presences(reader, versions)
    known = reader.latest([one for relation in versions for one in (*relation.source.keys, *relation.target.keys)])
    witnesses = Witnesses(reader, {ref for relation in versions for ref in relation.evidence})
    views = [_view(side, relation, known, there, witnesses) for side, relation in page]
    return tuple(views), last < len(found)


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
