"""What happens to a store when a scripted world is read? The path of discovery without threads, clock or collectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from graph.model import (
    KINDS,
    VERBS,
    Alias,
    AliasEnd,
    Document,
    Ended,
    Entity,
    Holding,
    Key,
    KeyEnd,
    Knowledge,
    Method,
    Outcome,
    Position,
    Relation,
    RevisionMark,
    Run,
    Scope,
    Statement,
    Value,
)
from graph.model.statements import End
from graph.plan import DocumentChanges, plan, plan_watch
from graph.record import Reading, Recorded, record
from graph.register import configure, list_scopes, retire
from graph.store import GraphStore, GraphWriter

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)

EVERYTHING = frozenset({*KINDS, *VERBS})


def everything_known(version: int = 1, lacking: Iterable[tuple[str, str]] = ()) -> Knowledge:
    """Make the knowledge of a mapping that fills all that the vocabulary has, but for some (word, attribute)."""
    left_out = set(lacking)
    attributes = {kind.name: kind.attributes for kind in KINDS.values()}
    attributes |= {verb.name: verb.attributes for verb in VERBS.values()}
    fields = {
        name: frozenset({*names, "aliases", "incarnation", "name"} - {attr for word, attr in left_out if word == name})
        for name, names in attributes.items()
    }
    return Knowledge(version, fields)


def entity(key: Key, *aliases: Alias, incarnation: str | None = None, **attributes: Value) -> Entity:
    """State an entity that is named by the last id of its key."""
    return Entity(key, key.id, incarnation, attributes, aliases)


def tie(source: Key | End, verb: str, target: Key | End, slot: str = "", **attributes: Value) -> Relation:
    """State a relation between keys or ends."""
    ends = [KeyEnd(end) if isinstance(end, Key) else end for end in (source, target)]
    return Relation(ends[0], verb, ends[1], slot, attributes, Method.EXPLICIT_REF)


def document(id_: str, version: str, *statements: Statement) -> Document:
    """Make a document of statements at hand."""
    return Document(id_, version, partial(tuple, statements))


def exclusive(type_: str, value: str) -> Alias:
    """Make an alias that one holder of a kind has at an instant."""
    return Alias(type_, value, Holding.EXCLUSIVE)


def forever(type_: str, value: str) -> Alias:
    """Make an alias that is never given to another."""
    return Alias(type_, value, Holding.FOREVER)


def alias_end(type_: str, value: str, *kinds: str) -> AliasEnd:
    """Name an end by an alias."""
    return AliasEnd(type_, value, kinds)


@dataclass(slots=True)
class World:
    """A store and a clock that only the script moves. Every run takes one second."""

    store: GraphStore
    now: datetime = START
    stale_after: float = 180.0
    knowledge: Knowledge = field(default_factory=everything_known)
    type: str = "scripted"
    _writer: GraphWriter | None = None

    @property
    def writer(self) -> GraphWriter:
        """The one writer, opened at first need."""
        if self._writer is None:
            self._writer = self.store.writer()
        return self._writer

    def pass_(self, **time: float) -> datetime:
        """Let time pass, as timedelta names it."""
        self.now += timedelta(**time)
        return self.now

    @property
    def reading(self) -> Reading:
        """The circumstances of a run now."""
        return Reading(self.type, self.knowledge, self.stale_after, sample=1000)

    def configure(self, *names: str, states: Iterable[str] = EVERYTHING) -> RevisionMark | None:
        """Configure exactly these sources."""
        with self.writer.stage() as stage:
            return configure(stage, [(name, self.type, states, self.stale_after) for name in names], self.now)

    def scopes(self, source: str, *scopes: Scope) -> RevisionMark | None:
        """Let a source list its scopes."""
        with self.writer.stage() as stage:
            return list_scopes(stage, source, scopes, self.reading, self.now)

    def planned(self, scope: Scope, documents: Sequence[Document | Position]) -> tuple[DocumentChanges, int]:
        """Plan a complete listing, and give the revision that it was planned against."""
        known, base = self.writer.known(scope)
        return plan(known, iter(documents), scope=scope, mapping=self.knowledge.version), base

    def read(self, scope: Scope, *documents: Document | Position) -> Recorded:
        """Read a scope completely: these documents, and no others."""
        started = self.now
        changes, base = self.planned(scope, documents)
        return self.commit(scope, changes, base, started)

    def commit(self, scope: Scope, changes: DocumentChanges, base: int, started: datetime) -> Recorded:
        """Commit what was planned of a complete listing."""
        ended = self.pass_(seconds=1)
        position = Position(changes.position) if changes.position is not None else None
        with self.writer.stage(base) as stage:
            run = Run(scope, started, ended, Outcome.COMPLETE, position=position)
            return record(stage, run, changes, self.reading, self.now)

    def fail(self, scope: Scope, outcome: Outcome = Outcome.FAILED, error: str = "it did not answer") -> Recorded:
        """Fail to read a scope."""
        started = self.now
        ended = self.pass_(seconds=1)
        with self.writer.stage() as stage:
            return record(stage, Run(scope, started, ended, outcome, error), None, self.reading, self.now)

    def forbid(self, scope: Scope) -> Recorded:
        """Be refused a scope."""
        return self.fail(scope, Outcome.FORBIDDEN, "403: may not list")

    def watch(self, scope: Scope, *events: Document | Ended | Position, since: datetime | None = None) -> Recorded:
        """Take a batch of a watch's events, which were heard from an instant on, or just now."""
        ids = [event.id for event in events if not isinstance(event, Position)]
        holders = {
            Key(one.subject): id_
            for id_, one in sorted(self.writer.known(scope)[0].items(), key=lambda pair: pair[0])
            if one.subject and not one.gone
        }
        known = self.writer.known_of(scope.source, {*ids, *holders.values()})
        changes = plan_watch(known, events, scope=scope, mapping=self.knowledge.version, holders=holders)
        started = since or self.now
        ended = self.pass_(seconds=1)
        reading = Reading(self.type, self.knowledge, self.stale_after, sample=1000, watched=True)
        with self.writer.stage() as stage:
            return record(stage, Run(scope, started, ended, Outcome.COMPLETE), changes, reading, self.now)

    def retire(self, source: str, scope: str | None = None) -> RevisionMark | None:
        """Retire a source, or one scope of it, on a person's word."""
        with self.writer.stage() as stage:
            return retire(stage, source, scope, self.now)[0]
