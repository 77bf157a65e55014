"""Where does it run? For every kind of thing that pods stand behind, and whatever cannot be seen."""

from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest

from graph.analysis.freshness import freshness
from graph.analysis.presence import Said
from graph.analysis.where import Where, about, where
from graph.model import Key
from graph.store import GraphReader
from tests.graph.analysis.shop import (
    ACCOUNT,
    CLUSTER,
    CONFIG,
    CRONJOB,
    DEPLOYMENT,
    IMAGE,
    INGRESS,
    JOB,
    NODE,
    REPLICASET,
    SERVICE,
    SHOP,
    SLICE,
    Shop,
    endpoints,
    pod,
    pod_key,
    shop,
)
from tests.graph.world import document, entity


def ask(made: Shop, key: Key) -> Where:
    """Ask where a thing runs, at the newest revision."""
    with made.store.reader() as reader:
        return where(reader, key)


@pytest.mark.parametrize(
    "key",
    [SERVICE, INGRESS, DEPLOYMENT, REPLICASET, CONFIG, ACCOUNT, IMAGE, NODE, SHOP, CLUSTER, SLICE],
    ids=lambda key: key.kind,
)
def test_everything_that_pods_stand_behind_leads_to_them(key: Key) -> None:
    """From whichever end one asks, the same two pods are found, with node, zone, instance, image and workload."""
    view = ask(shop("p1", "p2"), key)
    assert [one.key for one in view.pods] == [pod_key("p1"), pod_key("p2")]
    first = view.pods[0]
    assert (first.name, first.node, first.zone, first.instance, first.ready) == (
        "cart-p1",
        "n1",
        "eu-1a",
        "i-0abc",
        True,
    )
    assert first.workload == DEPLOYMENT
    assert first.containers[0].digest == "sha256:abc"
    assert first.containers[0].reference == "cart:1"
    assert [(one.digest, one.pods) for one in view.images] == [("sha256:abc", 2)]
    assert [one.key for one in view.workloads] == [DEPLOYMENT]
    assert "2 pods on one node, 2 ready" in view.summary


def test_a_pod_and_its_container_lead_to_itself() -> None:
    """Of a pod, and of a container in it, the answer is that pod, placed."""
    made = shop("p1", "p2")
    assert ask(made, pod_key("p1")).summary == "on node n1, eu-1a, ready"
    view = ask(made, pod_key("p1").child("k8s.container", "app"))
    assert [one.key for one in view.pods] == [pod_key("p1")]


def test_a_service_names_its_ways_in_its_configuration_and_its_identity() -> None:
    """Ingress with host and path, load balancers, configuration and ServiceAccount, each with presence."""
    view = ask(shop(), SERVICE)
    assert [one.key for one in view.endpoints.services] == [SERVICE]
    [route] = view.endpoints.ingresses
    assert (route.ingress.key, route.host, route.path, route.port) == (INGRESS, "shop.example.com", "/cart", "80")
    assert [one.address for one in view.endpoints.load_balancers] == ["lb.example.com", "edge.example.com"]
    [used] = view.config
    assert (used.config.key, used.dangling) == (CONFIG, False)
    assert used.used_by == (DEPLOYMENT, pod_key("p1"), pod_key("p2"))
    assert [one.key for one in view.runs_as] == [ACCOUNT]
    assert (view.cluster and view.cluster.key, view.namespace and view.namespace.key) == (CLUSTER, SHOP)


def test_what_no_source_states_is_null_and_a_gap() -> None:
    """Environment, commit, pipeline, deployer, DNS and owner are null, and each stands among the gaps."""
    made = shop()
    view = ask(made, SERVICE)
    assert {view.environment, view.commit, view.pipeline, view.deployer, view.endpoints.dns, view.owner} == {None}
    with made.store.reader() as reader:
        gaps = {gap.effect.split(";")[0].rsplit(" ", 1)[-1] for gap in freshness(reader, about(SERVICE)).gaps}
    assert {"environment", "vcs.commit", "cicd.pipeline.run", "deployment", "dns.record", "team"} <= gaps


def test_no_pods_is_said_only_where_they_can_be_read() -> None:
    """A workload without pods has none; once a scope on the way cannot be read, they are unknown."""
    made = shop()
    assert ask(made, CRONJOB).summary == "no pods"
    assert ask(made, JOB).summary == "no pods"
    made.forbid("jobs")
    assert ask(made, CRONJOB).summary.startswith("pods unknown: jobs unreadable since ")
    made.forbid("pods")
    assert "; pods unknown: pods unreadable since " in ask(made, JOB).summary
    assert "no pods" not in ask(made, CRONJOB).summary


def test_a_service_whose_pods_cannot_be_read_still_names_its_endpoint() -> None:
    """A pod is made anew under its name while pods are forbidden: its endpoint is named, and pods are unreadable."""
    made = shop("p1")
    made.world.pass_(minutes=14)
    made.forbid("pods")
    made.read("endpointslices", endpoints("p9", version="2"))
    view = ask(made, SERVICE)
    assert view.summary == "one endpoint named, pods unreadable since 2026-03-01T10:14:15Z"
    assert [(one.key, one.presence and one.presence.said) for one in view.pods] == [(pod_key("p9"), Said.MENTIONED)]


def test_pods_never_read_are_said_to_be_so() -> None:
    """Where pods are forbidden from the first day, endpoints are named, and pods were never read."""
    made = Shop().configure()
    made.read("services", document("service", "1", entity(SERVICE)))
    made.forbid("pods")
    assert ask(made, SERVICE).summary == "pods unknown: pods never read"
    made.read("endpointslices", endpoints("p1", "p2"))
    assert ask(made, SERVICE).summary == "2 endpoints named, pods never read"


def test_a_deleted_configmap_is_still_one_step_from_its_pods() -> None:
    """It dangles in the answer about the pods, and the answer about it leads to them."""
    made = shop("p1", "p2")
    made.world.pass_(minutes=1)
    made.read("configmaps", document("other", "1", entity(SHOP.child("k8s.configmap", "other"))))
    [used] = ask(made, pod_key("p1")).config
    assert (used.config.key, used.dangling) == (CONFIG, True)
    view = ask(made, CONFIG)
    assert view.summary.startswith("ConfigMap gone since ")
    assert len(view.pods) == 2
    assert {(one.user.key, one.verb) for one in view.users} == {
        (DEPLOYMENT, "USES_CONFIG"),
        (pod_key("p1"), "USES_CONFIG"),
        (pod_key("p2"), "USES_CONFIG"),
    }


def test_a_cluster_that_never_answered_takes_away_no_certainty_but_is_a_gap() -> None:
    """What other sources read stands in the summary as it is; the source that was never read is a gap beside it."""
    made = Shop().configure("lost").read_all("p1")
    assert ask(made, SERVICE).summary == "one pod on one node, 1 ready"
    with made.store.reader() as reader:
        assert "lost" in {gap.source for gap in freshness(reader, about(SERVICE)).gaps}


class Counting:
    """A reader that counts what it is asked."""

    def __init__(self, reader: GraphReader, asked: Counter[str]) -> None:
        self._reader = reader
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._reader, name)
        if name == "mark":
            return found
        self._asked[name] += 1
        return found


@pytest.fixture(scope="module")
def shops() -> dict[int, Shop]:
    """Make a small shop and a larger one, by the number of their pods."""
    return {count: shop(*(f"p{number}" for number in range(count))) for count in (2, 100)}


@pytest.mark.parametrize("key", [SERVICE, DEPLOYMENT, NODE, IMAGE, CONFIG, SHOP], ids=lambda key: key.kind)
def test_a_hundred_pods_cost_as_many_reads_as_two(key: Key, shops: dict[int, Shop]) -> None:
    """The number of reads does not depend on how many pods stand behind a thing."""
    asked: list[Counter[str]] = []
    with ExitStack() as open_:
        for count, made in shops.items():
            counter: Counter[str] = Counter()
            reader: Any = Counting(open_.enter_context(made.store.reader()), counter)
            assert len(where(reader, key).pods) == count
            asked.append(counter)
    assert asked[0] == asked[1]


def test_a_pod_that_is_over_is_an_endpoint_named_but_gone() -> None:
    """An endpoint that outlives its pod is not counted as a pod."""
    made = shop("p1", "p2", "p3")
    made.read("pods", pod("p1"), pod("p2"))
    assert ask(made, SERVICE).summary == "2 pods on one node, 2 ready; one endpoint named, but gone or missing"
