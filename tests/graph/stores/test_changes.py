"""Does every store tell what changed, newest first, and only what was asked?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from graph.model import Cause, Interval, Transition
from graph.store import ChangeFilter, GraphStore
from tests.graph.stores.answers import pages
from tests.graph.stores.estate import A1, A2, B1, CLOUD, MACHINES, N1, NODE, NODES, OTHER, POD, PODS, SHOP
from tests.graph.world import START, World, alias_end, document, entity, exclusive, tie

# ---------------------------------------------------------------------------------------------------- changes


def test_changes_are_newest_first_and_paged_by_place(world: World, store: GraphStore) -> None:
    """Pages of any size make the whole list, each change once."""
    world.read(PODS, A1, B1)
    world.read(PODS, A2, B1)
    world.read(NODES, N1)
    with store.reader() as reader:
        everything = list(reader.changes(ChangeFilter(), 1000))
        assert [(one.revision, one.sequence) for one in everything] == sorted(
            ((one.revision, one.sequence) for one in everything), reverse=True
        )
        for size in (1, 2, 3, 100):
            assert pages(reader, size) == everything
        assert {one.instant for one in everything if one.revision == 2} == {store.revision(2).instant}
    with store.reader(store.revision(1)) as reader:
        assert {one.revision for one in reader.changes(ChangeFilter(), 1000)} == {1}


def test_changes_are_found_by_what_is_asked(world: World, store: GraphStore) -> None:
    """Subject (and its relations), word, cause, window and range (of either end of a relation) select."""
    world.read(PODS, A1, B1)
    world.pass_(hours=1)
    middle = world.now
    world.read(PODS, A2, B1)
    world.read(NODES, N1)

    def said(**wanted: Any) -> list[tuple[str, Transition]]:
        with store.reader() as reader:
            found = reader.changes(ChangeFilter(**wanted), 1000)
            return [(one.change.word, one.change.transition) for one in found]

    opened, revised = Transition.OPENED, Transition.REVISED
    assert said(subjects=frozenset({POD})) == [("k8s.pod", revised), ("RUNS_ON", opened), ("k8s.pod", opened)]
    assert said(subjects=frozenset({NODE})) == [("k8s.node", opened), ("RUNS_ON", opened), ("RUNS_ON", opened)]
    assert (
        said(subjects=frozenset({POD, OTHER}), words=frozenset({"k8s.pod"}))
        == [("k8s.pod", revised)] + [("k8s.pod", opened)] * 2
    )
    assert said(words=frozenset({"k8s.node"})) == [("k8s.node", opened)]
    assert said(causes=frozenset({Cause.WORLD})) == [("k8s.pod", revised)]
    assert len(said(causes=frozenset({Cause.WORLD, Cause.FIRST_LOOK}))) == 6
    ties = [("RUNS_ON", opened)] * 2
    assert said(prefix=NODE) == [("k8s.node", opened), *ties]
    assert said(prefix=SHOP) == [("k8s.pod", revised), *ties, ("k8s.pod", opened), ("k8s.pod", opened)]
    assert said(prefix=SHOP, words=frozenset({"RUNS_ON"})) == said(prefix=NODE, words=frozenset({"RUNS_ON"})) == ties
    assert said(window=Interval(middle, world.now), words=frozenset({"k8s.pod"})) == [("k8s.pod", revised)]
    assert len(said(window=Interval(None, START))) == 5
    assert said(window=Interval(world.now, world.now + timedelta(days=1))) == []
    with store.reader() as reader:
        tied = next(one for one in reader.changes(ChangeFilter(words=frozenset({"RUNS_ON"})), 1))
        assert set(tied.named) == {NODE, OTHER} or set(tied.named) == {NODE, POD}
        assert tied.evidence
        assert len(reader.changes(ChangeFilter(subjects=frozenset({tied.change.subject})), 9)) == 1


def test_a_change_is_about_what_a_relation_meant_then(world: World, store: GraphStore) -> None:
    """What an alias comes to mean later does not add to what is told of an older revision."""
    world.read(
        NODES, document("n", "1", entity(NODE), tie(NODE, "REALIZED_BY", alias_end("ip", "1", "aws.ec2.instance")))
    )
    subject = ChangeFilter(subjects=frozenset({MACHINES[0]}))
    with store.reader(store.revision(1)) as reader:
        assert not reader.changes(subject, 10)
    world.read(CLOUD, document("x", "1", entity(MACHINES[0], exclusive("ip", "1"))))
    with store.reader(store.revision(1)) as reader:
        assert not reader.changes(subject, 10)
    with store.reader() as reader:
        words = [(one.change.word, one.change.transition) for one in reader.changes(subject, 10)]
    assert words == [("REALIZED_BY", Transition.REVISED), ("aws.ec2.instance", Transition.OPENED)]
