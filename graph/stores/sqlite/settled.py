"""How are settled versions and changes written? What this commit settled before is put right, not added."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.identity import cited
from graph.model import AliasName, EntityVersion, Key, KeyEnd, RelationVersion
from graph.model.canonical import end_of
from graph.settle import ChangeSet, Settled
from graph.settle.settling import V, unchanged
from graph.stores.durations import duration_class
from graph.stores.selection import named_by
from graph.stores.sqlite.encode import ancestors, change_row, entity_row, relation_keys, relation_row, stated_row
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.rows import chunks, marks, unlisted
from graph.stores.sqlite.spans import PRESENT
from graph.stores.sqlite.terms import take_back, write_terms
from graph.terms import Term, terms_of


class _Last(NamedTuple):
    """One of the last two versions of a subject."""

    id: int
    opened: int
    closed: int | None


@dataclass(slots=True)
class _Moves:
    """What is done to the rows of one table of versions."""

    deleted: list[tuple[int]] = field(default_factory=list)
    closed: list[tuple[int | None, int, int]] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    """Subjects of which an earlier batch of this commit wrote something."""
    open: dict[int, int | None] = field(default_factory=dict)
    """For each subject, the version in force once all is done; None where there is none, or where it is new."""
    was_open: set[int] = field(default_factory=set)
    new: list[int] = field(default_factory=list)


class Settling:
    """The settled subjects of one commit. census: how many entities of a kind there are more than before it."""

    def __init__(self, db: sqlite3.Connection, interning: Interning, revision: int) -> None:
        self._db = db
        self._interning = interning
        self._revision = revision
        self._sequence = revision << 32
        self.census: dict[int, int] = defaultdict(int)

    def apply(self, changes: ChangeSet) -> None:
        if changes.entities:
            self._entities(changes.entities)
        if changes.relations:
            self._relations(changes.relations)

    # ------------------------------------------------------------------------------------------------ any subject

    def _last_two(self, table: str, column: str, numbers: Iterable[int]) -> dict[int, list[_Last]]:
        """Give the last two versions of subjects, newest first: all that a commit can have to do with."""
        found: dict[int, list[_Last]] = defaultdict(list)
        rows = self._db.execute(
            f"SELECT v.{column}, v.id, v.opened, v.closed FROM json_each(?) AS wanted CROSS JOIN {table} AS v "
            f"ON v.id IN (SELECT id FROM {table} WHERE {column} = wanted.value ORDER BY opened DESC LIMIT 2)",
            [json.dumps(list(numbers))],
        )
        for number, *rest in rows:
            found[number].append(_Last(*rest))
        for versions in found.values():
            versions.sort(key=lambda one: -one.opened)
        return found

    def _moves(self, last: Mapping[int, list[_Last]], settled: Mapping[int, Settled[V]]) -> _Moves:
        """Decide what becomes of the rows of each subject: restore what stood before this commit, then put what is."""
        moves, revision = _Moves(), self._revision
        for number, one in settled.items():
            versions = last.get(number, [])
            if versions and versions[0].closed is None:
                moves.was_open.add(number)
            undone = False
            if versions and versions[0].opened == revision:
                moves.deleted.append((versions[0].id,))
                versions = versions[1:]
                undone = True
            stood = versions[0] if versions and versions[0].closed in (None, revision) else None
            keep = unchanged(one)
            moves.open[number] = stood.id if keep and stood else None
            if stood is not None and keep and stood.closed == revision:
                moves.closed.append((None, PRESENT, stood.id))
            if stood is not None and not keep and stood.closed is None:
                moves.closed.append((revision, duration_class(revision - stood.opened), stood.id))
            if undone or (stood is not None and stood.closed == revision):
                moves.undone.append(number)
            if not keep and one.after is not None:
                moves.new.append(number)
        return moves

    def _move(self, table: str, moves: _Moves) -> None:
        self._db.executemany(f"DELETE FROM {table} WHERE id = ?", moves.deleted)
        self._db.executemany(f"UPDATE {table} SET closed = ?, class = ? WHERE id = ?", moves.closed)

    def _write_changes(
        self, settled: Mapping[int, Settled[V]], column: int, documents: Mapping[Any, int], numbers: Mapping[str, int]
    ) -> None:
        """Write the changes of settled subjects. column: 0 where they are keys, 1 where they are relations."""
        rows, named_rows, under_rows = [], [], []
        for number, one in settled.items():
            change, version = one.change, one.after or one.before
            if change is None or version is None or unchanged(one):
                continue
            self._sequence += 1
            id_ = self._sequence - 1
            evidence = [documents[ref] for ref in version.evidence]
            subject = (number, None) if column == 0 else (None, number)
            about = named_by(one.before, one.after)
            named = sorted({numbers[key] for key in about}) if column else []
            rows.append(change_row(id_, subject, self._interning.word(change.word), change, evidence, named))
            named_rows += [(key, id_) for key in named]
            places = {place for key in about for place in ancestors(key)}
            under_rows += [(numbers[place], id_) for place in places]
        self._db.executemany(f"INSERT INTO change VALUES ({marks(14)})", rows)
        self._db.executemany("INSERT INTO change_named VALUES (?, ?)", named_rows)
        self._db.executemany("INSERT INTO change_under VALUES (?, ?)", under_rows)

    def _undo_changes(self, column: str, undone: Sequence[int]) -> None:
        """Take back the changes that this commit made of some subjects."""
        for portion in chunks(undone):
            sql = f"SELECT id, key, named FROM change WHERE {column} IN ({marks(len(portion))}) AND id >= ?"
            rows = self._db.execute(sql, [*portion, self._revision << 32]).fetchall()
            ids = [(row[0],) for row in rows]
            self._db.executemany("DELETE FROM change WHERE id = ?", ids)
            self._forget_named(rows)

    def _forget_named(self, rows: Sequence[tuple[int, int | None, int | str | None]]) -> None:
        named_rows, under_rows = [], []
        for id_, key, named in rows:
            numbers = unlisted(named) if key is None else (key,)
            named_rows += [(number, id_) for number in numbers]
            for number in numbers:
                text = self._db.execute("SELECT text FROM key WHERE id = ?", [number]).fetchone()[0]
                under_rows += [(place, id_) for place in self._interning.keys(ancestors(Key(text))).values()]
        self._db.executemany("DELETE FROM change_named WHERE key = ? AND change = ?", named_rows)
        self._db.executemany("DELETE FROM change_under WHERE key = ? AND change = ?", under_rows)

    def _documents(self, settled: Iterable[Settled[V]]) -> dict[Any, int]:
        versions = (version for one in settled for version in (one.before, one.after) if version is not None)
        return self._interning.documents({ref for version in versions for ref in version.evidence})

    # ------------------------------------------------------------------------------------------------ entities

    def _entities(self, entities: Sequence[Settled[EntityVersion]]) -> None:
        texts = [one.subject for one in entities]
        numbers = self._interning.keys([*texts, *{key for text in texts for key in ancestors(Key(text))}])
        settled = {numbers[one.subject]: one for one in entities}
        moves = self._moves(self._last_two("entity_version", "key", settled), settled)
        documents = self._documents(entities)
        take_back(self._db, (id_ for (id_,) in moves.deleted), self._revision)
        self._move("entity_version", moves)
        self._undo_changes("key", moves.undone)
        rows, present, absent = [], [], []
        terms: list[tuple[int, Term]] = []
        new = set(moves.new)
        for number, one in settled.items():
            kind = self._interning.word(Key(one.subject).kind)
            version, id_ = one.after, moves.open[number]
            if number in new and version is not None:
                id_ = self._interning.fresh("entity_version")
                rows.append(entity_row(id_, number, kind, version, self._revision, documents))
                terms += [(number, term) for term in terms_of(version)]
            if id_ is None:
                absent.append((kind, one.subject))
            else:
                present.append((kind, one.subject, id_))
            self.census[kind] += (id_ is not None) - (number in moves.was_open)
        self._db.executemany(f"INSERT INTO entity_version VALUES ({marks(13)})", rows)
        self._db.executemany("INSERT OR REPLACE INTO present VALUES (?, ?, ?)", present)
        self._db.executemany("DELETE FROM present WHERE kind = ? AND key = ?", absent)
        write_terms(self._db, terms, self._revision)
        self._write_changes(settled, 0, documents, numbers)

    # ------------------------------------------------------------------------------------------------ relations

    def _relations(self, relations: Sequence[Settled[RelationVersion]]) -> None:
        versions = [version for one in relations for version in (one.before, one.after) if version is not None]
        named = {key for version in versions for key in relation_keys(version)}
        keys = self._interning.keys([*named, *{place for key in named for place in ancestors(key)}])
        numbers = self._numbered(relations, keys)
        settled = {numbers[one.subject]: one for one in relations if one.subject in numbers}
        moves = self._moves(self._last_two("relation_version", "relation", settled), settled)
        documents = self._documents(relations)
        self._move("relation_version", moves)
        self._db.executemany("DELETE FROM candidate WHERE version = ?", moves.deleted)
        self._undo_changes("relation", moves.undone)
        rows, candidates = [], []
        for number in moves.new:
            version = settled[number].after
            if version is None:
                continue
            id_ = self._interning.fresh("relation_version")
            words = (self._interning.word(version.verb), self._interning.word(version.stated.method))
            rows.append(relation_row((id_, number, *words), version, self._revision, keys, documents))
            several = {key for end in (version.source, version.target) if len(end.keys) > 1 for key in end.keys}
            candidates += [(keys[key], id_) for key in several]
        self._db.executemany(f"INSERT INTO relation_version VALUES ({marks(15)})", rows)
        self._db.executemany("INSERT INTO candidate VALUES (?, ?)", candidates)
        self._cite(settled)
        self._wait(settled.values(), keys)
        self._write_changes(settled, 1, documents, keys)

    def _numbered(self, relations: Sequence[Settled[RelationVersion]], keys: Mapping[str, int]) -> dict[str, int]:
        """Give the numbers of relations; those that never were get one, and a row that says what they tie."""
        numbers = self._interning.relations(one.subject for one in relations)
        new = [one.after for one in relations if one.subject not in numbers and one.after is not None]
        rows = []
        for version in new:
            numbers[version.id] = self._interning.fresh("relation")
            verb = self._interning.word(version.verb)
            rows.append(stated_row(numbers[version.id], bytes.fromhex(version.id), verb, version.stated, keys))
        self._db.executemany("INSERT INTO relation VALUES (?, ?, ?, ?, ?, ?)", rows)
        return numbers

    def _cite(self, settled: Mapping[int, Settled[RelationVersion]]) -> None:
        """Keep up the index from aliases to the relations in force that cite them."""
        citing: list[tuple[int, bool, AliasName]] = []
        silent: list[int] = []
        for number, one in settled.items():
            version = one.after or one.before
            if version is None:
                silent.append(number)
                continue
            names = [cited(end) for end in (version.stated.source, version.stated.target)]
            citing += [(number, one.after is not None, name) for name in names if name is not None]
        citing += [(number, False, name) for number in silent for name in self._stated_names(number)]
        aliases = self._interning.aliases({name for _, _, name in citing})
        pairs = [(aliases[name], number, standing) for number, standing, name in citing]
        self._db.executemany(
            "INSERT OR IGNORE INTO citing VALUES (?, ?)", [(a, n) for a, n, standing in pairs if standing]
        )
        gone = [(a, n) for a, n, standing in pairs if not standing]
        self._db.executemany("DELETE FROM citing WHERE alias = ? AND relation = ?", gone)

    def _stated_names(self, relation: int) -> list[AliasName]:
        """Give the aliases cited by a relation that this commit opened and ended, so that no version is at hand."""
        ends = self._db.execute("SELECT source, target FROM relation WHERE id = ?", [relation]).fetchone()
        names = []
        for end in ends:
            if isinstance(end, int):
                text = self._db.execute("SELECT text FROM key WHERE id = ?", [end]).fetchone()[0]
                names.append(cited(KeyEnd(Key(text))))
            else:
                names.append(cited(end_of(end)))
        return [name for name in names if name is not None]

    def _wait(self, settled: Iterable[Settled[RelationVersion]], keys: Mapping[str, int]) -> None:
        """Note the keys that are named and were never had, to be looked for by the next look at their home.

        Also those that this relation names no longer: what still names them may be younger than the last look.
        """
        versions = [version for one in settled for version in (one.before, one.after)]
        named = {key for one in versions if one is not None for key in one.keys if key.container is not None}
        rows = [(self._interning.word(key.kind), key, keys[key]) for key in named]
        self._db.executemany(
            "INSERT OR IGNORE INTO waiting SELECT ?1, ?2, ?3 "
            "WHERE NOT EXISTS (SELECT 1 FROM entity_version WHERE key = ?3 AND opened < ?4)",
            [(*row, self._revision) for row in rows],
        )
