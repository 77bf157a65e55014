"""How do documents come, go on and end? Each version's text once; what moves without a version, in place."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from graph.model import DocumentRef
from graph.settle import Delta
from graph.store import Doubted
from graph.stores.overtaken import hold
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.rows import chunks, marks
from graph.stores.values import instant_or_none, kind_of, microseconds, microseconds_or_none, packed

ENDED, IN_FORCE, LEFT_BEHIND = 0, 1, 2


class _Stored(NamedTuple):
    """A document as its row has it."""

    number: int
    standing: int
    changed: int
    subject: str
    mapping: int
    position: int | None
    missed: int


class Documents:
    """The documents of one commit. base: the revision that the plan was made against."""

    def __init__(self, db: sqlite3.Connection, interning: Interning, revision: int, base: int) -> None:
        self._db = db
        self._interning = interning
        self._revision = revision
        self._base = base
        self.changed: dict[str, set[str]] = {}
        """By source, the ids of documents of which another thing is known now."""

    def accept(self, deltas: Sequence[Delta]) -> None:
        """Write versions, and what documents stand as. Raise Overtaken before anything is written."""
        stored = self._stored(deltas)
        for delta in deltas:
            row = stored.get(DocumentRef(delta.source, delta.id))
            if row is not None:
                hold(delta, row.position, row.changed, base=self._base, revision=self._revision)
        self._note(deltas)
        former = [row for row in stored.values() if row.standing == IN_FORCE]
        self._close_versions(former)
        self._end_doubts([row.number for row in former if row.missed])
        self._leave(deltas, stored)
        self._enter([delta for delta in deltas if delta.stored is not None], stored)

    def _note(self, deltas: Iterable[Delta]) -> None:
        for delta in deltas:
            self.changed.setdefault(delta.source, set()).add(delta.id)

    def _stored(self, deltas: Sequence[Delta]) -> dict[DocumentRef, _Stored]:
        found: dict[DocumentRef, _Stored] = {}
        by_source: dict[str, list[str]] = {}
        for delta in deltas:
            by_source.setdefault(delta.source, []).append(delta.id)
        for source, names in by_source.items():
            for portion in chunks(names):
                rows = self._db.execute(
                    "SELECT d.name, d.id, d.standing, d.changed, k.text, d.mapping, d.position, d.missed "
                    "FROM document AS d "
                    f"CROSS JOIN key AS k ON k.id = d.subject WHERE d.source = ? AND d.name IN ({marks(len(portion))})",
                    [self._interning.word(source), *portion],
                )
                found.update((DocumentRef(source, row[0]), _Stored(*row[1:])) for row in rows)
        return found

    def _close_versions(self, rows: Sequence[_Stored]) -> None:
        made = [(row.number, self._revision) for row in rows if row.changed == self._revision]
        self._db.executemany("DELETE FROM document_version WHERE document = ? AND opened = ?", made)
        self._db.executemany(
            "UPDATE document_version SET closed = ? WHERE document = ? AND opened = ?",
            [(self._revision, row.number, row.changed) for row in rows if row.changed < self._revision],
        )

    def _leave(self, deltas: Sequence[Delta], stored: dict[DocumentRef, _Stored]) -> None:
        """End documents; what a source with positions said last is left behind."""
        ended, homeless = [], []
        for delta in deltas:
            row = stored.get(DocumentRef(delta.source, delta.id))
            if delta.stored is not None or row is None or row.standing != IN_FORCE:
                continue
            standing = ENDED if delta.position is None else LEFT_BEHIND
            ended.append((standing, delta.position, self._revision, row.number))
            if standing == ENDED:
                homeless.append(self._home(delta.source, row.subject, row.number))
        self._db.executemany(
            "UPDATE document SET standing = ?, position = ?, changed = ?, missed = 0 WHERE id = ?", ended
        )
        self._remove_homes(homeless)

    def _home(self, source: str, subject: str, number: int) -> tuple[int, int, str, int]:
        return self._interning.word(source), self._interning.word(kind_of(subject)), subject, number

    def _remove_homes(self, homes: Iterable[tuple[int, int, str, int]]) -> None:
        self._db.executemany("DELETE FROM home WHERE source = ? AND kind = ? AND subject = ? AND document = ?", homes)

    def _enter(self, deltas: Sequence[Delta], stored: dict[DocumentRef, _Stored]) -> None:
        """Write what opened and revised documents are now."""
        subjects = self._interning.keys(delta.stored.subject for delta in deltas if delta.stored is not None)
        documents, versions, homes, moved = [], [], [], []
        for delta in deltas:
            one = delta.stored
            if one is None:
                continue
            row = stored.get(DocumentRef(delta.source, delta.id))
            number = row.number if row is not None else self._interning.fresh("document")
            if row is not None and row.subject != one.subject:
                moved.append(self._home(delta.source, row.subject, number))
            homes.append(self._home(delta.source, one.subject, number))
            token = (bytes.fromhex(one.fingerprint), one.mapping, one.version, one.position, one.incarnation, 0)
            of = (number, self._interning.word(delta.source), delta.id, IN_FORCE, self._revision, subjects[one.subject])
            documents.append((*of, *token))
            version = (self._interning.fresh("document_version"), number, self._revision)
            versions.append((*version, one.version, one.mapping, packed(one.text)))
        self._remove_homes(moved)
        self._db.executemany(f"INSERT OR REPLACE INTO document VALUES ({marks(12)})", documents)
        self._db.executemany("INSERT OR IGNORE INTO home VALUES (?, ?, ?, ?)", homes)
        self._db.executemany("INSERT INTO document_version VALUES (?, ?, ?, NULL, ?, ?, ?)", versions)

    def touch(self, source: str, touched: Iterable[tuple[str, str, int | None]], mapping: int) -> None:
        word = self._interning.word(source)
        noted = self.changed.setdefault(source, set())
        for portion in chunks(touched):
            noted.update(id_ for id_, _, _ in portion)
            self._db.executemany(
                "UPDATE document SET version = ?, position = ?, mapping = ? WHERE source = ? AND name = ? "
                "AND standing = 1 AND NOT (changed > ? AND changed < ?) "
                "AND (position IS NULL OR ? IS NULL OR position <= ?)",
                [
                    (version, position, mapping, word, id_, self._base, self._revision, position, position)
                    for id_, version, position in portion
                ],
            )

    def doubt(self, source: str, missed: Collection[str], found: Collection[str], doubted: Doubted) -> None:
        word, at, had = self._interning.word(source), microseconds(doubted.since), microseconds_or_none(doubted.had)
        self.changed.setdefault(source, set()).update(missed, found)
        for ids, mark in ((set(found) - set(missed), 0), (missed, 1)):
            for portion in chunks(ids):
                sql = (
                    "SELECT id FROM document WHERE source = ? AND standing = 1 AND NOT (changed > ? AND changed < ?) "
                    f"AND name IN ({marks(len(portion))})"
                )
                of = [word, self._base, self._revision, *portion]
                numbers = [row[0] for row in self._db.execute(sql, of)]
                self._end_doubts(numbers)
                self._db.executemany("UPDATE document SET missed = ? WHERE id = ?", [(mark, n) for n in numbers])
                if mark:
                    rows = [(number, self._revision, at, had) for number in numbers]
                    self._db.executemany("INSERT INTO doubt VALUES (?, ?, NULL, ?, ?)", rows)

    def last_had(self, source: str, ids: Collection[str]) -> dict[str, datetime | None]:
        """Give the start of the last run that had each document whose ending is doubted."""
        word = self._interning.word(source)
        found: dict[str, datetime | None] = {}
        for portion in chunks(ids):
            rows = self._db.execute(
                "SELECT d.name, m.had FROM document AS d CROSS JOIN doubt AS m ON m.document = d.id "
                f"WHERE m.closed IS NULL AND d.source = ? AND d.name IN ({marks(len(portion))})",
                [word, *portion],
            )
            found.update((name, instant_or_none(had)) for name, had in rows)
        return found

    def standing(self, source: str) -> list[str]:
        """Give the ids of all documents of a source that are in force."""
        rows = self._db.execute(
            "SELECT name FROM document WHERE source = ? AND standing = 1 ORDER BY name", [self._interning.word(source)]
        )
        return [name for (name,) in rows]

    def _end_doubts(self, numbers: Collection[int]) -> None:
        rows = [(self._revision, number) for number in numbers]
        self._db.executemany("DELETE FROM doubt WHERE opened = ? AND document = ?", rows)
        self._db.executemany("UPDATE doubt SET closed = ? WHERE document = ? AND closed IS NULL", rows)

    def forget(self, source: str, ids: Collection[str]) -> None:
        word = self._interning.word(source)
        self.changed.setdefault(source, set()).update(ids)
        for portion in chunks(ids):
            rows = self._db.execute(
                "SELECT d.id, k.text FROM document AS d CROSS JOIN key AS k ON k.id = d.subject WHERE d.source = ? "
                f"AND d.standing = 2 AND d.name IN ({marks(len(portion))})",
                [word, *portion],
            ).fetchall()
            self._db.executemany(
                "UPDATE document SET standing = 0, position = NULL WHERE id = ?", [row[:1] for row in rows]
            )
            self._remove_homes(self._home(source, subject, number) for number, subject in rows)
