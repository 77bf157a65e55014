"""Which ReferenceGrant allows a route to lead into another namespace?

A route of the Gateway API may name a service of another namespace, and nothing comes of it until a ReferenceGrant there
allows it: one of its `from` names the route's kind and namespace, and one of its `to` the service, by name or as any.
A tie that crosses namespaces, of a route that is allowed by none, is not in effect.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from graph.model import EntityVersion, Key, KeyEnd, Relation, RelationVersion, Value
from graph.store import EntityFilter, GraphReader, RecordedChange

_GRANT = "k8s.referencegrant"
_GROUP = "gateway.networking.k8s.io"
_ROUTES = {
    "k8s.httproute": "HTTPRoute",
    "k8s.grpcroute": "GRPCRoute",
    "k8s.tlsroute": "TLSRoute",
    "k8s.tcproute": "TCPRoute",
}


class Grants:
    """Route ALLOWED_BY ReferenceGrant. Anchors are routes. The slot says which service is meant."""

    name = "grants"
    version = 1
    states = frozenset({"ALLOWED_BY"})
    premises = frozenset({*_ROUTES, _GRANT, "ROUTES_TO"})

    def every(self, now: GraphReader) -> Iterable[Key]:
        """Give every route."""
        return [one.key for one in _listed(now, _ROUTES, "")]

    def anchors(self, changes: Sequence[RecordedChange], before: GraphReader, now: GraphReader) -> Iterable[Key]:
        """Give each route that differs or is tied anew; and where a grant differs, those it names at either time."""
        found = {key for one in changes for key in one.named if key.kind in _ROUTES}
        grants = {Key(one.change.subject) for one in changes if one.change.word == _GRANT}
        if grants:
            named = {
                (kind, namespace)
                for reader in (before, now)
                for grant in reader.latest(grants).values()
                for kind, namespace in _trusted(grant)
            }
            for kind, namespace in sorted(named):
                found.update(one.key for one in _listed(now, {kind}, namespace))
        return found

    def conclusions(self, anchors: Collection[Key], now: GraphReader) -> Iterator[tuple[Key, Relation]]:
        """Tie each route to the grants that allow what it names in other namespaces."""
        routes = {key: one for key, one in now.latest(anchors).items() if one.closed is None}
        crossing: dict[Key, list[tuple[Key, Key]]] = defaultdict(list)
        for tie in now.relations(routes, outgoing=True, verbs=("ROUTES_TO",)) if routes else ():
            for route, service, namespace in _crosses(tie):
                crossing[namespace].append((route, service))
        for namespace in sorted(crossing):
            for grant in _listed(now, {_GRANT}, namespace):
                trusted = _trusted(grant)
                for route, service in sorted(set(crossing[namespace])):
                    if (route.kind, route.container) in trusted and _meant(grant, service):
                        yield route, _tie(routes[route], grant, service)


def _listed(reader: GraphReader, kinds: Collection[str], prefix: str) -> Sequence[EntityVersion]:
    return reader.entities(EntityFilter(kinds=frozenset(kinds), prefix=prefix), sys.maxsize)


def _crosses(tie: RelationVersion) -> Iterator[tuple[Key, Key, Key]]:
    """Give the route, the service, and the service's namespace, where that is not the route's."""
    route, service = tie.source.key, tie.target.key
    if route is not None and service is not None and service.container not in (None, route.container):
        yield route, service, Key(service.container or "")


def _entries(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [one for one in value if isinstance(one, Mapping)]


def _trusted(grant: EntityVersion) -> set[tuple[str, Key]]:
    """Give the kinds and namespaces that may refer into the grant's own."""
    namespace = grant.key.container
    cluster = namespace.container if namespace is not None else None
    if cluster is None:
        return set()
    kinds = {name: kind for kind, name in _ROUTES.items()}
    return {
        (kinds[str(one.get("kind"))], cluster.child("k8s.namespace", str(one["namespace"])))
        for one in _entries(grant.attributes.get("from"))
        if one.get("group") == _GROUP and one.get("kind") in kinds and one.get("namespace")
    }


def _meant(grant: EntityVersion, service: Key) -> bool:
    """Tell whether a grant is for a service: by its name, or where it names none, for all of them."""
    return any(
        (one.get("group") or "", one.get("kind")) == ("", "Service") and one.get("name") in (None, "", service.id)
        for one in _entries(grant.attributes.get("to"))
    )


def _tie(route: EntityVersion, grant: EntityVersion, service: Key) -> Relation:
    source, target = KeyEnd(route.key, route.incarnation), KeyEnd(grant.key, grant.incarnation)
    return Relation(source, "ALLOWED_BY", target, slot=service.id)
