"""What do the rows of versions, changes and claims say, as values?"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from graph.hops import Hop, Link
from graph.identity import Claim
from graph.model import (
    Alias,
    Attributes,
    Change,
    DocumentRef,
    EntityVersion,
    Holding,
    Interval,
    Key,
    KeyEnd,
    Method,
    Relation,
    RelationVersion,
    Resolved,
    Tie,
    Transition,
)
from graph.model.canonical import end_of
from graph.model.statements import End
from graph.store import RecordedChange
from graph.stores.sqlite.lookup import Lookup
from graph.stores.sqlite.rows import chunks, marks, unlisted
from graph.stores.values import CAUSES, fields_of, instant, interval, loaded, unpacked

Row = tuple[Any, ...]

ENTITY = (
    "v.id, v.key, v.opened, v.closed, v.name, v.incarnation, v.since_start, v.since_end, v.evidence, v.aliases, "
    "v.attributes"
)
RELATION = (
    "v.id, v.relation, v.opened, v.closed, v.source, v.target, v.method, v.confidence, v.since_start, v.since_end, "
    "v.evidence, v.extra, r.digest, r.verb, r.source, r.target, r.slot"
)
HOP = "v.{here}, v.verb, v.{there}, v.confidence, v.relation"
LINK = "r.digest, v.verb, v.source, v.target, v.confidence"
CHANGE = (
    "c.id, c.key, c.relation, c.word, c.transition, c.cause, c.happened_start, c.happened_end, c.evidence, c.named, "
    "c.fields"
)
CLAIM = "c.alias, c.document, c.key, c.holding, c.taken_start, c.taken_end, c.closed"


_HOP = partial(tuple.__new__, Hop)
"""Makes a hop of a tuple, at a third of what its `_make` takes."""


def _not_after(closed: int | None, revision: int) -> int | None:
    return None if closed is None or closed > revision else closed


class Decoder:
    """Rows to values, as of a revision: what was closed later is still in force."""

    def __init__(self, db: sqlite3.Connection, lookup: Lookup) -> None:
        self.db = db
        self.lookup = lookup

    def evidence(self, rows: Iterable[Row], place: int) -> dict[int, DocumentRef]:
        """Give the documents that stand as evidence at one place of some rows."""
        return self.lookup.refs(self.db, (number for row in rows for number in unlisted(row[place])))

    def entities(self, rows: Sequence[Row], revision: int) -> list[EntityVersion]:
        """Read rows of ENTITY."""
        keys = self.lookup.keys(self.db, (row[1] for row in rows))
        refs = self.evidence(rows, 8)
        found = []
        for _, key, opened, closed, name, incarnation, start, end, evidence, aliases, attributes in rows:
            held = tuple(Alias(t, v, Holding(h)) for t, v, h in loaded(aliases)) if aliases else ()
            stated: Attributes = loaded(unpacked(attributes)) if attributes else {}
            by = tuple(refs[number] for number in unlisted(evidence))
            since = interval(start, end)
            until = _not_after(closed, revision)
            found.append(EntityVersion(keys[key], name, incarnation, stated, held, by, since, opened, until))
        return found

    def relations(self, rows: Sequence[Row], revision: int) -> list[RelationVersion]:
        """Read rows of RELATION."""
        extras = [loaded(row[11]) if row[11] else {} for row in rows]
        named = {number for row in rows for number in (row[4], row[5], row[14], row[15]) if isinstance(number, int)}
        named.update(number for extra in extras for place in ("S", "T") for number in extra.get(place, ()))
        keys = self.lookup.keys(self.db, named)
        refs = self.evidence(rows, 10)
        return [self._relation(row, extra, keys, refs, revision) for row, extra in zip(rows, extras, strict=True)]

    def links(self, rows: Iterable[Row]) -> list[Link]:
        """Read rows of LINK, where both ends are tied."""
        tied = [row for row in rows if row[2] is not None and row[3] is not None]
        keys = self.lookup.keys(self.db, {number for row in tied for number in row[2:4]})
        word = {number: self.lookup.word(self.db, number) for number in {row[1] for row in tied}}
        return [
            Link(digest.hex(), word[verb], keys[source], keys[target], confidence)
            for digest, verb, source, target, confidence in tied
        ]

    def hops(self, rows: Sequence[Row]) -> list[Hop]:
        """Read rows of HOP. There may be tens of thousands: a column at a time, in C."""
        if not rows:
            return []
        heres, verbs, theres, confidences, ties = zip(*rows, strict=True)
        words = {number: self.lookup.word(self.db, number) for number in set(verbs)}
        here, there = (self.lookup.key_of_each(self.db, numbers) for numbers in (heres, theres))
        return list(map(_HOP, zip(here, map(words.__getitem__, verbs), there, confidences, ties, strict=True)))

    def _relation(
        self, row: Row, extra: dict[str, Any], keys: dict[int, Key], refs: dict[int, DocumentRef], revision: int
    ) -> RelationVersion:
        _, _, opened, closed, source, target, method, confidence, start, end, evidence, _, digest, verb, *stated = row
        left = _end(stated[0], keys, extra.get("s"))
        right = _end(stated[1], keys, extra.get("t"))
        said = Relation(
            left,
            self.lookup.word(self.db, verb),
            right,
            stated[2],
            extra.get("a", {}),
            Method(self.lookup.word(self.db, method)),
            confidence,
        )
        return RelationVersion(
            digest.hex(),
            said,
            _resolved(source, extra.get("S"), keys, extra.get("i", extra.get("s"))),
            _resolved(target, extra.get("T"), keys, extra.get("j", extra.get("t"))),
            tuple(refs[number] for number in unlisted(evidence)),
            interval(start, end),
            opened,
            _not_after(closed, revision),
        )

    def changes(self, rows: Sequence[Row]) -> list[RecordedChange]:
        """Read rows of CHANGE, with the instant of its revision last."""
        keys = self.lookup.keys(self.db, {n for row in rows for n in (row[1], *unlisted(row[9])) if n is not None})
        refs = self.evidence(rows, 8)
        digests = self.digests({row[2] for row in rows if row[2] is not None})
        found = []
        for id_, key, tie, word, transition, cause, start, end, evidence, named, fields, at in rows:
            subject = str(keys[key]) if tie is None else digests[tie]
            happened: Interval = interval(start, end)
            text = self.lookup.word(self.db, word)
            change = Change(subject, text, Transition(transition), CAUSES[cause], fields_of(fields), happened)
            by = tuple(refs[number] for number in unlisted(evidence))
            about = (keys[key],) if tie is None else tuple(sorted(keys[number] for number in unlisted(named)))
            found.append(RecordedChange(id_ >> 32, instant(at), id_ & 0xFFFFFFFF, change, by, about))
        return found

    def digests(self, numbers: Collection[int]) -> dict[int, str]:
        """Give the ids of relations by number."""
        found: dict[int, str] = {}
        for portion in chunks(numbers):
            sql = f"SELECT id, digest FROM relation WHERE id IN ({marks(len(portion))})"
            found.update((number, digest.hex()) for number, digest in self.db.execute(sql, portion))
        return found

    def claims(self, rows: Sequence[Row], names: dict[int, tuple[str, str]], revision: int) -> list[tuple[int, Claim]]:
        """Read rows of CLAIM, each with the number of its alias."""
        keys = self.lookup.keys(self.db, (row[2] for row in rows))
        refs = self.lookup.refs(self.db, (row[1] for row in rows))
        found = []
        for alias, document, key, holding, start, end, closed in rows:
            ref = refs[document]
            stated = Alias(*names[alias], Holding(holding))
            in_force = _not_after(closed, revision) is None
            found.append((alias, Claim(stated, keys[key], ref.source, ref.id, interval(start, end), in_force)))
        return found


def _end(stored: int | str, keys: dict[int, Key], incarnation: str | None) -> End:
    return KeyEnd(keys[stored], incarnation) if isinstance(stored, int) else end_of(stored)


def _resolved(tied: int | None, several: list[int] | None, keys: dict[int, Key], incarnation: str | None) -> Resolved:
    if tied is not None:
        return Resolved(Tie.TIED, (keys[tied],), incarnation)
    if several:
        return Resolved(Tie.AMBIGUOUS, tuple(keys[number] for number in several), incarnation)
    return Resolved(Tie.OPEN, (), incarnation)
