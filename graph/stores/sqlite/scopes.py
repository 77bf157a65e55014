"""What is kept of scopes, their runs, and their sources? A few rows, written only where they differ."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from graph.model import Interval, Key, Knowledge, Outcome, Run, RunFold, Scope, ScopeState, ScopeStatus
from graph.store import SourceRecord
from graph.stores.selection import folded
from graph.stores.sqlite.interning import Interning
from graph.stores.values import dumped, instant, instant_or_none, interval, loaded, microseconds, microseconds_or_none

STATE = "n.source, n.name, f.body, s.status, s.since, s.error, s.judged_start, s.judged_end, s.stale_after"
FOLD = (
    "n.source, n.name, f.outcome, f.error, f.first_started, f.first_ended, f.last_started, f.last_ended, f.count, "
    "f.longest_gap"
)


def state_of(row: tuple[Any, ...]) -> ScopeState:
    """Read a row of STATE."""
    source, name, body, status, since, error, start, end, stale_after = row
    form = loaded(body)
    within = None if form["within"] is None else Key(form["within"])
    begins = form.get("begins", "")
    scope = Scope(source, name, frozenset(form["states"]), form["range"], within, form["snapshot"], begins)
    judged = None if end is None else interval(start, end)
    return ScopeState(scope, ScopeStatus(status), instant(since), error, judged, stale_after)


def folds_of(row: tuple[Any, ...]) -> RunFold:
    """Read a row of FOLD."""
    source, name, outcome, error, *instants, count, gap = row
    first_started, first_ended, last_started, last_ended = map(instant, instants)
    return RunFold(
        source, name, Outcome(outcome), error, first_started, first_ended, last_started, last_ended, count, gap
    )


def sources_of(db: sqlite3.Connection) -> list[SourceRecord]:
    """Read every source, ordered by name."""
    rows = db.execute("SELECT name, type, first_read, configured FROM source ORDER BY name")
    return [
        SourceRecord(name, type_, instant_or_none(read), bool(configured)) for name, type_, read, configured in rows
    ]


class Scopes:
    """Scopes, runs and sources, for the one writer."""

    def __init__(self, db: sqlite3.Connection, interning: Interning, revision: int) -> None:
        self._db = db
        self._interning = interning
        self._revision = revision
        self._looks: dict[str, list[tuple[Scope, Interval]]] = {}

    def state(self, scope: Scope) -> ScopeState | None:
        rows = self._states("n.source = ? AND n.name = ?", scope.source, scope.name)
        return rows[0] if rows else None

    def states(self, source: str) -> list[ScopeState]:
        return self._states("n.source = ?", source)

    def readable(self) -> list[ScopeState]:
        """Give the present state of every scope, of whatever source, that can be read."""
        return self._states("s.status = ?", ScopeStatus.READABLE)

    def _states(self, condition: str, *values: str) -> list[ScopeState]:
        rows = self._db.execute(
            f"SELECT {STATE} FROM scope AS n CROSS JOIN state AS s ON s.scope = n.id AND s.closed IS NULL "
            f"CROSS JOIN form AS f ON f.id = s.form WHERE {condition} ORDER BY n.source, n.name",
            values,
        )
        return [state_of(row) for row in rows]

    def write_state(self, state: ScopeState | None, scope: Scope) -> None:
        self._looks.clear()
        number = self._interning.scope(scope.source, scope.name)
        self._db.execute("DELETE FROM state WHERE scope = ? AND opened = ?", [number, self._revision])
        self._db.execute("UPDATE state SET closed = ? WHERE scope = ? AND closed IS NULL", [self._revision, number])
        if state is not None:
            self.put_state(state, self._revision, None)

    def put_state(self, state: ScopeState, opened: int, closed: int | None) -> None:
        """Write the state of a scope from one revision until another."""
        judged: tuple[int | None, int | None] = (None, None)
        if state.judged is not None:
            judged = (microseconds_or_none(state.judged.start), microseconds(state.judged.end))
        of = (self._interning.scope(state.scope.source, state.scope.name), opened, closed, self._form(state.scope))
        row = [*of, state.status, microseconds(state.since), state.error, *judged, state.stale_after]
        self._db.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _form(self, scope: Scope) -> int:
        form = {"states": sorted(scope.states), "range": scope.range, "within": scope.within}
        body = dumped(form | {"snapshot": scope.snapshot} | ({"begins": scope.begins} if scope.begins else {}))
        row = self._db.execute("SELECT id FROM form WHERE body = ?", [body]).fetchone()
        if row is not None:
            return int(row[0])
        number = self._interning.fresh("form")
        self._db.execute("INSERT INTO form VALUES (?, ?)", [number, body])
        return number

    def rename(self, scope: Scope, name: str) -> None:
        self._looks.clear()
        former = self._interning.scope(scope.source, scope.name)
        number = self._interning.scope(scope.source, name)
        self._db.execute("UPDATE fold SET scope = ? WHERE scope = ?", [number, former])

    def previous_complete(self, scope: Scope) -> Interval | None:
        row = self._db.execute(
            "SELECT f.last_started, f.last_ended FROM scope AS n CROSS JOIN fold AS f ON f.scope = n.id "
            "WHERE n.source = ? AND n.name = ? AND f.outcome = ? ORDER BY f.id DESC LIMIT 1",
            [scope.source, scope.name, Outcome.COMPLETE],
        ).fetchone()
        return None if row is None else interval(*row)

    def failing_since(self, scope: Scope) -> datetime | None:
        """Give the earliest start of the runs since the last complete one; None where there is none."""
        row = self._db.execute(
            "SELECT min(f.first_started) FROM scope AS n CROSS JOIN fold AS f ON f.scope = n.id "
            "WHERE n.source = ?1 AND n.name = ?2 AND f.id > ifnull("
            "(SELECT max(id) FROM fold WHERE scope = n.id AND outcome = ?3), -1)",
            [scope.source, scope.name, Outcome.COMPLETE],
        ).fetchone()
        return instant_or_none(row[0])

    def looks(self, source: str) -> list[tuple[Scope, Interval]]:
        """Give the scopes of a source that were ever read completely, and the last such run of each."""
        if source not in self._looks:
            runs = [(state.scope, self.previous_complete(state.scope)) for state in self.states(source)]
            self._looks[source] = [(scope, run) for scope, run in runs if run is not None]
        return self._looks[source]

    def write_run(self, run: Run) -> None:
        self._looks.clear()
        number = self._interning.scope(run.scope.source, run.scope.name)
        row = self._db.execute(
            f"SELECT {FOLD}, f.id FROM fold AS f CROSS JOIN scope AS n ON n.id = f.scope WHERE f.scope = ? "
            "ORDER BY f.id DESC LIMIT 1",
            [number],
        ).fetchone()
        fold, begun = folded(None if row is None else folds_of(row[:-1]), run)
        last = [microseconds(fold.last_started), microseconds(fold.last_ended), fold.count, fold.longest_gap]
        if not begun:
            sql = "UPDATE fold SET last_started = ?, last_ended = ?, count = ?, longest_gap = ? WHERE id = ?"
            self._db.execute(sql, [*last, row[-1]])
            return
        self.put_fold(fold)

    def put_fold(self, fold: RunFold) -> None:
        """Write a fold after those that its scope has."""
        number = self._interning.scope(fold.source, fold.scope)
        instants = (fold.first_started, fold.first_ended, fold.last_started, fold.last_ended)
        row = [self._interning.fresh("fold"), number, fold.outcome, fold.error, *map(microseconds, instants)]
        self._db.execute("INSERT INTO fold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [*row, fold.count, fold.longest_gap])

    def sources(self) -> list[SourceRecord]:
        return sources_of(self._db)

    def source(self, name: str) -> SourceRecord | None:
        return next((one for one in self.sources() if one.name == name), None)

    def write_source(self, record: SourceRecord) -> None:
        if self.source(record.name) == record:
            return
        row = [record.name, record.type, microseconds_or_none(record.first_read), record.configured]
        self._db.execute("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?)", row)

    def knowledge(self, source: str, mapping: int) -> Knowledge | None:
        row = self._db.execute(
            "SELECT fields FROM knowledge WHERE source = ? AND version = ?", [source, mapping]
        ).fetchone()
        if row is None:
            return None
        return Knowledge(mapping, {word: frozenset(names) for word, names in loaded(row[0]).items()})

    def write_knowledge(self, source: str, knowledge: Knowledge) -> None:
        fields = dumped({word: sorted(names) for word, names in sorted(knowledge.fields.items())})
        self._db.execute(
            "INSERT INTO knowledge VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET fields = excluded.fields "
            "WHERE fields <> excluded.fields",
            [source, knowledge.version, fields],
        )
