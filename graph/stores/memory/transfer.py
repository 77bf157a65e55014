"""How does all that the reference store keeps come out of its tables, and into empty ones?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from graph.identity import cited
from graph.model import DocumentRef, EntityVersion, RelationVersion, RevisionMark, RunFold
from graph.plan import Known
from graph.store import RecordedChange, SourceRecord, StoreError
from graph.stores.memory.tables import History, Page, Span, T, Tables
from graph.transfer.records import (
    Head,
    KeptChange,
    KeptClaim,
    KeptDocument,
    KeptDoubt,
    KeptKnowledge,
    KeptPage,
    KeptState,
    Record,
    in_order,
)


def dumped(tables: Tables) -> Iterator[Record]:
    """Give everything that is kept."""
    head = tables.marks[-1]
    yield Head(head.number, head.instant)
    yield from tables.marks[1:]
    yield from (record for _, record in sorted(tables.sources.items()))
    yield from (KeptKnowledge(source, one) for (source, _), one in sorted(tables.knowledge.items(), key=_first))
    for _, states in sorted(tables.states.items()):
        yield from (KeptState(span.value, span.opened, span.closed) for span in states)
    yield from chain.from_iterable(folds for _, folds in sorted(tables.folds.items()))
    yield from _documents(tables)
    for _, entities in sorted(tables.entities.items(), key=lambda entry: (entry[0].kind, entry[0])):
        yield from (replace(span.value, opened=span.opened, closed=span.closed) for span in entities)
    for _, relations in sorted(tables.relations.items()):
        yield from (replace(span.value, opened=span.opened, closed=span.closed) for span in relations)
    for _, claims in sorted(tables.claims.items()):
        yield from (
            KeptClaim(replace(span.value, in_force=span.closed is None), span.opened, span.closed) for span in claims
        )
    for one in tables.changes:
        yield KeptChange(one.revision, one.sequence, one.change, one.evidence, one.named)


def _first(entry: tuple[tuple[str, int], object]) -> tuple[str, int]:
    return entry[0]


def _documents(tables: Tables) -> Iterator[Record]:
    refs = sorted({ref for ref, pages in tables.documents.items() if pages} | tables.left_behind.keys())
    for ref in refs:
        yield KeptDocument(ref, _known(tables, ref))
    for ref in refs:
        for span in tables.documents.get(ref, []):
            page = span.value
            yield KeptPage(ref, page.version, page.mapping, page.text, span.opened, span.closed)
    for ref, doubts in sorted(tables.doubts.items()):
        yield from (KeptDoubt(ref, span.value, span.opened, span.closed) for span in doubts)


def _known(tables: Tables, ref: DocumentRef) -> Known | None:
    pages = tables.documents.get(ref, [])
    return pages[-1].value.known if pages and pages[-1].closed is None else tables.left_behind.get(ref)


def restored(tables: Tables, records: Iterable[Record]) -> Tables:
    """Make tables of a dump. Raise StoreError where there is something already."""
    if tables != Tables(marks=tables.marks[:1]):
        raise StoreError("this store is not empty: import into a new one")
    made = Tables(marks=list(tables.marks))
    known: dict[DocumentRef, Known | None] = {}
    for record in in_order(records):
        _keep(made, record, known)
    return made


def _keep(tables: Tables, record: Record, known: dict[DocumentRef, Known | None]) -> None:
    match record:
        case RevisionMark():
            tables.marks.append(record)
        case SourceRecord():
            tables.sources[record.name] = record
        case KeptKnowledge():
            tables.knowledge[record.source, record.knowledge.version] = record.knowledge
        case RunFold():
            tables.folds.setdefault((record.source, record.scope), []).append(record)
        case KeptDocument():
            known[record.ref] = record.known
            if record.known is not None and record.known.gone:
                tables.left_behind[record.ref] = record.known
        case KeptChange():
            mark = tables.marks[record.revision]
            told = (record.change, record.evidence, record.named)
            tables.changes.append(RecordedChange(record.revision, mark.instant, record.sequence, *told))
        case Head():
            pass  # the marks tell it
        case _:
            _span(tables, record, known)


_Kept = KeptState | KeptPage | KeptDoubt | EntityVersion | RelationVersion | KeptClaim


def _span(tables: Tables, record: _Kept, known: dict[DocumentRef, Known | None]) -> None:
    match record:
        case KeptState():
            scope = record.state.scope
            _append(tables.states.setdefault((scope.source, scope.name), []), record, record.state)
        case KeptPage():
            _append(tables.documents.setdefault(record.ref, []), record, _page(record, known[record.ref]))
        case KeptDoubt():
            _append(tables.doubts.setdefault(record.ref, []), record, record.doubted)
        case EntityVersion():
            _append(tables.entities.setdefault(record.key, []), record, record)
        case RelationVersion():
            _append(tables.relations.setdefault(record.id, []), record, record)
            _index(tables, record)
        case KeptClaim():
            _append(tables.claims.setdefault(record.claim.alias.name, []), record, record.claim)


def _append(history: History[T], record: _Kept, value: T) -> None:
    history.append(Span(value, record.opened, record.closed))


def _page(record: KeptPage, known: Known | None) -> Page:
    """Make a document's version. What is known of one that has ended is asked of nobody."""
    if known is None or known.gone or record.closed is not None:
        known = Known("", record.mapping, record.version)
    return Page(known, record.text, record.version, record.mapping)


def _index(tables: Tables, version: RelationVersion) -> None:
    for key in {*version.source.keys, *version.target.keys}:
        tables.tied.setdefault(key, set()).add(version.id)
    for end in (version.stated.source, version.stated.target):
        name = cited(end)
        if name is not None and version.closed is None:
            tables.citing.setdefault(name, set()).add(version.id)
