"""What do the questions that the API asks come to over a reader? Written down plainly, so that two can be compared.

Plain means that no difference hides: true is not 1, and 1 is not 1.0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from graph.analysis import (
    changes,
    dependencies,
    diff,
    entity,
    freshness,
    history,
    impact,
    listing,
    names,
    neighbourhood,
    paths,
    presence,
    relations,
    resolve,
    sources,
    where,
)
from graph.model import Key
from graph.store import ChangeFilter, EntityFilter, GraphReader

ALL = 100_000
AROUND = neighbourhood.Surrounding(depth=2, most=5)
FAR = Key("cloud.account/1/aws.ec2.instance/i0")


def plain(value: object) -> Any:
    """Write a value down as nested tuples, each telling its type. The order of a mapping is kept, that of a set not."""
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *((one.name, plain(getattr(value, one.name))) for one in fields(value)))
    if isinstance(value, Mapping):
        return tuple((str(name), plain(held)) for name, held in value.items())
    if isinstance(value, AbstractSet):
        return frozenset(plain(one) for one in value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return tuple(plain(one) for one in value)
    return value.isoformat() if isinstance(value, datetime) else (type(value).__name__, value)


def about_one(reader: GraphReader, key: Key) -> Iterator[tuple[str, object]]:
    """Ask all that is asked of one thing."""
    yield "entity", entity.entity(reader, key)
    yield "could be", entity.could_be(reader, key)
    yield "versions", history.versions(reader, key)
    yield "older versions", history.versions(reader, key, limit=1, before=reader.mark.number)
    yield "relations", relations.relations(reader, key)
    yield "first relations", relations.relations(reader, key, relations.Direction.IN, ("RUNS_ON",), limit=1)
    yield "where", where.where(reader, key)
    yield "identity", names.under_identity(reader, key)
    yield "named", names.locate(reader, "/".join(key.split("/")[-2:]))
    yield "resolved", resolve.resolve(reader, key.id, limit=3)
    yield "impact", impact.impact(reader, key)
    yield "dependencies", dependencies.dependencies(reader, key, limit=2)
    yield "neighbourhood", neighbourhood.neighbourhood(reader, key, AROUND)
    yield "path", paths.shortest(reader, key, FAR)
    yield "changed", _changes(reader, ChangeFilter(subjects=frozenset({key})), 3)


def about_all(reader: GraphReader, keys: Collection[Key], *, newest: bool) -> Iterator[tuple[str, object]]:
    """Ask all that is asked of the whole."""
    yield "presences", presence.presences(reader, keys)
    yield "sources", sources.sources(reader, newest=newest)
    yield "freshness", freshness.freshness(reader, (freshness.ANYTHING,), newest=newest)
    yield "entities", listing.entities(reader, EntityFilter(), ALL)
    yield "pods", listing.entities(reader, EntityFilter(kinds=listing.kinds_of(["workload"])), 2)
    for class_ in (None, *changes.Class):
        yield f"changes {class_}", _changes(reader, ChangeFilter(causes=frozenset({"world"})), 5, class_)


def _changes(
    reader: GraphReader, wanted: ChangeFilter, limit: int, class_: changes.Class | None = None
) -> tuple[object, bool]:
    """Ask for changes without their place in their revision, which only has to grow."""
    views, following = changes.changes(reader, wanted, limit, class_=class_)
    return [replace(one, sequence=0) for one in views], following is None


def gaps(reader: GraphReader, key: Key, *, newest: bool) -> Iterator[tuple[str, object]]:
    """Ask how fresh each answer about one thing is, and what it could not see."""
    asked = {
        "entity": entity.about(key),
        "naming": entity.about_naming(key),
        "relations": relations.about(reader, key),
        "where": where.about(key),
        "changes": changes.about(ChangeFilter(subjects=frozenset({key}))),
        "place": changes.about(ChangeFilter(prefix=key)),
        "entities": listing.about(EntityFilter(kinds=frozenset({key.kind}), prefix=key.root)),
    }
    for name, questions in asked.items():
        yield f"freshness of {name}", freshness.freshness(reader, questions, newest=newest)


def since(earlier: GraphReader, later: GraphReader) -> Any:
    """Ask what differs between two revisions, page by page. Where a page begins only has to grow."""
    pages: list[object] = []
    position = None
    while True:
        found = diff.differences(earlier, later, diff.Wanted(state=True), 6, position=position)
        pages += [found.rows, found.tally]
        position = found.following
        if position is None:
            return plain(pages)


def questions(reader: GraphReader, keys: Collection[Key], asked: Collection[Key], *, newest: bool) -> dict[str, Any]:
    """Ask everything. keys: all that there are; asked: those of which everything is asked one by one."""
    said = dict(about_all(reader, keys, newest=newest))
    for key in asked:
        for name, answer in (*about_one(reader, key), *gaps(reader, key, newest=newest)):
            said[f"{name} of {key}"] = answer
    return {name: plain(answer) for name, answer in said.items()}
