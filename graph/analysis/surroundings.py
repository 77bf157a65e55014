"""What differs about one thing, or about what stands around it?"""

from __future__ import annotations

from dataclasses import dataclass, field

from graph.analysis.diff import (
    Difference,
    Differences,
    FieldDifference,
    Position,
    Row,
    Version,
    Wanted,
    differences,
    paired,
    row_of,
)
from graph.analysis.presence import Presence, presence
from graph.model import VERBS, Alias, EntityVersion, Interval, Key, RelationVersion
from graph.store import GraphReader

MOST_AROUND = 5000
"""How many things around a root are looked at; that there are more is said."""


@dataclass(frozen=True, slots=True)
class Side:
    """A thing at one of two revisions. name, incarnation, since and opened are None for what was only named then."""

    presence: Presence
    name: str | None = None
    incarnation: str | None = None
    since: Interval | None = None
    opened: int | None = None


@dataclass(frozen=True, slots=True)
class EntityDifference:
    """What differs about one thing between two revisions.

    difference: None where it is as it was. before, after: None where nobody had named it then. changes: how many there
    were of the thing itself. aliases_added, aliases_removed: those for good included.
    """

    key: Key
    kind: str
    difference: Difference | None
    before: Side | None
    after: Side | None
    changes: int
    fields: tuple[FieldDifference, ...]
    aliases_added: tuple[Alias, ...]
    aliases_removed: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """The things within a number of steps of a root, at the earlier and at the later revision. cut: there are more."""

    earlier: frozenset[Key] = field(default_factory=frozenset)
    later: frozenset[Key] = field(default_factory=frozenset)
    cut: bool = False

    def among(self, before: Version | None, after: Version | None) -> bool:
        """Tell whether a thing stands there, or a relation between such things, at either revision."""
        return _among(before, self.earlier) or _among(after, self.later)


def _among(version: Version | None, keys: frozenset[Key]) -> bool:
    if isinstance(version, EntityVersion):
        return version.key in keys
    return version is not None and bool(version.keys) and keys.issuperset(version.keys)


def entity_difference(earlier: GraphReader, later: GraphReader, key: Key) -> EntityDifference:
    """Say what differs about a thing, state included."""
    pair = paired(earlier, later, [key])[str(key)]
    row = row_of(pair, Wanted(state=True))
    held = [
        frozenset(one.aliases) if isinstance(one, EntityVersion) else frozenset() for one in (pair.before, pair.after)
    ]
    return EntityDifference(
        key=key,
        kind=key.kind,
        difference=row.difference if isinstance(row, Row) else None,
        before=_side(earlier, key),
        after=_side(later, key),
        changes=len(pair.changes),
        fields=row.fields if isinstance(row, Row) else (),
        aliases_added=tuple(sorted(held[1] - held[0])),
        aliases_removed=tuple(sorted(held[0] - held[1])),
    )


def _side(reader: GraphReader, key: Key) -> Side | None:
    there = presence(reader, key)
    version = reader.latest([key]).get(key)
    if there is None:
        return None
    if version is None:
        return Side(there)
    return Side(there, version.name, version.incarnation, version.since, version.opened)


def relation_differences(
    earlier: GraphReader, later: GraphReader, key: Key, limit: int, *, position: Position | None = None
) -> Differences:
    """Give the relations that a thing has at one revision and not, or not alike, at the other."""

    def mine(before: Version | None, after: Version | None) -> bool:
        return any(
            isinstance(one, RelationVersion) and key in (*one.source.keys, *one.target.keys) for one in (before, after)
        )

    wanted = Wanted(frozenset({key}), frozenset(VERBS), state=True, among=mine)
    return differences(earlier, later, wanted, limit, position=position)


def around(earlier: GraphReader, later: GraphReader, root: Key, depth: int) -> Around:
    """Find what is within a number of steps of a root, whichever way they lead, at each of two revisions."""
    before, cut_before = _within(earlier, root, depth)
    after, cut_after = _within(later, root, depth)
    return Around(before, after, cut_before or cut_after)


def _within(reader: GraphReader, root: Key, depth: int) -> tuple[frozenset[Key], bool]:
    found, level = {root}, [root]
    for _ in range(depth):
        reached: set[Key] = set()
        for outgoing in (True, False):
            links = reader.links(level, outgoing=outgoing) if level else ()
            reached |= {link.target if outgoing else link.source for link in links}
        level = sorted(reached - found)
        room = MOST_AROUND - len(found)
        found.update(level[:room])
        if len(level) > room:
            return frozenset(found), True
    return frozenset(found), False


def nearby_differences(
    earlier: GraphReader,
    later: GraphReader,
    there: Around,
    limit: int,
    wanted: Wanted,
    *,
    position: Position | None = None,
) -> Differences:
    """Give what differs among the things around a root, and among the relations between them."""
    subjects = frozenset(there.earlier | there.later)
    chosen = Wanted(subjects, wanted.words, wanted.causes, wanted.state, there.among)
    return differences(earlier, later, chosen, limit, position=position)
