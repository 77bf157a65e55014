"""Is the cluster that the benchmark serves one that could be, and does the collector read all of it?"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from collectors.kubernetes import plugin
from collectors.kubernetes.settings import KubernetesSettings
from graph.model import Document, Relation
from tests.bench import cluster, lag, plane, rest
from tests.bench.around import PATHS, PODS_PER_NAMESPACE, SLICE, nodes, objects, workloads
from tests.bench.cycle import kubeconfig_of
from tests.bench.measures import MEASURES
from tests.bench.serving import FIRST, PAGE, Cluster, made, serve, sort_of

PODS = 700

Worlds = dict[str, dict[str, Document]]
"""The documents of each scope, by id."""


@pytest.fixture(scope="module")
def small() -> Cluster:
    """A cluster of more than one page of pods."""
    return made(PODS)


@pytest.fixture(scope="module")
def worlds(small: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """Give every scope of it, read to its end by the collector."""
    server = serve(small)
    kubeconfig = kubeconfig_of(tmp_path_factory.mktemp("bench"), server.server_address[1])
    with closing(plugin.connect("bench", KubernetesSettings(kubeconfig=kubeconfig))) as collector:
        read = {
            scope.name: {one.id: one for one in collector.observe(scope) if isinstance(one, Document)}
            for scope in collector.scopes()
        }
    server.shutdown()
    server.server_close()
    return read


def test_sizes() -> None:
    """A namespace has the pods and Deployments of the load test, a cluster exactly the pods asked for."""
    spaces: dict[int, list[int]] = {}
    for one in workloads(2 * PODS_PER_NAMESPACE):
        spaces.setdefault(one.space, []).append(one.size)
    assert [Counter(sizes) for sizes in spaces.values()] == [{250: 3, 30: 25, 5: 300}] * 2
    for pods in (1, PODS, PODS_PER_NAMESPACE + 1):
        assert sum(one.size for one in workloads(pods)) == pods
    assert nodes(150_000) == 5_000


def test_nothing_is_missing(small: Cluster, worlds: Worlds) -> None:
    """Whatever the objects of the cluster name is there, for who reads them: no relation has a loose end.

    But for what no cluster tells: images, the machines and zones of the cloud.
    """
    statements = [one for scope in worlds.values() for document in scope.values() for one in document.statements]
    stated = {one.key for one in statements if not isinstance(one, Relation)}
    inside = [
        end.key
        for one in statements
        if isinstance(one, Relation)
        for end in (one.source, one.target)
        if hasattr(end, "key") and end.key.startswith("k8s.cluster/")
    ]
    assert set(inside) <= stated
    assert len(worlds["pods"]) == PODS
    assert set(small.counts) == set(PATHS.values())


def test_objects_are_of_one_cluster() -> None:
    """No two objects have one uid or one name, no slice is too long, and what is made again is the same."""
    every = list(objects(PODS))
    assert every == list(objects(PODS))
    names = [(kind, one["metadata"].get("namespace"), one["metadata"]["name"]) for kind, one in every]
    assert len({one["metadata"]["uid"] for _, one in every}) == len(set(names)) == len(every)
    assert max(len(one["endpoints"]) for kind, one in every if kind == "EndpointSlice") <= SLICE


def test_every_object_is_read_once(small: Cluster, worlds: Worlds) -> None:
    """Pages hold every object once; each call is counted as what it is for, and none but listings is for pages."""
    assert sum(len(world) for name, world in worlds.items() if name != "cluster") == sum(small.counts.values())
    assert small.calls["page"] == small.least == sum(max(1, -(-len(world) // PAGE)) for world in worlds.values()) - 1
    assert small.calls.keys() == {"page", "discovery", "identity", "version"}


def test_change() -> None:
    """A change gives one pod in a hundred another image and a later version; a listing never goes back in time."""
    world, path = made(PODS), PATHS["Pod"]

    def pods() -> list[dict[str, Any]]:
        return [item for page in world.pages[path] for item in orjson.loads(page)]

    before = pods()
    assert world.change() == 7
    moved = [(old, new) for old, new in zip(before, pods(), strict=True) if old != new]
    assert len(moved) == 7
    assert all(int(new["metadata"]["resourceVersion"]) >= FIRST for _, new in moved)
    positions = [
        int(orjson.loads(world.page(path, "", metadata_only=False))["metadata"]["resourceVersion"]) for _ in range(2)
    ]
    assert positions[0] < positions[1]
    first = orjson.loads(world.page(path, "", metadata_only=False))["metadata"]
    second = orjson.loads(world.page(path, first["continue"], metadata_only=False))["metadata"]
    assert second == {"resourceVersion": first["resourceVersion"]}


@pytest.mark.parametrize(
    ("path", "query", "sort"),
    [
        ("/api/v1/pods", {"limit": ["500"]}, "page"),
        ("/api/v1/pods", {"watch": ["1"], "resourceVersion": ["5"]}, "watch"),
        ("/apis/apiregistration.k8s.io/v1/apiservices", {"labelSelector": ["x=true"], "limit": ["500"]}, "discovery"),
        ("/apis/apps/v1", {}, "discovery"),
        ("/api/v1/namespaces/kube-system", {}, "identity"),
        ("/version", {}, "version"),
    ],
)
def test_sorts_of_calls(path: str, query: dict[str, list[str]], sort: str) -> None:
    """A call is told by its path and query."""
    assert sort_of(path, query) == sort


def test_lag_is_spread() -> None:
    """Latencies are told by what part of them is no later."""
    found = lag.spread([one / 1000 for one in range(1001)])
    assert {name: round(seconds, 3) for name, seconds in found.items()} == {
        "p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0,
    }  # fmt: skip


def test_what_is_applied_could_be() -> None:
    """What is applied to a real control plane names no server's own field, and nothing of the system's."""
    wanted = plane.manifests(PODS)
    assert all(path.startswith(("/api/v1", "/apis/apps/v1")) for path, _ in wanted)
    fields = {field for _, one in wanted for field in (*one, *one["metadata"])}
    assert not fields & {"status", "uid", "resourceVersion", "managedFields", "creationTimestamp"}
    assert sum(one["spec"]["replicas"] for path, one in wanted if path.endswith("/deployments")) == PODS


def _drawn(name: str, found: dict[str, Any]) -> None:
    """Check that every curve of a measure has a figure, and that every column has one somewhere."""
    assert all(found[one.name] > 0 for one in MEASURES[name].curves)


@pytest.mark.long
def test_cluster_figures(tmp_path: Path) -> None:
    """A small cluster is measured, and left at rest for some seconds: nothing but the watches' first words is asked."""
    with cluster.served(PODS) as one:
        found = cluster.figures(one, PODS, tmp_path)
        _drawn("cluster", found)
        assert found["calls_page"] == one.least
        assert found["calls"] == sum(found[f"calls_{sort}"] for sort in ("page", "discovery", "identity", "version"))
        found = rest.figures(one, tmp_path, seconds=10)
        assert found["peak"] > found["watched"] > 0
        assert found.get("calls_page", 0) == 0


@pytest.mark.server
@pytest.mark.long
def test_plane_and_lag_figures() -> None:
    """A real cluster is measured, and how late its changes are seen."""
    _drawn("plane", plane.figures(100))
    _drawn("lag", lag.figures(20, seconds=5, objects=50))
