"""Which stores are held to the same promises? Add one here, and every suite that asks for all of them holds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore

STORES: dict[str, Callable[[Path], GraphStore]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "asbuilt.db"),
}
"""How to open an empty store of each sort in a folder."""
