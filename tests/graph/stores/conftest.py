"""Where is the contract held? In every store, each a fixture's parameter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.store import GraphStore
from tests.graph.world import World
from tests.stores import STORES


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
