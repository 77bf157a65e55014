"""What does the reference store keep? Histories: lists of versions, each in force from one revision until another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from graph.identity import Claim
from graph.model import (
    AliasName,
    DocumentRef,
    EntityVersion,
    Key,
    Knowledge,
    RelationVersion,
    RevisionMark,
    RunFold,
    ScopeState,
)
from graph.plan import Known
from graph.store import Doubted, RecordedChange, SourceRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """A value in force from a revision until another; None: it still is."""

    value: T
    opened: int
    closed: int | None = None

    def at(self, revision: int) -> bool:
        """Tell whether it was in force at a revision."""
        return self.opened <= revision and (self.closed is None or revision < self.closed)


History = list[Span[T]]


def in_force(history: Sequence[Span[T]], revision: int) -> T | None:
    """Give the value in force at a revision."""
    return next((span.value for span in reversed(history) if span.at(revision)), None)


def close(history: History[T], revision: int) -> None:
    """End the last value as of a revision; one that began in that very revision has never been."""
    if history and history[-1].closed is None:
        last = history.pop()
        if last.opened < revision:
            history.append(replace(last, closed=revision))


def put(history: History[T], value: T, revision: int) -> None:
    """Let a value be in force from a revision on, in place of the last one."""
    close(history, revision)
    history.append(Span(value, revision))


def restore(history: History[T], revision: int) -> None:
    """Undo what a revision did to a history."""
    while history and history[-1].opened == revision:
        history.pop()
    if history and history[-1].closed == revision:
        history[-1] = replace(history[-1], closed=None)


@dataclass(frozen=True, slots=True)
class Page:
    """A document as it is stored: what to compare with, what it states, and the token and mapping that first did."""

    known: Known
    text: str
    version: str
    mapping: int


@dataclass(slots=True)
class Tables:
    """Everything in the store as of its newest commit."""

    marks: list[RevisionMark] = field(default_factory=list)
    documents: dict[DocumentRef, History[Page]] = field(default_factory=dict)
    left_behind: dict[DocumentRef, Known] = field(default_factory=dict)
    doubts: dict[DocumentRef, History[Doubted]] = field(default_factory=dict)
    entities: dict[Key, History[EntityVersion]] = field(default_factory=dict)
    relations: dict[str, History[RelationVersion]] = field(default_factory=dict)
    tied: dict[Key, set[str]] = field(default_factory=dict)
    claims: dict[AliasName, History[Claim]] = field(default_factory=dict)
    citing: dict[AliasName, set[str]] = field(default_factory=dict)
    changes: list[RecordedChange] = field(default_factory=list)
    states: dict[tuple[str, str], History[ScopeState]] = field(default_factory=dict)
    folds: dict[tuple[str, str], list[RunFold]] = field(default_factory=dict)
    sources: dict[str, SourceRecord] = field(default_factory=dict)
    knowledge: dict[tuple[str, int], Knowledge] = field(default_factory=dict)

    def copy(self) -> Tables:
        """Copy every container, but no value: values are frozen."""
        twin = Tables()
        for name in self.__slots__:
            table = getattr(self, name)
            if isinstance(table, dict):
                setattr(twin, name, {key: self._copied(value) for key, value in table.items()})
            else:
                setattr(twin, name, table.copy())
        return twin

    @staticmethod
    def _copied(value: object) -> object:
        return value.copy() if isinstance(value, list | set) else value

    @property
    def revision(self) -> int:
        """The newest revision."""
        return self.marks[-1].number

    def present_documents(self) -> Iterator[tuple[DocumentRef, Page]]:
        """Give each document in force."""
        for ref, history in self.documents.items():
            if history and history[-1].closed is None:
                yield ref, history[-1].value
