"""How is one thing tied to another: by the fewest ties, and which?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import networkx as nx

from graph.analysis.placement import Thing
from graph.analysis.spread import Cut, Why
from graph.analysis.steps import Surroundings, TieView
from graph.hops import Link
from graph.model import KINDS, VERBS, Key, Question
from graph.store import GraphReader

DEPTH = 12
"""Ties that a path may have."""
MOST = 20_000
"""Things that are looked at."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One step of a path. forward: along the tie, from its source to its target."""

    relation: str
    to: Key
    forward: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A shortest path between two things. hops: None where none was found; cuts then say whether that is certain."""

    source: Thing
    target: Thing
    hops: int | None
    path: tuple[Passage, ...]
    relations: tuple[TieView, ...]
    cuts: tuple[Cut, ...]


def about(verbs: Collection[str] = ()) -> tuple[Question, ...]:
    """Say what the answer could return: ties by these verbs, anywhere, and whatever they lead to."""
    wanted = frozenset(verb for verb in VERBS if not verbs or verb in verbs)
    return (Question(wanted | frozenset(KINDS), expected=False),)


def shortest(
    reader: GraphReader, source: Key, target: Key, verbs: Collection[str] = (), *, directed: bool = False
) -> Route:
    """Find a path of the fewest ties; among several the one that is the same at every asking.

    directed: only along ties, from their sources to their targets.
    """
    search = _Search(reader, source, target, sorted(verbs), directed=directed)
    cuts = search.run()
    links = search.best()
    path, here = [], source
    for link in links:
        forward = link.source == here
        here = link.target if forward else link.source
        path.append(Passage(link.id, here, forward))
    around = Surroundings(reader, {source, target}, {link.id for link in links})
    found = bool(links) or source == target
    return Route(
        around.thing(source),
        around.thing(target),
        len(links) if found else None,
        tuple(path),
        around.ties(),
        () if found else cuts,
    )


class _Search:
    """Two fronts that grow towards each other, the smaller one first, until they meet."""

    def __init__(
        self, reader: GraphReader, source: Key, target: Key, verbs: Collection[str], *, directed: bool
    ) -> None:
        self._reader = reader
        self._ends = (source, target)
        self._verbs = verbs
        self._directed = directed
        self._seen = ({source}, {target})
        self._links: dict[str, Link] = {}

    def run(self) -> tuple[Cut, ...]:
        """Load ties until the fronts meet, and say why the search was given up, if it was."""
        fronts = [{self._ends[0]}, {self._ends[1]}]
        for _ in range(DEPTH):
            if self._seen[0] & self._seen[1] or not all(fronts):
                return ()
            if len(self._seen[0]) + len(self._seen[1]) > MOST:
                return (Cut(Why.LIMIT, MOST, 1),)
            side = 0 if len(fronts[0]) <= len(fronts[1]) else 1
            fronts[side] = self._grow(fronts[side], side)
        met = self._seen[0] & self._seen[1] or not all(fronts)
        return () if met else (Cut(Why.DEPTH, DEPTH, 1),)

    def _grow(self, front: set[Key], side: int) -> set[Key]:
        """Take one step from a front: along the ties, and against them where direction does not matter."""
        found: set[Key] = set()
        for outgoing in (True, False):
            if self._directed and outgoing is not (side == 0):
                continue
            for link in self._reader.links(front, outgoing=outgoing, verbs=self._verbs):
                self._links[link.id] = link
                found.add(link.target if outgoing else link.source)
        fresh = found - self._seen[side]
        self._seen[side].update(fresh)
        return fresh

    def best(self) -> list[Link]:
        """Give the ties of a shortest path in what was loaded; none where there is no path."""
        graph: nx.DiGraph[Key] = nx.DiGraph()
        graph.add_nodes_from(self._ends)
        for id_ in sorted(self._links, reverse=True):  # of parallel ties the first by id stays
            link = self._links[id_]
            graph.add_edge(link.source, link.target, link=link)
            if not self._directed:
                graph.add_edge(link.target, link.source, link=link)
        try:
            nodes = nx.shortest_path(graph, *self._ends)
        except nx.NetworkXNoPath:
            return []
        return [graph.edges[edge]["link"] for edge in nx.utils.pairwise(nodes)]
