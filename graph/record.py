"""How does one run become one commit?

Documents in, then what they mean, then what is known of the scope: all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from graph.model import (
    Cause,
    Change,
    DocumentRef,
    Interval,
    Knowledge,
    Outcome,
    RevisionMark,
    Run,
    Scope,
    ScopeState,
    ScopeStatus,
    statements_from,
)
from graph.plan import DocumentChanges, Ending, Mapped
from graph.settle import ChangeSet, Context, Delta, DocumentState, Fills, resettle, settle
from graph.store import Doubted, SourceRecord, Stage

BATCH = 2000
"""Documents settled at once: bounds memory, and is large enough that look-ups are few."""


@dataclass(slots=True)
class Recorded:
    """What a commit came to. mark: its revision, or None where nothing differed. changes: at most `sample` of them."""

    mark: RevisionMark | None = None
    opened: int = 0
    revised: int = 0
    ended: int = 0
    missed: int = 0
    changes: list[Change] = field(default_factory=list)
    total: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """The circumstances of a run: the source's type, what its mapping knows, and when failing becomes unreadable.

    cause: what the whole run is due to, where it is no look at the world (a rule's conclusions, a person's retirement).
    sample: how many changes to hand back; they are all stored. watched: the run is a batch of a watch, and proves no
    absence.
    """

    type: str
    knowledge: Knowledge
    stale_after: float
    cause: Cause | None = None
    sample: int = 0
    watched: bool = False


def _batches(changes: DocumentChanges) -> Iterator[list[Mapped | Ending]]:
    def every() -> Iterator[Mapped | Ending]:
        yield from changes.ended
        yield from changes.mapped

    items = every()
    while batch := list(islice(items, BATCH)):
        yield batch


def _deltas(stage: Stage, source: str, batch: Sequence[Mapped | Ending]) -> list[Delta]:
    """Put each document's former statements beside its new ones."""
    former = stage.statements({DocumentRef(source, item.id) for item in batch})
    had = stage.last_had(source, [item.id for item in batch if isinstance(item, Ending)])
    deltas = []
    for item in batch:
        before = former.get(DocumentRef(source, item.id))
        if isinstance(item, Ending):
            if before is not None:
                last = had.get(item.id)
                deltas.append(Delta(source, item.id, before, None, None, item.reason, item.position, last))
            continue
        after = DocumentState(item.version, item.mapping, statements_from(item.text))
        deltas.append(Delta(source, item.id, before, after, item))
    return deltas


def _knowledge(stage: Stage, source: str, present: Knowledge) -> Fills:
    """Look up what a version of a source's mapping fills, each version once."""
    known: dict[int, Knowledge | None] = {present.version: present}

    def fills(version: int) -> Knowledge | None:
        if version not in known:
            known[version] = stage.knowledge(source, version)
        return known[version]

    return fills


def _never_judged(stage: Stage, run: Run) -> bool:
    """Tell whether a scope is looked at completely for the first time, or the first time since a person retired it."""
    state = stage.state(run.scope)
    return state is None or state.judged is None


def _context(stage: Stage, run: Run, reading: Reading, source: SourceRecord, previous: Interval | None) -> Context:
    before = previous.start if previous else None
    if before is not None and before > run.started:
        # a batch may be recorded after a listing that began later; else a clock went back, and nobody knows by how much
        before = run.started if reading.watched else None
    return Context(
        window=Interval(before, run.ended),
        first_look=_never_judged(stage, run) and not reading.watched,
        first_read=source.first_read,
        cause=reading.cause,
        knowledge=_knowledge(stage, run.scope.source, reading.knowledge),
    )


def _tally(recorded: Recorded, deltas: Sequence[Delta], settled: ChangeSet, sample: int) -> None:
    for delta in deltas:
        recorded.opened += delta.before is None
        recorded.ended += delta.after is None
        recorded.revised += delta.before is not None and delta.after is not None
    changes = settled.changes
    recorded.total += len(changes)
    recorded.changes += changes[: max(0, sample - len(recorded.changes))]


def write_documents(
    stage: Stage, run: Run, changes: DocumentChanges, reading: Reading, source: SourceRecord
) -> Recorded:
    """Write what a complete run planned, and settle what it means."""
    previous = stage.previous_complete(run.scope)
    context = _context(stage, run, reading, source, previous)
    taken = Interval(context.window.start or (run.started if previous else None), run.ended)
    recorded = Recorded(missed=len(changes.missed))
    for batch in _batches(changes):
        deltas = _deltas(stage, run.scope.source, batch)
        stage.accept(deltas, taken)
        settled = settle(stage, deltas, context)
        stage.apply(settled)
        _tally(recorded, deltas, settled, reading.sample)
    if changes.missed or changes.found:
        doubted = Doubted(run.started, context.window.start)
        stage.doubt(run.scope.source, changes.missed, changes.found, doubted)
    if changes.touched:
        stage.touch(run.scope.source, changes.touched, reading.knowledge.version)
    if changes.forgotten:
        stage.forget(run.scope.source, changes.forgotten)
    return recorded


def _seen_again(stage: Stage, run: Run, reading: Reading, source: SourceRecord, recorded: Recorded) -> bool:
    """Settle again what cites an alias that two claim, now that one of them was seen with it once more."""
    names = stage.contested(run.scope)
    if not names:
        return False
    settled = resettle(stage, names, _context(stage, run, reading, source, stage.previous_complete(run.scope)))
    stage.apply(settled)
    _tally(recorded, (), settled, reading.sample)
    return bool(settled.relations)


def _status_after(
    state: ScopeState, run: Run, previous: Interval | None, failing: datetime, reading: Reading
) -> ScopeStatus:
    """Tell what a run makes of a scope's status. One failed run of a scope that was read only shows in freshness.

    failing: the start of the first run since the last complete one. What a watch says is no listing, and makes no scope
    readable.
    """
    if run.outcome is Outcome.COMPLETE:
        return state.status if reading.watched else ScopeStatus.READABLE
    if previous is None:
        return ScopeStatus.NEVER_READ
    overdue = (run.ended - failing).total_seconds() > reading.stale_after
    return ScopeStatus.UNREADABLE if run.outcome is Outcome.FORBIDDEN or overdue else state.status


def fresh_state(scope: Scope, now: datetime, stale_after: float) -> ScopeState:
    """Give the state of a scope that nobody has read yet."""
    return ScopeState(scope, ScopeStatus.NEVER_READ, now, None, None, stale_after)


def _next_state(state: ScopeState, run: Run, status: ScopeStatus, failing: datetime, reading: Reading) -> ScopeState:
    """Give the state as of the revision in the making."""
    state = replace(state, stale_after=reading.stale_after)
    if run.outcome is Outcome.COMPLETE:
        if reading.watched:
            return state
        judged = Interval(run.started, run.ended)
        since = state.since if status is state.status else run.ended
        return replace(state, scope=run.scope, status=status, since=since, error=None, judged=judged)
    since = state.since if status is state.status else failing
    return replace(state, status=status, since=since, error=run.error)


def record(stage: Stage, run: Run, changes: DocumentChanges | None, reading: Reading, now: datetime) -> Recorded:
    """Commit one run, with what it planned if it was complete.

    A run that changes nothing updates the row of its fold and makes no revision. What changes a presence makes one:
    documents, a scope becoming readable or unreadable, and a look that proves that something named is not there. A
    batch of a watch is no look: it leaves its documents, and nothing that says how far the scope has been read.
    """
    source = _source(stage, run, reading)
    state = stage.state(run.scope) or fresh_state(run.scope, run.started, reading.stale_after)
    previous = stage.previous_complete(run.scope)
    stage.write_knowledge(run.scope.source, reading.knowledge)
    failed = run.outcome is not Outcome.COMPLETE
    looked = not failed and not reading.watched
    failing = (stage.failing_since(run.scope) if failed else None) or run.started
    status = _status_after(state, run, previous, failing, reading)
    recorded, moved = Recorded(), status is not state.status
    if not failed:
        planned = changes or DocumentChanges()
        recorded = write_documents(stage, run, planned, reading, source)
        moved |= not planned.empty or (looked and stage.unjudged(run.scope, run.started))
    if failed or looked:
        stage.write_run(run)
    if looked:
        moved |= _seen_again(stage, run, reading, source, recorded)
    if moved:
        stage.write_state(_next_state(state, run, status, failing, reading), run.scope)
        if looked:
            stage.judge(run.scope)
    recorded.mark = stage.publish(now if moved else None)
    return recorded


def _source(stage: Stage, run: Run, reading: Reading) -> SourceRecord:
    """Give what is remembered of the run's source, and note its first complete run."""
    known = stage.source(run.scope.source) or SourceRecord(run.scope.source, reading.type, None, configured=True)
    if run.outcome is Outcome.COMPLETE and not reading.watched and known.first_read is None:
        known = replace(known, first_read=run.started)
    stage.write_source(known)
    return known
