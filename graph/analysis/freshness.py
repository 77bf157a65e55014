"""What does an answer lean on, how fresh is that, and what could not be seen?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph.correlate.rules import RULES
from graph.model import KINDS, VERBS, Key, Outcome, Question, RunFold, Scope, ScopeState, ScopeStatus, Verb, text_of
from graph.register import ASBUILT, WHOLE
from graph.store import GraphReader


@dataclass(frozen=True, slots=True)
class ScopeFreshness:
    """How fresh one scope is.

    status: never_read, readable, failing (readable, but its last run failed), unreadable or vanished, since an instant.
    last_complete: the end of its last complete run; inside folded runs of the past the earliest that it can have been,
    and then `at_most_before` says how many seconds before the revision that may lie. stale_after: the instant from
    which a reader should call it stale. error: of the last run, if it was not complete.
    """

    source: str
    scope: str
    status: str
    since: datetime
    last_complete: datetime | None
    stale_after: datetime | None
    at_most_before: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be seen, and its effect on the answer in words."""

    source: str | None
    scope: str | None
    status: str
    since: datetime | None
    effect: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """The scopes that an answer leans on, the never read and the failing included, and the gaps among them."""

    scopes: tuple[ScopeFreshness, ...]
    gaps: tuple[Gap, ...]


ANYTHING = Question()


def about_entity(key: Key) -> Question:
    """Say what the answer to 'what is this thing' could return."""
    return Question(frozenset({key.kind}), (key,))


def about_ties(key: Key, verbs: Collection[str] = ()) -> tuple[Question, ...]:
    """Say what could name a thing: local ties from its own root, others from anywhere."""
    return _ties(_possible(key, verbs), key.root)


def about_relations(key: Key, verbs: Collection[str] = ()) -> tuple[Question, ...]:
    """Say what 'what is this tied to' could return: its ties, and from their homes the things at the other ends.

    A verb that ties anything to anything anywhere says nothing of those homes: `relations.about` adds what is found.
    """
    possible = _possible(key, verbs)
    return *_ties(possible, key.root), *_others(possible, key.root)


def about_place(prefix: str, words: Collection[str] = ()) -> tuple[Question, ...]:
    """Say what of a place could change: what is in it, its ties, and what gives the ends of these their meaning."""
    inside = Question(frozenset(words), (prefix,) if prefix else ())
    if not prefix:
        return (inside,)
    possible, root = [verb for verb in VERBS.values() if not words or verb.name in words], Key(prefix).root
    return inside, *_ties(possible, root), *_others(possible, root)


def _possible(key: Key, verbs: Collection[str]) -> list[Verb]:
    wanted = [verb for verb in VERBS.values() if not verbs or verb.name in verbs]
    return [verb for verb in wanted if not verb.ends or key.kind in verb.ends]


def _ties(verbs: Iterable[Verb], root: Key) -> tuple[Question, ...]:
    """Ask for ties: local ones inside a root, others anywhere."""
    local, far = _parted(verbs)
    asked = [(local, (root,)), (far, ())]
    return tuple(Question(frozenset(verb.name for verb in some), where) for some, where in asked if some)


def _others(verbs: Iterable[Verb], root: Key) -> tuple[Question, ...]:
    """Ask for whatever could be at the ends of ties: of local ones inside the root, of others anywhere."""
    local, far = _parted(verbs)
    near = frozenset(kind for verb in local for kind in (verb.ends or KINDS))
    elsewhere = frozenset(kind for verb in far for kind in verb.ends)
    asked = [(near, (root,)), (elsewhere, ())]
    return tuple(Question(kinds, where, expected=False) for kinds, where in asked if kinds)


def _parted(verbs: Iterable[Verb]) -> tuple[list[Verb], list[Verb]]:
    every = list(verbs)
    return [verb for verb in every if verb.local], [verb for verb in every if not verb.local]


def freshness(reader: GraphReader, questions: Collection[Question], *, newest: bool = False) -> Freshness:
    """Find every scope that could have added to an answer, and say how fresh it is and what is missing.

    newest: whether the reader stands at the last revision: then runs count that came after it and made no other.
    """
    known = reader.scopes()
    asked = [*questions, *_premises(known, questions)]
    states = [state for state in known if any(question.leans_on(state.scope) for question in asked)]
    scopes, gaps = [], []
    for state in states:
        one = _scope_freshness(reader, state, newest=newest)
        scopes.append(one)
        gap = _gap(state, one)
        if gap is not None:
            gaps.append(gap)
    return Freshness(tuple(scopes), (*gaps, *_unstated(reader, questions)))


def _premises(states: Sequence[ScopeState], questions: Collection[Question]) -> list[Question]:
    """Say what the rules read that could have concluded something of an answer: it leans on that as well."""
    reads = {rule.name: rule.premises for rule in RULES}
    return [
        Question(reads[state.scope.name], question.ranges, expected=False)
        for state in states
        if state.scope.source == ASBUILT and state.scope.name in reads
        for question in questions
        if question.leans_on(state.scope)
    ]


def _scope_freshness(reader: GraphReader, state: ScopeState, *, newest: bool) -> ScopeFreshness:
    folds = reader.folds(state.scope.source, state.scope.name)
    latest = folds[-1] if folds else None
    complete = next((fold for fold in reversed(folds) if fold.outcome == Outcome.COMPLETE), None)
    status, error = state.status.value, state.error
    if latest is not None and latest.outcome != Outcome.COMPLETE:
        error = latest.error
        if state.status is ScopeStatus.READABLE:
            status = "failing"
    last, before = (complete.last_ended, None) if newest and complete else _last_complete(complete, reader.mark.instant)
    stale = last + timedelta(seconds=state.stale_after) if last is not None else None
    return ScopeFreshness(state.scope.source, state.scope.name, status, state.since, last, stale, before, error)


def _last_complete(fold: RunFold | None, instant: datetime) -> tuple[datetime | None, float | None]:
    """Give when a scope was last read as of an instant: exactly at the ends of a fold, else within its longest gap."""
    if fold is None:
        return None, None
    if fold.last_ended <= instant or fold.count == 1 or fold.first_ended >= instant:
        return (fold.last_ended if fold.last_ended <= instant else fold.first_ended), None
    earliest = instant - timedelta(seconds=fold.longest_gap)
    return max(fold.first_ended, earliest), fold.longest_gap


def _what(scope: Scope) -> str:
    return f"everything of {scope.source}" if scope.name == WHOLE else f"{scope.name} of {scope.source}"


def _gap(state: ScopeState, one: ScopeFreshness) -> Gap | None:
    what, since = _what(state.scope), text_of(state.since)
    reason = f" ({one.error})" if one.error else ""
    if state.status is ScopeStatus.READABLE:
        return None
    match state.status:
        case ScopeStatus.NEVER_READ:
            effect = f"{what}: never read{reason}; that none is shown is not evidence that there is none"
        case ScopeStatus.UNREADABLE:
            effect = f"{what}: not readable since {since}{reason}; absence is not evidence, presence may be past"
        case _:
            effect = f"{what}: not listed since {since}{reason}; what only it covered is unknown"
    return Gap(state.scope.source, state.scope.name, state.status.value, state.since, effect)


def _unstated(reader: GraphReader, questions: Collection[Question]) -> Sequence[Gap]:
    """Name what a question asks for and no source that was ever configured states."""
    words = {word for question in questions if question.expected for word in question.words}
    asked = {word for word in words if "." in word or not word.isupper()}
    stated = {word for state in reader.scopes() for word in state.scope.states}
    return [
        Gap(None, None, "not_collected", None, f"no configured source states {word}; that none is shown says nothing")
        for word in sorted(asked - stated)
    ]
