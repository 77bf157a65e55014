"""Who are the members of a group, and which of them are ready?

A group's members may be groups themselves: a Deployment has ReplicaSets, and these have pods. What is counted are the
units at the bottom, each once, and only those that are there and ready.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from graph.analysis.arcs import TO_GROUP
from graph.analysis.presence import presences
from graph.hops import Link
from graph.model import KINDS, VERBS, EntityVersion, Key
from graph.store import GraphReader

COUNTED = 100
"""A workload that says itself of more ready replicas is not counted member by member; its word stands."""

DEEPEST = 5
"""Groups of groups are followed this far down: service, Deployment, ReplicaSet, pod; and something to spare."""

UNITS = frozenset(kind.name for kind in KINDS.values() if "ready" in kind.attributes)
"""Kinds that say themselves whether they are ready, and so are counted and not looked into."""


class Group(NamedTuple):
    """A thing as the group of those that a verb ties to it."""

    key: Key
    verb: str

    @property
    def pooled(self) -> bool:
        """Tell whether the group is the source of its ties."""
        return VERBS[self.verb].pooled


@dataclass(slots=True)
class Units:
    """What a group comes down to.

    shares: for each unit how surely its loss is the group's, by the ties between. stated: how many ready ones the group
    says that it has, where its word stands; then the units are not known but for those that were reached.
    """

    shares: dict[Key, float] = field(default_factory=dict)
    stated: int | None = None


class Membership:
    """The members of groups, asked for as they come up: all groups of a level at once."""

    def __init__(self, reader: GraphReader) -> None:
        self._reader = reader
        self._units: dict[Group, Units] = {}
        self._below: dict[Key, list[tuple[Key, float]]] = {}
        self._there: dict[Key, bool] = {}
        self._ready: dict[Key, bool] = {}
        self._selected: dict[Group, dict[Key, bool]] = defaultdict(dict)

    def units(self, group: Group) -> Units:
        """Give the units of a group that was looked up."""
        return self._units[group]

    def ready(self, group: Group, unit: Key) -> bool:
        """Tell whether a unit that was looked up is there and ready: for a service, if its endpoints do not deny it."""
        said = self._selected[group].get(unit) if group.pooled else None
        return self._there[unit] and (self._ready[unit] if said is None else said)

    def look_up(self, groups: Iterable[Group], reached: Collection[Key]) -> None:
        """Learn the units of groups, and whether they are ready; of those whose word stands, the reached ones."""
        fresh = sorted(group for group in set(groups) if group not in self._units)
        stated = self._stated([group for group in fresh if not group.pooled])
        for group in fresh:
            self._units[group] = Units(stated=stated.get(group))
        members = self._members([group for group in fresh if group not in stated])
        self._descend({key for held in members.values() for key in held})
        for group, held in members.items():
            for key, share in sorted(held.items()):
                self._gather(self._units[group], key, share, DEEPEST)
        counted = {unit for group in members for unit in self._units[group].shares}
        self._look({*counted, *reached})

    def _stated(self, groups: Collection[Group]) -> dict[Group, int]:
        """Give how many ready members large workloads say that they have."""
        found = self._reader.latest({group.key for group in groups}) if groups else {}
        said = {key: version.attributes.get("ready_replicas") for key, version in found.items()}
        counts = {group: said.get(group.key) for group in groups}
        return {group: count for group, count in counts.items() if isinstance(count, int) and count > COUNTED}

    def _members(self, groups: Collection[Group]) -> dict[Group, dict[Key, float]]:
        """Give the direct members of groups, and how surely the loss of each is the group's."""
        found: dict[Group, dict[Key, float]] = {group: {} for group in groups}
        for verb in sorted({group.verb for group in groups}):
            keys = {group.key for group in groups if group.verb == verb}
            if VERBS[verb].pooled:
                self._endpoints(keys, verb, found)
                continue
            for link in self._reader.links(keys, outgoing=False, verbs=(verb,)):
                held = found[Group(link.target, verb)]
                held[link.source] = max(held.get(link.source, 0.0), _share(link))
        return found

    def _endpoints(self, keys: Collection[Key], verb: str, found: dict[Group, dict[Key, float]]) -> None:
        """Read pooled ties whole, for they say which members are ready. One ready address is enough."""
        for relation in self._reader.relations(keys, outgoing=True, verbs=(verb,)):
            source, member = relation.source.key, relation.target.key
            if source is None or member is None:
                continue
            group = Group(source, verb)
            share = relation.stated.confidence * VERBS[verb].weight
            found[group][member] = max(found[group].get(member, 0.0), share)
            ready = relation.stated.attributes.get("ready")
            if isinstance(ready, bool):
                self._selected[group][member] = ready or self._selected[group].get(member, False)

    def _descend(self, keys: Iterable[Key]) -> None:
        """Learn what is below members that are groups themselves."""
        level = {key for key in keys if key.kind not in UNITS and key not in self._below}
        for _ in range(DEEPEST):
            if not level:
                return
            self._below |= {key: [] for key in level}
            for link in self._reader.links(level, outgoing=False, verbs=TO_GROUP):
                self._below[link.target].append((link.source, _share(link)))
            level = {
                child
                for key in level
                for child, _ in self._below[key]
                if child.kind not in UNITS and child not in self._below
            }

    def _gather(self, units: Units, key: Key, share: float, depth: int) -> None:
        """Add the units below a member: itself, where it is none but itself."""
        below = self._below.get(key, ()) if depth else ()
        for child, factor in below:
            self._gather(units, child, share * factor, depth - 1)
        if not below:
            units.shares[key] = max(units.shares.get(key, 0.0), share)

    def _look(self, keys: Iterable[Key]) -> None:
        """Learn which units are there, and which say of themselves that they are ready."""
        fresh = {key for key in keys if key not in self._there}
        if not fresh:
            return
        versions = self._reader.latest(fresh)
        unhad = fresh - versions.keys()
        absent = {key for key, one in presences(self._reader, unhad).items() if one.absent} if unhad else set()
        for key in fresh:
            version = versions.get(key)
            self._there[key] = key not in absent and (version is None or version.closed is None)
            self._ready[key] = version is None or _says_ready(version)


def _share(link: Link) -> float:
    """Give how surely the loss of a member is its group's."""
    return link.confidence * VERBS[link.verb].weight


def _says_ready(version: EntityVersion) -> bool:
    """Read readiness: what says nothing of it counts as ready, and a workload without a ready replica does not."""
    return version.attributes.get("ready") is not False and version.attributes.get("ready_replicas") != 0
