"""Where does traffic come in by the Gateway API, and which service does each route lead to?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from collectors.kubernetes.mapping.classes import of_class
from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import KINDS_BY_NAME, Object, Place, each, present, texts
from graph.model import KeyEnd, Relation, Statement

GROUP = "gateway.networking.k8s.io"


def gateway(place: Place, item: Object) -> Iterator[Statement]:
    """State a Gateway, its class, its listeners, its addresses, and the Secrets of its certificates."""
    meta, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    source = place.of("k8s.gateway", item)
    listeners = {listener["name"]: listener for listener in each(spec.get("listeners"))}
    attributes = present(
        **{"class": spec.get("gatewayClassName")},
        hosts=sorted({one["hostname"] for one in listeners.values() if one.get("hostname")}),
        listeners={name: _listener(listener) for name, listener in listeners.items()},
        load_balancer=sorted({one["value"] for one in each(status.get("addresses")) if one.get("value")}),
        conditions=conditions(status),
    )
    yield entity(place, "k8s.gateway", item, attributes)
    yield from owners(place, source, item)
    yield from of_class(place, source, "k8s.gatewayclass", spec.get("gatewayClassName"), "gatewayClassName")
    secrets = {
        (one.get("namespace") or meta["namespace"], one["name"])
        for listener in listeners.values()
        for one in each((listener.get("tls") or {}).get("certificateRefs"))
        if (one.get("group") or "", one.get("kind") or "Secret") == ("", "Secret")
    }
    for namespace, name in sorted(secrets):
        target = place.end("k8s.secret", namespace, name)
        yield Relation(source, "USES_CONFIG", target, attributes={"uses": ["tls"]})


def httproute(place: Place, item: Object) -> Iterator[Statement]:
    """State an HTTPRoute, its Gateways, and its services by host, path and port."""
    yield from _route(place, "k8s.httproute", item)


def grpcroute(place: Place, item: Object) -> Iterator[Statement]:
    """State a GRPCRoute, its Gateways, and its services by host, method and port."""
    yield from _route(place, "k8s.grpcroute", item)


def tlsroute(place: Place, item: Object) -> Iterator[Statement]:
    """State a TLSRoute, its Gateways, and its services by host and port."""
    yield from _route(place, "k8s.tlsroute", item)


def tcproute(place: Place, item: Object) -> Iterator[Statement]:
    """State a TCPRoute, its Gateways, and its services by port."""
    yield from _route(place, "k8s.tcproute", item)


def referencegrant(place: Place, item: Object) -> Iterator[Statement]:
    """State a ReferenceGrant: who may refer to what in its namespace. Whom it allows, a rule says."""
    spec = item["spec"]
    attributes = present(**{"from": list(each(spec.get("from"))), "to": list(each(spec.get("to")))})
    yield entity(place, "k8s.referencegrant", item, attributes)
    yield from owners(place, place.of("k8s.referencegrant", item), item)


def _listener(listener: Object) -> dict[str, Any]:
    allowed = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
    return present(
        host=listener.get("hostname"),
        port=listener.get("port"),
        protocol=listener.get("protocol"),
        tls=(listener.get("tls") or {}).get("mode"),
        routes_from=allowed.get("from"),
        routes_selector=dict(allowed.get("selector") or {}),
    )


def _route(place: Place, kind: str, item: Object) -> Iterator[Statement]:
    spec, source = item["spec"], place.of(kind, item)
    namespace = item["metadata"]["namespace"]
    rules = each(spec.get("rules"))
    parents = each(spec.get("parentRefs"))
    attributes = present(
        hosts=sorted(texts(spec.get("hostnames"))),
        parents=[_reference(parent, GROUP, "Gateway", namespace) for parent in parents],
        rules=[_rule(rule, namespace) for rule in rules],
        conditions=_conditions(item.get("status") or {}, namespace),
    )
    yield entity(place, kind, item, attributes)
    yield from owners(place, source, item)
    yield from _parents(place, source, parents, namespace)
    yield from _backends(place, source, sorted(texts(spec.get("hostnames"))), rules, namespace)
    yield from _mirrors(place, source, rules, namespace)


def _reference(reference: Object, group: str, kind: str, namespace: str) -> dict[str, Any]:
    named = {"group": reference.get("group", group), "kind": reference.get("kind") or kind}
    named |= {"namespace": reference.get("namespace") or namespace, "name": reference["name"]}
    return named | present(section=reference.get("sectionName"), port=reference.get("port"))


def _rule(rule: Object, namespace: str) -> dict[str, Any]:
    """Give what a rule says. Of headers and queries only the names are kept: a value may be a credential."""
    backends = each(rule.get("backendRefs"))
    return present(
        name=rule.get("name"),
        matches=[_match(match) for match in each(rule.get("matches"))],
        backends=[_reference(one, "", "Service", namespace) | present(weight=one.get("weight")) for one in backends],
        filters=[one["type"] for one in each(rule.get("filters"))],
    )


def _match(match: Object) -> dict[str, Any]:
    path, method = match.get("path") or {}, match.get("method")
    if isinstance(method, dict):  # of gRPC: a service and a method
        path = {"value": f"/{method.get('service') or '*'}/{method.get('method') or '*'}", "type": method.get("type")}
        method = None
    return present(
        path=path.get("value"),
        path_type=path.get("type"),
        method=method,
        headers=sorted(header["name"] for header in each(match.get("headers"))),
        query=sorted(parameter["name"] for parameter in each(match.get("queryParams"))),
    )


def _conditions(status: Object, namespace: str) -> dict[str, dict[str, str]]:
    """Give the conditions that each parent sets, with the reason where one is not met."""
    parents = each(status.get("parents"))
    return {
        name: {
            one["type"]: one["status"] if one["status"] == "True" else f"{one['status']} {one.get('reason') or ''}"
            for one in each(parent.get("conditions"))
        }
        for name, parent in zip(_names(parents, namespace), parents, strict=True)
    }


def _names(parents: Sequence[Object], namespace: str) -> list[str]:
    """Name each parent that says how it took a route: shortly where that is enough, or by all that tells it apart."""
    ways: tuple[list[str], ...] = ([], [], [])
    for parent in parents:
        named = _reference(parent["parentRef"], GROUP, "Gateway", namespace)
        kind = "" if named["kind"] == "Gateway" else named["kind"]
        port = f":{named['port']}" if "port" in named else ""
        whole = [kind, f"{named['namespace']}/{named['name']}", named.get("section"), port]
        names = ([named["name"]], whole, [*whole, parent.get("controllerName")])
        for way, parts in zip(ways, names, strict=True):
            way.append(" ".join(str(part) for part in parts if part))
    return [next((way[at] for way in ways if way.count(way[at]) == 1), ways[-1][at]) for at in range(len(parents))]


def _parents(place: Place, source: KeyEnd, parents: Sequence[Object], namespace: str) -> Iterator[Relation]:
    seen: set[tuple[str, str]] = set()
    for parent in parents:
        named = _reference(parent, GROUP, "Gateway", namespace)
        kind = KINDS_BY_NAME.get((named["group"], named["kind"]))
        if kind in ("k8s.gateway", "k8s.service"):
            slot = str(named.get("section") or named.get("port") or "")
            target = place.end(kind, named["namespace"], named["name"])
            if (target.key, slot) not in seen:
                seen.add((target.key, slot))
                yield Relation(source, "DEPENDS_ON", target, slot, {"uses": ["parentRefs"]})


def _backends(
    place: Place, source: KeyEnd, hosts: Sequence[str], rules: Sequence[Object], namespace: str
) -> Iterator[Relation]:
    """Tie a route to its services, once for each host, match and port: the first rule for a match counts.

    The weights of one service within a rule add up. An absent weight is 1, an absent list of matches matches all. Of
    TCP and TLS no rule has matches, and nothing says which of them counts: each leads where it says.
    """
    seen: set[str] = set()
    told_by: set[tuple[KeyEnd, str]] = set()
    for rule in rules:
        ways = [(host, match) for host in (hosts or ["*"]) for match in (each(rule.get("matches")) or [{}])]
        for host, match in ways:
            way = _way(place, host, match)
            if way in seen and source.key.kind not in _MATCHLESS:
                continue
            seen.add(way)
            for name, attributes in _weighed(rule, namespace).items():
                kept = _match(match)
                told = present(host=None if host == "*" else host, **{word: kept.get(word) for word in _TOLD})
                port = f" :{attributes['port']}" if "port" in attributes else ""
                target = place.end("k8s.service", name[0], name[1])
                if (target, f"{way}{port}") not in told_by:
                    told_by.add((target, f"{way}{port}"))
                    yield Relation(source, "ROUTES_TO", target, f"{way}{port}", told | attributes)


def _mirrors(place: Place, source: KeyEnd, rules: Sequence[Object], namespace: str) -> Iterator[Relation]:
    """Tie a route to the services that get a copy of its requests, once each. Nobody waits for their answers."""
    filters = [
        one
        for rule in rules
        for holder in (rule, *each(rule.get("backendRefs")))
        for one in each(holder.get("filters"))
        if one.get("requestMirror")
    ]
    named = [_reference(one["requestMirror"]["backendRef"], "", "Service", namespace) for one in filters]
    services = {
        (one["namespace"], one["name"]) for one in named if (one["group"] or "", one["kind"]) == ("", "Service")
    }
    for at, name in sorted(services):
        end = place.end("k8s.service", at, name)
        yield Relation(source, "DEPENDS_ON", end, "mirror", {"uses": ["requestMirror"]})


_MATCHLESS = ("k8s.tcproute", "k8s.tlsroute")
_TOLD = ("path", "path_type", "method")


def _way(place: Place, host: str, match: Object) -> str:
    """Name a way in: host, method, path; and a hash of whatever else it takes."""
    told = _match(match)
    parts = [host, told.get("method"), told.get("path")]
    if told.get("path_type") not in (None, "PathPrefix"):
        parts.append(told["path_type"])
    others = {word: match[word] for word in ("headers", "queryParams") if match.get(word)}
    if others:
        parts.append(f"#{place.hashed(json.dumps(others, sort_keys=True))}")
    return " ".join(part for part in parts if part)


def _weighed(rule: Object, namespace: str) -> dict[tuple[str, str, Any], dict[str, Any]]:
    found: dict[tuple[str, str, Any], dict[str, Any]] = {}
    for backend in each(rule.get("backendRefs")):
        if (backend.get("group") or "", backend.get("kind") or "Service") == ("", "Service"):
            at, weight = backend.get("namespace") or namespace, backend.get("weight")
            name = (at, backend["name"], backend.get("port"))
            held = found.setdefault(name, present(port=backend.get("port")) | {"weight": 0})
            held["weight"] += 1 if weight is None else weight
            if at != namespace:
                held["cross_namespace"] = True
    return found
