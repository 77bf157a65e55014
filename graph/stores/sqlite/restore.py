"""How is an empty file filled with what another store dumped? Table by table, in the one transaction of its writer.

What only serves to find the way is made at the end, from the tables that it leads to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from graph.identity import cited
from graph.model import AliasName, DocumentRef, EntityVersion, Key, RelationVersion, RevisionMark, RunFold
from graph.store import SourceRecord, StoreError
from graph.stores.durations import duration_class
from graph.stores.sqlite.documents import ENDED, IN_FORCE, LEFT_BEHIND
from graph.stores.sqlite.encode import ancestors, change_row, entity_row, relation_keys, relation_row, stated_row
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.rows import marks
from graph.stores.sqlite.scopes import Scopes
from graph.stores.sqlite.spans import PRESENT
from graph.stores.sqlite.terms import fill
from graph.stores.values import kind_of, microseconds, microseconds_or_none, packed
from graph.transfer.records import (
    KeptChange,
    KeptClaim,
    KeptDocument,
    KeptDoubt,
    KeptKnowledge,
    KeptPage,
    KeptState,
    Record,
    in_order,
)

_PORTION = 2000

_EMPTY = "SELECT 1 FROM {table} LIMIT 1"
_ASKED = ("source", "knowledge", "scope", "document", "key")

_DERIVED = """
UPDATE document SET changed = ifnull(
    (SELECT max(ifnull(closed, opened)) FROM document_version WHERE document = document.id), 0);
INSERT INTO present SELECT v.kind, k.text, v.id FROM entity_version AS v CROSS JOIN key AS k ON k.id = v.key
    WHERE v.closed IS NULL;
INSERT INTO census SELECT kind, revision, sum(sum(more)) OVER (PARTITION BY kind ORDER BY revision) FROM (
    SELECT kind, opened AS revision, 1 AS more FROM entity_version
    UNION ALL SELECT kind, closed, -1 FROM entity_version WHERE closed IS NOT NULL
) GROUP BY kind, revision HAVING sum(more) <> 0;
INSERT INTO contested SELECT DISTINCT alias FROM (
    SELECT c.alias, k.kind FROM claim AS c CROSS JOIN key AS k ON k.id = c.key
    WHERE c.closed IS NULL AND c.holding = 'exclusive' GROUP BY c.alias, k.kind HAVING count(DISTINCT c.key) > 1);
INSERT OR IGNORE INTO waiting SELECT k.kind, k.text, k.id FROM (
    SELECT source AS key FROM relation_version WHERE closed IS NULL AND source IS NOT NULL
    UNION SELECT target FROM relation_version WHERE closed IS NULL AND target IS NOT NULL
) AS named CROSS JOIN key AS k ON k.id = named.key
    WHERE k.text LIKE '%/%/%' AND NOT EXISTS (SELECT 1 FROM entity_version WHERE key = k.id);
"""
"""What is told from the rest. waiting: the contained keys that relations in force name and that were never had."""


def restore(db: sqlite3.Connection, interning: Interning, records: Iterable[Record]) -> None:
    """Fill a file inside the transaction that is open. Raise StoreError where there is something in it."""
    if db.execute("SELECT 1 FROM mark WHERE number > 0").fetchone() or any(
        db.execute(_EMPTY.format(table=table)).fetchone() for table in _ASKED
    ):
        raise StoreError("this store is not empty: import into a new one")
    restoring = _Restoring(db, interning)
    for type_, alike in groupby(in_order(records), type):
        write = restoring.writes.get(type_)
        while portion := list(islice(alike, _PORTION)):
            if write is not None:  # the head is told by the marks
                write(portion)
    for statement in _DERIVED.split(";\n"):
        db.execute(statement)
    fill(db)


class _Restoring:
    """Records to rows, a portion of one type at a time."""

    def __init__(self, db: sqlite3.Connection, interning: Interning) -> None:
        self._db = db
        self._interning = interning
        self._scopes = Scopes(db, interning, 0)
        self.writes: Mapping[type, Callable[[Any], None]] = {
            RevisionMark: self._marks,
            SourceRecord: self._sources,
            KeptKnowledge: self._knowledge,
            KeptState: self._states,
            RunFold: self._folds,
            KeptDocument: self._documents,
            KeptPage: self._pages,
            KeptDoubt: self._doubts,
            EntityVersion: self._entities,
            RelationVersion: self._relations,
            KeptClaim: self._claims,
            KeptChange: self._changes,
        }

    def _insert(self, table: str, columns: int, rows: Iterable[Sequence[Any]]) -> None:
        self._db.executemany(f"INSERT INTO {table} VALUES ({marks(columns)})", rows)

    # ------------------------------------------------------------------------------------------------ scopes

    def _marks(self, records: Sequence[RevisionMark]) -> None:
        self._insert("mark", 2, [(one.number, microseconds(one.instant)) for one in records])

    def _sources(self, records: Sequence[SourceRecord]) -> None:
        for one in records:
            self._scopes.write_source(one)

    def _knowledge(self, records: Sequence[KeptKnowledge]) -> None:
        for one in records:
            self._scopes.write_knowledge(one.source, one.knowledge)

    def _states(self, records: Sequence[KeptState]) -> None:
        for one in records:
            self._scopes.put_state(one.state, one.opened, one.closed)

    def _folds(self, records: Sequence[RunFold]) -> None:
        for one in records:
            self._scopes.put_fold(one)

    # ------------------------------------------------------------------------------------------------ documents

    def _documents(self, records: Sequence[KeptDocument]) -> None:
        subjects = self._interning.keys(one.known.subject if one.known else "" for one in records)
        rows: list[tuple[Any, ...]] = []
        homes = []
        for one in records:
            known, number, source = one.known, self._interning.fresh("document"), self._interning.word(one.ref.source)
            of = (number, source, one.ref.id)
            if known is None:
                rows.append((*of, ENDED, 0, subjects[""], b"", 0, "", None, None, 0))
                continue
            standing = LEFT_BEHIND if known.gone else IN_FORCE
            said = (bytes.fromhex(known.fingerprint), known.mapping, known.version, known.position, known.incarnation)
            rows.append((*of, standing, 0, subjects[known.subject], *said, int(known.missed)))
            homes.append((source, self._interning.word(kind_of(known.subject)), known.subject, number))
        self._insert("document", 12, rows)
        self._insert("home", 4, homes)

    def _numbered(self, refs: Iterable[DocumentRef]) -> dict[DocumentRef, int]:
        """Give the numbers of documents; one that a single revision opened and ended gets a row as one that ended."""
        wanted = set(refs)
        found = self._interning.documents(wanted)
        lacking = sorted(wanted - found.keys())
        if lacking:
            self._documents([KeptDocument(ref, None) for ref in lacking])
            found |= self._interning.documents(lacking)
        return found

    def _pages(self, records: Sequence[KeptPage]) -> None:
        numbers, fresh = self._numbered(one.ref for one in records), self._interning.fresh
        rows = []
        for one in records:
            said = (one.version, one.mapping, packed(one.text))
            rows.append((fresh("document_version"), numbers[one.ref], one.opened, one.closed, *said))
        self._insert("document_version", 7, rows)

    def _doubts(self, records: Sequence[KeptDoubt]) -> None:
        numbers = self._numbered(one.ref for one in records)
        rows = []
        for one in records:
            since, had = microseconds(one.doubted.since), microseconds_or_none(one.doubted.had)
            rows.append((numbers[one.ref], one.opened, one.closed, since, had))
        self._insert("doubt", 5, rows)

    # ------------------------------------------------------------------------------------------------ versions

    def _entities(self, records: Sequence[EntityVersion]) -> None:
        keys = self._interning.keys({place for one in records for place in (one.key, *ancestors(one.key))})
        documents = self._numbered(ref for one in records for ref in one.evidence)
        rows = []
        for one in records:
            number, kind = self._interning.fresh("entity_version"), self._interning.word(one.kind)
            rows.append(_spanned(entity_row(number, keys[one.key], kind, one, one.opened, documents), one))
        self._insert("entity_version", 13, rows)

    def _relations(self, records: Sequence[RelationVersion]) -> None:
        named = {Key(key) for one in records for key in relation_keys(one)}
        keys = self._interning.keys({place for key in named for place in (key, *ancestors(key))})
        documents = self._numbered(ref for one in records for ref in one.evidence)
        numbers = self._stated(records, keys)
        rows, candidates = [], []
        for one in records:
            id_ = self._interning.fresh("relation_version")
            words = (self._interning.word(one.verb), self._interning.word(one.stated.method))
            row = relation_row((id_, numbers[one.id], *words), one, one.opened, keys, documents)
            rows.append(_spanned(row, one))
            several = {key for end in (one.source, one.target) if len(end.keys) > 1 for key in end.keys}
            candidates += [(keys[key], id_) for key in several]
        self._insert("relation_version", 15, rows)
        self._insert("candidate", 2, candidates)
        self._cite(records, numbers)

    def _stated(self, records: Sequence[RelationVersion], keys: Mapping[str, int]) -> dict[str, int]:
        """Give the numbers of relations, and write what those tie that have none yet."""
        numbers = self._interning.relations({one.id for one in records})
        rows = []
        for one in records:
            if one.id not in numbers:
                numbers[one.id] = self._interning.fresh("relation")
                verb = self._interning.word(one.verb)
                rows.append(stated_row(numbers[one.id], bytes.fromhex(one.id), verb, one.stated, keys))
        self._insert("relation", 6, rows)
        return numbers

    def _cite(self, records: Sequence[RelationVersion], numbers: Mapping[str, int]) -> None:
        citing: set[tuple[AliasName, int]] = set()
        for one in records:
            names = (cited(end) for end in (one.stated.source, one.stated.target) if one.closed is None)
            citing |= {(name, numbers[one.id]) for name in names if name is not None}
        aliases = self._interning.aliases({name for name, _ in citing})
        self._insert("citing", 2, [(aliases[name], number) for name, number in citing])

    # ------------------------------------------------------------------------------------------------ claims, changes

    def _claims(self, records: Sequence[KeptClaim]) -> None:
        claims = [one.claim for one in records]
        aliases = self._interning.aliases({claim.alias.name for claim in claims})
        keys = self._interning.keys({claim.key for claim in claims})
        documents = self._numbered(DocumentRef(claim.source, claim.document) for claim in claims)
        rows = []
        for one in records:
            claim, taken = one.claim, one.claim.taken
            document = documents[DocumentRef(claim.source, claim.document)]
            of = (self._interning.fresh("claim"), aliases[claim.alias.name], document, keys[claim.key])
            when = (microseconds_or_none(taken.start), microseconds(taken.end), one.opened, one.closed)
            rows.append((*of, claim.alias.holding, *when))
        self._insert("claim", 9, rows)

    def _changes(self, records: Sequence[KeptChange]) -> None:
        about = {key for one in records for key in one.named}
        keys = self._interning.keys({place for key in about for place in (key, *ancestors(key))})
        relations = self._interning.relations({one.change.subject for one in records if "/" not in one.change.subject})
        documents = self._numbered(ref for one in records for ref in one.evidence)
        rows, named_rows, under_rows = [], [], []
        for one in records:
            id_, change, tie = (one.revision << 32) + one.sequence, one.change, relations.get(one.change.subject)
            subject = (keys[change.subject], None) if tie is None else (None, tie)
            evidence = [documents[ref] for ref in one.evidence]
            named = sorted(keys[key] for key in one.named) if tie is not None else []
            rows.append(change_row(id_, subject, self._interning.word(change.word), change, evidence, named))
            named_rows += [(key, id_) for key in named]
            places = {place for key in one.named for place in ancestors(key)}
            under_rows += [(keys[place], id_) for place in places]
        self._insert("change", 14, rows)
        self._insert("change_named", 2, named_rows)
        self._insert("change_under", 2, under_rows)


def _spanned(row: tuple[Any, ...], version: EntityVersion | RelationVersion) -> tuple[Any, ...]:
    """Let the row of a version in force stand for one that may be past: `closed` and `class` follow `opened`."""
    class_ = PRESENT if version.closed is None else duration_class(version.closed - version.opened)
    return (*row[:4], version.closed, class_, *row[6:])
