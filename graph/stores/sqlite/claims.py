"""Who claims which alias, and which of them is claimed twice? Kept up as documents come and go."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from graph.model import AliasName, DocumentRef, Holding, Interval, Key, Scope
from graph.settle import Delta
from graph.stores.claims import claim_changes
from graph.stores.sqlite.interning import Interning
from graph.stores.sqlite.rows import chunks, marks
from graph.stores.values import microseconds, microseconds_or_none


class Claims:
    """The claims of one commit."""

    def __init__(self, db: sqlite3.Connection, interning: Interning, revision: int) -> None:
        self._db = db
        self._interning = interning
        self._revision = revision

    def accept(self, deltas: Sequence[Delta], taken: Interval) -> None:
        """Close the claims that documents make no longer, and write those that they make anew."""
        refs = [(DocumentRef(one.source, one.id), one) for one in deltas]
        by_ref = [(ref, *claim_changes(ref, one, taken)) for ref, one in refs]
        by_ref = [each for each in by_ref if each[1] or each[2]]
        if not by_ref:
            return
        documents = self._interning.documents(ref for ref, _, _ in by_ref)
        dropped = [(ref, alias, key) for ref, pairs, _ in by_ref for alias, key in pairs]
        added = [(ref, claim) for ref, _, claims in by_ref for claim in claims]
        aliases = self._interning.aliases([*(a.name for _, a, _ in dropped), *(c.alias.name for _, c in added)])
        keys = self._interning.keys([*(key for _, _, key in dropped), *(claim.key for _, claim in added)])
        self._db.executemany(
            "UPDATE claim SET closed = ? WHERE alias = ? AND document = ? AND key = ? AND holding = ? "
            "AND closed IS NULL",
            [(self._revision, aliases[a.name], documents[ref], keys[key], a.holding) for ref, a, key in dropped],
        )
        fresh = self._interning.fresh
        start, end = microseconds_or_none(taken.start), microseconds(taken.end)
        self._db.executemany(
            f"INSERT INTO claim VALUES ({marks(8)}, NULL)",
            [
                (fresh("claim"), aliases[a.name], documents[ref], keys[key], a.holding, start, end, self._revision)
                for ref, a, key in ((ref, one.alias, one.key) for ref, one in added)
            ],
        )
        exclusive = [*(a for _, a, _ in dropped), *(one.alias for _, one in added)]
        self._contest({aliases[alias.name] for alias in exclusive if alias.holding is Holding.EXCLUSIVE})

    def _contest(self, numbers: Collection[int]) -> None:
        """Note which of some aliases more than one holder of a kind claims now."""
        for portion in chunks(numbers):
            among = f"alias IN ({marks(len(portion))})"
            self._db.execute(f"DELETE FROM contested WHERE {among}", portion)
            self._db.execute(
                "INSERT INTO contested SELECT DISTINCT alias FROM (SELECT c.alias, k.kind FROM claim AS c "
                f"CROSS JOIN key AS k ON k.id = c.key WHERE c.{among} AND c.closed IS NULL AND c.holding = 'exclusive' "
                "GROUP BY c.alias, k.kind HAVING count(DISTINCT c.key) > 1)",
                portion,
            )

    def contested(self, scope: Scope, kinds: Collection[int]) -> set[AliasName]:
        """Give the contested aliases that a document covered by the scope claims. kinds: numbers of what it states."""
        if not kinds or self._db.execute("SELECT 1 FROM contested LIMIT 1").fetchone() is None:
            return set()
        rows = self._db.execute(
            "SELECT DISTINCT w.text, a.value, k.text FROM contested AS x CROSS JOIN claim AS c ON c.alias = x.alias "
            "AND c.closed IS NULL CROSS JOIN document AS d ON d.id = c.document AND d.standing = 1 "
            "CROSS JOIN key AS k ON k.id = d.subject CROSS JOIN alias AS a ON a.id = x.alias "
            f"CROSS JOIN word AS w ON w.id = a.type WHERE d.source = ? AND k.kind IN ({marks(len(kinds))})",
            [self._interning.word(scope.source), *kinds],
        )
        return {AliasName(type_, value) for type_, value, subject in rows if scope.covers(Key(subject))}
