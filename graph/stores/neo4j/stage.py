"""How does a commit of the store in Neo4j come about? In steps that nobody sees before the last one publishes them."""

from __future__ import annotations

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
from graph.stores.neo4j.claims import Claims
from graph.stores.neo4j.commit import Commit, Write
from graph.stores.neo4j.documents import Documents
from graph.stores.neo4j.known import covered_ids, standing_ids
from graph.stores.neo4j.numbers import Interning, Lookup
from graph.stores.neo4j.present import Present
from graph.stores.neo4j.scopes import Scopes
from graph.stores.neo4j.settled import Settling
from graph.stores.values import microseconds

Published = Callable[[RevisionMark, Mapping[str, Collection[str]]], None]
"""Told, after a commit, the newest revision and the documents (ids by source) of which another thing is known now."""

_CENSUS = (
    "UNWIND $rows AS row OPTIONAL CALL (row) { MATCH (c:AsbuiltCensus) USING INDEX c:AsbuiltCensus(kind, revision) "
    "WHERE c.kind = row[0] AND c.revision < $revision RETURN c.present AS present "
    "ORDER BY c.kind DESC, c.revision DESC LIMIT 1 } "
    "CREATE (:AsbuiltCensus {kind: row[0], revision: $revision, present: row[1] + coalesce(present, 0)})"
)
_MARK = "UNWIND $rows AS row CREATE (:AsbuiltRevision {number: row[0], instant: row[1]})"
_WAIT = (
    "UNWIND $rows AS row MATCH (k:AsbuiltKey) USING INDEX k:AsbuiltKey(key) WHERE k.key = row[0] "
    "AND NOT EXISTS { MATCH (v:AsbuiltEntity) WHERE v.last_key = k.key } SET k._waiting = row[1]"
)
_JUDGED = (
    "UNWIND $rows AS row MATCH (k:AsbuiltKey) USING INDEX k:AsbuiltKey(key) WHERE k.key = row[0] REMOVE k._waiting"
)


class Neo4jStage:
    """One commit in the making."""

    def __init__(
        self,
        commit: Commit,
        names: tuple[Interning, Lookup],
        head: RevisionMark,
        base: int | None,
        published: Published,
    ) -> None:
        self._commit = commit
        self._head = head
        self._published = published
        interning, lookup = names
        self._scopes = Scopes(commit)
        self._present = Present(commit, lookup, self._scopes)
        self._documents = Documents(commit, head.number if base is None else base)
        self._claims = Claims(commit)
        self._settling = Settling(commit, interning, self._present)
        self._judged: list[list[str]] = []
        self._again: set[str] = set()

    @property
    def revision(self) -> int:
        return self._commit.revision

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

    def failing_since(self, scope: Scope) -> datetime | None:
        return self._scopes.failing_since(scope)

    def unjudged(self, scope: Scope, before: datetime) -> bool:
        return self._present.unjudged(scope, before)

    def contested(self, scope: Scope) -> Collection[AliasName]:
        return self._claims.contested(scope)

    def covered(self, scope: Scope) -> Collection[str]:
        return covered_ids(self._commit.read, scope, self.revision)

    def standing(self, source: str) -> Collection[str]:
        return standing_ids(self._commit.read, source, self.revision)

    def last_had(self, source: str, ids: Collection[str]) -> Mapping[str, datetime | None]:
        return self._documents.last_had(source, ids)

    # ------------------------------------------------------------------------------------------------ writes

    def accept(self, deltas: Sequence[Delta], taken: Interval) -> None:
        writes = self._documents.accept(deltas)
        self._commit.write([*writes, *self._claims.accept(deltas, taken)])

    def apply(self, changes: ChangeSet) -> None:
        self._settling.apply(changes)

    def touch(self, source: str, touched: Iterable[tuple[str, str, int | None]], mapping: int) -> None:
        self._documents.touch(source, touched, mapping)

    def doubt(self, source: str, missed: Collection[str], found: Collection[str], doubted: Doubted) -> None:
        self._documents.doubt(source, missed, found, doubted)

    def forget(self, source: str, ids: Collection[str]) -> None:
        self._documents.forget(source, ids)

    def judge(self, scope: Scope) -> None:
        again = set(self._present.waits_again(scope))
        self._judged += [[key] for key in self._present.judged(scope) if key not in again]
        self._again |= again

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

    # ------------------------------------------------------------------------------------------------ the end

    def publish(self, now: datetime | None) -> RevisionMark | None:
        mark, last = None, list[Write]()
        if now is not None:
            mark = RevisionMark(self.revision, max(now, self._head.instant + timedelta(microseconds=1)))
            census = [[kind, more] for kind, more in self._settling.census.items() if more]
            marked = [[mark.number, microseconds(mark.instant)]]
            last += [*self._scopes.versions(), (_CENSUS, census), (_MARK, marked)]
        self._commit.write(self._waits(), versions=False)
        self._commit.publish([*last, *self._scopes.writes(), *self._later()], mark)
        self._published(mark or self._head, self._documents.changed)
        return mark

    def _waits(self) -> list[Write]:
        """Say which keys wait to be looked for. One too many costs a look, so it need not wait for the last step."""
        waiting = sorted(self._settling.named.keys() | self._again)
        return [(_WAIT, [[key, f"{Key(key).kind}\n{key}"] for key in waiting])]

    def _later(self) -> list[Write]:
        return [*self._documents.later, *self._claims.later, (_JUDGED, self._judged)]
