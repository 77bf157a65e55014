"""Is the store in Neo4j whole after the writer or the server was killed, at any instant, and is nothing lost?"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable

import pytest

from graph.store import EntityFilter
from tests.graph.stores.neo4j_trial import Trial, emptied, lived, load, newest, store_at, whole, writer_of
from tests.graph.stores.test_kill import live
from tests.graph.world import World
from tests.servers.neo4j_server import URL_VARIABLE, Neo4jServer
from tests.servers.process import wait_for

pytestmark = pytest.mark.server

KILLS_VARIABLE = "ASBUILT_TEST_SERVER_KILLS"
"""How often the long campaign kills the server; 200 times take about an hour."""

LOADED = 4_000
"""Documents of a first load that takes several steps."""


@pytest.fixture
def server() -> Neo4jServer:
    """Give the server with an empty store in it."""
    return emptied()


@pytest.fixture
def ours(server: Neo4jServer) -> Neo4jServer:
    """Give it where it was started here, so that it may be stopped and killed."""
    if not server.ours:
        pytest.skip(f"server: the Neo4j of {URL_VARIABLE} is not ours to be stopped, which the test needs")
    return server


def line_of(child: subprocess.Popen[str]) -> str:
    """Read what a child tells next."""
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def say(child: subprocess.Popen[str]) -> None:
    """Let a child go on."""
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def ended(child: subprocess.Popen[str]) -> list[str]:
    """Kill a child, and give what it told before. A line without its end was not told."""
    child.kill()
    assert child.stdout is not None
    told = child.stdout.read().split("\n")[:-1]
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    return told


def revision(told: str) -> int:
    """Read which revision a child has told of."""
    assert told.isdigit(), told
    return int(told)


def killed(trial: Trial, step: float) -> tuple[int, float]:
    """Kill a writer at a random instant, within two steps after some; give what was acknowledged, and a step's time."""
    child = trial.child()
    assert line_of(child) == "ready"
    began, acknowledged, steps = time.monotonic(), 0, trial.chance.randrange(4)
    for _ in range(steps):
        acknowledged = revision(line_of(child))
    if steps:
        step = (time.monotonic() - began) / steps
    time.sleep(trial.chance.random() * 2 * step)
    told = ended(child)
    trial.left()
    return revision(told[-1]) if told else acknowledged, step


def kill_and_check(trial: Trial, kills: int) -> None:
    """Kill the writer so often, and hold the store to its history each time."""
    step = 0.5
    for _ in range(kills):
        acknowledged, step = killed(trial, step)
        trial.check(acknowledged)
    print(f"{trial}: {trial.pending} of {kills} kills left a revision in the making")


def test_a_killed_writer_leaves_whole_revisions(server: Neo4jServer) -> None:
    """Killed eight times, the store holds the revisions of the history, and every one that was acknowledged."""
    trial = Trial(server, seed=1)
    kill_and_check(trial, 8)
    assert trial.pending, "no kill fell into a commit: this has shown nothing"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_writer_killed_two_hundred_times_leaves_whole_revisions(server: Neo4jServer, seed: int) -> None:
    """Twenty kills for each of ten histories: never half a revision, none twice, and nothing acknowledged lost."""
    trial = Trial(server, seed)
    kill_and_check(trial, 20)
    assert trial.pending, "no kill fell into a commit: this has shown nothing"


def fell(trial: Trial, world: World, fall: Callable[[], None], wait: float) -> int:
    """Let the server fall while a writer commits, and start it again; give how often a commit was begun again."""
    begun_again: list[int] = []
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            begun_again.append(lived(world, trial.seed, newest(world) + 1))

    thread = threading.Thread(target=go_on)
    thread.start()
    time.sleep(wait)
    fall()
    trial.server.start()
    trial.left()
    before = len(begun_again)
    wait_for(lambda: len(begun_again) > before or not thread.is_alive(), what="a commit after the fall", timeout=120)
    over.set()
    thread.join(120)
    assert len(begun_again) > before, trial
    return sum(begun_again)


def fall_and_check(trial: Trial, falls: int, fall: Callable[[], None]) -> None:
    """Let the server fall so often under one writer, and hold the store to its history each time."""
    store = store_at(trial.server.url, trial.server)
    world = World(store, _writer=writer_of(store))
    again = 0
    try:
        for number in range(falls):
            again += fell(trial, world, fall, trial.chance.random() * 2)
            trial.read(store, trial.reference.store.head().number)
            print(f"{trial}: fall {number + 1}, {trial.pending} left a revision in the making, {again} begun again")
    finally:
        store.close()
    trial.check(0)


def test_a_killed_server_loses_nothing_that_the_writer_goes_on_from(ours: Neo4jServer) -> None:
    """Killed twice while a writer commits: once it is back, the same writer goes on, and all is whole."""
    fall_and_check(Trial(ours, seed=21), 2, ours.kill)


def test_a_server_that_is_started_anew_is_waited_for(ours: Neo4jServer) -> None:
    """Stopped in order while a writer commits, the same holds."""
    fall_and_check(Trial(ours, seed=22), 1, ours.stop)


@pytest.mark.long
def test_a_server_killed_two_hundred_times_loses_nothing(ours: Neo4jServer) -> None:
    """As often, or as often as ASBUILT_TEST_SERVER_KILLS says: never half a revision, and nothing acknowledged lost."""
    kills = int(os.environ.get(KILLS_VARIABLE, "200"))
    pending = 0
    for seed in range(30, 30 + (kills + 19) // 20):
        trial = Trial(emptied(), seed)
        fall_and_check(trial, min(20, kills - 20 * (seed - 30)), ours.kill)
        pending += trial.pending
    assert pending, "no kill fell into a commit: this has shown nothing"


@pytest.mark.parametrize("falls", [3])
def test_nobody_sees_a_first_load_before_all_of_it_is_there(server: Neo4jServer, falls: int) -> None:
    """Killed in the midst of its steps, it is not there at all, neither before nor after the next writer has come."""
    trial = Trial(server, seed=3)
    store = store_at(server.url, server)
    store.writer().close()
    store.close()
    rows = "MATCH (v:AsbuiltDocument) RETURN count(v) AS rows"
    for fall in range(falls):
        child = trial.child("load", str(LOADED))
        await_nodes(server, 10 + fall * 8_000 + trial.chance.randrange(8_000))
        nothing_to_see(server)
        assert ended(child) == []
        assert trial.left() == 1
        nothing_to_see(server)
        store = store_at(server.url, server)
        writer_of(store).close()
        nothing_to_see(server)
        whole(server)
        assert server.query(rows) == [{"rows": 0}]
        store.close()
    child = trial.child("load", str(LOADED))
    assert line_of(child) == "1"
    ended(child)
    load(trial.reference, trial.seed, LOADED)
    store = store_at(server.url, server)
    with store.reader() as reader, trial.reference.store.reader() as expected:
        assert reader.count() == expected.count()
        assert reader.entities(EntityFilter(), LOADED) == expected.entities(EntityFilter(), LOADED)
    store.close()
    whole(server)


def await_nodes(server: Neo4jServer, least: int) -> None:
    """Wait until so many nodes are there, published or not."""
    query = "MATCH (n) RETURN count(n) AS nodes"
    wait_for(lambda: server.query(query)[0]["nodes"] >= least, what=f"{least} nodes of a load", timeout=120, tick=0.01)


def nothing_to_see(server: Neo4jServer) -> None:
    """Look into the store as a reader that comes now, and find the empty graph."""
    store = store_at(server.url, server)
    assert store.head().number == 0
    with store.reader() as reader:
        assert reader.entities(EntityFilter(), 10) == []
        assert reader.count() == {}
        assert reader.scopes() == []
    store.close()


def test_a_writer_that_stood_still_within_a_step_is_replaced(server: Neo4jServer) -> None:
    """Stopped with the store locked, it keeps the next one out for no longer than a transaction may last.

    Once it goes on it is told, and writes nothing.
    """
    trial = Trial(server, seed=4)
    child = trial.child("hold")
    assert line_of(child) == "ready"
    acknowledged = 0
    while (told := line_of(child)) != "locked":
        acknowledged = revision(told)
    child.send_signal(signal.SIGSTOP)
    store = store_at(server.url, server)
    world = World(store, _writer=writer_of(store))
    for step in range(acknowledged + 1, acknowledged + 3):
        live(world, trial.seed, step)
    child.send_signal(signal.SIGCONT)
    say(child)
    assert line_of(child).startswith("StoreLocked: another process has taken over")
    ended(child)
    live(world, trial.seed, acknowledged + 3)
    trial.read(store, acknowledged + 3)
    store.close()
    whole(server)


def begun_at_once(server: Neo4jServer, trial: Trial) -> None:
    """Let two processes open an empty database at the same instant."""
    server.wipe()
    children = [trial.child("begin") for _ in range(2)]
    assert [line_of(child) for child in children] == ["ready", "ready"]
    for child in children:
        say(child)
    told = sorted(line_of(child) for child in children)
    for child in children:
        ended(child)
    assert told[0] == "0"
    assert told[1].startswith("StoreLocked: "), told
    assert "already writes to" in told[1]
    assert server.query("MATCH (n) RETURN labels(n) AS labels, count(*) AS count ORDER BY labels") == [
        {"labels": ["AsbuiltRevision"], "count": 1},
        {"labels": ["AsbuiltStore"], "count": 1},
    ]
    states = server.query("SHOW INDEXES YIELD name, state WHERE name STARTS WITH 'asbuilt_' RETURN DISTINCT state")
    assert states == [{"state": "ONLINE"}]


def test_two_that_begin_at_once_prepare_one_schema(server: Neo4jServer) -> None:
    """One is the writer, the other is told so; neither stumbles over the other."""
    begun_at_once(server, Trial(server, seed=5))


@pytest.mark.long
def test_two_that_begin_at_once_ten_times_prepare_one_schema(server: Neo4jServer) -> None:
    """Ten times."""
    for _ in range(10):
        begun_at_once(server, Trial(server, seed=5))
