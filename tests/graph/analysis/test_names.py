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
from tests.graph.world import World, document, entity

NAMESAKES = 30


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
