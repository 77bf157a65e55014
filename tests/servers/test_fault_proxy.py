"""Does the proxy pass on what it should, and fail what it is told to, as a client sees it?"""

import contextlib
import json
import threading
from collections.abc import Iterator
from itertools import islice

import pytest
import urllib3

from tests.servers.errors import RequestRefused
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault
from tests.servers.kube_api import KubeApi
from tests.servers.kubeconfig import read_kubeconfig
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server
NAMESPACE = "fault-proxy"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"


@pytest.fixture(scope="module")
def many(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give the control plane with a namespace of thirty ConfigMaps, ten of them large."""
    control_plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    for index in range(30):
        metadata = {"name": f"map-{index:02d}", "namespace": NAMESPACE}
        data = {"text": "x" * (40_000 if index % 3 == 0 else 10)}
        control_plane.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}])
    yield control_plane
    control_plane.reset()


@pytest.fixture
def client(many: ControlPlane, fault_proxy: FaultProxy) -> Iterator[KubeApi]:
    """Give a client that goes through the proxy."""
    with contextlib.closing(KubeApi(read_kubeconfig(many.kubeconfig(server=fault_proxy.url)))) as api:
        yield api


def test_everything_passes_and_is_recorded(client: KubeApi, fault_proxy: FaultProxy, many: ControlPlane) -> None:
    """Without a fault the proxy is not to be noticed, and afterwards it knows what was asked."""
    assert client.items(MAPS, limit=7) == many.api.items(MAPS)
    assert client.request("GET", "/version") == many.api.request("GET", "/version")
    assert fault_proxy.verbs == {"list", "get"}
    assert [request.page for request in fault_proxy.requests if request.verb == "list"] == [1, 2, 3, 4, 5]
    client.patch(f"{MAPS}/map-01", {"data": {"text": "y"}})
    assert fault_proxy.verbs == {"list", "get", "patch"}
    fault_proxy.forget()
    assert fault_proxy.requests == []


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.UNAUTHORIZED, Fault.GONE, Fault.THROTTLED, Fault.ERROR])
def test_a_status_at_a_page(client: KubeApi, fault_proxy: FaultProxy, fault: Fault, page: int) -> None:
    """The pages before it come, then the error with the body of a real one; once cleared all is well."""
    hit = fault_proxy.inject(fault, MAPS, page=page)
    pages = client.pages(MAPS, limit=10)
    assert len(list(islice(pages, page - 1))) == page - 1
    with pytest.raises(RequestRefused) as refused:
        next(pages)
    assert (refused.value.status, hit.hits) == (int(fault), 1)
    assert json.loads(refused.value.body)["code"] == int(fault)
    fault_proxy.clear()
    assert len(client.items(MAPS, limit=10)) >= 30


def test_a_429_says_when_to_come_back(client: KubeApi, fault_proxy: FaultProxy) -> None:
    """Retry-After is what the test asked for."""
    fault_proxy.inject(Fault.THROTTLED, retry_after=7)
    answer = urllib3.request("GET", f"{fault_proxy.url}/api/v1/pods", retries=False)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("page", [1, 2])
def test_a_cut_body_is_seen_as_cut(client: KubeApi, fault_proxy: FaultProxy, page: int) -> None:
    """The connection ends before the promised length."""
    fault_proxy.inject(Fault.CUT, MAPS, page=page)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.items(MAPS, limit=10)


@pytest.mark.parametrize("page", [1, 2])
def test_truncated_json_is_complete_by_its_length(client: KubeApi, fault_proxy: FaultProxy, page: int) -> None:
    """HTTP is content; only the JSON is not."""
    fault_proxy.inject(Fault.TRUNCATED, MAPS, page=page)
    pages = client.pages(MAPS, limit=10)
    with pytest.raises(json.JSONDecodeError):
        list(pages)


def test_a_time_out_answers_nothing(client: KubeApi, fault_proxy: FaultProxy, many: ControlPlane) -> None:
    """The client waits as long as it likes, and others are served meanwhile."""
    fault_proxy.inject(Fault.TIMEOUT, MAPS)
    headers = {"Authorization": f"Bearer {many.access.token}"}
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        urllib3.request("GET", fault_proxy.url + MAPS, headers=headers, retries=False, timeout=0.5)
    assert client.ready()


def test_a_watch_streams(many: ControlPlane, fault_proxy: FaultProxy) -> None:
    """An event arrives when it happens, not when the watch ends; and a watch can be cut."""
    headers = {"Authorization": f"Bearer {many.access.token}"}
    version = many.api.request("GET", MAPS)["metadata"]["resourceVersion"]
    address = f"{fault_proxy.url}{MAPS}?watch=1&resourceVersion={version}&timeoutSeconds=20"
    change = threading.Timer(0.3, many.api.patch, (f"{MAPS}/map-02", {"data": {"text": version}}))
    change.start()
    with urllib3.request("GET", address, headers=headers, preload_content=False, timeout=10) as answer:
        event = json.loads(next(iter(answer.read_chunked())))
        assert (event["type"], event["object"]["metadata"]["name"]) == ("MODIFIED", "map-02")
        answer.close()
    change.join()
    assert fault_proxy.verbs == {"watch"}
    fault_proxy.inject(Fault.CUT, MAPS, verb="watch")
    with (
        urllib3.request("GET", address, headers=headers, preload_content=False, timeout=10) as answer,
        pytest.raises(urllib3.exceptions.ProtocolError),
    ):
        list(answer.read_chunked())


def test_what_passed_is_kept_where_that_was_asked_for(client: KubeApi, fault_proxy: FaultProxy) -> None:
    """The bodies of listings, page by page, whole and uncompressed; nothing of other paths."""
    kept = fault_proxy.keep(MAPS)
    listed = client.items(MAPS, limit=20)
    client.items("/api/v1/namespaces")
    assert [one.request.verb for one in kept] == ["list", "list"]
    assert sum(len(json.loads(one.body)["items"]) for one in kept) == len(listed)
