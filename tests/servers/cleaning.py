"""How does a cluster of ours become empty again at once, so that every test can begin with nothing?"""

import time
from collections.abc import Collection, Iterator

from tests.servers.errors import NotInTime, RequestRefused
from tests.servers.kube_api import KubeApi

SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
NODES = "/api/v1/nodes"


def clean(api: KubeApi, *, timeout: float = 60.0) -> None:
    """Delete every namespace but the system's with all that is in it, the pods in `default`, and every node.

    Nodes go last: they end the pods.
    """
    names = {item["metadata"]["name"] for item in api.items("/api/v1/namespaces")} - SYSTEM_NAMESPACES
    clean_namespaces(api, names, timeout=timeout)
    _empty(api, [f"{group}/namespaces/default/{plural}" for group, plural in MADE_IN_DEFAULT], timeout)
    _empty(api, [NODES], timeout)


def clean_namespaces(api: KubeApi, names: Collection[str], *, timeout: float = 60.0) -> None:
    """Delete these namespaces with all that is in them.

    Their controller would only begin after five seconds, and not every cluster for tests has one, so its work is done
    here: what a namespace holds is deleted kind by kind, without grace, and then the namespace is finalised.
    """
    present = [name for name in names if api.read(f"/api/v1/namespaces/{name}")]
    for name in present:
        api.request("DELETE", f"/api/v1/namespaces/{name}")  # from now on nothing new is made in it
    _empty(api, [path.format(name) for path in namespaced_listings(api) for name in present], timeout)
    for name in present:
        _finalise(api, name)


MADE_IN_DEFAULT = (  # owners before what they own; the namespace itself has a Service and a ConfigMap that stay
    ("/apis/batch/v1", "cronjobs"),
    ("/apis/batch/v1", "jobs"),
    ("/apis/apps/v1", "deployments"),
    ("/apis/apps/v1", "statefulsets"),
    ("/apis/apps/v1", "daemonsets"),
    ("/apis/apps/v1", "replicasets"),
    ("/api/v1", "pods"),
)


AT_ONCE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def tells_alike(api: KubeApi) -> bool:
    """Tell whether every group that is listed says what it has, and all of it told at once names the same groups.

    One whose definition is gone is listed for a while; and one that hung when its registration was deleted is told at
    once for up to a minute.
    """
    try:
        groups = api.request("GET", "/apis")["groups"]
        versions = [version["groupVersion"] for group in groups for version in group["versions"]]
        at_once = {group["metadata"]["name"] for group in api.request("GET", "/apis", accept=AT_ONCE)["items"]}
        told = all(api.read(f"/apis/{version}") is not None for version in versions)
        return told and at_once == {group["name"] for group in groups}
    except RequestRefused:
        return False


def namespaced_listings(api: KubeApi) -> Iterator[str]:
    """Yield the listings that a namespace has on this server, as patterns with a place for its name."""
    roots = ["/api/v1"]
    roots += [f"/apis/{group['preferredVersion']['groupVersion']}" for group in api.request("GET", "/apis")["groups"]]
    for root in roots:
        for resource in api.request("GET", root)["resources"]:
            if resource["namespaced"] and {"deletecollection", "list"} <= set(resource["verbs"]):
                yield f"{root}/namespaces/{{}}/{resource['name']}"


def _empty(api: KubeApi, listings: Collection[str], timeout: float) -> None:
    end, left = time.monotonic() + timeout, list(listings)
    while left:
        for path in left:
            api.request("DELETE", path, query={"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
        left = [path for path in left if api.request("GET", path, query={"limit": 1})["items"]]
        if left and time.monotonic() > end:
            raise NotInTime(f"these were not empty within {timeout:.0f} s: {', '.join(left)}")
        time.sleep(0.05)


def _finalise(api: KubeApi, name: str) -> None:
    namespace = api.read(f"/api/v1/namespaces/{name}")
    if namespace is None:
        return
    namespace["spec"]["finalizers"] = []
    try:
        api.request("PUT", f"/api/v1/namespaces/{name}/finalize", namespace)
    except RequestRefused as error:
        if error.status not in (404, 409):  # its controller was faster
            raise
