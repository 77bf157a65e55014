"""How many ready members must a workload keep, and who says so?

A PodDisruptionBudget promises that so many of the pods that it guards stay; a HorizontalPodAutoscaler asks for so many
replicas. A budget may guard several workloads: then each must keep what the others could not make up for, were all of
theirs there. Percentages are of the replicas that the guarded workloads ask for, and are rounded up, as Kubernetes'
disruption controller does it for both of a budget's numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from graph.model import EntityVersion, Key, Value
from graph.store import GraphReader

GUARDS, SCALES = "GUARDS", "SCALES"

_PERCENT = re.compile(r"([0-9]+)%")
_POD = "k8s.pod"


class Minimum(NamedTuple):
    """How many ready members must stay, and what asks for that."""

    number: int
    by: Key


class Minimums:
    """The minimums of workloads, asked for as they lose members."""

    def __init__(self, reader: GraphReader) -> None:
        self._reader = reader
        self._asked: set[Key] = set()
        self._most: dict[tuple[Key, str], Minimum] = {}

    def budget(self, workload: Key) -> Minimum | None:
        """Give the budget that asks most of a workload."""
        return self._most.get((workload, GUARDS))

    def autoscaler(self, workload: Key) -> Minimum | None:
        """Give the autoscaler that asks most of a workload."""
        return self._most.get((workload, SCALES))

    def look_up(self, ready: Mapping[Key, int]) -> None:
        """Learn the minimums of workloads: how many ready members each has is what counts where it asks for none."""
        fresh = ready.keys() - self._asked
        self._asked |= fresh
        ties = self._reader.hops(fresh, outgoing=False, verbs=(GUARDS, SCALES)) if fresh else ()
        if not ties:
            return
        budgets = {tie.there for tie in ties if tie.verb == GUARDS}
        guarded = self._guarded(budgets)
        wanted = {tie.there for tie in ties} | {key for several in guarded.values() for key in several}
        there = {key: one for key, one in self._reader.latest(wanted).items() if one.closed is None}
        for workload, verb, by, _, _ in ties:
            said = there.get(by)
            if said is None:
                continue
            if verb == SCALES:
                number = _least_replicas(said)
            else:
                own = _replicas(there.get(workload), ready[workload])
                others = (_replicas(there.get(key), 0) for key in guarded[by] - {workload})
                number = needed(said.attributes, own, others)
            self._note(workload, verb, Minimum(number, by))

    def _guarded(self, budgets: Collection[Key]) -> Mapping[Key, set[Key]]:
        """Give the workloads that budgets guard."""
        found: dict[Key, set[Key]] = defaultdict(set)
        for budget, _, guarded, _, _ in self._reader.hops(budgets, outgoing=True, verbs=(GUARDS,)) if budgets else ():
            if guarded.kind != _POD:
                found[budget].add(guarded)
        return found

    def _note(self, workload: Key, verb: str, minimum: Minimum) -> None:
        """Keep the one that asks most, of equals the first by key; what asks for none is no minimum."""
        known = self._most.get((workload, verb))
        if minimum.number > 0 and (known is None or (-minimum.number, minimum.by) < (-known.number, known.by)):
            self._most[workload, verb] = minimum


def needed(budget: Mapping[str, Value], own: int, others: Iterable[int] = ()) -> int:
    """Tell how many of its replicas a workload must keep for a budget that guards so many replicas of others too."""
    elsewhere = sum(others)
    expected = own + elsewhere
    unavailable = scaled(budget.get("max_unavailable"), expected)
    kept = scaled(budget.get("min_available"), expected) if unavailable is None else expected - unavailable
    return max(0, (kept or 0) - elsewhere)


def scaled(value: Value, of: int) -> int | None:
    """Read a number, or a percentage of something, rounded up."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return -(-int(percent[1]) * of // 100) if percent else None


def _replicas(workload: EntityVersion | None, unsaid: int) -> int:
    """Tell how many replicas a workload asks for: a DaemonSet one for each node that it is meant for."""
    said = (workload.attributes.get(name) for name in ("replicas", "desired")) if workload else ()
    return next((count for count in said if isinstance(count, int)), unsaid)


def _least_replicas(autoscaler: EntityVersion) -> int:
    """Tell how many replicas an autoscaler asks for at least: 1 where it does not say (HorizontalPodAutoscalerSpec)."""
    least = autoscaler.attributes.get("min_replicas")
    return least if isinstance(least, int) else 1


def harm_below(harms: Collection[float], ready: int, minimum: int) -> float:
    """Tell how surely fewer ready members than a minimum are left, of members that are harmed so surely.

    What harms them has one root: that so many are lost is as sure as the loss of the least surely lost among the surest
    so many. Where there were too few before, it is as sure as any loss.
    """
    losses = max(1, ready - minimum + 1)
    return sorted(harms, reverse=True)[losses - 1] if losses <= len(harms) else 0.0
