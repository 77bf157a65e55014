"""Which entities are in force, in order of their keys, a page at a time? And how many are there of each kind?"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from graph.model import EntityVersion
from graph.store import EntityFilter
from graph.stores.neo4j.connection import Ask, Row
from graph.stores.neo4j.decode import ENTITY, entity_of
from graph.stores.neo4j.encode import listed_text
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.spans import ENTITIES, IN_FORCE, latest, newest, probes
from graph.stores.neo4j.terms import holders
from graph.stores.selection import matches_entity
from graph.terms import Field, term

_PORTION = 500


def listed(ask: Ask, lookup: Lookup, wanted: EntityFilter, limit: int, revision: int) -> list[EntityVersion]:
    """List entities in force at a revision, ordered by key.

    At the newest revision a page costs what it shows. At an older one it costs what was in force then, of the kinds
    asked for; at none does it cost what is past or was still to come. A name or a label costs all that ever had it.
    """
    if limit <= 0:
        return []
    if wanted.name is not None or wanted.labels:
        return _by_terms(ask, lookup, wanted, limit, revision)
    rows = _present(ask, wanted, limit, revision)
    head = newest(ask)
    if head != revision:
        rows += _past(ask, wanted, limit, revision, head)
    versions = {row[0]: row for row in rows}
    page = [entity_of(versions[key], revision) for key in sorted(versions)[:limit]]
    return [one for one in page if matches_entity(one, wanted)]


def _kinds(ask: Ask, wanted: EntityFilter) -> list[str]:
    return sorted(wanted.kinds) or [row[0] for row in ask("MATCH (c:AsbuiltCensus) RETURN DISTINCT c.kind")]


def _bounds(wanted: EntityFilter, kind: str) -> dict[str, Any]:
    """Give the texts between which an index holds what is asked for, of one kind."""
    text = wanted.prefix
    return {
        "kind": kind,
        "after": f"{kind}\n{wanted.after}",
        "low": f"{kind}\n{text}",
        "high": f"{kind}\n{text}0" if text else f"{kind}\v",  # "0" follows "/", and a vertical tab the line's end
        "inside": f"{kind}\n{text}/" if text else f"{kind}\n",
    }


def _present(ask: Ask, wanted: EntityFilter, limit: int, revision: int) -> list[Row]:
    return ask(
        "UNWIND $bounds AS b CALL (b) { MATCH (v:AsbuiltEntity) WHERE v.now_listed > b.after AND v.now_listed >= b.low "
        f"AND v.now_listed < b.high AND (v.now_listed = b.low OR v.now_listed >= b.inside) AND {IN_FORCE} "
        f"RETURN v ORDER BY v.now_listed LIMIT $limit }} RETURN {ENTITY}",
        bounds=[_bounds(wanted, kind) for kind in _kinds(ask, wanted)],
        revision=revision,
        limit=limit,
    )


def _past(ask: Ask, wanted: EntityFilter, limit: int, revision: int, head: int) -> list[Row]:
    """Read what has closed since, in order of keys."""
    bounds = [{**_bounds(wanted, kind), "skip": len(kind) + 1} for kind in _kinds(ask, wanted)]
    return ask(
        "UNWIND $bounds AS b UNWIND $probes AS probe MATCH (v:AsbuiltEntity) "
        "USING INDEX v:AsbuiltEntity(was_kind, class, opened) WHERE v.was_kind = b.kind AND v.class = probe[0] "
        "AND v.opened > probe[1] AND v.opened <= $revision AND v.closed > $revision "
        "WITH v, b, coalesce(v.last_key, v.past_key) AS key WITH v, b, key, b.kind + '\\n' + key AS listed "
        "WHERE listed > b.after AND listed >= b.low AND listed < b.high AND (listed = b.low OR listed >= b.inside) "
        f"WITH v, key ORDER BY key LIMIT $limit RETURN {ENTITY}",
        bounds=bounds,
        probes=probes(revision, head),
        revision=revision,
        limit=limit,
    )


def _by_terms(ask: Ask, lookup: Lookup, wanted: EntityFilter, limit: int, revision: int) -> list[EntityVersion]:
    terms = [term(Field.LABEL, f"{name}={value}") for name, value in wanted.labels]
    if wanted.name is not None:
        terms.append(term(Field.NAME, wanted.name))
    keys = [
        key
        for key in holders(ask, lookup, terms, revision)
        if key > wanted.after and key.within(wanted.prefix) and (not wanted.kinds or key.kind in wanted.kinds)
    ]
    found: list[EntityVersion] = []
    for start in range(0, len(keys), _PORTION):
        rows = latest(ask, ENTITIES, ENTITY, [str(key) for key in keys[start : start + _PORTION]], revision)
        versions = {row[0]: entity_of(row[1:], revision) for row in rows}
        for name in sorted(versions):
            one = versions[name]
            if one.closed is None and matches_entity(one, wanted):
                found.append(one)
        if len(found) >= limit:
            break
    return found[:limit]


def census(ask: Ask, kinds: Collection[str], revision: int) -> dict[str, int]:
    """Count the entities in force at a revision by kind."""
    rows = ask(
        "UNWIND $kinds AS kind CALL (kind) { MATCH (c:AsbuiltCensus) USING INDEX c:AsbuiltCensus(kind, revision) "
        "WHERE c.kind = kind AND c.revision <= $revision "
        "RETURN c.present AS present ORDER BY c.kind DESC, c.revision DESC LIMIT 1 } RETURN kind, present",
        kinds=_kinds(ask, EntityFilter(kinds=frozenset(kinds))),
        revision=revision,
    )
    return dict(sorted((kind, present) for kind, present in rows if present > 0))


__all__ = ["census", "listed", "listed_text"]
