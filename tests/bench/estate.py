"""What would a whole organisation's estate look like to the memory? A seeded stream of documents, of any size.

Each document states one entity and four relations. Workloads are drawn one after the other (`tests.bench.shapes` names
the distributions) until the estate is full. Only how many pods each has is kept; the rest is made when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from graph.model import Document, Scope, Statement
from tests.bench import running, things
from tests.bench.pods import CONTAINERS
from tests.bench.shapes import (
    CONTAINERS_PER_CLUSTER,
    LARGEST_WORKLOAD,
    PODS_PER_CLUSTER,
    PODS_PER_NODE,
    mixed,
    pareto,
    unit,
    weighted,
)
from tests.bench.sites import ACCOUNT, Machine, Workload, cluster_key

VERBS_OF = {
    "k8s.namespace": "PART_OF OWNED_BY DECLARED_IN IN_ACCOUNT",
    "k8s.deployment": "PART_OF USES_CONFIG MOUNTS RUNS_AS",
    "k8s.service": "PART_OF DEPENDS_ON SELECTS DECLARED_IN",
    "k8s.configmap": "PART_OF DECLARED_IN OWNED_BY BUILT_FROM",
    "k8s.secret": "PART_OF DECLARED_IN OWNED_BY BUILT_FROM",
    "k8s.serviceaccount": "PART_OF ASSUMES OWNED_BY DECLARED_IN",
    "k8s.node": "REALIZED_BY PART_OF IN_ZONE IN_REGION",
    "k8s.pod": "RUNS_ON MANAGED_BY USES_CONFIG RUNS_AS",
    "k8s.container": "PART_OF USES_IMAGE USES_CONFIG MOUNTS",
    "service": "CALLS DEPENDS_ON",
    "container.image": "BUILT_FROM DECLARED_IN OWNED_BY",
    "aws.ec2.instance": "IN_ZONE IN_REGION IN_ACCOUNT OWNED_BY",
}
"""What the documents of each kind state beside it."""

_SORTS = {kind: number for number, kind in enumerate(VERBS_OF)}

SMALLEST = 200
_SINGLE = len(things.SINGLE)
_PODS, _CONTAINERS, _CHANGED = range(3)
"""What a number is drawn for."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workloads from one number up to another, and the nodes that run their pods."""

    number: int
    first: int
    last: int
    nodes: int


@dataclass(slots=True)
class Estate:
    """An estate of exactly so many entities, the same for the same seed.

    In each of its rounds so far, a share of its documents has changed.
    """

    entities: int
    seed: int = 1
    share: float = 0.0
    rounds: int = 0
    pods: list[int] = field(default_factory=list, repr=False)
    """How many pods each workload has."""
    clusters: list[Cluster] = field(default_factory=list, repr=False)
    spare: int = 0
    """Machines that are no node: what was left to fill."""

    def __post_init__(self) -> None:
        if self.entities < SMALLEST:
            raise ValueError(f"an estate has at least {SMALLEST} entities: {self.entities} hold no four workloads")
        if not self.pods:
            self._draw()

    def changed(self, share: float, rounds: int = 1) -> Estate:
        """Give the same estate after so many rounds, in each of which about a share of its documents has changed.

        A changed document says something else. Of ten changed pods two have ended, with their containers, and others
        have begun in their place.
        """
        return Estate(self.entities, self.seed, share, rounds, self.pods, self.clusters, self.spare)

    # ------------------------------------------------------------------------------------------------ drawing

    def containers(self, workload: int) -> int:
        """Give how many containers each pod of a workload has."""
        return weighted(unit(self.seed, _CONTAINERS, workload), CONTAINERS)

    def _draw(self) -> None:
        """Draw workloads until the estate is full, and put them into clusters that are as large as one may be."""
        largest = min(LARGEST_WORKLOAD, self.entities // 40)
        left, first, pods, containers = self.entities, 0, 0, 0
        while True:
            number = len(self.pods)
            each = self.containers(number)
            size = pareto(unit(self.seed, _PODS, number), largest)
            if pods + size > PODS_PER_CLUSTER or containers + size * each > CONTAINERS_PER_CLUSTER:
                left -= self._close(first, pods)
                first, pods, containers = number, 0, 0
            size = min(size, _fitting(left - _SINGLE, pods, each))
            if size < 1:
                break
            self.pods.append(size)
            pods += size
            containers += size * each
            left -= _SINGLE + size * (1 + each)
        self.spare = left - self._close(first, pods)

    def _close(self, first: int, pods: int) -> int:
        """Make a cluster of the workloads drawn since the last one; give how many nodes and machines that adds."""
        nodes = _nodes(pods)
        if len(self.pods) > first:
            self.clusters.append(Cluster(len(self.clusters), first, len(self.pods), nodes))
        return 2 * nodes

    # ------------------------------------------------------------------------------------------------ the stream

    @property
    def scopes(self) -> list[Scope]:
        """Give the scopes that cover the estate: one for each kind, and in each cluster."""
        found = []
        for cluster in self.clusters:
            source, range_ = f"cluster-{cluster.number}", cluster_key(self.seed, cluster.number)
            found += [_scope(source, kind, range_) for kind in VERBS_OF if kind.startswith("k8s.")]
        catalog, registry = _scope("catalog", "service", ""), _scope("registry", "container.image", "")
        return [*found, catalog, registry, _scope("cloud", "aws.ec2.instance", ACCOUNT)]

    def documents(self, scope: Scope) -> Iterator[Document]:
        """Give the documents that a scope covers, one at a time."""
        kind = scope.name
        clusters = [one for one in self.clusters if scope.source == f"cluster-{one.number}"] or self.clusters
        if kind in ("k8s.node", "aws.ec2.instance"):
            return self._machines(kind, clusters)
        workloads = chain.from_iterable(self._workloads(one) for one in clusters)
        if kind == "k8s.pod":
            return chain.from_iterable(self._pods(one) for one in workloads)
        if kind == "k8s.container":
            return chain.from_iterable(self._containers(one) for one in workloads)
        return self._single(kind, workloads)

    def everything(self) -> Iterator[Document]:
        """Give all documents, one at a time."""
        return chain.from_iterable(self.documents(scope) for scope in self.scopes)

    def every_workload(self) -> Iterator[Workload]:
        """Give every workload of every cluster."""
        return chain.from_iterable(self._workloads(one) for one in self.clusters)

    def _workloads(self, cluster: Cluster) -> Iterator[Workload]:
        before = 0
        for number in range(cluster.first, cluster.last):
            size = self.pods[number]
            each = self.containers(number)
            yield Workload(self.seed, number, len(self.pods), size, each, before, cluster.number, cluster.nodes)
            before += size

    def _single(self, kind: str, workloads: Iterator[Workload]) -> Iterator[Document]:
        read = things.SINGLE[kind]
        for one in workloads:
            revision = self._revision(kind, one.number)
            yield Document(f"{kind}/{one.number}", f"{1 + revision}", partial(read, one, revision))

    def _pods(self, one: Workload) -> Iterator[Document]:
        for index in range(one.size):
            life = self._life(one.number, index)
            revision = self._revision("k8s.pod", one.number, index, since=life)
            read = partial(running.pod, one, index, life, revision)
            yield Document(one.pod_uid(index, life), f"{1 + revision}", read)

    def _containers(self, one: Workload) -> Iterator[Document]:
        for index in range(one.size):
            life = self._life(one.number, index)
            uid = one.pod_uid(index, life)
            for number in range(one.containers):
                revision = self._revision("k8s.container", one.number, index, number, since=life)
                read = partial(running.container, one, index, life, number, revision)
                yield Document(f"{uid}/{number}", f"{1 + revision}", read)

    def _machines(self, kind: str, clusters: list[Cluster]) -> Iterator[Document]:
        read: Callable[[Machine, int], Sequence[Statement]] = running.node if kind == "k8s.node" else running.instance
        spare = () if kind == "k8s.node" else (Machine(self.seed, -1, number) for number in range(self.spare))
        nodes = (Machine(self.seed, one.number, number) for one in clusters for number in range(one.nodes))
        for machine in chain(nodes, spare):
            revision = self._revision(kind, machine.cluster, machine.number)
            yield Document(f"{kind}/{machine.id}", f"{1 + revision}", partial(read, machine, revision))

    # ------------------------------------------------------------------------------------------------ changing

    def _moved(self, round_: int, *which: int) -> int:
        """Say how something changed in a round: 0 not at all, 1 it says something else, 2 another took its place."""
        if not self.share:
            return 0
        drawn = mixed(self.seed, _CHANGED, round_, *which)
        return 0 if drawn % 1_000_000 >= self.share * 1_000_000 else 1 + (drawn >> 32) % 10 // 8

    def _revision(self, kind: str, *which: int, since: int = 0) -> int:
        """Count the rounds in which a document came to say something else."""
        if not self.rounds:
            return 0
        sort = _SORTS[kind]
        return sum(self._moved(round_, sort, *which) > 0 for round_ in range(since + 1, self.rounds + 1))

    def _life(self, workload: int, index: int) -> int:
        """Give the last round in which another pod took a place; 0 for the first pod."""
        sort = _SORTS["k8s.pod"]
        rounds = range(self.rounds, 0, -1)
        return next((round_ for round_ in rounds if self._moved(round_, sort, workload, index) == 2), 0)


def _scope(source: str, kind: str, range_: str) -> Scope:
    return Scope(source, kind, frozenset({kind, *VERBS_OF[kind].split()}), range_)


def _nodes(pods: int) -> int:
    return -(-pods // PODS_PER_NODE)


def _fitting(left: int, pods: int, each: int) -> int:
    """Give how many pods still fit, with their containers, and the nodes of their cluster, and their machines."""
    free = left - 2 * _nodes(pods)
    return int((free - 2) / (1 + each + 2 / PODS_PER_NODE))
