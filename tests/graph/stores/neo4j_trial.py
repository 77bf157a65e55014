"""How is a store in Neo4j held to its history, after whatever befell it? A reference lives through the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from graph.store import GraphWriter, StoreError, StoreLocked
from graph.stores.memory import MemoryStore
from graph.stores.neo4j import Login, Neo4jStore, commit, connection
from graph.stores.neo4j.connection import SECRET_VARIABLE, USER_VARIABLE
from graph.stores.neo4j.schema import MADE, VERSIONS
from tests.graph.stores.answers import Universe, answers
from tests.graph.stores.test_kill import CLOUD, NODES, PODS, _pod, live
from tests.graph.world import START, World
from tests.servers.neo4j_server import Neo4jServer
from tests.stores import NEO4J, STORES, neo4j_server

LEASE = 1.0
"""Seconds for which a writer that was killed keeps the next one out."""

NARROW = 100
"""Rows of a step that make a commit of some fifty documents one of many steps."""

STANDING = 5.0
"""Seconds after which the server ends the transaction of a writer that stands still."""


def narrow() -> None:
    """Let this process take small steps."""
    commit.STEP = commit._STATEMENT = NARROW


def brief() -> None:
    """Let no transaction of this process last."""
    connection._LONGEST = STANDING


def emptied() -> Neo4jServer:
    """Empty the store of the one server of this process, and give the server."""
    STORES[NEO4J](Path()).close()
    return neo4j_server()


def store_at(url: str, server: Neo4jServer, lease: float = LEASE) -> Neo4jStore:
    """Give a store of its own at an address of the server, such as that of a proxy before it."""
    return Neo4jStore(url, Login(server.user, server.password), lease_seconds=lease)


def writer_of(store: Neo4jStore, seconds: float = 20.0) -> GraphWriter:
    """Become the writer, once the lease of one that died has run out."""
    end = time.monotonic() + seconds
    while True:
        try:
            return store.writer()
        except StoreLocked:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def load(world: World, seed: int, documents: int) -> None:
    """Read a scope for the first time: many documents, in one commit."""
    chance = random.Random(f"{seed}/load")
    world.now = START + timedelta(seconds=30)
    world.read(PODS, *(_pod(number, chance) for number in range(documents)))


class Trial:
    """One store, and the reference that lives through the same history, which follows from the seed."""

    def __init__(self, server: Neo4jServer, seed: int) -> None:
        self.server = server
        self.seed = seed
        self.chance = random.Random(seed)
        self.reference = World(MemoryStore())
        self.pending = 0
        """How often something was left in the making."""

    def __repr__(self) -> str:
        """Tell how to repeat it."""
        return f"Trial(seed={self.seed}, head={self.reference.store.head().number})"

    def child(self, *words: str, url: str = "") -> subprocess.Popen[str]:
        """Start a process that goes on with the history and tells each revision once it is acknowledged."""
        command = [sys.executable, "-m", "tests.graph.stores.neo4j_child", url or self.server.url, str(self.seed)]
        login = {USER_VARIABLE: self.server.user, SECRET_VARIABLE: self.server.password}
        return subprocess.Popen(
            [*command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **login},
        )

    def left(self) -> int | None:
        """Give the revision that was left in the making, and count that there was one."""
        rows = self.server.query("MATCH (s:AsbuiltStore {id: 0}) RETURN s.pending AS pending")
        number: int | None = rows[0]["pending"] if rows else None
        self.pending += number is not None
        return number

    def follow(self, head: int) -> None:
        """Let the reference live up to a revision."""
        for step in range(self.reference.store.head().number + 1, head + 1):
            live(self.reference, self.seed, step)

    def read(self, store: Neo4jStore, acknowledged: int) -> None:
        """Compare the store, at its newest revision and at one before, with the reference at the same."""
        head = store.head()
        assert head.number >= acknowledged, (self, head, acknowledged)
        self.follow(head.number)
        reference = self.reference.store
        assert isinstance(reference, MemoryStore)
        assert head == reference.head(), self
        universe = Universe.of(reference)
        for number in {head.number, self.chance.randint(0, head.number)}:
            mark = store.revision(number)
            assert mark == reference.revision(number), self
            with store.reader(mark) as reader, reference.reader(mark) as expected:
                said, wanted = answers(reader, universe), answers(expected, universe)
            for name, answer in wanted.items():
                assert said[name] == answer, (self, mark, name)

    def check(self, acknowledged: int) -> None:
        """Hold the store to the reference, before the next writer has come and after, and look for what is left."""
        store = store_at(self.server.url, self.server)
        try:
            self.read(store, acknowledged)
            writer = writer_of(store)
            self.read(store, acknowledged)
            for scope in (PODS, NODES, CLOUD):
                known, base = writer.known(scope)
                expected, at = self.reference.writer.known(scope)
                assert (dict(known), base) == (dict(expected), at), (self, scope)
            whole(self.server)
        finally:
            store.close()


def whole(server: Neo4jServer) -> None:
    """Look into the database: nothing is left of what was not published, and nothing is there twice."""
    (row,) = server.query(
        "MATCH (s:AsbuiltStore) RETURN s.head AS head, s.pending AS pending, s.restoring AS restoring"
    )
    assert row["pending"] is None
    assert row["restoring"] is None
    head = row["head"]
    for label in VERSIONS:
        query = (
            f"MATCH (v:{label}) WHERE v.opened > $head OR v.closed > $head OR v.superseded > $head RETURN count(*) AS n"
        )
        assert server.query(query, head=head) == [{"n": 0}], label
    for label, place in MADE.items():
        assert server.query(f"MATCH (v:{label}) WHERE v.{place} > $head RETURN count(*) AS n", head=head) == [{"n": 0}]
    numbers = server.query("MATCH (r:AsbuiltRevision) RETURN r.number AS number ORDER BY number")
    assert [one["number"] for one in numbers] == list(range(head + 1))
    for label, name in (("Entity", "last_key"), ("Relation", "last_id"), ("Document", "last_ref"), ("Key", "key")):
        query = f"MATCH (v:Asbuilt{label}) WHERE v.superseded IS NULL WITH v.{name} AS name, count(*) AS n WHERE n <> 1"
        assert server.query(f"{query} RETURN name, n") == [], label


def lived(world: World, seed: int, step: int, attempts: int = 8) -> int:
    """Live through one step against a server that comes and goes; give how often it had to be begun again.

    What was raised tells nobody whether the revision stands: the newest one does.
    """
    for attempt in range(attempts):
        try:
            live(world, seed, step)
        except StoreError:
            if newest(world) == step:
                return attempt + 1
        else:
            return attempt
    raise AssertionError(f"seed {seed}: step {step} did not come about in {attempts} attempts")


def newest(world: World, seconds: float = 60.0) -> int:
    """Give the newest revision, as soon as the server tells it."""
    end = time.monotonic() + seconds
    while True:
        try:
            return world.store.head().number
        except StoreError:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)
