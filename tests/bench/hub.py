"""What does a past of a hundred thousand relations cost whoever asks a hub for its hundred present ones?"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from functools import partial

from graph.model import Document, Entity, Key, KeyEnd, Relation, RevisionMark, Scope
from graph.store import GraphStore
from tests.bench.loads import Figures
from tests.bench.looks import Looking, Timed
from tests.bench.places import Place, followed, opened
from tests.bench.shapes import CALLED, unit, zipf

PRESENT, REPLACED = 100, 10
"""Relations at any revision, and how many of them each revision replaces."""

CLUSTER = Key("k8s.cluster/hub")
HUB = CLUSTER.child("k8s.node", "hub")
SCOPE = Scope("hub", "pods", frozenset({"k8s.pod", "RUNS_ON"}), CLUSTER)
OTHER = Key("k8s.cluster/young")
YOUNG = OTHER.child("k8s.node", "young")
BESIDE = Scope("young", "pods", frozenset({"k8s.pod", "RUNS_ON"}), OTHER)
"""A hub without a past, which the last revision adds to the same store."""

_INSTANTS = {"old": 0.02, "middle": 0.5, "recent": 0.99}
"""When it is asked, as a part of all revisions."""


class Hub:
    """A node, and a hundred places for pods on it, some of which change hands far more often than others."""

    def __init__(self, node: Key) -> None:
        self._node = node
        self._lives = [0] * PRESENT
        self._round = 0

    def turn(self) -> None:
        """Replace ten pods: the lower the number of a place, the more often."""
        self._round += 1
        chosen: set[int] = set()
        draw = 0
        while len(chosen) < REPLACED:
            chosen.add(zipf(unit(self._round, draw), PRESENT, CALLED))
            draw += 1
        for place in chosen:
            self._lives[place] = self._round

    def documents(self) -> Iterator[Document]:
        """Give the pods that run on it now."""
        for place, life in enumerate(self._lives):
            uid = f"{place:03d}-{life:06d}"
            yield Document(uid, "1", partial(_pod, self._node, uid))


def _pod(node: Key, uid: str) -> Sequence[Entity | Relation]:
    key = node.root.child("k8s.pod", uid)
    return Entity(key, uid, uid, {"phase": "Running"}), Relation(KeyEnd(key), "RUNS_ON", KeyEnd(node))


def _fill(store: GraphStore, revisions: int) -> list[RevisionMark]:
    """Make so many revisions, and give the marks to ask at."""
    looking, hub, timed = Looking(store), Hub(HUB), Timed()
    for _ in range(revisions):
        looking.read(SCOPE, hub.documents(), timed)
        hub.turn()
    head = store.head().number
    looking.read(BESIDE, Hub(YOUNG).documents(), timed)
    return [store.revision(max(1, round(head * part))) for part in _INSTANTS.values()]


def _asked(store: GraphStore, mark: RevisionMark | None, node: Key = HUB) -> float:
    """Ask once, in a reader of its own; give the microseconds."""
    began = time.perf_counter()
    with store.reader(mark) as reader:
        found = len(reader.relations([node], outgoing=False, verbs=("RUNS_ON",)))
    taken = (time.perf_counter() - began) * 1e6
    if found != PRESENT:
        raise RuntimeError(f"{node} has {found} relations at {mark}, and should have {PRESENT}")
    return taken


def hub(place: Place, other: Place, revisions: int) -> Figures:
    """Ask a hub with a past, and one without, in turns."""
    turns = 200 if revisions >= 100 else 20
    with opened(place) as long, opened(other) as short:
        marks, present = _fill(long, revisions), _fill(short, 1)[-1]
        followed(place)
        for _ in range(turns):  # a server, too, is slower at first, and the two have been asked different things so far
            _asked(long, marks[0])
            _asked(short, present)
        taken: dict[str, list[float]] = {name: [] for name in [*_INSTANTS, "one_revision", "young"]}
        for _ in range(turns):
            for name, mark in zip(_INSTANTS, marks, strict=True):
                taken[name].append(_asked(long, mark))
            taken["one_revision"].append(_asked(short, present))
            taken["young"].append(_asked(long, None, YOUNG))
    medians = {name: statistics.median(each) for name, each in taken.items()}
    ratios = {f"{name}_ratio": medians[name] / medians["one_revision"] for name in _INSTANTS}
    ratios["young_ratio"] = max(medians[name] for name in _INSTANTS) / medians["young"]
    return {**medians, **ratios, "past": (revisions - 1) * REPLACED}
