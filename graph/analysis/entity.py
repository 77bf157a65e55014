"""What is this thing: what its last version says, whether it is there, and according to whom?"""

from __future__ import annotations

from dataclasses import dataclass, field

from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.freshness import about_entity, about_ties
from graph.analysis.presence import Doubt, Presence, presence
from graph.model import KINDS, Alias, Attributes, Interval, Key, Question, ScopeStatus
from graph.store import GraphReader

NAMING = 20
"""How many of the relations that name a thing are shown as evidence, where no home of it ever stated it."""


@dataclass(frozen=True, slots=True)
class EntityView:
    """An entity at a revision: its last version up to then.

    name, incarnation, since and the revisions are None for what was only ever named. closed: the revision that ended
    it. evidence: the documents that state it; for what is only named, the first that name it. named_by: how many
    relations in force name a thing that was never stated.
    """

    key: Key
    kind: str
    class_: str | None
    title: str | None
    name: str | None
    incarnation: str | None
    presence: Presence
    attributes: Attributes = field(default_factory=dict)
    aliases: tuple[Alias, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    since: Interval | None = None
    opened: int | None = None
    closed: int | None = None
    named_by: int | None = None


def about(key: Key) -> tuple[Question, ...]:
    """Say what the answer to 'what is this thing' could return: the thing from its homes, and whoever names it."""
    return (about_entity(key),)


def about_naming(key: Key) -> tuple[Question, ...]:
    """Say what could have named a thing that no home of it ever stated."""
    return (about_entity(key), *about_ties(key))


def entity(reader: GraphReader, key: Key) -> EntityView | None:
    """Describe an entity at a revision, or give None for what nobody ever named."""
    there = presence(reader, key)
    if there is None:
        return None
    kind = KINDS.get(key.kind)
    class_, title = (kind.class_, kind.title) if kind else (None, None)
    version = reader.latest([key]).get(key)
    if version is None:
        evidence, named = _naming(reader, key)
        return EntityView(key, key.kind, class_, title, None, None, there, evidence=evidence, named_by=named)
    return EntityView(
        key,
        key.kind,
        class_,
        title,
        version.name,
        version.incarnation,
        there,
        version.attributes,
        tuple(sorted(version.aliases)),
        Witnesses(reader, version.evidence).of_entity(version),
        version.since,
        version.opened,
        version.closed,
    )


def _naming(reader: GraphReader, key: Key) -> tuple[tuple[Evidence, ...], int]:
    naming = {one.id: one for out in (False, True) for one in reader.relations([key], outgoing=out)}
    naming |= {one.id: one for one in reader.unsettled(key)}
    shown = [naming[id_] for id_ in sorted(naming)[:NAMING]]
    witnesses = Witnesses(reader, {ref for one in shown for ref in one.evidence})
    evidence = {piece for one in shown for piece in witnesses.of_relation(one)}
    return tuple(sorted(evidence, key=lambda piece: (piece.source, piece.document)))[:NAMING], len(naming)


def could_be(reader: GraphReader, key: Key) -> Doubt | None:
    """Tell why a thing that nobody named may exist all the same: a source that could have it cannot be read there.

    One that reads a wider or narrower scope which would have it too has looked; another source has not looked for it.
    """
    homes = [state for state in reader.scopes() if state.scope.covers(key)]
    looked = {state.scope.source for state in homes if state.status is ScopeStatus.READABLE}
    unread = [state for state in homes if state.scope.source not in looked]
    if not unread:
        return None
    return Doubt.NEVER_READ if all(state.status is ScopeStatus.NEVER_READ for state in unread) else Doubt.UNKNOWN
