"""What does the embedded store answer as of one revision? Each question by the index that was made for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from graph.hops import Hop, Link
from graph.identity import Claim
from graph.model import (
    AliasName,
    DocumentRef,
    EntityVersion,
    Key,
    RelationVersion,
    RevisionMark,
    RunFold,
    ScopeState,
)
from graph.store import ChangeFilter, EntityFilter, Found, RecordedChange, SourceRecord, StoredDocument
from graph.stores.sqlite.decode import CLAIM, ENTITY, HOP, LINK, RELATION, Decoder, Row
from graph.stores.sqlite.history import changes
from graph.stores.sqlite.listing import census, listed
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.rows import chunks, digest_of, marks
from graph.stores.sqlite.scopes import FOLD, STATE, folds_of, sources_of, state_of
from graph.stores.sqlite.spans import IN_FORCE, IN_FORCE_NOW, probes
from graph.stores.sqlite.terms import found
from graph.stores.values import dumped, instant, microseconds, unpacked
from graph.terms import Term


class SqliteReader:
    """Everything as of one revision, in the snapshot that its connection holds. head: the newest revision in there."""

    def __init__(self, db: sqlite3.Connection, lookup: Lookup, mark: RevisionMark, head: int) -> None:
        self._db = db
        self._lookup = lookup
        self._decoder = Decoder(db, lookup)
        self._mark = mark
        self._head = head
        self._at = {"revision": mark.number, "probes": probes(mark.number, head)}

    @property
    def mark(self) -> RevisionMark:
        return self._mark

    def entities(self, wanted: EntityFilter, limit: int) -> Sequence[EntityVersion]:
        return listed(self._decoder, wanted, limit, self._mark.number, self._head)

    def latest(self, keys: Collection[Key]) -> Mapping[Key, EntityVersion]:
        numbers = list(self._lookup.key_numbers(self._db, keys).values())
        rows = self._db.execute(
            f"SELECT {ENTITY} FROM json_each(?) AS wanted CROSS JOIN entity_version AS v ON v.id = (SELECT id FROM "
            "entity_version WHERE key = wanted.value AND opened <= ? ORDER BY opened DESC LIMIT 1)",
            [json.dumps(numbers), self._mark.number],
        ).fetchall()
        return {one.key: one for one in self._decoder.entities(rows, self._mark.number)}

    def found(
        self, terms: Collection[Term], limit: int, *, prefix: bool = False, kinds: Collection[str] = ()
    ) -> Mapping[Term, Sequence[Found]]:
        numbers = self._lookup.numbers(self._db, kinds) if kinds else None
        return found(self._db, terms, limit, self._mark.number, prefix=prefix, kinds=numbers)

    def versions(self, key: Key) -> Sequence[EntityVersion]:
        rows = self._db.execute(
            f"SELECT {ENTITY} FROM entity_version AS v WHERE v.key = ? AND v.opened <= ? ORDER BY v.opened",
            [self._lookup.key_numbers(self._db, [key]).get(key), self._mark.number],
        ).fetchall()
        return self._decoder.entities(rows, self._mark.number)

    def relations(
        self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()
    ) -> Sequence[RelationVersion]:
        rows = self._tied_to(RELATION, keys, outgoing=outgoing, verbs=verbs)
        return self._decoder.relations(rows, self._mark.number)

    def untied(self, key: Key, *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[RelationVersion]:
        open_ = f"AND v.{'target' if outgoing else 'source'} IS NULL"
        rows = self._tied_to(RELATION, [key], outgoing=outgoing, verbs=verbs, rest=open_)
        return self._decoder.relations(rows, self._mark.number)

    def links(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Link]:
        rows = self._tied_to(LINK, keys, outgoing=outgoing, verbs=verbs)
        return self._decoder.links(rows)

    def hops(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Hop]:
        here, there = ("source", "target") if outgoing else ("target", "source")
        both = f"AND v.{there} IS NOT NULL"
        columns = HOP.format(here=here, there=there)
        return self._decoder.hops(self._ties(columns, keys, outgoing=outgoing, verbs=verbs, rest=both))

    def ids(self, ties: Collection[int | str]) -> Mapping[int | str, str]:
        found = self._decoder.digests([int(tie) for tie in ties])
        return {tie: found[int(tie)] for tie in ties}

    def _tied_to(
        self, columns: str, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str], rest: str = ""
    ) -> list[Row]:
        """Read columns of the relations in force whose source (or else target) is tied to one of the keys, by id."""
        stated = "CROSS JOIN relation AS r ON r.id = v.relation"
        return self._ties(
            columns, keys, outgoing=outgoing, verbs=verbs, stated=stated, rest=f"{rest} ORDER BY r.digest"
        )

    def _ties(
        self,
        columns: str,
        keys: Collection[Key],
        *,
        outgoing: bool,
        verbs: Collection[str],
        stated: str = "",
        rest: str = "",
    ) -> list[Row]:
        """Read columns of those relations. stated: joins what they tie as stated. rest: what follows."""
        numbers = self._lookup.number_of_each(self._db, set(keys))
        spans = IN_FORCE_NOW if self._mark.number == self._head else IN_FORCE
        in_force = spans.format(table="relation_version", column="source" if outgoing else "target")
        said = ",".join(map(str, self._lookup.numbers(self._db, verbs)))
        among = f"v.verb IN ({said})" if verbs else "1"
        return self._db.execute(
            f"SELECT {columns} FROM json_each(:wanted) AS wanted CROSS JOIN {in_force} {stated} WHERE {among} {rest}",
            {**self._at, "wanted": dumped(numbers)},
        ).fetchall()

    def unsettled(self, key: Key) -> Sequence[RelationVersion]:
        rows = self._db.execute(
            f"SELECT {RELATION} FROM candidate AS c CROSS JOIN relation_version AS v ON v.id = c.version "
            "CROSS JOIN relation AS r ON r.id = v.relation "
            "WHERE c.key = ? AND v.opened <= ? AND (v.closed IS NULL OR v.closed > ?) ORDER BY r.digest",
            [self._lookup.key_numbers(self._db, [key]).get(key), self._mark.number, self._mark.number],
        ).fetchall()
        return self._decoder.relations(rows, self._mark.number)

    def latest_ties(self, ids: Collection[str]) -> Mapping[str, RelationVersion]:
        digests = [digest for digest in map(digest_of, ids) if digest is not None]
        rows: list[Row] = []
        for portion in chunks(digests):
            rows += self._db.execute(
                f"SELECT {RELATION} FROM relation AS r CROSS JOIN relation_version AS v ON v.id = (SELECT id FROM "
                "relation_version WHERE relation = r.id AND opened <= ? ORDER BY opened DESC LIMIT 1) "
                f"WHERE r.digest IN ({marks(len(portion))})",
                [self._mark.number, *portion],
            )
        return {one.id: one for one in self._decoder.relations(rows, self._mark.number)}

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        return claims_of(self._decoder, names, self._mark.number)

    def changes(
        self, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None = None
    ) -> Sequence[RecordedChange]:
        return changes(self._decoder, wanted, limit, before, self._mark.number)

    def scopes(self) -> Sequence[ScopeState]:
        rows = self._db.execute(
            f"SELECT {STATE} FROM scope AS n CROSS JOIN state AS s ON s.scope = n.id AND s.opened = "
            "(SELECT max(opened) FROM state WHERE scope = n.id AND opened <= :revision) "
            "CROSS JOIN form AS f ON f.id = s.form "
            "WHERE s.closed IS NULL OR s.closed > :revision ORDER BY n.source, n.name",
            {"revision": self._mark.number},
        )
        return [state_of(row) for row in rows]

    def folds(self, source: str | None = None, scope: str | None = None) -> Sequence[RunFold]:
        until = None if self._mark.number == self._head else microseconds(self._mark.instant)
        rows = self._db.execute(
            f"SELECT {FOLD} FROM scope AS n JOIN fold AS f ON f.scope = n.id "
            "WHERE (:source IS NULL OR n.source = :source) AND (:scope IS NULL OR n.name = :scope) "
            "AND (:until IS NULL OR f.first_ended <= :until) "
            "ORDER BY f.first_started, n.source, n.name, f.id",
            {"source": source, "scope": scope, "until": until},
        )
        return [folds_of(row) for row in rows]

    def documents(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, StoredDocument]:
        numbers = self._lookup.document_numbers(self._db, refs)
        rows = self._db.execute(
            "SELECT d.id, v.version, v.mapping, v.text "
            "FROM json_each(?1) AS wanted CROSS JOIN document_version AS v ON v.id = "
            "(SELECT id FROM document_version WHERE document = wanted.value "
            "AND opened <= ?2 ORDER BY opened DESC LIMIT 1) CROSS JOIN document AS d ON d.id = v.document "
            "WHERE v.closed IS NULL OR v.closed > ?2",
            [json.dumps(list(numbers)), self._mark.number],
        )
        return {
            numbers[number]: StoredDocument(numbers[number], version, mapping, unpacked(text))
            for number, version, mapping, text in rows
        }

    def doubts(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, datetime]:
        numbers = self._lookup.document_numbers(self._db, refs)
        found: dict[DocumentRef, datetime] = {}
        for portion in chunks(numbers):
            rows = self._db.execute(
                f"SELECT document, since FROM doubt WHERE document IN ({marks(len(portion))}) AND opened <= ? "
                "AND (closed IS NULL OR closed > ?)",
                [*portion, self._mark.number, self._mark.number],
            )
            found.update((numbers[number], instant(since)) for number, since in rows)
        return found

    def sources(self) -> Sequence[SourceRecord]:
        return sources_of(self._db)

    def count(self, kinds: Collection[str] = ()) -> Mapping[str, int]:
        return census(self._db, self._lookup, kinds, self._mark.number)


def claims_of(decoder: Decoder, names: Collection[AliasName], revision: int) -> dict[AliasName, list[Claim]]:
    """Give every claim of some aliases up to a revision, in the order in which they were made."""
    numbers: dict[int, AliasName] = {}
    by_type: dict[str, list[str]] = {}
    for name in names:
        by_type.setdefault(name.type, []).append(name.value)
    for type_, values in by_type.items():
        word = decoder.lookup.number(decoder.db, type_)
        for portion in chunks(values):
            sql = f"SELECT id, value FROM alias WHERE type = ? AND value IN ({marks(len(portion))})"
            numbers.update((n, AliasName(type_, v)) for n, v in decoder.db.execute(sql, [word, *portion]))
    found: dict[AliasName, list[Claim]] = {}
    for several in chunks(numbers):
        rows = decoder.db.execute(
            f"SELECT {CLAIM} FROM claim AS c WHERE c.alias IN ({marks(len(several))}) AND c.opened <= ? ORDER BY c.id",
            [*several, revision],
        ).fetchall()
        named = {number: (numbers[number].type, numbers[number].value) for number in several}
        for number, claim in decoder.claims(rows, named, revision):
            found.setdefault(numbers[number], []).append(claim)
    return found
