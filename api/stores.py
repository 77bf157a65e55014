"""How is the store opened for reading, and what is said when there is none?"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from api.errors import StoreUnavailable
from graph.store import GraphStore, StoreError
from graph.stores.location import default_store
from graph.stores.sqlite import SqliteStore


def open_store(path: Path | None = None) -> GraphStore:
    """Open the embedded store to read it, or raise StoreUnavailable. A question never makes a store."""
    place = path or default_store()
    if not place.is_file():
        raise StoreUnavailable(
            f"there is no store at {place}: run `asbuilt once` first, or name another with --store or ASBUILT_STORE"
        )
    try:
        return SqliteStore(place)
    except (StoreError, OSError) as error:
        raise StoreUnavailable(f"the store {place} cannot be opened: {error}") from error


class Door:
    """The store of a server. It is opened at the first question, and again at the next while there is none yet."""

    def __init__(self, store: GraphStore | None = None, path: Path | None = None) -> None:
        self._store = store
        self._path = path
        self._lock = Lock()

    def store(self) -> GraphStore:
        """Give the store, or raise StoreUnavailable."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self._path)
            return self._store

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None
