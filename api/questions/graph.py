"""What is around this entity, and how is it tied to another?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.questions.asking import Inquiry, Page, Standing
from api.schemas.graph import Neighbourhood as NeighbourhoodWire
from api.schemas.graph import Route as RouteWire
from graph.analysis.neighbourhood import Neighbourhood, Surrounding, neighbourhood
from graph.analysis.neighbourhood import about as about_neighbourhood
from graph.analysis.paths import Route, shortest
from graph.analysis.paths import about as about_paths
from graph.analysis.relations import Direction
from graph.model import Key


def several(given: Sequence[str]) -> list[str]:
    """Read words that are repeated, or written with commas between them."""
    return sorted({word.strip() for text in given for word in text.split(",") if word.strip()})


def what_is_around(
    key: Key,
    *,
    depth: int = 1,
    direction: Direction = Direction.BOTH,
    kinds: Sequence[str] = (),
    verbs: Sequence[str] = (),
    limit: int = 100,
) -> Inquiry[Neighbourhood]:
    """Ask for the neighbourhood of an entity."""
    some, ties = several(kinds), [verb.upper() for verb in several(verbs)]
    wanted = Surrounding(depth, direction, frozenset(some), frozenset(ties), limit)

    def look(standing: Standing, _: Any) -> Page[Neighbourhood]:
        found = neighbourhood(standing.reader, standing.key, wanted)
        return Page(found, truncated=bool(found.cuts))

    parameters = {
        "key": key,
        "depth": depth,
        "direction": direction.value,
        "kinds": some,
        "verbs": ties,
        "limit": limit,
    }
    return Inquiry(
        "graph",
        parameters,
        NeighbourhoodWire,
        lambda standing: about_neighbourhood(standing.key, wanted),
        look,
        key=key,
        words={"kinds": some, "verbs": ties},
    )


def how_it_is_tied_to(key: Key, other: Key, *, verbs: Sequence[str] = (), directed: bool = False) -> Inquiry[Route]:
    """Ask for a shortest path from one entity to another."""
    ties = [verb.upper() for verb in several(verbs)]

    def look(standing: Standing, _: Any) -> Page[Route]:
        found = shortest(standing.reader, standing.key, standing.beside[0], ties, directed=directed)
        return Page(found, truncated=bool(found.cuts))

    parameters = {"key": key, "other": other, "verbs": ties, "directed": directed}
    return Inquiry(
        "path",
        parameters,
        RouteWire,
        lambda _: about_paths(ties),
        look,
        key=key,
        beside=(other,),
        words={"verbs": ties},
    )
