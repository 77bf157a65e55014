"""Who may commit? The one writer of a file, one commit at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from graph.model import RevisionMark, Scope
from graph.plan import Known
from graph.store import StoreError
from graph.stores.sqlite.file import WriterLock, identity, open_to_write, telling
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.known import known_in, known_of
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.restore import restore
from graph.stores.sqlite.stage import SqliteStage
from graph.stores.values import mark_of
from graph.stores.warm import WarmKnown
from graph.transfer.records import Record


class Snapshots(Protocol):
    """Where a connection in a snapshot of the newest commit is to be had."""

    def __call__(self) -> AbstractContextManager[tuple[sqlite3.Connection, RevisionMark]]: ...


class SqliteWriter:
    """The one writer. Plans may ask what is known in any thread, also while a commit is in the making."""

    def __init__(self, path: Path, snapshots: Snapshots, lookup: Lookup) -> None:
        self._path = path
        self._snapshots = snapshots
        self._lookup = lookup
        self._lock = WriterLock(path)
        try:
            self._db = open_to_write(path)
        except BaseException:
            self._lock.release()
            raise
        self._file = identity(path)
        self._turn = threading.Lock()
        self._interning = Interning(self._db)
        self._own = Lookup()
        self._warm = WarmKnown()
        self._undone = False
        self._closed = False

    def known(self, scope: Scope) -> tuple[Mapping[str, Known], int]:
        warm = self._warm.given(scope)
        if warm is not None:
            return warm
        self._refuse_another_file()
        commits = self._warm.commits
        with self._snapshots() as (db, mark):
            known = known_in(db, self._lookup, scope)
        self._warm.keep(scope, known, mark.number, commits)
        return known, mark.number

    def known_of(self, source: str, ids: Collection[str]) -> Mapping[str, Known]:
        self._refuse_another_file()
        with self._snapshots() as (db, _):
            return known_of(db, self._lookup, source, ids)

    @contextmanager
    def stage(self, base: int | None = None) -> Iterator[SqliteStage]:
        with self._transaction():
            head = newest(self._db)
            yield SqliteStage(self._db, (self._interning, self._own), head, base, self._published)

    def restore(self, records: Iterable[Record]) -> RevisionMark:
        with self._transaction():
            restore(self._db, self._interning, records)
            self._db.execute("COMMIT")
            self._warm = WarmKnown()
            return newest(self._db)

    def _refuse_another_file(self) -> None:
        """Raise StoreError where the file was moved away: what is written to it nobody would find."""
        if identity(self._path) != self._file:
            raise StoreError(f"{self._path} was moved or replaced under the process that writes it: start it again")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Begin one, as soon as it is this thread's turn; left without COMMIT, nothing happened."""
        with self._turn, telling(self._path):
            if self._closed:
                raise StoreError(f"this writer of {self._path} was closed: ask the store for another one")
            self._refuse_another_file()
            self._db.execute("BEGIN IMMEDIATE")
            self._undone = True
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if self._undone:
                    self._interning.forget()
                    self._own = Lookup()

    def _published(self, head: int, changed: Mapping[str, Collection[str]]) -> None:
        self._undone = False

        def read(source: str, ids: Collection[str]) -> Mapping[str, Known]:
            with telling(self._path):
                return known_of(self._db, self._own, source, ids)

        self._warm.published(read, head, changed)

    def close(self) -> None:
        with self._turn:
            if not self._closed:
                self._closed = True
                self._db.close()
                self._lock.release()


def newest(db: sqlite3.Connection) -> RevisionMark:
    """Give the newest revision that a connection sees."""
    return mark_of(db.execute("SELECT number, instant FROM mark ORDER BY number DESC LIMIT 1").fetchone())
