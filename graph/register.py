"""Which scopes exist now?

What is configured but never read, what its source lists no longer, and what a person retires.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from graph.model import Cause, Knowledge, Outcome, RevisionMark, Run, Scope, ScopeState, ScopeStatus
from graph.model.keys import meet
from graph.plan import DocumentChanges, Ending, EndReason
from graph.record import Reading, Recorded, fresh_state, write_documents
from graph.settle.merge import PEOPLE
from graph.store import SourceRecord, Stage

ASBUILT = "asbuilt"
"""The source whose scopes are the rules."""

OURS = frozenset({ASBUILT, PEOPLE})
"""The sources that Asbuilt is itself, its rules and what people add. Nobody configures them, and they never vanish."""

WHOLE = "*"
"""The name of the scope that a source stands as until it has told its scopes."""


def whole_scope(source: str, states: Iterable[str]) -> Scope:
    """Give the scope that a source stands as from its configuration alone.

    Nothing is known of where it is, so it could hold any key of its kinds: a source that never answered is a gap in
    every answer about them.
    """
    return Scope(source, WHOLE, frozenset(states), range="", snapshot=False)


def configure(
    stage: Stage, sources: Sequence[tuple[str, str, Iterable[str], float]], now: datetime
) -> RevisionMark | None:
    """Note the configured sources: (name, type, states, stale_after in seconds), before any of them is connected to.

    A source that was never read stands as one scope never read. A source that is configured no longer keeps what it
    stated; its scopes have vanished, and so what only they covered is unknown, until a person retires it.
    """
    moved = False
    named = {name for name, *_ in sources}
    for name, type_, states, stale_after in sources:
        known = stage.source(name)
        stage.write_source(SourceRecord(name, type_, known.first_read if known else None, configured=True))
        moved |= _stand_whole(stage, whole_scope(name, states), stale_after, now)
        moved |= _set_stale_after(stage, name, stale_after)
    for record in stage.sources():
        if record.name in named or record.name in OURS or not record.configured:
            continue
        stage.write_source(replace(record, configured=False))
        for state in stage.states(record.name):
            if state.status is not ScopeStatus.VANISHED:
                _vanish(stage, state, now)
                moved = True
    return stage.publish(now if moved else None)


def _stand_whole(stage: Stage, whole: Scope, stale_after: float, now: datetime) -> bool:
    """Let a source that never told its scopes stand as one scope, never read."""
    former = stage.state(whole)
    if former is None and stage.states(whole.source):
        return False
    if former is not None and former.scope.states == whole.states:
        return False
    stage.write_state(fresh_state(whole, former.since if former else now, stale_after), whole)
    return True


def _set_stale_after(stage: Stage, source: str, stale_after: float) -> bool:
    """Let a setting that was changed count for every scope of a source."""
    changed = [state for state in stage.states(source) if state.stale_after != stale_after]
    for state in changed:
        stage.write_state(replace(state, stale_after=stale_after), state.scope)
    return bool(changed)


def _vanish(stage: Stage, state: ScopeState, now: datetime) -> None:
    reason = "its source lists it no longer"
    stage.write_state(replace(state, status=ScopeStatus.VANISHED, since=now, error=reason), state.scope)


def _holds_all(one: Scope, former: Scope) -> bool:
    """Tell whether a scope states all that a former one did, everywhere that it did."""
    return one.shows_all_of(former)


def _subsumed(stage: Stage, scope: Scope, live: Iterable[Scope]) -> bool:
    """Tell whether another listed scope, which has been read, shows all that this one did."""
    states = [stage.state(one) for one in live if one.name != scope.name and _holds_all(one, scope)]
    return any(state is not None and state.status is ScopeStatus.READABLE for state in states)


def _is_nothing(stage: Stage, state: ScopeState, live: Sequence[Scope]) -> bool:
    """Tell whether nothing is lost with a scope that is listed no longer, so that it leaves no gap."""
    if _subsumed(stage, state.scope, live):
        return True
    return state.status is ScopeStatus.NEVER_READ and not _covered_alone(stage, state.scope, live)


def _as_listed(state: ScopeState, present: Scope, now: datetime) -> ScopeState:
    """Give the state of a scope that is listed anew. Of what it covers more nobody has looked for anything."""
    if _holds_all(state.scope, present):
        return replace(state, scope=present)
    fresh = fresh_state(present, now, state.stale_after)
    if state.status is ScopeStatus.NEVER_READ:
        return replace(fresh, since=state.since, error=state.error)
    return replace(fresh, status=ScopeStatus.UNREADABLE, error="not read since it came to cover more")


def _moved_aside(stage: Stage, state: ScopeState, present: Scope, now: datetime) -> None:
    """Keep what a scope covered whose name now means less, or another range: a rebuilt cluster is another cluster.

    The runs stay with the name where its range is the same, and go with the range otherwise.
    """
    former = replace(state.scope, name=f"{state.scope.name} until revision {stage.revision}")
    if meet(present.range, state.scope.range):
        stage.write_state(_as_listed(state, present, now), present)
    else:
        stage.write_state(None, state.scope)
        stage.rename_scope(state.scope, former.name)
    _vanish(stage, replace(state, scope=former), now)


def list_scopes(
    stage: Stage, source: str, scopes: Sequence[Scope], reading: Reading, now: datetime
) -> RevisionMark | None:
    """Note what a source listed as its scopes, and what it lists no longer.

    A vanished scope that another one subsumes is dropped, and so is one that was never read and that nothing is known
    of; one whose `within` is gone is closed with all that only it covered; any other stands as vanished, and what only
    it covered is unknown.
    """
    moved = False
    listed = {scope.name: scope for scope in scopes}
    for state in stage.states(source):
        scope = state.scope
        present = listed.get(scope.name)
        if scope.name == WHOLE or (present is None and _is_nothing(stage, state, scopes)):
            stage.write_state(None, scope)
            moved = True
        elif present is None and state.status is not ScopeStatus.VANISHED:
            _vanish(stage, state, now)
            moved = True
        elif present is not None and not _holds_all(present, scope):
            _moved_aside(stage, state, present, now)
            moved = True
    for scope in scopes:
        moved |= _stand(stage, scope, reading, now)
    moved |= _close_gone(stage, source, scopes, reading, now)
    return stage.publish(now if moved else None)


def _stand(stage: Stage, scope: Scope, reading: Reading, now: datetime) -> bool:
    """Give a listed scope a state, if it has none, has come back, or covers something else than before."""
    state = stage.state(scope)
    if state is None:
        stage.write_state(fresh_state(scope, now, reading.stale_after), scope)
        return True
    if state.status is ScopeStatus.VANISHED:  # it is back, but has not been read again
        read = stage.previous_complete(scope) is not None
        status = ScopeStatus.UNREADABLE if read else ScopeStatus.NEVER_READ
        back = _as_listed(state, scope, now)
        stage.write_state(replace(back, status=status, since=state.since, error="not read since it came back"), scope)
        return True
    if state.scope != scope:
        stage.write_state(_as_listed(state, scope, now), scope)
        return True
    return False


def _close_gone(stage: Stage, source: str, live: Sequence[Scope], reading: Reading, now: datetime) -> bool:
    """Close what only vanished scopes covered whose `within` is gone: nothing outlives what it is in."""
    moved = False
    for state in stage.states(source):
        within = state.scope.within
        if state.status is not ScopeStatus.VANISHED or within is None or not stage.is_gone(within):
            continue
        _end(stage, state.scope, live, EndReason.SAID, reading, now)
        stage.write_state(None, state.scope)
        moved = True
    return moved


def _end(
    stage: Stage, scope: Scope, live: Sequence[Scope], reason: EndReason, reading: Reading, now: datetime
) -> Recorded:
    """End every document of a scope that no live scope covers."""
    return _end_documents(stage, scope, _covered_alone(stage, scope, live), reason, reading, now)


def _covered_alone(stage: Stage, scope: Scope, live: Sequence[Scope]) -> set[str]:
    """Give the documents of a scope that no live scope covers."""
    covered = set(stage.covered(scope))
    if not covered:
        return covered
    return covered - {id_ for other in live if other.name != scope.name for id_ in stage.covered(other)}


def _end_documents(
    stage: Stage, scope: Scope, ids: Collection[str], reason: EndReason, reading: Reading, now: datetime
) -> Recorded:
    run = Run(scope, now, now, Outcome.COMPLETE)
    source = stage.source(scope.source) or SourceRecord(scope.source, reading.type, None, configured=True)
    changes = DocumentChanges(ended=[Ending(id_, reason) for id_ in sorted(ids)])
    return write_documents(stage, run, changes, reading, source)


def retire(stage: Stage, source: str, scope: str | None, now: datetime) -> tuple[RevisionMark | None, int]:
    """End, on a person's word, all that a source (or one scope) states; give the revision and how many ended."""
    reading = Reading("people", Knowledge(0, {}), 0.0, cause=Cause.RETIRED)
    states = stage.states(source)
    targets = [state.scope for state in states if scope in (None, state.scope.name)]
    ended = 0
    if scope is None:
        everything = whole_scope(source, ())
        ended = _end_documents(stage, everything, stage.standing(source), EndReason.RETIRED, reading, now).ended
    else:
        live = [state.scope for state in states if state.scope.name != scope]
        ended = sum(_end(stage, one, live, EndReason.RETIRED, reading, now).ended for one in targets)
    for target in targets:
        stage.write_state(None, target)
    return stage.publish(now if targets or ended else None), ended
