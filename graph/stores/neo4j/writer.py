"""Who may commit? The one writer of a database, one commit at a time."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from graph.model import RevisionMark, Scope
from graph.plan import Known
from graph.store import StoreError, StoreLocked
from graph.stores.neo4j.aftermath import Aftermath
from graph.stores.neo4j.commit import Commit, take_back
from graph.stores.neo4j.connection import Ask, Database, Emptied
from graph.stores.neo4j.known import known_in, known_of
from graph.stores.neo4j.lease import SECONDS, Lease
from graph.stores.neo4j.numbers import Interning, Lookup
from graph.stores.neo4j.restore import Restoring
from graph.stores.neo4j.stage import Neo4jStage
from graph.stores.neo4j.written import Written
from graph.stores.values import mark_of
from graph.stores.warm import WarmKnown
from graph.transfer.records import Record


class Neo4jWriter:
    """The one writer. Plans may ask what is known in any thread, also while a commit is in the making."""

    def __init__(self, database: Database, lookup: Lookup, lease_seconds: float = SECONDS) -> None:
        self._database = database
        self._lookup = lookup
        self._lease = Lease(database, lease_seconds)
        self._turn = threading.Lock()
        self._warm = WarmKnown()
        self._closed = False
        self._pool = ThreadPoolExecutor(1, "asbuilt-step")
        self._unfinished = True
        try:
            self._tidy()
            self._written = Written(empty=database.reading(_is_empty))
        except BaseException:
            self._lease.release()
            raise
        self._interning = Interning(self._written)
        self._aftermath = Aftermath(database, lookup, self._lease.fence)
        self._aftermath.due()

    def known(self, scope: Scope) -> tuple[Mapping[str, Known], int]:
        warm = self._warm.given(scope)
        if warm is not None:
            return warm
        commits = self._warm.commits
        with self._aftermath.unswept():
            known, head = self._database.reading(lambda ask: known_in(ask, scope))
        self._warm.keep(scope, known, head, commits)
        return known, head

    def known_of(self, source: str, ids: Collection[str]) -> Mapping[str, Known]:
        return self._database.reading(lambda ask: known_of(ask, source, ids))

    @contextmanager
    def stage(self, base: int | None = None) -> Iterator[Neo4jStage]:
        with self._turn, self._aftermath.second():
            if self._closed:
                raise StoreError(f"this writer of {self._database.url} was closed: ask the store for another one")
            self._tidy()
            commit = self._begin()
            published = False

            def done(head: RevisionMark, changed: Mapping[str, Collection[str]]) -> None:
                nonlocal published
                published = True
                self._warm.published(self.known_of, head.number, changed)

            try:
                yield Neo4jStage(commit, (self._interning, self._lookup), commit.head, base, done)
            finally:
                if not published:
                    with suppress(Exception):  # a step may still be on its way: it comes first, or fails
                        commit.wait()
                    self._interning = Interning(self._written)
                    self._unfinished = commit.begun
                    self._tidy_or_later()
                elif commit.begun:
                    self._aftermath.due()

    def _begin(self) -> Commit:
        head = self._database.reading(newest_mark)
        return Commit(self._database, self._lease.fence, head, self._written, self._pool)

    def _tidy(self) -> None:
        """Take back what an earlier commit left. It may have been published, where nobody learned of it in time."""
        if self._unfinished:
            take_back(self._database, self._lease.fence)
            self._warm.forget()
            self._unfinished = False

    def _tidy_or_later(self) -> None:
        """Take back what was written, or leave it to the next commit: what was raised first says what is wrong."""
        try:
            self._tidy()
        except StoreLocked:
            raise
        except StoreError:
            pass

    def restore(self, records: Iterable[Record]) -> RevisionMark:
        with self._turn:
            self._written = Written(empty=False)
            self._interning = Interning(self._written)
            commit = self._begin()
            try:
                Restoring(commit, self._interning).restore(records)
                rows = self._database.read("MATCH (r:AsbuiltRevision) RETURN r.number, r.instant")
                mark = mark_of(max((number, instant) for number, instant in rows))
                commit.publish([], mark)
            except BaseException:
                with suppress(Exception):
                    commit.wait()
                self._unfinished = True
                self._tidy_or_later()
                raise
            self._aftermath.due()
            return mark

    def close(self) -> None:
        with self._turn:
            if not self._closed:
                self._closed = True
                self._aftermath.close()
                self._pool.shutdown()
                self._lease.release()


def _is_empty(ask: Ask) -> bool:
    """Tell whether nothing was ever written: also no key, of which some outlast a first load that was taken back."""
    return newest_mark(ask).number == 0 and not ask("MATCH (k:AsbuiltKey) RETURN k.key LIMIT 1")


def newest_mark(ask: Ask) -> RevisionMark:
    """Give the newest revision."""
    query = "MATCH (s:AsbuiltStore {id: 0}) MATCH (r:AsbuiltRevision {number: s.head}) RETURN r.number, r.instant"
    rows = ask(query)
    if not rows:
        raise Emptied
    return mark_of((rows[0][0], rows[0][1]))
