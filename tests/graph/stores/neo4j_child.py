"""What does the process do that is killed? It goes on with a history in Neo4j, and tells what was acknowledged.

python -m tests.graph.stores.neo4j_child URL SEED                 on and on, a line for each revision
python -m tests.graph.stores.neo4j_child URL SEED hold            the same; it stands still inside of a step
python -m tests.graph.stores.neo4j_child URL SEED load DOCUMENTS  one commit of so many documents
python -m tests.graph.stores.neo4j_child URL SEED begin           the writer, once a line has come
"""

from __future__ import annotations

import sys

from graph.store import StoreError
from graph.stores.neo4j import Neo4jStore, commit
from graph.stores.neo4j.connection import Ask
from tests.graph.stores.neo4j_trial import LEASE, brief, load, narrow, writer_of
from tests.graph.stores.test_kill import live
from tests.graph.world import World


def main(url: str, seed: int, *words: str) -> None:
    """Do what the words say; errors of the store are told as a line."""
    store = Neo4jStore(url, lease_seconds=LEASE)
    try:
        if words[:1] == ("begin",):
            begin(store)
        elif words[:1] == ("load",):
            load(World(store, _writer=writer_of(store)), seed, int(words[1]))
            tell(str(store.head().number))
        else:
            narrow()
            go_on(store, seed, hold=words[:1] == ("hold",))
    except StoreError as error:
        tell(f"{type(error).__name__}: {error}")
    store.close()


def go_on(store: Neo4jStore, seed: int, *, hold: bool) -> None:
    """Live through one step after the other."""
    world = World(store, _writer=writer_of(store))
    step = store.head().number
    tell("ready")
    while True:
        step += 1
        if hold and step == 4:
            brief()
            stand_still()
        live(world, seed, step)
        tell(str(step))


def begin(store: Neo4jStore) -> None:
    """Open the writer at a word, and keep it until the next one."""
    tell("ready")
    sys.stdin.readline()
    store.writer()
    tell(str(store.head().number))
    sys.stdin.readline()


def stand_still() -> None:
    """Let the next step but one tell that it has locked the store, and wait for a line before it goes on."""
    locked, count = commit.lock, 0

    def lock(ask: Ask) -> tuple[int, str | None, int, int | None]:
        nonlocal count
        found = locked(ask)
        count += 1
        if count == 3:
            tell("locked")
            sys.stdin.readline()
        return found

    commit.lock = lock


def tell(line: str) -> None:
    """Tell the parent a line."""
    print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
