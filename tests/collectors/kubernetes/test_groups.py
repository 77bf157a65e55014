"""Is what a server serves the same, told at once or group by group, and is nothing taken for told that is stale?"""

import json
from typing import Any

import pytest

from collectors import testing
from collectors.contract import Failed
from collectors.kubernetes.client import Client
from collectors.kubernetes.connection import Answer
from collectors.kubernetes.groups import ALL_AT_ONCE, Offered, groups, resources
from tests.collectors.kubernetes.memory_api import MemoryApi, all_samples, collector
from tests.collectors.kubernetes.test_collector import scope_of

LISTED = "/apis/apiregistration.k8s.io/v1/apiservices"


def _modern(**settings: Any) -> MemoryApi:
    api = MemoryApi(all_samples(), **settings)
    api.at_once = True
    return api


def _discovery(*items: object) -> Answer:
    return Answer(200, json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode())


def test_what_is_served_is_the_same_told_at_once() -> None:
    """The same scopes, in two calls in place of one for each group."""
    old, modern = MemoryApi(all_samples()), _modern()
    assert collector(modern).scopes() == collector(old).scopes()
    asked = [path.partition("?")[0] for path in modern.requests]
    assert sorted(asked) == ["/api", "/api/v1/namespaces/kube-system", "/apis", LISTED]
    assert len(old.requests) > len(asked) + 10


def test_a_server_of_old_may_say_so() -> None:
    """What asks for all at once takes the mere names too, and both versions of the form."""
    asked = ALL_AT_ONCE.split(", ")
    assert [one.partition(";")[2] for one in asked] == [
        "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "",
    ]


def test_a_stale_group_is_asked_itself() -> None:
    """The API behind it could not be asked: that it has nothing is no word of its own."""
    api = _modern()
    api.stale = {"argoproj.io"}
    assert collector(api).scopes() == collector(MemoryApi(all_samples())).scopes()
    assert "/apis/argoproj.io/v1" in api.requests
    api.fail["/apis/argoproj.io/v1", 1] = Answer(503, b"")
    reader = collector(api)
    with pytest.raises(Failed, match=r"the resources of /apis/argoproj.io/v1"):
        testing.observed(reader, scope_of(reader, "applications.argoproj.io"))
    assert testing.observed(reader, scope_of(reader, "pods"))


@pytest.mark.parametrize("version", [{}, {"freshness": "Stale"}, {"freshness": "Current", "resources": "none"}])
def test_what_does_not_say_that_it_is_current_has_told_nothing(version: dict[str, Any]) -> None:
    """A word that is missing, or another one, or no list: the version is asked."""
    api = MemoryApi({})
    api.fail["/apis", 1] = _discovery({"metadata": {"name": "apps"}, "versions": [{"version": "v1", **version}]})
    told = dict(groups(Client(api)))
    assert told["apps"][0].told is None
    assert "deployments" in {one.plural for one in resources(Client(api), told["apps"][0])}
    assert api.requests[-1] == "/apis/apps/v1"


def test_the_preferred_version_comes_first() -> None:
    """Their order says so; what has no objects of its own has no kind; rubbish is no resource."""
    of = {"resource": "jobs", "responseKind": {"kind": "Job"}, "scope": "Namespaced", "verbs": ["list", 7]}
    part = {"resource": "parts", "responseKind": "rubbish", "scope": "Cluster"}
    versions = [
        {"version": "v2", "freshness": "Current", "resources": [of, part, "rubbish", {"resource": 7}]},
        {"version": "v1", "freshness": "Current"},
    ]
    api = MemoryApi({})
    api.fail["/apis", 1] = _discovery({"metadata": {"name": "batch"}, "versions": versions}, "rubbish")
    told = dict(groups(Client(api)))
    assert [one.prefix for one in told["batch"]] == ["/apis/batch/v2", "/apis/batch/v1"]
    assert resources(Client(api), told["batch"][0]) == (
        Offered("jobs", "Job", namespaced=True, verbs=frozenset({"list"})),
        Offered("parts", None, namespaced=False),
    )
    assert resources(Client(api), told["batch"][1]) == ()
    assert api.requests == ["/api", "/apis"]


@pytest.mark.parametrize("path", ["/api", "/apis"])
@pytest.mark.parametrize("items", [None, {"items": 7}, {"items": [{"metadata": {"name": "apps"}}]}])
def test_an_answer_of_the_wrong_shape_is_an_error(path: str, items: dict[str, Any] | None) -> None:
    """Never a shorter list."""
    api = _modern()
    api.fail[path, 1] = Answer(200, json.dumps({"kind": "APIGroupDiscoveryList", **(items or {})}).encode())
    with pytest.raises(Failed, match=f"{path} has no list of"):
        collector(api).scopes()
