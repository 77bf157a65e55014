"""Is the plain current graph, for people's own Cypher, exactly the present of the record?"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from structlog.testing import CapturingLogger

from graph.model import Document, Key, Scope
from graph.store import EntityFilter, GraphStore, GraphWriter, StoreLocked
from graph.stores.neo4j import Login, Neo4jStore, aftermath, projection
from graph.stores.neo4j.connection import Ask, Database
from graph.stores.neo4j.labels import class_label, kind_label, properties
from graph.stores.neo4j.numbers import Lookup
from graph.stores.neo4j.writer import Neo4jWriter
from tests.graph.histories import CLUSTER, NODES, Script, histories, play
from tests.graph.stores.answers import ALL
from tests.graph.world import World, alias_end, document, entity, exclusive, tie
from tests.servers.neo4j_server import Neo4jServer
from tests.stores import NEO4J, STORES, neo4j_server

pytestmark = pytest.mark.server

FIRST, SECOND = (CLUSTER.child("k8s.node", name) for name in ("n1", "n2"))


@pytest.fixture
def server() -> Neo4jServer:
    """Give the server of this process."""
    return neo4j_server()


def followed(world: World, server: Neo4jServer) -> None:
    """Wait until the current graph has followed, and hold it to the record."""
    assert isinstance(world.writer, Neo4jWriter)
    assert world.writer._aftermath.settled(60)
    assert server.query("MATCH (s:AsbuiltStore) RETURN s.head - s.projected AS behind") == [{"behind": 0}]
    things, ties = _recorded(world.store, server)
    drawn = server.query("MATCH (e:Entity) RETURN e.key AS key, labels(e) AS labels, properties(e) AS said")
    assert {row["key"]: ({*row["labels"]}, _told(row["said"])) for row in drawn} == things
    rows = server.query("MATCH (a)-[r]->(b) RETURN r._id AS id, a.key, type(r), b.key, properties(r) AS said")
    assert sorted((row["id"], row["a.key"], row["type(r)"], row["b.key"], _told(row["said"])) for row in rows) == ties
    mentioned = {row["key"] for row in server.query("MATCH (m:Mentioned) WHERE NOT m:Entity RETURN m.key AS key")}
    assert mentioned >= {key for _, source, _, target, _ in ties for key in (source, target)} - things.keys()
    assert not mentioned & things.keys()


def _recorded(store: GraphStore, server: Neo4jServer) -> tuple[dict[str, Any], list[Any]]:
    """Give the present as the record has it: things by key with labels and properties, and ties, in order."""
    keys = [Key(str(row["key"])) for row in server.query("MATCH (k:AsbuiltKey) RETURN k.key AS key")]
    with store.reader() as reader:
        things = {}
        for one in reader.entities(EntityFilter(), ALL):
            own = {"key": str(one.key), "kind": one.kind, "name": one.name, "incarnation": one.incarnation}
            said = {**properties(one.attributes), **{name: value for name, value in own.items() if value is not None}}
            things[str(one.key)] = ({"AsbuiltKey", "Entity", class_label(one.kind), kind_label(one.kind)}, said)
        ties = []
        for each in {tie.id: tie for tie in reader.relations(keys, outgoing=True)}.values():
            stated = each.stated
            said = {**properties(stated.attributes), "method": stated.method.value, "confidence": stated.confidence}
            said |= {"slot": stated.slot} if stated.slot else {}
            if each.source.key and each.target.key:
                ties.append((each.id, str(each.source.key), each.verb, str(each.target.key), said))
    return things, sorted(ties, key=lambda row: row[0])


def _told(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if not name.startswith("_")}


@settings(max_examples=4, deadline=None)
@given(script=histories())
def test_whatever_happened_the_graph_is_the_present(script: Script) -> None:
    """Deletions, re-creation, retirement, aliases that move: things, labels, properties and ties are the record's."""
    world = World(STORES[NEO4J](Path()))
    play(script, world)
    followed(world, neo4j_server())
    world.writer.close()


def test_a_thing_that_was_tied_to_itself_is_so_no_longer(server: Neo4jServer) -> None:
    """An alias that a thing cites is its own, moves to another, comes back, and is cited no more."""
    world = World(STORES[NEO4J](Path()))
    world.configure("kube")
    world.scopes("kube", NODES)
    version = itertools.count()

    def read(holder: Key, *, cites: bool = True) -> None:
        cite = tie(FIRST, "RESOLVES_TO", alias_end("ip", "net|1", "k8s.node"))
        world.pass_(seconds=60)
        world.read(NODES, *(_node(key, str(next(version)), holder, cite, cites) for key in (FIRST, SECOND)))

    def _node(key: Key, number: str, holder: Key, cite: Any, cites: bool) -> Document:
        held = [exclusive("ip", "net|1")] if key == holder else []
        return document(key.id, number, entity(key, *held), *([cite] if cites and key == FIRST else []))

    for holder in (FIRST, SECOND, FIRST):
        read(holder)
        followed(world, server)
    read(SECOND)
    read(FIRST, cites=False)
    followed(world, server)
    world.writer.close()


def test_a_kind_and_a_verb_may_begin_with_a_digit(server: Neo4jServer) -> None:
    """A user may name a kind so, and Cypher takes no such label: the graph follows all the same."""
    scope = Scope("kube", "products", frozenset({"3scale.product", "2ND_OF"}), CLUSTER)
    first, second = (CLUSTER.child("3scale.product", name) for name in ("a", "b"))
    world = World(STORES[NEO4J](Path()))
    world.configure("kube", states=scope.states)
    world.scopes("kube", scope)
    world.read(
        scope, document("a", "1", entity(first), tie(first, "2ND_OF", second)), document("b", "1", entity(second))
    )
    assert isinstance(world.writer, Neo4jWriter)
    assert world.writer._aftermath.settled(60)
    drawn = server.query("MATCH (a:Kind3scaleProduct)-[:TIED_2ND_OF]->(b:Kind3scaleProduct) RETURN a.key, b.key")
    assert drawn == [{"a.key": str(first), "b.key": str(second)}]
    world.writer.close()


def test_who_was_replaced_draws_nothing_more(server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It read the present, stood still for longer than its lease, and went on when another had drawn more."""
    first = World(STORES[NEO4J](Path()))
    first.configure("kube")
    first.scopes("kube", NODES)
    assert isinstance(first.writer, Neo4jWriter)
    assert first.writer._aftermath.settled(60)
    stands, goes_on, show = threading.Event(), threading.Event(), projection._follow

    def held_up(database: Database, lookup: Lookup, *rest: Any) -> None:
        writing = database.writing

        def later(work: Callable[[Ask], Any]) -> Any:
            stands.set()
            assert goes_on.wait(60)
            return writing(work)

        with monkeypatch.context() as patched:
            patched.setattr(database, "writing", later)
            show(database, lookup, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(projection, "_follow", held_up)
        first.writer._lease._released.set()  # it renews its lease no more
        first.read(NODES, document("n1", "1", entity(FIRST, zone="a")))
        assert stands.wait(60)
    store = Neo4jStore(server.url, Login(server.user, server.password), lease_seconds=3)
    second = World(store, first.now, _writer=_taken(store))
    second.pass_(seconds=60)
    second.read(NODES, document("n1", "2", entity(FIRST, zone="b")))
    followed(second, server)
    goes_on.set()
    assert first.writer._aftermath.settled(60)
    followed(second, server)
    store.close()


def _taken(store: GraphStore) -> GraphWriter:
    """Open a writer as soon as the lease of another has run out."""
    until = time.monotonic() + 60
    while True:
        try:
            return store.writer()
        except StoreLocked:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_an_index_that_takes_no_long_text_holds_up_the_graph_alone_and_that_is_said(
    server: Neo4jServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record goes on, the log names the reason once, and all is drawn when the index is gone."""
    world = World(STORES[NEO4J](Path()))
    world.configure("kube")
    world.scopes("kube", NODES)
    log = CapturingLogger()
    monkeypatch.setattr(aftermath, "log", log)
    server.query("CREATE INDEX somebodys FOR (n:K8sNode) ON (n.labels)")
    server.query("CALL db.awaitIndexes(60)")
    try:
        for number in (1, 2):
            world.pass_(seconds=60)
            world.read(NODES, document("n1", str(number), entity(FIRST, labels={"a": _noise(), "b": str(number)})))
            assert isinstance(world.writer, Neo4jWriter)
            assert world.writer._aftermath.settled(60)
        [said] = log.calls
        assert (said.method_name, *said.args) == ("warning", "the current graph cannot follow")
        assert "too large" in said.kwargs["reason"]
        assert "drop" in said.kwargs["step"]
        assert not server.query("MATCH (n:K8sNode) RETURN n")
        with world.store.reader() as reader:
            assert reader.latest([FIRST])[FIRST].attributes["labels"] == {"a": _noise(), "b": "2"}
    finally:
        server.query("DROP INDEX somebodys")
    world.pass_(seconds=60)
    world.read(NODES, document("n1", "3", entity(FIRST, labels={"a": _noise(), "b": "3"})))
    followed(world, server)
    world.writer.close()


def _noise() -> str:
    """Make a text that no index takes."""
    return "".join(random.Random(1).choices("abcdefgh", k=20_000))
