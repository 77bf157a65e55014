"""What does harm reach from here, how surely, and by which best path? And, against harm: what does this need?

Level by level: all ties of what was reached last are asked for at once, and each thing keeps its best path. Without
groups this gives the paths of Dijkstra's algorithm on -ln(confidence * weight), among those no longer than the depth.
It is made by hand, and not by networkx, because a group is hurt by the sum over its members (`shares`): a label may
become surer when more of them are reached, which no shortest path knows, and whether a path may go on depends on how
it came (`labels`).

With a cap the surest are kept, then the nearest, then by key. What leads to a thing ranks before it, so to leave out
what ranks below the cap takes no thing away from what stays. Only a ReplicaSet may lead to what is harmed more surely
than itself: the workload above it, by the minimum that it must keep. So it is followed as if it were as sure as the
surest of its pods, though it is told only where its own share is sure enough.

What is left out may be a member of a group that stays, whose share is then told too small: the cap, the floor and the
depth all make it a lower bound. So that nobody who asks for few is told less of these few, no fewer than `followed`
things are followed, however few are told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias

from graph.analysis.arcs import ASKED, CROSSINGS, PARTED, WITHIN, Arc, Flow
from graph.analysis.contents import contents
from graph.analysis.labels import Label, Members
from graph.analysis.shares import Shares
from graph.analysis.ways import Ways
from graph.hops import Hop
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
    """How far a traversal goes.

    most: the things that are told. floor: how sure each must be. followed: so many are followed at least, for the sake
    of the groups among those that are told.
    """

    depth: int = 6
    most: int = 2_000
    floor: float = 0.05
    followed: int = 2_000

    @property
    def room(self) -> int:
        """How many things are followed at most."""
        return max(self.most, self.followed)


Hops: TypeAlias = dict[bool, dict[Key, list[Hop]]]
"""The ties of what was reached, by whether they are seen from their source, and by that end."""

_Found: TypeAlias = dict[tuple[float, bool], list[Label]]
"""What may be reached next, by how surely, and whether it is lost."""


@dataclass(slots=True)
class Spread:
    """What was reached from a root, the surest first, and what was left out.

    lost: those that are lost by any path. members: of each group that harm came to from its members, how many are left,
    and of what has several ways and lost one. hops: from each thing that was reached, along ties (True) and against.
    """

    root: Label
    reached: Sequence[Label]
    cuts: tuple[Cut, ...]
    lost: set[Key]
    members: dict[Key, Members]
    hops: Hops

    def among(self, keys: Iterable[Key]) -> set[Key]:
        """Give which of some things were reached."""
        wanted = set(keys)
        return {one.key for one in self.reached if one.key in wanted} if wanted else wanted


def spread(reader: GraphReader, key: Key, flow: Flow, bounds: Bounds) -> Spread:
    """Follow harm from a thing, or against it, in a number of reads that depends on the depth alone."""
    return _Front(reader, key, flow, bounds).run()


@dataclass(slots=True)
class _Front:
    """A traversal on its way."""

    reader: GraphReader
    key: Key
    flow: Flow
    bounds: Bounds
    labels: dict[Key, list[Label]] = field(default_factory=dict)
    best: dict[Key, Label] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)
    hops: Hops = field(default_factory=lambda: {True: defaultdict(list), False: defaultdict(list)})
    unsure: set[Key] = field(default_factory=set)
    raised: set[Key] = field(default_factory=set)
    ways: Ways = field(init=False)
    last: tuple[float, int, str] | None = None
    """The rank of the last thing that the cap leaves room for, once there are more."""

    def __post_init__(self) -> None:
        self.ways = Ways(self.reader)

    def run(self) -> Spread:
        """Go on until nothing new is reached, or a bound is."""
        root = Label(self.key, 1.0, 0, lost=True)
        shares = Shares(self.reader, self.key)
        self.labels[self.key] = [root]
        frontier = [root]
        for _ in range(self.bounds.depth):
            if not frontier:
                break
            frontier = self._kept(self._taken(self._next(frontier, shares)), shares)
        further = self._next(frontier, shares).values() if frontier else ()
        beyond = {
            one.key
            for several in further
            for one in several
            if one.key not in self.labels and one.p >= self.bounds.floor
        }
        self.best.pop(self.key, None)
        below = {one.key for one in self.best.values() if one.p < self.bounds.floor}
        ranked = _ranked(one for one in self.best.values() if one.key not in below)
        kept = ranked[: self.bounds.most]
        found = [
            Cut(Why.CONFIDENCE, self.bounds.floor, len(self.unsure - self.labels.keys() | below)),
            Cut(Why.DEPTH, self.bounds.depth, len(beyond)),
            Cut(Why.LIMIT, self.bounds.most, len(ranked) - len(kept)),
        ]
        labels = self.labels
        lost = {one.key for one in kept if one.lost or _is_lost(labels[one.key])}
        members = self.ways.members | shares.members
        return Spread(root, kept, tuple(cut for cut in found if cut.least), lost, members, self.hops)

    def _next(self, frontier: Collection[Label], shares: Shares) -> _Found:
        """Give what the last labels lead to."""
        keys = {label.key for label in frontier}
        self._load(keys)
        self._load_parts(frontier)
        found: _Found = defaultdict(list)
        for forward in (True, False):
            self._cross(frontier, shares, found, forward=forward)
        if self.flow is Flow.HARM:
            for holder, key in contents(self.reader, frontier, self.bounds.room):
                found[holder.p, holder.lost].append(holder.along(Arc(key, WITHIN, 1.0, ""), holder.p, lost=holder.lost))
            for one in (*shares.labels(self.labels, keys), *self.ways.labels(self.labels)):
                if max(one.p, shares.surest.get(one.key, 0.0)) < self.bounds.floor:
                    self.unsure.add(one.key)
                else:
                    found[one.p, one.lost].append(one)
        return found

    def _cross(self, frontier: Collection[Label], shares: Shares, found: _Found, *, forward: bool) -> None:
        """Go along the ties of the last labels (or else against them). This is done for each tie: it must be quick."""
        hops, crossings, labels = self.hops[forward], CROSSINGS[forward], self.labels
        harm, floor = self.flow is Flow.HARM, self.bounds.floor
        for label in frontier:
            for _, verb, there, confidence, tie in hops.get(label.key, ()):
                crossing = crossings[verb]
                if harm and crossing.joins:
                    shares.join(label.key, Arc(there, crossing, confidence, tie))
                elif crossing.free or label.allows(crossing):
                    p = label.p * confidence * crossing.weight
                    lost = label.lost and crossing.hard
                    if p < floor:
                        self.unsure.add(there)
                        continue
                    if lost and crossing.ways and harm:
                        self.ways.lose(label.key, Arc(there, crossing, confidence, tie))
                        lost = False  # it is told below whether any way is left
                    for one in labels.get(there, ()):
                        if one.free and one.p >= p and one.lost >= lost:
                            break  # it is reached as surely already, by a path that bars nothing
                    else:
                        found[p, lost].append(label.along(Arc(there, crossing, confidence, tie), p, lost=lost))

    def _load(self, keys: set[Key]) -> None:
        """Ask for the ties of things, in two reads for all of them."""
        fresh = keys - self.asked
        self.asked |= fresh
        for forward, known in self.hops.items() if fresh else ():
            for hop in self.reader.hops(fresh, outgoing=forward, verbs=ASKED[self.flow, forward]):
                known[hop[0]].append(hop)

    def _load_parts(self, frontier: Collection[Label]) -> None:
        """Ask for the ties by which parts hurt their wholes, where those are not what the part was reached from."""
        up = self.flow is Flow.HARM
        known = self.hops[up]
        for verb, part, whole in PARTED:
            here, there = (part, whole) if up else (whole, part)
            keys = self._apart(frontier, verb, here) - self.raised
            self.raised |= keys
            for hop in self.reader.hops(keys, outgoing=up, verbs=(verb,)) if keys else ():
                if hop.there.kind == there:
                    known[hop.here].append(hop)

    def _apart(self, frontier: Collection[Label], verb: str, kind: str) -> set[Key]:
        """Give the things of a kind that were not reached by a verb, nor what they lie in as surely as they.

        It looks at every label: that a key names a kind somewhere is seen sooner than that it ends in it.
        """
        found: set[Key] = set()
        for one in frontier:
            key = one.key
            if kind not in key or (one.arc is not None and one.arc.crossing.verb == verb):
                continue
            parts = key.rsplit("/", 2)
            if parts[-2] == kind:
                above = self.labels.get(Key(parts[0])) if self.flow is Flow.HARM and len(parts) == 3 else None
                if above is None or not (above[0].free and above[0].p >= one.p and above[0].lost >= one.lost):
                    found.add(key)
        return found

    def _taken(self, found: _Found) -> list[Label]:
        """Keep the labels that say more than those that are known: the surest first, of equals those that lose."""
        taken: list[Label] = []
        for sure in sorted(found, reverse=True):
            for label in self._ordered(found[sure]):
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

    def _ordered(self, labels: list[Label]) -> list[Label]:
        """Put equally sure labels of the same thing in an order that is the same for every store.

        The nearest first, then by the thing before it, the verb, and the tie's id. Whatever leads to a thing alone
        stays where it is: no answer depends on that.
        """
        first = {label.key: label for label in labels}
        if len(first) == len(labels):
            return labels
        counts = Counter(label.key for label in labels)
        rivals = [label for label in labels if counts[label.key] > 1]
        ways = Counter(_way(label) for label in rivals)
        alike = [label.tie for label in rivals if label.tie is not None and ways[_way(label)] > 1]
        ids = self.reader.ids(alike) if alike else {}
        rivals.sort(key=lambda one: (_way(one), ids.get(one.tie, "") if one.tie is not None else "", _bars(one.before)))
        return [*(label for label in labels if counts[label.key] == 1), *rivals]

    def _kept(self, taken: Sequence[Label], shares: Shares) -> list[Label]:
        """Leave out what ranks below the cap, and what could lead only there."""
        if len(self.best) > self.bounds.room:
            self.last = _ranked(self.best.values())[self.bounds.room - 1].rank
        last = self.last
        if last is None:
            return list(taken)
        return [
            one
            for one in taken
            if (one.rank <= last and (-one.p, one.hops + 1) <= last[:2])
            or (-shares.surest.get(one.key, 0.0), one.hops + 1) <= last[:2]
        ]


def _is_lost(labels: Sequence[Label]) -> bool:
    return len(labels) > 1 and any(one.lost for one in labels)


def _way(label: Label) -> tuple[str, int, str, str, bool]:
    """Tell by which way a thing was come to, but for the tie itself."""
    if label.arc is None or label.before is None:
        return label.key, label.hops, "", "", False
    return label.key, label.hops, label.before.key, label.arc.crossing.verb, label.arc.crossing.forward


def _bars(label: Label | None) -> tuple[bool, list[str], list[str], bool]:
    """Tell one label of a thing from another that is as sure."""
    if label is None:
        return False, [], [], False
    return not label.lost, sorted(label.forward), sorted(label.backward), label.joined


def _ranked(labels: Iterable[Label]) -> list[Label]:
    """Sort by rank: what is equally sure and near together, and that by key."""
    even: dict[tuple[float, int], list[Label]] = defaultdict(list)
    for label in labels:
        even[-label.p, label.hops].append(label)
    return [one for rank in sorted(even) for one in sorted(even[rank], key=attrgetter("key"))]
