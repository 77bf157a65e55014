"""Who had a name, an address, a label? Terms as nodes: where to look, and since which revision."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from graph.model import Key
from graph.store import Found
from graph.stores.neo4j.connection import Ask
from graph.stores.neo4j.numbers import Lookup
from graph.terms import Term

_EXACT = "MATCH (t:AsbuiltTerm) WHERE t.term = $term AND t.opened <= $revision RETURN t.term, t.key"
_FIRST = (
    "MATCH (t:AsbuiltTerm) WHERE t.term STARTS WITH $term AND t.opened <= $revision "
    "RETURN t.term, t.key ORDER BY t.term LIMIT $limit"
)


_ANY = 2**62
"""A limit that none reaches."""


def term_text(term: Term) -> str:
    """Write what a term is found by."""
    return f"{term.field.value}\n{term.text}"


def found(
    ask: Ask,
    lookup: Lookup,
    terms: Collection[Term],
    limit: int,
    revision: int,
    *,
    prefix: bool,
    kinds: Collection[str] = (),
) -> dict[Term, list[Found]]:
    """Find who had terms up to a revision, by text and key.

    What is read are the rows that are given, and all that had the last of their texts; with kinds, all that had a text.
    """
    answer: dict[Term, list[Found]] = {}
    for one in dict.fromkeys(terms):
        values = {"term": term_text(one), "revision": revision}
        most = _ANY if kinds else max(limit, 0)
        rows = ask(_FIRST, **values, limit=most) if prefix else ask(_EXACT, **values)
        if prefix and len(rows) >= most > 0:
            last = rows[-1][0]
            rows = [row for row in rows if row[0] != last] + ask(_EXACT, term=last, revision=revision)
        keys = lookup.keys(ask, (number for _, number in rows))
        had = (Found(text.partition("\n")[2], keys[number]) for text, number in rows)
        holders = sorted(one for one in had if not kinds or one.key.kind in kinds)[: max(limit, 0)]
        if holders:
            answer[one] = holders
    return answer


def holders(ask: Ask, lookup: Lookup, terms: Iterable[Term], revision: int) -> list[Key]:
    """Give, in order, the keys that had each of some terms up to a revision."""
    numbers: set[int] | None = None
    for one in terms:
        mine = {number for _, number in ask(_EXACT, term=term_text(one), revision=revision)}
        numbers = mine if numbers is None else numbers & mine
    return sorted(lookup.keys(ask, numbers or ()).values())
