"""How much of a group is lost? k of n over all members that were reached, and not over one path each.

A group is hurt by the share of its ready members that are lost: the sum of how surely each of them is hurt, divided by
their number; so by 1 when none is left. A workload that a budget guards is hurt in full as surely as fewer of them are
left than the budget keeps. A member counts by its surest paths. One that leads through the group itself does not
count, and none that leads through any group that was short of other members of which this is one: pods that depend on
their own service would else bring it down.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.analysis.arcs import TO_GROUP, Arc
from graph.analysis.labels import Label, Members
from graph.analysis.membership import UNITS, Group, Membership
from graph.analysis.minimum import Minimums, harm_below
from graph.model import Key
from graph.store import GraphReader

Labels = Mapping[Key, Sequence[Label]]

OWNED = "MANAGED_BY"
INNER = "k8s.replicaset"
"""What stands between pods and the workload that a budget guards, which selects pods and the workload above it."""


@dataclass(frozen=True, slots=True)
class _Losses:
    """What the ready units of a group come to: how many there are, how surely each is harmed, how many are lost."""

    ready: int
    harms: Sequence[float]
    lost: int


class Shares:
    """The groups of what was reached, and the harm that each takes from its members."""

    def __init__(self, reader: GraphReader, root: Key) -> None:
        self._reader = reader
        self._root = root
        self._membership = Membership(reader)
        self._minimums = Minimums(reader)
        self._arcs: dict[Group, dict[Key, Arc]] = defaultdict(dict)
        self._above: dict[Key, set[Group]] = defaultdict(set)
        self._owners: set[Key] = set()
        self._totals: dict[Group, int] = {}
        self.members: dict[Key, Members] = {}
        """Of each group the last count."""
        self.surest: dict[Key, float] = {}
        """Of each ReplicaSet how surely the pod is harmed that is harmed most surely.

        The workload above it may be harmed so surely, by its minimum, however small the share of the ReplicaSet is.
        """

    def join(self, member: Key, arc: Arc) -> None:
        """Take note of a member that was reached, and of the tie to its group."""
        group = Group(arc.to, arc.crossing.verb)
        arcs = self._arcs[group]
        known = arcs.get(member)
        if known is None:
            self._above[member].add(group)
            if group.verb == OWNED:
                self._owners.add(group.key)
        if known is None or known.factor < arc.factor or self._precedes(arc, known):
            arcs[member] = arc

    def _precedes(self, arc: Arc, known: Arc) -> bool:
        """Tell whether of two ties between the same things, equally strong, this is the first by id."""
        if arc.tie == known.tie or arc.factor != known.factor:
            return False
        ids = self._reader.ids([arc.tie, known.tie])
        return ids[arc.tie] < ids[known.tie]

    def labels(self, labels: Labels, changed: Collection[Key]) -> Iterator[Label]:
        """Give the labels of the groups that have members whose own labels have changed."""
        surest: dict[Group, float] = {}
        groups = [group for group in self._touched(changed) if self._could_gain(group, labels, surest)]
        reached = {group: self._reached_units(group) for group in groups}
        self._membership.look_up(groups, {unit for units in reached.values() for unit in units})
        losses = {group: self._losses(group, labels, reached[group]) for group in groups}
        self._minimums.look_up(
            {group.key: one.ready for group, one in losses.items() if one.harms and not group.pooled}
        )
        for group, one in losses.items():
            label = self._label(group, labels, one) if one.harms else None
            if label is not None:
                yield label

    def _touched(self, changed: Collection[Key]) -> list[Group]:
        """Give the groups above what has changed, at whatever height, but for the root."""
        level, found = set(changed), set[Group]()
        while level:
            groups = {group for key in self._above.keys() & level for group in self._above[key]} - found
            found |= groups
            level = {group.key for group in groups}
        return sorted(group for group in found if group.key != self._root)

    def _could_gain(self, group: Group, labels: Labels, surest: dict[Group, float]) -> bool:
        """Tell whether its members could say more of a group than is known: no more than the surest alone."""
        most = self._surest(group, labels, surest)
        loss = any(one.lost for member in self._arcs[group] for one in labels.get(member, ()))
        return not any(
            known.p >= most and known.lost >= loss and known.forward <= {group.verb} and not known.joined
            for known in labels.get(group.key, ())
        )

    def _surest(self, group: Group, labels: Labels, known: dict[Group, float]) -> float:
        """Tell how surely the member is harmed that is harmed most surely, or a pod of it. known: those asked for."""
        if group not in known:
            arcs = self._arcs[group]
            found = (one.p * arc.factor for member, arc in arcs.items() for one in labels.get(member, ()))
            known[group] = max(found, default=0.0)
            for member in self._owners.intersection(arcs):
                inside = self._surest(Group(member, OWNED), labels, known)
                known[group] = max(known[group], arcs[member].factor * inside)
        return known[group]

    def _reached_units(self, group: Group) -> dict[Key, float]:
        """Give the units of a group that were reached, as far as their ties were seen."""
        found: dict[Key, float] = {}
        self._gather(group, 1.0, {group}, found)
        return found

    def _gather(self, group: Group, share: float, seen: set[Group], found: dict[Key, float]) -> None:
        for member, arc in self._arcs[group].items():
            inner = [Group(member, verb) for verb in TO_GROUP] if member.kind not in UNITS else []
            groups = [one for one in inner if one in self._arcs and one not in seen]
            for one in groups:
                self._gather(one, share * arc.factor, seen | {one}, found)
            if not groups:
                found[member] = max(found.get(member, 0.0), share * arc.factor)

    def _losses(self, group: Group, labels: Labels, reached: Mapping[Key, float]) -> _Losses:
        stated = self._membership.units(group).stated
        shares = self._membership.units(group).shares if stated is None else reached
        harms: list[float] = []
        lost = 0
        for unit, share in shares.items():
            apart = [one for one in labels.get(unit, ()) if self._counts(one, group)]
            if apart and self._membership.ready(group, unit):
                harms.append(max(one.p for one in apart) * share)
                lost += any(one.lost for one in apart)
        ready = self._total(group) if stated is None else stated
        return _Losses(ready, harms, min(lost, ready))

    def _label(self, group: Group, labels: Labels, losses: _Losses) -> Label | None:
        before = self._before(group, labels)
        if before is None:
            return None
        members = self._counted(group, losses)
        self.members[group.key] = members
        p = min(1.0, math.fsum(losses.harms) / losses.ready)
        if members.minimum is not None:
            p = max(p, harm_below(losses.harms, losses.ready, members.minimum))
        if group.key.kind == INNER:
            self.surest[group.key] = max(losses.harms)
        arc = self._arcs[group][before.key]
        return before.along(arc, p, lost=losses.lost == losses.ready, members=members)

    def _counted(self, group: Group, losses: _Losses) -> Members:
        left = losses.ready - losses.lost
        at_risk = min(left, len(losses.harms) - losses.lost)
        budget = None if group.pooled else self._minimums.budget(group.key)
        autoscaler = None if group.pooled else self._minimums.autoscaler(group.key)
        return Members(
            left, losses.ready, losses.lost, at_risk, *(budget or (None, None)), *(autoscaler or (None, None))
        )

    def _counts(self, label: Label, group: Group) -> bool:
        """Tell whether a member's path leads neither through the group nor through another of its own."""
        if label.through(group.key):
            return False
        joined = [one.arc for one in label.path() if one.arc is not None and one.arc.crossing.joins]
        return not any(label.key in self._known_units(Group(arc.to, arc.crossing.verb)) for arc in joined)

    def _known_units(self, group: Group) -> Mapping[Key, float]:
        units = self._membership.units(group)
        return units.shares if units.stated is None else self._reached_units(group)

    def _total(self, group: Group) -> int:
        if group not in self._totals:
            units = self._membership.units(group).shares
            self._totals[group] = sum(self._membership.ready(group, unit) for unit in units)
        return self._totals[group]

    def _before(self, group: Group, labels: Labels) -> Label | None:
        """Give the member by which the group is said to be reached: the one that is hurt most surely."""
        arcs = self._arcs[group]
        apart = [one for member in arcs for one in labels.get(member, ()) if not one.through(group.key)]
        return min(
            apart, key=lambda one: (-one.p * arcs[one.key].factor, not one.lost, one.hops, one.key), default=None
        )
