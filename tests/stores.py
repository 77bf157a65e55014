"""Which stores are held to the same promises? Add one here, and every suite that asks for all of them holds it."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from tests.servers.errors import ServerUnavailable

if TYPE_CHECKING:
    from tests.servers.neo4j_server import Neo4jServer

NEO4J = "neo4j"
"""The sort that needs a server: what is parametrised by it wears the mark `server` (see conftest)."""

_EMPTY = (
    "MATCH (n) WHERE NOT n:AsbuiltStore CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS",
    "MATCH (s:AsbuiltStore) SET s.head = 0, s.projected = 0, s.lease = 0 REMOVE s.pending, s.step, s.holder",
    "MATCH (s:AsbuiltStore) CREATE (:AsbuiltRevision {number: 0, instant: 0})",
)


@cache
def neo4j_server() -> Neo4jServer:
    """Give the one Neo4j server of this process, started when it is first asked for."""
    from tests.servers.neo4j_server import Neo4jServer  # only who asks for it pays for the driver's import

    server = Neo4jServer()
    try:
        server.start()
    except ServerUnavailable as reason:
        pytest.skip(f"server: {reason}")
    atexit.register(server.discard)
    return server


_open: list[GraphStore] = []
"""The store of the one server that was given last. Its writer has a thread, and must not outlive what it follows."""


def empty_neo4j(_: Path) -> GraphStore:
    """Give the store of the one server, emptied. Its schema stays, which is what takes long to make."""
    from graph.stores.neo4j import Login, Neo4jStore

    server = neo4j_server()
    _close_what_was_given()
    for query in _EMPTY:
        server.query(query)
    _open.append(Neo4jStore(server.url, Login(server.user, server.password), lease_seconds=3))
    return _open[-1]


def _close_what_was_given() -> None:
    while _open:
        _open.pop().close()


@contextmanager
def closing_what_is_opened() -> Iterator[None]:
    """Close what is given meanwhile and left open, as a test does that asks for a store in its own body."""
    before = list(_open)
    try:
        yield
    finally:
        if _open != before:
            _close_what_was_given()


STORES: dict[str, Callable[[Path], GraphStore]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "asbuilt.db"),
    NEO4J: empty_neo4j,
}
"""How to open an empty store of each sort in a folder."""
