"""What does the store in Neo4j answer as of one revision?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from graph.hops import Hop, Link
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
)
from graph.store import ChangeFilter, EntityFilter, Found, RecordedChange, SourceRecord, StoredDocument
from graph.stores.neo4j.connection import Ask, Database, Row
from graph.stores.neo4j.decode import (
    CLAIM,
    ENTITY,
    FOLD,
    LINK,
    RELATION,
    claim_of,
    entity_of,
    fold_of,
    links_of,
    ref_of,
    relation_numbers,
    relation_of,
    relation_rows,
    state_of,
)
from graph.stores.neo4j.encode import alias_text, ref_text
from graph.stores.neo4j.history import changes
from graph.stores.neo4j.listing import census, listed
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.spans import DOCUMENTS, ENTITIES, IN_FORCE, RELATIONS, STATES, before, latest, newest, tied
from graph.stores.neo4j.terms import found
from graph.stores.values import instant, instant_or_none, unpacked
from graph.terms import Term


class Neo4jReader:
    """Everything as of one revision. Each question is a transaction of its own; versions keep them consistent."""

    def __init__(self, database: Database, lookup: Lookup, mark: RevisionMark) -> None:
        self._database = database
        self._lookup = lookup
        self._mark = mark

    @property
    def mark(self) -> RevisionMark:
        return self._mark

    def entities(self, wanted: EntityFilter, limit: int) -> Sequence[EntityVersion]:
        return self._database.reading(lambda ask: listed(ask, self._lookup, wanted, limit, self._mark.number))

    def latest(self, keys: Collection[Key]) -> Mapping[Key, EntityVersion]:
        revision = self._mark.number
        names = [str(key) for key in set(keys)]
        rows = self._database.reading(lambda ask: latest(ask, ENTITIES, ENTITY, names, revision))
        versions = (entity_of(row[1:], revision) for row in rows)
        return {one.key: one for one in versions}

    def versions(self, key: Key) -> Sequence[EntityVersion]:
        rows = self._database.read(
            f"MATCH (v:AsbuiltEntity) WHERE v.last_key = $key AND v.opened <= $revision RETURN {ENTITY} "
            "UNION MATCH (v:AsbuiltEntity) WHERE v.past_key = $key AND v.opened <= $revision "
            f"RETURN {ENTITY}",
            key=str(key),
            revision=self._mark.number,
        )
        return sorted((entity_of(row, self._mark.number) for row in rows), key=lambda one: one.opened)

    def found(
        self, terms: Collection[Term], limit: int, *, prefix: bool = False, kinds: Collection[str] = ()
    ) -> Mapping[Term, Sequence[Found]]:
        revision = self._mark.number
        return self._database.reading(
            lambda ask: found(ask, self._lookup, terms, limit, revision, prefix=prefix, kinds=kinds)
        )

    def relations(
        self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()
    ) -> Sequence[RelationVersion]:
        def work(ask: Ask) -> list[RelationVersion]:
            rows = self._tied(ask, RELATION, keys, outgoing=outgoing, verbs=verbs)
            return relations_of(ask, self._lookup, rows, self._mark.number)

        return self._database.reading(work)

    def untied(self, key: Key, *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[RelationVersion]:
        other = "target" if outgoing else "source"
        rest = f"AND v.now_{other} IS NULL AND v.was_{other} IS NULL"

        def work(ask: Ask) -> list[RelationVersion]:
            rows = self._tied(ask, RELATION, [key], outgoing=outgoing, verbs=verbs, rest=rest)
            return relations_of(ask, self._lookup, rows, self._mark.number)

        return self._database.reading(work)

    def links(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Link]:
        def work(ask: Ask) -> list[Link]:
            rows = self._tied(ask, LINK, keys, outgoing=outgoing, verbs=verbs)
            both = {row[0]: row for row in rows if row[2] is not None and row[3] is not None}
            ends = self._lookup.keys(ask, {number for row in both.values() for number in row[2:4]})
            return links_of([both[id_] for id_ in sorted(both)], ends)

        return self._database.reading(work)

    def hops(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Hop]:
        def work(ask: Ask) -> list[Hop]:
            rows = self._tied(ask, LINK, keys, outgoing=outgoing, verbs=verbs)
            both = {row[0]: row for row in rows if row[2] is not None and row[3] is not None}.values()
            ends = self._lookup.keys(ask, {number for row in both for number in row[2:4]})
            if outgoing:
                return [Hop(ends[source], verb, ends[target], sure, id_) for id_, verb, source, target, sure in both]
            return [Hop(ends[target], verb, ends[source], sure, id_) for id_, verb, source, target, sure in both]

        return self._database.reading(work)

    def ids(self, ties: Collection[int | str]) -> Mapping[int | str, str]:
        return {one: str(one) for one in ties}

    def _tied(
        self, ask: Ask, columns: str, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str], rest: str = ""
    ) -> list[Row]:
        numbers = self._lookup.numbers(ask, keys)
        end = "source" if outgoing else "target"
        return tied(ask, end, columns, list(numbers.values()), self._mark.number, verbs, rest=rest)

    def unsettled(self, key: Key) -> Sequence[RelationVersion]:
        def work(ask: Ask) -> list[RelationVersion]:
            number = self._lookup.numbers(ask, [key]).get(key)
            query = f"MATCH (v:AsbuiltCandidate) WHERE v.key = $number AND {IN_FORCE} RETURN DISTINCT v.relation"
            ids = [row[0] for row in ask(query, number=number, revision=self._mark.number)]
            rows = latest(ask, RELATIONS, RELATION, ids, self._mark.number)
            return relations_of(ask, self._lookup, [row[1:] for row in rows], self._mark.number)

        return self._database.reading(work)

    def latest_ties(self, ids: Collection[str]) -> Mapping[str, RelationVersion]:
        def work(ask: Ask) -> list[RelationVersion]:
            rows = latest(ask, RELATIONS, RELATION, list(set(ids)), self._mark.number)
            return relations_of(ask, self._lookup, [row[1:] for row in rows], self._mark.number)

        return {one.id: one for one in self._database.reading(work)}

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        return self._database.reading(lambda ask: claims_of(ask, names, self._mark.number))

    def changes(
        self, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None = None
    ) -> Sequence[RecordedChange]:
        return self._database.reading(lambda ask: changes(ask, wanted, limit, before, self._mark.number))

    def scopes(self) -> Sequence[ScopeState]:
        return self._database.reading(lambda ask: states_at(ask, self._mark.number))

    def folds(self, source: str | None = None, scope: str | None = None) -> Sequence[RunFold]:
        def work(ask: Ask) -> list[RunFold]:
            query = (
                "MATCH (f:AsbuiltFold) WHERE ($source IS NULL OR f.source = $source) "
                "AND ($name IS NULL OR f.name = $name) "
                f"RETURN {FOLD}"
            )
            every = [fold_of(row) for row in ask(query, source=source, name=scope)]
            if newest(ask) == self._mark.number:
                return every
            return [fold for fold in every if fold.first_ended <= self._mark.instant]

        folds = self._database.reading(work)
        return sorted(folds, key=lambda fold: (fold.first_started, fold.source, fold.scope))

    def documents(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, StoredDocument]:
        revision = self._mark.number
        columns = "v.closed, coalesce(v.first_token, v.token), coalesce(v.first_mapping, v.mapping), v.text"
        names = [ref_text(ref) for ref in set(refs)]
        rows = self._database.reading(lambda ask: latest(ask, DOCUMENTS, columns, names, revision))
        return {
            ref_of(name): StoredDocument(ref_of(name), token, mapping, unpacked(text))
            for name, closed, token, mapping, text in rows
            if closed is None or closed > revision
        }

    def doubts(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, datetime]:
        query = f"MATCH (v:AsbuiltDoubt) WHERE v.ref IN $wanted AND {IN_FORCE} RETURN v.ref, v.since"
        rows = self._database.read(query, wanted=[ref_text(ref) for ref in set(refs)], revision=self._mark.number)
        return {ref_of(name): instant(since) for name, since in rows}

    def sources(self) -> Sequence[SourceRecord]:
        return self._database.reading(sources_of)

    def count(self, kinds: Collection[str] = ()) -> Mapping[str, int]:
        return self._database.reading(lambda ask: census(ask, kinds, self._mark.number))


def relations_of(ask: Ask, lookup: Lookup, rows: Sequence[Row], revision: int) -> list[RelationVersion]:
    """Read rows of RELATION, each version once, by id and age."""
    opened = relation_rows(list({(row[0], row[5]): row for row in rows}.values()))
    keys = lookup.keys(ask, relation_numbers(opened))
    return sorted(
        (relation_of(row, body, keys, revision) for row, body in opened), key=lambda one: (one.id, one.opened)
    )


def claims_of(ask: Ask, names: Collection[AliasName], revision: int) -> dict[AliasName, list[Claim]]:
    """Read every claim of some aliases up to a revision, in the order in which they were made."""
    wanted = [alias_text(name) for name in set(names)]
    if not wanted:
        return {}
    query = (
        f"MATCH (c:AsbuiltClaim) WHERE c.alias IN $wanted AND c.opened <= $revision RETURN {CLAIM} ORDER BY c.number"
    )
    claims = [claim_of(row, revision) for row in ask(query, wanted=wanted, revision=revision)]
    by_name: dict[AliasName, list[Claim]] = {}
    for claim in claims:
        by_name.setdefault(claim.alias.name, []).append(claim)
    return by_name


def states_at(ask: Ask, revision: int) -> list[ScopeState]:
    """Read the state of every scope that exists at a revision, ordered by source and name."""
    rows = ask(
        "MATCH (v:AsbuiltState) WHERE v.last_scope IS NOT NULL "
        "RETURN v.last_scope, v.opened, v.superseded, v.closed, v.body"
    )
    standing = {}
    for name, opened, superseded, closed, body in rows:
        if opened <= revision and (superseded is None or superseded > revision):
            standing[name] = (closed, body)
    former = {row[0] for row in rows} - standing.keys()
    if former and newest(ask) != revision:
        found = before(ask, STATES, "v.closed, v.body", former, revision, 1)
        standing.update((name, (closed, body)) for name, closed, body in found)
    states = [state_of(body) for closed, body in standing.values() if closed is None or closed > revision]
    return sorted(states, key=lambda one: (one.scope.source, one.scope.name))


def sources_of(ask: Ask) -> list[SourceRecord]:
    """Read every source, ordered by name."""
    rows = ask("MATCH (s:AsbuiltSource) RETURN s.name, s.type, s.first_read, s.configured ORDER BY s.name")
    return [SourceRecord(name, type_, instant_or_none(read), configured) for name, type_, read, configured in rows]
