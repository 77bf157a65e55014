"""What is true of the cluster? Asked of its own API, by code that shares nothing with the collector."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.servers.kube_api import KubeApi, Manifest

Truth = dict[str, Any]


def cluster_uid(api: KubeApi) -> str:
    """Give the uid that identifies the cluster."""
    namespace = api.read("/api/v1/namespaces/kube-system")
    assert namespace is not None
    return str(namespace["metadata"]["uid"])


def services(api: KubeApi) -> dict[tuple[str, str], Truth]:
    """Give for each service its uid, and each pod behind it: node, zone, instance, readiness, images."""
    pods = {pod["metadata"]["uid"]: pod for pod in api.items("/api/v1/pods")}
    nodes = {node["metadata"]["name"]: node for node in api.items("/api/v1/nodes")}
    behind: dict[tuple[str, str], dict[str, Truth]] = defaultdict(dict)
    for endpoint_slice in api.items("/apis/discovery.k8s.io/v1/endpointslices"):
        metadata = endpoint_slice["metadata"]
        name = metadata.get("labels", {}).get("kubernetes.io/service-name")
        for endpoint in endpoint_slice.get("endpoints") or []:
            target = endpoint.get("targetRef")
            if name and target and target["kind"] == "Pod":
                pod = pods[target["uid"]]
                behind[metadata["namespace"], name][target["uid"]] = _pod(pod, nodes)
    found = {}
    for service in api.items("/api/v1/services"):
        place = service["metadata"]["namespace"], service["metadata"]["name"]
        found[place] = {"uid": service["metadata"]["uid"], "pods": behind.get(place, {})}
    return found


def slices_follow(api: KubeApi) -> bool:
    """Tell whether each service that selects a pod with an address has an EndpointSlice that names one."""
    named = {
        (one["metadata"]["namespace"], one["metadata"].get("labels", {}).get("kubernetes.io/service-name"))
        for one in api.items("/apis/discovery.k8s.io/v1/endpointslices")
        if one.get("endpoints")
    }
    pods = [pod for pod in api.items("/api/v1/pods") if pod["status"].get("phase") == "Running"]
    for service in api.items("/api/v1/services"):
        wanted, place = service["spec"].get("selector") or {}, service["metadata"]["namespace"]
        selects = any(
            pod["metadata"]["namespace"] == place
            and wanted.items() <= (pod["metadata"].get("labels") or {}).items()
            and pod["status"].get("podIP")
            for pod in pods
        )
        if wanted and selects and (place, service["metadata"]["name"]) not in named:
            return False
    return True


def _pod(pod: Manifest, nodes: dict[str, Manifest]) -> Truth:
    node = nodes[pod["spec"]["nodeName"]]
    statuses = pod["status"]["containerStatuses"]
    meant = {one["name"]: one["image"] for one in pod["spec"]["containers"]}
    conditions = {one["type"]: one["status"] for one in pod["status"]["conditions"]}
    return {
        "name": pod["metadata"]["name"],
        "node": node["metadata"]["name"],
        "zone": node["metadata"]["labels"].get("topology.kubernetes.io/zone"),
        "instance": node["spec"].get("providerID", "").rsplit("/", 1)[-1] or None,
        "ready": conditions.get("Ready") == "True",
        "images": {(meant[one["name"]], one["imageID"].rsplit("@", 1)[-1]) for one in statuses},
    }


def routes(api: KubeApi) -> set[tuple[str, str, str, str | None, str | None]]:
    """Give (namespace, ingress, service, host, path) of every way in; no host and path for a default backend."""
    found: set[tuple[str, str, str, str | None, str | None]] = set()
    for ingress in api.items("/apis/networking.k8s.io/v1/ingresses"):
        namespace, name = ingress["metadata"]["namespace"], ingress["metadata"]["name"]
        default = ingress["spec"].get("defaultBackend", {}).get("service")
        if default:
            found.add((namespace, name, default["name"], None, None))
        for rule in ingress["spec"].get("rules") or []:
            for path in rule.get("http", {}).get("paths", []):
                found.add((namespace, name, path["backend"]["service"]["name"], rule.get("host"), path.get("path")))
    return found


def owners(api: KubeApi) -> dict[str, tuple[str, str] | None]:
    """Give for each pod's uid the (kind, name) at the top of its chain of controllers; None where it has none."""
    objects: dict[str, Manifest] = {}
    for path in ("apps/v1/replicasets", "apps/v1/deployments", "apps/v1/statefulsets", "apps/v1/daemonsets"):
        for one in api.items(f"/apis/{path}"):
            objects[one["metadata"]["uid"]] = {**one, "kind": path.rsplit("/", 1)[-1]}
    for path in ("batch/v1/jobs", "batch/v1/cronjobs"):
        for one in api.items(f"/apis/{path}"):
            objects[one["metadata"]["uid"]] = {**one, "kind": path.rsplit("/", 1)[-1]}

    def top(metadata: Truth) -> Manifest | None:
        controllers = [one for one in metadata.get("ownerReferences", []) if one.get("controller")]
        if not controllers:
            return None
        owner = objects[controllers[0]["uid"]]
        return top(owner["metadata"]) or owner

    found: dict[str, tuple[str, str] | None] = {}
    for pod in api.items("/api/v1/pods"):
        owner = top(pod["metadata"])
        found[pod["metadata"]["uid"]] = (owner["kind"], owner["metadata"]["name"]) if owner else None
    return found
