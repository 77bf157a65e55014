"""How are settled versions and changes written? What this commit settled before is put right, not added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.identity import cited
from graph.model import EntityVersion, Key, RelationVersion, Tie
from graph.settle import ChangeSet, Settled
from graph.settle.settling import V, unchanged
from graph.stores.durations import duration_class
from graph.stores.neo4j.commit import Commit, Write
from graph.stores.neo4j.encode import (
    TOGETHER,
    Made,
    alias_text,
    changes_row,
    entity_body,
    listed_text,
    relation_body,
    relation_keys,
    tied_number,
)
from graph.stores.neo4j.numbers import Interning
from graph.stores.neo4j.present import Held, Present
from graph.stores.neo4j.terms import term_text
from graph.stores.selection import named_by
from graph.terms import terms_of

_OF_ID = "UNWIND $rows AS row MATCH (v) WHERE elementId(v) = row[0]"
_DELETE = f"{_OF_ID} DELETE v"
_PUT_ENTITY = (
    f"{_OF_ID} SET v.closed = row[1], v.class = row[2], v.closed_sequence = row[3], v.superseded = row[4], "
    "v.past_key = CASE WHEN row[4] IS NULL THEN null ELSE v.last_key END, "
    "v.was_kind = CASE WHEN row[1] IS NULL THEN null ELSE row[5] END, v:AsbuiltClosing"
)
_PUT_RELATION = (
    f"{_OF_ID} SET v.closed = row[1], v.class = row[2], v.closed_sequence = row[3], v.superseded = row[4], "
    "v.past_id = CASE WHEN row[4] IS NULL THEN null ELSE v.last_id END, "
    "v.was_source = CASE WHEN row[1] IS NULL THEN null ELSE coalesce(v.was_source, v.now_source) END, "
    "v.was_target = CASE WHEN row[1] IS NULL THEN null ELSE coalesce(v.was_target, v.now_target) END, v:AsbuiltClosing"
)
_KEY = "UNWIND $rows AS row CREATE (k:AsbuiltKey {key: row[0], _number: row[1]})"
_ENTITY = (
    "UNWIND $rows AS row CREATE (v:AsbuiltEntity {last_key: row[0], now_listed: row[1], sequence: row[2], "
    "body: row[3], opened: $revision})"
)
_RELATION = (
    "UNWIND $rows AS row CREATE (v:AsbuiltRelation {last_id: row[0], verb: row[1], now_source: row[2], "
    "now_target: row[3], confidence: row[4], sequence: row[5], body: row[6], cites_source: row[7], "
    "cites_target: row[8], opened: $revision})"
)
_CANDIDATE = "UNWIND $rows AS row CREATE (c:AsbuiltCandidate {key: row[0], relation: row[1], opened: $revision})"
_OF_RELATION = (
    "UNWIND $rows AS row MATCH (c:AsbuiltCandidate) USING INDEX c:AsbuiltCandidate(relation) WHERE c.relation = row[0]"
)
_UNDO_CANDIDATES = f"{_OF_RELATION} AND c.opened = $revision DELETE c"
_OPEN_CANDIDATES = f"{_OF_RELATION} AND c.closed = $revision REMOVE c.closed"
_CLOSE_CANDIDATES = f"{_OF_RELATION} AND c.closed IS NULL SET c.closed = $revision, c:AsbuiltClosing"
_NEW_TERM = "UNWIND $rows AS row CREATE (t:AsbuiltTerm {term: row[0], key: row[1], opened: $revision})"
_TERM = "UNWIND $rows AS row MERGE (t:AsbuiltTerm {key: row[1], term: row[0]}) ON CREATE SET t.opened = $revision"
_DROP_TERM = (
    "UNWIND $rows AS row MATCH (t:AsbuiltTerm) USING INDEX t:AsbuiltTerm(key, term) WHERE t.key = row[1] "
    "AND t.term = row[0] AND t.opened = $revision DELETE t"
)
_CHANGES = (
    "UNWIND $rows AS row CREATE (c:AsbuiltChanges {revision: $revision, first: row[0], last: row[1], words: row[2], "
    "causes: row[3], since: row[4], until: row[5], about: row[6], body: row[7]})"
)
_VOID = (
    "UNWIND $rows AS row MATCH (c:AsbuiltChanges) WHERE c.revision = $revision AND c.first <= row[0] "
    "AND c.last >= row[0] SET c.void = coalesce(c.void, []) + row[0]"
)


@dataclass(slots=True)
class _Moves:
    """What is done to the versions of some subjects."""

    deleted: list[list[Any]] = field(default_factory=list)
    put: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)
    """By the id of its node: the subject of a version, and [id, closed, class, sequence of its end, superseded]."""
    void: list[list[Any]] = field(default_factory=list)
    """Places of changes that are taken back."""
    new: list[str] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    """Of these: subjects that have no version at all."""
    undone: list[str] = field(default_factory=list)
    was_open: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)


class Settling:
    """The settled subjects of one commit. census: how many entities of a kind there are more than before it."""

    def __init__(self, commit: Commit, interning: Interning, present: Present) -> None:
        self._commit = commit
        self._interning = interning
        self._present = present
        self._sequence = 0
        self.census: dict[str, int] = defaultdict(int)
        self.named: dict[str, int] = {}
        """Keys that relations name and that this commit has not seen stated, with their numbers."""

    def apply(self, changes: ChangeSet) -> None:
        writes: list[Write] = []
        if changes.entities:
            writes += self._entities(changes.entities)
        if changes.relations:
            writes += self._relations(changes.relations)
        self._commit.write([(_KEY, self._interning.take_new()), *writes])
        self._present.forget()

    # ------------------------------------------------------------------------------------------------ any subject

    def _moves(self, settled: Mapping[str, Settled[V]], places: Mapping[str, int]) -> _Moves:
        """Decide what becomes of the versions of each subject: what stood before this commit, then what is new."""
        moves, revision = _Moves(), self._commit.revision
        for subject, one in settled.items():
            versions = list(self._present.held.get(subject, ()))
            if versions and versions[0].closed is None:
                moves.was_open.add(subject)
            self._take_back(moves, subject, versions)
            if versions and versions[0].opened == revision:
                versions = versions[1:]
            keep, last = unchanged(one), versions[0] if versions else None
            stood = last if last is not None and last.closed in (None, revision) else None
            new = not keep and one.after is not None
            if new:
                moves.new.append(subject)
                if last is None:
                    moves.fresh.add(subject)
            if new or (keep and stood is not None):
                moves.open.add(subject)
            if last is not None:
                self._put(moves, subject, last, new=new, ends=stood is not None and not keep, at=places.get(subject))
        return moves

    def _take_back(self, moves: _Moves, subject: str, versions: Sequence[Held]) -> None:
        """Undo what an earlier batch of this commit wrote of a subject."""
        revision = self._commit.revision
        last = versions[0] if versions else None
        if last is None or revision not in (last.opened, last.closed):
            return
        moves.undone.append(subject)
        sequence = last.sequence if last.opened == revision else last.closed_sequence
        if sequence is not None:
            moves.void.append([sequence])
        if last.opened == revision:
            moves.deleted.append([last.id])

    def _put(self, moves: _Moves, subject: str, last: Held, *, new: bool, ends: bool, at: int | None) -> None:
        """Say when the version that stood before this commit closed, and whether another follows it."""
        revision = self._commit.revision
        superseded = revision if new else None
        if last.closed not in (None, revision):  # gone for long: all that can happen to it is that another follows
            if last.superseded != superseded:
                kind = Key(subject).kind if "/" in subject else None
                row = [last.id, last.closed, duration_class(last.closed - last.opened), last.closed_sequence]
                moves.put[last.id] = (subject, [*row, superseded, kind])
            return
        closed = revision if ends else None
        if (last.closed, last.superseded) == (closed, superseded) and closed is None:
            return
        kind = Key(subject).kind if "/" in subject else None
        length = duration_class(revision - last.opened) if ends else None
        moves.put[last.id] = (subject, [last.id, closed, length, at if ends else None, superseded, kind])

    def _places(self, settled: Mapping[str, Settled[V]]) -> dict[str, int]:
        """Give each change its place in the revision."""
        places = {}
        for subject, one in settled.items():
            if one.change is not None and (one.after or one.before) is not None and not unchanged(one):
                places[subject] = self._sequence
                self._sequence += 1
        return places

    def _change_rows(self, settled: Mapping[str, Settled[V]], places: Mapping[str, int]) -> list[list[Any]]:
        made = []
        for subject in sorted(places, key=lambda subject: places[subject]):
            one = settled[subject]
            version = one.after or one.before
            if one.change is not None and version is not None:
                named = named_by(one.before, one.after)
                made.append(Made(places[subject], one.change, version.evidence, named))
        return [changes_row(made[start : start + TOGETHER]) for start in range(0, len(made), TOGETHER)]

    # ------------------------------------------------------------------------------------------------ entities

    def _entities(self, entities: Sequence[Settled[EntityVersion]]) -> list[Write]:
        settled = {one.subject: one for one in entities}
        if not settled.keys() <= self._present.held.keys():
            self._present.entities([Key(subject) for subject in settled])
        numbers = self._interning.keys(self._commit.read, settled)
        places = self._places(settled)
        moves = self._moves(settled, places)
        self._commit.written.add("version", moves.new)
        rows: list[list[Any]] = []
        fresh: list[list[Any]] = []
        terms: list[list[Any]] = []
        for subject in moves.new:
            version = settled[subject].after
            if version is not None:
                rows.append([subject, listed_text(subject), places.get(subject), entity_body(version)])
                mine = [[term_text(one), numbers[subject]] for one in terms_of(version)]
                (fresh if subject in moves.fresh else terms).extend(mine)
        for subject in settled:
            self.census[Key(subject).kind] += (subject in moves.open) - (subject in moves.was_open)
            if subject in moves.open:
                self.named.pop(subject, None)
        return [
            (_VOID, moves.void),
            (_DROP_TERM, self._dropped_terms(moves, numbers)),
            (_DELETE, moves.deleted),
            (_PUT_ENTITY, [row for _, row in moves.put.values()]),
            (_ENTITY, rows),
            (_NEW_TERM, fresh),
            (_TERM, terms),
            (_CHANGES, self._change_rows(settled, places)),
        ]

    def _dropped_terms(self, moves: _Moves, numbers: Mapping[str, int]) -> list[list[Any]]:
        """Give the terms of versions that this commit opened and takes back."""
        rows = []
        for subject in moves.undone:
            last = self._present.former[subject][0]
            if isinstance(last, EntityVersion) and last.opened == self._commit.revision:
                rows += [[term_text(one), numbers[subject]] for one in terms_of(last)]
        return rows

    # ------------------------------------------------------------------------------------------------ relations

    def _relations(self, relations: Sequence[Settled[RelationVersion]]) -> list[Write]:
        settled = {one.subject: one for one in relations}
        if not settled.keys() <= self._present.held.keys():
            self._present.relations(list(settled))
        versions = [version for one in relations for version in (one.before, one.after) if version is not None]
        numbers = self._interning.keys(self._commit.read, {key for one in versions for key in relation_keys(one)})
        places = self._places(settled)
        moves = self._moves(settled, places)
        self._commit.written.add("version", moves.new)
        rows, candidates = [], []
        for subject in moves.new:
            version = settled[subject].after
            if version is not None:
                rows.append(_relation_row(version, places.get(subject), numbers))
                candidates += [[numbers[key], subject] for key in _several(version)]
        self._commit.written.add("cited", (text for row in rows for text in row[7:] if text is not None))
        self._wait(versions, numbers)
        return [
            (_VOID, moves.void),
            (_DELETE, moves.deleted),
            (_PUT_RELATION, [row[:5] for _, row in moves.put.values()]),
            (_RELATION, rows),
            *self._candidates(settled, moves),
            (_CANDIDATE, candidates),
            (_CHANGES, self._change_rows(settled, places)),
        ]

    def _candidates(self, settled: Mapping[str, Settled[RelationVersion]], moves: _Moves) -> list[Write]:
        """Say what becomes of the keys that ambiguous ends could mean, or could have."""
        doubtful = {
            subject
            for subject, one in settled.items()
            if any(map(_several, (one.before, one.after, *self._present.former.get(subject, ()))))
        }
        if not doubtful:
            return []
        every = [[subject] for subject in sorted(doubtful)]
        stands = moves.open - set(moves.new)
        ended = [[subject] for subject in sorted(doubtful - stands)]
        return [(_UNDO_CANDIDATES, every), (_OPEN_CANDIDATES, every), (_CLOSE_CANDIDATES, ended)]

    def _wait(self, versions: Iterable[RelationVersion], numbers: Mapping[str, int]) -> None:
        """Note the keys that are named, to be looked for by the next look at their home unless they are stated too.

        Also those that a relation names no longer: what still names them may be younger than the last look.
        """
        for version in versions:
            for key in version.keys:
                if key.container is not None:
                    self.named[key] = numbers[key]


def _relation_row(version: RelationVersion, place: int | None, numbers: Mapping[str, int]) -> list[Any]:
    names = [cited(end) for end in (version.stated.source, version.stated.target)]
    cites = [None if name is None else alias_text(name) for name in names]
    ends = [tied_number(version.source, numbers), tied_number(version.target, numbers)]
    body = relation_body(version, numbers)
    return [version.id, version.verb, *ends, version.stated.confidence, place, body, *cites]


def _several(version: EntityVersion | RelationVersion | None) -> set[Key]:
    """Give the keys that the ambiguous ends of a relation could mean."""
    if not isinstance(version, RelationVersion):
        return set()
    ends = (version.source, version.target)
    return {key for end in ends if end.tie is Tie.AMBIGUOUS for key in end.keys}
