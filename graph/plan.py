"""Which documents of this scope are new, different, ended? Pure, one pass over the listing.

One row per world: what is known of a document, what the listing shows, and what is planned.

    known            listed                      planned
    -                yes                         opened
    yes              same token, same mapping    nothing, and it is not even mapped
    yes              same statements             touched: the token alone moved on
    yes              other statements            revised
    yes              no, key listed anew         ended: replaced, neither counted nor doubted
    yes              no                          ended, where the listings are snapshots and at most half would end
    yes              no                          missed the first time, ended the second, everywhere else
    missed before    yes                         found again
    past position    any                         nothing: a watch has moved it beyond this listing
    ended past it    yes                         nothing: no resurrection
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from graph.model import Document, Ended, Entity, Key, KeyEnd, Position, Scope, Statement, fingerprint, statements_text
from graph.model.canonical import relation_id


class NotText(ValueError):
    """A document holds half of a character (a lone surrogate), which no store could keep."""

    def __init__(self, document: str, error: UnicodeEncodeError) -> None:
        named = document.encode(errors="backslashreplace").decode()
        half = f"U+{ord(error.object[error.start]):04X}"
        super().__init__(f"document {named} holds {half}, half of a character: its collector has to replace that")


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a document, to compare the next one with.

    fingerprint: of the canonical text of its statements, before resolution. subject: the key of its entity, or the
    place of its tie. missed: the last complete listing lacked it, and its ending is doubted. gone: it has ended, and
    only its position is left behind, until a listing past it completes.
    """

    fingerprint: str
    mapping: int
    version: str
    position: int | None = None
    subject: str = ""
    incarnation: str | None = None
    missed: bool = False
    gone: bool = False

    @property
    def quiet(self) -> bool:
        """Tell whether nothing about the document is pending."""
        return not (self.missed or self.gone)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A document that was mapped because it is new or may differ."""

    id: str
    version: str
    mapping: int
    position: int | None
    fingerprint: str
    text: str
    """The canonical text of its statements: what is stored."""
    subject: str
    incarnation: str | None


class EndReason(StrEnum):
    """Why a document ended."""

    ABSENT = "absent"
    """A complete listing of its home lacked it, twice where that was doubted."""
    REPLACED = "replaced"
    """Another document states its key with a newer incarnation."""
    SAID = "said"
    """The source itself said so."""
    RETIRED = "retired"
    """A person said so."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A document that is no more, why, and the position at which its source said so."""

    id: str
    reason: EndReason
    position: int | None = None


class Keeper(Protocol):
    """Where mapped documents wait for their commit: a list, or a file for a first load that memory should not hold."""

    def append(self, mapped: Mapped, /) -> None:
        """Take one more."""
        ...

    def clear(self) -> None:
        """Forget them all: the listing began again."""
        ...

    def __iter__(self) -> Iterator[Mapped]: ...

    def __len__(self) -> int: ...


@dataclass(slots=True)
class DocumentChanges:
    """What one listing, or one batch of a watch, says about documents. mapped: the opened and the revised."""

    mapped: Keeper = field(default_factory=list[Mapped])
    touched: list[tuple[str, str, int | None]] = field(default_factory=list)
    """(id, version, position) of documents whose statements are the same under another token, or another mapping."""
    ended: list[Ending] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    """Ids of ended documents whose position need not be kept any longer."""
    seen: int = 0
    position: int | None = None
    doubted: bool = False
    """More than half of the range would end: the second listing should follow at once."""

    @property
    def empty(self) -> bool:
        """Tell whether the world looks as it did: nothing that would make a revision."""
        return not (len(self.mapped) or self.ended or self.missed or self.found)


def _subject(document: str, statements: tuple[Statement, ...], scope: Scope) -> tuple[str, str | None]:
    """Say by what a scope covers a document: the key of its entity, or the place of its tie.

    A tie stands, as if its verb were a kind, where its source stands: `<key of the source>/SELECTS/<id of the
    relation>`. One whose source is an alias stands where it was read, and so does a document that states nothing.
    """
    first = statements[0] if statements else None
    if isinstance(first, Entity):
        return first.key, first.incarnation
    place = f"{scope.range}/" if scope.range else ""
    if first is None:
        return f"{place}{min(scope.states, default='-')}/{fingerprint(document)}", None
    if isinstance(first.source, KeyEnd):
        place = f"{first.source.key}/"
    return f"{place}{first.verb}/{relation_id(first)}", None


def mapped_document(document: Document, scope: Scope, mapping: int, position: int | None) -> Mapped:
    """Map a document, write its statements in canonical form, and fingerprint them; raise NotText where that fails."""
    statements = document.statements
    text = statements_text(statements)
    try:
        mark = fingerprint(text)
        f"{document.id}{document.version}".encode()
        subject, incarnation = _subject(document.id, statements, scope)
    except UnicodeEncodeError as error:
        raise NotText(document.id, error) from None
    return Mapped(document.id, document.version, mapping, position, mark, text, subject, incarnation)


def _compare(
    changes: DocumentChanges, known: Known | None, document: Document, scope: Scope, mapping: int
) -> Mapped | None:
    """Decide about one document that the source shows; give its mapped form where it is opened or revised."""
    if known is None or known.gone:
        return mapped_document(document, scope, mapping, changes.position)
    if known.missed:
        changes.found.append(document.id)
    if document.version and known.version == document.version and known.mapping == mapping:
        return None
    mapped = mapped_document(document, scope, mapping, changes.position)
    if known.fingerprint != mapped.fingerprint:
        return mapped
    if (known.version, known.mapping) != (document.version, mapping):
        changes.touched.append((document.id, document.version, changes.position))
    return None


def _overtaken(known: Known | None, listing: int | None) -> bool:
    """Tell whether a watch, or a later listing, has moved a document past this listing."""
    return known is not None and known.position is not None and listing is not None and known.position > listing


def _judge(
    changes: DocumentChanges, scope: Scope, lacking: dict[str, Known], total: int, minted: dict[str, str]
) -> None:
    """Decide about the documents that a complete listing lacks."""
    absent = {}
    for id_, known in lacking.items():
        replacement = minted.get(known.subject) if known.subject else None
        if replacement is not None and replacement != id_:
            changes.ended.append(Ending(id_, EndReason.REPLACED, changes.position))
            total -= 1
        else:
            absent[id_] = known
    changes.doubted = 2 * len(absent) > total and not all(known.missed for known in absent.values())
    for id_, known in absent.items():
        if known.missed or (scope.snapshot and not changes.doubted):
            changes.ended.append(Ending(id_, EndReason.ABSENT, changes.position))
        else:
            changes.missed.append(id_)


def plan(
    known: Mapping[str, Known],
    observed: Iterable[Position | Document],
    *,
    scope: Scope,
    mapping: int,
    keeper: Keeper | None = None,
    unmapped: Callable[[str, Exception], None] | None = None,
) -> DocumentChanges:
    """Compare a complete listing with every document in the scope's range, whoever opened it.

    Exhausting `observed` is the proof of completeness; what it raises passes through, and nothing is planned. A second
    position means that the source began again (an expired list token): what was observed so far is forgotten.
    unmapped: told of a document that is there and cannot be mapped, which then stands as it was; without it that passes
    through as well.
    """
    changes = DocumentChanges() if keeper is None else DocumentChanges(mapped=keeper)
    seen: set[str] = set()
    minted: dict[str, str] = {}
    for item in observed:
        if isinstance(item, Position):
            _begin_again(changes, seen, minted, item.value)
            continue
        if item.id in seen:  # pages of a listing that is no snapshot may overlap
            continue
        seen.add(item.id)
        former = known.get(item.id)
        if former is not None and former.version == item.version != "" and former.mapping == mapping and former.quiet:
            continue  # the path of an unchanged estate: nothing below is paid for
        if _overtaken(former, changes.position):
            continue
        try:
            mapped = _compare(changes, former, item, scope, mapping)
        except Exception as error:
            if unmapped is None:
                raise
            unmapped(item.id, error)
            continue
        if mapped is not None:
            changes.mapped.append(mapped)
            if former is None or former.gone:
                minted[mapped.subject] = item.id
    changes.seen = len(seen)
    lacking, total = _lacking(changes, known, seen)
    _judge(changes, scope, lacking, total, minted)
    return changes


def _lacking(changes: DocumentChanges, known: Mapping[str, Known], seen: set[str]) -> tuple[dict[str, Known], int]:
    """Give what the listing should have had and lacks, and how much stood in all; forget what ended before it."""
    lacking, total = {}, 0
    for id_, former in known.items():
        total += not former.gone
        if id_ in seen or _overtaken(former, changes.position):
            continue
        if former.gone:
            changes.forgotten.append(id_)
        else:
            lacking[id_] = former
    return lacking, total


def _begin_again(changes: DocumentChanges, seen: set[str], minted: dict[str, str], position: int) -> None:
    seen.clear()
    minted.clear()
    changes.mapped.clear()
    for listed in (changes.touched, changes.found):
        listed.clear()
    changes.position = position


def plan_watch(
    known: Mapping[str, Known],
    events: Iterable[Document | Ended | Position],
    *,
    scope: Scope,
    mapping: int,
    holders: Mapping[Key, str],
) -> DocumentChanges:
    """Turn a batch of a watch's events, in order, into changes. The last word about each document counts.

    holders: for each key that the batch states, the id of the document that states it now, which is among the known.
    An event that is not past what is known is stale and changes nothing. A document that mints a held key anew ends the
    one that held it, unless that one was told of later: then it is a late word of a former life.
    """
    changes = DocumentChanges()
    last: dict[str, Mapped | Ending | None] = {}
    for event in events:
        if isinstance(event, Position):
            changes.position = event.value
            continue
        former = known.get(event.id)
        if isinstance(event, Ended):
            changes.position = event.position.value
            if former is not None and not former.gone and not _overtaken(former, changes.position):
                last[event.id] = Ending(event.id, EndReason.SAID, changes.position)
            elif former is None:
                last.pop(event.id, None)
            continue
        changes.position = int(event.version) if event.version.isdigit() else changes.position
        if not _overtaken(former, changes.position):
            last[event.id] = _compare(changes, former, event, scope, mapping)
    for id_, verdict in last.items():
        if isinstance(verdict, Ending):
            changes.ended.append(verdict)
        elif verdict is not None:
            holder = holders.get(Key(verdict.subject), id_)
            former = known.get(id_)
            if holder != id_ and holder not in last and (former is None or former.gone):
                if _overtaken(known.get(holder), verdict.position):
                    continue
                changes.ended.append(Ending(holder, EndReason.REPLACED, verdict.position))
            changes.mapped.append(verdict)
    changes.seen = len(last)
    return changes
