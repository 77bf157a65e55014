"""What does this need to be well, how strongly, and why?

The same ties as in `impact`, the other way round. Members of a group are taken together: each stands with the strength
of its tie, and beside it how many there are of its sort, of which it is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from graph.analysis.arcs import Flow
from graph.analysis.impact import BOUNDS
from graph.analysis.labels import Label
from graph.analysis.placement import Thing
from graph.analysis.presence import Presence
from graph.analysis.spread import Bounds, Cut, Spread, spread
from graph.analysis.steps import Stride, Surroundings, TieView, named_by, strides
from graph.model import Key
from graph.store import GraphReader


@dataclass(frozen=True, slots=True)
class Needed:
    """A thing that the root needs. one_of: how many members the group has by which the last step led to it."""

    key: Key
    kind: str
    name: str
    presence: Presence | None
    confidence: float
    hops: int
    one_of: int | None
    reason: str
    path: tuple[Stride, ...]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a thing needs: how much in all, by kind, and some of it, the surest first; and the ties that lead there."""

    root: Thing
    reached: int
    kinds: Mapping[str, int]
    cuts: tuple[Cut, ...]
    needed: tuple[Needed, ...]
    relations: tuple[TieView, ...]


def dependencies(
    reader: GraphReader, key: Key, bounds: Bounds = BOUNDS, *, limit: int = 100, after: int = 0
) -> Dependencies:
    """Tell what a thing needs, and describe `limit` of it, from a place on."""
    found = spread(reader, key, Flow.NEED, bounds)
    page = found.reached[after : after + limit]
    keys, ties = named_by(page)
    ids = reader.ids(ties)
    around = Surroundings(reader, {key, *keys}, ids.values())
    return Dependencies(
        around.thing(key),
        len(found.reached),
        dict(sorted(Counter(one.key.kind for one in found.reached).items())),
        found.cuts,
        tuple(_needed(one, found, around, ids) for one in page),
        around.ties(),
    )


def _needed(label: Label, found: Spread, around: Surroundings, ids: Mapping[int | str, str]) -> Needed:
    thing, many = around.thing(label.key), _one_of(label, found)
    reason = around.told(label)
    if many is not None and many > 1:
        reason = f"{reason}, one of {many}"
    path = strides(label, ids)
    return Needed(thing.key, thing.kind, thing.name, thing.presence, label.p, label.hops, many, reason, path)


def _one_of(label: Label, found: Spread) -> int | None:
    if label.arc is None or label.before is None or not label.arc.crossing.parts:
        return None
    crossing = label.arc.crossing
    hops = found.hops[crossing.forward][label.before.key]
    return len({one.there for one in hops if one.verb == crossing.verb})
