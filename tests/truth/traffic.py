"""How does traffic go, by services, ingresses and the Gateway API; and whom does the API server itself ask?"""

from __future__ import annotations

from collections.abc import Iterator

from tests.truth.objects import Cluster, Part, Thing, Tie, tie

ROUTES = {
    "k8s.httproute": "HTTPRoute",
    "k8s.grpcroute": "GRPCRoute",
    "k8s.tlsroute": "TLSRoute",
    "k8s.tcproute": "TCPRoute",
}
GATEWAY_API = "gateway.networking.k8s.io"


def ties(cluster: Cluster) -> Iterator[Tie]:
    """Give the ties of everything that traffic goes through."""
    for one in cluster.each("k8s.service"):
        if one.spec.get("type") == "ExternalName":
            service = host(cluster, one.spec["externalName"])
            yield tie(one.key, "DEPENDS_ON", service or f"dns.name={one.spec['externalName']}")
    for one in cluster.each("k8s.endpointslice"):
        yield from _endpoints(cluster, one)
    for one in cluster.each("k8s.ingress"):
        yield from _ingress(cluster, one)
    for one in cluster.each("k8s.gateway"):
        yield from _gateway(cluster, one)
    for one in cluster.each(*ROUTES):
        yield from _route(cluster, one)
    yield from _extensions(cluster)


def host(cluster: Cluster, name: str) -> str | None:
    """Give the service that a host name of the cluster means."""
    parts = name.removesuffix(".cluster.local").split(".")
    if parts[-1] == "svc" and len(parts) in (3, 4):  # a pod has a name by its service: pod.service.namespace.svc
        return cluster.at(parts[-2], "k8s.service", parts[-3])
    return None


def _endpoints(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    name = one.meta.get("labels", {}).get("kubernetes.io/service-name")
    pods: dict[str, list[Part]] = {}
    for endpoint in one.item.get("endpoints") or []:
        if name and endpoint.get("targetRef", {}).get("kind") == "Pod":
            pods.setdefault(endpoint["targetRef"]["uid"], []).append(endpoint)
    if name and one.item["addressType"] == "FQDN":
        for far in {address for endpoint in one.item["endpoints"] for address in endpoint["addresses"]}:
            yield tie(cluster.at(one.space, "k8s.service", name), "DEPENDS_ON", host(cluster, far) or f"dns.name={far}")
    for uid, endpoints in pods.items():
        yield tie(
            cluster.at(one.space, "k8s.service", str(name)),
            "SELECTS",
            cluster.at(one.space, "k8s.pod", uid),
            one.item["addressType"],
            ready=any(endpoint["conditions"].get("ready", True) for endpoint in endpoints),
            addresses=sorted(address for endpoint in endpoints for address in endpoint["addresses"]),
            zone=next((endpoint["zone"] for endpoint in endpoints if "zone" in endpoint), None),
        )


def _ingress(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if "ingressClassName" in one.spec:
        yield tie(one.key, "USES_CONFIG", cluster.at("", "k8s.ingressclass", one.spec["ingressClassName"]))
    for part in one.spec.get("tls", []):
        if "secretName" in part:
            yield tie(one.key, "USES_CONFIG", cluster.at(one.space, "k8s.secret", part["secretName"]))
    ways = [("default", one.spec["defaultBackend"], {"default": True})] if "defaultBackend" in one.spec else []
    for rule in one.spec.get("rules", []):
        for path in rule.get("http", {}).get("paths", []):
            told = {"host": rule.get("host"), "path": path.get("path"), "path_type": path["pathType"]}
            way = f"{rule.get('host', '*')} {path.get('path', '/')}"
            ways.append((f"{way} Exact" if path["pathType"] == "Exact" else way, path["backend"], told))
    for slot, backend, told in ways:
        if service := backend.get("service"):  # else a resource is served, and no service
            port = service["port"].get("name") or service["port"].get("number")
            target = cluster.at(one.space, "k8s.service", service["name"])
            yield tie(one.key, "ROUTES_TO", target, slot, port=port, **told)


def _gateway(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    yield tie(one.key, "USES_CONFIG", cluster.at("", "k8s.gatewayclass", one.spec["gatewayClassName"]))
    for listener in one.spec["listeners"]:
        for held in listener.get("tls", {}).get("certificateRefs", []):
            if (held.get("group", ""), held.get("kind", "Secret")) == ("", "Secret"):
                space = held.get("namespace", one.space)
                yield tie(one.key, "USES_CONFIG", cluster.at(space, "k8s.secret", held["name"]))
                yield from _allowed(cluster, one, "Gateway", ("Secret", space, held["name"]))


def _route(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    for parent in one.spec.get("parentRefs", []):
        kind = parent.get("group", GATEWAY_API), parent.get("kind", "Gateway")
        target = cluster.refer(*kind, parent.get("namespace", one.space), parent["name"])
        if target and kind in ((GATEWAY_API, "Gateway"), ("", "Service")):
            slot = str(parent.get("sectionName") or parent.get("port") or "")
            yield tie(one.key, "DEPENDS_ON", target, slot)
    taken = set()
    for rule in one.spec.get("rules", []):
        yield from _copied(cluster, one, rule)
        for name in one.spec.get("hostnames") or ["*"]:
            for match in rule.get("matches") or [{}]:
                way, told = _way(name, match)
                mark = (way, str(match.get("headers")), str(match.get("queryParams")))
                matchless = one.word in ("k8s.tcproute", "k8s.tlsroute")
                if mark not in taken or matchless:  # the first rule for a match is the one that counts
                    taken.add(mark)
                    yield from _backends(cluster, one, rule, way, told)


def _copied(cluster: Cluster, one: Thing, rule: Part) -> Iterator[Tie]:
    """Give the services that get a copy of the requests."""
    for held in [rule, *rule.get("backendRefs", [])]:
        for copy in [changed["requestMirror"]["backendRef"] for changed in held.get("filters", [])]:
            space = copy.get("namespace", one.space)
            yield tie(one.key, "DEPENDS_ON", cluster.at(space, "k8s.service", copy["name"]), "mirror")
            yield from _allowed(cluster, one, ROUTES[one.word], ("Service", space, copy["name"]))


def _way(name: str, match: Part) -> tuple[str, dict[str, str | None]]:
    """Put a match into words. What its headers and parameters are is not told, but that there are some."""
    path, method = match.get("path", {}), match.get("method")
    if isinstance(method, dict):
        path = {"value": f"/{method.get('service', '*')}/{method.get('method', '*')}", "type": method.get("type")}
        method = None
    parts = [name, method, path.get("value"), None if path.get("type") == "PathPrefix" else path.get("type")]
    parts.append("#" if match.get("headers") or match.get("queryParams") else None)
    told = {"path": path.get("value"), "path_type": path.get("type"), "method": method}
    return " ".join(part for part in parts if part), told | {"host": None if name == "*" else name}


def _backends(cluster: Cluster, one: Thing, rule: Part, way: str, told: dict[str, str | None]) -> Iterator[Tie]:
    weights: dict[tuple[str, str, int | None], int] = {}
    for backend in rule.get("backendRefs", []):
        if (backend.get("group", ""), backend.get("kind", "Service")) == ("", "Service"):
            place = (backend.get("namespace", one.space), backend["name"], backend.get("port"))
            weights[place] = weights.get(place, 0) + backend.get("weight", 1)
    for (space, name, port), weight in weights.items():
        yield tie(
            one.key,
            "ROUTES_TO",
            cluster.at(space, "k8s.service", name),
            f"{way} :{port}" if port else way,
            weight=weight,
            port=port,
            cross_namespace=space != one.space or None,
            **told,
        )
        yield from _allowed(cluster, one, ROUTES[one.word], ("Service", space, name))


def _allowed(cluster: Cluster, one: Thing, kind: str, named: tuple[str, str, str]) -> Iterator[Tie]:
    """Find the grants, in another namespace, that let an object name what it names there."""
    wanted, space, name = named
    for grant in cluster.each("k8s.referencegrant") if space != one.space else ():
        trusted = {(held["group"], held["kind"], held["namespace"]) for held in grant.spec["from"]}
        meant = {(held["group"], held["kind"], held.get("name") or name) for held in grant.spec["to"]}
        if grant.space == space and (GATEWAY_API, kind, one.space) in trusted and ("", wanted, name) in meant:
            yield tie(one.key, "ALLOWED_BY", grant.key, name)


def _extensions(cluster: Cluster) -> Iterator[Tie]:
    asked = []
    for one in cluster.each("k8s.mutatingwebhookconfiguration", "k8s.validatingwebhookconfiguration"):
        asked += [(one, hook["name"], hook["clientConfig"].get("service")) for hook in one.item["webhooks"]]
    for one in cluster.each("k8s.apiservice"):
        asked.append((one, "", one.spec.get("service")))
    for one in cluster.each("k8s.customresourcedefinition"):
        client = one.spec.get("conversion", {}).get("webhook", {}).get("clientConfig", {})
        asked.append((one, "conversion", client.get("service")))
    for one, slot, service in asked:
        if service:
            target = cluster.at(service["namespace"], "k8s.service", service["name"])
            yield tie(one.key, "ROUTES_TO", target, slot, port=service.get("port", 443), path=service.get("path"))
