"""What is kept of scopes, their runs, and their sources? Gathered while a commit is made; its last step writes it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from graph.model import Interval, Knowledge, Outcome, Run, RunFold, Scope, ScopeState, ScopeStatus
from graph.store import SourceRecord
from graph.stores.neo4j.commit import Commit, Write
from graph.stores.neo4j.decode import FOLD, fold_of, state_of
from graph.stores.neo4j.encode import scope_text, state_body
from graph.stores.neo4j.reader import sources_of
from graph.stores.selection import folded
from graph.stores.values import dumped, instant, loaded, microseconds, microseconds_or_none

_END_STATE = (
    "UNWIND $rows AS row MATCH (v:AsbuiltState) USING INDEX v:AsbuiltState(last_scope) WHERE v.last_scope = row[0] "
    "AND v.superseded IS NULL SET v.closed = coalesce(v.closed, $revision), "
    "v.superseded = CASE WHEN row[1] IS NULL THEN null ELSE $revision END, "
    "v.past_scope = CASE WHEN row[1] IS NULL THEN null ELSE row[0] END, v:AsbuiltClosing"
)
_STATE = (
    "UNWIND $rows AS row WITH row WHERE row[1] IS NOT NULL "
    "CREATE (v:AsbuiltState {last_scope: row[0], source: row[2], opened: $revision, body: row[1]})"
)
_FOLD = (
    "UNWIND $rows AS row MERGE (f:AsbuiltFold {number: row[0]}) SET f.scope = row[1], f.source = row[2], "
    "f.name = row[3], f.outcome = row[4], f.error = row[5], f.first_started = row[6], f.first_ended = row[7], "
    "f.last_started = row[8], f.last_ended = row[9], f.count = row[10], f.longest_gap = row[11]"
)
_RENAME = (
    "UNWIND $rows AS row MATCH (f:AsbuiltFold) USING INDEX f:AsbuiltFold(scope, number) WHERE f.scope = row[0] "
    "AND f.number >= 0 SET f.scope = row[1], f.name = row[2]"
)
_SOURCE = (
    "UNWIND $rows AS row MERGE (s:AsbuiltSource {name: row[0]}) "
    "SET s.type = row[1], s.first_read = row[2], s.configured = row[3]"
)
_KNOWLEDGE = "UNWIND $rows AS row MERGE (k:AsbuiltKnowledge {source: row[0], version: row[1]}) SET k.fields = row[2]"
_OF_SCOPE = "MATCH (f:AsbuiltFold) USING INDEX f:AsbuiltFold(scope, number) WHERE f.scope = $scope AND f.number >= 0"
_NEWEST_FIRST = "ORDER BY f.scope DESC, f.number DESC"


class _Numbered(NamedTuple):
    number: int
    fold: RunFold


class Scopes:
    """Scopes, runs and sources, for the one writer."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._states: dict[str, ScopeState | None] = {}
        self._folds: dict[str, _Numbered] = {}
        self._renamed: dict[str, tuple[str, str]] = {}
        self._sources: dict[str, SourceRecord] | None = None
        self._moved: set[str] = set()
        self._knowledge: dict[tuple[str, int], Knowledge] = {}
        self._looks: dict[str, list[tuple[Scope, Interval]]] = {}

    # ------------------------------------------------------------------------------------------------ states

    def state(self, scope: Scope) -> ScopeState | None:
        name = scope_text(scope.source, scope.name)
        if name in self._states:
            return self._states[name]
        rows = self._commit.read(
            "MATCH (v:AsbuiltState) WHERE v.last_scope = $name AND v.superseded IS NULL AND v.closed IS NULL "
            "RETURN v.body",
            name=name,
        )
        return state_of(rows[0][0]) if rows else None

    def states(self, source: str) -> list[ScopeState]:
        rows = self._commit.read(
            "MATCH (v:AsbuiltState) WHERE v.last_scope STARTS WITH $begins AND v.superseded IS NULL "
            "AND v.closed IS NULL RETURN v.last_scope, v.body",
            begins=f"{source}\n",
        )
        known: dict[str, ScopeState | None] = {name: state_of(body) for name, body in rows}
        known |= {name: state for name, state in self._states.items() if name.startswith(f"{source}\n")}
        return [state for _, state in sorted(known.items()) if state is not None]

    def readable(self) -> list[ScopeState]:
        """Give the present state of every scope, of whatever source, that can be read."""
        rows = self._commit.read(
            "MATCH (v:AsbuiltState) WHERE v.last_scope IS NOT NULL AND v.superseded IS NULL AND v.closed IS NULL "
            "RETURN v.last_scope, v.body"
        )
        known = {name: state_of(body) for name, body in rows if name not in self._states}
        states = [*known.values(), *(state for state in self._states.values() if state is not None)]
        return [state for state in states if state.status is ScopeStatus.READABLE]

    def judged_before(self, scope: Scope) -> Interval | None:
        """Give the last complete run of a scope that a revision before this one took notice of."""
        query = (
            "MATCH (v:AsbuiltState) WHERE v.{name} = $name AND v.opened < $before "
            "RETURN v.opened, v.body ORDER BY v.opened DESC LIMIT 1"
        )
        both = " UNION ALL ".join(query.format(name=name) for name in ("last_scope", "past_scope"))
        name, before = scope_text(scope.source, scope.name), self._commit.revision
        while rows := self._commit.read(both, name=name, before=before):
            before, body = max(rows)
            if (judged := state_of(body).judged) is not None:
                return judged
        return None

    def write_state(self, state: ScopeState | None, scope: Scope) -> None:
        self._looks.clear()
        self._states[scope_text(scope.source, scope.name)] = state

    # ------------------------------------------------------------------------------------------------ runs

    def rename(self, scope: Scope, name: str) -> None:
        self._looks.clear()
        former = scope_text(scope.source, scope.name)
        self._renamed[former] = (scope_text(scope.source, name), name)
        self._folds.pop(former, None)

    def _last(self, name: str) -> _Numbered | None:
        """Give the last fold of a scope."""
        if name in self._folds:
            return self._folds[name]
        if name in self._renamed:
            return None
        rows = self._commit.read(f"{_OF_SCOPE} RETURN f.number, {FOLD} {_NEWEST_FIRST} LIMIT 1", scope=name)
        return _Numbered(rows[0][0], fold_of(rows[0][1:])) if rows else None

    def previous_complete(self, scope: Scope) -> Interval | None:
        name = scope_text(scope.source, scope.name)
        written = self._folds.get(name)
        if written is not None and written.fold.outcome == Outcome.COMPLETE:
            return Interval(written.fold.last_started, written.fold.last_ended)
        if name in self._renamed:
            return None
        rows = self._commit.read(
            f"{_OF_SCOPE} AND f.outcome = $outcome RETURN f.last_started, f.last_ended {_NEWEST_FIRST} LIMIT 1",
            scope=name,
            outcome=Outcome.COMPLETE.value,
        )
        return Interval(instant(rows[0][0]), instant(rows[0][1])) if rows else None

    def failing_since(self, scope: Scope) -> datetime | None:
        """Give the start of the first run since the last complete one; None where there is none."""
        name = scope_text(scope.source, scope.name)
        if name in self._renamed:
            return None
        complete = self._commit.read(
            f"{_OF_SCOPE} AND f.outcome = $outcome RETURN f.number {_NEWEST_FIRST} LIMIT 1",
            scope=name,
            outcome=Outcome.COMPLETE.value,
        )
        rows = self._commit.read(
            f"{_OF_SCOPE} AND f.number > $after RETURN min(f.first_started)",
            scope=name,
            after=complete[0][0] if complete else -1,
        )
        return None if rows[0][0] is None else instant(rows[0][0])

    def looks(self, source: str) -> list[tuple[Scope, Interval]]:
        """Give the scopes of a source that were ever read completely, and the last such run of each."""
        if source not in self._looks:
            runs = [(state.scope, self.previous_complete(state.scope)) for state in self.states(source)]
            self._looks[source] = [(scope, run) for scope, run in runs if run is not None]
        return self._looks[source]

    def write_run(self, run: Run) -> None:
        self._looks.clear()
        name = scope_text(run.scope.source, run.scope.name)
        last = self._last(name)
        fold, begun = folded(None if last is None else last.fold, run)
        number = last.number if last is not None and not begun else self._fresh()
        self._folds[name] = _Numbered(number, fold)

    def _fresh(self) -> int:
        rows = self._commit.read(
            "MATCH (f:AsbuiltFold) USING INDEX f:AsbuiltFold(number) WHERE f.number >= 0 "
            "RETURN f.number ORDER BY f.number DESC LIMIT 1"
        )
        given = [one.number for one in self._folds.values()]
        return max([*given, rows[0][0] if rows else 0]) + 1

    # ------------------------------------------------------------------------------------------------ sources

    def _known_sources(self) -> dict[str, SourceRecord]:
        if self._sources is None:
            self._sources = {one.name: one for one in sources_of(self._commit.read)}
        return self._sources

    def sources(self) -> list[SourceRecord]:
        return [one for _, one in sorted(self._known_sources().items())]

    def source(self, name: str) -> SourceRecord | None:
        return self._known_sources().get(name)

    def write_source(self, record: SourceRecord) -> None:
        if self.source(record.name) != record:
            self._known_sources()[record.name] = record
            self._moved.add(record.name)

    def knowledge(self, source: str, mapping: int) -> Knowledge | None:
        if (source, mapping) in self._knowledge:
            return self._knowledge[source, mapping]
        rows = self._commit.read(
            "MATCH (k:AsbuiltKnowledge) WHERE k.source = $source AND k.version = $version RETURN k.fields",
            source=source,
            version=mapping,
        )
        if not rows:
            return None
        return Knowledge(mapping, {word: frozenset(names) for word, names in loaded(rows[0][0]).items()})

    def write_knowledge(self, source: str, knowledge: Knowledge) -> None:
        if self.knowledge(source, knowledge.version) != knowledge:
            self._knowledge[source, knowledge.version] = knowledge

    # ------------------------------------------------------------------------------------------------ the last steps

    def versions(self) -> list[Write]:
        """Say what is written of states, which are in force from a revision on."""
        states = [
            [name, None if state is None else state_body(state), name.partition("\n")[0]]
            for name, state in self._states.items()
        ]
        return [(_END_STATE, states), (_STATE, states)]

    def writes(self) -> list[Write]:
        """Say what the last step writes."""
        folds = [self._fold_row(name, one) for name, one in self._folds.items()]
        sources = [
            [one.name, one.type, microseconds_or_none(one.first_read), one.configured]
            for one in self.sources()
            if one.name in self._moved
        ]
        knowledge = [
            [source, version, dumped({word: sorted(names) for word, names in sorted(one.fields.items())})]
            for (source, version), one in self._knowledge.items()
        ]
        return [
            (_RENAME, [[former, *new] for former, new in self._renamed.items()]),
            (_FOLD, folds),
            (_SOURCE, sources),
            (_KNOWLEDGE, knowledge),
        ]

    def _fold_row(self, name: str, one: _Numbered) -> list[object]:
        fold = one.fold
        instants = (fold.first_started, fold.first_ended, fold.last_started, fold.last_ended)
        of = [one.number, name, fold.source, fold.scope, str(fold.outcome), fold.error]
        return [*of, *map(microseconds, instants), fold.count, fold.longest_gap]
