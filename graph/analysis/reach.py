"""Which pods stand behind a thing, which ties lead to them, and what stands above them?

Every step asks for all keys at once, so that a service with a thousand pods costs as many questions as one with two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from graph.model import Key, RelationVersion
from graph.store import EntityFilter, GraphReader

POD, CONTAINER, NODE, SERVICE = "k8s.pod", "k8s.container", "k8s.node", "k8s.service"
WORKLOADS = frozenset(
    {"k8s.deployment", "k8s.statefulset", "k8s.daemonset", "k8s.cronjob", "k8s.job", "k8s.replicaset"}
)
USED = frozenset({"k8s.configmap", "k8s.secret", "k8s.serviceaccount"})
USING = ("USES_CONFIG", "MOUNTS", "RUNS_AS")
CONTAINED = frozenset({"k8s.namespace", "k8s.cluster"})

DEPTH = 5
"""Owners are followed this far: pod, ReplicaSet, Deployment; pod, Job, CronJob; and something to spare."""

MOST_CONTAINED = 1000
"""How many pods of a namespace or a cluster are given; that there are more is said as truncation."""


@dataclass(slots=True)
class Reach:
    """The pods behind a thing: each with the tie that names it, if a tie did.

    applies: whether pods can stand behind a thing of its kind at all. by: the verbs on the way to them. users: the ties
    by which others use it. untied: ties that lead to nothing, or to several things.
    """

    applies: bool = True
    by: tuple[str, ...] = ()
    pods: dict[Key, RelationVersion | None] = field(default_factory=dict)
    services: set[Key] = field(default_factory=set)
    nodes: set[Key] = field(default_factory=set)
    users: list[RelationVersion] = field(default_factory=list)
    untied: list[RelationVersion] = field(default_factory=list)
    truncated: bool = False


def pods_behind(reader: GraphReader, key: Key) -> Reach:
    """Find the pods that stand behind a thing."""
    kind = key.kind
    if kind == POD:
        return Reach(pods={key: None})
    if kind == CONTAINER and key.container is not None:
        return Reach(pods={key.container: None})
    if kind == SERVICE:
        return _behind_services(reader, Reach(by=("SELECTS",)), {key})
    if kind in WORKLOADS:
        return _below(reader, Reach(by=("MANAGED_BY",)), [key])
    if kind in ("k8s.ingress", "k8s.endpointslice"):
        verb = "ROUTES_TO" if kind == "k8s.ingress" else "MANAGED_BY"
        reach = Reach(by=(verb, "SELECTS"))
        services = {one for one in _far(reader, reach, [key], verb) if one.kind == SERVICE}
        return _behind_services(reader, reach, services)
    if kind == "container.image":
        return _behind_image(reader, key)
    if kind in USED:
        return _behind_used(reader, key)
    if kind == NODE:
        return _on_nodes(reader, Reach(by=("RUNS_ON",)), {key})
    if kind in CONTAINED:
        return _inside(reader, key)
    return _behind_machine(reader, key)


def _far(reader: GraphReader, reach: Reach, keys: Collection[Key], verb: str) -> list[Key]:
    """Follow a verb outward, and set aside what it does not tie."""
    found = []
    for tie in reader.relations(keys, outgoing=True, verbs=(verb,)):
        if tie.target.key is None:
            reach.untied.append(tie)
        else:
            found.append(tie.target.key)
    return found


def _near(ties: Iterable[RelationVersion]) -> list[tuple[Key, RelationVersion]]:
    return [(tie.source.key, tie) for tie in ties if tie.source.key is not None]


def _behind_services(reader: GraphReader, reach: Reach, services: set[Key]) -> Reach:
    reach.services |= services
    for tie in reader.relations(services, outgoing=True, verbs=("SELECTS",)):
        if tie.target.key is None:
            reach.untied.append(tie)
        else:
            reach.pods.setdefault(tie.target.key, tie)
    return reach


def _below(reader: GraphReader, reach: Reach, keys: Sequence[Key]) -> Reach:
    """Follow owners down to their pods, level by level."""
    level, seen = list(keys), set(keys)
    for _ in range(DEPTH):
        owned = _near(reader.relations(level, outgoing=False, verbs=("MANAGED_BY",))) if level else []
        reach.pods |= {one: tie for one, tie in owned if one.kind == POD}
        level = sorted({one for one, _ in owned if one.kind in WORKLOADS} - seen)
        seen |= set(level)
    return reach


def _behind_image(reader: GraphReader, key: Key) -> Reach:
    reach = Reach(by=("USES_IMAGE",), users=list(reader.relations([key], outgoing=False, verbs=("USES_IMAGE",))))
    for user, tie in _near(reach.users):
        if user.kind == CONTAINER and user.container is not None:
            reach.pods.setdefault(user.container, tie)
    return reach


def _behind_used(reader: GraphReader, key: Key) -> Reach:
    reach = Reach(by=USING, users=list(reader.relations([key], outgoing=False, verbs=USING)))
    users = _near(reach.users)
    reach.pods |= {one: tie for one, tie in users if one.kind == POD}
    return _below_keeping(reader, reach, [one for one, _ in users if one.kind in WORKLOADS])


def _below_keeping(reader: GraphReader, reach: Reach, keys: Sequence[Key]) -> Reach:
    """Add the pods below workloads whose template names a thing, but keep the ties of pods that name it themselves."""
    named = dict(reach.pods)
    _below(reader, reach, keys)
    reach.pods |= named
    return reach


def _on_nodes(reader: GraphReader, reach: Reach, nodes: set[Key]) -> Reach:
    reach.nodes |= nodes
    running = _near(reader.relations(nodes, outgoing=False, verbs=("RUNS_ON",)))
    reach.pods |= {one: tie for one, tie in running if one.kind == POD}
    return reach


def _inside(reader: GraphReader, key: Key) -> Reach:
    found = reader.entities(EntityFilter(kinds=frozenset({POD}), prefix=key), MOST_CONTAINED + 1)
    pods: dict[Key, RelationVersion | None] = {version.key: None for version in found[:MOST_CONTAINED]}
    return Reach(pods=pods, truncated=len(found) > MOST_CONTAINED)


def _behind_machine(reader: GraphReader, key: Key) -> Reach:
    """Find the pods on the nodes that a machine realizes; for what realizes no node, pods are not the question."""
    realized = _near(reader.relations([key], outgoing=False, verbs=("REALIZED_BY",)))
    nodes = {one for one, _ in realized if one.kind == NODE}
    if not nodes and key.kind != "aws.ec2.instance":
        return Reach(applies=False)
    return _on_nodes(reader, Reach(by=("REALIZED_BY", "RUNS_ON")), nodes)


def owners(reader: GraphReader, keys: Collection[Key]) -> dict[Key, Key]:
    """Give the controller of each thing that has one, and theirs in turn."""
    parents: dict[Key, Key] = {}
    level = sorted(set(keys))
    for _ in range(DEPTH):
        if not level:
            break
        for tie in reader.relations(level, outgoing=True, verbs=("MANAGED_BY",)):
            child, parent = tie.source.key, tie.target.key
            if child is None or parent is None or parent.kind not in WORKLOADS:
                continue
            if child not in parents or tie.stated.attributes.get("controller"):
                parents[child] = parent
        level = sorted({parents[one] for one in level if one in parents} - parents.keys())
    return parents


def top(parents: dict[Key, Key], key: Key) -> Key:
    """Follow controllers to the last; what has none is its own."""
    for _ in range(DEPTH):
        if key not in parents:
            break
        key = parents[key]
    return key
