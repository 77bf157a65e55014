"""What changed, newest first? By what the nodes that hold changes are about, newest first, until there are enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from graph.store import ChangeFilter, RecordedChange
from graph.stores.neo4j.connection import Ask, Row
from graph.stores.neo4j.decode import recorded_of
from graph.stores.neo4j.encode import MOST_NAMES, range_token, subject_token
from graph.stores.selection import matches_change
from graph.stores.values import CAUSE_BITS, loaded, microseconds, microseconds_or_none, unpacked

_FEW, _MANY = 4, 64
"""Nodes read at first, and at most, in one go."""

_ABOUT = (
    "CALL db.index.fulltext.queryNodes('asbuilt_changes_about', $about) YIELD node AS c "
    "WITH c WHERE $after < c.revision AND c.revision <= $revision AND {meets} "
    "RETURN c.revision, c.first, elementId(c)"
)
_ALL = (
    "MATCH (c:AsbuiltChanges) USING INDEX c:AsbuiltChanges(revision, first) "
    "WHERE $after < c.revision AND c.revision <= $revision AND c.first >= 0 AND {meets} "
    "RETURN c.revision, c.first, elementId(c) ORDER BY c.revision DESC, c.first DESC"
)
_MEETS = (
    "($words IS NULL OR any(word IN c.words WHERE word IN $words)) AND ($until IS NULL OR c.since IS NULL OR "
    "c.since < $until) AND ($since IS NULL OR c.until > $since)"
)


def changes(
    ask: Ask, wanted: ChangeFilter, limit: int, before: tuple[int, int] | None, revision: int
) -> list[RecordedChange]:
    """List changes up to a revision, newest first, from before a (revision, sequence) on."""
    found: list[RecordedChange] = []
    if limit <= 0:
        return found
    until = (revision, 1 << 62) if before is None else min((revision, 1 << 62), before)
    for number, at, body, void in _nodes(ask, wanted, until):
        if before is not None and number > before[0]:
            continue
        for record in reversed(loaded(unpacked(body))):
            if record[0] in void or (before is not None and (number, record[0]) >= before):
                continue
            recorded = recorded_of(number, at, record)
            if matches_change(recorded, wanted):
                found.append(recorded)
                if len(found) == limit:
                    return found
    return found


def _nodes(ask: Ask, wanted: ChangeFilter, until: tuple[int, int]) -> Iterator[tuple[int, int, str | bytes, set[int]]]:
    """Give nodes that hold changes, newest first: revision, instant, body, and the changes that were taken back."""
    places = sorted({tuple(row) for row in _places(ask, wanted, until[0])}, reverse=True)
    places = [place for place in places if (place[0], place[1]) < until]
    start, size = 0, _FEW
    while start < len(places):
        portion = places[start : start + size]
        rows = ask(
            "UNWIND $ids AS id MATCH (c:AsbuiltChanges) WHERE elementId(c) = id "
            "MATCH (r:AsbuiltRevision {number: c.revision}) RETURN c.revision, r.instant, c.body, c.void",
            ids=[id_ for _, _, id_ in portion],
        )
        for number, at, body, void in rows:
            yield number, at, body, set(void or ())
        start, size = start + size, min(size * 4, _MANY)


def _places(ask: Ask, wanted: ChangeFilter, revision: int) -> list[Row]:
    window = wanted.window
    bits = sum(bit for cause, bit in CAUSE_BITS.items() if cause in wanted.causes)
    values: dict[str, Any] = {
        "revision": revision,
        "after": wanted.after,
        "words": sorted(wanted.words) or None,
        "until": None if window is None else microseconds(window.end),
        "since": None if window is None else microseconds_or_none(window.start),
    }
    meets = f"{_MEETS} AND {_of_causes(bits)}" if wanted.causes else _MEETS
    abouts = list(_abouts(wanted))
    if not abouts:
        return ask(_ALL.format(meets=meets), **values)
    return [row for about in abouts for row in ask(_ABOUT.format(meets=meets), **values, about=about)]


def _of_causes(bits: int) -> str:
    """Say in Cypher, which has no bits, that a node holds a change of one of some causes."""
    present = [bit for bit in CAUSE_BITS.values() if bits & bit]
    return "(" + (" OR ".join(f"{bit} IN c.causes" for bit in present) or "false") + ")"


def _abouts(wanted: ChangeFilter) -> Iterator[str]:
    """Give what to ask the index of what changes are about: nothing where any will do."""
    within = f" AND {range_token(wanted.prefix)}" if wanted.prefix else ""
    tokens: Sequence[str] = [subject_token(subject) for subject in sorted(wanted.subjects)]
    for start in range(0, len(tokens), MOST_NAMES):
        yield f"({' OR '.join(tokens[start : start + MOST_NAMES])}){within}"
    if not tokens and within:
        yield range_token(wanted.prefix)
