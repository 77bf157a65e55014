"""How is a store opened, wherever it is? By who writes it, and by who only reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from graph.store import GraphStore, StoreError
from graph.stores.location import Location, Server
from graph.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from graph.stores.neo4j import Neo4jStore


def open_to_write(location: Location) -> GraphStore:
    """Open a store that may have to be made. It is made, and taken, when its writer is asked for."""
    if isinstance(location, Server):
        return _neo4j(location)
    try:
        location.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = f"the folder {location.parent} cannot be made ({error.strerror}): give another --store"
        raise StoreError(told) from None
    return SqliteStore(location)


def open_to_read(location: Location) -> GraphStore:
    """Open a store that is there. Reading never makes one: where there is none, StoreError says how to come by it.

    A file is looked for at once, a server is asked at the first question.
    """
    if isinstance(location, Server):
        return _neo4j(location)
    if not _looked_for(location, Path.is_file):
        raise StoreError(
            f"there is no store at {location}: run `asbuilt once` first, or name another with --store or ASBUILT_STORE"
        )
    return SqliteStore(location)


def unwritable(location: Location) -> str | None:
    """Say why a store could not be written to, as far as that can be told without writing; None where nothing is seen.

    A server is not asked.
    """
    if isinstance(location, Server):
        return None
    there = next(one for one in (location, *location.absolute().parents) if _looked_for(one, Path.exists))
    if there != location and not there.is_dir():
        return f"the folder {location.parent} cannot be made, for {there} is a file: give another --store"
    if not os.access(there, os.W_OK if there == location else os.W_OK | os.X_OK):
        return f"{location} cannot be written, for {there} may not be: give this user the right to, or another --store"
    return None


def holds_store(location: Location) -> bool:
    """Tell whether there is a store already. Raise StoreError where a server does not tell."""
    if not isinstance(location, Server):
        return _looked_for(location, Path.exists)
    store = _neo4j(location)
    try:
        return store.is_made()
    finally:
        store.close()


def _looked_for(file: Path, look: Callable[[Path], bool]) -> bool:
    """Look for a file; raise StoreError where it cannot be looked for."""
    try:
        return look(file)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be looked for ({error.strerror}): give this user the right to read its folder, or name"
            " another store with --store or ASBUILT_STORE"
        ) from None


def _neo4j(server: Server) -> Neo4jStore:
    from graph.stores.neo4j import Neo4jStore

    return Neo4jStore(server.url)
