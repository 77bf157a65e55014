"""Is the control plane that tests get a real one, with an estate that runs and rights that hold?"""

from collections.abc import Iterator

import pytest

from tests.servers import estate
from tests.servers.errors import RequestRefused
from tests.servers.identities import Rule
from tests.servers.images import image_id_of
from tests.servers.kube_api import KubeApi, Manifest
from tests.servers.kubeconfig import read_kubeconfig
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server
PODS, SLICES = "/api/v1/pods", "/apis/discovery.k8s.io/v1/endpointslices"


@pytest.fixture(scope="module")
def shop(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give the control plane with the estate at rest on it."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    control_plane.apply(estate.manifests())
    control_plane.wait_settled()
    yield control_plane
    control_plane.reset()


def one_pod(plane: ControlPlane, name: str) -> Manifest:
    """Return a pod of the app `name`."""
    return plane.api.items(PODS, labelSelector=f"app.kubernetes.io/name={name}")[0]


def path_of(pod: Manifest) -> str:
    """Return the pod's path."""
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def test_the_estate_comes_to_rest(shop: ControlPlane) -> None:
    """Every pod is bound to a node, has an IP of its own or its host's, and each container its image's digest."""
    pods = shop.api.items(PODS)
    assert len(pods) == estate.PODS
    addresses = [pod["status"]["podIP"] for pod in pods if not pod["spec"].get("hostNetwork")]
    assert len(set(addresses)) == len(addresses)
    for pod in pods:
        assert pod["spec"]["nodeName"]
        spec, status = pod["spec"], pod["status"]
        for wanted, seen in (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")):
            ids = {container["name"]: image_id_of(container["image"]) for container in spec.get(wanted, ())}
            assert {state["name"]: state["imageID"] for state in status.get(seen, ())} == ids


def test_nodes_keep_what_was_declared(shop: ControlPlane) -> None:
    """Zones, provider ids, addresses and capacity are the estate's, and every node is ready."""
    nodes = shop.api.items("/api/v1/nodes")
    assert {node["metadata"]["labels"]["topology.kubernetes.io/zone"][-1] for node in nodes} == {"a", "b", "c"}
    assert all(node["spec"]["providerID"].startswith("aws:///eu-west-1") for node in nodes)
    assert {node["status"]["addresses"][0]["address"] for node in nodes} >= {"10.0.1.11", "10.0.3.31"}
    ready = [held["status"] for node in nodes for held in node["status"]["conditions"] if held["type"] == "Ready"]
    assert ready == ["True"] * 4


def test_endpoint_slices_follow_readiness(shop: ControlPlane) -> None:
    """An annotation makes one pod unready; its endpoint says so, and says otherwise when the annotation goes."""
    pod = one_pod(shop, "storefront")

    def readiness() -> list[bool]:
        (piece,) = shop.api.items(SLICES, labelSelector="kubernetes.io/service-name=storefront")
        return sorted(endpoint["conditions"]["ready"] for endpoint in piece["endpoints"])

    shop.wait_for(lambda: readiness() == [True, True, True], what="an endpoint of each pod")
    shop.api.patch(path_of(pod), {"metadata": {"annotations": {"asbuilt.test/ready": "false"}}})
    shop.wait_for(lambda: readiness() == [False, True, True], what="one endpoint that is not ready")
    shop.api.patch(path_of(pod), {"metadata": {"annotations": {"asbuilt.test/ready": None}}})
    shop.wait_for(lambda: readiness() == [True, True, True], what="all endpoints ready")


def test_a_container_crashes_and_recovers(shop: ControlPlane) -> None:
    """The restarts are those that the annotation says, and one more once it runs again."""
    pod = one_pod(shop, "fraud")

    def container() -> tuple[int, str, str]:
        (state,) = (shop.api.read(path_of(pod)) or {})["status"]["containerStatuses"]
        return (
            state["restartCount"],
            *state["state"],
            "".join(state["lastState"].get("terminated", {}).get("reason", "")),
        )

    crash = {"asbuilt.test/crash": "3", "asbuilt.test/crash-reason": "OOMKilled"}
    shop.api.patch(path_of(pod), {"metadata": {"annotations": crash}})
    shop.wait_for(lambda: container() == (3, "waiting", "OOMKilled"), what="CrashLoopBackOff")
    shop.api.patch(path_of(pod), {"metadata": {"annotations": dict.fromkeys(crash)}})
    shop.wait_for(lambda: container() == (4, "running", "OOMKilled"), what="recovery")


def test_a_cron_job_s_job_completes(shop: ControlPlane) -> None:
    """Job and pod are owned in a chain, and the pod succeeds."""
    cron_job = shop.api.read("/apis/batch/v1/namespaces/shop/cronjobs/catalog-reindex")
    assert cron_job is not None
    shop.apply([estate.job_of(cron_job, "catalog-reindex-1")])
    job = "/apis/batch/v1/namespaces/shop/jobs/catalog-reindex-1"
    shop.wait_for(lambda: (shop.api.read(job) or {}).get("status", {}).get("succeeded") == 1, what="the Job's success")
    (pod,) = shop.api.items(PODS, labelSelector="batch.kubernetes.io/job-name=catalog-reindex-1")
    assert pod["status"]["phase"] == "Succeeded"


def test_a_listing_comes_in_pages(shop: ControlPlane) -> None:
    """`limit` and `continue` give every object once, and the first page says how many remain."""
    pages = list(shop.api.pages(PODS, limit=10))
    names = [item["metadata"]["uid"] for page in pages for item in page["items"]]
    assert len(pages) >= 3
    assert len(set(names)) == len(names) >= estate.PODS
    assert pages[0]["metadata"]["remainingItemCount"] == len(names) - 10


def test_an_identity_sees_what_it_may(shop: ControlPlane) -> None:
    """Other resources are answered 403, and rights that are taken away are gone when `allow` returns."""
    reader = shop.identity("reader", [Rule(("pods", "nodes")), Rule(("deployments",), "apps", namespaces=("shop",))])
    api = KubeApi(read_kubeconfig(shop.kubeconfig(token=reader.token)))
    assert api.items(PODS)
    assert api.items("/apis/apps/v1/namespaces/shop/deployments")
    for path in ("/api/v1/secrets", "/apis/apps/v1/deployments", "/apis/apps/v1/namespaces/payments/deployments"):
        with pytest.raises(RequestRefused, match="403"):
            api.items(path)
    reader.allow([Rule(("nodes",))])
    assert api.items("/api/v1/nodes")
    with pytest.raises(RequestRefused, match="forbidden"):
        api.items(PODS)


def test_an_old_position_expires(shop: ControlPlane) -> None:
    """After `expire` a watch from before and the rest of a listing are answered 410, and a new listing is whole."""
    first = shop.api.request("GET", PODS, query={"limit": 10})["metadata"]
    shop.api.patch("/api/v1/namespaces/shop", {"metadata": {"annotations": {"asbuilt.test/moved": "1"}}})
    shop.expire()
    with pytest.raises(RequestRefused, match="410"):
        shop.api.request("GET", PODS, query={"limit": 10, "continue": first["continue"]})
    watch = shop.api.request("GET", PODS, query={"watch": 1, "resourceVersion": first["resourceVersion"]})
    assert (watch["type"], watch["object"]["code"]) == ("ERROR", 410)
    assert len(shop.api.items(PODS, limit=10)) >= estate.PODS
    shop.wait_settled()


def test_a_cluster_goes_down_and_comes_back(shop: ControlPlane) -> None:
    """While it is down nobody answers; afterwards it is the same one, and its controllers work."""
    with shop.down():
        assert not shop.api.ready()
    cart = estate.manifest("Deployment", "cart")
    cart["spec"]["replicas"] = 3
    shop.apply([cart])
    shop.wait_settled("shop")
    assert len(shop.api.items(PODS, labelSelector="app.kubernetes.io/name=cart")) == 3


def test_deleting_an_owner_ends_what_it_owns(shop: ControlPlane) -> None:
    """ReplicaSets and pods go with their Deployment, and applied again they come back with other uids."""
    before = one_pod(shop, "mailer")["metadata"]["uid"]
    mailer = estate.manifest("Deployment", "mailer", "platform")
    shop.delete([mailer])
    selector = "app.kubernetes.io/name=mailer"
    shop.wait_for(lambda: not shop.api.items(PODS, labelSelector=selector), what="the end of the mailer's pod")
    shop.apply([mailer])
    shop.wait_settled("platform")
    assert one_pod(shop, "mailer")["metadata"]["uid"] != before
