"""Which entities are there, and is each of them really there?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from graph.analysis.presence import Presence, presences
from graph.model import KINDS, Attributes, Interval, Key, Question
from graph.store import EntityFilter, GraphReader


@dataclass(frozen=True, slots=True)
class ListedEntity:
    """One row of a list of entities in force."""

    key: Key
    kind: str
    class_: str | None
    name: str
    incarnation: str | None
    presence: Presence
    attributes: Attributes
    since: Interval
    opened: int


def kinds_of(classes: Collection[str]) -> frozenset[str]:
    """Give the kinds of some classes; their names are compared without regard to case."""
    wanted = {one.casefold() for one in classes}
    return frozenset(kind.name for kind in KINDS.values() if kind.class_.casefold() in wanted)


def about(wanted: EntityFilter) -> tuple[Question, ...]:
    """Say what a list of entities could return."""
    return (Question(wanted.kinds, (wanted.prefix,) if wanted.prefix else ()),)


def entities(reader: GraphReader, wanted: EntityFilter, limit: int) -> tuple[tuple[ListedEntity, ...], bool]:
    """List entities in force, ordered by key, and tell whether more follow."""
    found = reader.entities(wanted, limit + 1)
    page = found[:limit]
    there = presences(reader, [version.key for version in page])
    rows = [
        ListedEntity(
            version.key,
            version.kind,
            KINDS[version.kind].class_ if version.kind in KINDS else None,
            version.name,
            version.incarnation,
            there[version.key],
            version.attributes,
            version.since,
            version.opened,
        )
        for version in page
    ]
    return tuple(rows), len(found) > limit
