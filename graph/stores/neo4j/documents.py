"""How do documents come, go on and end? Each version's text once; what moves without a version, in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from graph.model import DocumentRef
from graph.settle import Delta
from graph.store import Doubted
from graph.stores.neo4j.commit import Commit, Write
from graph.stores.neo4j.encode import home_text, ref_text
from graph.stores.overtaken import hold
from graph.stores.values import instant_or_none, kind_of, microseconds, microseconds_or_none, packed

_MATCH = (
    "UNWIND $rows AS row MATCH (v:AsbuiltDocument) USING INDEX v:AsbuiltDocument(last_ref) WHERE v.last_ref = row[0]"
)
_CREATE = (
    "UNWIND $rows AS row CREATE (v:AsbuiltDocument {last_ref: row[0], source: row[1], name: row[2], opened: $revision, "
    "subject: row[3], fingerprint: row[4], mapping: row[5], token: row[6], position: row[7], incarnation: row[8], "
    "now_home: row[9], text: row[10]})"
)
_DELETE = f"{_MATCH} AND v.opened = $revision DELETE v"
_RESTORE = f"{_MATCH} AND v.superseded = $revision REMOVE v.superseded, v.past_ref"
_CLOSE = f"{_MATCH} AND v.superseded IS NULL SET v.closed = $revision, v.left = row[1], v:AsbuiltClosing"
_SUPERSEDE = (
    f"{_MATCH} AND v.superseded IS NULL SET v.closed = coalesce(v.closed, $revision), v.superseded = $revision, "
    "v.past_ref = row[0], v:AsbuiltClosing"
)
_END_DOUBT = (
    "UNWIND $rows AS row MATCH (d:AsbuiltDoubt) USING INDEX d:AsbuiltDoubt(ref) WHERE d.ref = row[0] "
    "AND d.closed IS NULL FOREACH (_ IN CASE WHEN d.opened < $revision THEN [1] ELSE [] END | "
    "SET d.closed = $revision, d:AsbuiltClosing) "
    "FOREACH (_ IN CASE WHEN d.opened = $revision THEN [1] ELSE [] END | DELETE d)"
)
_DOUBT = "UNWIND $rows AS row CREATE (d:AsbuiltDoubt {ref: row[0], opened: $revision, since: row[1], had: row[2]})"
_TOUCH = (
    f"{_MATCH} AND v.superseded IS NULL AND v.closed IS NULL AND NOT (v.opened > row[4] AND v.opened < $revision) "
    "AND (v.position IS NULL OR row[2] IS NULL OR v.position <= row[2]) "
    "SET v.first_token = coalesce(v.first_token, v.token), v.first_mapping = coalesce(v.first_mapping, v.mapping), "
    "v.token = row[1], v.position = row[2], v.mapping = row[3]"
)
_FORGET = f"{_MATCH} AND v.superseded IS NULL AND v.closed IS NOT NULL REMOVE v.left, v.now_home"


class _Stored(NamedTuple):
    """The last version of a document."""

    opened: int
    closed: int | None
    position: int | None
    """The one that it stands at, or has left behind."""

    @property
    def changed(self) -> int:
        """The revision that last said something of it."""
        return self.opened if self.closed is None else self.closed


class Documents:
    """The documents of one commit. base: the revision that the plan was made against."""

    def __init__(self, commit: Commit, base: int) -> None:
        self._commit = commit
        self._base = base
        self.changed: dict[str, set[str]] = {}
        """By source, the ids of documents of which another thing is known now."""
        self.later: list[Write] = []
        """What the last step writes."""

    def _stored(self, refs: Iterable[str]) -> dict[str, _Stored]:
        known = self._commit.written.among("document", list(refs))
        if not known:
            return {}
        rows = self._commit.read(
            "MATCH (v:AsbuiltDocument) WHERE v.last_ref IN $wanted AND v.superseded IS NULL "
            "RETURN v.last_ref, v.opened, v.closed, CASE WHEN v.closed IS NULL THEN v.position ELSE v.left END",
            wanted=known,
        )
        return {name: _Stored(*of) for name, *of in rows}

    def accept(self, deltas: Sequence[Delta]) -> list[Write]:
        """Say what is written of documents. Raise Overtaken where another commit changed one since the plan."""
        revision = self._commit.revision
        named = {ref_text(DocumentRef(delta.source, delta.id)): delta for delta in deltas}
        stored = self._stored(named)
        for name, delta in named.items():
            row = stored.get(name)
            if row is not None:
                hold(delta, row.position, row.changed, base=self._base, revision=revision)
            self.changed.setdefault(delta.source, set()).add(delta.id)
        deleted, restored, closed, superseded, created = [], [], [], [], []
        for name, delta in named.items():
            row = stored.get(name)
            if row is not None and row.opened == revision and (delta.stored is not None or delta.position is None):
                deleted.append([name])
                if delta.stored is None:
                    restored.append([name])
            elif delta.stored is None and row is not None and row.closed is None:
                closed.append([name, delta.position])
            elif delta.stored is not None and row is not None:
                superseded.append([name])
            if delta.stored is not None:
                created.append(_row(name, delta))
        self._commit.written.add("document", (row[0] for row in created))
        doubted = [[name] for name, row in stored.items() if row.closed is None]
        return [
            (_DELETE, deleted),
            (_RESTORE, restored),
            (_CLOSE, closed),
            (_SUPERSEDE, superseded),
            (_END_DOUBT, doubted),
            (_CREATE, created),
        ]

    def touch(self, source: str, touched: Iterable[tuple[str, str, int | None]], mapping: int) -> None:
        """Write moved tokens. What they say is so whether or not the run is recorded, so it need not wait for it."""
        moved = list(touched)
        self.changed.setdefault(source, set()).update(id_ for id_, _, _ in moved)
        rows = [
            [ref_text(DocumentRef(source, id_)), token, position, mapping, self._base] for id_, token, position in moved
        ]
        self._commit.write([(_TOUCH, rows)], versions=False)

    def doubt(self, source: str, missed: Collection[str], found: Collection[str], doubted: Doubted) -> None:
        """Mark documents as missed, and clear the mark of those found again."""
        self.changed.setdefault(source, set()).update(missed, found)
        names = [ref_text(DocumentRef(source, id_)) for id_ in (*missed, *found)]
        stored = self._stored(names)
        standing = {
            name
            for name, row in stored.items()
            if row.closed is None and not self._base < row.opened < self._commit.revision
        }
        since, had = microseconds(doubted.since), microseconds_or_none(doubted.had)
        mine = {ref_text(DocumentRef(source, id_)) for id_ in missed} & standing
        self._commit.write(
            [(_END_DOUBT, [[name] for name in sorted(standing)]), (_DOUBT, [[n, since, had] for n in sorted(mine)])]
        )

    def last_had(self, source: str, ids: Collection[str]) -> dict[str, datetime | None]:
        """Give the start of the last run that had each document whose ending is doubted."""
        if not ids:
            return {}
        rows = self._commit.read(
            "MATCH (d:AsbuiltDoubt) WHERE d.ref IN $wanted AND d.closed IS NULL RETURN d.ref, d.had",
            wanted=[ref_text(DocumentRef(source, id_)) for id_ in ids],
        )
        return {name.partition("\n")[2]: instant_or_none(had) for name, had in rows}

    def forget(self, source: str, ids: Collection[str]) -> None:
        """Drop positions, in the last step: before it, nobody knows that the listing that allows it was recorded."""
        self.changed.setdefault(source, set()).update(ids)
        self.later.append((_FORGET, [[ref_text(DocumentRef(source, id_))] for id_ in ids]))


def _row(name: str, delta: Delta) -> list[Any]:
    one = delta.stored
    if one is None:
        raise ValueError(f"{delta.id} has ended: there is nothing to store")
    home = home_text(delta.source, kind_of(one.subject), one.subject)
    token = [one.fingerprint, one.mapping, one.version, one.position, one.incarnation]
    return [name, delta.source, delta.id, one.subject, *token, home, packed(one.text)]
