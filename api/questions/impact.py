"""What would be harmed if this failed, and what does this need?"""

from __future__ import annotations

from typing import Any

from api.questions.asking import Inquiry, Page, Standing
from api.questions.cursors import number_at
from api.schemas.traversal import Dependencies as DependenciesWire
from api.schemas.traversal import Impact as ImpactWire
from graph.analysis.dependencies import Dependencies, dependencies
from graph.analysis.impact import BOUNDS, Impact, about, impact
from graph.analysis.spread import Bounds
from graph.model import Key


def what_it_harms(key: Key, *, depth: int = BOUNDS.depth, most: int = BOUNDS.most, limit: int = 100) -> Inquiry[Impact]:
    """Ask what is harmed when an entity fails or changes. most: how many things are reached in all."""
    bounds = Bounds(depth, most)

    def look(standing: Standing, position: Any) -> Page[Impact]:
        after = number_at(position) or 0
        found = impact(standing.reader, standing.key, bounds, limit=limit, after=after)
        following = _following(after + len(found.affected), found.reached)
        return Page(found, truncated=bool(found.cuts) or following is not None, position=following)

    parameters = {"key": key, "depth": depth, "most": most, "limit": limit}
    return Inquiry("impact", parameters, ImpactWire, lambda _: about(), look, key=key)


def what_it_needs(
    key: Key, *, depth: int = BOUNDS.depth, most: int = BOUNDS.most, limit: int = 100
) -> Inquiry[Dependencies]:
    """Ask what an entity needs to be well. most: how many things are reached in all."""
    bounds = Bounds(depth, most)

    def look(standing: Standing, position: Any) -> Page[Dependencies]:
        after = number_at(position) or 0
        found = dependencies(standing.reader, standing.key, bounds, limit=limit, after=after)
        following = _following(after + len(found.needed), found.reached)
        return Page(found, truncated=bool(found.cuts) or following is not None, position=following)

    parameters = {"key": key, "depth": depth, "most": most, "limit": limit}
    return Inquiry("dependencies", parameters, DependenciesWire, lambda _: about(), look, key=key)


def _following(shown: int, reached: int) -> int | None:
    """Give the place of the next page, if there is one."""
    return shown if shown < reached else None
