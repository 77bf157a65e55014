"""Which stores are held to the contract? Each is a fixture's parameter: add one here, and the whole suite holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from tests.graph.world import World

STORES: dict[str, Callable[[Path], GraphStore]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "asbuilt.db"),
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """An empty store of each sort."""
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def world(store: GraphStore) -> World:
    """A scripted world over an empty store, with its writer open."""
    made = World(store)
    assert made.writer is not None
    return made
