"""What does settling read? The graph as it stands, what the steps of this commit wrote included."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from graph.identity import Claim
from graph.model import (
    AliasName,
    Change,
    DocumentRef,
    EntityVersion,
    Key,
    RelationVersion,
    Scope,
    ScopeState,
    statements_from,
)
from graph.settle import DocumentState, Standing
from graph.settle.settling import V
from graph.stores.neo4j.claims import claimed_before
from graph.stores.neo4j.commit import Commit
from graph.stores.neo4j.connection import Row
from graph.stores.neo4j.decode import ENTITY, RELATION, change_of, entity_of, ref_of, relation_rows
from graph.stores.neo4j.encode import alias_text, ref_text
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.reader import claims_of, relations_of
from graph.stores.neo4j.scopes import Scopes
from graph.stores.values import kind_of, loaded, microseconds, microseconds_or_none, unpacked

_LAST_TWO = (
    "MATCH (v:{label}) WHERE v.{name} IN $wanted AND (v.superseded IS NULL OR v.superseded = $revision) "
    "RETURN elementId(v), v.sequence, v.closed_sequence, v.superseded, {columns}"
)


class Held(NamedTuple):
    """One of the last two versions of a subject. id: of its node."""

    id: str
    opened: int
    closed: int | None
    superseded: int | None
    sequence: int | None
    closed_sequence: int | None


class Present:
    """Reads of one commit in the making. What was last read of subjects is kept for who writes them next."""

    def __init__(self, commit: Commit, lookup: Lookup, scopes: Scopes) -> None:
        self._commit = commit
        self._read = commit.read
        self._lookup = lookup
        self._scopes = scopes
        self._revision = commit.revision
        self.held: dict[str, list[Held]] = {}
        """The last two versions of the subjects that were read last, newest first."""
        self.former: dict[str, list[EntityVersion | RelationVersion]] = {}
        """The same as values."""

    def forget(self) -> None:
        """Drop what was kept, once it is written over."""
        self.held, self.former = {}, {}

    def entities(self, keys: Collection[Key]) -> Mapping[Key, Standing[EntityVersion]]:
        rows = self._last_two("AsbuiltEntity", "last_key", ENTITY, [str(key) for key in keys])
        versions = [(row[4], row, entity_of(row[4:], self._revision)) for row in rows]
        standing = self._standing([str(key) for key in keys], versions)
        return {Key(key): one for key, one in standing.items()}

    def relations(self, ids: Collection[str]) -> Mapping[str, Standing[RelationVersion]]:
        rows = self._last_two("AsbuiltRelation", "last_id", RELATION, ids)
        by_place = {(row[4], row[9]): row for row in rows}
        values = []
        for opened in {place[1] for place in by_place}:
            mine = [row[4:] for place, row in by_place.items() if place[1] == opened]
            values += relations_of(self._read, self._lookup, mine, self._revision)
        return self._standing(list(ids), [(one.id, by_place[one.id, one.opened], one) for one in values])

    def _last_two(self, label: str, name: str, columns: str, wanted: Collection[str]) -> list[Row]:
        query = _LAST_TWO.format(label=label, name=name, columns=columns)
        known = self._commit.written.among("version", wanted)
        return self._read(query, wanted=known, revision=self._revision) if known else []

    def _standing(self, wanted: Sequence[str], found: Sequence[tuple[str, Row, V]]) -> dict[str, Standing[V]]:
        """Say how subjects stand, by their last two versions, and keep those for who writes."""
        by_subject: dict[str, list[tuple[Held, V]]] = {}
        for subject, row, version in found:
            id_, sequence, closed_sequence, superseded = row[:4]
            held = Held(id_, version.opened, version.closed, superseded, sequence, closed_sequence)
            by_subject.setdefault(subject, []).append((held, version))
        for versions in by_subject.values():
            versions.sort(key=lambda one: -one[0].opened)
        made = self._made(versions[0][0] for versions in by_subject.values())
        self.held |= {subject: [held for held, _ in by_subject.get(subject, ())] for subject in wanted}
        self.former.update({subject: [value for _, value in versions] for subject, versions in by_subject.items()})
        return {subject: self._stands(versions, made) for subject, versions in by_subject.items()}

    def _stands(self, versions: list[tuple[Held, V]], made: Mapping[int, Change]) -> Standing[V]:
        held, last = versions[0]
        now = last if last.closed is None else None
        mine = held.sequence if held.opened == self._revision else held.closed_sequence
        change = made.get(mine) if mine is not None and self._revision in (held.opened, held.closed) else None
        stood = last if last.opened < self._revision else versions[1][1] if len(versions) > 1 else None
        if stood is None or stood.closed not in (None, self._revision):
            return Standing(now, None, change)
        return Standing(now, stood, change)

    def _made(self, held: Iterable[Held]) -> dict[int, Change]:
        """Give the changes that this commit made so far of some subjects, by their place in it."""
        mine = {one.sequence if one.opened == self._revision else one.closed_sequence for one in held if self._of(one)}
        wanted = sorted(sequence for sequence in mine if sequence is not None)
        if not wanted:
            return {}
        rows = self._read(
            "MATCH (c:AsbuiltChanges) WHERE c.revision = $revision AND c.first >= 0 "
            "AND any(one IN $wanted WHERE c.first <= one AND one <= c.last) RETURN c.body",
            revision=self._revision,
            wanted=wanted,
        )
        records = (record for (body,) in rows for record in loaded(unpacked(body)))
        return {record[0]: change_of(record) for record in records if record[0] in mine}

    def _of(self, held: Held) -> bool:
        return self._revision in (held.opened, held.closed)

    def statements(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, DocumentState]:
        known = self._commit.written.among("document", [ref_text(ref) for ref in refs])
        if not known:
            return {}
        rows = self._read(
            "MATCH (v:AsbuiltDocument) WHERE v.last_ref IN $wanted AND v.superseded IS NULL AND v.closed IS NULL "
            "RETURN v.last_ref, v.token, v.mapping, v.text",
            wanted=known,
        )
        return {
            ref_of(name): DocumentState(token, mapping, statements_from(unpacked(text)))
            for name, token, mapping, text in rows
        }

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        found = claims_of(self._read, claimed_before(self._commit.written, names), self._revision)
        return {name: found.get(name, []) for name in names}

    def citing(self, names: Collection[AliasName]) -> Collection[str]:
        wanted = self._commit.written.among("cited", [alias_text(name) for name in names])
        if not wanted:
            return set()
        match = "MATCH (v:AsbuiltRelation) WHERE v.cites_{end} IN $wanted AND v.closed IS NULL RETURN v.last_id"
        query = " UNION ".join(match.format(end=end) for end in ("source", "target"))
        return {row[0] for row in self._read(query, wanted=wanted)}

    def seen(self, claim: Claim) -> datetime | None:
        rows = self._read(
            "MATCH (v:AsbuiltDocument) WHERE v.last_ref = $name AND v.superseded IS NULL AND v.closed IS NULL "
            "AND NOT EXISTS { MATCH (d:AsbuiltDoubt) WHERE d.ref = $name AND d.closed IS NULL } RETURN v.subject",
            name=ref_text(DocumentRef(claim.source, claim.document)),
        )
        if not rows or not kind_of(rows[0][0]):
            return None
        subject = Key(rows[0][0])
        starts = (run.start for scope, run in self._scopes.looks(claim.source) if scope.covers(subject))
        return max((start for start in starts if start is not None), default=None)

    def is_gone(self, key: Key) -> bool:
        rows = self._read(
            "MATCH (v:AsbuiltEntity) WHERE v.last_key = $key AND v.superseded IS NULL RETURN v.closed", key=str(key)
        )
        return bool(rows) and rows[0][0] is not None

    # ------------------------------------------------------------------------------------------------ waiting

    def _waiting(self, scope: Scope) -> list[tuple[str, int]]:
        """Give the keys of a home that may wait to be judged, with their numbers."""
        found = []
        for kind in sorted(scope.states):
            rows = self._read(
                "MATCH (k:AsbuiltKey) WHERE k._waiting STARTS WITH $begins RETURN k.key, k._number",
                begins=f"{kind}\n{scope.range}",
            )
            found += [(key, number) for key, number in rows if scope.covers(Key(key))]
        return found

    def _named_since(self, waiting: Collection[tuple[str, int]]) -> dict[str, int]:
        """Tell since when relations in force name keys that were never had, in microseconds."""
        numbers: dict[int, str] = {number: key for key, number in waiting}
        had = self._read(
            "MATCH (v:AsbuiltEntity) WHERE v.last_key IN $wanted RETURN DISTINCT v.last_key",
            wanted=list(numbers.values()),
        )
        unhad = {number for number, key in numbers.items() if [key] not in had}
        since: dict[str, int] = {}
        for end in ("source", "target"):
            rows = self._read(
                f"MATCH (v:AsbuiltRelation) WHERE v.now_{end} IN $wanted AND v.closed IS NULL RETURN {RELATION}",
                wanted=sorted(unhad),
            )
            for row, body in relation_rows(rows):
                key = numbers[row[2 if end == "source" else 3]]
                since[key] = min(since.get(key, body[5]), body[5])
        return since

    def unjudged(self, scope: Scope, before: datetime) -> bool:
        state = self._scopes.state(scope)
        until = microseconds(before)
        waiting = self._waiting(scope)
        named = self._named_since(waiting).values() if waiting else ()
        return any(since <= until and (state is None or not _looked_since(state, since)) for since in named)

    def judged(self, scope: Scope) -> list[str]:
        """Give what every home that can be read has looked for, and need wait no longer; and what is named no more."""
        waiting = self._waiting(scope)
        if not waiting:
            return []
        named = self._named_since(waiting)
        homes = self._scopes.readable()
        return [
            key
            for key, _ in waiting
            if key not in named or all(_looked_since(home, named[key]) for home in homes if home.scope.covers(Key(key)))
        ]

    def waits_again(self, scope: Scope) -> list[str]:
        """Give what must be looked for anew: where a clock went back, this look began before the last one."""
        state, judged = self._scopes.state(scope), self._scopes.judged_before(scope)
        former = microseconds_or_none(judged.start) if judged is not None else None
        if former is None or state is None or _looked_since(state, former):
            return []
        rows = self._read(
            "MATCH (k:AsbuiltKey) WHERE k.key STARTS WITH $begins AND (EXISTS { MATCH (v:AsbuiltRelation) "
            "WHERE v.now_source = k._number AND v.closed IS NULL } OR EXISTS { MATCH (v:AsbuiltRelation) "
            "WHERE v.now_target = k._number AND v.closed IS NULL }) "
            "AND NOT EXISTS { MATCH (v:AsbuiltEntity) WHERE v.last_key = k.key } RETURN k.key",
            begins=str(scope.range),
        )
        return [key for (key,) in rows if scope.covers(Key(key)) and Key(key).container is not None]


def _looked_since(state: ScopeState, instant: int) -> bool:
    """Tell whether the last look at a scope that a revision took notice of began no earlier than an instant."""
    looked = microseconds_or_none(state.judged.start) if state.judged is not None else None
    return looked is not None and looked >= instant
