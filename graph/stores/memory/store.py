"""Where is the reference store kept? In this process, for as long as it lives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from graph.model import DocumentRef, Key, RevisionMark, Scope
from graph.plan import Known
from graph.store import NoSuchRevision, StoreLocked
from graph.stores.memory.reader import MemoryReader
from graph.stores.memory.stage import MemoryStage
from graph.stores.memory.tables import Tables
from graph.stores.memory.transfer import dumped, restored
from graph.transfer.records import Record

_BEGINNING = RevisionMark(0, datetime(1970, 1, 1, tzinfo=UTC))


class MemoryStore:
    """A store without durability, for tests and as the reference."""

    def __init__(self) -> None:
        self.tables = Tables(marks=[_BEGINNING])
        self.writing = False

    def head(self) -> RevisionMark:
        return self.tables.marks[-1]

    def revision(self, number: int) -> RevisionMark:
        if not 0 <= number < len(self.tables.marks):
            raise NoSuchRevision(f"there is no revision {number}: the newest is {self.head().number}")
        return self.tables.marks[number]

    def revision_at(self, instant: datetime) -> RevisionMark:
        known = [mark for mark in self.tables.marks if mark.instant <= instant]
        if not known:
            raise NoSuchRevision(f"nothing was recorded before {instant.isoformat()}: ask for a later instant")
        return known[-1]

    @contextmanager
    def reader(self, mark: RevisionMark | None = None) -> Iterator[MemoryReader]:
        yield MemoryReader(self.tables, mark or self.head())

    def dump(self) -> Iterator[Record]:
        return dumped(self.tables)

    def writer(self) -> MemoryWriter:
        if self.writing:
            raise StoreLocked("this store has a writer already: stop it first")
        self.writing = True
        return MemoryWriter(self)

    def close(self) -> None:
        self.writing = False


class MemoryWriter:
    """The one writer of a reference store."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def known(self, scope: Scope) -> tuple[Mapping[str, Known], int]:
        tables = self._store.tables
        known = {
            ref.id: page.known
            for ref, page in tables.present_documents()
            if ref.source == scope.source and page.known.subject and scope.covers(Key(page.known.subject))
        }
        left = {
            ref.id: one
            for ref, one in tables.left_behind.items()
            if ref.source == scope.source and one.subject and scope.covers(Key(one.subject))
        }
        return left | known, tables.revision

    def known_of(self, source: str, ids: Collection[str]) -> Mapping[str, Known]:
        tables = self._store.tables
        wanted = {DocumentRef(source, id_) for id_ in ids}
        left = {ref.id: tables.left_behind[ref] for ref in wanted if ref in tables.left_behind}
        return left | {ref.id: page.known for ref, page in tables.present_documents() if ref in wanted}

    @contextmanager
    def stage(self, base: int | None = None) -> Iterator[MemoryStage]:
        yield MemoryStage(self._store.tables, self._publish, base)

    def restore(self, records: Iterable[Record]) -> RevisionMark:
        self._publish(restored(self._store.tables, records))
        return self._store.head()

    def _publish(self, tables: Tables) -> None:
        self._store.tables = tables

    def close(self) -> None:
        self._store.close()
