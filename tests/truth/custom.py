"""What do the custom resources name that others add to a cluster? By the documentation of each project.

Each function reads one kind: autoscalers, Argo Rollouts, Istio, cert-manager, External Secrets, load balancing and
Karpenter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.truth.objects import Cluster, Part, Thing, Tie, tie
from tests.truth.traffic import host


def ties(cluster: Cluster) -> Iterator[Tie]:
    """Give the ties of custom resources."""
    for word, read in READERS.items():
        for one in cluster.each(word):
            yield from read(cluster, one)


def _refer(cluster: Cluster, one: Thing, held: Part, group: str = "", kind: str = "") -> str | None:
    """Give what a reference means that may say its kind, and its group in any of three ways."""
    said = held.get("group", held.get("apiGroup", group))
    if "apiVersion" in held:
        said = held["apiVersion"].rpartition("/")[0]
    return cluster.refer(said, held.get("kind", kind), one.space, held["name"])


def _vpa(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if target := _refer(cluster, one, one.spec["targetRef"]):
        yield tie(one.key, "SCALES", target)


def _scaledobject(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if target := _refer(cluster, one, one.spec["scaleTargetRef"], "apps", "Deployment"):
        yield tie(one.key, "SCALES", target)
    for trigger in one.spec["triggers"]:
        if held := trigger.get("authenticationRef"):
            kind = held.get("kind", "TriggerAuthentication")
            yield tie(one.key, "DEPENDS_ON", str(cluster.refer("keda.sh", kind, one.space, held["name"])))


def _triggerauthentication(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    for field, word in (("secretTargetRef", "k8s.secret"), ("configMapTargetRef", "k8s.configmap")):
        keys: dict[str, list[str]] = {}
        for held in one.spec.get(field, []):
            keys.setdefault(held["name"], []).append(held["key"])
        for name, used in keys.items():
            yield tie(one.key, "USES_CONFIG", cluster.at(one.space, word, name), keys=sorted(used))


def _rollout(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if held := one.spec.get("workloadRef"):
        yield tie(one.key, "DEPENDS_ON", str(_refer(cluster, one, held)))
    blue, canary = (one.spec.get("strategy", {}).get(way, {}) for way in ("blueGreen", "canary"))
    routing = canary.get("trafficRouting", {})
    istio = routing.get("istio", {})
    services = [blue.get("activeService"), blue.get("previewService")]
    named = [("k8s.service", name) for name in (*services, canary.get("stableService"), canary.get("canaryService"))]
    named.append(("k8s.ingress", routing.get("nginx", {}).get("stableIngress")))
    named.append(("istio.virtualservice", istio.get("virtualService", {}).get("name")))
    named.append(("istio.destinationrule", istio.get("destinationRule", {}).get("name")))
    for word, name in named:
        if name:
            yield tie(one.key, "DEPENDS_ON", cluster.at(one.space, word, name))


def _virtualservice(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    for name in one.spec.get("gateways", []):
        space, _, short = name.rpartition("/")
        if name != "mesh":
            yield tie(one.key, "DEPENDS_ON", cluster.at(space or one.space, "istio.gateway", short))
    for rule in one.spec.get("http", []):
        if held := rule.get("delegate"):
            space = held.get("namespace", one.space)
            yield tie(one.key, "DEPENDS_ON", cluster.at(space, "istio.virtualservice", held["name"]))
        copies = [rule["mirror"]] if "mirror" in rule else []
        for held in [*copies, *(copy["destination"] for copy in rule.get("mirrors", []))]:
            name = held["host"]
            inside = cluster.at(one.space, "k8s.service", name) if "." not in name else host(cluster, name)
            yield tie(one.key, "DEPENDS_ON", inside or f"dns.name={name}")
        uris = [match["uri"] for match in rule.get("match", []) if "uri" in match]
        paths = [uri[how] for how in ("exact", "prefix", "regex") for uri in uris if how in uri]
        matches = rule.get("match", [])
        ports = [str(match["port"]) for match in matches if "port" in match]
        gateways = [name for match in matches for name in match.get("gateways", [])]
        others = any("headers" in match for match in matches)  # what these are is not told, but that there are some
        for route in rule.get("route", []):
            words = [*one.spec["hosts"], rule.get("name"), *paths, *ports, *gateways]
            yield _destination(cluster, one, route, words, "#" if others else "")
    for rule in one.spec.get("tcp", []):
        for route in rule["route"]:
            yield _destination(cluster, one, route, one.spec["hosts"])


def _destination(cluster: Cluster, one: Thing, route: Part, words: list[str | None], last: str = "") -> Tie:
    held = route["destination"]
    name, port = held["host"], held.get("port", {}).get("number")
    slot = " ".join(str(word) for word in (*words, held.get("subset"), port, last) if word)
    service = cluster.at(one.space, "k8s.service", name) if "." not in name else host(cluster, name)
    if service is None:  # outside of the mesh
        return tie(one.key, "DEPENDS_ON", f"dns.name={name}", slot)
    return tie(one.key, "ROUTES_TO", service, slot, port=port, weight=route.get("weight"))


def _destinationrule(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    name = one.spec["host"]
    service = cluster.at(one.space, "k8s.service", name) if "." not in name else host(cluster, name)
    if service:
        yield tie(service, "USES_CONFIG", one.key)


def _serviceentry(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    for name in one.spec["hosts"]:
        if not name.startswith("*"):
            yield tie(one.key, "DEPENDS_ON", host(cluster, name) or f"dns.name={name}")


def _certificate(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if issuer := _refer(cluster, one, one.spec["issuerRef"], "cert-manager.io", "Issuer"):
        yield tie(one.key, "DEPENDS_ON", issuer)
    yield tie(cluster.at(one.space, "k8s.secret", one.spec["secretName"]), "DECLARED_IN", one.key)


def _issuer(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    names = [one.spec.get("acme", {}).get("privateKeySecretRef", {}).get("name")]
    names.append(one.spec.get("ca", {}).get("secretName"))
    for name in filter(None, names):
        yield tie(one.key, "USES_CONFIG", cluster.at(one.space, "k8s.secret", name))
    solvers = [solver.get("dns01", {}) for solver in one.spec.get("acme", {}).get("solvers", [])]
    fields = [field for solver in solvers for provider in solver.values() for field in provider.items()]
    for held in (held for name, held in fields if name.endswith("SecretRef")):
        yield tie(one.key, "USES_CONFIG", cluster.at(one.space, "k8s.secret", held["name"]), keys=[held["key"]])


def _externalsecret(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    parts = [part.get("sourceRef", {}) for field in ("data", "dataFrom") for part in one.spec.get(field, [])]
    stores = [held.get("storeRef") for held in [{"storeRef": one.spec.get("secretStoreRef")}, *parts]]
    named = [_refer(cluster, one, held, "external-secrets.io", "SecretStore") for held in stores if held]
    named += [_refer(cluster, one, held["generatorRef"]) for held in parts if "generatorRef" in held]
    for target in filter(None, named):
        yield tie(one.key, "DEPENDS_ON", target)
    made = one.spec.get("target", {}).get("name") or one.meta["name"]
    yield tie(cluster.at(one.space, "k8s.secret", made), "DECLARED_IN", one.key)


def _secretstore(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    auth = one.spec["provider"].get("aws", {}).get("auth", {})
    keys: dict[str, list[str]] = {}
    for field in ("accessKeyIDSecretRef", "secretAccessKeySecretRef"):
        if held := auth.get("secretRef", {}).get(field):
            place = cluster.at(held.get("namespace") or one.space, "k8s.secret", held["name"])
            keys.setdefault(place, []).append(held["key"])
    login = one.spec["provider"].get("vault", {}).get("auth", {})
    for held in [field for way in login.values() for name, field in way.items() if name in ("roleRef", "secretRef")]:
        place = cluster.at(held.get("namespace") or one.space, "k8s.secret", held["name"])
        keys.setdefault(place, []).append(held["key"])
    for secret, used in keys.items():
        yield tie(one.key, "USES_CONFIG", secret, keys=sorted(used))
    if held := login.get("kubernetes", {}).get("serviceAccountRef"):
        yield tie(
            one.key, "RUNS_AS", cluster.at(held.get("namespace") or one.space, "k8s.serviceaccount", held["name"])
        )
    if held := auth.get("jwt", {}).get("serviceAccountRef"):
        space = held.get("namespace") or one.space
        yield tie(one.key, "RUNS_AS", cluster.at(space, "k8s.serviceaccount", held["name"]))


def _targetgroupbinding(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    service = one.spec["serviceRef"]
    target = cluster.at(one.space, "k8s.service", service["name"])
    yield tie(one.key, "ROUTES_TO", target, port=service["port"])
    if "targetGroupARN" in one.spec:
        yield tie(one.key, "EXPOSED_BY", f"aws.arn={one.spec['targetGroupARN']}")


def _nodepool(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if target := _refer(cluster, one, one.spec["template"]["spec"]["nodeClassRef"]):
        yield tie(one.key, "DEPENDS_ON", target)


def _nodeclaim(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    if target := _refer(cluster, one, one.spec["nodeClassRef"]):
        yield tie(one.key, "DEPENDS_ON", target)
    last = one.status.get("providerID", "").split("/")[-1]
    if last.startswith("i-"):
        yield tie(one.key, "REALIZED_BY", f"aws.ec2.instance.id={last}")


READERS: dict[str, Callable[[Cluster, Thing], Iterator[Tie]]] = {
    "k8s.vpa": _vpa,
    "keda.scaledobject": _scaledobject,
    "keda.triggerauthentication": _triggerauthentication,
    "argo.rollout": _rollout,
    "istio.virtualservice": _virtualservice,
    "istio.destinationrule": _destinationrule,
    "istio.serviceentry": _serviceentry,
    "certmanager.certificate": _certificate,
    "certmanager.issuer": _issuer,
    "externalsecrets.externalsecret": _externalsecret,
    "externalsecrets.secretstore": _secretstore,
    "externalsecrets.clustersecretstore": _secretstore,
    "k8s.targetgroupbinding": _targetgroupbinding,
    "karpenter.nodepool": _nodepool,
    "karpenter.nodeclaim": _nodeclaim,
}
