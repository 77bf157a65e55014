"""Where do the nine histories happen? In every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.store import GraphStore
from tests.graph.world import World
from tests.histories.witness import Witness, witness
from tests.stores import STORES


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """An empty store of each kind."""
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def world(store: GraphStore) -> Iterator[World]:
    """A world that only the script moves."""
    scripted = World(store)
    yield scripted
    scripted.writer.close()


@pytest.fixture
def says(world: World, store: GraphStore) -> Iterator[Witness]:
    """What the API says of it. The writer is opened first: a reader does not make a store."""
    assert world.writer is not None
    with witness(store) as one:
        yield one
