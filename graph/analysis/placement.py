"""Where do pods run and what do they run: nodes, machines, containers, images, configuration, identity?

Everything is fetched for all pods at once: nodes and containers first, then what these name in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from graph.analysis.presence import Presence, presences
from graph.analysis.reach import CONTAINER, NODE, Reach, owners
from graph.model import AliasEnd, EntityVersion, Key, RelationVersion, Tie
from graph.store import GraphReader

_USES = ("USES_CONFIG", "MOUNTS", "RUNS_AS", "RUNS_ON")
_PROVENANCE_OUT = ("OWNED_BY", "BUILT_FROM", "BUILT_BY", "IN_ZONE")
_PROVENANCE_IN = ("RESOLVES_TO", "MAPS_TO", "DEPLOYED")


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that an answer names. presence: None where nobody states or names it, and only its key is known."""

    key: Key
    kind: str
    name: str
    presence: Presence | None


@dataclass(frozen=True, slots=True)
class Machine:
    """The instance behind a node. id: as its provider calls it. key: None while no source states such a thing."""

    id: str
    tie: Tie
    key: Key | None
    presence: Presence | None


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node that pods run on."""

    key: Key
    name: str
    presence: Presence | None
    zone: str | None
    ready: bool | None
    instance: Machine | None


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container of a pod, and what it runs: the image by digest, and the reference that was asked for."""

    name: str
    role: str | None
    image: Key | None
    digest: str | None
    reference: str | None
    ready: bool | None
    state: str | None


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod that stands behind the thing, be it present, gone, or only named.

    ready: what a tie that names it says, else what it says itself. workload: the top of its owners.
    """

    key: Key
    name: str | None
    presence: Presence | None
    phase: str | None
    ready: bool | None
    node: str | None
    zone: str | None
    instance: str | None
    workload: Key | None
    containers: tuple[ContainerView, ...]


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image that pods run: by digest, with the references that were asked for, and how many pods run it."""

    key: Key
    digest: str
    references: tuple[str, ...]
    presence: Presence | None
    containers: tuple[str, ...]
    pods: int


@dataclass(slots=True)
class Gathered:
    """All that was fetched for an answer, by what it is about."""

    reach: Reach
    parents: dict[Key, Key] = field(default_factory=dict)
    out: dict[Key, list[RelationVersion]] = field(default_factory=lambda: defaultdict(list))
    into: dict[Key, list[RelationVersion]] = field(default_factory=lambda: defaultdict(list))
    containers: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    versions: Mapping[Key, EntityVersion] = field(default_factory=dict)
    there: Mapping[Key, Presence] = field(default_factory=dict)

    def tied(self, key: Key, *verbs: str) -> list[RelationVersion]:
        """Give the relations that go out from a key."""
        return [tie for tie in self.out.get(key, ()) if tie.verb in verbs]

    def thing(self, key: Key) -> Thing:
        """Name a thing, with its presence."""
        version = self.versions.get(key)
        return Thing(key, key.kind, version.name if version else key.id, self.there.get(key))

    def attribute(self, key: Key, name: str) -> object:
        """Give an attribute of the last version of a thing; None where there is none."""
        version = self.versions.get(key)
        return version.attributes.get(name) if version else None


def gather(reader: GraphReader, key: Key, reach: Reach) -> Gathered:
    """Fetch everything around the pods behind a thing, in a number of reads that does not grow with them."""
    found = Gathered(reach)
    pods = set(reach.pods)
    found.parents = owners(reader, [*pods, key])
    workloads = {*found.parents.values(), key}
    _take(found.into, reader.relations(pods, outgoing=False, verbs=("RUNS_ON", "SELECTS")), outgoing=False)
    for pod in pods:
        found.containers[pod] = sorted(
            tie.source.key for tie in found.into[pod] if tie.source.key is not None and tie.source.key.kind == CONTAINER
        )
        reach.services |= {
            tie.source.key for tie in found.into[pod] if tie.verb == "SELECTS" and tie.source.key is not None
        }
    containers = {one for held in found.containers.values() for one in held}
    _take(found.out, reader.relations(pods | workloads, outgoing=True, verbs=_USES), outgoing=True)
    _take(found.out, reader.relations(containers, outgoing=True, verbs=("USES_IMAGE",)), outgoing=True)
    reach.nodes |= {one for pod in pods for one in _ends(found.tied(pod, "RUNS_ON")) if one.kind == NODE}
    _routes(reader, found)
    images = {one for container in containers for one in _ends(found.tied(container, "USES_IMAGE"))}
    _provenance(reader, found, {key, *workloads, *reach.services, *images, *reach.nodes})
    _look_up(reader, found, {key, *workloads, *pods, *containers, *images, *reach.services})
    return found


def _take(into: dict[Key, list[RelationVersion]], ties: Iterable[RelationVersion], *, outgoing: bool) -> None:
    for tie in ties:
        key = (tie.source if outgoing else tie.target).key
        if key is not None:
            into[key].append(tie)


def _ends(ties: Iterable[RelationVersion]) -> list[Key]:
    return [tie.target.key for tie in ties if tie.target.key is not None]


def _routes(reader: GraphReader, found: Gathered) -> None:
    """Fetch what leads to the services, and what stands behind the nodes."""
    services, nodes = found.reach.services, found.reach.nodes
    _take(found.into, reader.relations(services, outgoing=False, verbs=("ROUTES_TO",)), outgoing=False)
    ingresses = {tie.source.key for one in services for tie in found.into[one] if tie.source.key is not None}
    _take(
        found.out,
        reader.relations(services | nodes | ingresses, outgoing=True, verbs=("EXPOSED_BY", "REALIZED_BY")),
        outgoing=True,
    )


def _provenance(reader: GraphReader, found: Gathered, keys: set[Key]) -> None:
    """Fetch who owns, builds, names and deploys: ties that sources of other systems state."""
    namespaces = {outer for key in keys for outer in containers_of(key)}
    _take(found.out, reader.relations(keys | namespaces, outgoing=True, verbs=_PROVENANCE_OUT), outgoing=True)
    exposed = {one for key in list(found.out) for one in _ends(found.tied(key, "EXPOSED_BY"))}
    wanted = keys | namespaces | exposed
    _take(found.into, reader.relations(wanted, outgoing=False, verbs=_PROVENANCE_IN), outgoing=False)


def containers_of(key: Key) -> list[Key]:
    """Give the keys of everything that contains a thing, innermost first."""
    outer = []
    container = key.container
    while container is not None:
        outer.append(container)
        container = container.container
    return outer


def _look_up(reader: GraphReader, found: Gathered, keys: set[Key]) -> None:
    """Fetch the last versions and the presence of everything that the answer names."""
    for ties in (*found.out.values(), *found.into.values(), found.reach.users):
        for tie in ties:
            keys |= {*tie.keys}
    for key in list(keys):
        keys |= {*containers_of(key)}
    found.versions = reader.latest(keys)
    found.there = presences(reader, keys)


def node_views(found: Gathered) -> tuple[NodeView, ...]:
    """Describe the nodes, ordered by key."""
    return tuple(_node(found, key) for key in sorted(found.reach.nodes))


def _node(found: Gathered, key: Key) -> NodeView:
    thing = found.thing(key)
    zone, ready = found.attribute(key, "zone"), found.attribute(key, "ready")
    zones = _ends(found.tied(key, "IN_ZONE"))
    machines = [_machine(found, tie) for tie in found.tied(key, "REALIZED_BY")]
    return NodeView(
        key,
        thing.name,
        thing.presence,
        zone if isinstance(zone, str) else (zones[0].id if zones else None),
        ready if isinstance(ready, bool) else None,
        machines[0] if machines else None,
    )


def _machine(found: Gathered, tie: RelationVersion) -> Machine:
    stated, key = tie.stated.target, tie.target.key
    id_ = stated.value if isinstance(stated, AliasEnd) else (key or stated.key).id
    return Machine(id_, tie.target.tie, key, found.there.get(key) if key is not None else None)


def pod_views(found: Gathered, nodes: Collection[NodeView], tops: Mapping[Key, Key]) -> tuple[PodView, ...]:
    """Describe the pods, ordered by key."""
    by_key = {node.key: node for node in nodes}
    return tuple(_pod(found, key, by_key, tops.get(key)) for key in sorted(found.reach.pods))


def _pod(found: Gathered, key: Key, nodes: Mapping[Key, NodeView], workload: Key | None) -> PodView:
    version, tie = found.versions.get(key), found.reach.pods[key]
    said = tie.stated.attributes if tie is not None and tie.verb == "SELECTS" else {}
    ready = said.get("ready", found.attribute(key, "ready"))
    on = [one for one in _ends(found.tied(key, "RUNS_ON")) if one in nodes]
    node = nodes[on[0]] if on else None
    zone, phase = said.get("zone"), found.attribute(key, "phase")
    assigned = found.attribute(key, "node")
    return PodView(
        key,
        version.name if version else None,
        found.there.get(key),
        phase if isinstance(phase, str) else None,
        ready if isinstance(ready, bool) else None,
        node.name if node else (assigned if isinstance(assigned, str) else None),
        (node.zone if node else None) or (zone if isinstance(zone, str) else None),
        node.instance.id if node and node.instance else None,
        workload,
        tuple(_container(found, one) for one in found.containers.get(key, ())),
    )


def _container(found: Gathered, key: Key) -> ContainerView:
    ties = found.tied(key, "USES_IMAGE")
    image = ties[0].target.key if ties else None
    reference = ties[0].stated.attributes.get("reference") if ties else found.attribute(key, "image")
    role, ready, state = (found.attribute(key, name) for name in ("role", "ready", "state"))
    return ContainerView(
        key.id,
        role if isinstance(role, str) else None,
        image,
        image.id if image is not None else None,
        reference if isinstance(reference, str) else None,
        ready if isinstance(ready, bool) else None,
        state if isinstance(state, str) else None,
    )


def image_views(found: Gathered, pods: Collection[PodView]) -> tuple[ImageView, ...]:
    """Describe the images that pods run, ordered by key."""
    references: dict[Key, set[str]] = defaultdict(set)
    names: dict[Key, set[str]] = defaultdict(set)
    running: dict[Key, set[Key]] = defaultdict(set)
    for pod in pods:
        for container in pod.containers:
            if container.image is not None:
                names[container.image].add(container.name)
                running[container.image].add(pod.key)
                references[container.image] |= {container.reference} - {None} if container.reference else set()
    return tuple(
        ImageView(
            key,
            key.id,
            tuple(sorted(references[key])),
            found.there.get(key),
            tuple(sorted(names[key])),
            len(running[key]),
        )
        for key in sorted(names)
    )
