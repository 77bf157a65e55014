"""Where is the embedded store kept? In one file, with connections for whoever reads it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from graph.model import RevisionMark
from graph.store import NoSuchRevision
from graph.stores.sqlite.dump import dumped
from graph.stores.sqlite.file import identity, open_to_read, telling
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.reader import SqliteReader
from graph.stores.sqlite.writer import SqliteWriter, newest
from graph.stores.values import mark_of, microseconds
from graph.transfer.records import Record

_IDLE = 8
"""Connections that wait for the next reader; more are opened when more are needed, and closed after."""


class SqliteStore:
    """A store in one file. Nothing is opened, and nothing made, before it is asked for."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._lookup = Lookup()
        self._file: tuple[int, int] | None = None
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._writer: SqliteWriter | None = None
        self._closed = False

    @contextmanager
    def _opened(self) -> Iterator[tuple[sqlite3.Connection, Lookup]]:
        """Lend a connection to the file that stands there now, with what its numbers mean."""
        file = identity(self._path)
        with self._guard:
            former: list[sqlite3.Connection] = []
            if self._file not in (None, file):  # another took its place, or it was moved away: nothing of it is of use
                former, self._idle, self._lookup = self._idle, [], Lookup()
            self._file = file
            db, lookup = self._idle.pop() if self._idle else None, self._lookup
        for one in former:
            one.close()
        db = db or open_to_read(self._path)
        try:
            with telling(self._path):
                yield db, lookup
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            with self._guard:
                kept = not self._closed and lookup is self._lookup and len(self._idle) < _IDLE
                if kept:
                    self._idle.append(db)
            if not kept:
                db.close()

    @contextmanager
    def _snapshot(self) -> Iterator[tuple[sqlite3.Connection, RevisionMark]]:
        """Hold what is committed now, and nothing later."""
        with self._opened() as (db, _):
            db.execute("BEGIN")
            yield db, newest(db)  # a snapshot is taken by the first read

    def head(self) -> RevisionMark:
        with self._opened() as (db, _):
            return newest(db)

    def revision(self, number: int) -> RevisionMark:
        with self._opened() as (db, _):
            row = db.execute("SELECT number, instant FROM mark WHERE number = ?", [number]).fetchone()
            if row is None:
                raise NoSuchRevision(f"there is no revision {number}: the newest is {newest(db).number}")
            return mark_of(row)

    def revision_at(self, instant: datetime) -> RevisionMark:
        with self._opened() as (db, _):
            sql = "SELECT number, instant FROM mark WHERE instant <= ? ORDER BY instant DESC LIMIT 1"
            row = db.execute(sql, [microseconds(instant)]).fetchone()
            if row is None:
                raise NoSuchRevision(f"nothing was recorded before {instant.isoformat()}: ask for a later instant")
            return mark_of(row)

    @contextmanager
    def reader(self, mark: RevisionMark | None = None) -> Iterator[SqliteReader]:
        with self._opened() as (db, lookup):
            db.execute("BEGIN")
            head = newest(db)
            yield SqliteReader(db, lookup, mark or head, head.number)

    def dump(self) -> Iterator[Record]:
        return dumped(self._snapshot)

    def writer(self) -> SqliteWriter:
        self._writer = SqliteWriter(self._path, self._snapshot, self._lookup)
        return self._writer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        with self._guard:
            idle, self._idle, self._closed = self._idle, [], True
        for db in idle:
            db.close()
