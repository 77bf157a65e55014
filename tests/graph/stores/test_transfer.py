"""Is what was exported and imported the same store: every answer, every byte, and whatever comes after?"""

from __future__ import annotations

import copy
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model import Document, Ended, Position, Tie
from graph.store import GraphStore, StoreError
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from graph.transfer.export import Unusable, exported, imported, proved
from graph.transfer.records import Disordered, Head, KeptPage, Record, in_order
from tests.graph.histories import (
    ACCOUNT,
    CLOUD,
    CLUSTER,
    NAMES,
    NODES,
    PODS,
    SCOPES,
    SHOP,
    Script,
    _step,
    histories,
    play,
)
from tests.graph.stores.answers import ALL, Universe, answers, filters, selections
from tests.graph.stores.test_kill import live
from tests.graph.world import World, alias_end, document, entity, exclusive, tie
from tests.stores import NEO4J, STORES


def bytes_of(store: GraphStore) -> bytes:
    """Export a store."""
    return b"".join(exported(store))


def restored(made: GraphStore, lines: bytes) -> GraphStore:
    """Import an export into a store, once it is proved, and let go of the writer."""
    each = lines.splitlines(keepends=True)
    assert proved(each) == len(each) - 2
    filled(made, imported(each))
    return made


def filled(made: GraphStore, records: Iterator[Record]) -> None:
    """Restore records into a store, and let go of its writer."""
    writer = made.writer()
    try:
        mark = writer.restore(records)
    finally:
        writer.close()
    assert mark == made.head()


def same(store: GraphStore, reference: MemoryStore) -> None:
    """Hold a store to the reference: every answer at every revision, places of changes included, and every byte."""
    universe = Universe.of(reference)
    for number in range(reference.head().number + 1):
        mark = reference.revision(number)
        assert store.revision(number) == mark
        with reference.reader(mark) as expected, store.reader(mark) as reader:
            wanted, said = answers(expected, universe), answers(reader, universe)
            for name, answer in wanted.items():
                assert said[name] == answer, name
    with reference.reader() as expected, store.reader() as reader:
        for chosen in filters(universe, expected):
            assert list(reader.changes(chosen, ALL)) == list(expected.changes(chosen, ALL)), chosen
        for selected in selections(universe):
            assert list(reader.entities(selected, ALL)) == list(expected.entities(selected, ALL)), selected
    writers = [each.writer() for each in (store, reference)]
    for scope in SCOPES:
        known = [writer.known(scope) for writer in writers]
        assert (dict(known[0][0]), known[0][1]) == (dict(known[1][0]), known[1][1]), scope.name
    for writer in writers:
        writer.close()
    assert bytes_of(store) == bytes_of(reference)


def _positions(world: World) -> None:
    """Let a watch and listings with positions pass, so that endings leave positions behind."""
    script = Script([], 0, shown={("kube", "pods"): {"a": 1, "b": 2, "x": 3}})
    documents = script.documents(PODS)
    world.read(PODS, Position(10), *documents)
    world.watch(PODS, Ended("a", Position(12)), Ended("b", Position(13)))
    world.watch(PODS, documents[1])
    world.watch(PODS, Ended("b", Position(20)))


def _go_on(world: World, script: Script, steps: Script) -> None:
    for action, scope, shown in steps.steps:
        world.pass_(seconds=30)
        _step(script, world, action, scope, shown)


@pytest.mark.parametrize("name", sorted(STORES))
def test_an_imported_store_is_the_same_and_goes_on_alike(name: str) -> None:
    """Whatever happened: all answers at all revisions, all bytes, and all that comes later. A server takes longer."""

    @given(script=histories(), more=histories(longest=6), positions=st.booleans())
    @settings(max_examples=3 if name == NEO4J else 12, deadline=None)
    def holds(script: Script, more: Script, positions: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            _carried_over(Path(folder), name, script, more, positions=positions)

    holds()


def _carried_over(folder: Path, name: str, script: Script, more: Script, *, positions: bool) -> None:
    """Carry a history over to a new store, hold that to the reference, and let both go on."""
    reference, source = World(MemoryStore()), World(STORES[name](folder / "a"))
    scripts = []
    for world in (reference, source):
        mine = copy.deepcopy(script)
        play(mine, world)
        if positions:
            _positions(world)
        world.writer.close()
        world._writer = None
        scripts.append(mine)
    lines = bytes_of(source.store)
    assert isinstance(reference.store, MemoryStore)
    assert lines == bytes_of(reference.store)
    target = restored(STORES[name](folder / "b"), lines)
    same(target, reference.store)
    continued = World(target, source.now, knowledge=source.knowledge)
    _go_on(reference, scripts[0], more)
    _go_on(continued, scripts[1], more)
    for world in (reference, continued):
        world.writer.close()
    same(target, reference.store)
    for store in (source.store, target):
        store.close()


def _before(world: World) -> None:
    """Let a node cite an address that two machines claim in turn, and another that nobody has."""
    world.configure("kube", "cloud")
    world.scopes("kube", NODES, PODS)
    world.scopes("cloud", CLOUD)
    held, free = (alias_end("ip", f"net|{number}", "aws.ec2.instance") for number in (1, 2))
    nodes = [CLUSTER.child("k8s.node", name) for name in ("n1", "n2")]
    documents = [
        document(n.id, "1", entity(n), tie(n, "REALIZED_BY", e)) for n, e in zip(nodes, (held, free), strict=True)
    ]
    world.read(NODES, *documents)
    world.read(CLOUD, _machine("i1", 1), _machine("i3", 3))
    world.pass_(seconds=60)
    world.read(CLOUD, _machine("i1", 1), _machine("i2", 1), _machine("i3", 3))


def _machine(name: str, number: int, version: str = "1") -> Document:
    held = exclusive("ip", f"net|{number}")
    return document(name, version, entity(ACCOUNT.child("aws.ec2.instance", name), held, type=version))


def _after(world: World) -> None:
    """Let the earlier holder be seen again, and the free address be taken."""
    world.scopes("kube", NODES, PODS)
    world.scopes("cloud", CLOUD)
    world.pass_(seconds=60)
    world.read(CLOUD, _machine("i1", 1), _machine("i2", 1), _machine("i3", 2, "2"))


@pytest.mark.parametrize("name", sorted(STORES))
def test_what_aliases_mean_goes_on_after_an_import(name: str, tmp_path: Path) -> None:
    """Which relations cite an alias, and which aliases are contested, is known to the new store as to the old."""
    reference = World(MemoryStore())
    _before(reference)
    target = restored(STORES[name](tmp_path), bytes_of(reference.store))
    continued = World(target, reference.now)
    node = CLUSTER.child("k8s.node", "n1"), CLUSTER.child("k8s.node", "n2")
    with target.reader() as reader:
        first = {one.source.key: one.target.tie for one in reader.relations(node, outgoing=True)}
    for world in (reference, continued):
        _after(world)
        world.writer.close()
    with target.reader() as reader:
        then = {one.source.key: one.target.tie for one in reader.relations(node, outgoing=True)}
    assert first == {node[0]: Tie.TIED, node[1]: Tie.OPEN}
    assert then == {node[0]: Tie.AMBIGUOUS, node[1]: Tie.TIED}
    assert isinstance(reference.store, MemoryStore)
    same(target, reference.store)
    target.close()


@pytest.fixture
def lines() -> list[bytes]:
    """The export of a store with some of everything."""
    world = World(MemoryStore())
    world.configure("kube", "cloud", "git", "twin")
    shown = {
        ("kube", "pods"): {"a": 1, "b": 2, "x": 3},
        ("kube", "nodes"): {"n0": 1},
        ("cloud", "instances"): {"i1": 0},
    }
    script = Script([], 0, shown=shown)
    script.listed(world)
    script.read_all(world)
    _positions(world)
    world.read(CLOUD)
    world.forbid(NAMES)
    return list(exported(world.store))


def test_some_of_everything_is_exported(lines: list[bytes]) -> None:
    """The export of the tests below has every sort of record."""
    assert len({type(record) for record in imported(lines)}) == 13


def test_the_last_line_proves_the_others(lines: list[bytes]) -> None:
    """It has their number and the SHA-256 of them all."""
    digest = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    assert lines[-1] == b'{"records":%d,"sha256":"%s"}\n' % (len(lines) - 2, digest.encode())
    assert lines[0].startswith(b'{"asbuilt":')


def _cut(lines: list[bytes], chance: random.Random) -> bytes:
    return b"".join(lines)[: chance.randrange(sum(map(len, lines)) - 1)]


def _garbled(lines: list[bytes], chance: random.Random) -> bytes:
    text = bytearray(b"".join(lines))
    place = chance.randrange(len(text))
    text[place] ^= 1 << chance.randrange(8)
    return bytes(text)


def _lacking(lines: list[bytes], chance: random.Random) -> bytes:
    place = chance.randrange(len(lines))
    return b"".join(lines[:place] + lines[place + 1 :])


def _exchanged(lines: list[bytes], chance: random.Random) -> bytes:
    place = chance.randrange(1, len(lines) - 1)
    return b"".join([*lines[: place - 1], lines[place], lines[place - 1], *lines[place + 1 :]])


@pytest.mark.parametrize("damage", [_cut, _garbled, _lacking, _exchanged])
@pytest.mark.parametrize("name", sorted(STORES))
def test_a_damaged_export_is_refused_and_nothing_is_imported(
    name: str, damage: object, lines: list[bytes], tmp_path: Path
) -> None:
    """Cut, altered by one bit, lacking a line, or with two exchanged: the store stays as empty as it was."""
    assert callable(damage)
    empty = Tally(STORES[name](tmp_path / "x"))
    for seed in range(40):
        damaged: bytes = damage(lines, random.Random(seed))
        with pytest.raises(Unusable, match=r"export|upgrade"):
            restored(empty.store, damaged)
        with pytest.raises(Exception, match=r"."):  # noticed late where nobody proved it before
            filled(empty.store, imported(damaged.splitlines(keepends=True)))
        assert empty.untouched()
    restored(empty.store, b"".join(lines))
    assert bytes_of(empty.store) == b"".join(lines)
    empty.store.close()


class Tally:
    """A store that should have nothing in it."""

    def __init__(self, store: GraphStore) -> None:
        self.store = store
        store.writer().close()  # makes the file
        self.first = bytes_of(store)

    def untouched(self) -> bool:
        """Tell whether it is as it was; and be free to be written."""
        self.store.writer().close()
        return bytes_of(self.store) == self.first and self.store.head().number == 0


@pytest.mark.parametrize("name", sorted(STORES))
def test_only_an_empty_store_is_imported_into(name: str, lines: list[bytes], tmp_path: Path) -> None:
    """One in which a source was configured, and nothing read, is refused with a sentence already."""
    store = STORES[name](tmp_path / "x")
    world = World(store)
    world.configure("kube")
    before = bytes_of(store)
    with pytest.raises(StoreError, match="not empty"):
        world.writer.restore(imported(lines))
    assert bytes_of(store) == before
    store.close()


def test_an_empty_store_is_exported_and_imported_too(tmp_path: Path) -> None:
    """Nothing is a dump as well."""
    first, second = Tally(MemoryStore()), Tally(SqliteStore(tmp_path / "x.db"))
    assert first.first == second.first
    restored(second.store, first.first)
    second.store.close()


def test_records_out_of_order_are_refused(lines: list[bytes]) -> None:
    """A stream that is no dump is refused by whoever restores it: the names come before what uses them."""
    records = list(imported(lines))
    for damaged in (records[1:], records[:1], [records[0], *records[:0:-1]], [*records, records[0]], []):
        with pytest.raises(Disordered, match="export the store again"):
            list(in_order(damaged))
    page = next(one for one in records if isinstance(one, KeptPage))
    late = KeptPage(page.ref, page.version, page.mapping, page.text, 999, None)
    with pytest.raises(Disordered, match="past the last"):
        list(in_order([*records[: records.index(page)], late]))


@pytest.mark.parametrize("name", sorted(STORES))
def test_a_dump_is_of_one_commit(name: str, tmp_path: Path) -> None:
    """What is committed while a dump is read is not in it."""
    world = World(STORES[name](tmp_path))
    live(world, 1, 1)
    expected = bytes_of(world.store)
    dump = exported(world.store)
    begun = list(islice(dump, 2))
    live(world, 1, 2)
    assert b"".join([*begun, *dump]) == expected
    assert bytes_of(world.store) != expected
    world.writer.close()
    world.store.close()


def test_a_value_that_no_machine_word_holds_is_exported(tmp_path: Path) -> None:
    """A number beyond 64 bits, and a text with every sort of character, come out of the other store as they were."""
    stores: list[GraphStore] = [MemoryStore(), SqliteStore(tmp_path / "a.db")]
    exports = []
    for store in stores:
        world = World(store)
        statement = entity(CLUSTER.child("k8s.pod", "p"), phase="ü\u2028\x00\N{GRINNING FACE}", raw=2**70)
        world.read(PODS, document("p", "1", statement, entity(SHOP)))
        exports.append(bytes_of(store))
        world.writer.close()
    assert exports[0] == exports[1]
    again = restored(SqliteStore(tmp_path / "b.db"), exports[0])
    assert bytes_of(again) == exports[0]
    for store in (*stores, again):
        store.close()


# ---------------------------------------------------------------------------------------------------- killed


def _slowly(records: Iterator[Record]) -> Iterator[Record]:
    for number, record in enumerate(records):
        if not isinstance(record, Head) and number % 200 == 0:
            print(number, flush=True)
        yield record


def _import(path: str, source: str) -> None:
    """Import in a process of its own, telling how far it is."""
    writer = SqliteStore(path).writer()
    print("ready", flush=True)
    with Path(source).open("rb") as lines:
        writer.restore(_slowly(imported(lines)))
    print("done", flush=True)


@pytest.mark.slow
def test_an_import_that_is_killed_has_never_been(tmp_path: Path) -> None:
    """Killed anywhere in the middle, the file is as empty as before, and the next import fills it."""
    world = World(MemoryStore())
    for step in range(1, 41):
        live(world, 3, step)
    source = tmp_path / "whole.jsonl"
    source.write_bytes(bytes_of(world.store))
    path = tmp_path / "target.db"
    chance = random.Random(7)
    for _ in range(6):
        command = [sys.executable, "-m", "tests.graph.stores.test_transfer", str(path), str(source)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as importing:
            assert importing.stdout is not None
            for _ in range(chance.randrange(1, 12)):
                importing.stdout.readline()
            time.sleep(chance.random() * 0.02)
            importing.kill()
            assert "done" not in importing.stdout.read()
        store = SqliteStore(path)
        assert store.head().number == 0
        store.writer().close()
        assert len(list(exported(store))) == 2
        store.close()
    filled_at_last = restored(SqliteStore(path), source.read_bytes())
    assert bytes_of(filled_at_last) == source.read_bytes()
    filled_at_last.close()


if __name__ == "__main__":
    _import(sys.argv[1], sys.argv[2])
