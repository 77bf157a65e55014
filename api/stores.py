"""How is the store opened for reading, and what is said when there is none?"""

from __future__ import annotations

from threading import Lock

from api.errors import InvalidRequest, StoreUnavailable
from graph.store import GraphStore, StoreError
from graph.stores.configured import usual_location
from graph.stores.location import Location, NoLocation, location_of
from graph.stores.opening import open_to_read


def place_of(given: str | None) -> Location | None:
    """Read where somebody says that the store is, or raise InvalidRequest. None: nobody says."""
    try:
        return location_of(given) if given else None
    except NoLocation as error:
        raise InvalidRequest(str(error)) from None


def open_store(location: Location | None = None) -> GraphStore:
    """Open a store to read it, or raise StoreUnavailable. A question never makes a store."""
    try:
        return open_to_read(location or usual_location())
    except (StoreError, NoLocation, OSError) as error:
        raise StoreUnavailable(str(error)) from error


class Door:
    """The store of a server. It is opened at the first question, and again at the next while there is none yet."""

    def __init__(self, store: GraphStore | None = None, location: Location | None = None) -> None:
        self._store = store
        self._location = location
        self._lock = Lock()

    def store(self) -> GraphStore:
        """Give the store, or raise StoreUnavailable."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self._location)
            return self._store

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None
