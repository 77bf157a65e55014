"""Which ties do the objects of a cluster have? Asked of its own API, by code that shares nothing with the collector.

A tie is (source, verb, target); a thing is `<plural>/<namespace>/<name>`, or `<plural>/<name>` where no namespace has
it. What is no object of the cluster goes by the type and value that name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.servers.kube_api import KubeApi, Manifest

Tie = tuple[str, str, str]

LISTINGS = {
    "nodes": "/api/v1",
    "pods": "/api/v1",
    "services": "/api/v1",
    "configmaps": "/api/v1",
    "secrets": "/api/v1",
    "persistentvolumes": "/api/v1",
    "persistentvolumeclaims": "/api/v1",
    "resourcequotas": "/api/v1",
    "limitranges": "/api/v1",
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "cronjobs": "/apis/batch/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "clusterrolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "mutatingwebhookconfigurations": "/apis/admissionregistration.k8s.io/v1",
    "validatingwebhookconfigurations": "/apis/admissionregistration.k8s.io/v1",
    "apiservices": "/apis/apiregistration.k8s.io/v1",
    "events": "/apis/events.k8s.io/v1",
    "gateways": "/apis/gateway.networking.k8s.io/v1",
    "httproutes": "/apis/gateway.networking.k8s.io/v1",
    "grpcroutes": "/apis/gateway.networking.k8s.io/v1",
    "tlsroutes": "/apis/gateway.networking.k8s.io/v1alpha2",
    "tcproutes": "/apis/gateway.networking.k8s.io/v1alpha2",
    "referencegrants": "/apis/gateway.networking.k8s.io/v1beta1",
    "kustomizations": "/apis/kustomize.toolkit.fluxcd.io/v1",
    "helmreleases": "/apis/helm.toolkit.fluxcd.io/v2",
    "gitrepositories": "/apis/source.toolkit.fluxcd.io/v1",
}
ROUTES = {"httproutes": "HTTPRoute", "grpcroutes": "GRPCRoute", "tlsroutes": "TLSRoute", "tcproutes": "TCPRoute"}
PLURALS = {
    "GitRepository": "gitrepositories", "HelmRepository": "helmrepositories", "OCIRepository": "ocirepositories",
    "Deployment": "deployments", "Pod": "pods", "Node": "nodes", "ReplicaSet": "replicasets", "Role": "roles",
    "ClusterRole": "clusterroles", "ConfigMap": "configmaps", "Secret": "secrets", "StatefulSet": "statefulsets",
    "PersistentVolumeClaim": "persistentvolumeclaims", "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "Job": "jobs", "CronJob": "cronjobs", "Service": "services", "PodDisruptionBudget": "poddisruptionbudgets",
    "DaemonSet": "daemonsets", "Ingress": "ingresses", "ServiceAccount": "serviceaccounts",
}  # fmt: skip
WORKLOADS = ("deployments", "statefulsets", "replicasets", "cronjobs")
VERBS = frozenset(
    {
        "ALLOWED_BY", "BOUND_TO", "DECLARED_IN", "DEPENDS_ON", "GRANTS", "GRANTS_TO", "GUARDS", "IN_REGION", "IN_ZONE",
        "LIMITS", "MOUNTS", "PROTECTED_BY", "REALIZED_BY", "REGARDS", "ROUTES_TO", "SCALES", "USES_CONFIG",
    }
)  # fmt: skip
"""The verbs that are compared here; ownership, placement and endpoints are compared elsewhere."""

Objects = dict[str, list[Manifest]]


def ties(api: KubeApi) -> set[Tie]:
    """Give every tie of the verbs above that the objects of a cluster have."""
    objects = {plural: api.items(f"{prefix}/{plural}") for plural, prefix in LISTINGS.items()}
    found: set[Tie] = set()
    for part in (_storage, _pods, _traffic, _gateway, _rights, _limits, _webhooks, _delivery, _events, _selected):
        found.update(part(objects))
    return found


def at(plural: str, namespace: str, name: str) -> str:
    """Name a thing of a namespace."""
    return f"{plural}/{namespace}/{name}"


def _me(plural: str, item: Manifest) -> str:
    meta = item["metadata"]
    return at(plural, meta["namespace"], meta["name"]) if "namespace" in meta else f"{plural}/{meta['name']}"


def _storage(objects: Objects) -> Iterator[Tie]:
    for plural in ("persistentvolumes", "persistentvolumeclaims"):
        for item in objects[plural]:
            if item["spec"].get("storageClassName"):
                yield _me(plural, item), "USES_CONFIG", f"storageclasses/{item['spec']['storageClassName']}"
    for item in objects["persistentvolumeclaims"]:
        if "volumeName" in item["spec"]:
            yield _me("persistentvolumeclaims", item), "BOUND_TO", f"persistentvolumes/{item['spec']['volumeName']}"
    for item in objects["persistentvolumes"]:
        me, csi = _me("persistentvolumes", item), item["spec"]["csi"]
        yield me, "REALIZED_BY", f"aws.ebs.volume.id={csi['volumeHandle']}"
        for secret in [csi["nodeStageSecretRef"]] if "nodeStageSecretRef" in csi else []:
            yield me, "USES_CONFIG", at("secrets", secret["namespace"], secret["name"])
        for term in item["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]:
            for expression in term["matchExpressions"]:
                for zone in expression["values"]:
                    yield me, "IN_ZONE", f"cloud.availability_zone.name={zone}"
    for item in objects["nodes"]:
        me, labels = _me("nodes", item), item["metadata"]["labels"]
        yield me, "REALIZED_BY", f"aws.ec2.instance.id={item['spec']['providerID'].split('/')[-1]}"
        yield me, "IN_ZONE", f"cloud.availability_zone.name={labels['topology.kubernetes.io/zone']}"
        yield me, "IN_REGION", f"cloud.region.name={labels['topology.kubernetes.io/region']}"


def _pods(objects: Objects) -> Iterator[Tie]:
    for plural in (*WORKLOADS, "pods"):
        for item in objects[plural]:
            spec = item["spec"]
            if plural == "cronjobs":
                spec = spec["jobTemplate"]["spec"]
            pod = spec if plural == "pods" else spec["template"]["spec"]
            for verb, target in _of_pod(pod, item["metadata"]["namespace"]):
                yield _me(plural, item), verb, target
            for claim in spec.get("volumeClaimTemplates", []) if plural != "pods" else []:
                yield _me(plural, item), "USES_CONFIG", f"storageclasses/{claim['spec']['storageClassName']}"


def _of_pod(pod: dict[str, Any], namespace: str) -> Iterator[tuple[str, str]]:
    if "priorityClassName" in pod:
        yield "USES_CONFIG", f"priorityclasses/{pod['priorityClassName']}"
    for secret in pod.get("imagePullSecrets", []):
        yield "USES_CONFIG", at("secrets", namespace, secret["name"])
    for container in pod["containers"]:
        for source in container.get("envFrom", []):
            for field, plural in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
                if field in source:
                    yield "USES_CONFIG", at(plural, namespace, source[field]["name"])
    for volume in pod.get("volumes", []):
        if "persistentVolumeClaim" in volume:
            yield "MOUNTS", at("persistentvolumeclaims", namespace, volume["persistentVolumeClaim"]["claimName"])
        for source in volume.get("projected", {}).get("sources", []):
            for field, plural in (("configMap", "configmaps"), ("secret", "secrets")):
                if field in source:
                    yield "MOUNTS", at(plural, namespace, source[field]["name"])


def _traffic(objects: Objects) -> Iterator[Tie]:
    for item in objects["services"]:
        name = item["spec"].get("externalName", "")
        if name.endswith(".svc.cluster.local"):
            service, namespace = name.split(".")[:2]
            yield _me("services", item), "DEPENDS_ON", at("services", namespace, service)
        elif name:
            yield _me("services", item), "DEPENDS_ON", f"dns.name={name}"
    for item in objects["ingresses"]:
        me, namespace, spec = _me("ingresses", item), item["metadata"]["namespace"], item["spec"]
        yield me, "USES_CONFIG", f"ingressclasses/{spec['ingressClassName']}"
        for part in spec.get("tls", []):
            yield me, "USES_CONFIG", at("secrets", namespace, part["secretName"])
        for rule in spec["rules"]:
            for path in rule["http"]["paths"]:
                yield me, "ROUTES_TO", at("services", namespace, path["backend"]["service"]["name"])


def _gateway(objects: Objects) -> Iterator[Tie]:
    for item in objects["gateways"]:
        me, namespace, spec = _me("gateways", item), item["metadata"]["namespace"], item["spec"]
        yield me, "USES_CONFIG", f"gatewayclasses/{spec['gatewayClassName']}"
        for listener in spec["listeners"]:
            for reference in listener["tls"]["certificateRefs"]:
                yield me, "USES_CONFIG", at("secrets", namespace, reference["name"])
    for plural, kind in ROUTES.items():
        for item in objects[plural]:
            me, namespace, spec = _me(plural, item), item["metadata"]["namespace"], item["spec"]
            for parent in spec["parentRefs"]:
                yield me, "DEPENDS_ON", at("gateways", namespace, parent["name"])
            for backend in (one for rule in spec["rules"] for one in rule["backendRefs"]):
                space = backend.get("namespace", namespace)
                yield me, "ROUTES_TO", at("services", space, backend["name"])
                for grant in objects["referencegrants"] if space != namespace else []:
                    from_ = {(one["kind"], one["namespace"]) for one in grant["spec"]["from"]}
                    to = {(one["kind"], one.get("name", backend["name"])) for one in grant["spec"]["to"]}
                    inside = grant["metadata"]["namespace"] == space
                    if inside and (kind, namespace) in from_ and ("Service", backend["name"]) in to:
                        yield me, "ALLOWED_BY", _me("referencegrants", grant)


def _rights(objects: Objects) -> Iterator[Tie]:
    for plural in ("rolebindings", "clusterrolebindings"):
        for item in objects[plural]:
            me, role = _me(plural, item), item["roleRef"]
            cluster = role["kind"] == "ClusterRole"
            place = role["name"] if cluster else f"{item['metadata']['namespace']}/{role['name']}"
            yield me, "GRANTS", f"{PLURALS[role['kind']]}/{place}"
            for subject in item.get("subjects", []):
                if subject["kind"] == "ServiceAccount":
                    yield me, "GRANTS_TO", at("serviceaccounts", subject["namespace"], subject["name"])


def _limits(objects: Objects) -> Iterator[Tie]:
    for plural in ("resourcequotas", "limitranges"):
        for item in objects[plural]:
            yield _me(plural, item), "LIMITS", f"namespaces/{item['metadata']['namespace']}"
    for item in objects["horizontalpodautoscalers"]:
        target = item["spec"]["scaleTargetRef"]
        place = at(PLURALS[target["kind"]], item["metadata"]["namespace"], target["name"])
        yield _me("horizontalpodautoscalers", item), "SCALES", place


def _webhooks(objects: Objects) -> Iterator[Tie]:
    for plural in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
        for item in objects[plural]:
            for webhook in item["webhooks"]:
                service = webhook["clientConfig"]["service"]
                yield _me(plural, item), "ROUTES_TO", at("services", service["namespace"], service["name"])
    for item in objects["apiservices"]:
        if service := item["spec"].get("service"):
            yield _me("apiservices", item), "ROUTES_TO", at("services", service["namespace"], service["name"])


def _delivery(objects: Objects) -> Iterator[Tie]:
    for item in objects["kustomizations"]:
        me, namespace, spec = _me("kustomizations", item), item["metadata"]["namespace"], item["spec"]
        yield me, "DEPENDS_ON", at(PLURALS[spec["sourceRef"]["kind"]], namespace, spec["sourceRef"]["name"])
        for one in spec["dependsOn"]:
            yield me, "DEPENDS_ON", at("kustomizations", one["namespace"], one["name"])
        for one in spec["postBuild"]["substituteFrom"]:
            yield me, "USES_CONFIG", at(PLURALS[one["kind"]], namespace, one["name"])
    for item in objects["helmreleases"]:
        me, namespace, spec = _me("helmreleases", item), item["metadata"]["namespace"], item["spec"]
        source = spec["chart"]["spec"]["sourceRef"] if "chart" in spec else spec["chartRef"]
        yield me, "DEPENDS_ON", at(PLURALS[source["kind"]], namespace, source["name"])
        for one in spec.get("valuesFrom", []):
            yield me, "USES_CONFIG", at(PLURALS[one["kind"]], namespace, one["name"])
        release = spec.get("releaseName", item["metadata"]["name"])
        yield at("helm", namespace, release), "DECLARED_IN", me
    for item in objects["gitrepositories"]:
        secret = item["spec"]["secretRef"]["name"]
        yield _me("gitrepositories", item), "USES_CONFIG", at("secrets", item["metadata"]["namespace"], secret)
    for plural in ("deployments", "configmaps", "helmreleases"):
        for item in objects[plural]:
            yield from _declared(_me(plural, item), item["metadata"])


def _declared(me: str, metadata: dict[str, Any]) -> Iterator[Tie]:
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    if "meta.helm.sh/release-name" in annotations:
        release = annotations["meta.helm.sh/release-name"]
        yield me, "DECLARED_IN", at("helm", annotations["meta.helm.sh/release-namespace"], release)
    if "argocd.argoproj.io/tracking-id" in annotations:
        app = annotations["argocd.argoproj.io/tracking-id"].split(":")[0]
        yield me, "DECLARED_IN", at("applications", "harbor", app)
    for tool, plural in (("kustomize", "kustomizations"), ("helm", "helmreleases")):
        if f"{tool}.toolkit.fluxcd.io/name" in labels:
            namespace, name = (labels[f"{tool}.toolkit.fluxcd.io/{word}"] for word in ("namespace", "name"))
            yield me, "DECLARED_IN", at(plural, namespace, name)


def _events(objects: Objects) -> Iterator[Tie]:
    for item in objects["events"]:
        for reference in (item.get("regarding"), item.get("related")):
            if reference and reference["kind"] in PLURALS:
                parts = (PLURALS[reference["kind"]], reference.get("namespace"), reference["name"])
                yield _me("events", item), "REGARDS", "/".join(part for part in parts if part)


def _selected(objects: Objects) -> Iterator[Tie]:
    things: list[tuple[str, str, dict[str, str]]] = []
    for plural in ("deployments", "statefulsets", "cronjobs", "pods"):
        for item in objects[plural]:
            meta = item["metadata"]
            holder = item["spec"]["jobTemplate"]["spec"] if plural == "cronjobs" else item["spec"]
            held = meta if plural == "pods" else holder["template"]["metadata"]
            things.append((meta["namespace"], _me(plural, item), held.get("labels", {})))
    for plural, field in (("networkpolicies", "podSelector"), ("poddisruptionbudgets", "selector")):
        for item in objects[plural]:
            for namespace, thing, labels in things:
                if namespace == item["metadata"]["namespace"] and _meant(item["spec"][field], labels):
                    me = _me(plural, item)
                    yield (thing, "PROTECTED_BY", me) if plural == "networkpolicies" else (me, "GUARDS", thing)


def _meant(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    verdicts = [labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()]
    for one in selector.get("matchExpressions", []):
        key, values = one["key"], one.get("values", [])
        verdicts.append(
            {
                "In": labels.get(key) in values,
                "NotIn": labels.get(key) not in values,
                "Exists": key in labels,
                "DoesNotExist": key not in labels,
            }[one["operator"]]
        )
    return all(verdicts)
