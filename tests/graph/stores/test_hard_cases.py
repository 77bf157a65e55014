"""Does every store keep what is large, written in any script, or timed by a clock that went back?"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from graph.analysis.history import versions
from graph.analysis.resolve import resolve
from graph.model import Document, Entity, Interval, Key, Value
from graph.plan import NotText
from graph.store import ChangeFilter, EntityFilter, GraphReader, GraphStore
from graph.stores.memory import MemoryStore
from graph.transfer.export import exported, imported, proved
from tests.graph.stores.answers import ALL, Universe, answers, filters
from tests.graph.stores.estate import A1, A2, B1, CLOUD, MACHINES, N1, NODE, NODES, POD, PODS, SHOP
from tests.graph.world import START, World, alias_end, document, entity, exclusive, forever, tie
from tests.stores import STORES

LONG = 64 * 1024
"""Characters of an attribute."""

NAME, LABEL = 253, 63
"""The longest name and label value that Kubernetes takes; label names have a prefix of NAME beside their own LABEL."""

TEXTS = {
    "right to left": "\u05e9\u05dc\u05d5\u05dd-\u0645\u0631\u062d\u0628\u0627",
    "turned round": "a\u202ecod\u202c.exe",
    "combining": "cafe\u0301\u0323",
    "composed": "caf\u00e9\u0323",
    "emoji": "\U0001f469\u200d\U0001f4bb\U0001f680",
    "beyond the basic plane": "\U00020000\U0001d54f",
    "the last there is": "\U0010ffff",
    "no character": "\uffff\ufffe",
    "NUL inside": "a\x00b",
    "NUL alone": "\x00",
    "control": "a\x1b[31mb\nc\td\x7f",
    "mark of order": "\ufeffa",
    "folded": "\u0130I\u0131i\u00df\u1e9e",
    "no width": "a\u200bb",
    "separators": "a\u2028b\u2029c\u0085d",
    "quotes": "'\"`\\{$}%_*?|#/&",
}
"""Texts that some system may give a name to."""

Life = Callable[[World], None]


@contextmanager
def reference(live: Life) -> Iterator[MemoryStore]:
    """Let the reference live through a story."""
    store = MemoryStore()
    world = World(store)
    live(world)
    world.writer.close()
    yield store
    store.close()


def told_alike(store: GraphStore, expected: MemoryStore, ask: Callable[[GraphReader], object]) -> None:
    """Hold every answer of a store, at every revision, to the reference's, and its export byte for byte."""
    universe = Universe.of(expected)
    for number in range(expected.head().number + 1):
        mark = expected.revision(number)
        assert store.revision(number) == mark
        with store.reader(mark) as reader, expected.reader(mark) as other:
            said, wanted = answers(reader, universe), answers(other, universe)
            for name, answer in wanted.items():
                assert said[name] == answer, (number, name)
            assert ask(reader) == ask(other)
    with store.reader() as reader, expected.reader() as other:
        for chosen in filters(universe, other):
            assert list(reader.changes(chosen, ALL)) == list(other.changes(chosen, ALL)), chosen
    assert b"".join(exported(store)) == b"".join(exported(expected))


# ---------------------------------------------------------------------------------------------------- what is large


def _noise(length: int) -> str:
    """Make a text that hardly packs."""
    chance = random.Random(length)
    return "".join(chance.choices(string.ascii_letters + string.digits, k=length))


LABELS = {f"{'p' * NAME}/{'n' * LABEL}": "v" * LABEL, "app": "v" * LABEL, "beyond": _noise(LONG)}


def _large(world: World) -> None:
    """Let things be read whose attributes, names, labels and aliases are as long as there are any, and longer."""
    pod, other = SHOP.child("k8s.pod", "p" * NAME), SHOP.child("k8s.pod", "q")
    world.configure("kube")
    world.scopes("kube", PODS, NODES)
    for last in "ab":
        text = _noise(LONG - 1) + last
        attributes: dict[str, Value] = {
            "labels": LABELS,
            "raw": text,
            "plain": "x" * LONG,
            "inner": {"text": text, "list": [text] * 2},
        }
        named = Entity(pod, "p" * NAME, "1", attributes, (exclusive("dns", _noise(NAME)), forever("arn", text)))
        crowd = Entity(other, _noise(LONG), None, {"phase": last})
        world.read(
            PODS,
            document("a", last, named, tie(pod, "RUNS_ON", NODE, slot="s" * NAME, raw=text)),
            document("b", last, crowd, tie(other, "RUNS_ON", alias_end("name", text, "k8s.node"))),
        )
        world.read(NODES, document("n", last, entity(NODE, forever("name", text), capacity=text)))
    world.fail(NODES, error="e" * 500)


def test_what_is_large_is_kept_whole_and_found(world: World, store: GraphStore) -> None:
    """Attributes of 64 KB, the longest names and labels, and longer ones still, come back as they were stated."""
    first = "p" * NAME

    def ask(reader: GraphReader) -> object:
        labels = [EntityFilter(labels=(one,)) for one in LABELS.items()]
        listed = [list(reader.entities(one, 10)) for one in (*labels, EntityFilter(name=first))]
        texts = (first, f"app={'v' * LABEL}", _noise(LONG), _noise(LONG - 1) + "a", f"beyond={_noise(LONG)}")
        return listed, [resolve(reader, text) for text in texts]

    _large(world)
    world.writer.close()
    with reference(_large) as expected:
        told_alike(store, expected, ask)
    with store.reader() as reader:
        (found,) = reader.entities(EntityFilter(labels=(("beyond", _noise(LONG)),)), 10)
        assert found.attributes["raw"] == _noise(LONG - 1) + "b"
        for text in (first, f"app={'v' * LABEL}", _noise(LONG - 1) + "a"):
            assert found.key in [one.key for one in resolve(reader, text).meanings], text[:20]


# ---------------------------------------------------------------------------------------------------- any script


def _thing(text: str) -> Key:
    return SHOP.child("k8s.pod", text)


def _written(text: str) -> Document:
    """State a thing that has a text everywhere where one can be."""
    attributes: dict[str, Value] = {"labels": {text: text, "app": text}, "phase": text, "more": [text, {text: text}]}
    thing = Entity(_thing(text), text, text, attributes, (exclusive("ip", text), forever("arn", text)))
    return document(text, f"1{text}", thing, tie(thing.key, "RUNS_ON", NODE, slot=text, note=text))


def _named(world: World) -> None:
    """Let a thing be read for each text, and a node that cites them all."""
    world.configure("kube")
    world.scopes("kube", PODS, NODES)
    world.read(PODS, *map(_written, TEXTS.values()))
    cited = [tie(NODE, "REALIZED_BY", alias_end("ip", text, "k8s.pod"), slot=text) for text in TEXTS.values()]
    world.read(NODES, document("n", "1", entity(NODE, capacity="4"), *cited))
    world.read(PODS, *map(_written, list(TEXTS.values())[::2]))
    world.fail(NODES, error="".join(TEXTS.values()))


def _asked(reader: GraphReader) -> object:
    """Ask for each text in every way."""
    said: list[object] = []
    for text in TEXTS.values():
        labels = [EntityFilter(labels=(pair,)) for pair in (("app", text), (text, text))]
        within = EntityFilter(prefix=_thing(text))
        said.append([list(reader.entities(one, 10)) for one in (*labels, within, EntityFilter(name=text))])
        said.append([resolve(reader, one) for one in (text, text[:1], f"app={text}", _thing(text)) if one])
    return said


def test_every_script_is_kept_and_found(world: World, store: GraphStore) -> None:
    """Names, labels, aliases and slots in any letters there are lead to the same things in every store."""
    _named(world)
    world.writer.close()
    with reference(_named) as expected:
        told_alike(store, expected, _asked)
    with store.reader(store.revision(4)) as reader:
        for name, text in TEXTS.items():
            for wanted in (EntityFilter(name=text), EntityFilter(labels=(("app", text),))):
                assert [one.key for one in reader.entities(wanted, 10)] == [_thing(text)], name
            assert _thing(text).id == text
            if text.strip():
                assert _thing(text) in [one.key for one in resolve(reader, f"app={text}").meanings], name
            version = reader.latest([_thing(text)])[_thing(text)]
            assert (version.name, version.attributes["labels"]) == (text, {text: text, "app": text}), name


@pytest.mark.parametrize("name", sorted(STORES))
def test_every_script_survives_an_export(name: str, tmp_path: Path) -> None:
    """What is imported into any store answers as before, and is exported as the same bytes."""
    with reference(_named) as expected:
        lines = b"".join(exported(expected)).splitlines(keepends=True)
        assert proved(lines) == len(lines) - 2
        store = STORES[name](tmp_path)
        writer = store.writer()
        writer.restore(imported(lines))
        writer.close()
        told_alike(store, expected, _asked)
        store.close()


@pytest.mark.parametrize("point", [0xD800, 0xDC80])
def test_half_a_character_is_refused_by_name(world: World, store: GraphStore, point: int) -> None:
    """A lone surrogate is no text: the look fails with the name of its document, and nothing of it is kept."""
    half = chr(point)
    world.read(PODS, A1)
    before = b"".join(exported(store))
    stated = entity(POD, phase=f"a{half}")
    for one in (document("x", "1", stated), document(f"x{half}", "1", entity(POD)), document("x", half, entity(POD))):
        with pytest.raises(NotText, match=rf"document x.* holds U\+{point:04X}, half of a character"):
            world.planned(PODS, [one])
    assert b"".join(exported(store)) == before


# ---------------------------------------------------------------------------------------------------- a clock


THINGS = (POD, NODE, MACHINES[0])


def _set_back(world: World) -> None:
    """Let a clock go back by hours, twice, between runs that see changes, endings doubted or not, an alias moved."""
    machine = entity(NODE, exclusive("ip", "10.0.0.1"), capacity="4")
    world.configure("kube")
    world.scopes("kube", PODS, NODES)
    world.read(PODS, A1, B1)
    world.read(NODES, N1)
    world.read(CLOUD, document("m", "1", entity(MACHINES[0])))
    world.read(CLOUD)
    world.pass_(hours=-2)
    world.read(CLOUD)
    world.read(PODS, A2, B1)
    world.fail(NODES)
    world.pass_(minutes=10)
    world.read(PODS, A2)
    world.pass_(hours=-3)
    world.scopes("kube", NODES)
    world.read(NODES, document("n", "2", machine, tie(NODE, "REALIZED_BY", alias_end("ip", "10.0.0.2", "k8s.pod"))))
    world.scopes("kube", NODES, PODS)
    world.read(PODS, replace(A2, version="3"), B1)
    world.pass_(hours=9)
    world.read(PODS, A1)
    world.read(NODES, N1)


def test_a_clock_that_goes_back_disorders_nothing(world: World, store: GraphStore) -> None:
    """Every store gives the reference's answers; revisions stay in order, and no interval ends before it begins."""
    _set_back(world)
    world.writer.close()
    with reference(_set_back) as expected:
        told_alike(store, expected, lambda reader: [versions(reader, key, limit=10) for key in THINGS])
    marks = [store.revision(number) for number in range(store.head().number + 1)]
    assert [one.instant for one in marks] == sorted({one.instant for one in marks})
    assert all(store.revision_at(one.instant) == one for one in marks[1:])
    with store.reader() as reader:
        made = reader.changes(ChangeFilter(), ALL)
        assert [one.revision for one in made] == sorted((one.revision for one in made), reverse=True)
        held = [one.change.happened for one in made] + [one.since for key in THINGS for one in reader.versions(key)]
    assert all(one.start is None or one.start <= one.end for one in held)


def test_what_happened_before_a_clock_went_back_is_still_found(world: World, store: GraphStore) -> None:
    """A change that a run found which seems to precede the last one is among those of every window until its end."""
    world.read(PODS, A1)
    world.pass_(hours=-2)
    revised = world.read(PODS, A2).mark
    assert revised is not None
    window = Interval(START.replace(hour=7), START.replace(hour=9))
    with store.reader() as reader:
        found = [one.revision for one in reader.changes(ChangeFilter(subjects=frozenset({POD}), window=window), ALL)]
    assert revised.number in found


def test_a_writer_follows_another_though_the_clock_went_back(world: World, store: GraphStore) -> None:
    """Who may write is no matter of the clock that runs are timed by: the next goes on from the newest revision."""
    first = world.read(PODS, A1).mark
    world.writer.close()
    later = World(store, now=START.replace(year=2020))
    second = later.read(PODS, A2).mark
    assert first is not None
    assert second is not None
    assert (second.number, second.instant > first.instant) == (first.number + 1, True)
    later.writer.close()
