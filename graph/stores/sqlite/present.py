"""What does settling read? The graph as it stands, what this commit wrote included."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from graph.identity import Claim
from graph.model import (
    AliasName,
    Cause,
    Change,
    DocumentRef,
    EntityVersion,
    Key,
    RelationVersion,
    Scope,
    ScopeState,
    Transition,
    statements_from,
)
from graph.settle import DocumentState, Standing
from graph.settle.settling import V
from graph.stores.sqlite.decode import ENTITY, RELATION, Decoder, Row
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.reader import claims_of
from graph.stores.sqlite.rows import chunks, marks
from graph.stores.sqlite.scopes import Scopes
from graph.stores.values import CAUSES, fields_of, interval, kind_of, microseconds, microseconds_or_none, unpacked

_LAST_TWO = (
    "FROM json_each(?) AS wanted CROSS JOIN {table} AS v ON v.id IN "
    "(SELECT id FROM {table} WHERE {column} = wanted.value ORDER BY opened DESC LIMIT 2)"
)

_NAMED = (
    "INSERT OR IGNORE INTO waiting SELECT kind, text, id FROM key AS k WHERE kind = ? AND text >= ? AND text < ? "
    "AND text LIKE '%/%/%' AND NOT EXISTS (SELECT 1 FROM entity_version WHERE key = k.id) "
    "AND (EXISTS (SELECT 1 FROM relation_version WHERE source = k.id AND class = -1) "
    "OR EXISTS (SELECT 1 FROM relation_version WHERE target = k.id AND class = -1))"
)
"""Let every key of a kind and between two texts wait that relations name and that was never had."""


class Present:
    """Reads of one commit in the making."""

    def __init__(self, decoder: Decoder, interning: Interning, scopes: Scopes, revision: int) -> None:
        self._db: sqlite3.Connection = decoder.db
        self._decoder = decoder
        self._interning = interning
        self._scopes = scopes
        self._revision = revision

    def entities(self, keys: Collection[Key]) -> Mapping[Key, Standing[EntityVersion]]:
        numbers = self._decoder.lookup.key_numbers(self._db, keys)
        sql = f"SELECT {ENTITY} {_LAST_TWO.format(table='entity_version', column='key')}"
        rows = self._db.execute(sql, [json.dumps(list(numbers.values()))]).fetchall()
        made = self._made("key", rows)
        found: dict[Key, list[EntityVersion]] = {}
        for version in self._decoder.entities(rows, self._revision):
            found.setdefault(version.key, []).append(version)
        return {key: self._standing(versions, made.get(numbers[key])) for key, versions in found.items()}

    def relations(self, ids: Collection[str]) -> Mapping[str, Standing[RelationVersion]]:
        numbers: dict[str, int] = {}
        for portion in chunks(ids):
            sql = f"SELECT digest, id FROM relation WHERE digest IN ({marks(len(portion))})"
            known = self._db.execute(sql, [bytes.fromhex(id_) for id_ in portion])
            numbers.update((digest.hex(), number) for digest, number in known)
        last = _LAST_TWO.format(table="relation_version", column="relation")
        sql = f"SELECT {RELATION} {last} CROSS JOIN relation AS r ON r.id = v.relation"
        rows = self._db.execute(sql, [json.dumps(list(numbers.values()))]).fetchall()
        made = self._made("relation", rows)
        found: dict[str, list[RelationVersion]] = {}
        for version in self._decoder.relations(rows, self._revision):
            found.setdefault(version.id, []).append(version)
        return {id_: self._standing(versions, made.get(numbers[id_])) for id_, versions in found.items()}

    def _standing(self, versions: list[V], made: Change | None) -> Standing[V]:
        """Say how a subject stands, by its last two versions."""
        versions.sort(key=lambda one: -one.opened)
        last = versions[0]
        now = last if last.closed is None else None
        stood = last if last.opened < self._revision else versions[1] if len(versions) > 1 else None
        if stood is None or stood.closed not in (None, self._revision):
            return Standing(now, None, made)
        return Standing(now, stood, made)

    def _made(self, column: str, rows: Sequence[Row]) -> dict[int, Change]:
        """Give the changes that this commit made so far of the subjects of some rows."""
        touched = {row[1] for row in rows if self._revision in (row[2], row[3])}
        made: dict[int, Change] = {}
        for portion in chunks(touched):
            found = self._db.execute(
                f"SELECT {column}, word, transition, cause, fields, happened_start, happened_end FROM change "
                f"WHERE {column} IN ({marks(len(portion))}) AND id >= ?",
                [*portion, self._revision << 32],
            )
            made.update((row[0], self._change(row)) for row in found)
        return made

    def _change(self, row: tuple[Any, ...]) -> Change:
        _, word, transition, cause, fields, start, end = row
        text = self._decoder.lookup.word(self._db, word)
        stated: Cause = CAUSES[cause]
        return Change("", text, Transition(transition), stated, fields_of(fields), interval(start, end))

    def statements(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, DocumentState]:
        numbers = self._decoder.lookup.document_numbers(self._db, refs)
        found: dict[DocumentRef, DocumentState] = {}
        for portion in chunks(numbers):
            rows = self._db.execute(
                "SELECT d.id, d.version, d.mapping, v.text FROM document AS d CROSS JOIN document_version AS v "
                "ON v.document = d.id AND v.opened = d.changed "
                f"WHERE d.standing = 1 AND d.id IN ({marks(len(portion))})",
                portion,
            )
            for number, version, mapping, text in rows:
                found[numbers[number]] = DocumentState(version, mapping, statements_from(unpacked(text)))
        return found

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        found = claims_of(self._decoder, names, self._revision)
        return {name: found.get(name, []) for name in names}

    def citing(self, names: Collection[AliasName]) -> Collection[str]:
        numbers = self._interning.aliases(names)
        found: set[str] = set()
        for portion in chunks(numbers.values()):
            rows = self._db.execute(
                "SELECT r.digest FROM citing AS c CROSS JOIN relation AS r ON r.id = c.relation "
                f"WHERE c.alias IN ({marks(len(portion))})",
                portion,
            )
            found.update(digest.hex() for (digest,) in rows)
        return found

    def seen(self, claim: Claim) -> datetime | None:
        row = self._db.execute(
            "SELECT k.text FROM document AS d CROSS JOIN key AS k ON k.id = d.subject "
            "WHERE d.source = ? AND d.name = ? AND d.standing = 1 AND d.missed = 0",
            [self._interning.word(claim.source), claim.document],
        ).fetchone()
        if row is None or not kind_of(row[0]):
            return None
        subject = Key(row[0])
        starts = (run.start for scope, run in self._scopes.looks(claim.source) if scope.covers(subject))
        return max((start for start in starts if start is not None), default=None)

    def is_gone(self, key: Key) -> bool:
        row = self._db.execute(
            "SELECT closed FROM entity_version WHERE key = ? ORDER BY opened DESC LIMIT 1",
            [self._decoder.lookup.key_numbers(self._db, [key]).get(key)],
        ).fetchone()
        return row is not None and row[0] is not None

    # ------------------------------------------------------------------------------------------------ waiting

    def _waiting(self, scope: Scope) -> list[tuple[int, str, int]]:
        """Give the keys of a home that may wait to be judged: (kind, key, number)."""
        low, high = _bounds(scope)
        found = []
        for kind in self._decoder.lookup.numbers(self._db, scope.states):
            rows = self._db.execute(
                "SELECT kind, key, id FROM waiting WHERE kind = ? AND key >= ? AND key < ?", [kind, low, high]
            )
            found += [row for row in rows if scope.covers(Key(row[1]))]
        return found

    def _named_since(self, number: int) -> int | None:
        """Tell since when relations in force name a key that was never had, in microseconds."""
        ends = " UNION ALL ".join(
            f"SELECT min(since_end) AS since FROM relation_version WHERE {end} = :key AND class = -1"
            for end in ("source", "target")
        )
        sql = f"SELECT min(since) FROM ({ends}) WHERE NOT EXISTS (SELECT 1 FROM entity_version WHERE key = :key)"
        since: int | None = self._db.execute(sql, {"key": number}).fetchone()[0]
        return since

    def unjudged(self, scope: Scope, before: datetime) -> bool:
        state = self._scopes.state(scope)
        until = microseconds(before)
        named = (self._named_since(number) for _, _, number in self._waiting(scope))
        return any(
            since is not None and since <= until and (state is None or not _looked_since(state, since))
            for since in named
        )

    def judge(self, scope: Scope) -> None:
        """Let what every home that can be read has looked for wait no longer, nor what is had or named no more."""
        self._wait_again(scope)
        homes = self._scopes.readable()
        settled = []
        for kind, key, number in self._waiting(scope):
            since = self._named_since(number)
            if since is None or all(_looked_since(home, since) for home in homes if home.scope.covers(Key(key))):
                settled.append((kind, key))
        self._db.executemany("DELETE FROM waiting WHERE kind = ? AND key = ?", settled)

    def _wait_again(self, scope: Scope) -> None:
        """Where a clock went back, this look began before the last one: what that one looked for waits again."""
        state = self._scopes.state(scope)
        row = self._db.execute(
            "SELECT s.judged_start FROM scope AS n CROSS JOIN state AS s ON s.scope = n.id "
            "WHERE n.source = ? AND n.name = ? AND s.opened < ? AND s.judged_start NOTNULL "
            "ORDER BY s.opened DESC LIMIT 1",
            [scope.source, scope.name, self._revision],
        ).fetchone()
        if row is None or state is None or _looked_since(state, row[0]):
            return
        low, high = _bounds(scope)
        for kind in self._decoder.lookup.numbers(self._db, scope.states):
            self._db.execute(_NAMED, [kind, low, high])


def _looked_since(state: ScopeState, instant: int) -> bool:
    """Tell whether the last look at a scope that a revision took notice of began no earlier than an instant."""
    looked = microseconds_or_none(state.judged.start) if state.judged is not None else None
    return looked is not None and looked >= instant


def _bounds(scope: Scope) -> tuple[str, str]:
    """Give what the texts of all keys in a range lie between."""
    return (scope.range, scope.range + "0") if scope.range else ("", "\U0010ffff")
