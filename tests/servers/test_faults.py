"""Does each fault meet the request that it is meant for, and no other?"""

import re

import pytest

from tests.servers.faults import Fault, Injection, Request, Script


def injection(path: str, *, verb: str | None = None, page: int | None = None, times: int | None = None) -> Injection:
    """Make one for a 500."""
    return Injection(Fault.ERROR, re.compile(path), verb, page, times, retry_after=1)


@pytest.mark.parametrize(
    ("target", "verb", "resource"),
    [
        ("/version", "get", None),
        ("/apis", "get", None),
        ("/apis/apps/v1", "get", None),
        ("/api/v1/pods?limit=500", "list", "pods"),
        ("/api/v1/namespaces", "list", "namespaces"),
        ("/api/v1/namespaces/shop", "get", "namespaces"),
        ("/api/v1/namespaces/shop/pods", "list", "pods"),
        ("/api/v1/namespaces/shop/pods/web-0", "get", "pods"),
        ("/api/v1/namespaces/shop/pods/web-0/status", "get", "pods"),
        ("/api/v1/nodes?watch=1&resourceVersion=7", "watch", "nodes"),
        ("/apis/apps/v1/deployments", "list", "deployments"),
        ("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", "list", "endpointslices"),
    ],
)
def test_a_request_is_named_as_kubernetes_names_it(target: str, verb: str, resource: str | None) -> None:
    """Get, list and watch are told apart by path and query alone."""
    request, _ = Script().note("GET", target)
    assert (request.verb, request.resource) == (verb, resource)


def test_what_writes_keeps_its_method() -> None:
    """Nothing that changes the server passes for a read."""
    assert Request("DELETE", "/api/v1/nodes/a", {}, 1).verb == "delete"


def test_pages_are_counted_by_their_tokens() -> None:
    """A new token is the next page, the same token again the same page, and no token the first."""
    script, path = Script(), "/api/v1/pods"
    targets = [path, f"{path}?continue=a", f"{path}?continue=a", f"{path}?continue=b", path]
    assert [script.note("GET", target)[0].page for target in targets] == [1, 2, 2, 3, 1]


def test_a_fault_meets_its_page_and_ends_after_its_times() -> None:
    """Page and times narrow together, and hits count what was met."""
    second = injection("/api/v1/pods", page=2, times=1)
    script = Script(injections=[second])
    met = [script.note("GET", f"/api/v1/pods{query}")[1] for query in ("", "?continue=a", "?continue=a", "")]
    assert met == [None, second, None, None]
    assert second.hits == 1


def test_a_path_is_met_whole() -> None:
    """A fault on pods is none on their namespace's pods, unless the expression says so."""
    script = Script(injections=[injection("/api/v1/pods", verb="list")])
    assert script.note("GET", "/api/v1/namespaces/shop/pods")[1] is None
    assert script.note("GET", "/api/v1/pods")[1] is not None
    assert script.note("GET", "/api/v1/pods?watch=true")[1] is None
