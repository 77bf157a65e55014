"""Which ways has a thing left that has several, such as an Ingress with its services?

It is hurt as surely as the surest of those that are lost, for that way is surely closed; but it is lost only with the
last that could be used. One that is not there, or has no weight, could not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from graph.analysis.arcs import Arc
from graph.analysis.labels import Label, Members
from graph.analysis.presence import presences
from graph.model import VERBS, Key
from graph.store import GraphReader

WAYS = "ways"

_VERBS = tuple(sorted(verb.name for verb in VERBS.values() if verb.ways))

Labels = Mapping[Key, Sequence[Label]]


class Ways:
    """The things that were reached by a way that is lost, and what they have besides."""

    def __init__(self, reader: GraphReader) -> None:
        self._reader = reader
        self._arcs: dict[Key, dict[Key, dict[int | str, Arc]]] = defaultdict(lambda: defaultdict(dict))
        self._named: dict[Key, set[Key]] = {}
        self._absent: set[Key] = set()
        self._touched: set[Key] = set()
        self.members: dict[Key, Members] = {}
        """Of each thing that has several ways how many are left."""

    def lose(self, way: Key, arc: Arc) -> None:
        """Take note that a way is lost, by the tie that leads from it to what has it."""
        self._arcs[arc.to][way][arc.tie] = arc
        self._touched.add(arc.to)

    def labels(self, labels: Labels) -> Iterator[Label]:
        """Give the labels of the things of which no way is left, of those that lost one since they were asked for."""
        touched, self._touched = self._touched, set()
        self._look_up(touched - self._named.keys())
        for key in sorted(touched):
            lost = self._named[key] & self._arcs[key].keys()
            usable = lost | (self._named[key] - self._absent)
            if lost and len(usable) > 1:
                self.members[key] = Members(len(usable) - len(lost), len(usable), len(lost), of=WAYS)
            for way in sorted(lost) if lost == usable else ():
                for arc in self._arcs[key][way].values():
                    for one in labels[way]:
                        if one.lost and not one.through(key):
                            yield one.along(arc, one.p * arc.factor, lost=True)

    def _look_up(self, keys: set[Key]) -> None:
        """Learn which ways things have that have a weight, and which of these are not there."""
        named: dict[Key, set[Key]] = {key: set() for key in keys}
        relations = self._reader.relations(keys, outgoing=True, verbs=_VERBS) if keys else ()
        for one in relations:
            if one.source.key is not None and one.target.key is not None and one.stated.attributes.get("weight") != 0:
                named[one.source.key].add(one.target.key)
        ways = {way for several in named.values() for way in several}
        self._absent |= {key for key, one in presences(self._reader, ways).items() if one.absent} if ways else set()
        self._named |= named
