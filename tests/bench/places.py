"""Where does a benchmark keep a store, and how many bytes does it take there?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from neo4j import GraphDatabase

from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from graph.stores.neo4j import Login, Neo4jStore
from graph.stores.sqlite import SqliteStore
from tests.servers.neo4j_server import USER, Neo4jServer

_FOLLOWED = "MATCH (s:AsbuiltStore) RETURN s.projected = s.head AS followed"

_PATIENCE = 7_200.0

HEAP, PAGE_CACHE = "4g", "10g"
"""What a Neo4j server may use."""


@dataclass(frozen=True, slots=True)
class Place:
    """A sort of store, the folder that its data are in, and where it is a server, how to reach it."""

    sort: str
    folder: str
    address: str = ""
    password: str = ""


OPENERS: dict[str, Callable[[Place], GraphStore]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda place: SqliteStore(Path(place.folder) / "asbuilt.db"),
    "neo4j": lambda place: Neo4jStore(place.address, Login(USER, place.password)),
}
"""How to open a store of each sort at a place."""


@contextmanager
def opened(place: Place) -> Iterator[GraphStore]:
    """Open the store of a place, which may hold something already."""
    store = OPENERS[place.sort](place)
    try:
        yield store
    finally:
        store.close()


def followed(place: Place) -> float:
    """Wait until the current graph of an open store, which has a writer, has followed; give the seconds."""
    if place.sort != "neo4j":
        return 0.0
    began = time.perf_counter()
    with GraphDatabase.driver(place.address, auth=(USER, place.password)) as driver:
        while not driver.execute_query(_FOLLOWED).records[0]["followed"]:
            if time.perf_counter() - began > _PATIENCE:
                raise RuntimeError(f"the current graph of {place.address} did not follow within {_PATIENCE:,.0f} s")
            time.sleep(0.05)
    return time.perf_counter() - began


class Room:
    """Where a store may be for a while, with a server of its own where it needs one."""

    def __init__(self, sort: str, folder: Path, server: Neo4jServer | None) -> None:
        self._sort, self._folder, self._server = sort, folder, server

    @property
    def place(self) -> Place:
        """Where it is now."""
        if self._server is None:
            return Place(self._sort, str(self._folder))
        return Place(self._sort, str(self._folder), self._server.url, self._server.password)

    def stored(self) -> int:
        """Give the bytes that a closed store takes on the disk, indexes included.

        A server is stopped for it, so that it writes down what only its log holds; the log itself does not count.
        """
        folder = self._folder
        if self._server is not None:
            self._server.stop()
            folder = folder / "data" / "databases" / "neo4j"
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if self._server is not None:
            self._server.start()
        return size

    def resident(self) -> float | None:
        """Give the megabytes that the server has resident now, if there is one."""
        return None if self._server is None else float(self._server.resident())


@contextmanager
def room(sort: str) -> Iterator[Room]:
    """Make room for a store of a sort, and clear it away after."""
    with TemporaryDirectory(prefix="asbuilt-bench-") as folder:
        if sort != "neo4j":
            yield Room(sort, Path(folder), None)
            return
        with Neo4jServer(Path(folder), heap=HEAP, pagecache=PAGE_CACHE, options=()) as server:
            yield Room(sort, Path(folder), server)
