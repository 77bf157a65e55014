"""Does the writer of a store in Neo4j learn the truth when connections, locks and other writers come between?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import TransientError

from graph.store import StoreError, StoreLocked
from graph.stores.neo4j import Login, Neo4jStore, commit, connection
from graph.stores.neo4j.connection import Database
from graph.stores.neo4j.writer import Neo4jWriter
from tests.graph.stores.bolt_proxy import BoltProxy, Loss
from tests.graph.stores.estate import A1, A2, B1, OTHER, POD, PODS, keys_at
from tests.graph.stores.neo4j_trial import NARROW, STANDING, Trial, emptied, lived, newest, store_at, whole, writer_of
from tests.graph.stores.test_kill import live
from tests.graph.world import World
from tests.servers.neo4j_server import Neo4jServer
from tests.servers.process import wait_for

pytestmark = pytest.mark.server

LONG = 3600.0
"""Seconds of a lease that is not renewed within a test."""

SEED = 7
LOSSES = list(Loss)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again sooner than a user's server would like it."""
    monkeypatch.setattr(connection, "_PAUSE", 0.02)


@pytest.fixture
def server() -> Neo4jServer:
    """Give the server with an empty store in it."""
    return emptied()


@pytest.fixture
def proxy(server: Neo4jServer) -> Iterator[BoltProxy]:
    """Give a proxy before it."""
    with BoltProxy(server.url) as made:
        yield made


@pytest.fixture
def opened() -> Iterator[Callable[[str, Neo4jServer, float], Neo4jStore]]:
    """Open stores, and close them after the test, which has left the way to the server open."""
    made: list[Neo4jStore] = []

    def open_one(url: str, server: Neo4jServer, lease: float = LONG) -> Neo4jStore:
        made.append(store_at(url, server, lease))
        return made[-1]

    yield open_one
    for store in made:
        store.close()


Opened = Callable[..., Neo4jStore]


def settled(world: World) -> None:
    """Wait until what follows a revision is done, so that it sends nothing more."""
    assert isinstance(world.writer, Neo4jWriter)
    assert world.writer._aftermath.settled(60)


def blocked(server: Neo4jServer) -> bool:
    """Tell whether a transaction waits for what another has locked."""
    return bool(server.query("SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN status"))


def losing(proxy: BoltProxy, loss: Loss, world: World, *, shut: bool = False) -> int:
    """Live through steps, of which each loses a later COMMIT, until four had none so late; give how many were lost."""
    lost = missed = 0
    for number in count(1):
        settled(world)
        proxy.lose(loss, number, shut=shut)
        step = newest(world) + 1
        try:
            live(world, SEED, step)
        except StoreError:
            if not shut:
                raise
            proxy.open()
            if newest(world) < step:
                live(world, SEED, step)
        settled(world)
        proxy.open()
        lost, missed = (lost + 1, 0) if proxy.disarm() else (lost, missed + 1)
        if missed == 4:
            return lost
    raise AssertionError


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_a_lost_connection_loses_no_commit_and_makes_none_twice(
    loss: Loss, server: Neo4jServer, proxy: BoltProxy, opened: Opened
) -> None:
    """Whichever transaction of a commit loses its COMMIT, or the answer: the writer finds out, and all goes on."""
    store = opened(proxy.url, server)
    world = World(store)
    assert losing(proxy, loss, world) >= 6
    Trial(server, SEED).read(store, 9)
    whole(server)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_a_commit_that_failed_for_want_of_a_server_leaves_nothing_to_the_next(
    loss: Loss, server: Neo4jServer, proxy: BoltProxy, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is away from some instant of a commit on, and nothing can be taken back: the next one does it first.

    Where the revision was published and nobody heard, the writer goes on from it.
    """
    monkeypatch.setattr(connection, "_PATIENCE", 0.0)
    store = opened(proxy.url, server)
    world = World(store)
    assert losing(proxy, loss, world, shut=True) >= 6
    Trial(server, SEED).read(store, 9)
    whole(server)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_a_writer_whose_opening_was_interrupted_is_the_writer(
    loss: Loss, server: Neo4jServer, proxy: BoltProxy, opened: Opened
) -> None:
    """It does not take its own lease for another's."""
    for number in count(1):
        store = opened(proxy.url, server)
        proxy.lose(loss, number)
        world = World(store, _writer=store.writer())
        settled(world)
        world.writer.close()
        if not proxy.disarm():
            break
    assert number > 2


def test_a_read_whose_connection_was_lost_is_done_again(server: Neo4jServer, proxy: BoltProxy, opened: Opened) -> None:
    """Nobody who asks notices, whichever of the transactions it is."""
    store = opened(proxy.url, server)
    world = World(store)
    world.read(PODS, A1, B1)
    settled(world)
    for number in range(1, 5):
        for loss in LOSSES:
            proxy.lose(loss, number, reads=True)
            keys = [keys_at(store) for _ in range(number)]
            assert keys == [[POD, OTHER]] * number
            assert proxy.disarm()


def test_connections_cut_at_random_lose_nothing(
    server: Neo4jServer, proxy: BoltProxy, opened: Opened, narrow: None
) -> None:
    """However often, and whatever was on its way."""
    trial = Trial(server, SEED)
    store = opened(proxy.url, server)
    world = World(store)
    over = threading.Event()

    def cut() -> None:
        while not over.wait(0.2 + trial.chance.random()):
            proxy.cut()

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        for step in range(1, 9):
            lived(world, SEED, step)
    finally:
        over.set()
        cutter.join()
    trial.read(store, 8)
    settled(world)
    whole(server)


def test_a_writer_that_was_held_up_for_longer_than_its_lease_writes_nothing_more(
    server: Neo4jServer, proxy: BoltProxy, opened: Opened, narrow: None, brief: None
) -> None:
    """Another one takes over in the middle of its commit. It is told, and what it had written is taken back."""
    trial = Trial(server, SEED)
    first = World(opened(proxy.url, server, 1))
    live(first, SEED, 1)
    told: list[StoreError] = []

    over = threading.Event()

    def go_on() -> None:
        while not over.is_set() and not any(isinstance(error, StoreLocked) for error in told):
            try:
                live(first, SEED, newest(first) + 1)
            except StoreError as error:
                told.append(error)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    wait_for(trial.left, what="a commit in the making", tick=0.0)
    store = opened(server.url, server, 1)
    proxy.stall()
    try:
        second = World(store, _writer=writer_of(store))
        for _ in range(2):
            live(second, SEED, store.head().number + 1)
    finally:
        proxy.resume()
    thread.join(60)
    assert isinstance(told[-1], StoreLocked)
    assert "another process has taken over" in str(told[-1])
    live(second, SEED, store.head().number + 1)
    settled(second)
    trial.read(store, 4)
    whole(server)


def test_a_deadlock_is_tried_again(server: Neo4jServer, opened: Opened) -> None:
    """Somebody else holds what the commit needs and wants what it holds: whoever gives way, the commit comes about."""
    store = opened(server.url, server)
    world = World(store)
    world.read(PODS, A1, B1)
    settled(world)
    gave_way = 0
    auth = (server.user, server.password)
    with GraphDatabase.driver(server.url, auth=auth, max_transaction_retry_time=0.0) as driver:
        for document in (A2, A1, A2, A1):
            with driver.session() as session, session.begin_transaction() as tx:
                tx.run("MATCH (v:AsbuiltDocument) SET v._held = 1").consume()
                thread = threading.Thread(target=world.read, args=(PODS, document, B1))
                thread.start()
                wait_for(lambda: blocked(server), what="a commit that waits")
                try:
                    tx.run("MATCH (s:AsbuiltStore {id: 0}) SET s.touched = 1").consume()
                    gave_way += 1
                except TransientError:
                    pass
                tx.rollback()
            thread.join(60)
            settled(world)
    assert gave_way, "the commit never gave way: this has shown nothing"
    assert store.head().number == 5
    whole(server)


def test_what_a_commit_supersedes_is_not_forgotten_before_it_is_published(server: Neo4jServer, opened: Opened) -> None:
    """The present forgets what closed while the next commit goes on; what that one supersedes is still the last."""
    store = opened(server.url, server)
    world = World(store)
    world.read(PODS, A1, B1)
    settled(world)
    database = Database(server.url, Login(server.user, server.password))
    closed = "MATCH (v:AsbuiltEntity {last_key: $key}) SET v.closed = 1, v:AsbuiltClosing"
    server.query(closed, key=POD)
    sweeping = threading.Thread(target=commit.sweep, args=(database, 1))
    with (
        GraphDatabase.driver(server.url, auth=(server.user, server.password)) as driver,
        driver.session() as session,
        session.begin_transaction() as tx,
    ):
        tx.run("MATCH (v:AsbuiltClosing) SET v.superseded = 2").consume()
        sweeping.start()
        wait_for(lambda: blocked(server), what="a sweep that waits")
        tx.commit()
    sweeping.join(60)
    database.close()
    last = "MATCH (v:AsbuiltEntity {last_key: $key}) RETURN v:AsbuiltClosing AS closing"
    assert server.query(last, key=POD) == [{"closing": True}]


def test_nothing_is_taken_back_by_one_who_was_replaced(server: Neo4jServer, opened: Opened) -> None:
    """It fell silent in the midst of taking back; what it finds when it goes on is another's commit."""
    store = opened(server.url, server)
    world = World(store)
    with world.writer.stage():
        server.query("MATCH (s:AsbuiltStore) SET s.pending = 1")
        server.query("CREATE (:AsbuiltEntity {last_key: 'of another', opened: 1})")
        (row,) = server.query("MATCH (s:AsbuiltStore) RETURN s.fence AS fence")
        database = Database(server.url, Login(server.user, server.password))
        match = "MATCH (v:AsbuiltEntity) WHERE v.opened = $revision"
        for fence, left in ((row["fence"] - 1, 1), (row["fence"], 0)):
            commit._in_portions(database, match, f"{commit._FENCED} DELETE v", revision=1, fence=fence)
            assert server.query("MATCH (v:AsbuiltEntity) RETURN count(v) AS left") == [{"left": left}]
        with pytest.raises(StoreLocked):
            commit.take_back(database, row["fence"] - 1)
        commit.take_back(database, row["fence"])
        database.close()
    whole(server)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every commit take many steps."""
    monkeypatch.setattr(commit, "STEP", NARROW)
    monkeypatch.setattr(commit, "_STATEMENT", NARROW)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no transaction last."""
    monkeypatch.setattr(connection, "_LONGEST", STANDING)
