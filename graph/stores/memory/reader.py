"""What does the reference store answer as of one revision? Every history, looked through from end to end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from graph.hops import Hop, Link, hops_of
from graph.identity import Claim
from graph.model import (
    AliasName,
    DocumentRef,
    EntityVersion,
    Key,
    RelationVersion,
    RevisionMark,
    RunFold,
    ScopeState,
    Tie,
)
from graph.store import ChangeFilter, EntityFilter, Found, RecordedChange, SourceRecord, StoredDocument
from graph.stores.memory.tables import History, Span, T, Tables, in_force
from graph.stores.selection import matches_change, matches_entity
from graph.terms import Term, terms_of


class MemoryReader:
    """Everything as of one revision of the tables that were current when it was opened."""

    def __init__(self, tables: Tables, mark: RevisionMark) -> None:
        self._tables = tables
        self._mark = mark

    @property
    def mark(self) -> RevisionMark:
        return self._mark

    def _upto(self, history: History[T]) -> list[Span[T]]:
        """Give the spans that began up to this revision, as they were known then."""
        revision = self._mark.number
        spans = [span for span in history if span.opened <= revision]
        return [replace(s, closed=None) if s.closed is not None and s.closed > revision else s for s in spans]

    def _entity(self, span: Span[EntityVersion]) -> EntityVersion:
        return replace(span.value, opened=span.opened, closed=span.closed)

    def entities(self, wanted: EntityFilter, limit: int) -> Sequence[EntityVersion]:
        found = []
        for key in sorted(self._tables.entities):
            version = in_force(self._tables.entities[key], self._mark.number)
            if version is not None and matches_entity(version, wanted):
                found.append(self.versions(key)[-1])
        return found[:limit]

    def latest(self, keys: Collection[Key]) -> Mapping[Key, EntityVersion]:
        versions = {key: self.versions(key) for key in keys}
        return {key: known[-1] for key, known in versions.items() if known}

    def found(
        self, terms: Collection[Term], limit: int, *, prefix: bool = False, kinds: Collection[str] = ()
    ) -> Mapping[Term, Sequence[Found]]:
        had = {
            (one, key)
            for key in self._tables.entities
            if not kinds or key.kind in kinds
            for version in self.versions(key)
            for one in terms_of(version)
        }
        holders: dict[Term, list[Found]] = {}
        for one, key in sorted(had):
            for term in dict.fromkeys(terms):
                same = one.text.startswith(term.text) if prefix else one.text == term.text
                if same and one.field is term.field:
                    holders.setdefault(term, []).append(Found(one.text, key))
        return {term: among[:limit] for term, among in holders.items() if limit > 0}

    def versions(self, key: Key) -> Sequence[EntityVersion]:
        return [self._entity(span) for span in self._upto(self._tables.entities.get(key, []))]

    def relations(
        self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()
    ) -> Sequence[RelationVersion]:
        wanted = set(keys)
        ids = {id_ for key in wanted for id_ in self._tables.tied.get(key, ())}
        found = [self._in_force(id_) for id_ in sorted(ids)]
        return [
            one
            for one in found
            if one is not None
            and (one.source if outgoing else one.target).key in wanted
            and (not verbs or one.verb in verbs)
        ]

    def links(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Link]:
        found = []
        for one in self.relations(keys, outgoing=outgoing, verbs=verbs):
            source, target = one.source.key, one.target.key
            if source is not None and target is not None:
                found.append(Link(one.id, one.verb, source, target, one.stated.confidence))
        return found

    def hops(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Hop]:
        return hops_of(self.links(keys, outgoing=outgoing, verbs=verbs), outgoing=outgoing)

    def untied(self, key: Key, *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[RelationVersion]:
        found = self.relations([key], outgoing=outgoing, verbs=verbs)
        return [one for one in found if (one.target if outgoing else one.source).key is None]

    def ids(self, ties: Collection[int | str]) -> Mapping[int | str, str]:
        return {one: str(one) for one in ties}

    def _in_force(self, id_: str) -> RelationVersion | None:
        for span in self._upto(self._tables.relations.get(id_, [])):
            if span.closed is None:
                return replace(span.value, opened=span.opened, closed=None)
        return None

    def unsettled(self, key: Key) -> Sequence[RelationVersion]:
        found = [self._in_force(id_) for id_ in sorted(self._tables.tied.get(key, ()))]
        return [
            one
            for one in found
            if one is not None and any(end.tie is Tie.AMBIGUOUS and key in end.keys for end in (one.source, one.target))
        ]

    def latest_ties(self, ids: Collection[str]) -> Mapping[str, RelationVersion]:
        known = {id_: self._upto(self._tables.relations.get(id_, [])) for id_ in ids}
        return {
            id_: replace(spans[-1].value, opened=spans[-1].opened, closed=spans[-1].closed)
            for id_, spans in known.items()
            if spans
        }

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        spans = {name: self._upto(self._tables.claims.get(name, [])) for name in names}
        return {
            name: [replace(span.value, in_force=span.closed is None) for span in held]
            for name, held in spans.items()
            if held
        }

    def changes(
        self, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None = None
    ) -> Sequence[RecordedChange]:
        found: list[RecordedChange] = []
        for recorded in reversed(self._tables.changes):
            if recorded.revision > self._mark.number:
                continue
            if before is not None and (recorded.revision, recorded.sequence) >= before:
                continue
            if matches_change(recorded, wanted):
                found.append(recorded)
        return found[:limit]

    def scopes(self) -> Sequence[ScopeState]:
        states = (in_force(history, self._mark.number) for _, history in sorted(self._tables.states.items()))
        return [state for state in states if state is not None]

    def folds(self, source: str | None = None, scope: str | None = None) -> Sequence[RunFold]:
        newest = self._mark.number == self._tables.revision
        folds = [
            fold
            for (of_source, of_scope), held in self._tables.folds.items()
            for fold in held
            if source in (None, of_source) and scope in (None, of_scope)
        ]
        known = [fold for fold in folds if newest or fold.first_ended <= self._mark.instant]
        return sorted(known, key=lambda fold: (fold.first_started, fold.source, fold.scope))

    def documents(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, StoredDocument]:
        pages = {ref: in_force(self._tables.documents.get(ref, []), self._mark.number) for ref in refs}
        return {
            ref: StoredDocument(ref, page.version, page.mapping, page.text)
            for ref, page in pages.items()
            if page is not None
        }

    def doubts(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, datetime]:
        marks = {ref: in_force(self._tables.doubts.get(ref, []), self._mark.number) for ref in refs}
        return {ref: doubted.since for ref, doubted in marks.items() if doubted is not None}

    def sources(self) -> Sequence[SourceRecord]:
        return [self._tables.sources[name] for name in sorted(self._tables.sources)]

    def count(self, kinds: Collection[str] = ()) -> Mapping[str, int]:
        present = (in_force(history, self._mark.number) for history in self._tables.entities.values())
        counted = Counter(one.kind for one in present if one is not None and (not kinds or one.kind in kinds))
        return dict(sorted(counted.items()))
