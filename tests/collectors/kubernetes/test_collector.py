"""Does the collector read a cluster to the end or raise, whatever the API server answers?"""

import json
from typing import Any

import pytest

from collectors import testing
from collectors.contract import Collector, Failed, Forbidden
from collectors.kubernetes import collector as collector_module
from collectors.kubernetes import plugin
from collectors.kubernetes.connection import Answer
from collectors.kubernetes.resources import ANY_OBJECT, RESOURCES
from collectors.kubernetes.served import OWN_GROUPS
from graph.model import Document, Key, Position, Scope
from tests.collectors.kubernetes.memory_api import (
    UID,
    VERSIONS,
    WIDGET,
    MemoryApi,
    all_samples,
    collector,
    sample,
    samples,
)

CLUSTER = f"k8s.cluster/{UID}"
PODS = "/api/v1/pods"
FAILURES: dict[str, Answer | Exception] = {
    "401": Answer(401, b"{}"),
    "403": Answer(403, b"{}"),
    "429": Answer(429, b"{}", 7.0),
    "500": Answer(500, b"{}"),
    "redirect": Answer(302, b""),
    "truncated": Answer(200, b'{"metadata": {"resourceVersion": "1"}, "items": [{"meta'),
    "no object": Answer(200, b"[]"),
    "no items": Answer(200, b'{"metadata": {"resourceVersion": "1"}}'),
    "no position": Answer(200, b'{"metadata": {}, "items": []}'),
    "position no number": Answer(200, b'{"metadata": {"resourceVersion": "x"}, "items": []}'),
    "no uid": Answer(200, b'{"metadata": {"resourceVersion": "1"}, "items": [{"metadata": {"resourceVersion": "1"}}]}'),
    "rubbish": Answer(200, b'{"metadata": {"resourceVersion": "1"}, "items": [7]}'),
    "no answer": Failed("did not answer in time"),
}


def many(resource: str, count: int) -> list[dict[str, Any]]:
    """Return so many objects of a resource."""
    items = [sample(resource) for _ in range(count)]
    for number, item in enumerate(items):
        item["metadata"] |= {"uid": f"uid-{number}", "name": f"name-{number}"}
    return items


def scope_of(reader: Collector, name: str) -> Scope:
    """Return a scope by its name."""
    return next(scope for scope in reader.scopes() if scope.name == name)


def test_the_contract_is_kept() -> None:
    """Stable scopes, position first, equal documents, known words, known attributes, no secrets."""

    def make() -> Collector:
        return collector(MemoryApi(samples()))

    testing.check_scopes_stable(make(), plugin.states)
    testing.check_position_first(make())
    testing.check_same_recording_twice_equal_documents(make)
    testing.check_vocabulary(make())
    testing.check_knowledge(make(), plugin.knowledge)
    testing.check_no_secrets(make(), ["canary", "Y2FuYXJ5"])


def test_knowledge_names_nothing_that_is_never_filled() -> None:
    """The samples fill every attribute of every kind and verb that the plugin claims to know."""
    filled: dict[str, set[str]] = {}
    read = collector(MemoryApi(all_samples()), custom_resources=[WIDGET], configmap_values=["shop"])
    for documents in testing.world(read).values():
        for document in documents:
            for said in document.statements:
                filled.setdefault(testing.word_of(said), set()).update(said.attributes)
    claimed = {word: set(names) for word, names in plugin.knowledge.fields.items()}
    assert claimed == {word: filled.get(word, set()) for word in claimed}


def test_every_kind_and_verb_that_a_scope_states_is_stated_by_a_sample() -> None:
    """No scope claims to be a home of what it never states; an owner, and what declares it, any object may have."""
    for scope, documents in testing.world(collector(MemoryApi(all_samples()))).items():
        stated = {testing.word_of(said) for document in documents for said in document.statements}
        assert scope.states - stated <= set(ANY_OBJECT)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("resource", [each.name for each in RESOURCES])
def test_a_failure_at_any_page_of_any_resource_raises(resource: str, failure: str) -> None:
    """Never a shorter world."""
    row = next(each for each in RESOURCES if each.name == resource)

    def failing(page: int) -> Collector:
        api = MemoryApi({resource: many(resource, 5)})
        api.fail[api.path(row.group, row.plural), page] = FAILURES[failure]
        return collector(api, page_size=2)

    testing.check_failure_at_each_page_raises(failing, resource, 3)


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        ("401", Forbidden, "pods, page 2: the cluster does not take these credentials (401)"),
        ("403", Forbidden, "pods, page 2: not allowed (403); grant 'list' on pods of API group ''"),
        ("429", Failed, "pods, page 2: the server asks for fewer requests (429)"),
        ("truncated", Failed, "pods, page 2: 55 bytes that are no complete JSON"),
    ],
)
def test_a_failure_names_resource_page_and_next_step(failure: str, kind: type[Exception], words: str) -> None:
    """So that whoever reads it knows what to do."""
    api = MemoryApi({"pods": many("pods", 5)})
    api.fail[PODS, 2] = FAILURES[failure]
    reader = collector(api, page_size=2)
    with pytest.raises(kind) as caught:
        testing.observed(reader, scope_of(reader, "pods"))
    assert words in str(caught.value)
    assert getattr(caught.value, "retry_after", None) == (7.0 if failure == "429" else None)
    assert api.forgotten == (failure == "401")  # refused credentials are loaded anew


def test_a_listing_whose_instant_expires_begins_again() -> None:
    """410 at a later page: a second position, and everything anew from it."""
    api = MemoryApi({"pods": many("pods", 3)})
    reader = collector(api, page_size=2)
    scope = scope_of(reader, "pods")
    api.fail[PODS, 2] = Answer(410, b"{}")
    items = []
    for item in reader.observe(scope):
        items.append(item)
        if len(items) == 4:  # the second position was just given
            api.fail.clear()
            api.position = 200
    positions = [index for index, item in enumerate(items) if isinstance(item, Position)]
    assert positions == [0, 3]
    assert [item.id for item in items[4:] if isinstance(item, Document)] == ["uid-0", "uid-1", "uid-2"]


def test_a_listing_that_keeps_expiring_fails() -> None:
    """After a few beginnings the run is a failed one; and 410 at the first page is one at once."""
    api = MemoryApi({"pods": many("pods", 3)})
    reader = collector(api, page_size=2)
    api.fail[PODS, 2] = Answer(410, b"{}")
    with pytest.raises(Failed, match="expired 3 times before its end"):
        testing.observed(reader, scope_of(reader, "pods"))
    api.fail[PODS, 1] = Answer(410, b"{}")
    with pytest.raises(Failed, match="page 1"):
        testing.observed(reader, scope_of(reader, "pods"))


GATEWAY = "gateway.networking.k8s.io"


def test_scopes_are_named_as_kubectl_names_resources() -> None:
    """The cluster, then every resource, over the whole cluster."""
    scopes = collector(MemoryApi({})).scopes()
    assert [scope.name for scope in scopes] == ["cluster", *(each.name for each in RESOURCES)]
    assert {scope.range for scope in scopes} == {CLUSTER}
    assert all(scope.snapshot for scope in scopes)
    definitions = {scope.name: scope.within.id for scope in scopes if scope.within}
    assert definitions == {one.name: one.name for one in RESOURCES if one.group not in OWN_GROUPS}


def test_a_group_that_told_what_it_has_fails_as_no_more_than_that() -> None:
    """What it did not have is no scope that fails once it cannot be asked: nobody was ever to look into that."""
    api = MemoryApi({"applications.argoproj.io": []}, versions={"": "v1", "argoproj.io": "v1", GATEWAY: "v1"})
    for name in ("tlsroutes", "tcproutes"):
        del api.lists[f"/apis/{GATEWAY}/v1/{name}"]
    reader = collector(api)
    before = reader.scopes()
    for group in ("argoproj.io", GATEWAY):
        api.fail[f"/apis/{group}/v1", 1] = Answer(503, b"")
    assert reader.scopes() == before
    with pytest.raises(Failed, match=f"the resources of /apis/{GATEWAY}/v1"):
        testing.observed(reader, scope_of(reader, f"gateways.{GATEWAY}"))
    fresh = {scope.name for scope in collector(api).scopes()}
    assert fresh - {scope.name for scope in before} >= {"*.argoproj.io", f"tlsroutes.{GATEWAY}", f"*.{GATEWAY}"}


def test_namespaced_mode_reads_only_the_named_namespaces() -> None:
    """One scope for each resource and namespace, which exists by it; nothing cluster-wide but the version."""
    api = MemoryApi({})
    scopes = {scope.name: scope for scope in collector(api, namespaces=["shop"], cluster_uid="c1").scopes()}
    shop = Key.parse("k8s.cluster/c1/k8s.namespace/shop")
    assert (scopes["pods/shop"].range, scopes["pods/shop"].within) == (shop, shop)
    assert (scopes["namespaces/shop"].range, scopes["namespaces/shop"].within) == (shop, None)
    assert "nodes" not in scopes
    assert not [path for path in api.requests if "kube-system" in path]


def test_a_kind_that_is_not_served_is_no_scope() -> None:
    """An old server without EndpointSlices has none to look into."""
    versions = {"apps": "v1", "batch": "v1", "networking.k8s.io": "v1"}
    names = [scope.name for scope in collector(MemoryApi({}, versions=versions)).scopes()]
    assert "endpointslices.discovery.k8s.io" not in names
    assert "pods" in names


def test_no_version_is_assumed() -> None:
    """What is served as v1beta1 is read as v1beta1."""
    api = MemoryApi(samples(), versions={"batch": "v1beta1", "networking.k8s.io": "v1beta1"})
    reader = collector(api)
    assert testing.observed(reader, scope_of(reader, "cronjobs.batch"))
    assert any(path.startswith("/apis/batch/v1beta1/cronjobs") for path in api.requests)


def test_a_group_that_cannot_be_asked_is_listed_and_fails() -> None:
    """Its scopes are there, reading them raises, and the others are read."""
    api = MemoryApi(samples())
    api.fail["/apis/apps/v1", 1] = Answer(503, b"")
    reader = collector(api)
    scopes = {scope.name: scope for scope in reader.scopes()}
    with pytest.raises(Failed, match="the resources of /apis/apps/v1"):
        testing.observed(reader, scopes["deployments.apps"])
    assert testing.observed(reader, scopes["pods"])


@pytest.mark.parametrize("path", ["/api", "/apis", "/api/v1/namespaces/kube-system"])
def test_scopes_that_cannot_be_told_are_an_error(path: str) -> None:
    """Never a shorter list."""
    api = MemoryApi(samples())
    api.fail[path, 1] = Answer(503, b"")
    with pytest.raises(Failed):
        collector(api).scopes()


def test_another_cluster_behind_the_same_address_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a listing and at its end: what another cluster says is not concluded about this one."""
    api = MemoryApi(samples())
    reader = collector(api)
    before = scope_of(reader, "pods")
    monkeypatch.setattr(collector_module, "IDENTITY_HOLDS", -1.0)
    api.uid = "another"
    with pytest.raises(Failed, match="another cluster answers here"):
        testing.observed(reader, before)
    reader.scopes()
    with pytest.raises(Failed, match="another cluster answers here"):
        testing.observed(reader, before)


def test_values_of_secrets_are_never_asked_for() -> None:
    """Metadata only, with nothing to fall back to; a server that sends more is not listened to."""
    api = MemoryApi({"secrets": many("secrets", 2)})
    reader = collector(api)
    scope = scope_of(reader, "secrets")
    listing = {"kind": "SecretList", "metadata": {"resourceVersion": "1"}, "items": many("secrets", 1)}
    api.fail["/api/v1/secrets", 1] = Answer(200, json.dumps(listing).encode())
    with pytest.raises(Failed, match="more than metadata"):
        testing.observed(reader, scope)


def test_an_unchanged_object_is_not_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Observing makes documents and reads nothing but uid and version."""
    bad = {"metadata": {"uid": "u", "resourceVersion": "3"}, "spec": "rubbish"}
    reader = collector(MemoryApi({"pods": [bad]}))
    [document] = testing.observed(reader, scope_of(reader, "pods"))
    assert (document.id, document.version) == ("u", "3")


def test_a_page_that_comes_again_and_again_is_an_error() -> None:
    """A server that never gets on does not keep us for ever."""
    api = MemoryApi({"pods": many("pods", 3)})
    reader = collector(api, page_size=2)
    page = {"metadata": {"resourceVersion": "1", "continue": "2"}, "items": many("pods", 1)}
    api.fail[PODS, 2] = Answer(200, json.dumps(page).encode())
    with pytest.raises(Failed, match="the same page again and again"):
        testing.observed(reader, scope_of(reader, "pods"))


def test_it_connects_nothing_before_it_is_asked() -> None:
    """Making a collector of a kubeconfig that does not exist is no error; reading with it is."""
    reader = plugin.connect("prod", plugin.settings.model_validate({"kubeconfig": "/nowhere/kubeconfig"}))
    with pytest.raises(Failed, match=r"kubeconfig /nowhere/kubeconfig: .*set kubeconfig and context"):
        reader.scopes()


def test_an_aggregated_api_is_not_asked_what_it_has() -> None:
    """One that hangs would hold up every look. Where definitions cannot be told from it, all groups are asked."""
    slow = "/apis/slow.example.com/v1"
    api = MemoryApi({"widgets.example.org": []}, versions={**VERSIONS, "slow.example.com": "v1"})
    assert "widgets.example.org" in {scope.name for scope in collector(api).scopes()}
    assert slow not in api.requests
    api.fail["/apis/apiregistration.k8s.io/v1/apiservices", 1] = Answer(403, b"")
    assert "widgets.example.org" in {scope.name for scope in collector(api).scopes()}
    assert slow in api.requests
