"""How fast can Neo4j take the same rows when nothing of them is versioned? Batches of `UNWIND ... MERGE`, no more.

One unique constraint, on the key of an entity; entities first, then relations, each batch a transaction of its own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from neo4j import Driver, GraphDatabase

from graph.model import AliasEnd, Entity, Statement, canonical
from graph.model.canonical import end_text, relation_id
from tests.bench.estate import Estate
from tests.bench.loads import ROWS, Figures
from tests.bench.places import Place

BATCH = 5_000
_CONSTRAINT = "CREATE CONSTRAINT plain_key IF NOT EXISTS FOR (e:Plain) REQUIRE e.key IS UNIQUE"
_ENTITIES = "UNWIND $rows AS row MERGE (e:Plain {key: row.key}) SET e += row.fields"
_RELATIONS = (
    "UNWIND $rows AS row MERGE (s:Plain {{key: row.source}}) MERGE (t:Plain {{key: row.target}}) "
    "MERGE (s)-[r:{verb} {{id: row.id}}]->(t) SET r += row.fields"
)


def _entity(one: Entity) -> dict[str, Any]:
    fields = {"kind": one.kind, "name": one.name, "attributes": canonical(one.attributes)}
    return {"key": one.key, "fields": fields}


def _relations(statements: tuple[Statement, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in statements:
        if isinstance(one, Entity):
            continue
        target = one.target.value if isinstance(one.target, AliasEnd) else end_text(one.target)
        fields = {"method": one.method.value, "confidence": one.confidence, "attributes": canonical(one.attributes)}
        yield one.verb, {"id": relation_id(one), "source": end_text(one.source), "target": target, "fields": fields}


def _write(driver: Driver, query: str, rows: list[dict[str, Any]]) -> float:
    """Write one batch; give the seconds."""
    began = time.perf_counter()
    with driver.session() as session:
        session.execute_write(lambda transaction: transaction.run(query, rows=rows).consume())
    return time.perf_counter() - began


def plain(place: Place, entities: int) -> Figures:
    """Write the rows of an estate; count only the time that the driver and the server take."""
    estate, taken = Estate(entities), 0.0
    with GraphDatabase.driver(place.address, auth=("neo4j", place.password)) as driver:
        driver.execute_query(_CONSTRAINT)
        documents = estate.everything()
        while batch := [document.statements for document in islice(documents, BATCH)]:
            rows = [_entity(one) for statements in batch for one in statements if isinstance(one, Entity)]
            taken += _write(driver, _ENTITIES, rows)
        documents = estate.everything()
        waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for document in documents:
            for verb, row in _relations(document.statements):
                waiting[verb].append(row)
                if len(waiting[verb]) == BATCH:
                    taken += _write(driver, _RELATIONS.format(verb=verb), waiting.pop(verb))
        for verb, rows in waiting.items():
            taken += _write(driver, _RELATIONS.format(verb=verb), rows)
        counted = driver.execute_query("MATCH (e:Plain) OPTIONAL MATCH (e)-[r]->() RETURN count(r) AS relations")
        relations = counted.records[0]["relations"]
    if relations != (ROWS - 1) * entities:
        raise RuntimeError(f"the measurement is void: {relations} relations were written")
    return {"wall": taken, "rows_per_second": ROWS * entities / taken}
