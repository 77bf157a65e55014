"""Which way does harm travel along a tie, how strongly, and which ties bind members to a group?

A verb says whether its target hurts its source, the other way round, or both. Two sorts of tie bind a member to a
group: those whose verb is `to_group` (a pod MANAGED_BY a ReplicaSet), where the group hurts its members as well, and
those whose verb is `pooled` (a service SELECTS a pod). From member to group harm travels only as k of n.

A part hurts its whole as the whole hurts its part (a container and its pod), and no other part through it. What has
several ways (an Ingress and its services) is hurt by the loss of one, and lost with the last. What lies in a thing, by
its key, is lost with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from graph.model import VERBS, Harm, Key, Verb


class Flow(StrEnum):
    """Along with harm (what would its failure hurt?), or against it (what does it need?)."""

    HARM = "harm"
    NEED = "need"


@dataclass(frozen=True, slots=True)
class Crossing:
    """A verb crossed one way.

    forward: from source to target. hard: the weight is 1, so that nothing is left where all was lost. joins: from a
    member to its group. parts: from a group to a member of it. free: it may be crossed whatever was crossed before.
    ways: from one of its ways to what has them.
    """

    verb: str
    forward: bool
    weight: float
    hard: bool
    joins: bool
    parts: bool
    free: bool
    ways: bool = False


class Arc(NamedTuple):
    """One step along a tie: to what, and across which verb. tie: what the reader knows the tie by; empty for WITHIN."""

    to: Key
    crossing: Crossing
    confidence: float
    tie: int | str

    @property
    def factor(self) -> float:
        """The confidence of the tie times the weight of its verb."""
        return self.confidence * self.crossing.weight


TO_GROUP = tuple(sorted(verb.name for verb in VERBS.values() if verb.to_group))
"""The verbs that tie a member, their source, to a group."""

BOTH_WAYS = frozenset(verb.name for verb in VERBS.values() if verb.harm is Harm.BOTH)
PARTED = tuple(sorted((verb.name, verb.part, verb.whole) for verb in VERBS.values() if verb.part))
"""The verbs that tie a part to its whole, with the kinds of both."""

TURNING = BOTH_WAYS | frozenset(TO_GROUP) | frozenset(name for name, _, _ in PARTED)
"""The verbs that can be crossed either way."""


def _verbs(*ways: Harm, groups: bool) -> tuple[str, ...]:
    return tuple(sorted(verb.name for verb in VERBS.values() if verb.harm in ways or (groups and verb.to_group)))


_TO_SOURCE = _verbs(Harm.TO_SOURCE, Harm.BOTH, groups=False)
_TO_TARGET = _verbs(Harm.TO_TARGET, Harm.BOTH, groups=True)

ASKED: Mapping[tuple[Flow, bool], tuple[str, ...]] = {
    (Flow.HARM, True): _TO_TARGET,
    (Flow.HARM, False): _TO_SOURCE,
    (Flow.NEED, True): _TO_SOURCE,
    (Flow.NEED, False): _TO_TARGET,
}
"""Which verbs are followed in a flow, from the source of a tie (True) or from its target, between whatever kinds."""

FOLLOWED = frozenset({*_TO_SOURCE, *_TO_TARGET})
"""Every verb that harm travels along."""


def _crossing(verb: Verb, *, forward: bool) -> Crossing:
    joins, parts = (verb.to_group, verb.pooled) if forward else (verb.pooled, verb.to_group)
    free = verb.name not in TURNING and not parts
    ways = verb.ways and not forward
    return Crossing(verb.name, forward, verb.weight, verb.weight >= 1.0, joins, parts, free, ways)


CROSSINGS = {
    forward: {verb.name: _crossing(verb, forward=forward) for verb in VERBS.values()} for forward in (True, False)
}
"""Every verb crossed from its source (True) or from its target."""

WITHIN = Crossing("WITHIN", forward=False, weight=1.0, hard=True, joins=False, parts=False, free=True)
"""From a thing to what lies in it, by its key. No relation says so, and none is needed."""
