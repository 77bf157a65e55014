"""Does every route answer what it promises, in the envelope, with what could not be seen?"""

from urllib.parse import quote

import pytest

from graph.model import Key
from graph.stores.memory import MemoryStore
from tests.api.asking import client, data
from tests.graph.analysis.shop import (
    CONFIG,
    DEPLOYMENT,
    IMAGE,
    NODE,
    SERVICE,
    SHOP,
    Shop,
    endpoints,
    pod,
    pod_key,
    shop,
)
from tests.graph.world import document, entity


@pytest.fixture
def made() -> Shop:
    """Make the shop: read once, then pods forbidden."""
    made = shop("p1", "p2")
    made.world.pass_(minutes=10)
    return made.forbid("pods")


EVERY = [
    "/v1/entities",
    f"/v1/entities/{SERVICE}",
    f"/v1/entities/{SERVICE}/relations",
    f"/v1/entities/{SERVICE}/versions",
    f"/v1/entities/{SERVICE}/where",
    f"/v1/entities/{SERVICE}/impact",
    f"/v1/entities/{SERVICE}/dependencies",
    f"/v1/graph?root={SERVICE}",
    f"/v1/path?from={SERVICE}&to={NODE}",
    f"/v1/entities/{SERVICE}/diff?from=revision:1",
    "/v1/graph/diff?from=revision:1",
    "/v1/resolve?q=cart",
    "/v1/changes",
    "/v1/sources",
]


@pytest.mark.parametrize("path", EVERY)
def test_every_answer_stands_in_the_envelope(made: Shop, path: str) -> None:
    """Data, as of when, revision, freshness, truncation and cursor: in this order, and nothing else."""
    answer = client(made.store).get(path).json()
    assert list(answer) == ["data", "as_of", "revision", "freshness", "truncated", "cursor"]
    assert answer["revision"] == made.store.head().number
    assert answer["as_of"].endswith("Z")
    for scope in answer["freshness"]["scopes"]:
        assert {"source", "scope", "status", "last_complete", "stale_after", "error"} <= scope.keys()


def test_entities_are_listed_by_kind_class_label_name_and_place(made: Shop) -> None:
    """Each narrows the list; several must all hold."""
    ask = client(made.store)

    def keys(query: str) -> list[str]:
        return [row["key"] for row in data(ask.get(f"/v1/entities?{query}"))]

    assert keys("kind=k8s.service") == [SERVICE]
    assert SERVICE in keys("class=Network")
    assert keys("class=network&name=cart") == [SERVICE]
    assert keys("label=app:cart") == [SERVICE]
    assert keys("label=app:cart&label=tier:gold") == []
    assert keys(f"within={pod_key('p1')}") == [pod_key("p1"), pod_key("p1").child("k8s.container", "app")]
    assert keys("kind=k8s.service&class=Workload") == []


def test_fields_leave_the_key_and_what_was_asked_for(made: Shop) -> None:
    """One attribute of many can be asked for."""
    [row] = data(client(made.store).get("/v1/entities?kind=k8s.service&fields=name,attributes.labels"))
    assert row == {"key": SERVICE, "name": "cart", "attributes": {"labels": {"app": "cart"}}}


def test_an_empty_list_says_what_could_not_be_seen() -> None:
    """No pod in force, and pods forbidden: the gap stands beside the empty list."""
    made = Shop().configure()
    made.forbid("pods")
    answer = client(made.store).get("/v1/entities?kind=k8s.pod").json()
    assert answer["data"] == []
    [gap] = answer["freshness"]["gaps"]
    assert (gap["scope"], gap["status"]) == ("pods", "never_read")
    assert "not evidence" in gap["effect"]


def test_a_kind_that_no_source_states_is_a_gap(made: Shop) -> None:
    """Nothing is shown of it, and that says nothing."""
    answer = client(made.store).get("/v1/entities?kind=aws.ec2.instance").json()
    assert [gap["status"] for gap in answer["freshness"]["gaps"]] == ["not_collected"]


def test_an_entity_names_its_evidence(made: Shop) -> None:
    """Source, document, its version, and the scopes that cover it; attributes, aliases, and since when."""
    found = data(client(made.store).get(f"/v1/entities/{pod_key('p1')}"))
    assert found["evidence"] == [{"source": "prod", "document": "pod-p1", "version": "1", "scopes": ["pods"]}]
    assert {"type": "k8s.uid", "value": "p1", "holding": "forever"} in found["aliases"]
    assert found["class"] == "Workload"
    assert found["presence"]["said"] == "present"
    assert found["presence"]["doubt"] == "unknown"


def test_what_is_gone_is_shown_with_its_last_version(made: Shop) -> None:
    """200, gone since the run that lacked it, and its attributes as they were."""
    made.world.pass_(minutes=1)
    made.read("pods", pod("p2"))
    made.read("pods", pod("p2"))
    found = data(client(made.store).get(f"/v1/entities/{pod_key('p1')}"))
    assert found["presence"]["said"] == "gone"
    assert found["attributes"]["phase"] == "Running"
    assert found["closed"] is not None


def test_what_is_only_named_is_shown_with_who_names_it(made: Shop) -> None:
    """An image is homed nowhere: mentioned, named by its containers, with their documents as evidence."""
    found = data(client(made.store).get(f"/v1/entities/{IMAGE}"))
    assert found["presence"]["said"] == "mentioned"
    assert (found["name"], found["opened"], found["named_by"]) == (None, None, 2)
    assert [one["document"] for one in found["evidence"]] == ["pod-p1", "pod-p2"]


def test_relations_versions_and_changes_of_an_entity(made: Shop) -> None:
    """Each section of an answer stands under the key."""
    ask = client(made.store)
    relations = data(ask.get(f"/v1/entities/{SERVICE}/relations?direction=out&verb=selects"))
    assert [one["other"]["key"] for one in relations] == [pod_key("p1"), pod_key("p2")]
    [version] = data(ask.get(f"/v1/entities/{SERVICE}/versions"))
    assert version["made_by"]["transition"] == "opened"
    assert data(ask.get(f"/v1/changes?entity={SERVICE}")) == []
    found = data(ask.get(f"/v1/changes?entity={SERVICE}&cause=any"))
    assert {one["cause"] for one in found} == {"first_look"}
    assert {one["word"] for one in found} == {"k8s.service", "SELECTS", "ROUTES_TO", "MANAGED_BY"}


def test_changes_are_narrowed_by_when_they_happened(made: Shop) -> None:
    """The window is about when it happened, not when it was known."""
    made.world.pass_(minutes=30)
    config = document("config", "2", entity(CONFIG, immutable=True))
    made.read("configmaps", config, document("other", "1", entity(SHOP.child("k8s.configmap", "other"))))
    ask = client(made.store)
    assert len(data(ask.get("/v1/changes?from=2026-03-01T10:20:00Z"))) == 1
    assert data(ask.get("/v1/changes?from=2026-03-01T11:20:00Z")) == []
    assert data(ask.get("/v1/changes?to=2026-03-01T09:00:00%2B00:00")) == []
    assert data(ask.get("/v1/changes?class=state")) == []
    assert len(data(ask.get("/v1/changes?kind=k8s.configmap&class=configuration"))) == 1


def test_where_says_it_in_words(made: Shop) -> None:
    """A pod made anew while pods are forbidden is an endpoint named."""
    made.read("endpointslices", endpoints("p9", version="2"))
    answer = client(made.store).get(f"/v1/entities/{SERVICE}/where").json()
    assert answer["data"]["summary"] == "one endpoint named, pods unreadable since 2026-03-01T10:10:15Z"
    assert {"pods", None} <= {gap["scope"] for gap in answer["freshness"]["gaps"]}


def test_sources_tell_of_scopes_and_their_runs(made: Shop) -> None:
    """Status, last complete run, last error, and the runs folded by outcome."""
    [source] = data(client(made.store).get("/v1/sources"))
    pods = next(one for one in source["scopes"] if one["name"] == "pods")
    assert (pods["status"], pods["error"]) == ("unreadable", "403: may not list")
    assert [(one["outcome"], one["count"]) for one in pods["runs"]] == [("forbidden", 1), ("complete", 1)]
    assert "k8s.pod" in pods["states"]


def test_a_key_under_a_configured_name_means_the_thing(made: Shop) -> None:
    """Nobody holds the name here, so the key as minted is what nobody named; the path is taken as it is."""
    assert client(made.store).get("/v1/entities/k8s.cluster/@prod/k8s.node/n1").status_code == 404


@pytest.mark.parametrize("key", [SERVICE, NODE, DEPLOYMENT])
def test_a_key_may_be_written_with_its_slashes_escaped(made: Shop, key: Key) -> None:
    """The same answer, whichever way a client writes the path."""
    ask = client(made.store)
    for suffix in ("", "/relations", "/versions", "/where"):
        plain = ask.get(f"/v1/entities/{key}{suffix}")
        escaped = ask.get(f"/v1/entities/{quote(key, safe='')}{suffix}")
        assert plain.status_code == 200
        assert plain.content == escaped.content


def test_a_suffix_is_never_taken_for_a_part_of_a_key() -> None:
    """A thing may be called where, relations or versions: a key has pairs, so the number of segments tells."""
    made = Shop().configure()
    names = ("where", "relations", "versions")
    services = [SHOP.child("k8s.service", name) for name in names]
    made.read("services", *(document(key.id, "1", entity(key)) for key in services))
    ask = client(made.store)
    for key in services:
        assert data(ask.get(f"/v1/entities/{key}"))["name"] == key.id
        assert data(ask.get(f"/v1/entities/{key}/where"))["key"] == key
        assert len(data(ask.get(f"/v1/entities/{key}/versions"))) == 1


def test_health_is_open_and_readiness_needs_a_revision() -> None:
    """The process answers at once; it is ready once the store has a revision."""
    store = MemoryStore()
    ask = client(store)
    assert ask.get("/healthz").json() == {"status": "alive"}
    assert ask.get("/readyz").status_code == 503
    Shop(store).configure()
    assert ask.get("/readyz").json() == {"status": "ready", "revision": store.head().number}


def test_the_docs_need_no_other_host(made: Shop) -> None:
    """The page is whole: no script, style or font from elsewhere."""
    page = client(made.store).get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
