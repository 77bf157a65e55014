"""What differs between two revisions?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.errors import InvalidRequest
from api.questions.asking import Inquiry, Page, Standing
from api.questions.changes import causes_of, instant
from api.questions.cursors import pair_at
from api.questions.graph import several
from api.questions.instants import REVISION
from api.questions.words import split
from api.schemas.diff import EntityDiff, GraphDiff
from graph.analysis.diff import Differences, Row, Tally, Wanted, differences
from graph.analysis.freshness import ANYTHING, Freshness, about_entity, about_place, about_relations, freshness
from graph.analysis.presence import presence
from graph.analysis.surroundings import (
    EntityDifference,
    around,
    entity_difference,
    nearby_differences,
    relation_differences,
)
from graph.model import Key, Question
from graph.store import GraphReader

DEEPEST = 10
"""How many steps from a root may be asked for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The earlier of the two revisions, and what could be seen then."""

    revision: int
    as_of: datetime
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Reached:
    """How many things stood within reach of the root at each revision, itself included; none before anybody named it.

    cut: there were more than are looked at.
    """

    earlier: int
    later: int
    cut: bool


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """What differs in the graph, or around a root."""

    from_: Moment
    within: Reached | None
    tally: Tally
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class EntityAnswer:
    """What differs about one entity."""

    from_: Moment
    entity: EntityDifference
    tally: Tally
    relations: tuple[Row, ...]


def _earlier(standing: Standing) -> GraphReader:
    if standing.earlier is None:
        raise InvalidRequest("from is needed: give an instant, or revision:N")
    return standing.earlier


def _moment(earlier: GraphReader, questions: Sequence[Question]) -> Moment:
    return Moment(earlier.mark.number, earlier.mark.instant, freshness(earlier, questions))


def _forward(from_: str, to: str | None) -> None:
    """Raise InvalidRequest where two instants are given the wrong way round, with no revision between them or with."""
    if to is None or from_.startswith(REVISION) or to.startswith(REVISION):
        return
    start, end = instant("from", from_), instant("to", to)
    if start is not None and end is not None and start > end:
        errors = [{"parameter": "from", "message": "give an instant before `to`"}]
        raise InvalidRequest(f"from={from_} lies after to={to}: exchange them", errors=errors)


def _page(found: Differences, data: Any, *, cut: bool = False) -> Page[Any]:
    position = list(found.following) if found.following else None
    return Page(data, truncated=position is not None or cut, position=position)


def words_of(kinds: Sequence[str], verbs: Sequence[str]) -> list[str]:
    """Read kinds and verbs that are repeated, or written with commas between them."""
    return [*several(kinds), *(verb.upper() for verb in several(verbs))]


def what_differs(
    from_: str,
    to: str | None = None,
    *,
    root: Key | None = None,
    depth: int = 1,
    words: Sequence[str] = (),
    causes: Sequence[str] = (),
    state: bool = False,
    limit: int = 100,
) -> Inquiry[GraphAnswer]:
    """Ask what differs in the whole graph, or within a number of steps of a root."""
    _forward(from_, to)
    wanted = Wanted(words=frozenset(words), causes=causes_of(causes), state=state)

    questions = about_place("", words) if root is None else (ANYTHING,)

    def look(standing: Standing, position: Any) -> Page[GraphAnswer]:
        earlier, later = _earlier(standing), standing.reader
        moment, place = _moment(earlier, questions), pair_at(position)
        if root is None:
            found = differences(earlier, later, wanted, limit, position=place)
            return _page(found, GraphAnswer(moment, None, found.tally, found.rows))
        there = around(earlier, later, standing.key, depth)
        found = nearby_differences(earlier, later, there, limit, wanted, position=place)
        stood = len(there.earlier) if presence(earlier, standing.key) is not None else 0
        within = Reached(stood, len(there.later), there.cut)
        return _page(found, GraphAnswer(moment, within, found.tally, found.rows), cut=there.cut)

    parameters = {
        "from": from_,
        "to": to,
        "root": root,
        "depth": depth if root is not None else None,
        "words": sorted(words),
        "causes": sorted(wanted.causes),
        "state": state,
        "limit": limit,
    }
    named = split(words, "kinds", "verbs")
    return Inquiry("graph/diff", parameters, GraphDiff, lambda _: questions, look, key=root, since=from_, words=named)


def what_differs_about(key: Key, from_: str, to: str | None = None, *, limit: int = 100) -> Inquiry[EntityAnswer]:
    """Ask what differs about one entity and its relations."""
    _forward(from_, to)

    def about(standing: Standing) -> Sequence[Question]:
        return about_entity(standing.key), *about_relations(standing.key)

    def look(standing: Standing, position: Any) -> Page[EntityAnswer]:
        earlier, later = _earlier(standing), standing.reader
        found = relation_differences(earlier, later, standing.key, limit, position=pair_at(position))
        entity = entity_difference(earlier, later, standing.key)
        return _page(found, EntityAnswer(_moment(earlier, about(standing)), entity, found.tally, found.rows))

    parameters = {"key": key, "from": from_, "to": to, "limit": limit}
    return Inquiry("diff", parameters, EntityDiff, about, look, key=key, since=from_)
