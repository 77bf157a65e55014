"""Which entities are in force, in order of their keys, a page at a time? And how many are there of each kind?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from heapq import merge
from itertools import islice

from graph.model import EntityVersion
from graph.store import EntityFilter
from graph.stores.selection import matches_entity
from graph.stores.sqlite.decode import ENTITY, Decoder, Row
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.rows import range_values, within
from graph.stores.sqlite.spans import IN_FORCE, probes
from graph.stores.sqlite.terms import FIELDS
from graph.terms import Field, term

_PORTION = 200


def listed(decoder: Decoder, wanted: EntityFilter, limit: int, revision: int, head: int) -> list[EntityVersion]:
    """List entities in force at a revision, ordered by key.

    At the newest revision a page costs what it shows. At an older one it costs what was in force then, of the kinds
    asked for; at none does it cost what is past or was still to come. A name or a label costs all that ever had it.
    """
    if limit <= 0:
        return []
    kinds = _kinds(decoder, wanted)
    if wanted.name is not None or wanted.labels:
        rows = _by_terms(decoder, wanted, kinds, revision)
    elif revision >= head:
        rows = _present(decoder.db, wanted, kinds)
    else:
        rows = _past(decoder.db, wanted, kinds, revision, head, limit)
    found: list[EntityVersion] = []
    while len(found) < limit and (portion := list(islice(rows, min(limit - len(found), _PORTION)))):
        found += [one for one in decoder.entities(portion, revision) if matches_entity(one, wanted)]
    return found


def _kinds(decoder: Decoder, wanted: EntityFilter) -> list[int]:
    if wanted.kinds:
        return decoder.lookup.numbers(decoder.db, wanted.kinds)
    return [row[0] for row in decoder.db.execute(_COUNTED)]


_COUNTED = "SELECT id FROM word AS w WHERE EXISTS (SELECT 1 FROM census WHERE kind = w.id)"


def _present(db: sqlite3.Connection, wanted: EntityFilter, kinds: Collection[int]) -> Iterator[Row]:
    values = {**range_values(wanted.prefix), "after": wanted.after}
    sql = (
        f"SELECT {ENTITY}, p.key FROM present AS p CROSS JOIN entity_version AS v ON v.id = p.version "
        f"WHERE p.kind = :kind AND p.key > :after AND {within('p.key', wanted.prefix)} ORDER BY p.key"
    )
    streams = [db.execute(sql, {**values, "kind": kind}) for kind in kinds]
    return (row[:-1] for row in merge(*streams, key=lambda row: str(row[-1])))


def _past(
    db: sqlite3.Connection, wanted: EntityFilter, kinds: Collection[int], revision: int, head: int, limit: int
) -> Iterator[Row]:
    values = {**range_values(wanted.prefix), "after": wanted.after, "revision": revision, "limit": limit}
    values |= {"wanted": json.dumps(list(kinds)), "probes": probes(revision, head)}
    in_force = IN_FORCE.format(table="entity_version", column="kind")
    yield from db.execute(
        f"SELECT {ENTITY} FROM (SELECT v.id, k.text FROM json_each(:wanted) AS wanted CROSS JOIN {in_force} "
        f"CROSS JOIN key AS k ON k.id = v.key WHERE k.text > :after AND {within('k.text', wanted.prefix)} "
        "ORDER BY k.text LIMIT :limit) AS page CROSS JOIN entity_version AS v ON v.id = page.id ORDER BY page.text",
        values,
    )


def _by_terms(decoder: Decoder, wanted: EntityFilter, kinds: Collection[int], revision: int) -> Iterator[Row]:
    terms = [term(Field.LABEL, f"{name}={value}") for name, value in wanted.labels]
    if wanted.name is not None:
        terms.append(term(Field.NAME, wanted.name))
    values = {
        **range_values(wanted.prefix),
        "after": wanted.after,
        "revision": revision,
        "kinds": json.dumps(list(kinds)),
    }
    values |= {f"text{number}": one.text for number, one in enumerate(terms)}
    having = " INTERSECT ".join(
        f"SELECT key FROM term WHERE field = {FIELDS[one.field]} AND text = :text{number} AND since <= :revision"
        for number, one in enumerate(terms)
    )
    numbers = decoder.db.execute(
        f"SELECT v.id FROM ({having}) AS t CROSS JOIN key AS k ON k.id = t.key "
        "CROSS JOIN entity_version AS v ON v.id = (SELECT id FROM entity_version WHERE key = k.id "
        "AND opened <= :revision ORDER BY opened DESC LIMIT 1) "
        "WHERE (v.closed IS NULL OR v.closed > :revision) AND k.kind IN (SELECT value FROM json_each(:kinds)) "
        f"AND k.text > :after AND {within('k.text', wanted.prefix)} ORDER BY k.text",
        values,
    ).fetchall()
    for (number,) in numbers:  # sorted without what they say, which may be long, and of which a page is read
        yield from decoder.db.execute(f"SELECT {ENTITY} FROM entity_version AS v WHERE v.id = ?", [number])


def census(db: sqlite3.Connection, lookup: Lookup, kinds: Collection[str], revision: int) -> dict[str, int]:
    """Count the entities in force at a revision by kind."""
    numbers = lookup.numbers(db, kinds) if kinds else [row[0] for row in db.execute(_COUNTED)]
    rows = db.execute(
        "SELECT kind, present FROM json_each(?1) AS wanted CROSS JOIN census AS c ON c.kind = wanted.value "
        "AND c.revision = (SELECT max(revision) FROM census WHERE kind = wanted.value AND revision <= ?2) "
        "WHERE present > 0",
        [json.dumps(numbers), revision],
    )
    return dict(sorted((lookup.word(db, kind), present) for kind, present in rows))
