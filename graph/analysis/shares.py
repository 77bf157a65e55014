"""How much of a group is lost? k of n over all members that were reached, and not over one path each.

A group is hurt by the share of its ready members that are lost: the sum of how surely each of them is hurt, divided by
their number; so by 1 when none is left. A member counts by its surest paths. One that leads through the group itself
does not count, and none that leads through any group that was short of other members of which this is one: pods that
depend on their own service would else bring it down.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from graph.analysis.arcs import TO_GROUP, Arc
from graph.analysis.labels import Label, Members
from graph.analysis.membership import UNITS, Group, Membership
from graph.model import Key
from graph.store import GraphReader

Labels = Mapping[Key, Sequence[Label]]


class Shares:
    """The groups of what was reached, and the harm that each takes from its members."""

    def __init__(self, reader: GraphReader, root: Key) -> None:
        self._reader = reader
        self._root = root
        self._membership = Membership(reader)
        self._arcs: dict[Group, dict[Key, Arc]] = defaultdict(dict)
        self._above: dict[Key, set[Group]] = defaultdict(set)
        self._totals: dict[Group, int] = {}
        self.members: dict[Key, Members] = {}
        """Of each group the last count."""

    def join(self, member: Key, arc: Arc) -> None:
        """Take note of a member that was reached, and of the tie to its group."""
        group = Group(arc.to, arc.crossing.verb)
        arcs = self._arcs[group]
        known = arcs.get(member)
        if known is None:
            self._above[member].add(group)
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
        groups = [group for group in self._touched(changed) if self._could_gain(group, labels)]
        reached = {group: self._reached_units(group) for group in groups}
        self._membership.look_up(groups, {unit for units in reached.values() for unit in units})
        for group in groups:
            label = self._label(group, labels, reached[group])
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

    def _could_gain(self, group: Group, labels: Labels) -> bool:
        """Tell whether a share could say more of a group than is known already: it is no more than a member's own."""
        direct = [(arc, one) for member, arc in self._arcs[group].items() for one in labels.get(member, ())]
        most = max((one.p * arc.factor for arc, one in direct), default=0.0)
        loss = any(one.lost for _, one in direct)
        return not any(
            known.p >= most and known.lost >= loss and known.forward <= {group.verb} and not known.joined
            for known in labels.get(group.key, ())
        )

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

    def _label(self, group: Group, labels: Labels, reached: Mapping[Key, float]) -> Label | None:
        stated = self._membership.units(group).stated
        shares = self._membership.units(group).shares if stated is None else reached
        harms: list[float] = []
        lost = 0
        for unit, share in shares.items():
            apart = [one for one in labels.get(unit, ()) if self._counts(one, group)]
            if apart and self._membership.ready(group, unit):
                harms.append(max(one.p for one in apart) * share)
                lost += any(one.lost for one in apart)
        total = self._total(group) if stated is None else stated
        before = self._before(group, labels)
        if not harms or before is None:
            return None
        lost = min(lost, total)
        members = Members(total - lost, total, lost)
        self.members[group.key] = members
        arc = self._arcs[group][before.key]
        return before.along(arc, min(1.0, math.fsum(harms) / total), lost=lost == total, members=members)

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
