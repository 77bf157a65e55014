"""Where may a cycle be tried without consequences? In a copy of the store that nobody sees, and that does not stay."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from graph.store import GraphStore, StoreError
from graph.stores.location import Location, Server
from graph.stores.opening import holds_store, open_to_read
from graph.stores.sqlite import SqliteStore


@contextmanager
def scratch_copy(location: Location) -> Iterator[GraphStore]:
    """Open a throw-away copy of a store, an empty one where there is none yet. The store is only read.

    Another process may be writing meanwhile: what is copied is one instant, by SQLite's backup or by a dump.
    """
    with tempfile.TemporaryDirectory(prefix="asbuilt-plan-") as folder:
        copy = Path(folder) / "copy.db"
        if holds_store(location):
            if isinstance(location, Server):
                _dump(location, copy)
            else:
                _backup(location, copy)
        store = SqliteStore(copy)
        try:
            yield store
        finally:
            store.close()


def _dump(server: Server, copy: Path) -> None:
    with closing(open_to_read(server)) as source, closing(SqliteStore(copy)) as target:
        target.writer().restore(source.dump())


def _backup(path: Path, copy: Path) -> None:
    try:
        try:
            _copy(path, copy, "ro")
        except sqlite3.OperationalError:  # after a crash the log needs its index, which read-only cannot make
            _copy(path, copy, "rw")
    except sqlite3.Error as error:
        raise StoreError(
            f"the store {path} cannot be copied ({error}): check that it is one, and its permissions"
        ) from None


def _copy(path: Path, copy: Path, mode: str) -> None:
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
