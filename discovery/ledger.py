"""Who writes? All sources share the one writer of the store, and take turns: one commit after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from discovery.abreast import Departures, abreast
from discovery.source import RESERVED, Source
from graph import register
from graph.correlate import Engine
from graph.model import Document, Ended, Entity, Key, RevisionMark, Run, Scope, ScopeStatus
from graph.plan import DocumentChanges, Known, plan_watch
from graph.record import Reading, Recorded, record
from graph.store import GraphStore, Overtaken, SourceRecord, Stage, StoreError

log = structlog.get_logger("asbuilt.ledger")

Clock = Callable[[], datetime]
"""Tells the instant, in UTC. Passed in, so that tests make their own time."""


def utc_now() -> datetime:
    """Tell the instant by the clock of this machine."""
    return datetime.now(UTC)


class Ledger:
    """The one writer of a store, for as long as it is open; StoreLocked where there is another. Safe for threads."""

    def __init__(self, store: GraphStore, clock: Clock = utc_now) -> None:
        self._writer = store.writer()
        self._engine = Engine(store, self._writer)
        self._clock = clock
        self._turn = threading.Lock()
        self._departures = Departures()
        self._listed: dict[Scope, int] = {}
        """Up to which position each scope was listed last."""

    def configure(self, sources: Sequence[Source]) -> RevisionMark | None:
        """Note all configured sources, before any of them is connected to."""
        noted = [(one.name, one.plugin.type, one.plugin.states, one.stale_after) for one in sources]
        with self._turn, self._writer.stage() as stage:
            return register.configure(stage, noted, self._clock())

    def list_scopes(self, source: Source, scopes: Sequence[Scope]) -> RevisionMark | None:
        """Note what a source lists as its scopes."""
        with self._turn, self._writer.stage() as stage:
            return register.list_scopes(stage, source.name, scopes, source.reading(), self._clock())

    def sources(self) -> Sequence[SourceRecord]:
        """Give every source that the store remembers, those left out that Asbuilt is itself."""
        with self._turn, self._writer.stage() as stage:
            return [record for record in stage.sources() if record.name not in RESERVED]

    def live_scopes(self, source: str) -> list[Scope]:
        """Give the scopes that a source stands as, those that it lists no longer left out."""
        with self._turn, self._writer.stage() as stage:
            return [state.scope for state in stage.states(source) if state.status is not ScopeStatus.VANISHED]

    def known(self, scope: Scope) -> tuple[Mapping[str, Known], int]:
        """Give what is known of every document in a scope's range, and the revision that this is as of.

        A listing of the scope begins with this. It takes no turn: planning goes on while a commit is in the making, and
        `base` tells whether it was overtaken.
        """
        self._departures.listing(scope)
        return self._writer.known(scope)

    def begin_anew(self, scope: Scope) -> tuple[Mapping[str, Known], int]:
        """Forget up to where each document of a scope was told, and give what is known then, as `known` does.

        The positions of its source have gone back: its history was restored from an older state of it, and goes on from
        there. Every document stands as it was, to be compared with what the source shows now.
        """
        with self._turn:
            self._listed.pop(scope, None)
            known, _ = self._writer.known(scope)
            with self._writer.stage() as stage:
                for mapping in {one.mapping for one in known.values()}:
                    former = [id_ for id_, one in known.items() if one.mapping == mapping and not one.gone]
                    stage.touch(scope.source, [(id_, "", None) for id_ in former], mapping)
                stage.forget(scope.source, [id_ for id_, one in known.items() if one.gone])
                stage.publish(None)
            return self._writer.known(scope)

    def record(
        self,
        source: Source,
        run: Run,
        changes: DocumentChanges | None = None,
        base: int | None = None,
        *,
        watched: bool = False,
    ) -> Recorded:
        """Commit one run, with what it planned against the revision `base`. Raise Overtaken where that is outdated.

        Where the source has positions, the later word about each document counts, and nothing is outdated as a whole.
        base: left out where nothing was listed. watched: what was planned proves no absence.
        """
        reading = source.reading(watched=watched)
        with self._turn:
            if changes is None:
                self._departures.over(run.scope)
                with self._writer.stage(base) as stage:
                    return record(stage, run, None, reading, self._clock())
            if base is not None:  # without one it is a bookmark, beside which a listing may go on
                changes = self._departures.without(run.scope, changes)
            recorded = self._recorded(source, run, changes, base, reading)
            if changes.position is not None and base is not None and not watched:
                self._listed[run.scope] = changes.position
            return recorded

    def _recorded(
        self, source: Source, run: Run, changes: DocumentChanges, base: int | None, reading: Reading
    ) -> Recorded:
        try:
            with self._writer.stage(base) as stage:
                return record(stage, run, changes, reading, self._clock())
        except Overtaken:
            if changes.position is None:
                raise
        left = abreast(changes, lambda ids: self._writer.known_of(source.name, ids))
        with self._writer.stage() as stage:
            return record(stage, run, left, reading, self._clock())

    def record_watched(self, source: Source, run: Run, events: Sequence[Document | Ended]) -> Recorded:
        """Commit a batch of a watch's events. What is not past what is known of its document changes nothing.

        Nor does what is not past the last listing of the scope, of a document that nobody knows: had it been there, the
        listing would have shown it.
        """
        with self._turn:
            known = self._writer.known_of(source.name, {event.id for event in events})
            ended = [event for event in events if isinstance(event, Ended)]
            self._departures.note(run.scope, ended, known.keys())
            listed = self._listed.get(run.scope)
            events = [event for event in events if event.id in known or not _late(event, listed)]
            opened = [event for event in events if isinstance(event, Document) and _is_new(known.get(event.id))]
            with self._writer.stage() as stage:
                holders, holding = self._holders(stage, source.name, opened)
                known, mapping = {**holding, **known}, source.knowledge.version
                changes = plan_watch(known, events, scope=run.scope, mapping=mapping, holders=holders)
                return record(stage, run, changes, source.reading(watched=True), self._clock())

    def standing(self, source: str, ids: Collection[str]) -> set[str]:
        """Tell which of some documents of a source are in force."""
        return {id_ for id_, known in self._writer.known_of(source, ids).items() if not known.gone} if ids else set()

    def _holders(
        self, stage: Stage, source: str, opened: Sequence[Document]
    ) -> tuple[dict[Key, str], Mapping[str, Known]]:
        """Find the documents that state now, as their own subjects, the keys that others are about to take.

        Give for each key the id of its document, and what is known of these.
        """
        subjects = [next(iter(one.statements), None) for one in opened]
        keys = {one.key for one in subjects if isinstance(one, Entity)}
        stated: dict[Key, set[str]] = {}
        for key, standing in stage.entities(keys).items():
            if standing.now is not None:
                stated[key] = {ref.id for ref in standing.now.evidence if ref.source == source}
        known = self._writer.known_of(source, {id_ for ids in stated.values() for id_ in ids})
        held = {key: id_ for key, ids in stated.items() for id_ in sorted(ids) if _stands_for(known.get(id_), key)}
        return held, known

    def conclude(self, stale_after: float) -> RevisionMark | None:
        """Have every rule conclude from what is recorded by now; give the last revision that this makes, if any.

        A rule that raises has a failed run, and what it concluded before stands.
        """
        mark = None
        with self._turn:
            for rule in self._engine.rules:
                try:
                    recorded = self._engine.conclude(rule, self._clock(), stale_after).recorded
                except StoreError:
                    raise
                except Exception as error:
                    log.exception("a rule raised what it should not", rule=rule.name)
                    reason = f"has a defect ({type(error).__name__}): report it, with the log"
                    recorded = self._engine.fail(rule, reason, self._clock(), stale_after)
                mark = recorded.mark or mark
        return mark

    def retire(self, source: str, scope: str | None) -> tuple[RevisionMark | None, int]:
        """End, on a person's word, what a source (or one scope) states; give the revision and the documents ended."""
        with self._turn, self._writer.stage() as stage:
            return register.retire(stage, source, scope, self._clock())

    def close(self, seconds: float = 5.0) -> bool:
        """Let another process write; False where the commit under way is not over within so many seconds."""
        if not self._turn.acquire(timeout=max(0.0, seconds)):
            return False
        try:
            self._writer.close()
        finally:
            self._turn.release()
        return True


def _is_new(known: Known | None) -> bool:
    return known is None or known.gone


def _late(event: Document | Ended, listed: int | None) -> bool:
    """Tell whether a listing up to a position speaks of what an event says. One without a position is never late."""
    told = event.version if isinstance(event, Document) else str(event.position.value)
    return listed is not None and told.isdigit() and int(told) <= listed


def _stands_for(known: Known | None, key: Key) -> bool:
    return known is not None and not known.gone and known.subject == key
