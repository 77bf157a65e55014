"""What do a neighbourhood and a path look like?"""

from __future__ import annotations

from pydantic import Field

from api.schemas.traversal import POD_EXAMPLE, SERVICE_EXAMPLE, TIE_EXAMPLE, Cut, Tie
from api.schemas.values import Evidence, Presence, Thing, Wire


class Node(Wire):
    """A thing around the root."""

    key: str
    kind: str
    name: str
    presence: Presence | None
    hops: int = Field(description="How many relations away it is.")


class EdgeEnd(Wire):
    """An end of a relation."""

    tie: str = Field(description="`tied` (one key), `open` (nobody holds the alias) or `ambiguous` (several do).")
    key: str | None
    stated: str = Field(description="The end as it was stated: a key, or `type=value` of an alias.")
    candidates: tuple[str, ...] = Field(description="What an ambiguous end could mean.")


class Edge(Wire):
    """A relation between nodes, or of one of them to an end that is open or ambiguous."""

    id: str
    verb: str
    slot: str
    source: EdgeEnd
    target: EdgeEnd
    method: str
    confidence: float
    evidence: tuple[Evidence, ...]


class Neighbourhood(Wire):
    """What is around a thing."""

    root: Thing
    nodes: tuple[Node, ...] = Field(description="The root among them; the nearest first, then by key.")
    relations: tuple[Edge, ...] = Field(description="Ordered by id.")
    cuts: tuple[Cut, ...] = Field(description="What was left out: further away, or no room for it.")


class Passage(Wire):
    """One step of a path."""

    relation: str = Field(description="The id of one of `relations`.")
    to: str = Field(description="The key that it leads to.")
    forward: bool = Field(description="Along the relation, from its source to its target.")


class Route(Wire):
    """A shortest path between two things."""

    source: Thing
    target: Thing
    hops: int | None = Field(description="Null where no path was found; `cuts` says whether the search was given up.")
    path: tuple[Passage, ...]
    relations: tuple[Tie, ...] = Field(description="The relations of the path, ordered by id.")
    cuts: tuple[Cut, ...]


_SERVICE, _POD = SERVICE_EXAMPLE["key"], POD_EXAMPLE["key"]
GRAPH_EXAMPLE = {
    "root": SERVICE_EXAMPLE,
    "nodes": [{**SERVICE_EXAMPLE, "hops": 0}, {**POD_EXAMPLE, "hops": 1}],
    "relations": [
        {
            **{name: TIE_EXAMPLE[name] for name in ("id", "verb", "slot", "method", "confidence", "evidence")},
            "source": {"tie": "tied", "key": _SERVICE, "stated": _SERVICE, "candidates": []},
            "target": {"tie": "tied", "key": _POD, "stated": _POD, "candidates": []},
        }
    ],
    "cuts": [{"why": "depth", "at": 1.0, "least": 2}],
}
PATH_EXAMPLE = {
    "source": SERVICE_EXAMPLE,
    "target": POD_EXAMPLE,
    "hops": 1,
    "path": [{"relation": TIE_EXAMPLE["id"], "to": _POD, "forward": True}],
    "relations": [TIE_EXAMPLE],
    "cuts": [],
}
