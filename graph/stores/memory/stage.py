"""How does a commit of the reference store come about? On a copy of its tables, which publishing swaps in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from graph.identity import Claim, cited, contested
from graph.model import (
    AliasName,
    DocumentRef,
    EntityVersion,
    Interval,
    Key,
    Knowledge,
    Outcome,
    RelationVersion,
    RevisionMark,
    Run,
    Scope,
    ScopeState,
    statements_from,
)
from graph.plan import Known
from graph.settle import ChangeSet, Delta, DocumentState, Settled, Standing
from graph.settle.settling import V, unchanged
from graph.store import Doubted, RecordedChange, SourceRecord
from graph.stores.claims import claim_changes
from graph.stores.memory.tables import History, Page, Span, Tables, close, in_force, put, restore
from graph.stores.overtaken import hold
from graph.stores.selection import folded, named_by


class MemoryStage:
    """One commit in the making, on a copy."""

    def __init__(self, tables: Tables, swap: Callable[[Tables], None], base: int | None) -> None:
        self._tables = tables.copy()
        self._swap = swap
        self._base = tables.revision if base is None else base
        self._sequence = 0
        self._made: dict[str, RecordedChange] = {}

    @property
    def revision(self) -> int:
        return self._tables.revision + 1

    # ------------------------------------------------------------------------------------------------ reads

    def _standing(self, history: History[V], subject: str) -> Standing[V]:
        revision = self.revision
        made = self._made.get(subject)
        return Standing(
            in_force(history, revision), in_force(history, revision - 1), None if made is None else made.change
        )

    def entities(self, keys: Collection[Key]) -> Mapping[Key, Standing[EntityVersion]]:
        return {key: self._standing(self._tables.entities.get(key, []), key) for key in keys}

    def relations(self, ids: Collection[str]) -> Mapping[str, Standing[RelationVersion]]:
        return {id_: self._standing(self._tables.relations.get(id_, []), id_) for id_ in ids}

    def statements(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, DocumentState]:
        pages = {ref: in_force(self._tables.documents.get(ref, []), self.revision) for ref in refs}
        return {
            ref: DocumentState(page.known.version, page.known.mapping, statements_from(page.text))
            for ref, page in pages.items()
            if page is not None
        }

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        held = {name: self._tables.claims.get(name, []) for name in names}
        return {
            name: [replace(span.value, in_force=span.closed is None) for span in spans] for name, spans in held.items()
        }

    def citing(self, names: Collection[AliasName]) -> Collection[str]:
        return {id_ for name in names for id_ in self._tables.citing.get(name, ())}

    def _page(self, ref: DocumentRef) -> Page | None:
        return in_force(self._tables.documents.get(ref, []), self.revision)

    def seen(self, claim: Claim) -> datetime | None:
        page = self._page(DocumentRef(claim.source, claim.document))
        if page is None or page.known.missed:
            return None
        runs = [
            self.previous_complete(state.scope)
            for state in self.states(claim.source)
            if page.known.subject and state.scope.covers(Key(page.known.subject))
        ]
        return max((run.start for run in runs if run is not None and run.start is not None), default=None)

    def knowledge(self, source: str, mapping: int) -> Knowledge | None:
        return self._tables.knowledge.get((source, mapping))

    def state(self, scope: Scope) -> ScopeState | None:
        return in_force(self._tables.states.get((scope.source, scope.name), []), self.revision)

    def states(self, source: str) -> Sequence[ScopeState]:
        names = sorted(name for of, name in self._tables.states if of == source)
        states = (in_force(self._tables.states[source, name], self.revision) for name in names)
        return [state for state in states if state is not None]

    def previous_complete(self, scope: Scope) -> Interval | None:
        folds = self._tables.folds.get((scope.source, scope.name), [])
        last = next((fold for fold in reversed(folds) if fold.outcome == Outcome.COMPLETE), None)
        return Interval(last.last_started, last.last_ended) if last else None

    def source(self, name: str) -> SourceRecord | None:
        return self._tables.sources.get(name)

    def sources(self) -> Sequence[SourceRecord]:
        return [self._tables.sources[name] for name in sorted(self._tables.sources)]

    def is_gone(self, key: Key) -> bool:
        history = self._tables.entities.get(key, [])
        return bool(history) and history[-1].closed is not None

    def _waiting(self, scope: Scope) -> dict[Key, datetime]:
        """Give the keys of a home that are named and were never had, and since when each is named."""
        waiting: dict[Key, datetime] = {}
        for history in self._tables.relations.values():
            version = in_force(history, self.revision)
            for key in version.keys if version else ():
                if scope.covers(key) and key.container is not None and key not in self._tables.entities and version:
                    waiting[key] = min(waiting.get(key, version.since.end), version.since.end)
        return waiting

    def unjudged(self, scope: Scope, before: datetime) -> bool:
        state = self.state(scope)
        looked = state.judged.start if state is not None and state.judged is not None else None
        named = self._waiting(scope).values()
        return any(since <= before and (looked is None or since > looked) for since in named)

    def contested(self, scope: Scope) -> Collection[AliasName]:
        found = set()
        for name, history in self._tables.claims.items():
            claims = [span.value for span in history if span.closed is None]
            pages = [self._page(DocumentRef(one.source, one.document)) for one in claims if one.source == scope.source]
            if contested(claims) and any(page and scope.covers(Key(page.known.subject)) for page in pages):
                found.add(name)
        return found

    def covered(self, scope: Scope) -> Collection[str]:
        return [
            ref.id
            for ref, page in self._tables.present_documents()
            if ref.source == scope.source and page.known.subject and scope.covers(Key(page.known.subject))
        ]

    # ------------------------------------------------------------------------------------------------ writes

    def accept(self, deltas: Sequence[Delta], taken: Interval) -> None:
        for delta in deltas:
            ref = DocumentRef(delta.source, delta.id)
            history = self._tables.documents.setdefault(ref, [])
            changed = max((span.closed or span.opened for span in history), default=0)
            hold(delta, self._position(ref, history), changed, base=self._base, revision=self.revision)
            self._accept_page(ref, history, delta)
            self._accept_claims(ref, delta, taken)

    def _position(self, ref: DocumentRef, history: History[Page]) -> int | None:
        """Give the position that a document stands at, or has left behind."""
        page = in_force(history, self.revision)
        known = self._tables.left_behind.get(ref) if page is None else page.known
        return None if known is None else known.position

    def _accept_page(self, ref: DocumentRef, history: History[Page], delta: Delta) -> None:
        close(self._tables.doubts.setdefault(ref, []), self.revision)
        if delta.stored is None:
            page = in_force(history, self.revision)
            if page is not None and delta.position is not None:
                self._tables.left_behind[ref] = replace(page.known, gone=True, missed=False, position=delta.position)
            close(history, self.revision)
            return
        self._tables.left_behind.pop(ref, None)
        one = delta.stored
        known = Known(one.fingerprint, one.mapping, one.version, one.position, one.subject, one.incarnation)
        put(history, Page(known, one.text, one.version, one.mapping), self.revision)

    def _accept_claims(self, ref: DocumentRef, delta: Delta, taken: Interval) -> None:
        dropped, added = claim_changes(ref, delta, taken)
        for alias, key in dropped:
            history = self._tables.claims[alias.name]
            for index, span in enumerate(history):
                one = span.value
                mine = (one.source, one.document, one.key, one.alias) == (ref.source, ref.id, key, alias)
                if mine and span.closed is None:
                    history[index] = replace(span, closed=self.revision)
        for claim in added:
            self._tables.claims.setdefault(claim.alias.name, []).append(Span(claim, self.revision))

    def apply(self, changes: ChangeSet) -> None:
        for settled in changes.entities:
            history = self._tables.entities.setdefault(Key(settled.subject), [])
            self._settle(history, settled)
            if not history:
                del self._tables.entities[Key(settled.subject)]
        for tie in changes.relations:
            self._settle(self._tables.relations.setdefault(tie.subject, []), tie)
            self._index(tie)

    def _settle(self, history: History[V], settled: Settled[V]) -> None:
        revision = self.revision
        restore(history, revision)
        self._made.pop(settled.subject, None)
        if unchanged(settled):
            return
        if settled.after is None:
            close(history, revision)
        else:
            put(history, settled.after, revision)
        if settled.change is not None:
            version = settled.after or settled.before
            evidence = version.evidence if version else ()
            now = self._tables.marks[-1].instant  # put right when published
            named = named_by(settled.before, settled.after)
            recorded = RecordedChange(revision, now, self._sequence, settled.change, evidence, named)
            self._made[settled.subject] = recorded
            self._sequence += 1

    def _index(self, settled: Settled[RelationVersion]) -> None:
        version = settled.after
        if version is None:
            former = settled.before
            for end in (former.stated.source, former.stated.target) if former else ():
                name = cited(end)
                if name is not None:
                    self._tables.citing.get(name, set()).discard(settled.subject)
            return
        for key in {*version.source.keys, *version.target.keys}:
            self._tables.tied.setdefault(key, set()).add(settled.subject)
        for end in (version.stated.source, version.stated.target):
            name = cited(end)
            if name is not None:
                self._tables.citing.setdefault(name, set()).add(settled.subject)

    def touch(self, source: str, touched: Iterable[tuple[str, str, int | None]], mapping: int) -> None:
        for id_, version, position in touched:
            history = self._tables.documents.get(DocumentRef(source, id_), [])
            if not history or history[-1].closed is not None or self._base < history[-1].opened < self.revision:
                continue  # ended, or it says another thing since this was planned
            page = history[-1].value
            if position is not None and page.known.position is not None and page.known.position > position:
                continue  # a later look has been here
            known = replace(page.known, version=version, position=position, mapping=mapping)
            history[-1] = replace(history[-1], value=replace(page, known=known))

    def doubt(self, source: str, missed: Collection[str], found: Collection[str], doubted: Doubted) -> None:
        for id_ in (*missed, *found):
            ref = DocumentRef(source, id_)
            history = self._tables.documents.get(ref, [])
            if not history or history[-1].closed is not None or self._base < history[-1].opened < self.revision:
                continue  # ended, or seen by another look since this one was planned
            page = history[-1].value
            known = replace(page.known, missed=id_ in missed)
            history[-1] = replace(history[-1], value=replace(page, known=known))
            marks = self._tables.doubts.setdefault(ref, [])
            if id_ in missed:
                put(marks, doubted, self.revision)
            else:
                close(marks, self.revision)

    def last_had(self, source: str, ids: Collection[str]) -> Mapping[str, datetime | None]:
        marks = {id_: in_force(self._tables.doubts.get(DocumentRef(source, id_), []), self.revision) for id_ in ids}
        return {id_: doubted.had for id_, doubted in marks.items() if doubted is not None}

    def failing_since(self, scope: Scope) -> datetime | None:
        folds = reversed(self._tables.folds.get((scope.source, scope.name), []))
        failing = takewhile(lambda fold: fold.outcome != Outcome.COMPLETE, folds)
        return min((fold.first_started for fold in failing), default=None)

    def standing(self, source: str) -> Collection[str]:
        return [ref.id for ref, _ in self._tables.present_documents() if ref.source == source]

    def forget(self, source: str, ids: Collection[str]) -> None:
        for id_ in ids:
            self._tables.left_behind.pop(DocumentRef(source, id_), None)

    def judge(self, scope: Scope) -> None:
        """Nothing to note: who waits is found by looking through all relations."""

    def write_state(self, state: ScopeState | None, scope: Scope) -> None:
        history = self._tables.states.setdefault((scope.source, scope.name), [])
        if state is None:
            close(history, self.revision)
        else:
            put(history, state, self.revision)

    def rename_scope(self, scope: Scope, name: str) -> None:
        folds = self._tables.folds.pop((scope.source, scope.name), [])
        former = self._tables.folds.setdefault((scope.source, name), [])
        former += [replace(fold, scope=name) for fold in folds]

    def write_run(self, run: Run) -> None:
        folds = self._tables.folds.setdefault((run.scope.source, run.scope.name), [])
        fold, begun = folded(folds[-1] if folds else None, run)
        folds[len(folds) if begun else -1 :] = [fold]

    def write_source(self, record: SourceRecord) -> None:
        self._tables.sources[record.name] = record

    def write_knowledge(self, source: str, knowledge: Knowledge) -> None:
        self._tables.knowledge[source, knowledge.version] = knowledge

    def publish(self, now: datetime | None) -> RevisionMark | None:
        mark = None
        if now is not None:
            last = self._tables.marks[-1]
            mark = RevisionMark(self.revision, max(now, last.instant + timedelta(microseconds=1)))
            self._tables.changes += [replace(one, instant=mark.instant) for one in self._made.values()]
            self._tables.marks.append(mark)
        self._swap(self._tables)
        return mark
