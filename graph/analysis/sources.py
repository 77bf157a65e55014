"""What is read, how far does each scope reach, and how did its runs go?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.analysis.freshness import ANYTHING, ScopeFreshness, freshness
from graph.model import Interval, Key, Question, RunFold, ScopeState, ScopeStatus
from graph.store import GraphReader

RECENT = 5
"""How many of the last folds of each scope are shown."""


@dataclass(frozen=True, slots=True)
class RunsView:
    """Consecutive runs of one outcome. last_ended, count and longest_gap are None at a past revision."""

    outcome: str
    error: str | None
    first_started: datetime
    first_ended: datetime
    last_ended: datetime | None
    count: int | None
    longest_gap: float | None


@dataclass(frozen=True, slots=True)
class ScopeView:
    """One scope of a source: what it states, where, and how reading it goes.

    within: the key that it exists by. judged: the last complete run that a revision took notice of; at a past revision
    last_complete tells no more than that. runs: the last few, newest first.
    """

    name: str
    status: str
    since: datetime
    error: str | None
    last_complete: datetime | None
    stale_after: datetime | None
    range: str
    states: tuple[str, ...]
    within: Key | None
    snapshot: bool
    judged: Interval | None
    runs: tuple[RunsView, ...]


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source. first_read: the first complete run of any of its scopes."""

    name: str
    type: str
    configured: bool
    first_read: datetime | None
    scopes: tuple[ScopeView, ...]


def about() -> tuple[Question, ...]:
    """Say what the list of sources leans on: all of them."""
    return (ANYTHING,)


def sources(reader: GraphReader, *, newest: bool) -> tuple[SourceView, ...]:
    """Give the sources that existed at a revision, each with its scopes.

    newest: whether that is the last revision, which alone knows how far runs went that made no other.
    """
    fresh = {(one.source, one.scope): one for one in freshness(reader, about(), newest=newest).scopes}
    states = reader.scopes()
    folds: dict[tuple[str, str], list[RunFold]] = {}
    for fold in reader.folds():
        folds.setdefault((fold.source, fold.scope), []).append(fold)
    views = []
    for record in reader.sources():
        own = [state for state in states if state.scope.source == record.name]
        if not own:  # a configured source stands as one scope from the first; without any it came later, or was retired
            continue
        scopes = tuple(
            _scope(
                state,
                fresh[record.name, state.scope.name],
                folds.get((record.name, state.scope.name), ()),
                newest=newest,
            )
            for state in own
        )
        first = record.first_read
        read = first if first is not None and first <= reader.mark.instant else None
        configured = record.configured if newest else any(one.status is not ScopeStatus.VANISHED for one in own)
        views.append(SourceView(record.name, record.type, configured, read, scopes))
    return tuple(views)


def _scope(state: ScopeState, fresh: ScopeFreshness, folds: Sequence[RunFold], *, newest: bool) -> ScopeView:
    scope = state.scope
    judged = state.judged.end if state.judged is not None else None
    return ScopeView(
        scope.name,
        fresh.status,
        fresh.since,
        fresh.error,
        fresh.last_complete if newest else judged,
        fresh.stale_after if newest else None,
        scope.range,
        tuple(sorted(scope.states)),
        scope.within,
        scope.snapshot,
        state.judged,
        tuple(_runs(fold, newest=newest) for fold in reversed(folds[-RECENT:])),
    )


def _runs(fold: RunFold, *, newest: bool) -> RunsView:
    """Show a fold; of the past only how it began, for how far it had gone by then is not kept."""
    far = (fold.last_ended, fold.count, fold.longest_gap) if newest else (None, None, None)
    return RunsView(fold.outcome, fold.error, fold.first_started, fold.first_ended, *far)
