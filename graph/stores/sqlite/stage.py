"""How does a commit of the embedded store come about? In one transaction, which publishing makes durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from graph.identity import Claim
from graph.model import (
    AliasName,
    DocumentRef,
    EntityVersion,
    Interval,
    Key,
    Knowledge,
    RelationVersion,
    RevisionMark,
    Run,
    Scope,
    ScopeState,
)
from graph.settle import ChangeSet, Delta, DocumentState, Standing
from graph.store import Doubted, SourceRecord
from graph.stores.sqlite.claims import Claims
from graph.stores.sqlite.decode import Decoder
from graph.stores.sqlite.documents import Documents
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.known import covered_ids
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.present import Present
from graph.stores.sqlite.scopes import Scopes
from graph.stores.sqlite.settled import Settling
from graph.stores.values import microseconds

Published = Callable[[int, Mapping[str, Collection[str]]], None]
"""Told, after a commit, the newest revision and the documents (ids by source) of which another thing is known now."""


class SqliteStage:
    """One commit in the making, inside the writer's transaction."""

    def __init__(
        self,
        db: sqlite3.Connection,
        names: tuple[Interning, Lookup],
        head: RevisionMark,
        base: int | None,
        published: Published,
    ) -> None:
        self._db = db
        self._head = head
        self._published = published
        interning, lookup = names
        self._interning = interning
        revision = head.number + 1
        self._decoder = Decoder(db, lookup)
        self._scopes = Scopes(db, interning, revision)
        self._present = Present(self._decoder, interning, self._scopes, revision)
        self._documents = Documents(db, interning, revision, head.number if base is None else base)
        self._claims = Claims(db, interning, revision)
        self._settling = Settling(db, interning, revision)

    @property
    def revision(self) -> int:
        return self._head.number + 1

    # ------------------------------------------------------------------------------------------------ reads

    def entities(self, keys: Collection[Key]) -> Mapping[Key, Standing[EntityVersion]]:
        return self._present.entities(keys)

    def relations(self, ids: Collection[str]) -> Mapping[str, Standing[RelationVersion]]:
        return self._present.relations(ids)

    def statements(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, DocumentState]:
        return self._present.statements(refs)

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        return self._present.claims(names)

    def citing(self, names: Collection[AliasName]) -> Collection[str]:
        return self._present.citing(names)

    def seen(self, claim: Claim) -> datetime | None:
        return self._present.seen(claim)

    def knowledge(self, source: str, mapping: int) -> Knowledge | None:
        return self._scopes.knowledge(source, mapping)

    def state(self, scope: Scope) -> ScopeState | None:
        return self._scopes.state(scope)

    def states(self, source: str) -> Sequence[ScopeState]:
        return self._scopes.states(source)

    def is_gone(self, key: Key) -> bool:
        return self._present.is_gone(key)

    def sources(self) -> Sequence[SourceRecord]:
        return self._scopes.sources()

    def source(self, name: str) -> SourceRecord | None:
        return self._scopes.source(name)

    def previous_complete(self, scope: Scope) -> Interval | None:
        return self._scopes.previous_complete(scope)

    def unjudged(self, scope: Scope, before: datetime) -> bool:
        return self._present.unjudged(scope, before)

    def contested(self, scope: Scope) -> Collection[AliasName]:
        return self._claims.contested(scope, self._decoder.lookup.numbers(self._db, scope.states))

    def covered(self, scope: Scope) -> Collection[str]:
        return covered_ids(self._db, self._decoder.lookup, scope)

    # ------------------------------------------------------------------------------------------------ writes

    def accept(self, deltas: Sequence[Delta], taken: Interval) -> None:
        self._documents.accept(deltas)
        self._claims.accept(deltas, taken)

    def apply(self, changes: ChangeSet) -> None:
        self._settling.apply(changes)

    def touch(self, source: str, touched: Iterable[tuple[str, str, int | None]], mapping: int) -> None:
        self._documents.touch(source, touched, mapping)

    def doubt(self, source: str, missed: Collection[str], found: Collection[str], doubted: Doubted) -> None:
        self._documents.doubt(source, missed, found, doubted)

    def last_had(self, source: str, ids: Collection[str]) -> Mapping[str, datetime | None]:
        return self._documents.last_had(source, ids)

    def standing(self, source: str) -> Collection[str]:
        return self._documents.standing(source)

    def failing_since(self, scope: Scope) -> datetime | None:
        return self._scopes.failing_since(scope)

    def forget(self, source: str, ids: Collection[str]) -> None:
        self._documents.forget(source, ids)

    def judge(self, scope: Scope) -> None:
        self._present.judge(scope)

    def write_state(self, state: ScopeState | None, scope: Scope) -> None:
        self._scopes.write_state(state, scope)

    def rename_scope(self, scope: Scope, name: str) -> None:
        self._scopes.rename(scope, name)

    def write_run(self, run: Run) -> None:
        self._scopes.write_run(run)

    def write_source(self, record: SourceRecord) -> None:
        self._scopes.write_source(record)

    def write_knowledge(self, source: str, knowledge: Knowledge) -> None:
        self._scopes.write_knowledge(source, knowledge)

    def publish(self, now: datetime | None) -> RevisionMark | None:
        mark = None
        if now is not None:
            mark = RevisionMark(self.revision, max(now, self._head.instant + timedelta(microseconds=1)))
            self._db.execute("INSERT INTO mark VALUES (?, ?)", [mark.number, microseconds(mark.instant)])
            self._count()
        self._db.execute("COMMIT")
        self._published((mark or self._head).number, self._documents.changed)
        return mark

    def _count(self) -> None:
        """Write how many entities of a kind there are from this revision on, where that is another number."""
        self._db.executemany(
            "INSERT INTO census VALUES (?1, ?2, ?3 + ifnull((SELECT present FROM census WHERE kind = ?1 "
            "ORDER BY revision DESC LIMIT 1), 0))",
            [(kind, self.revision, more) for kind, more in self._settling.census.items() if more],
        )
