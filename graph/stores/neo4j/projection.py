"""How does the plain current graph, for people's own Cypher, follow the versions?

The node of a key carries the labels and properties of its entity in force; relations in force tie such nodes, typed by
their verb. What is named and not in force is a node `Mentioned`. It follows revision by revision, from the changes that
each made, and may be begun again at any point: `AsbuiltStore.projected` is the revision up to which it is done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from graph.identity import cited
from graph.model import EntityVersion, Key, KeyEnd, RelationVersion
from graph.model.statements import End
from graph.store import StoreLocked
from graph.stores.neo4j.connection import Ask, Database
from graph.stores.neo4j.decode import ENTITY, RELATION, entity_of
from graph.stores.neo4j.labels import class_label, kind_label, properties, type_of
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.reader import relations_of
from graph.stores.neo4j.spans import ENTITIES, RELATIONS, latest
from graph.stores.values import loaded, unpacked

_AT_ONCE = 10
"""Nodes with changes that are followed in one transaction: some two thousand changes."""

_OF_KEY = "UNWIND $rows AS row MATCH (k:AsbuiltKey) USING INDEX k:AsbuiltKey(key) WHERE k.key = row[0]"
_ENDS = (
    "UNWIND $rows AS row MATCH (a:AsbuiltKey) USING INDEX a:AsbuiltKey(key) WHERE a.key = row[0] "
    "MATCH (b:AsbuiltKey) USING INDEX b:AsbuiltKey(key) WHERE b.key = row[1]"
)


def project(database: Database, lookup: Lookup, fence: int, head: int, stop: Callable[[], bool]) -> None:
    """Let the current graph follow up to a revision, or until it is told to stop. fence: the token of who writes."""
    done = int(database.read("MATCH (s:AsbuiltStore {id: 0}) RETURN s.projected")[0][0])
    if done >= head:
        return
    query = (
        "MATCH (c:AsbuiltChanges) USING INDEX c:AsbuiltChanges(revision, first) WHERE c.revision > $done "
        "AND c.revision <= $head AND c.first >= 0 RETURN elementId(c), c.revision ORDER BY c.revision, c.first"
    )
    places = database.read(query, done=done, head=head)
    for start in range(0, len(places), _AT_ONCE):
        if stop():
            return
        portion = [id_ for id_, _ in places[start : start + _AT_ONCE]]
        named = database.reading(partial(_named, portion))
        _follow(database, lookup, fence, named)
        _note(database, places[start][1] - 1)
    _note(database, head)


def _note(database: Database, done: int) -> None:
    """Note how far it came."""
    database.writing(
        lambda ask: ask("MATCH (s:AsbuiltStore {id: 0}) WHERE s.projected < $done SET s.projected = $done", done=done)
    )


def _named(portion: Sequence[str], ask: Ask) -> dict[str, set[str]]:
    """Give what some changes are about, and for a relation all that its ends meant before and after."""
    query = "UNWIND $ids AS id MATCH (c:AsbuiltChanges) WHERE elementId(c) = id RETURN c.body"
    named: dict[str, set[str]] = {}
    for (body,) in ask(query, ids=list(portion)):
        for record in loaded(unpacked(body)):
            named.setdefault(record[1], set()).update(record[8])
    return named


def _follow(database: Database, lookup: Lookup, fence: int, named: Mapping[str, set[str]]) -> None:
    """Put some entities and relations right, as of now. Raise StoreLocked where another may have done so since."""
    keys = [subject for subject in named if "/" in subject]
    ties = {subject: ends for subject, ends in named.items() if "/" not in subject}

    def read(ask: Ask) -> tuple[list[EntityVersion], list[RelationVersion], dict[str, list[str]]]:
        head = int(ask("MATCH (s:AsbuiltStore {id: 0}) RETURN s.head")[0][0])
        entities = [entity_of(row[1:], head) for row in latest(ask, ENTITIES, ENTITY, keys, head)]
        rows = [row[1:] for row in latest(ask, RELATIONS, RELATION, list(ties), head)]
        shown = ask(f"{_OF_KEY} RETURN k.key, k._shown", rows=[[key] for key in keys])
        return entities, relations_of(ask, lookup, rows, head), {key: names or [] for key, names in shown}

    entities, relations, shown = database.reading(read)

    def write(ask: Ask) -> None:
        if not ask("MATCH (s:AsbuiltStore {id: 0}) WHERE s.fence = $fence RETURN s.fence", fence=fence):
            raise StoreLocked("another process has taken over writing to this store: what was read may be past")
        _show_entities(ask, entities, shown)
        _show_relations(ask, relations, ties)

    database.writing(write)


def _show_entities(ask: Ask, entities: Iterable[EntityVersion], shown: Mapping[str, Sequence[str]]) -> None:
    by_kind: dict[tuple[str, bool], list[list[Any]]] = defaultdict(list)
    for one in entities:
        held = {} if one.closed is not None else _entity_properties(one)
        gone = dict.fromkeys(name for name in shown.get(one.key, ()) if name not in held)
        names = {"kind": one.kind, "_shown": sorted(held) or None}
        by_kind[one.kind, one.closed is None].append([str(one.key), {**gone, **held, **names}])
    for (kind, present), rows in sorted(by_kind.items()):
        labels = f":Entity:{class_label(kind)}:{kind_label(kind)}"
        say = f"SET k{labels} REMOVE k:Mentioned" if present else f"REMOVE k{labels} SET k:Mentioned"
        ask(f"{_OF_KEY} SET k += row[1] {say}", rows=rows)


def _entity_properties(version: EntityVersion) -> dict[str, Any]:
    own: dict[str, Any] = {"name": version.name}
    if version.incarnation is not None:
        own["incarnation"] = version.incarnation
    return {**properties(version.attributes), **own}


def _show_relations(ask: Ask, relations: Iterable[RelationVersion], ties: Mapping[str, set[str]]) -> None:
    merged: dict[str, list[list[Any]]] = defaultdict(list)
    dropped: dict[str, list[list[Any]]] = defaultdict(list)
    for one in relations:
        source, target = one.source.key, one.target.key
        stands = one.closed is None and source is not None and target is not None
        pairs = _pairs(ties.get(one.id, set()), one)
        if stands:
            merged[one.verb].append([str(source), str(target), one.id, _relation_properties(one)])
            pairs.discard((str(source), str(target)))
        dropped[one.verb] += [[left, right, one.id] for left, right in sorted(pairs)]
    for verb, rows in sorted(dropped.items()):
        ask(f"{_ENDS} MATCH (a)-[r:{type_of(verb)}]->(b) WHERE r._id = row[2] DELETE r", rows=rows)
    for verb, rows in sorted(merged.items()):
        ask(f"{_ENDS} MERGE (a)-[r:{type_of(verb)} {{_id: row[2]}}]->(b) SET r = row[3]", rows=rows)
        mention = (
            "FOREACH (k IN [a, b] | FOREACH (_ IN CASE WHEN k:Entity OR k:Mentioned THEN [] ELSE [1] END | "
            "SET k:Mentioned, k.kind = CASE WHEN k = a THEN row[2] ELSE row[3] END))"
        )
        ends = [[left, right, Key(left).kind, Key(right).kind] for left, right, _, _ in rows]
        ask(f"{_ENDS} {mention}", rows=ends)


def _pairs(named: set[str], relation: RelationVersion) -> set[tuple[str, str]]:
    """Give the pairs of nodes that a relation may have tied: what its ends meant before and after."""
    keys = {*named, *map(str, relation.source.keys), *map(str, relation.target.keys)}
    stated = relation.stated
    return {(left, right) for left in _meant(stated.source, keys) for right in _meant(stated.target, keys)}


def _meant(end: End, keys: set[str]) -> set[str]:
    """Give those of some keys that an end may have meant: a key always means itself, an alias any of its kinds."""
    if isinstance(end, KeyEnd) and cited(end) is None:
        return {str(end.key)}
    kinds = (end.key.kind,) if isinstance(end, KeyEnd) else end.kinds
    return {key for key in keys if not kinds or Key(key).kind in kinds}


def _relation_properties(version: RelationVersion) -> dict[str, Any]:
    stated = version.stated
    own = {"_id": version.id, "method": stated.method.value, "confidence": stated.confidence}
    slot = {"slot": stated.slot} if stated.slot else {}
    return {**properties(stated.attributes), **slot, **own}
