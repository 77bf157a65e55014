"""What becomes of who has a store open when another takes its place, as at a restoring from a backup?"""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.store import GraphStore, StoreError, StoreLocked
from graph.stores.neo4j import Login, Neo4jStore
from graph.stores.sqlite import SqliteStore
from tests.graph.histories import CLUSTER, NODES
from tests.graph.world import World, document, entity, tie
from tests.stores import neo4j_server


def filled(store: GraphStore, *names: str) -> World:
    """Fill a store with some nodes."""
    world = World(store)
    world.configure("kube")
    world.scopes("kube", NODES)
    nodes = [CLUSTER.child("k8s.node", name) for name in names]
    world.read(NODES, *(document(node.id, "1", entity(node), tie(node, "PART_OF", CLUSTER)) for node in nodes))
    return world


def let_go(world: World) -> None:
    """Close the writer and the store."""
    world.writer.close()
    world.store.close()


def tied(store: GraphStore) -> list[str]:
    """Give the names of the nodes that are tied to the cluster."""
    with store.reader() as reader:
        return sorted(str(one.source.keys[0].id) for one in reader.relations([CLUSTER], outgoing=False))


def test_who_reads_finds_the_file_that_stands_there_now(tmp_path: Path) -> None:
    """Not the one that was moved away, nor the one's numbers with the other's names; and where there is none, none."""
    for name, nodes in (("a.db", "abc"), ("b.db", "zya")):
        let_go(filled(SqliteStore(tmp_path / name), *nodes))
    store = SqliteStore(tmp_path / "a.db")
    with store.reader():
        assert tied(store) == ["a", "b", "c"]
    (tmp_path / "a.db").rename(tmp_path / "old.db")
    with pytest.raises(StoreError, match="there is no store"):
        tied(store)
    (tmp_path / "b.db").rename(tmp_path / "a.db")
    with store.reader():
        assert tied(store) == ["a", "y", "z"]
    assert tied(store) == ["a", "y", "z"]
    store.close()


def test_who_writes_is_told_and_writes_to_no_file_that_nobody_finds(tmp_path: Path) -> None:
    """Moved away or replaced, neither the old file nor the new one gets a commit; back in its place, it goes on."""
    let_go(filled(SqliteStore(tmp_path / "b.db"), "z"))
    world, path, old = filled(SqliteStore(tmp_path / "a.db"), "a"), tmp_path / "a.db", tmp_path / "old.db"
    path.rename(old)
    for replaced in (False, True):
        if replaced:
            (tmp_path / "b.db").rename(path)
        with pytest.raises(StoreError, match="moved or replaced"):
            world.read(NODES)
    path.unlink()
    old.rename(path)
    world.pass_(seconds=60)
    world.read(NODES, *(document(name, "2", entity(CLUSTER.child("k8s.node", name))) for name in "ab"))
    assert world.store.head().number == 4
    let_go(world)


@pytest.mark.server
def test_who_has_a_database_open_that_is_emptied_and_filled_again_sees_and_spoils_nothing_of_it() -> None:
    """Who reads is told, and then has the new store's answers; who writes is out, though nobody took over from it."""
    server = neo4j_server()

    def opened() -> Neo4jStore:
        return Neo4jStore(server.url, Login(server.user, server.password), lease_seconds=3)

    def emptied() -> None:
        server.query("MATCH (n) DETACH DELETE n")

    emptied()
    former, reading = filled(opened(), *"abc"), opened()
    assert reading.head().number == 3
    assert tied(reading) == ["a", "b", "c"]
    emptied()
    with pytest.raises(StoreError, match="somebody emptied"):
        reading.head()
    with pytest.raises(StoreError, match="somebody emptied"):
        former.read(NODES)
    let_go(filled(opened(), *"zya"))
    assert reading.head().number == 3
    assert tied(reading) == ["a", "y", "z"]
    with pytest.raises(StoreLocked):
        former.read(NODES)
    assert tied(reading) == ["a", "y", "z"]
    former.store.close()
    reading.close()
    emptied()
