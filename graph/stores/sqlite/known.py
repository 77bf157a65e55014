"""What is known of every document in a scope's range, without reading the table again for a world that did not move?"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import Any

from graph.model import Key, Scope
from graph.plan import Known
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.rows import chunks, marks, range_values, within

KNOWN = "d.name, d.fingerprint, d.mapping, d.version, d.position, {subject}, d.incarnation, d.missed, d.standing"

_Row = tuple[str, bytes, int, str, int | None, str, str | None, int, int]


def known_from(row: _Row) -> Known:
    """Read a row of KNOWN."""
    name, digest, mapping, version, position, subject, incarnation, missed, standing = row
    if incarnation == name:  # the uid mostly is both, and is kept once
        incarnation = name
    return Known(digest.hex(), mapping, version, position, subject, incarnation, bool(missed), standing == 2)


def _covered(db: sqlite3.Connection, lookup: Lookup, scope: Scope, columns: str) -> Iterator[Any]:
    """Read the documents that stand in a scope's range."""
    source = lookup.number(db, scope.source)
    for kind in lookup.numbers(db, scope.states):
        rows = db.execute(
            f"SELECT {columns}, h.subject FROM home AS h CROSS JOIN document AS d ON d.id = h.document "
            f"WHERE h.source = :source AND h.kind = :kind AND {within('h.subject', scope.range)}",
            {**range_values(scope.range), "source": source, "kind": kind},
        )
        if scope.begins:
            yield from (row for row in rows if scope.covers(Key(row[-1])))
        else:
            yield from rows


def covered_ids(db: sqlite3.Connection, lookup: Lookup, scope: Scope) -> list[str]:
    """Give the ids of the documents in force that a scope covers."""
    return [name for name, standing, _ in _covered(db, lookup, scope, "d.name, d.standing") if standing == 1]


def known_in(db: sqlite3.Connection, lookup: Lookup, scope: Scope) -> dict[str, Known]:
    """Read what is known of every document in a scope's range."""
    rows = _covered(db, lookup, scope, KNOWN.format(subject="h.subject"))
    return {row[0]: known_from(row[:-1]) for row in rows}


def known_of(db: sqlite3.Connection, lookup: Lookup, source: str, ids: Collection[str]) -> dict[str, Known]:
    """Read what is known of some documents."""
    found: dict[str, Known] = {}
    columns, word = KNOWN.format(subject="k.text"), lookup.number(db, source)
    for portion in chunks(ids):
        rows = db.execute(
            f"SELECT {columns} FROM document AS d CROSS JOIN key AS k ON k.id = d.subject "
            f"WHERE d.source = ? AND d.standing > 0 AND d.name IN ({marks(len(portion))})",
            [word, *portion],
        )
        found.update((row[0], known_from(row)) for row in rows)
    return found
