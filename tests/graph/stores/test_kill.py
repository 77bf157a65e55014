"""Is the store whole after its writer was killed, at any instant, and is nothing lost that it had acknowledged?"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from graph.model import Document, Key, Scope
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from tests.graph.stores.answers import Universe, answers
from tests.graph.world import START, World, alias_end, document, entity, exclusive, tie

CLUSTER = Key.of(("k8s.cluster", "one"))
PODS = Scope("kube", "pods", frozenset({"k8s.pod", "RUNS_ON"}), CLUSTER)
NODES = Scope("kube", "nodes", frozenset({"k8s.node", "REALIZED_BY"}), CLUSTER)
CLOUD = Scope("cloud", "instances", frozenset({"aws.ec2.instance"}), "cloud.account/1", snapshot=False)


def _pod(number: int, chance: random.Random) -> Document:
    pod = CLUSTER.child("k8s.pod", f"p{number}")
    node = CLUSTER.child("k8s.node", f"n{chance.randrange(4)}")
    version = str(chance.random())
    address = exclusive("ip", f"net|{chance.randrange(60)}")
    return document(pod.id, version, entity(pod, address, phase=version), tie(pod, "RUNS_ON", node, ready=True))


def _node(number: int, chance: random.Random) -> Document:
    node = CLUSTER.child("k8s.node", f"n{number}")
    version = str(chance.random())
    end = alias_end("ip", f"cloud|{chance.randrange(4)}", "aws.ec2.instance")
    return document(node.id, version, entity(node, reason=version), tie(node, "REALIZED_BY", end))


def _instance(number: int, chance: random.Random) -> Document:
    key = Key.of(("cloud.account", "1"), ("aws.ec2.instance", f"i{number}"))
    version = str(chance.random())
    return document(key.id, version, entity(key, exclusive("ip", f"cloud|{chance.randrange(4)}"), type=version))


_SHOWN = ((PODS, 60, _pod), (NODES, 4, _node), (PODS, 60, _pod), (CLOUD, 6, _instance))


def live(world: World, seed: int, step: int) -> None:
    """Live through one step, which makes the revision of its number. It follows from seed and number alone."""
    chance = random.Random(f"{seed}/{step}")
    scope, most, make = _SHOWN[step % len(_SHOWN)]
    world.now = START + timedelta(seconds=30 * step)
    numbers = [number for number in range(most) if number == 0 or chance.random() < 0.8]
    recorded = world.read(scope, *(make(number, chance) for number in numbers))
    assert recorded.mark is not None
    assert recorded.mark.number == step


def child(path: str, seed: int) -> None:
    """Go on with the history from where the file stands, and tell each revision once it is acknowledged."""
    store = SqliteStore(path)
    world = World(store)
    assert world.writer is not None
    step = store.head().number
    print("ready", flush=True)
    while True:
        step += 1
        live(world, seed, step)
        print(step, flush=True)


class Trial:
    """One file, killed again and again, and the reference that lives through the same history."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.path = folder / f"killed-{seed}.db"
        self.seed = seed
        self.chance = random.Random(seed)
        self.waits = random.Random(seed)  # apart from the rest, which draws as often as the store has grown
        self.reference = World(MemoryStore())
        self.awaited = 0

    def kill(self) -> int:
        """Let a child write, kill it at a random instant, and give the last revision that it had acknowledged.

        The instant lies up to two steps after so many revisions, as long as a step took, however slow the machine is.
        """
        command = [sys.executable, "-m", "tests.graph.stores.test_kill", str(self.path), str(self.seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            began, steps = time.monotonic(), self.waits.randrange(4)
            last = 0
            for _ in range(steps):
                last = int(writer.stdout.readline())
            step = (time.monotonic() - began) / steps if steps else 0.03
            time.sleep(self.chance.random() * 2 * step)
            writer.kill()
            told = writer.stdout.read().split("\n")[:-1]  # a line without its end was not acknowledged
        self.awaited += steps
        return int(told[-1]) if told else last

    def check(self, acknowledged: int) -> None:
        """Compare the file, at its newest revision and at one before, with the history as the reference lived it."""
        store, reference = SqliteStore(self.path), self.reference.store
        head = store.head()
        assert head.number >= acknowledged
        for step in range(reference.head().number + 1, head.number + 1):
            live(self.reference, self.seed, step)
        assert head == reference.head()
        assert isinstance(reference, MemoryStore)
        universe = Universe.of(reference)
        for number in {head.number, self.chance.randint(0, head.number)}:
            mark = store.revision(number)
            with store.reader(mark) as reader, reference.reader(mark) as expected:
                assert answers(reader, universe) == answers(expected, universe)
        self._known(store)
        store.close()

    def _known(self, store: GraphStore) -> None:
        writer = store.writer()
        for scope in (PODS, NODES, CLOUD):
            known, base = writer.known(scope)
            expected, at = self.reference.writer.known(scope)
            assert (dict(known), base) == (dict(expected), at)


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_revisions(tmp_path: Path) -> None:
    """Killed ten times, the file holds exactly the revisions of the history, and every one that was acknowledged."""
    trial = Trial(tmp_path, seed=1)
    for _ in range(10):
        trial.check(trial.kill())
    assert trial.reference.store.head().number >= trial.awaited > 10


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_writer_killed_two_hundred_times_leaves_whole_revisions(tmp_path: Path, seed: int) -> None:
    """Twenty kills for each of ten histories: never half a revision, and nothing acknowledged lost."""
    trial = Trial(tmp_path, seed)
    for _ in range(20):
        trial.check(trial.kill())


if __name__ == "__main__":
    child(sys.argv[1], int(sys.argv[2]))
