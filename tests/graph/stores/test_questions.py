"""Does every store answer what it is asked about entities, relations and aliases, at any revision?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.model import AliasName, Interval, Key, Scope, Tie
from graph.store import ChangeFilter, EntityFilter, GraphStore
from tests.graph.stores.estate import (
    A1,
    A2,
    B1,
    CLOUD,
    CLUSTER,
    MACHINES,
    N1,
    NODE,
    NODES,
    OTHER,
    POD,
    PODS,
    SHOP,
    keys_at,
)
from tests.graph.world import START, World, alias_end, document, entity, exclusive, tie

# ---------------------------------------------------------------------------------------------------- entities


def test_entities_are_listed_in_order_of_keys_page_by_page(world: World, store: GraphStore) -> None:
    """Pages of any size, now and as of then, make the same whole."""
    keys = [SHOP.child("k8s.pod", f"{name:03}") for name in range(25)] + [CLUSTER.child("k8s.node", "n-1")]
    scope = Scope("kube", "all", frozenset({"k8s.pod", "k8s.node"}), CLUSTER)
    world.read(scope, *(document(key.id, "1", entity(key)) for key in keys))
    world.read(scope, *(document(key.id, "1", entity(key)) for key in keys[::2]))
    world.read(scope)
    world.read(scope)
    assert keys_at(store) == []
    for revision, expected in ((1, sorted(keys)), (2, sorted(keys[::2]))):
        with store.reader(store.revision(revision)) as reader:
            paged, after = [], ""
            while page := reader.entities(EntityFilter(prefix=CLUSTER, after=after), 4):
                assert len(page) <= 4
                paged += [one.key for one in page]
                after = paged[-1]
            assert paged == expected
            assert (
                reader.count() == {"k8s.node": revision == 1, "k8s.pod": len(expected) - (revision == 1)}
                or revision == 2
            )
            assert not reader.entities(EntityFilter(), 0)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EntityFilter(kinds=frozenset({"k8s.node"})), [NODE]),
        (EntityFilter(kinds=frozenset({"k8s.node", "k8s.pod"})), [POD, OTHER, NODE]),
        (EntityFilter(kinds=frozenset({"no.such"})), []),
        (EntityFilter(prefix=SHOP), [POD, OTHER]),
        (EntityFilter(prefix=SHOP[:-1]), []),
        (EntityFilter(prefix=POD), [POD]),
        (EntityFilter(prefix=f"{SHOP}/k8s.pod"), [POD, OTHER]),
        (EntityFilter(labels=(("app", "cart"),)), [POD, OTHER]),
        (EntityFilter(labels=(("app", "cart"), ("tier", "web"))), [OTHER]),
        (EntityFilter(labels=(("app", "other"),)), []),
        (EntityFilter(name="b"), [OTHER]),
        (EntityFilter(name="b", prefix=NODE), []),
        (EntityFilter(after=POD), [OTHER, NODE]),
    ],
)
def test_entities_are_found_by_what_is_asked(
    world: World, store: GraphStore, wanted: EntityFilter, found: list[Key]
) -> None:
    """Kind, range, labels, name and the last page's end select, now and as of then."""
    world.read(PODS, A1, B1)
    world.read(NODES, N1)
    then = store.head()
    with store.reader() as reader:
        assert [one.key for one in reader.entities(wanted, 10)] == found
    world.read(PODS, A2, document("b", "2", entity(OTHER, phase="Failed", labels={"app": "none"})))
    world.read(NODES)
    world.read(NODES)
    with store.reader(then) as reader:
        assert [one.key for one in reader.entities(wanted, 10)] == found


def test_the_versions_of_an_entity_join_without_a_gap(world: World, store: GraphStore) -> None:
    """Each version is closed by the revision that opened the next, and an ended one stays the latest."""
    world.read(PODS, A1, B1)
    world.read(PODS, A2, B1)
    world.read(PODS, B1)
    world.read(PODS, B1)
    with store.reader() as reader:
        first, second = reader.versions(POD)
        assert (first.opened, first.closed, first.attributes["phase"]) == (1, 2, "Running")
        assert (second.opened, second.closed, second.attributes["phase"]) == (2, 3, "Failed")
        assert reader.latest([POD, OTHER, MACHINES[0]]) == {POD: second, OTHER: reader.versions(OTHER)[0]}
    with store.reader(store.revision(2)) as reader:
        assert [one.closed for one in reader.versions(POD)] == [2, None]


# ---------------------------------------------------------------------------------------------------- relations


def test_relations_are_read_from_both_ends(world: World, store: GraphStore) -> None:
    """A tied relation is found from its source and from its target, by verb, as of any revision."""
    world.read(PODS, A1, B1)
    world.read(PODS, A1)
    world.read(PODS, A1)
    for revision, sources in ((1, {POD, OTHER}), (store.head().number, {POD})):
        with store.reader(store.revision(revision)) as reader:
            incoming = reader.relations([NODE], outgoing=False)
            assert {one.source.key for one in incoming} == sources
            assert [one.id for one in incoming] == sorted(one.id for one in incoming)
            assert {one.source.key for one in reader.relations([POD, OTHER, NODE], outgoing=True)} == sources
            assert not reader.relations([NODE], outgoing=False, verbs=["USES_CONFIG"])
            assert len(reader.relations([NODE], outgoing=False, verbs=["USES_CONFIG", "RUNS_ON"])) == len(sources)
            assert not reader.relations([NODE], outgoing=True)
            assert not reader.relations([], outgoing=True)
    with store.reader() as reader:
        gone = next(
            one.change.subject
            for one in reader.changes(ChangeFilter(subjects=frozenset({OTHER})), 9)
            if one.change.word == "RUNS_ON"
        )
        ended = reader.latest_ties([gone]).get(gone)
        assert ended is not None
        assert ended.closed is not None


def test_an_alias_end_is_open_then_tied_then_ambiguous(world: World, store: GraphStore) -> None:
    """An end is settled again when the holders of its alias change, and each revision keeps what it knew."""
    world.read(
        NODES, document("n", "1", entity(NODE), tie(NODE, "REALIZED_BY", alias_end("ip", "1", "aws.ec2.instance")))
    )
    holders = [document(key.id, "1", entity(key, exclusive("ip", "1"))) for key in MACHINES]
    world.read(CLOUD, holders[0])
    world.read(CLOUD, holders[0], holders[1])
    world.read(CLOUD, holders[0], holders[1])
    ties = {}
    for number in range(1, store.head().number + 1):
        with store.reader(store.revision(number)) as reader:
            subject = reader.changes(ChangeFilter(words=frozenset({"REALIZED_BY"})), 1)[0].change.subject
            found = reader.latest_ties([subject])[subject]
            ties[number] = found.target.tie
            ambiguous = found.target.tie is Tie.AMBIGUOUS
            assert [one.id for one in reader.unsettled(MACHINES[1])] == ([found.id] if ambiguous else [])
            assert not reader.unsettled(MACHINES[2])
            tied = reader.relations(MACHINES, outgoing=False)
            assert bool(tied) == (found.target.tie is Tie.TIED)
    assert list(ties.values()) == [Tie.OPEN, Tie.TIED, Tie.TIED, Tie.AMBIGUOUS]


def test_claims_are_kept_after_they_are_given_up(world: World, store: GraphStore) -> None:
    """Every claim up to a revision is told; those closed by then are not in force."""
    name, other = AliasName("ip", "10.0.0.1"), AliasName("ip", "10.0.0.2")
    world.read(PODS, A1)
    world.read(PODS, A2)
    with store.reader() as reader:
        claims = reader.claims([name, other, AliasName("ip", "none")])
        assert {each: [one.in_force for one in held] for each, held in claims.items()} == {name: [False], other: [True]}
        assert claims[name][0].key == POD
        assert claims[name][0].taken == Interval(None, START + timedelta(seconds=1))  # nobody had looked before
    with store.reader(store.revision(1)) as reader:
        assert [one.in_force for one in reader.claims([name, other])[name]] == [True]
        assert other not in reader.claims([other])
