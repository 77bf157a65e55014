"""Who had a name, an address, a label? The table of terms, which says where to look, and since which revision."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from graph.model import Alias, Entity, Holding, Key
from graph.store import Found
from graph.stores.sqlite.rows import chunks, marks
from graph.stores.values import loaded, unpacked
from graph.terms import Field, Term, terms_of

FIELDS = {Field.NAME: 1, Field.IDENTIFIER: 2, Field.LABEL: 3, Field.IMAGE: 4, Field.ADDRESS: 5}
"""Stored, so never to be renumbered."""

_ENTITY = "v.key, v.opened, k.text, v.name, v.incarnation, v.aliases, v.attributes"
_LAST = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)


def found(
    db: sqlite3.Connection,
    terms: Collection[Term],
    limit: int,
    revision: int,
    *,
    prefix: bool,
    kinds: Collection[int] | None,
) -> dict[Term, list[Found]]:
    """Find who had terms up to a revision, by text and key. kinds: by number; None: any.

    What is looked at are the rows that are given, and all that had the last of their texts; with kinds, all that had a
    text until there are enough of them.
    """
    among = "t.text >= :text AND (:beyond IS NULL OR t.text < :beyond)" if prefix else "t.text = :text"
    of_kind = "AND k.kind IN (SELECT value FROM json_each(:kinds))" if kinds is not None else ""
    sql = (
        f"SELECT t.text, k.text FROM term AS t CROSS JOIN key AS k ON k.id = t.key WHERE t.field = :field AND {among} "
        f"AND t.since <= :revision {of_kind} ORDER BY t.text, k.text LIMIT :limit"
    )
    asked = {"revision": revision, "limit": max(limit, 0), "kinds": json.dumps(list(kinds or ()))}
    answer: dict[Term, list[Found]] = {}
    for one in dict.fromkeys(terms):
        values = {"field": FIELDS[one.field], "text": one.text, "beyond": _beyond(one.text)}
        rows = db.execute(sql, values | asked)
        holders = [Found(text, Key(key)) for text, key in rows]
        if holders:
            answer[one] = holders
    return answer


def _beyond(text: str) -> str | None:
    """Give the first text after all that begin with one; None where there is none."""
    rest = text.rstrip(chr(_LAST))
    if not rest:
        return None
    following = ord(rest[-1]) + 1
    return rest[:-1] + chr(_SURROGATES[1] + 1 if following == _SURROGATES[0] else following)


def write_terms(db: sqlite3.Connection, terms: Iterable[tuple[int, Term]], revision: int) -> None:
    """Write the terms of keys, by their numbers. One that was had before stays as old as it is."""
    rows = [(FIELDS[one.field], one.text, key, revision) for key, one in terms]
    db.executemany("INSERT OR IGNORE INTO term VALUES (?, ?, ?, ?)", rows)


def take_back(db: sqlite3.Connection, versions: Iterable[int], revision: int) -> None:
    """Delete the terms that nobody had before some versions of the revision in the making, which will not be."""
    for portion in chunks(versions):
        rows = [
            (FIELDS[one.field], one.text, key, revision)
            for key, _, entity in _entities(db, f"v.id IN ({marks(len(portion))})", portion)
            for one in terms_of(entity)
        ]
        db.executemany("DELETE FROM term WHERE field = ? AND text = ? AND key = ? AND since = ?", rows)


def fill(db: sqlite3.Connection) -> None:
    """Write the terms of all versions that there are, whatever their order."""
    for portion in chunks(_entities(db, "1", ())):
        rows = [
            (FIELDS[one.field], one.text, key, opened) for key, opened, entity in portion for one in terms_of(entity)
        ]
        db.executemany(
            "INSERT INTO term VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET since = min(since, excluded.since)", rows
        )


def _entities(db: sqlite3.Connection, where: str, values: Collection[Any]) -> Iterator[tuple[int, int, Entity]]:
    """Read versions as far as terms need them: the number of the key, the revision that opened it, and what it says."""
    sql = f"SELECT {_ENTITY} FROM entity_version AS v CROSS JOIN key AS k ON k.id = v.key WHERE {where}"
    for key, opened, text, name, incarnation, aliases, attributes in db.execute(sql, tuple(values)):
        held = tuple(Alias(t, v, Holding(h)) for t, v, h in loaded(aliases)) if aliases else ()
        stated = loaded(unpacked(attributes)) if attributes else {}
        yield key, opened, Entity(Key(text), name, incarnation, stated, held)
