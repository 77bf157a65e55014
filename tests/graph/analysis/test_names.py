"""Which key does an ending mean, among however many namesakes?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.analysis.names import Located, locate
from graph.model import Key
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from tests.graph.analysis.shop import CLUSTER, SCOPES
from tests.graph.world import World, document, entity, tie

NAMESAKES = 30
SPACE = CLUSTER.child("k8s.namespace", "shop")
GONE, HERE, GHOST, POD = (
    SPACE.child(kind, name)
    for kind, name in [
        ("k8s.configmap", "gone"),
        ("k8s.configmap", "here"),
        ("k8s.configmap", "ghost"),
        ("k8s.pod", "p1"),
    ]
)


def named(number: int, namespace: str = "n") -> Key:
    """Give the key of a service called cart, in one of many namespaces."""
    return CLUSTER.child("k8s.namespace", f"{namespace}{number:02}").child("k8s.service", "cart")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """Make a store in which many namespaces have a service of the same name."""
    made: GraphStore = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "asbuilt.db")
    world = World(made)
    world.configure("prod")
    world.scopes("prod", SCOPES["services"])
    keys = [named(number) for number in range(NAMESAKES)]
    world.read(SCOPES["services"], *(document(key, "1", entity(key)) for key in keys))
    world.writer.close()
    yield made
    made.close()


def found(store: GraphStore, text: str) -> Located:
    """Find what a text means, at the newest revision."""
    with store.reader() as reader:
        return locate(reader, text)


@pytest.mark.parametrize("number", [5, 19, 20, 21, 29])
def test_a_unique_ending_is_found_behind_any_number_of_namesakes(store: GraphStore, number: int) -> None:
    """The namespace tells which."""
    assert found(store, f"k8s.namespace/n{number:02}/k8s.service/cart") == Located(named(number))


def test_more_candidates_than_are_shown_are_said_to_be_more(store: GraphStore) -> None:
    """Twenty are listed, and that there are others."""
    meant = found(store, "k8s.service/cart")
    assert meant.key is None
    assert meant.candidates == tuple(named(number) for number in range(20))
    assert meant.truncated


def test_as_many_candidates_as_are_shown_are_all(store: GraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself cuts nothing; and pages of namesakes are gone through, however small."""
    monkeypatch.setattr("graph.analysis.names._CANDIDATES", NAMESAKES)
    for size in (1, 7, NAMESAKES):
        monkeypatch.setattr("graph.analysis.names._PAGE", size)
        meant = found(store, "k8s.service/cart")
        assert (len(meant.candidates), meant.truncated) == (NAMESAKES, False)
        assert found(store, "k8s.namespace/n29/k8s.service/cart").key == named(29)


@pytest.fixture(params=["memory", "sqlite"])
def passed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """Make a store in which one ConfigMap is there, one has gone, and one is only named."""
    made: GraphStore = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "asbuilt.db")
    world = World(made)
    world.configure("prod")
    world.scopes("prod", *(SCOPES[name] for name in ("cluster", "configmaps", "pods")))
    world.read(SCOPES["cluster"], document("space", "1", entity(SPACE)))
    ties = [tie(POD, "USES_CONFIG", one) for one in (GONE, HERE, GHOST)]
    world.read(SCOPES["pods"], document("pod", "1", entity(POD), *ties))
    world.read(SCOPES["configmaps"], *(document(one, "1", entity(one)) for one in (GONE, HERE)))
    for _ in range(3):
        world.read(SCOPES["configmaps"], document(HERE, "1", entity(HERE)))
    world.writer.close()
    yield made
    made.close()


@pytest.mark.parametrize("key", [GONE, HERE, GHOST])
def test_an_ending_means_what_is_gone_or_only_named_too(passed: GraphStore, key: Key) -> None:
    """Whoever asks minutes after it vanished is not told that it never was."""
    for ending in (f"k8s.configmap/{key.id}", f"k8s.namespace/shop/k8s.configmap/{key.id}", f"/{key}/"):
        assert found(passed, ending) == Located(key)
    assert found(passed, f"k8s.namespace/other/k8s.configmap/{key.id}").candidates == ()


def test_what_is_there_goes_before_what_is_gone(passed: GraphStore) -> None:
    """A name that is borne again means who bears it now."""
    assert found(passed, "gone") == Located(GONE)
    world = World(passed)
    world.configure("prod")
    service = SPACE.child("k8s.service", "gone")
    world.scopes("prod", *(SCOPES[name] for name in ("cluster", "configmaps", "pods", "services")))
    world.read(SCOPES["services"], document("service", "1", entity(service)))
    world.writer.close()
    assert found(passed, "gone") == Located(service)
    assert found(passed, "k8s.configmap/gone") == Located(GONE)
