"""Where is the store in Neo4j? At an address, with connections for whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock

from graph.model import RevisionMark
from graph.store import NoSuchRevision, StoreError
from graph.stores.neo4j.connection import Ask, Database, Emptied, Login, login_from
from graph.stores.neo4j.dump import dumped
from graph.stores.neo4j.lease import SECONDS
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.reader import Neo4jReader
from graph.stores.neo4j.schema import STEPS, prepare, steps_taken
from graph.stores.neo4j.writer import Neo4jWriter
from graph.stores.values import mark_of, microseconds
from graph.transfer.records import Record


class Neo4jStore:
    """A store in one Neo4j database (Community edition is enough). Nothing is connected to before it is asked for.

    login: from the environment, where none is given. lease_seconds: how long a writer that has died keeps others out.
    """

    def __init__(self, url: str, login: Login | None = None, *, lease_seconds: float = SECONDS) -> None:
        self._url = url
        self._login = login
        self._lease_seconds = lease_seconds
        self._lookup = Lookup()
        self._guard = Lock()
        self._made: list[int | None] = []
        self._opened: Database | None = None
        self._ready = False
        self._writer: Neo4jWriter | None = None

    def _database(self) -> Database:
        with self._guard:
            if self._opened is None:
                database = Database(self._url, self._login or login_from())
                try:
                    database.greet()
                except BaseException:
                    database.close()
                    raise
                self._opened = database
            return self._opened

    def is_made(self) -> bool:
        """Tell whether the database holds a store, of whatever version."""
        return self._database().reading(steps_taken) > 0

    def _prepared(self) -> Database:
        """Give the database once it is known to hold a store. Reading prepares nothing."""
        database = self._database()
        if not self._ready:
            taken = database.reading(steps_taken)
            if taken == 0:
                raise StoreError(
                    f"there is no store at {self._url} yet: run `asbuilt discover` or `asbuilt once` first"
                )
            if taken != len(STEPS):
                older = "has not been prepared by this Asbuilt yet: run `asbuilt discover` or `asbuilt once`"
                newer = "was written by a newer Asbuilt: upgrade this one"
                raise StoreError(f"the store at {self._url} {older if taken < len(STEPS) else newer}")
            self._ready = True
        return database

    def head(self) -> RevisionMark:
        return self._prepared().reading(self._newest)

    def _newest(self, ask: Ask) -> RevisionMark:
        """Give the newest revision. Where it is of another store than before, forget what numbers meant there."""
        rows = ask(
            "MATCH (s:AsbuiltStore {id: 0}) MATCH (r:AsbuiltRevision {number: s.head}) "
            "RETURN r.number, r.instant, s.made"
        )
        if not rows:
            raise Emptied
        number, instant, made = rows[0]
        with self._guard:
            if self._made not in ([], [made]):
                self._lookup = Lookup()
            self._made = [made]
        return mark_of((number, instant))

    def revision(self, number: int) -> RevisionMark:
        def work(ask: Ask) -> RevisionMark:
            head = self._newest(ask)
            rows = ask("MATCH (r:AsbuiltRevision {number: $number}) RETURN r.number, r.instant", number=number)
            if not rows or number > head.number:
                raise NoSuchRevision(f"there is no revision {number}: the newest is {head.number}")
            return mark_of((rows[0][0], rows[0][1]))

        return self._prepared().reading(work)

    def revision_at(self, instant: datetime) -> RevisionMark:
        def work(ask: Ask) -> RevisionMark:
            rows = ask(
                "MATCH (r:AsbuiltRevision) WHERE r.instant <= $instant AND r.number <= $head "
                "RETURN r.number, r.instant ORDER BY r.instant DESC LIMIT 1",
                instant=microseconds(instant),
                head=self._newest(ask).number,
            )
            if not rows:
                raise NoSuchRevision(f"nothing was recorded before {instant.isoformat()}: ask for a later instant")
            return mark_of((rows[0][0], rows[0][1]))

        return self._prepared().reading(work)

    @contextmanager
    def reader(self, mark: RevisionMark | None = None) -> Iterator[Neo4jReader]:
        database = self._prepared()
        at = mark or database.reading(self._newest)
        yield Neo4jReader(database, self._lookup, at)

    def dump(self) -> Iterator[Record]:
        return dumped(self._prepared(), self._lookup)

    def writer(self) -> Neo4jWriter:
        database = self._database()
        prepare(database)
        self._writer = Neo4jWriter(database, self._lookup, self._lease_seconds)
        return self._writer

    def close(self) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
        finally:
            with self._guard:
                if self._opened is not None:
                    self._opened.close()
                    self._opened = None
                    self._ready = False
