"""What would harm reach, found without any cleverness: every path is kept, and each level counts every group anew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from graph.model import VERBS, Key
from tests.graph.analysis.nets import Tie


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a thing. done: the verbs on the way, marked where they led up: + to a group, ^ to a whole.

    carried: how surely a ReplicaSet's surest pod is harmed, for the sake of the workload above it.
    """

    p: float
    lost: bool
    done: tuple[str, ...]
    seen: tuple[Key, ...]
    carried: float = 0.0


Ways = Mapping[Key, Sequence[Way]]


@dataclass(frozen=True, slots=True)
class Naive:
    """A net, which units of it are not ready, and how many ready ones a budget keeps of some groups."""

    ties: Sequence[Tie]
    unready: frozenset[Key]
    minimums: Mapping[Key, int] = field(default_factory=dict)

    def ways(self, root: Key, depth: int, floor: float) -> Ways:
        """Give all ways to each thing."""
        ways: dict[Key, list[Way]] = {root: [Way(1.0, lost=True, done=(), seen=(root,))]}
        for _ in range(depth):
            found = [pair for tie in self.ties for pair in _extended(tie, ways.get(tie.target, ()))]
            found += [pair for tie in self.ties for pair in _raised(tie, ways.get(tie.source, ()))]
            found += [pair for tie in self.ties for pair in self._last_way(tie, ways)]
            for group in sorted(set(self._groups())):
                if group[0] != root:
                    found += self._joined(group, ways)
            for key, way in found:
                known = ways.setdefault(key, [])
                if max(way.p, way.carried) >= floor and way not in known:
                    known.append(way)
        return {key: [way for way in found if way.p >= floor] for key, found in ways.items() if key != root}

    def _groups(self) -> Iterator[tuple[Key, str]]:
        for one in self.ties:
            if VERBS[one.verb].pooled:
                yield one.source, one.verb
            elif VERBS[one.verb].to_group:
                yield one.target, one.verb

    def _members(self, group: tuple[Key, str]) -> Iterator[tuple[Key, float]]:
        key, verb = group
        for one in self.ties:
            end, member = (one.source, one.target) if VERBS[verb].pooled else (one.target, one.source)
            if one.verb == verb and end == key:
                yield member, one.confidence * VERBS[verb].weight

    def _units(self, group: tuple[Key, str], share: float = 1.0) -> dict[Key, float]:
        found: dict[Key, float] = {}
        for member, factor in self._members(group):
            below = self._units((member, "MANAGED_BY"), share * factor) or {member: share * factor}
            for unit, one in below.items():
                found[unit] = max(found.get(unit, 0.0), one)
        return found

    def _joined(self, group: tuple[Key, str], ways: Ways) -> list[tuple[Key, Way]]:
        """Give the way to a group, whose sureness is the share of its ready units that are lost."""
        units = {unit: share for unit, share in self._units(group).items() if unit not in self.unready}
        hurt = {unit: ways[unit] for unit in units if ways.get(unit)}
        direct = [(way.p * factor, way.lost, way) for one, factor in self._members(group) for way in ways.get(one, ())]
        if not hurt or not direct:
            return []
        harms = [max(way.p for way in found) * units[unit] for unit, found in hurt.items()]
        kept = self.minimums.get(group[0], 0) if VERBS[group[1]].to_group else 0
        p = max(math.fsum(harms) / len(units), *(min(some) for some in self._too_many(harms, len(units), kept)))
        lost = sum(any(way.lost for way in found) for found in hurt.values()) == len(units)
        _, _, best = max(direct, key=lambda one: one[:2])
        carried = max(harms) if group[0].kind == "k8s.replicaset" else 0.0
        return [(group[0], Way(p, lost, (*best.done, f"+{group[1]}"), (*best.seen, group[0]), carried))]

    def _last_way(self, tie: Tie, ways: Ways) -> Iterator[tuple[Key, Way]]:
        """Say that what has several ways is lost, when each of them is."""
        several = {one.target for one in self.ties if (one.source, one.verb) == (tie.source, tie.verb)}
        if VERBS[tie.verb].ways and all(any(way.lost for way in ways.get(one, ())) for one in several):
            for way in ways[tie.target]:
                if way.lost and tie.source not in way.seen:
                    p = way.p * tie.confidence * VERBS[tie.verb].weight
                    yield tie.source, Way(p, way.lost, (*way.done, tie.verb), (*way.seen, tie.source))

    def _too_many(self, harms: Sequence[float], ready: int, kept: int) -> Iterator[Sequence[float]]:
        """Give all sets of members whose loss leaves fewer than are kept. One of no members' loss is none."""
        yield (0.0,)
        for count in range(1, len(harms) + 1):
            if ready - count < kept:
                yield from combinations(harms, count)


def _extended(tie: Tie, ways: Sequence[Way]) -> Iterator[tuple[Key, Way]]:
    """Go on along one tie, from its target to its source."""
    verb = VERBS[tie.verb]
    for way in ways:
        joined = bool(way.done) and way.done[-1].startswith("+")
        barred = {f"+{tie.verb}", f"^{tie.verb}"} & {*way.done}
        if verb.pooled or tie.source in way.seen or barred or (verb.to_group and joined):
            continue
        p, lost = way.p * tie.confidence * verb.weight, way.lost and verb.weight == 1.0 and not verb.ways
        yield tie.source, Way(p, lost, (*way.done, tie.verb), (*way.seen, tie.source))


def _raised(tie: Tie, ways: Sequence[Way]) -> Iterator[tuple[Key, Way]]:
    """Go on from a part to its whole."""
    if tie.verb == "RUNS_ON" and tie.source.kind == "k8s.container":
        for way in ways:
            if tie.target not in way.seen:
                marked = (*way.done, f"^{tie.verb}")
                yield tie.target, Way(way.p * tie.confidence, way.lost, marked, (*way.seen, tie.target))
