"""Does every store commit whole revisions, and keep the past as it was?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from graph.model import AliasName, DocumentRef, Outcome, Run
from graph.record import record
from graph.store import ChangeFilter, EntityFilter, GraphStore, NoSuchRevision, Overtaken, Stage, StoreLocked
from tests.graph.stores.answers import Universe, answers
from tests.graph.stores.estate import A1, A2, B1, CLOUD, MACHINES, N1, NODE, NODES, OTHER, POD, PODS, keys_at
from tests.graph.world import START, World, alias_end, document, entity, exclusive, tie

# ---------------------------------------------------------------------------------------------------- revisions


def test_an_empty_store_is_at_revision_zero(world: World, store: GraphStore) -> None:
    """Revision 0 is the empty graph, and every question about it has an answer."""
    assert store.head().number == 0
    with store.reader() as reader:
        assert reader.mark == store.head()
        assert not reader.entities(EntityFilter(), 10)
        assert not reader.latest([POD])
        assert not reader.versions(POD)
        assert not reader.relations([POD], outgoing=True)
        assert not reader.unsettled(POD)
        assert not reader.latest_ties(["00" * 16])
        assert not reader.claims([AliasName("ip", "1")])
        assert not reader.changes(ChangeFilter(), 10)
        assert not reader.scopes()
        assert not reader.folds()
        assert not reader.documents([DocumentRef("kube", "a")])
        assert not reader.doubts([DocumentRef("kube", "a")])
        assert not reader.sources()
        assert not reader.count()


def test_instants_grow_even_when_the_clock_goes_back(world: World, store: GraphStore) -> None:
    """Each revision carries an instant later than the last one's, whatever the clock says."""
    world.read(PODS, A1)
    world.pass_(hours=-2)
    world.read(PODS, A2)
    world.read(PODS, A1)
    instants = [store.revision(number).instant for number in range(store.head().number + 1)]
    assert instants == sorted(set(instants))
    assert instants[-1] - instants[-3] == timedelta(microseconds=2)


def test_a_revision_is_found_by_number_and_by_instant(world: World, store: GraphStore) -> None:
    """The newest revision not after an instant is found; what does not exist is refused."""
    first = world.read(PODS, A1).mark
    world.pass_(minutes=5)
    second = world.read(PODS, A2).mark
    assert first is not None
    assert second is not None
    assert store.head() == second == store.revision(2)
    assert store.revision_at(second.instant) == second
    assert store.revision_at(second.instant - timedelta(microseconds=1)) == first
    assert store.revision_at(START - timedelta(days=1)).number == 0
    with pytest.raises(NoSuchRevision):
        store.revision(3)
    with pytest.raises(NoSuchRevision):
        store.revision(-1)
    with pytest.raises(NoSuchRevision):
        store.revision_at(store.revision(0).instant - timedelta(days=1))


# ---------------------------------------------------------------------------------------------------- commits


def test_what_is_left_without_publish_has_never_been(world: World, store: GraphStore) -> None:
    """A stage that an error leaves writes nothing, and the next one begins from what was there."""
    world.read(PODS, A1)
    before = store.head()
    changes, base = world.planned(PODS, [A2, B1])
    run = Run(PODS, world.now, world.now, Outcome.COMPLETE)

    def leave(stage: Stage) -> None:
        stage.write_run(run)
        stage.write_source(replace(stage.sources()[0], configured=False))
        raise RuntimeError

    with pytest.raises(RuntimeError), world.writer.stage(base) as stage:
        leave(stage)
    with world.writer.stage(base) as stage:
        stage.write_run(run)
    assert store.head() == before
    assert keys_at(store) == [POD]
    world.commit(PODS, changes, base, world.now)
    assert keys_at(store) == [POD, OTHER]
    with store.reader() as reader:
        assert [fold.count for fold in reader.folds()] == [2]


def test_a_commit_that_fails_half_way_leaves_nothing(
    world: World, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When settling fails after documents were written, documents, claims and names are as before."""
    world.read(PODS, A1)
    monkeypatch.setattr("graph.record.settle", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.read(PODS, A2, B1)
    monkeypatch.undo()
    with store.reader() as reader:
        assert {ref.id for ref in reader.documents([DocumentRef("kube", "a"), DocumentRef("kube", "b")])} == {"a"}
        assert not reader.claims([AliasName("ip", "10.0.0.2")])
    world.read(PODS, A2, B1)
    assert keys_at(store) == [POD, OTHER]


def test_a_reader_never_sees_a_later_commit(world: World, store: GraphStore) -> None:
    """A reader that is open during commits answers as before them, and so does one opened later at its revision."""
    world.read(PODS, A1)
    with store.reader() as reader:
        changes, base = world.planned(PODS, [A2, B1])
        run = Run(PODS, world.now, world.pass_(seconds=1), Outcome.COMPLETE)
        with world.writer.stage(base) as stage:
            record(stage, run, changes, world.reading, world.now)
            assert reader.mark.number == 1
            assert [one.key for one in reader.entities(EntityFilter(), 10)] == [POD]
        world.read(NODES, N1)
        assert [one.key for one in reader.entities(EntityFilter(), 10)] == [POD]
        assert reader.count() == {"k8s.pod": 1}
        assert len(reader.changes(ChangeFilter(), 10)) == 2
        assert len(reader.folds()) == 1
    assert keys_at(store) == [POD, OTHER, NODE]


def test_the_past_never_changes(world: World, store: GraphStore) -> None:
    """All that was answered at a revision is answered at it for good, whatever is committed later."""
    twins = [document(m.id, "1", entity(m, exclusive("ip", "10.9.9.9"))) for m in MACHINES[:2]]
    node = document("n", "2", entity(NODE), tie(NODE, "REALIZED_BY", alias_end("ip", "10.9.9.9", "aws.ec2.instance")))
    steps: list[Callable[[], object]] = [
        lambda: world.read(PODS, A1, B1),
        lambda: world.read(NODES, node),
        lambda: world.read(CLOUD, twins[0]),
        lambda: world.read(CLOUD, *twins),
        lambda: world.read(PODS, A2),
        lambda: world.read(PODS, A2),
        lambda: world.read(CLOUD),
        lambda: world.read(CLOUD),
        lambda: world.read(NODES, node, N1),
    ]
    asked = Universe({POD, OTHER, NODE, *MACHINES}, set(), {AliasName("ip", "10.9.9.9")}, {DocumentRef("kube", "a")})
    said = {}
    for step in steps:
        world.pass_(seconds=60)
        step()
        with store.reader() as reader:
            asked.ties |= {
                one.change.subject for one in reader.changes(ChangeFilter(), 1000) if "/" not in one.change.subject
            }
    for number in range(store.head().number + 1):
        with store.reader(store.revision(number)) as reader:
            said[number] = answers(reader, asked)
    for _ in range(3):
        world.pass_(seconds=60)
        world.read(PODS, A1)
        world.read(CLOUD, twins[1])
        world.read(PODS, A2, B1)
    for number, former in said.items():
        with store.reader(store.revision(number)) as reader:
            now = answers(reader, asked)
        for name in former.keys() - {
            "folds",
            "sources",
            "documents",
        }:  # those tell of runs and tokens, not of revisions
            assert now[name] == former[name], (number, name)


def test_an_unchanged_run_makes_no_revision(world: World, store: GraphStore) -> None:
    """The same listing again is folded into the last run, and nothing else."""
    world.read(PODS, A1, B1)
    world.read(NODES, N1)
    head = store.head()
    for _ in range(5):
        assert world.read(PODS, A1, B1).mark is None
    assert store.head() == head
    with store.reader() as reader:
        assert {fold.scope: fold.count for fold in reader.folds()} == {"pods": 6, "nodes": 1}


def test_a_plan_that_was_overtaken_is_refused(world: World, store: GraphStore) -> None:
    """A document that was revised, opened or ended since the plan's revision makes the commit fail, whole."""
    world.read(PODS, A1)
    for overtaking in ([A2], [A1, B1], []):
        changes, base = world.planned(PODS, [A2, B1] if overtaking else [A2])
        world.read(PODS, *overtaking)
        if not overtaking:
            world.read(PODS, *overtaking)  # more than half would end: the second look confirms it
        head = store.head()
        with pytest.raises(Overtaken):
            world.commit(PODS, changes, base, world.now)
        assert store.head() == head
        world.read(PODS, A1)
        world.read(PODS, A1)


def test_one_writer_at_a_time(store: GraphStore) -> None:
    """A second writer is refused until the first is closed."""
    first = store.writer()
    with pytest.raises(StoreLocked):
        store.writer()
    first.close()
    store.writer().close()
