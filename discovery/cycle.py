"""What does one look at a source do? List scopes, observe and plan them side by side, commit one after the other."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Protocol

import structlog

from collectors.contract import Collector, Failed
from discovery.durations import spoken
from discovery.ledger import Clock, Ledger, utc_now
from discovery.listener import Listener, Look, ScopeLook, Silence
from discovery.reasons import is_foreseen, outcome_of, reason_of, unmapped_text
from discovery.source import Source
from discovery.spool import IN_MEMORY, Interrupted, Spool
from discovery.workers import Finished, Workers
from graph.model import Document, Outcome, Position, Run, Scope
from graph.plan import DocumentChanges, Known, plan
from graph.record import Recorded
from graph.register import whole_scope
from graph.store import Overtaken, StoreError

TRIES = 3
"""How often a scope is observed in one look when other commits overtake it."""

_TOLD_EVERY = 250
"""Documents between two words to the listener."""

log = structlog.get_logger("asbuilt.cycle")


class Vouching(Protocol):
    """Who hears of changes between two looks, and so knows which scopes need not be listed at each of them."""

    def keep(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Hear which scopes a source lists now."""
        ...

    def vouches(self, source: Source, scope: Scope) -> bool:
        """Tell whether a scope need not be listed now."""
        ...

    def listed(self, source: Source, run: Run) -> None:
        """Hear that a complete listing is recorded."""
        ...

    def went_back(self, source: Source, scope: Scope) -> None:
        """Hear that the positions of a scope have gone back, so that what follows the old ones is never told."""
        ...

    def note(self, source: Source, scope: Scope) -> str | None:
        """Say why a scope has to be polled though its source is to be watched, if it has."""
        ...


class _Nobody:
    """Vouches for nothing."""

    def keep(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Ignore it."""

    def vouches(self, source: Source, scope: Scope) -> bool:
        """Never."""
        return False

    def listed(self, source: Source, run: Run) -> None:
        """Ignore it."""

    def went_back(self, source: Source, scope: Scope) -> None:
        """Ignore it."""

    def note(self, source: Source, scope: Scope) -> str | None:
        """Nothing."""


class Abandoned(Exception):
    """The look is over, and nobody waits for this listing any longer."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """A scope that was observed to its end, and what that means for its documents as of the revision `base`."""

    started: datetime
    ended: datetime
    changes: DocumentChanges
    spool: Spool
    base: int
    unmapped: frozenset[str] = frozenset()
    """Ids of documents that are there and could not be mapped."""
    unknown: frozenset[str] = frozenset()
    """Those among them of which nothing is known, so that nothing stands for them."""


@dataclass(slots=True)
class _Flight:
    """One look on its way: its deadline (monotonic), and what has been begun, doubted and overtaken so far."""

    source: Source
    collector: Collector
    look: Look
    until: float
    stop: threading.Event
    over: threading.Event = field(default_factory=threading.Event)
    begun: dict[str, datetime] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    listed_again: set[str] = field(default_factory=set)
    looks: dict[str, ScopeLook] = field(default_factory=dict)
    pending: dict[str, Scope] = field(default_factory=dict)


class Cycle:
    """Looks at sources, and records what each look shows.

    Failure ends nothing: whatever goes wrong while reading becomes a failed or forbidden run, with its reason. Only
    what goes wrong with the store is raised, as StoreError, for then nothing can be recorded at all.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock = utc_now,
        listener: Listener | None = None,
        in_memory: int = IN_MEMORY,
        watches: Vouching | None = None,
    ) -> None:
        self._ledger = ledger
        self._watches: Vouching = watches or _Nobody()
        self._clock = clock
        self._listener: Listener = listener or Silence()
        self._in_memory = in_memory

    def look(self, source: Source, collector: Collector, stop: threading.Event | None = None) -> Look:
        """Look at a source once, within its deadline. Once `stop` is set, what is not committed by then is given up."""
        look = Look(source.name, self._clock())
        flight = _Flight(source, collector, look, time.monotonic() + source.deadline, stop or threading.Event())
        self._listener.looking(source)
        try:
            scopes = self._scopes(flight)
            if scopes is not None:
                self._ledger.list_scopes(source, scopes)
                self._listener.listed(source, scopes)
                self._watches.keep(source, scopes)
                self._read(flight, [scope for scope in scopes if not self._watches.vouches(source, scope)])
        except Interrupted:
            look.stopped = True
        finally:
            flight.over.set()
        look.stopped |= flight.stop.is_set() and bool(flight.pending)
        look.scopes = [flight.looks[name] for name in sorted(flight.looks)]
        look.ended = self._clock()
        self._listener.looked(source, look)
        return look

    # ------------------------------------------------------------------------------------------------ what is there?

    def _scopes(self, flight: _Flight) -> Sequence[Scope] | None:
        """Ask the source for its scopes. Where it cannot tell, every scope known so far has a run that failed."""
        asking = Workers[None, Sequence[Scope]](f"scopes-{flight.source.name}", lambda _: flight.collector.scopes(), 1)
        asking.give(None)
        finished = asking.take(flight.until, flight.stop)
        asking.dismiss()
        if finished is None and flight.stop.is_set():
            flight.look.stopped = True
            return None
        scopes = () if finished is None or finished.value is None else finished.value
        error = _listing_error(finished, flight.source) or _unsound(flight.source, scopes)
        if error is None:
            return scopes
        flight.look.stuck = finished is None
        _log_unforeseen(flight.source, "*", error)
        self._fail_every_scope(flight, error)
        return None

    def _fail_every_scope(self, flight: _Flight, error: BaseException) -> None:
        source, look = flight.source, flight.look
        look.error = reason_of(error)
        scopes = self._ledger.live_scopes(source.name) or [whole_scope(source.name, source.plugin.states)]
        for scope in scopes:
            self._fail(flight, scope, error, look.started)

    # ------------------------------------------------------------------------------------------------ reading

    def _read(self, flight: _Flight, scopes: Sequence[Scope]) -> None:
        source = flight.source
        readers = Workers[Scope, _Planned](
            f"read-{source.name}", lambda scope: self._observed(flight, scope), min(source.parallel, len(scopes))
        )
        for scope in scopes:
            self._begin(flight, readers, scope)
        try:
            while readers.pending:
                finished = readers.take(flight.until, flight.stop)
                if finished is None:
                    break
                self._settle(flight, readers, finished)
        finally:
            flight.over.set()
            readers.dismiss()
        if flight.stop.is_set():
            return
        flight.look.stuck = readers.busy and bool(flight.pending)
        late = Failed(f"was not read within {spoken(source.deadline)}: raise the deadline of source '{source.name}'")
        for scope in list(flight.pending.values()):
            self._fail(flight, scope, late, flight.begun.get(scope.name, self._clock()))

    def _begin(self, flight: _Flight, readers: Workers[Scope, _Planned], scope: Scope) -> None:
        flight.pending[scope.name] = scope
        readers.give(scope)

    def _observed(self, flight: _Flight, scope: Scope) -> _Planned:
        """Observe one scope to its end, and plan. In a thread of its own; whatever it raises is the run's outcome."""
        if flight.over.is_set():
            raise Abandoned
        known, base = self._ledger.known(scope)
        started = flight.begun[scope.name] = self._clock()
        spool = Spool(self._in_memory, flight.stop.is_set)
        unmapped: set[str] = set()

        def note(id_: str, error: Exception) -> None:
            unmapped.add(id_)
            told = log.bind(source=flight.source.name, scope=scope.name, document=id_)
            told.error("a document cannot be mapped, and stands as it was", exc_info=error)

        try:
            mapping = flight.source.knowledge.version
            listing = self._counted(flight, scope)
            first = next(listing, None)
            if isinstance(first, Position) and _went_back(known, first):
                log.warning(
                    "the source's history was turned back; all of the scope is compared anew",
                    source=flight.source.name,
                    scope=scope.name,
                )
                self._watches.went_back(flight.source, scope)
                known, base = self._ledger.begin_anew(scope)
            listing = chain([] if first is None else [first], listing)
            changes = plan(known, listing, scope=scope, mapping=mapping, keeper=spool, unmapped=note)
        except BaseException:
            spool.close()
            raise
        unknown = frozenset(id_ for id_ in unmapped if id_ not in known or known[id_].gone)
        return _Planned(started, self._clock(), changes, spool, base, frozenset(unmapped), unknown)

    def _counted(self, flight: _Flight, scope: Scope) -> Iterator[Position | Document]:
        """Pass on what a scope shows, count it, and give up once the look is over."""
        for count, item in enumerate(flight.collector.observe(scope), start=1):
            if flight.over.is_set():
                raise Abandoned
            if count % _TOLD_EVERY == 0:
                self._listener.reading(flight.source, scope, count)
            yield item

    # ------------------------------------------------------------------------------------------------ recording

    def _settle(self, flight: _Flight, readers: Workers[Scope, _Planned], finished: Finished[Scope, _Planned]) -> None:
        """Record what reading one scope came to, and have it listed again where that is called for."""
        scope, planned = finished.task, finished.value
        del flight.pending[scope.name]
        if planned is None:
            error = finished.error or Failed("gave no result: report this")
            if isinstance(error, StoreError):
                raise error
            _log_unforeseen(flight.source, scope.name, error)
            self._fail(flight, scope, error, flight.begun.get(scope.name, flight.look.started))
            return
        try:
            self._commit(flight, scope, planned)
        except Overtaken as error:
            flight.tries[scope.name] += 1
            if flight.tries[scope.name] < TRIES:
                self._begin(flight, readers, scope)
                return
            told = (
                f"was overtaken by other commits {TRIES} times while it was read ({error}); the next look reads again"
            )
            self._fail(flight, scope, Failed(told), planned.started)
        except (StoreError, Interrupted):
            raise
        except Exception as error:
            log.exception("what was read cannot be settled", source=flight.source.name, scope=scope.name)
            self._fail(flight, scope, error, planned.started)
        else:
            doubted = planned.changes.doubted or bool(planned.changes.missed)
            if doubted and scope.name not in flight.listed_again:
                flight.listed_again.add(scope.name)
                self._begin(flight, readers, scope)
        finally:
            planned.spool.close()

    def _commit(self, flight: _Flight, scope: Scope, planned: _Planned) -> None:
        changes = planned.changes
        position = None if changes.position is None else Position(changes.position)
        note = self._watches.note(flight.source, scope)
        notes = [one for one in (unmapped_text(planned.unmapped), note and f"polled: {note}") if one]
        run = Run(scope, planned.started, planned.ended, Outcome.COMPLETE, "; ".join(notes) or None, position)
        if planned.unknown:
            self._commit_in_part(flight, run, planned)
            return
        recorded = self._ledger.record(flight.source, run, changes, planned.base)
        self._note(flight, run, recorded, changes.seen, len(planned.unmapped))
        self._watches.listed(flight.source, run)

    def _commit_in_part(self, flight: _Flight, run: Run, planned: _Planned) -> None:
        """Record what a listing shows, though not all of it could be mapped.

        Nothing stands for what is new and cannot be mapped, so the listing proves no absence, and its run has failed.
        """
        shown = replace(planned.changes, ended=[], missed=[], forgotten=[])
        recorded = self._ledger.record(flight.source, run, shown, planned.base, watched=True)
        failed = replace(run, outcome=Outcome.FAILED, error=unmapped_text(planned.unknown, new=True), position=None)
        recorded.mark = self._ledger.record(flight.source, failed).mark or recorded.mark
        self._note(flight, failed, recorded, 0, len(planned.unmapped))

    def _fail(self, flight: _Flight, scope: Scope, error: BaseException, started: datetime) -> None:
        """Record that a scope could not be read, and why. Nothing is ended."""
        flight.pending.pop(scope.name, None)
        if isinstance(error, Failed) and error.retry_after is not None:
            flight.look.retry_after = max(error.retry_after, flight.look.retry_after or 0.0)
        run = Run(scope, started, self._clock(), outcome_of(error), reason_of(error))
        self._note(flight, run, self._ledger.record(flight.source, run), 0)

    def _note(self, flight: _Flight, run: Run, recorded: Recorded, seen: int, unmapped: int = 0) -> None:
        look = flight.looks.setdefault(run.scope.name, ScopeLook(run.scope, run))
        look.run = run
        look.runs += 1
        look.seen = seen
        look.unmapped = unmapped
        look.opened += recorded.opened
        look.revised += recorded.revised
        look.ended += recorded.ended
        look.doubted = recorded.missed
        look.changes += recorded.total
        look.mark = recorded.mark or look.mark
        self._listener.read(flight.source, look, (run.ended - run.started).total_seconds())


def _went_back(known: Mapping[str, Known], position: Position) -> bool:
    """Tell whether a listing shows an instant before what was known when it began.

    A source that never goes back shows at least what it told before it was asked.
    """
    return any(one.position is not None and one.position > position.value for one in known.values())


def _listing_error(finished: Finished[None, Sequence[Scope]] | None, source: Source) -> BaseException | None:
    """Say what went wrong with listing the scopes, if anything did."""
    if finished is None:
        told = f"did not list its scopes within {spoken(source.deadline)}: check that it answers, or raise its deadline"
        return Failed(told)
    return finished.error


def _unsound(source: Source, scopes: Sequence[Scope]) -> Failed | None:
    """Check what can be checked of a list of scopes: it is not empty, all are the source's own, no name is there twice.

    An empty list would let every scope vanish, and a source that lets nobody see anything is a failing one.
    """
    names = Counter(scope.name for scope in scopes)
    twice = sorted(name for name, count in names.items() if count > 1)
    foreign = sorted({scope.source for scope in scopes} - {source.name})
    if twice or foreign:
        wrong = ", ".join(twice or foreign)
        return Failed(f"the collector '{source.plugin.type}' lists its scopes wrongly ({wrong}): tell its maker")
    if not scopes:
        return Failed("lists nothing at all to read: check what its credentials may see, and its settings")
    return None


def _log_unforeseen(source: Source, scope: str, error: BaseException) -> None:
    """Log what no collector should raise, with its traceback: it is a defect, beside being a failed run."""
    if not is_foreseen(error):
        log.error("reading raised what it should not", source=source.name, scope=scope, exc_info=error)
