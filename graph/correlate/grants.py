"""Which ReferenceGrant allows a route, or a Gateway, what it names in another namespace?

A route of the Gateway API may lead to a service of another namespace, or copy its requests there, and a Gateway may
name the Secret of a certificate. Nothing comes of it until a ReferenceGrant there allows it: one of its `from` names
the kind and namespace of who refers, and one of its `to` the service or Secret, by name or as any. A tie that crosses
namespaces, of what is allowed by none, is not in effect.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from graph.model import EntityVersion, Key, KeyEnd, Relation, RelationVersion, Value
from graph.store import EntityFilter, GraphReader, RecordedChange

_GRANT = "k8s.referencegrant"
_GROUP = "gateway.networking.k8s.io"
_REFERRING = {
    "k8s.httproute": "HTTPRoute",
    "k8s.grpcroute": "GRPCRoute",
    "k8s.tlsroute": "TLSRoute",
    "k8s.tcproute": "TCPRoute",
    "k8s.gateway": "Gateway",
}
_NAMED = {"k8s.service": "Service", "k8s.secret": "Secret"}
_VERBS = ("ROUTES_TO", "USES_CONFIG", "DEPENDS_ON")
_MIRROR = "mirror"
"""The slot of the one dependency that needs a grant: what a route is attached to needs none."""


class Grants:
    """Route or Gateway ALLOWED_BY ReferenceGrant. Anchors are these. The slot says which service or Secret is meant."""

    name = "grants"
    version = 3
    states = frozenset({"ALLOWED_BY"})
    premises = frozenset({*_REFERRING, _GRANT, *_VERBS})

    def every(self, now: GraphReader) -> Iterable[Key]:
        """Give every route and Gateway."""
        return [one.key for one in _listed(now, _REFERRING, "")]

    def anchors(self, changes: Sequence[RecordedChange], before: GraphReader, now: GraphReader) -> Iterable[Key]:
        """Give each that differs or is tied anew; and where a grant differs, those it names at either time."""
        found = {key for one in changes for key in one.named if key.kind in _REFERRING}
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
        """Tie each to the grants that allow what it names in other namespaces."""
        referring = {key: one for key, one in now.latest(anchors).items() if one.closed is None}
        crossing: dict[Key, list[tuple[Key, Key]]] = defaultdict(list)
        for tie in now.relations(referring, outgoing=True, verbs=_VERBS) if referring else ():
            for who, named, namespace in _crosses(tie):
                crossing[namespace].append((who, named))
        for namespace in sorted(crossing):
            for grant in _listed(now, {_GRANT}, namespace):
                trusted = _trusted(grant)
                for who, named in sorted(set(crossing[namespace])):
                    if (who.kind, who.container) in trusted and _meant(grant, named):
                        yield who, _tie(referring[who], grant, named)


def _listed(reader: GraphReader, kinds: Collection[str], prefix: str) -> Sequence[EntityVersion]:
    return reader.entities(EntityFilter(kinds=frozenset(kinds), prefix=prefix), sys.maxsize)


def _crosses(tie: RelationVersion) -> Iterator[tuple[Key, Key, Key]]:
    """Give who refers, what is named, and the namespace of that, where it is another one."""
    who, named = tie.source.key, tie.target.key
    if who is None or named is None or named.kind not in _NAMED:
        return
    if tie.verb == "DEPENDS_ON" and tie.stated.slot != _MIRROR:
        return
    if named.container not in (None, who.container):
        yield who, named, Key(named.container or "")


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
    kinds = {name: kind for kind, name in _REFERRING.items()}
    return {
        (kinds[str(one.get("kind"))], cluster.child("k8s.namespace", str(one["namespace"])))
        for one in _entries(grant.attributes.get("from"))
        if one.get("group") == _GROUP and one.get("kind") in kinds and one.get("namespace")
    }


def _meant(grant: EntityVersion, named: Key) -> bool:
    """Tell whether a grant is for a service or Secret: by its name, or where it names none, for all of the kind."""
    wanted = ("", _NAMED[named.kind])
    return any(
        (one.get("group") or "", one.get("kind")) == wanted and one.get("name") in (None, "", named.id)
        for one in _entries(grant.attributes.get("to"))
    )


def _tie(who: EntityVersion, grant: EntityVersion, named: Key) -> Relation:
    source, target = KeyEnd(who.key, who.incarnation), KeyEnd(grant.key, grant.incarnation)
    return Relation(source, "ALLOWED_BY", target, slot=named.id)
