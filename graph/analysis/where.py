"""Where does it run: cluster, namespace, workload, pods, nodes, images, endpoints, configuration?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from graph.analysis.freshness import about_entity
from graph.analysis.placement import (
    Gathered,
    ImageView,
    NodeView,
    PodView,
    Thing,
    containers_of,
    gather,
    image_views,
    node_views,
    pod_views,
)
from graph.analysis.presence import Presence
from graph.analysis.reach import WORKLOADS, pods_behind, top
from graph.analysis.summary import summary
from graph.model import AliasEnd, Key, Question, RelationVersion, Tie
from graph.store import GraphReader

_IN_NAMESPACE = frozenset(
    {*WORKLOADS, "k8s.pod", "k8s.container", "k8s.service", "k8s.ingress", "k8s.configmap", "k8s.secret"}
    | {"k8s.serviceaccount"}
)
_TIES = frozenset(
    {"MANAGED_BY", "RUNS_ON", "SELECTS", "ROUTES_TO", "USES_CONFIG", "MOUNTS", "RUNS_AS", "USES_IMAGE"}
    | {"REALIZED_BY", "EXPOSED_BY"}
)
_PROVENANCE = frozenset(
    {"OWNED_BY", "BUILT_FROM", "BUILT_BY", "IN_ZONE", "RESOLVES_TO", "MAPS_TO", "DEPLOYED", "REALIZED_BY", "EXPOSED_BY"}
)
"""Ties to other systems, which any source may state."""

_BESIDE = frozenset({"container.image", "aws.ec2.instance", "aws.elbv2.load_balancer", "cloud.availability_zone"})
"""Kinds of other systems whose names and presence are shown. That no source states one is no gap: its tie shows."""

_ELSEWHERE = frozenset({"environment", "vcs.commit", "cicd.pipeline.run", "deployment", "dns.record", "team"})
"""Kinds of other systems that belong to the answer. While no source states one, that is a gap `not_collected`."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """A way in: an ingress that leads a host and path to a service."""

    ingress: Thing
    service: Key
    host: str | None
    path: str | None
    port: str | None


@dataclass(frozen=True, slots=True)
class BalancerView:
    """An address under which a load balancer of a service or ingress answers. balancer: the thing itself, if known."""

    address: str
    of: Key
    balancer: Key | None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """How it is reached. dns: None while no record is known."""

    services: tuple[Thing, ...]
    ingresses: tuple[RouteView, ...]
    load_balancers: tuple[BalancerView, ...]
    dns: tuple[Thing, ...] | None


@dataclass(frozen=True, slots=True)
class UsedView:
    """Configuration in use, with its presence: what is gone is still one step away. used_by: pods and workloads."""

    config: Thing
    verbs: tuple[str, ...]
    optional: bool
    dangling: bool
    used_by: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class UserView:
    """Who uses the thing that was asked about, and how. through: what became of that end."""

    user: Thing
    verb: str


@dataclass(frozen=True, slots=True)
class UntiedView:
    """A tie on the way that leads to nothing, or to more than one thing. It is never guessed at."""

    source: str
    verb: str
    stated: str
    tie: Tie
    candidates: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Where a thing runs, as of a revision. None stands for what no source states; freshness names it as a gap."""

    key: Key
    kind: str
    name: str
    presence: Presence | None
    summary: str
    environment: Thing | None
    cluster: Thing | None
    namespace: Thing | None
    workloads: tuple[Thing, ...]
    pods: tuple[PodView, ...]
    nodes: tuple[NodeView, ...]
    images: tuple[ImageView, ...]
    endpoints: Endpoints
    config: tuple[UsedView, ...]
    runs_as: tuple[Thing, ...]
    users: tuple[UserView, ...]
    untied: tuple[UntiedView, ...]
    commit: Thing | None
    pipeline: Thing | None
    deployer: Thing | None
    owner: Thing | None
    truncated: bool


def about(key: Key) -> tuple[Question, ...]:
    """Say what the answer to 'where does it run' could return: its namespace and its cluster, or anywhere."""
    root = (key.root,) if key.root.kind == "k8s.cluster" else ()
    outer = [one for one in (key, *containers_of(key)) if one.kind == "k8s.namespace"]
    near = (outer[0],) if outer else root
    return (
        about_entity(key),
        Question(_IN_NAMESPACE, near),
        Question(frozenset({"k8s.cluster", "k8s.namespace"}), (*near, *root)),
        Question(frozenset({"k8s.node"}), root),
        Question(_TIES, root),
        Question(_PROVENANCE),
        Question(_BESIDE, expected=False),
        *(Question(frozenset({kind})) for kind in sorted(_ELSEWHERE)),
    )


def where(reader: GraphReader, key: Key) -> Where:
    """Answer where a thing runs, in a number of reads that does not depend on how many pods it has."""
    reach = pods_behind(reader, key)
    found = gather(reader, key, reach)
    tops = {pod: top(found.parents, pod) for pod in reach.pods}
    nodes = node_views(found)
    pods = pod_views(found, nodes, {pod: one for pod, one in tops.items() if one != pod})
    thing = found.thing(key)
    contained = {one.kind: found.thing(one) for one in reversed(containers_of(key))}
    over = {one for pod, one in tops.items() if one != pod}
    if key.kind in WORKLOADS:
        over.add(top(found.parents, key))
    return Where(
        key=key,
        kind=key.kind,
        name=thing.name,
        presence=thing.presence,
        summary=summary(key, thing.presence, reach, pods, reader.scopes()),
        environment=_source_of(found, [key, *containers_of(key)], "MAPS_TO"),
        cluster=contained.get("k8s.cluster") or (thing if key.kind == "k8s.cluster" else None),
        namespace=contained.get("k8s.namespace") or (thing if key.kind == "k8s.namespace" else None),
        workloads=_things(found, over),
        pods=pods,
        nodes=nodes,
        images=image_views(found, pods),
        endpoints=_endpoints(found),
        config=_config(found),
        runs_as=_things(found, {tie.target.key for tie in _from_pods(found, "RUNS_AS") if tie.target.key}),
        users=_users(found),
        untied=_untied(found),
        commit=_built(found, "BUILT_FROM"),
        pipeline=_built(found, "BUILT_BY"),
        deployer=_source_of(found, sorted(found.versions), "DEPLOYED"),
        owner=_owner(found, key, over),
        truncated=reach.truncated,
    )


def _things(found: Gathered, keys: Iterable[Key]) -> tuple[Thing, ...]:
    return tuple(found.thing(key) for key in sorted(set(keys)))


def _from_pods(found: Gathered, *verbs: str) -> list[RelationVersion]:
    """Give the ties of the pods and of what stands above them: their templates name what no pod has come to use yet."""
    return [tie for ties in found.out.values() for tie in ties if tie.verb in verbs]


def _config(found: Gathered) -> tuple[UsedView, ...]:
    ties: dict[Key, list[RelationVersion]] = defaultdict(list)
    for tie in _from_pods(found, "USES_CONFIG", "MOUNTS"):
        if tie.target.key is not None:
            ties[tie.target.key].append(tie)
    return tuple(_used(found.thing(key), ties[key]) for key in sorted(ties))


def _used(config: Thing, ties: list[RelationVersion]) -> UsedView:
    return UsedView(
        config,
        tuple(sorted({tie.verb for tie in ties})),
        all(bool(tie.stated.attributes.get("optional")) for tie in ties),
        config.presence is not None and config.presence.absent,
        tuple(sorted({tie.source.key for tie in ties if tie.source.key is not None})),
    )


def _users(found: Gathered) -> tuple[UserView, ...]:
    users = {(tie.source.key, tie.verb) for tie in found.reach.users if tie.source.key is not None}
    return tuple(UserView(found.thing(key), verb) for key, verb in sorted(users))


def _endpoints(found: Gathered) -> Endpoints:
    services = sorted(found.reach.services)
    routes = [
        (tie.source.key, one, tie)
        for one in services
        for tie in found.into.get(one, ())
        if tie.verb == "ROUTES_TO" and tie.source.key is not None
    ]
    ingresses = sorted({ingress for ingress, _, _ in routes})
    balancers = [view for key in (*services, *ingresses) for view in _balancers(found, key)]
    named = {view.balancer for view in balancers if view.balancer is not None}
    records = {
        tie.source.key
        for key in (*services, *ingresses, *named)
        for tie in found.into.get(key, ())
        if tie.verb == "RESOLVES_TO" and tie.source.key is not None
    }
    return Endpoints(
        _things(found, services),
        tuple(sorted((_route(found, *route) for route in routes), key=_route_rank)),
        tuple(balancers),
        _things(found, records) or None,
    )


def _route(found: Gathered, ingress: Key, service: Key, tie: RelationVersion) -> RouteView:
    said = {name: str(value) for name, value in tie.stated.attributes.items() if value is not None}
    return RouteView(found.thing(ingress), service, said.get("host"), said.get("path"), said.get("port"))


def _route_rank(route: RouteView) -> tuple[str, str, str, str, str]:
    return route.ingress.key, route.service, route.host or "", route.path or "", route.port or ""


def _balancers(found: Gathered, key: Key) -> list[BalancerView]:
    """Give the addresses that a service or ingress says it has, and the load balancers that it is tied to."""
    said = found.attribute(key, "load_balancer")
    ties = found.tied(key, "EXPOSED_BY")
    tied = {_stated(tie): tie.target.key for tie in ties}
    addresses = {str(one) for one in said} if isinstance(said, list | tuple) else set()
    return [BalancerView(one, key, tied.get(one)) for one in sorted(addresses | tied.keys())]


def _stated(tie: RelationVersion) -> str:
    stated = tie.stated.target
    return stated.value if isinstance(stated, AliasEnd) else stated.key.id


def _untied(found: Gathered) -> tuple[UntiedView, ...]:
    views = []
    for tie in (*found.reach.untied, *(one for ties in found.out.values() for one in ties)):
        stated = tie.stated.target
        if tie.target.tie is Tie.TIED or tie.source.key is None:
            continue
        text = f"{stated.type}={stated.value}" if isinstance(stated, AliasEnd) else str(stated.key)
        views.append(UntiedView(tie.source.key, tie.verb, text, tie.target.tie, tie.target.keys))
    return tuple(sorted(set(views), key=lambda view: (view.source, view.verb, view.stated)))


def _source_of(found: Gathered, keys: Iterable[Key], verb: str) -> Thing | None:
    """Give what points at one of some keys by a verb: the first, by key."""
    sources = {tie.source.key for key in keys for tie in found.into.get(key, ()) if tie.verb == verb}
    named = sorted(key for key in sources if key is not None)
    return found.thing(named[0]) if named else None


def _built(found: Gathered, verb: str) -> Thing | None:
    """Give what the images were built from or by, where that is one thing for all of them."""
    ends = {tie.target.key for tie in _from_pods(found, verb)}
    [*one] = [key for key in ends if key is not None]
    return found.thing(one[0]) if len(one) == 1 else None


def _owner(found: Gathered, key: Key, over: Iterable[Key]) -> Thing | None:
    """Give who owns the thing, or what stands above it, or what contains it: whoever is nearest."""
    for one in (key, *sorted(over), *containers_of(key)):
        owned = sorted(tie.target.key for tie in found.tied(one, "OWNED_BY") if tie.target.key is not None)
        if owned:
            return found.thing(owned[0])
    return None
