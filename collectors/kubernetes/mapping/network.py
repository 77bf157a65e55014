"""How does traffic find its pods: services and ingresses?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.classes import of_class
from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from graph.model import Alias, AliasEnd, End, Holding, KeyEnd, Method, Relation, Statement

_IN_CLUSTER = re.compile(r"(?:[a-z0-9-]+\.)?(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local)?")

HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
"""A host name, in small letters and without a dot at its end."""

NAMED_OUTSIDE = ("aws.elbv2.load_balancer", "aws.rds.cluster", "aws.rds.instance", "dns.record")
"""The kinds that a name outside of the cluster may mean."""


def service(place: Place, item: Object) -> Iterator[Statement]:
    """State a Service, and what an external name stands for. Its pods are stated by its EndpointSlices."""
    spec, status = item["spec"], item.get("status") or {}
    ips = texts(spec.get("clusterIPs")) or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    cluster_ips = [address for address in ips if address != "None"]
    affinity = spec.get("sessionAffinity")
    attributes = present(
        type=spec.get("type"),
        cluster_ips=cluster_ips,
        external_name=spec.get("externalName"),
        ports=[_service_port(port) for port in each(spec.get("ports"))],
        selector=dict(spec.get("selector") or {}),
        session_affinity=None if affinity == "None" else affinity,
        headless=True if "None" in ips else None,
        external_traffic_policy=spec.get("externalTrafficPolicy"),
        load_balancer_class=spec.get("loadBalancerClass"),
        load_balancer_source_ranges=sorted(texts(spec.get("loadBalancerSourceRanges"))),
        external_ips=sorted(texts(spec.get("externalIPs"))),
        publish_not_ready_addresses=spec.get("publishNotReadyAddresses") or None,
        load_balancer=_load_balancer(status),
    )
    aliases = tuple(Alias("ip", place.in_network(address), Holding.EXCLUSIVE) for address in cluster_ips)
    yield entity(place, "k8s.service", item, attributes, aliases=aliases)
    yield from owners(place, place.of("k8s.service", item), item)
    if spec.get("type") == "ExternalName" and spec.get("externalName"):
        yield leans_on_host(place, place.of("k8s.service", item), spec["externalName"], "externalName")


def ingress(place: Place, item: Object) -> Iterator[Statement]:
    """State an Ingress, the services that its rules lead to, and the Secrets of its certificates (ontology R7)."""
    meta, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    source = place.of("k8s.ingress", item)
    rules = list(_rules(spec))
    default = spec.get("defaultBackend") or spec.get("backend") or {}
    tls = [
        present(hosts=sorted(texts(part.get("hosts"))), secret=part.get("secretName")) for part in each(spec.get("tls"))
    ]
    attributes = present(
        **{"class": spec.get("ingressClassName") or (meta.get("annotations") or {}).get("kubernetes.io/ingress.class")},
        hosts=sorted({rule["host"] for rule in each(spec.get("rules")) if rule.get("host")}),
        tls=tls,
        rules=rules,
        default_backend=_backend(default),
        load_balancer=_load_balancer(status),
    )
    yield entity(place, "k8s.ingress", item, attributes)
    yield from owners(place, source, item)
    yield from of_class(place, source, "k8s.ingressclass", spec.get("ingressClassName"), "ingressClassName")
    routes = [(_way(rule), rule) for rule in rules]
    if default:
        routes.append(("default", _backend(default) | {"default": True}))
    yield from _routes(place, source, meta["namespace"], routes)
    for name in sorted({part["secret"] for part in tls if "secret" in part}):
        target = place.end("k8s.secret", meta["namespace"], name)
        yield Relation(source, "USES_CONFIG", target, attributes={"uses": ["tls"]})


def in_cluster(host: str) -> tuple[str, str] | None:
    """Read the host name of a service of the cluster, or of a pod that has its own by it: namespace and name of it."""
    named = _IN_CLUSTER.fullmatch(host)
    return (named["namespace"], named["name"]) if named else None


def leans_on_host(place: Place, source: KeyEnd, host: str, way: str) -> Relation:
    """Tie a service to what a host name stands for: another service of the cluster, or whoever has the name."""
    name = host.lower().rstrip(".")
    target: End
    if inside := in_cluster(name):
        target = place.end("k8s.service", *inside)
    else:
        target = AliasEnd("dns.name", name, NAMED_OUTSIDE)
    return Relation(source, "DEPENDS_ON", target, attributes={"uses": [way]}, method=Method.DNS, confidence=0.95)


def _routes(
    place: Place, source: KeyEnd, namespace: str, routes: list[tuple[str, dict[str, Any]]]
) -> Iterator[Relation]:
    seen: set[tuple[str, str]] = set()
    for slot, route in routes:
        service_name = route.get("service")
        if service_name and (slot, service_name) not in seen:  # the first rule for a path is the one that counts
            seen.add((slot, service_name))
            attributes = {name: value for name, value in route.items() if name not in ("service", "resource")}
            target = place.end("k8s.service", namespace, service_name)
            yield Relation(source, "ROUTES_TO", target, slot, attributes)


def _way(rule: dict[str, Any]) -> str:
    """Name a way in: a path alone, and all that begins with it, may lead to one service by two ports."""
    way = f"{rule.get('host', '*')} {rule.get('path', '/')}"
    return f"{way} Exact" if rule.get("path_type") == "Exact" else way


def _rules(spec: Object) -> Iterator[dict[str, Any]]:
    for rule in each(spec.get("rules")):
        for path in each((rule.get("http") or {}).get("paths")):
            host = present(host=rule.get("host"), path=path.get("path"), path_type=path.get("pathType"))
            yield host | _backend(path.get("backend") or {})


def _backend(backend: Object) -> dict[str, Any]:
    """Read a backend: `service` since networking.k8s.io/v1, `serviceName` in the versions before."""
    named = backend.get("service") or {}
    port = named.get("port") or {}
    resource = backend.get("resource") or {}
    return present(
        service=named.get("name") or backend.get("serviceName"),
        port=port.get("name") or port.get("number") or backend.get("servicePort"),
        resource=f"{resource['kind']}/{resource['name']}" if resource else None,
    )


def _service_port(port: Object) -> dict[str, Any]:
    return present(
        name=port.get("name"),
        port=port["port"],
        target_port=port.get("targetPort"),
        protocol=port.get("protocol"),
        node_port=port.get("nodePort"),
        app_protocol=port.get("appProtocol"),
    )


def _load_balancer(status: Object) -> list[str]:
    entries = each((status.get("loadBalancer") or {}).get("ingress"))
    return sorted({entry.get("hostname") or entry.get("ip") or "" for entry in entries} - {""})
