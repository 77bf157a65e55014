"""What is known of a thing that was reached: how surely, by which path, and by which ties it must not be left?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graph.analysis.arcs import BOTH_WAYS, TURNING, WITHIN, Arc, Crossing
from graph.model import Key

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Members:
    """The ready members of a group: how many there are (n), and how many are left (k) without those that are lost.

    of: what is counted, in words: ready members, or the ways of a thing that is no group but has several. at_risk: how
    many of those that are left harm comes to. minimum: how many the budget `kept_by` keeps. min_replicas: how many the
    autoscaler `scaled_by` asks for. Where several guard or scale it, these are of the one that asks most.
    """

    left: int
    all: int
    lost: int
    at_risk: int = 0
    minimum: int | None = None
    kept_by: Key | None = None
    min_replicas: int | None = None
    scaled_by: Key | None = None
    of: str = "ready members"

    @property
    def short(self) -> bool:
        """Tell whether fewer are left than the budget keeps."""
        return self.minimum is not None and self.left < self.minimum


@dataclass(slots=True, eq=False)
class Label:
    """A thing reached by a path. There are thousands in an answer: what is asked of each more than once is kept.

    p: the product along the path. hops: its length. lost: nothing on the way was weaker than certain loss, so that the
    thing is lost and not only at risk. forward, backward: the verbs crossed so far from source to target, and from
    target to source, where that matters. before, arc: the last step. members: of a group reached from its members.
    joined: whether the last step led from a member to its group. free: whether nothing on the way bars any tie.
    """

    key: Key
    p: float
    hops: int
    lost: bool
    forward: frozenset[str] = _NONE
    backward: frozenset[str] = _NONE
    before: Label | None = None
    arc: Arc | None = None
    members: Members | None = None
    joined: bool = False
    free: bool = True

    @property
    def rank(self) -> tuple[float, int, str]:
        """The surest first, then the nearest, then by key.

        What leads to a thing ranks before it, but for a ReplicaSet on the way to a workload that must keep a minimum.
        """
        return -self.p, self.hops, self.key

    @property
    def tie(self) -> int | str | None:
        """The tie of the last step, if it was along one."""
        return self.arc.tie if self.arc and self.arc.crossing is not WITHIN else None

    def allows(self, crossing: Crossing) -> bool:
        """Tell whether the path may go on across a verb.

        A path that went up from member to group never comes down the same verb, and a group that is short of members
        does not hurt those it has left, whatever ties them. A verb along which harm travels both ways is crossed one
        way only: what shares a load balancer with a broken thing is not broken.
        """
        if crossing.parts and self.joined:
            return False
        return crossing.verb not in (self.backward if crossing.forward else self.forward)

    def along(self, arc: Arc, p: float, *, lost: bool, members: Members | None = None) -> Label:
        """Give the label of what an arc leads to."""
        forward, backward, crossing = self.forward, self.backward, arc.crossing
        if not crossing.free and crossing.verb in TURNING:
            if crossing.forward:
                forward |= {crossing.verb}
            elif crossing.verb in BOTH_WAYS:
                backward |= {crossing.verb}
        joined = crossing.joins
        free = not (forward or backward or joined)
        return Label(arc.to, p, self.hops + 1, lost, forward, backward, self, arc, members, joined, free)

    def covers(self, other: Label) -> bool:
        """Tell whether this label leads wherever another one of the same thing leads, as surely."""
        return (
            self.p >= other.p
            and self.lost >= other.lost
            and self.forward <= other.forward
            and self.backward <= other.backward
            and self.joined <= other.joined
        )

    def path(self) -> Iterator[Label]:
        """Give the labels on the way, from here back to the root."""
        one: Label | None = self
        while one is not None:
            yield one
            one = one.before

    def through(self, key: Key) -> bool:
        """Tell whether the path leads through a thing."""
        return any(one.key == key for one in self.path())
