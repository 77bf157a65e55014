"""What is around this: what lies so many ties away, and how is it all tied together?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.placement import Thing
from graph.analysis.presence import Presence, presences
from graph.analysis.relations import Direction
from graph.analysis.spread import Cut, Why
from graph.hops import Link
from graph.model import KINDS, VERBS, AliasEnd, EntityVersion, Key, Question, RelationVersion, Tie
from graph.model.statements import End
from graph.model.versions import Resolved
from graph.store import GraphReader


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Which ties are followed, and how far. Empty means any verb, or any kind. most: things, the root among them."""

    depth: int = 1
    direction: Direction = Direction.BOTH
    kinds: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    most: int = 100


@dataclass(frozen=True, slots=True)
class Node:
    """A thing around the root. hops: how many ties away."""

    key: Key
    kind: str
    name: str
    presence: Presence | None
    hops: int


@dataclass(frozen=True, slots=True)
class EdgeEnd:
    """An end of a relation: the key it is tied to, or how it was stated and what it could mean."""

    tie: Tie
    key: Key | None
    stated: str
    candidates: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation between things that are shown, or of one of them to an end that is open or ambiguous."""

    id: str
    verb: str
    slot: str
    source: EdgeEnd
    target: EdgeEnd
    method: str
    confidence: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Things around a root, the nearest first, and their relations. cuts: what was left out."""

    root: Thing
    nodes: tuple[Node, ...]
    relations: tuple[Edge, ...]
    cuts: tuple[Cut, ...]


def about(key: Key, wanted: Surrounding) -> tuple[Question, ...]:
    """Say what the answer could return: ties by these verbs, and things of these kinds; local ones near the root."""
    verbs = wanted.verbs & VERBS.keys() if wanted.verbs else frozenset(VERBS)
    words = verbs | (wanted.kinds or frozenset(KINDS)) | {key.kind}
    near = (key.root,) if all(VERBS[verb].local for verb in verbs) else ()
    return (Question(words, near, expected=False),)


def neighbourhood(reader: GraphReader, key: Key, wanted: Surrounding) -> Neighbourhood:
    """Gather what is around a thing, level by level, all ties of a level at once."""
    walk = _Walk(reader, wanted, {key: 0})
    level: list[Key] = [key]
    for hops in range(1, wanted.depth + 1):
        level = walk.grow(level, hops)
    beyond = walk.beyond(level)
    cuts = (Cut(Why.DEPTH, wanted.depth, len(beyond)), Cut(Why.LIMIT, wanted.most, len(walk.left_out)))
    shown = sorted(walk.hops, key=lambda one: (walk.hops[one], one))
    versions, there = reader.latest(shown), presences(reader, shown)
    nodes = [Node(one, one.kind, _name(one, versions.get(one)), there.get(one), walk.hops[one]) for one in shown]
    return Neighbourhood(
        Thing(key, key.kind, _name(key, versions.get(key)), there.get(key)),
        tuple(nodes),
        _edges(reader, key, wanted, walk),
        tuple(cut for cut in cuts if cut.least),
    )


def _name(key: Key, version: EntityVersion | None) -> str:
    return version.name if version else key.id


@dataclass(slots=True)
class _Walk:
    """A walk from the root. hops: how far each thing is. left_out: what there was no more room for."""

    reader: GraphReader
    wanted: Surrounding
    hops: dict[Key, int]
    links: dict[str, Link] = field(default_factory=dict)
    left_out: set[Key] = field(default_factory=set)

    def grow(self, level: Sequence[Key], hops: int) -> list[Key]:
        """Go one tie further, and give what is new; where there is not room for all, the first by key."""
        fresh = sorted(self._next(level) - self.hops.keys())
        room = self.wanted.most - len(self.hops)
        self.left_out |= set(fresh[room:])
        taken = fresh[:room]
        self.hops |= dict.fromkeys(taken, hops)
        return taken

    def beyond(self, level: Sequence[Key]) -> set[Key]:
        """Give what lies one tie further than was asked for."""
        return self._next(level) - self.hops.keys() - self.left_out

    def _next(self, level: Sequence[Key]) -> set[Key]:
        found: set[Key] = set()
        for outgoing in (True, False):
            if not level or self.wanted.direction is (Direction.IN if outgoing else Direction.OUT):
                continue
            for link in self.reader.links(level, outgoing=outgoing, verbs=self.wanted.verbs):
                other = link.target if outgoing else link.source
                if not self.wanted.kinds or other.kind in self.wanted.kinds:
                    found.add(other)
                self.links[link.id] = link
        return found


def _edges(reader: GraphReader, key: Key, wanted: Surrounding, walk: _Walk) -> tuple[Edge, ...]:
    """Describe the ties among what is shown, and those of it that lead to nothing or to more than one thing."""
    shown = walk.hops.keys()
    ties = dict(
        reader.latest_ties([link.id for link in walk.links.values() if link.source in shown and link.target in shown])
    )
    loose = [*reader.relations(shown, outgoing=True, verbs=wanted.verbs), *reader.unsettled(key)]
    ties |= {tie.id: tie for tie in loose if _is_loose(tie) and (not wanted.verbs or tie.verb in wanted.verbs)}
    witnesses = Witnesses(reader, {ref for tie in ties.values() for ref in tie.evidence})
    return tuple(_edge(ties[id_], witnesses) for id_ in sorted(ties))


def _is_loose(tie: RelationVersion) -> bool:
    return Tie.TIED not in (tie.source.tie, tie.target.tie) or tie.source.tie is not tie.target.tie


def _edge(tie: RelationVersion, witnesses: Witnesses) -> Edge:
    return Edge(
        tie.id,
        tie.verb,
        tie.stated.slot,
        _end(tie.stated.source, tie.source),
        _end(tie.stated.target, tie.target),
        tie.stated.method.value,
        tie.stated.confidence,
        witnesses.of_relation(tie),
    )


def _end(stated: End, meant: Resolved) -> EdgeEnd:
    text = f"{stated.type}={stated.value}" if isinstance(stated, AliasEnd) else str(stated.key)
    return EdgeEnd(meant.tie, meant.key, text, meant.keys if meant.tie is Tie.AMBIGUOUS else ())
