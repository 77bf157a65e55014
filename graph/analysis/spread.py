"""What does harm reach from here, how surely, and by which best path? And, against harm: what does this need?

Level by level: all ties of what was reached last are asked for at once, and each thing keeps its best path. Without
groups this gives the paths of Dijkstra's algorithm on -ln(confidence * weight), among those no longer than the depth.
It is made by hand, and not by networkx, because a group is hurt by the sum over its members (`shares`): a label may
become surer when more of them are reached, which no shortest path knows, and whether a path may go on depends on how
it came (`labels`).

With a cap the surest are kept, then the nearest, then by key. What leads to a thing ranks before it, so to leave out
what ranks below the cap takes nothing away from what stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter

from graph.analysis.arcs import ASKED, CROSSINGS, Arc, Flow
from graph.analysis.labels import Label, Members
from graph.analysis.shares import Shares
from graph.model import Key
from graph.store import GraphReader


class Why(StrEnum):
    """Why a traversal went no further."""

    CONFIDENCE = "confidence"
    """It would have been less sure than is asked for."""
    DEPTH = "depth"
    LIMIT = "limit"
    """As many things were reached as are asked for."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Something that was left out. at: the bound. least: how many things lie beyond it, as far as was seen."""

    why: Why
    at: float
    least: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a traversal goes. most: the things that are reached. floor: how sure each must be."""

    depth: int = 6
    most: int = 2_000
    floor: float = 0.05


@dataclass(slots=True)
class Spread:
    """What was reached from a root, the surest first, and what was left out.

    lost: those that are lost by any path. members: of each group that harm came to from its members, how many are left.
    arcs: the steps that lead on from what was reached.
    """

    root: Label
    reached: Sequence[Label]
    cuts: tuple[Cut, ...]
    lost: set[Key]
    members: dict[Key, Members]
    arcs: dict[Key, list[Arc]]


def spread(reader: GraphReader, key: Key, flow: Flow, bounds: Bounds) -> Spread:
    """Follow harm from a thing, or against it, in a number of reads that depends on the depth alone."""
    return _Front(reader, key, flow, bounds).run()


_SUREST = attrgetter("p", "lost")


@dataclass(slots=True)
class _Front:
    """A traversal on its way."""

    reader: GraphReader
    key: Key
    flow: Flow
    bounds: Bounds
    labels: dict[Key, list[Label]] = field(default_factory=dict)
    best: dict[Key, Label] = field(default_factory=dict)
    arcs: dict[Key, list[Arc]] = field(default_factory=dict)
    unsure: set[Key] = field(default_factory=set)
    last: tuple[float, int, str] | None = None
    """The rank of the last thing that the cap leaves room for, once there are more."""

    def run(self) -> Spread:
        """Go on until nothing new is reached, or a bound is."""
        root = Label(self.key, 1.0, 0, lost=True)
        shares = Shares(self.reader, self.key)
        self.labels[self.key] = [root]
        frontier = [root]
        for _ in range(self.bounds.depth):
            if not frontier:
                break
            frontier = self._kept(self._taken(self._next(frontier, shares)))
        beyond = {one.key for one in self._next(frontier, shares)} - self.labels.keys() if frontier else set()
        self.best.pop(self.key, None)
        ranked = sorted(self.best.values(), key=attrgetter("rank"))
        kept = ranked[: self.bounds.most]
        found = [
            Cut(Why.CONFIDENCE, self.bounds.floor, len(self.unsure - self.labels.keys())),
            Cut(Why.DEPTH, self.bounds.depth, len(beyond)),
            Cut(Why.LIMIT, self.bounds.most, len(ranked) - len(kept)),
        ]
        lost = {one.key for one in kept if one.lost or any(other.lost for other in self.labels[one.key])}
        return Spread(root, kept, tuple(cut for cut in found if cut.least), lost, shares.members, self.arcs)

    def _next(self, frontier: Collection[Label], shares: Shares) -> list[Label]:
        """Give what the last labels lead to, the surest first."""
        self._load({label.key for label in frontier})
        found: list[Label] = []
        harm, floor = self.flow is Flow.HARM, self.bounds.floor
        for label in frontier:
            for arc in self.arcs[label.key]:
                crossing = arc.crossing
                if harm and crossing.joins:
                    shares.join(label.key, arc)
                elif crossing.free or label.allows(arc):
                    p = label.p * arc.link.confidence * crossing.weight
                    lost = label.lost and crossing.hard
                    if p < floor:
                        self.unsure.add(arc.to)
                    elif not self._settled(arc.to, p, lost=lost):
                        found.append(label.along(arc, p, lost=lost))
        if harm:
            for one in shares.labels(self.labels, {label.key for label in frontier}):
                if one.p < floor:
                    self.unsure.add(one.key)
                else:
                    found.append(one)
        found.sort(key=_SUREST, reverse=True)  # stable: among equals the order of the ties decides
        return found

    def _settled(self, key: Key, p: float, *, lost: bool) -> bool:
        """Tell whether a thing is reached as surely already, by a path that bars nothing."""
        known = self.labels.get(key)
        return known is not None and any(one.p >= p and one.lost >= lost and one.free for one in known)

    def _load(self, keys: Collection[Key]) -> None:
        """Ask for the ties of things, in two reads for all of them."""
        fresh = {key for key in keys if key not in self.arcs}
        if not fresh:
            return
        self.arcs |= {key: [] for key in fresh}
        for forward in (True, False):
            crossings = CROSSINGS[forward]
            for link in self.reader.links(fresh, outgoing=forward, verbs=ASKED[self.flow, forward]):
                here, there = (link.source, link.target) if forward else (link.target, link.source)
                self.arcs[here].append(Arc(link, there, crossings[link.verb]))

    def _taken(self, found: Iterable[Label]) -> list[Label]:
        """Keep the labels that say more than those that are known."""
        taken: list[Label] = []
        for label in found:
            known = self.labels.get(label.key)
            if known is None:
                self.labels[label.key] = [label]
            elif any(one.covers(label) for one in known):
                continue
            else:
                known[:] = [label, *(one for one in known if not label.covers(one))]
            taken.append(label)
            best = self.best.get(label.key)
            if best is None or (-label.p, label.hops) < (-best.p, best.hops):
                self.best[label.key] = label
        return taken

    def _kept(self, taken: Sequence[Label]) -> list[Label]:
        """Leave out what ranks below the cap, and what could lead only there."""
        if len(self.best) > self.bounds.most:
            self.last = sorted(one.rank for one in self.best.values())[self.bounds.most - 1]
        last = self.last
        return [one for one in taken if last is None or (one.rank <= last and (-one.p, one.hops + 1) <= last[:2])]
