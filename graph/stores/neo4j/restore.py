"""How is an empty database filled with what another store dumped? In steps that nobody sees before the last one.

What only serves to find the way is told from the records on the way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice, pairwise
from typing import Any, TypeAlias

from graph.identity import cited, contested
from graph.model import AliasName, DocumentRef, EntityVersion, Key, RelationVersion, RevisionMark, RunFold, Tie
from graph.plan import Known
from graph.store import SourceRecord, StoreError
from graph.stores.durations import duration_class
from graph.stores.neo4j.commit import Commit, Write
from graph.stores.neo4j.encode import (
    TOGETHER,
    Made,
    alias_text,
    changes_row,
    entity_body,
    home_text,
    listed_text,
    ref_text,
    relation_body,
    relation_keys,
    scope_text,
    state_body,
    tied_number,
)
from graph.stores.neo4j.numbers import Interning
from graph.stores.neo4j.terms import term_text
from graph.stores.values import dumped, kind_of, microseconds, microseconds_or_none, packed
from graph.terms import terms_of
from graph.transfer.records import (
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

Properties: TypeAlias = dict[str, Any]

_PORTION = 2_000
_BEGIN = "UNWIND $rows AS row MATCH (s:AsbuiltStore {id: 0}) SET s.restoring = true"
_KEY = "UNWIND $rows AS row CREATE (k:AsbuiltKey {key: row[0], _number: row[1]})"
_WAIT = (
    "UNWIND $rows AS row MATCH (k:AsbuiltKey) USING INDEX k:AsbuiltKey(key) WHERE k.key = row[0] "
    "SET k._waiting = row[1]"
)


def _create(label: str) -> str:
    return f"UNWIND $rows AS row CREATE (v:{label}) SET v = row"


def _span(version: Any, following: Any | None, last: str, past: str, name: str) -> Properties:
    """Give by what a version is found: one that another follows, by its past."""
    found: Properties = {"opened": version.opened, "closed": version.closed}
    if following is None:
        return {**found, last: name}
    return {**found, past: name, "superseded": following.opened}


def _with_next(records: Iterable[Any], key: Callable[[Any], str]) -> Iterator[list[tuple[Any, Any | None]]]:
    """Give the versions of each subject, each with the one that follows it."""
    for _, versions in groupby(records, key):
        yield list(pairwise(chain(versions, [None])))


class Restoring:
    """Records to nodes, a portion of one type at a time."""

    def __init__(self, commit: Commit, interning: Interning) -> None:
        self._commit = commit
        self._interning = interning
        self._known: dict[str, Known | None] = {}
        self._paged: set[str] = set()
        self._folds = 0
        self._claims = 0
        self._census: Counter[tuple[str, int]] = Counter()
        self._named: dict[str, int] = {}

    def restore(self, records: Iterable[Record]) -> None:
        """Write all but the newest revision. Raise StoreError where there is something in the database."""
        query = "MATCH (k) WHERE k:AsbuiltKey OR k:AsbuiltSource OR k:AsbuiltDocument RETURN 1 LIMIT 1"
        if self._commit.head.number or self._commit.read(query):
            raise StoreError("this store is not empty: import into a new one")
        self._commit.write([(_BEGIN, [1])], versions=False)
        writers: Mapping[type, Callable[[Iterator[Any]], None]] = {
            RevisionMark: self._each("AsbuiltRevision", _mark),
            SourceRecord: self._each("AsbuiltSource", _source),
            KeptKnowledge: self._each("AsbuiltKnowledge", _knowledge),
            KeptState: self._states,
            RunFold: self._each("AsbuiltFold", self._fold),
            KeptDocument: self._documents,
            KeptPage: self._pages,
            KeptDoubt: self._each("AsbuiltDoubt", _doubt),
            EntityVersion: self._entities,
            RelationVersion: self._relations,
            KeptClaim: self._claim_nodes,
            KeptChange: self._changes,
        }
        for type_, alike in groupby(in_order(records), type):
            write = writers.get(type_, lambda rest: [*rest])  # the head is told by the marks
            write(alike)
        self._left_behind()
        self._derived()

    def _write(self, writes: Iterable[tuple[str, Any]]) -> None:
        """Write rows as they come, each with the query that writes it."""
        rest = iter(writes)
        while portion := list(islice(rest, _PORTION)):
            by_query: dict[str, list[Any]] = defaultdict(list)
            for query, row in portion:
                by_query[query].append(row)
            made: list[Write] = [(_KEY, self._interning.take_new()), *by_query.items()]
            self._commit.write(made, versions=False)

    def _each(self, label: str, properties: Callable[[Any], Properties]) -> Callable[[Iterator[Any]], None]:
        return lambda records: self._write((_create(label), properties(one)) for one in records)

    # ------------------------------------------------------------------------------------------------ scopes, documents

    def _states(self, records: Iterator[KeptState]) -> None:
        def name(one: KeptState) -> str:
            return scope_text(one.state.scope.source, one.state.scope.name)

        query = _create("AsbuiltState")
        self._write(
            (
                query,
                {
                    **_span(one, following, "last_scope", "past_scope", name(one)),
                    "source": one.state.scope.source,
                    "body": state_body(one.state),
                },
            )
            for versions in _with_next(records, name)
            for one, following in versions
        )

    def _fold(self, fold: RunFold) -> Properties:
        self._folds += 1
        names = ("first_started", "first_ended", "last_started", "last_ended")
        return {
            "number": self._folds,
            "scope": scope_text(fold.source, fold.scope),
            "source": fold.source,
            "name": fold.scope,
            "outcome": str(fold.outcome),
            "error": fold.error,
            "count": fold.count,
            "longest_gap": fold.longest_gap,
            **{name: microseconds(getattr(fold, name)) for name in names},
        }

    def _documents(self, records: Iterator[KeptDocument]) -> None:
        self._known.update((ref_text(one.ref), one.known) for one in records)

    def _pages(self, records: Iterator[KeptPage]) -> None:
        query = _create("AsbuiltDocument")
        self._write(
            (query, self._page(one, following))
            for versions in _with_next(records, lambda one: ref_text(one.ref))
            for one, following in versions
        )

    def _page(self, one: KeptPage, following: KeptPage | None) -> Properties:
        name = ref_text(one.ref)
        self._paged.add(name)
        known = self._known.get(name) if following is None else None
        return {
            **_document(one.ref, known),
            **_span(one, following, "last_ref", "past_ref", name),
            "token": one.version if known is None else known.version,
            "mapping": one.mapping if known is None else known.mapping,
            "first_token": one.version,
            "first_mapping": one.mapping,
            "text": packed(one.text),
        }

    def _left_behind(self) -> None:
        """Write the positions left by documents that one revision opened and ended, and that have no page."""
        rows = []
        for name, known in self._known.items():
            if known is not None and name not in self._paged:
                source, _, id_ = name.partition("\n")
                said = {"last_ref": name, "opened": 0, "closed": 0, "token": known.version, "mapping": known.mapping}
                rows.append(
                    (_create("AsbuiltDocument"), {**_document(DocumentRef(source, id_), known), **said, "text": "[]"})
                )
        self._write(rows)

    # ------------------------------------------------------------------------------------------------ versions

    def _entities(self, records: Iterator[EntityVersion]) -> None:
        self._write(chain.from_iterable(map(self._entity, _with_next(records, lambda one: str(one.key)))))

    def _entity(self, versions: list[tuple[EntityVersion, EntityVersion | None]]) -> Iterator[tuple[str, Any]]:
        terms: dict[str, int] = {}
        key = versions[0][0].key
        for one, following in versions:
            found = _span(one, following, "last_key", "past_key", str(key))
            self._census[one.kind, one.opened] += 1
            if one.closed is None:
                found["now_listed"] = listed_text(key)
            else:
                found |= {"was_kind": one.kind, "class": duration_class(one.closed - one.opened)}
                self._census[one.kind, one.closed] -= 1
            yield _create("AsbuiltEntity"), {**found, "body": entity_body(one)}
            for term in terms_of(one):
                terms.setdefault(term_text(term), one.opened)
        number = self._interning.keys(self._commit.read, [key])[key]
        for text, opened in terms.items():
            yield _create("AsbuiltTerm"), {"term": text, "key": number, "opened": opened}

    def _relations(self, records: Iterator[RelationVersion]) -> None:
        subjects = _with_next(records, lambda one: one.id)
        while portion := list(islice(subjects, _PORTION)):
            named = {key for versions in portion for one, _ in versions for key in relation_keys(one)}
            numbers = self._interning.keys(self._commit.read, named)
            pairs = chain.from_iterable(portion)
            self._write(row for one, following in pairs for row in self._relation(one, following, numbers))

    def _relation(
        self, one: RelationVersion, following: RelationVersion | None, numbers: Mapping[str, int]
    ) -> Iterator[tuple[str, Any]]:
        ends = [tied_number(end, numbers) for end in (one.source, one.target)]
        found = _span(one, following, "last_id", "past_id", one.id)
        if one.closed is None:
            names = [cited(end) for end in (one.stated.source, one.stated.target)]
            cites = [None if name is None else alias_text(name) for name in names]
            found |= {"now_source": ends[0], "now_target": ends[1], "cites_source": cites[0], "cites_target": cites[1]}
            self._named.update((key, numbers[key]) for key in one.keys if key.container is not None)
        else:
            found |= {"was_source": ends[0], "was_target": ends[1], "class": duration_class(one.closed - one.opened)}
        said = {"verb": one.verb, "confidence": one.stated.confidence, "body": relation_body(one, numbers)}
        yield _create("AsbuiltRelation"), {**found, **said}
        several = {key for end in (one.source, one.target) if end.tie is Tie.AMBIGUOUS for key in end.keys}
        for key in sorted(several):
            span = {"opened": one.opened, "closed": one.closed}
            yield _create("AsbuiltCandidate"), {"key": numbers[key], "relation": one.id, **span}

    # ------------------------------------------------------------------------------------------------ claims, changes

    def _claim_nodes(self, records: Iterator[KeptClaim]) -> None:
        self._write(
            row
            for name, claims in groupby(records, lambda one: one.claim.alias.name)
            for row in self._claims_of(name, list(claims))
        )

    def _claims_of(self, name: AliasName, records: Sequence[KeptClaim]) -> Iterator[tuple[str, Any]]:
        for one in records:
            self._claims += 1
            claim = one.claim
            yield (
                _create("AsbuiltClaim"),
                {
                    "alias": alias_text(name),
                    "type": name.type,
                    "value": name.value,
                    "holding": claim.alias.holding.value,
                    "key": str(claim.key),
                    "ref": ref_text(DocumentRef(claim.source, claim.document)),
                    "taken_start": microseconds_or_none(claim.taken.start),
                    "taken_end": microseconds(claim.taken.end),
                    "number": self._claims,
                    "opened": one.opened,
                    "closed": one.closed,
                },
            )
        if contested([one.claim for one in records if one.closed is None]):
            yield _create("AsbuiltContested"), {"alias": alias_text(name), "type": name.type, "value": name.value}

    def _changes(self, records: Iterator[KeptChange]) -> None:
        names = ("first", "last", "words", "causes", "since", "until", "about", "body")
        query = _create("AsbuiltChanges")

        def rows() -> Iterator[tuple[str, Any]]:
            for revision, changes in groupby(records, lambda one: one.revision):
                while portion := list(islice(changes, TOGETHER)):
                    made = [Made(one.sequence, one.change, one.evidence, one.named) for one in portion]
                    yield query, {"revision": revision, **dict(zip(names, changes_row(made), strict=True))}

        self._write(rows())

    # ------------------------------------------------------------------------------------------------ derived

    def _derived(self) -> None:
        present: Counter[str] = Counter()
        rows: list[tuple[str, Any]] = []
        for (kind, revision), more in sorted(self._census.items(), key=lambda entry: entry[0][1]):
            present[kind] += more
            if more:
                rows.append((_create("AsbuiltCensus"), {"kind": kind, "revision": revision, "present": present[kind]}))
        wanted = sorted(self._named)
        for start in range(0, len(wanted), _PORTION):
            portion = wanted[start : start + _PORTION]
            had = self._commit.read(
                "MATCH (v:AsbuiltEntity) WHERE v.last_key IN $wanted RETURN v.last_key", wanted=portion
            )
            rows += [(_WAIT, [key, f"{Key(key).kind}\n{key}"]) for key in sorted({*portion} - {row[0] for row in had})]
        self._write(rows)


def _document(ref: DocumentRef, known: Known | None) -> Properties:
    """Give what is kept of a document. known: of its last version, where it stands or left its position behind."""
    if known is None:
        return {"source": ref.source, "name": ref.id, "subject": ""}
    return {
        "source": ref.source,
        "name": ref.id,
        "subject": known.subject,
        "fingerprint": known.fingerprint,
        "incarnation": known.incarnation,
        "now_home": home_text(ref.source, kind_of(known.subject), known.subject),
        "left" if known.gone else "position": known.position,
    }


def _mark(one: RevisionMark) -> Properties:
    return {"number": one.number, "instant": microseconds(one.instant)}


def _source(one: SourceRecord) -> Properties:
    read = microseconds_or_none(one.first_read)
    return {"name": one.name, "type": one.type, "first_read": read, "configured": one.configured}


def _knowledge(one: KeptKnowledge) -> Properties:
    fields = {word: sorted(names) for word, names in sorted(one.knowledge.fields.items())}
    return {"source": one.source, "version": one.knowledge.version, "fields": dumped(fields)}


def _doubt(one: KeptDoubt) -> Properties:
    since, had = microseconds(one.doubted.since), microseconds_or_none(one.doubted.had)
    return {"ref": ref_text(one.ref), "opened": one.opened, "closed": one.closed, "since": since, "had": had}
