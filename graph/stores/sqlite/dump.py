"""How does all that a file keeps come out of it? In one snapshot, a portion at a time, each table by its own index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from graph.model import DocumentRef, EntityVersion, Knowledge, RelationVersion, RevisionMark, RunFold
from graph.plan import Known
from graph.store import Doubted
from graph.stores.sqlite.decode import CHANGE, CLAIM, ENTITY, RELATION, Decoder, Row
from graph.stores.sqlite.known import KNOWN, known_from
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.scopes import FOLD, STATE, folds_of, sources_of, state_of
from graph.stores.values import instant, instant_or_none, loaded, mark_of, unpacked
from graph.transfer.records import (
    Head,
    KeptChange,
    KeptClaim,
    KeptDocument,
    KeptDoubt,
    KeptKnowledge,
    KeptPage,
    KeptState,
    Record,
)

_PORTION = 1000


def dumped(snapshot: Callable[[], AbstractContextManager[tuple[sqlite3.Connection, RevisionMark]]]) -> Iterator[Record]:
    """Give everything that is kept as of one commit."""
    with snapshot() as (db, head):
        dump = _Dump(db, head.number)
        yield Head(head.number, head.instant)
        yield from map(mark_of, db.execute("SELECT number, instant FROM mark WHERE number > 0 ORDER BY number"))
        yield from sources_of(db)
        yield from dump.knowledge()
        yield from dump.states()
        yield from dump.folds()
        yield from dump.documents()
        yield from dump.pages()
        yield from dump.doubts()
        yield from dump.entities()
        yield from dump.relations()
        yield from dump.claims()
        yield from dump.changes()


class _Dump:
    """The tables of one snapshot, read from end to end."""

    def __init__(self, db: sqlite3.Connection, head: int) -> None:
        self._db = db
        self._head = head
        self._lookup = Lookup()
        self._decoder = Decoder(db, self._lookup)

    def _words(self, table: str, column: str) -> list[tuple[int, str]]:
        """Give the words that stand in a column, by their text."""
        words = f"SELECT id, text FROM word AS w WHERE EXISTS (SELECT 1 FROM {table} WHERE {column} = w.id)"
        return self._db.execute(f"{words} ORDER BY text").fetchall()

    def _portions(self, sql: str, *values: Any) -> Iterator[list[Row]]:
        rows = self._db.execute(sql, values)
        while portion := rows.fetchmany(_PORTION):
            yield portion

    # ------------------------------------------------------------------------------------------------ scopes

    def knowledge(self) -> Iterator[KeptKnowledge]:
        rows = self._db.execute("SELECT source, version, fields FROM knowledge ORDER BY source, version")
        for source, version, fields in rows:
            named = {word: frozenset(names) for word, names in loaded(fields).items()}
            yield KeptKnowledge(source, Knowledge(version, named))

    def states(self) -> Iterator[KeptState]:
        rows = self._db.execute(
            f"SELECT {STATE}, s.opened, s.closed FROM scope AS n CROSS JOIN state AS s ON s.scope = n.id "
            "CROSS JOIN form AS f ON f.id = s.form ORDER BY n.source, n.name, s.opened"
        )
        return (KeptState(state_of(row[:-2]), *row[-2:]) for row in rows)

    def folds(self) -> Iterator[RunFold]:
        rows = self._db.execute(
            f"SELECT {FOLD} FROM scope AS n JOIN fold AS f ON f.scope = n.id ORDER BY n.source, n.name, f.id"
        )
        return map(folds_of, rows)

    # ------------------------------------------------------------------------------------------------ documents

    def _of_documents(self, columns: str, tables: str, rest: str) -> Iterator[tuple[str, Row]]:
        """Read rows about documents, by source and id, each with the source's name."""
        for number, source in self._words("document", "source"):
            sql = f"SELECT {columns} FROM document AS d {tables} WHERE d.source = ? {rest}"
            yield from ((source, row) for row in self._db.execute(sql, [number]))

    def documents(self) -> Iterator[KeptDocument]:
        found = self._of_documents(
            KNOWN.format(subject="k.text"),
            "CROSS JOIN key AS k ON k.id = d.subject",
            "AND (d.standing > 0 OR EXISTS (SELECT 1 FROM document_version WHERE document = d.id)) ORDER BY d.name",
        )
        for source, row in found:
            known: Known | None = known_from(row) if row[-1] else None
            yield KeptDocument(DocumentRef(source, row[0]), known)

    def pages(self) -> Iterator[KeptPage]:
        found = self._of_documents(
            "d.name, v.version, v.mapping, v.text, v.opened, v.closed",
            "CROSS JOIN document_version AS v ON v.document = d.id",
            "ORDER BY d.name, v.opened",
        )
        for source, (name, version, mapping, text, opened, closed) in found:
            yield KeptPage(DocumentRef(source, name), version, mapping, unpacked(text), opened, closed)

    def doubts(self) -> Iterator[KeptDoubt]:
        found = self._of_documents(
            "d.name, m.since, m.had, m.opened, m.closed",
            "CROSS JOIN doubt AS m ON m.document = d.id",
            "ORDER BY d.name, m.opened",
        )
        for source, (name, since, had, opened, closed) in found:
            yield KeptDoubt(DocumentRef(source, name), Doubted(instant(since), instant_or_none(had)), opened, closed)

    # ------------------------------------------------------------------------------------------------ versions

    def entities(self) -> Iterator[EntityVersion]:
        for kind, _ in self._words("key", "kind"):
            for rows in self._portions(
                f"SELECT {ENTITY} FROM key AS k CROSS JOIN entity_version AS v ON v.key = k.id WHERE k.kind = ? "
                "ORDER BY k.text, v.opened",
                kind,
            ):
                yield from self._decoder.entities(rows, self._head)

    def relations(self) -> Iterator[RelationVersion]:
        for rows in self._portions(
            f"SELECT {RELATION} FROM relation AS r CROSS JOIN relation_version AS v ON v.relation = r.id "
            "ORDER BY r.digest, v.opened"
        ):
            yield from self._decoder.relations(rows, self._head)

    def claims(self) -> Iterator[KeptClaim]:
        for number, type_ in self._words("alias", "type"):
            for rows in self._portions(
                f"SELECT {CLAIM}, c.opened, a.value FROM alias AS a CROSS JOIN claim AS c ON c.alias = a.id "
                "WHERE a.type = ? ORDER BY a.value, c.id",
                number,
            ):
                names = {row[0]: (type_, row[-1]) for row in rows}
                claims = self._decoder.claims([row[:-2] for row in rows], names, self._head)
                for row, (_, claim) in zip(rows, claims, strict=True):
                    yield KeptClaim(claim, row[-2], row[-3])

    def changes(self) -> Iterator[KeptChange]:
        for rows in self._portions(f"SELECT {CHANGE}, 0 FROM change AS c ORDER BY c.id"):
            for one in self._decoder.changes(rows):
                yield KeptChange(one.revision, one.sequence, one.change, one.evidence, one.named)
