"""How does all that a database keeps come out of it? As of one revision, each label in the order of its names.

What has versions can be read at leisure. What moves in place (tokens of documents, folds, sources) is copied first,
while nobody commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from tempfile import TemporaryFile
from typing import IO, Any

import orjson

from graph.model import DocumentRef, EntityVersion, Knowledge, RelationVersion, RevisionMark, RunFold
from graph.plan import Known
from graph.store import Doubted, SourceRecord
from graph.stores.neo4j.commit import lock
from graph.stores.neo4j.connection import Ask, Database, Row
from graph.stores.neo4j.decode import (
    CLAIM,
    ENTITY,
    FOLD,
    RELATION,
    claim_of,
    entity_of,
    fold_of,
    not_after,
    recorded_of,
    ref_of,
    state_of,
)
from graph.stores.neo4j.known import KNOWN, known_from
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.reader import relations_of, sources_of
from graph.stores.neo4j.writer import newest_mark
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


def dumped(database: Database, lookup: Lookup) -> Iterator[Record]:
    """Give everything that is kept as of the newest revision."""
    with TemporaryFile() as spool:
        dump = _Dump(database, lookup, _copied(database, spool))
        yield Head(dump.mark.number, dump.mark.instant)
        yield from dump.marks()
        yield from dump.moving.sources
        yield from dump.moving.knowledge
        yield from dump.states()
        yield from dump.moving.folds
        yield from dump.documents(spool)
        yield from dump.pages()
        yield from dump.doubts()
        yield from dump.entities()
        yield from dump.relations()
        yield from dump.claims()
        yield from dump.changes()


@dataclass(frozen=True, slots=True)
class _Moving:
    """What moves without a revision, as it was at one instant. The documents are in a file: they may be many."""

    mark: RevisionMark
    sources: list[SourceRecord]
    knowledge: list[KeptKnowledge]
    folds: list[RunFold]


def _copied(database: Database, spool: IO[bytes]) -> _Moving:
    """Copy what moves in place, while the store is locked against the writer's next step."""
    with database.held() as stream:

        def ask(query: str, **values: Any) -> list[Row]:
            return list(stream(query, **values))

        lock(ask)
        mark = newest_mark(ask)
        query = f"MATCH (f:AsbuiltFold) RETURN {FOLD} ORDER BY f.source, f.name, f.number"
        moving = _Moving(mark, sources_of(ask), list(_knowledge(ask)), [fold_of(row) for row in ask(query)])
        rows = stream(
            f"MATCH (v:AsbuiltDocument) WHERE v.opened <= $revision RETURN v.source, v.name AS id, {KNOWN} "
            "ORDER BY v.source, id, v.opened",
            revision=mark.number,
        )
        for _, versions in groupby(rows, key=lambda row: row[:2]):
            *_, last = versions
            spool.write(orjson.dumps(last) + b"\n")
    spool.seek(0)
    return moving


def _knowledge(ask: Ask) -> Iterator[KeptKnowledge]:
    rows = ask("MATCH (k:AsbuiltKnowledge) RETURN k.source, k.version, k.fields ORDER BY k.source, k.version")
    for source, version, fields in rows:
        named = {word: frozenset(names) for word, names in loaded(fields).items()}
        yield KeptKnowledge(source, Knowledge(version, named))


class _Dump:
    """The labels of one database, read from end to end."""

    def __init__(self, database: Database, lookup: Lookup, moving: _Moving) -> None:
        self._database = database
        self._lookup = lookup
        self.moving = moving
        self.mark = moving.mark
        self._head = moving.mark.number

    def _rows(self, query: str, **values: Any) -> Iterator[Row]:
        return self._database.streaming(query, revision=self._head, **values)

    def marks(self) -> Iterator[RevisionMark]:
        rows = self._rows(
            "MATCH (r:AsbuiltRevision) WHERE r.number > 0 AND r.number <= $revision "
            "RETURN r.number, r.instant ORDER BY r.number"
        )
        return (mark_of((number, at)) for number, at in rows)

    # ------------------------------------------------------------------------------------------------ scopes

    def states(self) -> Iterator[KeptState]:
        rows = self._rows(
            "MATCH (v:AsbuiltState) WHERE v.opened <= $revision RETURN v.opened, v.closed, v.body "
            "ORDER BY coalesce(v.last_scope, v.past_scope), v.opened"
        )
        return (KeptState(state_of(body), opened, not_after(closed, self._head)) for opened, closed, body in rows)

    # ------------------------------------------------------------------------------------------------ documents

    def documents(self, spool: IO[bytes]) -> Iterator[KeptDocument]:
        for line in spool:
            row = orjson.loads(line)
            yield self._document(DocumentRef(row[0], row[1]), row[2:])

    def _document(self, ref: DocumentRef, row: Row) -> KeptDocument:
        """Read the last version of a document."""
        known: Known = known_from(row, self._head)
        closed, left = row[7:9]
        stands = closed is None or closed > self._head or left is not None
        return KeptDocument(ref, known if stands else None)

    def pages(self) -> Iterator[KeptPage]:
        rows = self._rows(
            "MATCH (v:AsbuiltDocument) WHERE v.opened <= $revision AND (v.closed IS NULL OR v.closed > v.opened) "
            "RETURN v.source, v.name, coalesce(v.first_token, v.token), coalesce(v.first_mapping, v.mapping), v.text, "
            "v.opened, v.closed ORDER BY v.source, v.name, v.opened"
        )
        for source, name, token, mapping, text, opened, closed in rows:
            until = not_after(closed, self._head)
            yield KeptPage(DocumentRef(source, name), token, mapping, unpacked(text), opened, until)

    def doubts(self) -> Iterator[KeptDoubt]:
        rows = self._rows(
            "MATCH (d:AsbuiltDoubt) WHERE d.opened <= $revision RETURN d.ref, d.since, d.had, d.opened, d.closed "
            "ORDER BY split(d.ref, '\\n')[0], d.ref, d.opened"
        )
        for ref, since, had, opened, closed in rows:
            doubted = Doubted(instant(since), instant_or_none(had))
            yield KeptDoubt(ref_of(ref), doubted, opened, not_after(closed, self._head))

    # ------------------------------------------------------------------------------------------------ versions

    def entities(self) -> Iterator[EntityVersion]:
        rows = self._rows(
            "MATCH (v:AsbuiltEntity) WHERE v.opened <= $revision WITH v, coalesce(v.last_key, v.past_key) AS key "
            f"ORDER BY split(key, '/')[-2], key, v.opened RETURN {ENTITY}"
        )
        return (entity_of(row, self._head) for row in rows)

    def relations(self) -> Iterator[RelationVersion]:
        rows = self._rows(
            "MATCH (v:AsbuiltRelation) WHERE v.opened <= $revision WITH v, coalesce(v.last_id, v.past_id) AS id "
            f"ORDER BY id, v.opened RETURN {RELATION}"
        )
        while portion := list(islice(rows, _PORTION)):
            yield from self._database.reading(partial(self._relations, portion))

    def _relations(self, rows: list[Row], ask: Ask) -> list[RelationVersion]:
        return relations_of(ask, self._lookup, rows, self._head)

    # ------------------------------------------------------------------------------------------------ claims, changes

    def claims(self) -> Iterator[KeptClaim]:
        rows = self._rows(
            f"MATCH (c:AsbuiltClaim) WHERE c.opened <= $revision RETURN {CLAIM} ORDER BY c.type, c.value, c.number"
        )
        for row in rows:
            yield KeptClaim(claim_of(row, self._head), row[7], not_after(row[8], self._head))

    def changes(self) -> Iterator[KeptChange]:
        rows = self._rows(
            "MATCH (c:AsbuiltChanges) WHERE c.revision <= $revision RETURN c.revision, c.body, c.void "
            "ORDER BY c.revision, c.first"
        )
        for revision, body, void in rows:
            for record in loaded(unpacked(body)):
                if record[0] not in (void or ()):
                    one = recorded_of(revision, 0, record)
                    yield KeptChange(revision, one.sequence, one.change, one.evidence, one.named)
