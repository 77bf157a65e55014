"""What would harm reach, found without any cleverness: every path is kept, and each level counts every group anew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.model import VERBS, Key
from tests.graph.analysis.nets import Tie


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a thing. done: the verbs on the way, with a plus where a group was joined by one."""

    p: float
    lost: bool
    done: tuple[str, ...]
    seen: tuple[Key, ...]


Ways = Mapping[Key, Sequence[Way]]


@dataclass(frozen=True, slots=True)
class Naive:
    """A net, and which units of it are not ready."""

    ties: Sequence[Tie]
    unready: frozenset[Key]

    def ways(self, root: Key, depth: int, floor: float) -> Ways:
        """Give all ways to each thing."""
        ways: dict[Key, list[Way]] = {root: [Way(1.0, lost=True, done=(), seen=(root,))]}
        for _ in range(depth):
            found = [pair for tie in self.ties for pair in _extended(tie, ways.get(tie.target, ()))]
            for group in sorted(set(self._groups())):
                if group[0] != root:
                    found += self._joined(group, ways)
            for key, way in found:
                known = ways.setdefault(key, [])
                if way.p >= floor and way not in known:
                    known.append(way)
        return {key: found for key, found in ways.items() if key != root}

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
        p = math.fsum(max(way.p for way in found) * units[unit] for unit, found in hurt.items()) / len(units)
        lost = sum(any(way.lost for way in found) for found in hurt.values()) == len(units)
        _, _, best = max(direct, key=lambda one: one[:2])
        return [(group[0], Way(p, lost, (*best.done, f"+{group[1]}"), (*best.seen, group[0])))]


def _extended(tie: Tie, ways: Sequence[Way]) -> Iterator[tuple[Key, Way]]:
    """Go on along one tie, from its target to its source."""
    verb = VERBS[tie.verb]
    for way in ways:
        joined = bool(way.done) and way.done[-1].startswith("+")
        if verb.pooled or tie.source in way.seen or (verb.to_group and (joined or f"+{tie.verb}" in way.done)):
            continue
        p, lost = way.p * tie.confidence * verb.weight, way.lost and verb.weight == 1.0
        yield tie.source, Way(p, lost, (*way.done, tie.verb), (*way.seen, tie.source))
