"""How are changes heard as they happen? One reader for each watched scope, and one writer for all that they hear.

A scope is watched from the position of its last listing on. As long as its watch is unbroken, by however many
connections, nothing of it is left out, and it need be listed only now and then, as proof.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import structlog

from collectors.contract import Collector
from discovery.feed import Batch
from discovery.ledger import Clock, Ledger, utc_now
from discovery.listener import Heard, Listener, Silence, WatchState
from discovery.reasons import reason_of
from discovery.source import Source, as_watching
from discovery.watch import Watch
from graph.model import Document, Ended, Outcome, Run, Scope
from graph.model.canonical import statements_text
from graph.plan import DocumentChanges
from graph.record import Recorded

BATCH = 0.2
"""Seconds for which events are gathered before they are recorded together."""

PROOF = 10
"""Intervals after which a scope is listed although its watch is unbroken."""

LIVELY = 60.0
"""Seconds that a watch must have lived for its source to be looked at anew at once when it is lost."""

log = structlog.get_logger("asbuilt.watching")


class Watches:
    """The watches of all sources. Nothing is watched before `start`, nor after `stop`.

    collector_of: gives the collector of a source, connected anew where the last one got stuck. due: has a source looked
    at as soon as possible.
    """

    def __init__(
        self,
        ledger: Ledger,
        collector_of: Callable[[Source], Collector],
        *,
        due: Callable[[str], object],
        clock: Clock = utc_now,
        listener: Listener | None = None,
    ) -> None:
        self._ledger = ledger
        self._collector_of = collector_of
        self._due = due
        self._clock = clock
        self._listener: Listener = listener or Silence()
        self._lock = threading.Lock()
        self._watches: dict[tuple[str, str], Watch] = {}
        self._bell = threading.Event()
        self._stop = threading.Event()
        self._writer: threading.Thread | None = None

    def start(self, stale_after: float) -> None:
        """Begin to watch what is listed from now on. stale_after: the longest that a source may fail."""
        self._writer = threading.Thread(target=self._write, args=[stale_after], name="watch-write", daemon=True)
        self._writer.start()

    def stop(self) -> None:
        """Hear nothing more. A batch that is being recorded is finished; its commit is waited for elsewhere."""
        self._stop.set()
        self._bell.set()
        with self._lock:
            watches = list(self._watches.values())
        for watch in watches:
            watch.end()

    # ------------------------------------------------------------------------------------------------ asked by looks

    def vouches(self, source: Source, scope: Scope) -> bool:
        """Tell whether a scope need not be listed now: its watch is unbroken, and has said so lately enough."""
        watch = self._of(source, scope)
        if watch is None or watch.over or watch.state is not WatchState.LIVE or watch.scope != scope:
            return False
        now = time.monotonic()
        fresh = now - watch.proven.at + 1.1 * source.interval < source.stale_after
        return fresh and now - watch.listed < PROOF * source.interval

    def note(self, source: Source, scope: Scope) -> str | None:
        """Say why a scope is polled though its source is to be watched, if it is."""
        watch = self._of(source, scope)
        return watch.reason if watch is not None and watch.state is WatchState.REFUSED else None

    def keep(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Let go of the watches of a source's scopes that it lists no longer, or that are others by now."""
        with self._lock:
            gone = [one for (name, _), one in self._watches.items() if name == source.name and one.scope not in scopes]
            for one in gone:
                del self._watches[source.name, one.scope.name]
        for one in gone:
            one.end()
            self._listener.watching(source, one.scope, WatchState.OVER, None)

    def went_back(self, source: Source, scope: Scope) -> None:
        """Let go of the watch of a scope whose positions have gone back: it waits for what will never be told."""
        watch = self._of(source, scope)
        if watch is not None and not watch.over:
            reason = "the source's history was turned back; it is listed again"
            watch.break_off(WatchState.OUTDATED, reason)
            self._told(watch, WatchState.OUTDATED, reason)

    def listed(self, source: Source, run: Run) -> None:
        """Hear that a complete listing is recorded: the scope is watched from its position on, if it is not yet."""
        if self._writer is None or self._stop.is_set() or not source.watch or run.position is None:
            return
        with self._lock:
            watch = self._watches.get((source.name, run.scope.name))
            if watch is not None and watch.scope == run.scope and not watch.over:
                watch.listing(run)
                return
            if watch is not None and watch.state is WatchState.REFUSED and not watch.may_ask_again:
                return
            if as_watching(self._collector_of(source)) is None:
                return
            watch = Watch(source, run, self._bell, self._clock, again=PROOF * source.interval)
            self._watches[source.name, run.scope.name] = watch
        name = f"watch-{source.name}-{run.scope.name}"
        threading.Thread(target=self._hear, args=[watch], name=name, daemon=True).start()

    def _of(self, source: Source, scope: Scope) -> Watch | None:
        with self._lock:
            return self._watches.get((source.name, scope.name))

    # ------------------------------------------------------------------------------------------------ hearing

    def _hear(self, watch: Watch) -> None:
        """Hear a watch until it is over, in a thread of its own."""
        began = time.monotonic()
        told = partial(self._told, watch)
        watch.hear(lambda: as_watching(self._collector_of(watch.source)), told)
        outdated = watch.state is WatchState.OUTDATED
        if outdated and not self._stop.is_set() and (watch.moved or time.monotonic() - began > LIVELY):
            self._due(watch.source.name)

    def _told(self, watch: Watch, state: WatchState, reason: str | None) -> None:
        if not self._stop.is_set():
            self._listener.watching(watch.source, watch.scope, state, reason)

    # ------------------------------------------------------------------------------------------------ recording

    def _write(self, stale_after: float) -> None:
        """Record what is heard, for as long as anything may be. The one thread that does."""
        while not self._stop.is_set():
            self._bell.wait()
            if self._stop.wait(BATCH):
                return
            self._bell.clear()
            with self._lock:
                watches = list(self._watches.values())
            moved = [self._recorded(watch) for watch in watches]
            if any(moved):
                self._conclude(stale_after)

    def _conclude(self, stale_after: float) -> None:
        try:
            self._ledger.conclude(stale_after)
        except Exception:
            if not self._stop.is_set():
                log.exception("what follows from what was heard cannot be recorded; the next look tries again")

    def _recorded(self, watch: Watch) -> bool:
        """Record what one watch has told; tell whether that made a revision. One that was replaced counts no more."""
        batch = watch.feed.take()
        if batch is None or watch.lost or self._of(watch.source, watch.scope) is not watch:
            return False
        try:
            return self._record(watch, batch)
        except Exception as error:
            if not self._stop.is_set():
                log.exception(
                    "what was heard cannot be recorded; the scope is listed anew",
                    source=watch.source.name,
                    scope=watch.scope.name,
                )
                watch.break_off(WatchState.UNRECORDED, reason_of(error))
                self._told(watch, WatchState.UNRECORDED, reason_of(error))
            return False

    def _record(self, watch: Watch, batch: Batch) -> bool:
        source, scope = watch.source, watch.scope
        moved = False
        if batch.events:
            run = Run(scope, batch.first, batch.last, Outcome.COMPLETE)
            recorded = self._ledger.record_watched(source, run, list(self._mapped(watch, batch.events)))
            moved = recorded.mark is not None
            self._heard(watch, batch, recorded)
        if batch.position is not None and batch.position > watch.proven.position and self._speaks_for_all(watch):
            run = Run(scope, watch.proven.instant, batch.last, Outcome.COMPLETE, watch.gap, batch.position)
            recorded = self._ledger.record(source, run, DocumentChanges(position=batch.position.value))
            moved |= recorded.mark is not None
            watch.prove(batch.position, batch.last)
            self._heard(watch, Batch((), None, 0, batch.first, batch.last, None), recorded)
        return moved

    def _heard(self, watch: Watch, batch: Batch, recorded: Recorded) -> None:
        lag = 0.0 if batch.waited is None else time.monotonic() - batch.waited
        self._listener.heard(watch.source, Heard(watch.scope, batch.heard, lag, recorded, len(watch.unmapped)))

    def _speaks_for_all(self, watch: Watch) -> bool:
        """Tell whether a watch can stand for a listing: not while something new to it could not be mapped."""
        return len(watch.unmapped) == len(self._ledger.standing(watch.source.name, watch.unmapped))

    def _mapped(self, watch: Watch, events: Iterable[Document | Ended]) -> Iterable[Document | Ended]:
        """Map each document once, here. One that cannot be mapped costs only itself: it stands as it was."""
        for event in events:
            if isinstance(event, Ended):
                watch.unmapped.discard(event.id)
                yield event
                continue
            try:
                statements = event.statements
                statements_text(statements)
            except Exception:
                if event.id not in watch.unmapped:
                    log.exception(
                        "a document cannot be mapped, and stands as it was",
                        source=watch.source.name,
                        scope=watch.scope.name,
                        document=event.id,
                    )
                watch.unmapped.add(event.id)
                continue
            watch.unmapped.discard(event.id)
            yield Document(event.id, event.version, partial(tuple, statements))
