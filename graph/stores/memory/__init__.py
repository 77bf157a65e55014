"""The reference store: the promises of `graph.store` in plain dictionaries, as short as they can be said.

Every other store is compared with this one. A commit works on a copy and is published by swapping it in, so readers
hold what they opened, and a commit that is left has never been.
"""

from graph.stores.memory.store import MemoryStore

__all__ = ["MemoryStore"]
