"""What does a store promise? Readers at a revision, and one writer whose commits are all or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from graph.hops import Link, Traversed
from graph.identity import Claim
from graph.model import (
    AliasName,
    Change,
    DocumentRef,
    EntityVersion,
    Interval,
    Key,
    Knowledge,
    RelationVersion,
    RevisionMark,
    Run,
    RunFold,
    Scope,
    ScopeState,
)
from graph.plan import Known
from graph.settle import ChangeSet, Delta, Present
from graph.terms import Term

if TYPE_CHECKING:
    from graph.transfer.records import Record


class StoreError(Exception):
    """The store could not do it. The message names the situation and the next step."""


class StoreLocked(StoreError):
    """Another process writes to this store."""


class NoSuchRevision(StoreError):
    """The store has no revision of that number, or none that early."""


class Overtaken(StoreError):
    """A document changed between the planning and the commit: observe the scope again."""


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change, with the revision that made it and its place in that revision. evidence: who stated it.

    named: the entities that it is about: the entity itself, or all that the ends of the relation meant before and
    after.
    """

    revision: int
    instant: datetime
    sequence: int
    change: Change
    evidence: tuple[DocumentRef, ...] = ()
    named: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes are asked for. Empty means any; the window is about when they happened.

    causes: names of causes. words: kinds and verbs. subjects: entity keys, whose relations count as theirs; ids of
    relations. after: only what later revisions than this one made.
    """

    subjects: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    window: Interval | None = None
    prefix: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class EntityFilter:
    """Which entities are asked for. Empty means any. after: the key that the last page ended with."""

    kinds: frozenset[str] = frozenset()
    prefix: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    name: str | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Doubted:
    """Since when an ending is doubted, and the start of the last run that had the document."""

    since: datetime
    had: datetime | None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A configured source as the store remembers it. first_read: the end of its first complete run."""

    name: str
    type: str
    first_read: datetime | None
    configured: bool


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in force at a revision, and the canonical text of what it states.

    version, mapping: the source's token and the mapping that first stated just this. A token that has moved on since,
    without a difference, is upkeep, and not part of what a revision answers.
    """

    ref: DocumentRef
    version: str
    mapping: int
    text: str


class Found(NamedTuple):
    """A term's text, and the key of an entity that had it."""

    text: str
    key: Key


class GraphReader(Traversed, Protocol):
    """Everything as of one revision. Nothing committed later can be seen through it."""

    @property
    def mark(self) -> RevisionMark:
        """The revision that is read."""
        ...

    def entities(self, wanted: EntityFilter, limit: int) -> Sequence[EntityVersion]:
        """Give the entities in force, ordered by key, `limit` of them at most."""
        ...

    def latest(self, keys: Collection[Key]) -> Mapping[Key, EntityVersion]:
        """Give the last version of each entity that any revision up to this one had, in force or closed."""
        ...

    def found(
        self, terms: Collection[Term], limit: int, *, prefix: bool = False, kinds: Collection[str] = ()
    ) -> Mapping[Term, Sequence[Found]]:
        """Give, for each term, who of some kinds (any, where none are named) had it in any version up to this revision.

        In force or not. prefix: also those of which a term in that field begins with the text. Ordered by text and key
        (by code points), `limit` of them for each term at most. A term that nobody had is left out.
        """
        ...

    def versions(self, key: Key) -> Sequence[EntityVersion]:
        """Give all versions of an entity up to this revision, oldest first."""
        ...

    def relations(
        self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()
    ) -> Sequence[RelationVersion]:
        """Give the relations in force whose source (or else target) is tied to one of the keys, ordered by id."""
        ...

    def links(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Link]:
        """Give what a traversal needs of the relations that `relations` gives, where both ends are tied, by id."""
        ...

    def untied(self, key: Key, *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[RelationVersion]:
        """Give those of the relations that `relations` gives whose other end is open or ambiguous, ordered by id."""
        ...

    def unsettled(self, key: Key) -> Sequence[RelationVersion]:
        """Give the relations in force with an ambiguous end that could mean the key, ordered by id."""
        ...

    def latest_ties(self, ids: Collection[str]) -> Mapping[str, RelationVersion]:
        """Give the last version of each relation, by its id, that any revision up to this one had."""
        ...

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        """Give every claim of the aliases up to this revision; those closed since are not in force."""
        ...

    def changes(
        self, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None = None
    ) -> Sequence[RecordedChange]:
        """Give changes up to this revision, newest first, from before a (revision, sequence) on."""
        ...

    def scopes(self) -> Sequence[ScopeState]:
        """Give the state of every scope that exists at this revision, ordered by source and name."""
        ...

    def folds(self, source: str | None = None, scope: str | None = None) -> Sequence[RunFold]:
        """Give folded runs that began up to the instant of this revision (at the newest: all), oldest first."""
        ...

    def documents(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, StoredDocument]:
        """Give the documents in force at this revision."""
        ...

    def doubts(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, datetime]:
        """Tell which documents' endings are doubted at this revision, and since when."""
        ...

    def sources(self) -> Sequence[SourceRecord]:
        """Give every source, ordered by name."""
        ...

    def count(self, kinds: Collection[str] = ()) -> Mapping[str, int]:
        """Count the entities in force by kind."""
        ...


class Stage(Present, Protocol):
    """One commit in the making. What it reads includes what it has written; nobody else sees it before `publish`.

    It offers what settling reads, what recording reads, and the writes.
    """

    def knowledge(self, source: str, mapping: int) -> Knowledge | None:
        """Give what a version of a source's mapping fills."""
        ...

    def state(self, scope: Scope) -> ScopeState | None:
        """Give the present state of a scope."""
        ...

    def states(self, source: str) -> Sequence[ScopeState]:
        """Give the present states of all scopes of a source, ordered by name."""
        ...

    def rename_scope(self, scope: Scope, name: str) -> None:
        """Let the runs of a scope stand under another name, because its own has come to mean another range."""
        ...

    def is_gone(self, key: Key) -> bool:
        """Tell whether an entity was had, and is no longer."""
        ...

    def sources(self) -> Sequence[SourceRecord]:
        """Give every source, ordered by name."""
        ...

    def previous_complete(self, scope: Scope) -> Interval | None:
        """Give the start and end of the last complete run of a scope."""
        ...

    def failing_since(self, scope: Scope) -> datetime | None:
        """Give the earliest start of the runs since the last complete one; None where there is none."""
        ...

    def last_had(self, source: str, ids: Collection[str]) -> Mapping[str, datetime | None]:
        """Give, for documents whose ending is doubted, the start of the last run that had them."""
        ...

    def standing(self, source: str) -> Collection[str]:
        """Give the ids of all documents of a source that are in force, whatever covers them."""
        ...

    def source(self, name: str) -> SourceRecord | None:
        """Give what is remembered of a source."""
        ...

    def unjudged(self, scope: Scope, before: datetime) -> bool:
        """Tell whether keys of this home, named before an instant, were never had and never looked for since."""
        ...

    def contested(self, scope: Scope) -> Collection[AliasName]:
        """Give the exclusive aliases with several claims, one of them by a document that the scope covers."""
        ...

    def covered(self, scope: Scope) -> Collection[str]:
        """Give the ids of the documents in force that the scope covers."""
        ...

    def accept(self, deltas: Sequence[Delta], taken: Interval) -> None:
        """Write documents, and the claims that follow.

        Raise Overtaken when another commit changed one since `base`, or moved one past the position of what is written.
        """
        ...

    def apply(self, changes: ChangeSet) -> None:
        """Write settled versions and changes. A subject settled again in this commit is put right, not added."""
        ...

    def touch(self, source: str, touched: Iterable[tuple[str, str, int | None]], mapping: int) -> None:
        """Write the tokens of documents whose statements did not change. Makes no revision.

        Of what another look has changed since the plan was made, or has moved past it, this one has nothing to say.
        """
        ...

    def doubt(self, source: str, missed: Collection[str], found: Collection[str], doubted: Doubted) -> None:
        """Mark documents as missed, and clear the mark of those found again.

        Of what another look has changed since the plan was made, this one has nothing to say.
        """
        ...

    def forget(self, source: str, ids: Collection[str]) -> None:
        """Drop the positions that ended documents left behind."""
        ...

    def judge(self, scope: Scope) -> None:
        """Forget which keys of this home wait for a look, now that there was one.

        One that began before the last look, because a clock went back, came too early for some that were looked for
        then: they wait again.
        """
        ...

    def write_state(self, state: ScopeState | None, scope: Scope) -> None:
        """Write the state of a scope as of this revision; None when it exists no longer."""
        ...

    def write_run(self, run: Run) -> None:
        """Fold a run into the last one of its outcome, or begin a new fold."""
        ...

    def write_source(self, record: SourceRecord) -> None:
        """Remember a source."""
        ...

    def write_knowledge(self, source: str, knowledge: Knowledge) -> None:
        """Remember what a version of the source's mapping fills."""
        ...

    def publish(self, now: datetime | None) -> RevisionMark | None:
        """Make it durable. With an instant it makes a revision, later than the last one's; with None only upkeep."""
        ...


class GraphWriter(Protocol):
    """The one writer of a store."""

    def known(self, scope: Scope) -> tuple[Mapping[str, Known], int]:
        """Give what is known of every document in a scope's range, and the revision that this is as of."""
        ...

    def known_of(self, source: str, ids: Collection[str]) -> Mapping[str, Known]:
        """Give what is known of some documents."""
        ...

    def stage(self, base: int | None = None) -> AbstractContextManager[Stage]:
        """Begin a commit.

        base: the revision that the plan was made against. Left without `publish`, nothing happened.
        """
        ...

    def restore(self, records: Iterable[Record]) -> RevisionMark:
        """Fill an empty store with what another dumped, all or nothing; raise StoreError where something is in it."""
        ...

    def close(self) -> None:
        """Let another process write."""
        ...


class GraphStore(Protocol):
    """Where the versioned graph is kept."""

    def head(self) -> RevisionMark:
        """Give the newest revision. Number 0 is the empty graph."""
        ...

    def revision(self, number: int) -> RevisionMark:
        """Give one revision, or raise NoSuchRevision."""
        ...

    def revision_at(self, instant: datetime) -> RevisionMark:
        """Give the newest revision whose instant is not after the one given, or raise NoSuchRevision."""
        ...

    def reader(self, mark: RevisionMark | None = None) -> AbstractContextManager[GraphReader]:
        """Read as of a revision, the newest by default."""
        ...

    def dump(self) -> Iterator[Record]:
        """Yield everything that is kept as of one commit, in the order of `graph.transfer.records`."""
        ...

    def writer(self) -> GraphWriter:
        """Become the one writer, or raise StoreLocked."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
