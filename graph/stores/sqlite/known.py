"""What is known of every document in a scope's range, without reading the table again for a world that did not move?"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from graph.model import Key, Scope
from graph.plan import Known
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.rows import chunks, marks, range_values, within

MOST_KEPT = 400_000
"""Documents kept warm: about 250 MB. Scopes that were asked for least lately are read again when it is their turn."""

_RENEW_FROM = 1_000
"""So many changed documents, and a scope is read again as a whole rather than put right."""

_KNOWN = "d.name, d.fingerprint, d.mapping, d.version, d.position, {subject}, d.incarnation, d.missed, d.standing"

_Row = tuple[str, bytes, int, str, int | None, str, str | None, int, int]


def _known(row: _Row) -> Known:
    name, digest, mapping, version, position, subject, incarnation, missed, standing = row
    if incarnation == name:  # the uid mostly is both, and is kept once
        incarnation = name
    return Known(digest.hex(), mapping, version, position, subject, incarnation, bool(missed), standing == 2)


def _covered(db: sqlite3.Connection, lookup: Lookup, scope: Scope, columns: str) -> Iterator[Any]:
    """Read the documents that stand in a scope's range."""
    source = lookup.number(db, scope.source)
    for kind in lookup.numbers(db, scope.states):
        yield from db.execute(
            f"SELECT {columns} FROM home AS h CROSS JOIN document AS d ON d.id = h.document "
            f"WHERE h.source = :source AND h.kind = :kind AND {within('h.subject', scope.range)}",
            {**range_values(scope.range), "source": source, "kind": kind},
        )


def covered_ids(db: sqlite3.Connection, lookup: Lookup, scope: Scope) -> list[str]:
    """Give the ids of the documents in force that a scope covers."""
    return [name for name, standing in _covered(db, lookup, scope, "d.name, d.standing") if standing == 1]


def known_in(db: sqlite3.Connection, lookup: Lookup, scope: Scope) -> dict[str, Known]:
    """Read what is known of every document in a scope's range."""
    rows = _covered(db, lookup, scope, _KNOWN.format(subject="h.subject"))
    return {row[0]: _known(row) for row in rows}


def known_of(db: sqlite3.Connection, lookup: Lookup, source: str, ids: Collection[str]) -> dict[str, Known]:
    """Read what is known of some documents."""
    found: dict[str, Known] = {}
    columns, word = _KNOWN.format(subject="k.text"), lookup.number(db, source)
    for portion in chunks(ids):
        rows = db.execute(
            f"SELECT {columns} FROM document AS d CROSS JOIN key AS k ON k.id = d.subject "
            f"WHERE d.source = ? AND d.standing > 0 AND d.name IN ({marks(len(portion))})",
            [word, *portion],
        )
        found.update((row[0], _known(row)) for row in rows)
    return found


class WarmKnown:
    """What was read of scopes, put right by each commit. A mapping once given is never changed: a plan reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: OrderedDict[Scope, dict[str, Known]] = OrderedDict()
        self._head = 0
        self._commits = 0

    @property
    def commits(self) -> int:
        """How many commits there were: what was read before another one is not kept."""
        with self._lock:
            return self._commits

    def given(self, scope: Scope) -> tuple[Mapping[str, Known], int] | None:
        """Give what is known of a scope as of the newest revision, if it is warm."""
        with self._lock:
            known = self._scopes.get(scope)
            if known is None:
                return None
            self._scopes.move_to_end(scope)
            return known, self._head

    def keep(self, scope: Scope, known: dict[str, Known], commits: int) -> None:
        """Keep what was read when there had been so many commits."""
        with self._lock:
            if commits != self._commits:
                return
            self._scopes[scope] = known
            kept = sum(map(len, self._scopes.values()))
            while kept > MOST_KEPT and len(self._scopes) > 1:
                _, dropped = self._scopes.popitem(last=False)
                kept -= len(dropped)

    def published(
        self, db: sqlite3.Connection, lookup: Lookup, head: int, changed: Mapping[str, Collection[str]]
    ) -> None:
        """Put right what is kept, after a commit that changed some documents (ids by source)."""
        with self._lock:
            self._commits += 1
            self._head = head
            for source, ids in changed.items():
                scopes = [scope for scope in self._scopes if scope.source == source]
                if not ids or not scopes:
                    continue
                if len(ids) > _RENEW_FROM:
                    for scope in scopes:
                        del self._scopes[scope]
                    continue
                now = known_of(db, lookup, source, ids)
                for scope in scopes:
                    self._put_right(scope, ids, now)

    def _put_right(self, scope: Scope, ids: Collection[str], now: Mapping[str, Known]) -> None:
        former = self._scopes[scope]
        mine = {id_: known for id_, known in now.items() if known.subject and scope.covers(Key(known.subject))}
        if not mine and former.keys().isdisjoint(ids):
            return
        right = {**former, **mine}
        for id_ in ids:
            if id_ not in mine:
                right.pop(id_, None)
        self._scopes[scope] = right
