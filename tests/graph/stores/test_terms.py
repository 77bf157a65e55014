"""Does every store find the same things by the same texts, as of any revision?"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model import Document, Entity, Key, Outcome, Run, Scope
from graph.record import write_documents
from graph.store import EntityFilter, GraphStore
from graph.stores.memory import MemoryStore
from graph.terms import LONGEST, Field, term, terms_of
from tests.graph.stores.estate import CLUSTER, OTHER, POD, PODS, SHOP
from tests.graph.world import World, document
from tests.stores import STORES

SERVICES = Scope("kube", "services", frozenset({"k8s.service"}), CLUSTER)

LETTERS = "aAb=%. \0\ud7ff\ue000\uffff\U0001f600\U0010ffff\N{LATIN SMALL LETTER SHARP S}\N{LATIN SMALL LIGATURE FI}"
TEXTS = st.text(st.sampled_from(LETTERS + "\N{LATIN SMALL LETTER E WITH ACUTE}\N{COMBINING ACUTE ACCENT}"), max_size=4)


def named(number: int, name: str, **labels: str) -> Document:
    """Make the document of a service, with a name of its own choice."""
    key = SHOP.child("k8s.service", f"s{number}")
    return document(f"{number}", repr((name, labels)), Entity(key, name, None, {"labels": labels}))


def found(
    store: GraphStore, field: Field, text: str, *, revision: int | None = None, prefix: bool = False
) -> list[Key]:
    """Find who had a text."""
    wanted = term(field, text)
    mark = None if revision is None else store.revision(revision)
    with store.reader(mark) as reader:
        return [key for _, key in reader.found([wanted], 100, prefix=prefix).get(wanted, ())]


def test_a_thing_is_found_by_its_name_now_and_after_it_is_gone(world: World, store: GraphStore) -> None:
    """Whoever had it in any version up to the revision is given, whatever its case."""
    world.read(PODS, document("a", "1", Entity(POD, "Cart", None, {})))
    world.read(PODS, document("a", "2", Entity(POD, "cart-2", None, {})))
    world.read(PODS)
    world.read(PODS)
    assert found(store, Field.NAME, "cART") == [POD]
    assert found(store, Field.NAME, "cart-2") == [POD]
    assert found(store, Field.NAME, "cart", prefix=True) == [POD, POD]
    assert found(store, Field.LABEL, "cart") == []


def test_what_came_later_is_not_found_earlier(world: World, store: GraphStore) -> None:
    """A term is of the revision that first had it, and of all after."""
    world.read(PODS, document("a", "1", Entity(POD, "old", None, {})))
    world.read(
        PODS, document("a", "2", Entity(POD, "new", None, {})), document("b", "1", Entity(OTHER, "old", None, {}))
    )
    assert found(store, Field.NAME, "new", revision=1) == []
    assert found(store, Field.NAME, "old", revision=1) == [POD]
    assert found(store, Field.NAME, "old", revision=2) == [POD, OTHER]
    assert found(store, Field.NAME, "", revision=1, prefix=True) == [POD]
    assert found(store, Field.NAME, "old", revision=0) == []


def test_a_commit_that_is_left_leaves_no_term(world: World, store: GraphStore) -> None:
    """What was settled in a commit that was never published is not found."""
    world.read(PODS, document("a", "1", Entity(POD, "old", None, {})))
    changes, base = world.planned(PODS, [document("a", "2", Entity(POD, "never", None, {}))])
    with world.writer.stage(base) as stage:
        source = stage.source("kube")
        assert source is not None
        run = Run(PODS, world.now, world.now, Outcome.COMPLETE)
        assert write_documents(stage, run, changes, world.reading, source).total == 1
    assert found(store, Field.NAME, "never") == []
    assert found(store, Field.NAME, "old") == [POD]


def test_entities_are_ordered_by_text_and_key_and_cut(world: World, store: GraphStore) -> None:
    """For each term as many as asked for, the same in every store; a term that nobody had is left out."""
    names = ["b", "ab", "a", "B", "a", "\U0001f600", "\uffee"]
    world.read(SERVICES, *(named(number, name) for number, name in enumerate(names)))
    wanted = [term(Field.NAME, "a"), term(Field.NAME, "b"), term(Field.NAME, "none"), term(Field.NAME, "")]
    with store.reader() as reader:
        assert {one: [key.id for _, key in had] for one, had in reader.found(wanted, 2).items()} == {
            wanted[0]: ["s2", "s4"],
            wanted[1]: ["s0", "s3"],
        }
        begun = reader.found([*wanted, *wanted], 3, prefix=True)
        assert [(text, key.id) for text, key in begun[wanted[0]]] == [("a", "s2"), ("a", "s4"), ("ab", "s1")]
        every = reader.found(wanted[3:], 99, prefix=True)[wanted[3]]
        assert [key.id for _, key in every] == ["s2", "s4", "s1", "s0", "s3", "s6", "s5"]
        assert not reader.found(wanted, 0)
        assert not reader.found(wanted, 9, kinds=["k8s.pod", "no.such"])
        assert reader.found(wanted, 2, kinds=["k8s.pod", "k8s.service"]) == reader.found(wanted, 2)
        assert not reader.found([], 9)


def test_of_a_long_text_the_beginning_is_enough(world: World, store: GraphStore) -> None:
    """A text beyond the longest term is found by the part that stands in it, and listed by all of it."""
    long = "x" * LONGEST
    world.read(SERVICES, named(1, long + "1", app=long + "1"), named(2, long + "2", app=long + "2"))
    assert len(found(store, Field.NAME, long + "1")) == 2
    with store.reader() as reader:
        assert [one.key.id for one in reader.entities(EntityFilter(name=long + "2"), 9)] == ["s2"]
        assert [one.key.id for one in reader.entities(EntityFilter(labels=(("app", long + "1"),)), 9)] == ["s1"]


def test_a_list_by_name_or_label_heeds_case(world: World, store: GraphStore) -> None:
    """A term is a place to look; a filter is held to the very text."""
    world.read(SERVICES, named(1, "Cart", app="Cart"), named(2, "cart", app="cart"))
    with store.reader() as reader:
        assert [one.key.id for one in reader.entities(EntityFilter(name="Cart"), 9)] == ["s1"]
        assert [one.key.id for one in reader.entities(EntityFilter(labels=(("app", "cart"),)), 9)] == ["s2"]


@pytest.mark.parametrize("name", sorted(STORES.keys() - {"memory"}))
@settings(max_examples=25, deadline=None)
@given(
    histories=st.lists(
        st.dictionaries(st.integers(0, 3), st.tuples(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2)), max_size=4),
        min_size=1,
        max_size=3,
    ),
    asked=st.lists(TEXTS, max_size=4),
)
def test_every_store_finds_what_the_reference_finds(
    name: str, histories: Sequence[dict[int, tuple[str, dict[str, str]]]], asked: Sequence[str]
) -> None:
    """Whatever the names and labels, their letters, and what is asked: exactly, by prefix, by name and by label."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stores: list[GraphStore] = [MemoryStore(), STORES[name](Path(folder))]
        for store in stores:
            stack.callback(store.close)
            world = World(store)
            for shown in histories:
                world.read(SERVICES, *(named(number, text, **labels) for number, (text, labels) in shown.items()))
        terms = {one for shown in histories for number, two in shown.items() for one in terms_of(_of(number, *two))}
        wanted = sorted(terms | {term(field, text) for field in Field for text in asked})
        for revision in range(stores[0].head().number + 1):
            answers = [_answers(store, revision, histories, wanted) for store in stores]
            assert answers[0] == answers[1]


def _of(number: int, name: str, labels: dict[str, str]) -> Entity:
    return Entity(SHOP.child("k8s.service", f"s{number}"), name, None, {"labels": labels})


def _answers(
    store: GraphStore,
    revision: int,
    histories: Sequence[dict[int, tuple[str, dict[str, str]]]],
    wanted: Sequence[tuple[Field, str]],
) -> list[object]:
    terms = [term(*one) for one in wanted]
    said: list[object] = []
    with store.reader(store.revision(revision)) as reader:
        for prefix in (False, True):
            for limit in (2, 100):
                had = reader.found(terms, limit, prefix=prefix)
                said.append({one: list(some) for one, some in had.items()})
        for shown in histories:
            for text, labels in shown.values():
                said.append([one.key for one in reader.entities(EntityFilter(name=text), 9)])
                said.append([one.key for one in reader.entities(EntityFilter(labels=tuple(labels.items())), 2)])
    return said


def test_ten_thousand_with_one_label_are_found_a_page_at_a_time(world: World, store: GraphStore) -> None:
    """Whatever the crowd, as many are given as are asked for, and the few that are called otherwise among them."""
    count = 400 if isinstance(store, MemoryStore) else 10_000
    world.read(
        SERVICES, *(named(number, "same", app="same", one=f"{number % (count // 2)}") for number in range(count))
    )
    label = term(Field.LABEL, "app=same")
    with store.reader() as reader:
        had = reader.found([label], 201)[label]
        assert len(had) == 201
        assert [key for _, key in had] == sorted(SHOP.child("k8s.service", f"s{n}") for n in range(count))[:201]
        rare = reader.entities(EntityFilter(labels=(("app", "same"), ("one", "77"))), 9)
        assert [one.key.id for one in rare] == sorted(["s77", f"s{count // 2 + 77}"])
        assert len(reader.entities(EntityFilter(name="same"), 10)) == 10


def test_a_thing_that_one_commit_settles_twice_has_the_terms_of_the_last(
    world: World, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a later part of a commit puts right was never so, unless an earlier revision had it."""
    monkeypatch.setattr("graph.record.BATCH", 1)
    world.read(PODS, document("b", "1", Entity(POD, "first", None, {"labels": {"y": "1"}})))
    later = Entity(POD, "other", None, {"labels": {"x": "2"}})
    world.read(PODS, document("a", "1", Entity(POD, "second", None, {"labels": {"x": "1"}})), document("b", "2", later))
    with store.reader() as reader:
        (version,) = reader.latest([POD]).values()
        assert (version.name, version.attributes["labels"]) == ("second", {"x": "2"})
    assert found(store, Field.LABEL, "x=1") == []
    assert found(store, Field.LABEL, "x=2") == [POD]
    assert found(store, Field.LABEL, "y=1") == [POD]
    assert found(store, Field.NAME, "first") == found(store, Field.NAME, "second") == [POD]
    assert found(store, Field.LABEL, "x=2", revision=1) == []
