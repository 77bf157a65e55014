"""Does a neighbourhood show what lies so far away, and what was left out? And is a path a shortest one?"""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.analysis.neighbourhood import Neighbourhood, Surrounding, about, neighbourhood
from graph.analysis.paths import DEPTH, Route, shortest
from graph.analysis.presence import Said
from graph.analysis.relations import Direction
from graph.analysis.spread import Why
from graph.model import Key, Scope, Tie
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.analysis import nets
from tests.graph.analysis.nets import net, thing
from tests.graph.analysis.shop import CLUSTER, CONFIG, DEPLOYMENT, INGRESS, NODE, SERVICE, SLICE, Shop, pod_key, shop
from tests.graph.world import EVERYTHING, World, alias_end, document, entity, exclusive, tie


def around(made: Shop, key: Key, wanted: Surrounding | None = None) -> Neighbourhood:
    """Ask what is around a thing of the shop."""
    with made.store.reader() as reader:
        return neighbourhood(reader, key, wanted or Surrounding())


def keys(found: Neighbourhood, hops: int) -> set[Key]:
    """Give the things at a distance."""
    return {one.key for one in found.nodes if one.hops == hops}


def test_it_is_what_lies_so_many_ties_away() -> None:
    """The nearest first, with the relations among them."""
    made = shop("p1", "p2")
    near = around(made, SERVICE)
    assert keys(near, 0) == {SERVICE}
    assert keys(near, 1) == {INGRESS, SLICE, pod_key("p1"), pod_key("p2")}
    assert sorted(one.verb for one in near.relations) == ["MANAGED_BY", "ROUTES_TO", "SELECTS", "SELECTS"]
    assert [(cut.why, cut.at) for cut in near.cuts] == [(Why.DEPTH, 1)]
    far = around(made, SERVICE, Surrounding(depth=2))
    assert {NODE, CONFIG} < keys(far, 2)
    assert keys(far, 1) == keys(near, 1)


def test_direction_verbs_and_kinds_narrow_it() -> None:
    """Outgoing ties lead to pods, incoming to the ingress; a kind that is not asked for is not followed either."""
    made = shop("p1")
    assert keys(around(made, SERVICE, Surrounding(direction=Direction.OUT)), 1) == {pod_key("p1")}
    assert keys(around(made, SERVICE, Surrounding(direction=Direction.IN)), 1) == {INGRESS, SLICE}
    verbs = Surrounding(depth=3, verbs=frozenset({"SELECTS", "RUNS_ON"}), direction=Direction.OUT)
    assert keys(around(made, SERVICE, verbs), 2) == {NODE}
    kinds = Surrounding(depth=3, kinds=frozenset({"k8s.ingress", "k8s.node"}))
    assert keys(around(made, SERVICE, kinds), 1) == {INGRESS}
    assert keys(around(made, SERVICE, kinds), 2) == set()


def test_what_there_is_no_room_for_is_said() -> None:
    """The nearest stay, then by key."""
    made = shop(*(f"p{number}" for number in range(20)))
    found = around(made, SERVICE, Surrounding(depth=2, most=5))
    assert len(found.nodes) == 5
    assert {one.hops for one in found.nodes} == {0, 1}
    assert {cut.why for cut in found.cuts} >= {Why.LIMIT}
    shown = {one.key for one in found.nodes}
    assert all({one.source.key, one.target.key} <= shown for one in found.relations)


def test_open_and_ambiguous_ends_are_shown_as_such() -> None:
    """The instance behind the node is held by nobody; a tie that could mean the root is shown."""
    made = shop("p1")
    [machine] = [one for one in around(made, NODE).relations if one.verb == "REALIZED_BY"]
    assert (machine.target.tie, machine.target.key, machine.target.stated) == (
        Tie.OPEN,
        None,
        "aws.ec2.instance.id=i-0abc",
    )
    scope = Scope("net", "all", EVERYTHING)
    world = World(MemoryStore())
    world.configure("net")
    world.scopes("net", scope)
    first, second, caller = thing("one"), thing("two"), thing("caller")
    shared = exclusive("dns", "db")
    calling = tie(caller, "CALLS", alias_end("dns", "db", "service"))
    documents = [document("c", "1", entity(caller), calling), document("1", "1", entity(first, shared))]
    world.read(scope, *documents)
    world.read(scope, *documents, document("2", "1", entity(second, shared)))
    world.read(
        scope, *documents[:1], document("1", "2", entity(first, shared)), document("2", "1", entity(second, shared))
    )
    for key in (caller, first):
        with world.store.reader() as reader:
            found = neighbourhood(reader, key, Surrounding())
        [loose] = [one for one in found.relations if one.verb == "CALLS"]
        assert (loose.target.tie, loose.target.candidates) == (Tie.AMBIGUOUS, (first, second))
        assert loose.target.stated == "dns=db"


def test_each_thing_is_shown_with_its_presence() -> None:
    """A ConfigMap that is gone is still around what uses it."""
    made = shop("p1")
    made.read("configmaps")
    made.read("configmaps")
    [config] = [one for one in around(made, DEPLOYMENT).nodes if one.key == CONFIG]
    assert config.presence is not None
    assert config.presence.said is Said.GONE


def test_it_leans_on_the_cluster_where_all_verbs_stay_in_it() -> None:
    """Ties that cannot leave a cluster lean on its scopes; any other on scopes anywhere."""
    [near] = about(SERVICE, Surrounding(verbs=frozenset({"SELECTS"})))
    [far] = about(SERVICE, Surrounding())
    assert (near.ranges, far.ranges) == ((CLUSTER,), ())


NAMES = [thing(name) for name in "abcdefgh"]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=14, unique=True)


def path(store: GraphStore, source: Key, target: Key, *, directed: bool = False) -> Route:
    """Ask for a path."""
    with store.reader() as reader:
        return shortest(reader, source, target, directed=directed)


@given(PAIRS, st.booleans())
def test_a_path_is_a_shortest_one(pairs: list[tuple[Key, Key]], directed: bool) -> None:
    """As long as networkx says over the whole net; and each step goes on where the last one ended."""
    ties = [nets.Tie(source, "CALLS", target) for source, target in pairs if source != target]
    graph: nx.DiGraph[Key] = nx.DiGraph([(one.source, one.target) for one in ties])
    graph.add_nodes_from(NAMES)
    whole = graph if directed else graph.to_undirected()
    named = {key for one in ties for key in (one.source, one.target)}
    store = net(ties).store
    for target in sorted(named - {NAMES[0]}):
        found = path(store, NAMES[0], target, directed=directed)
        expected = nx.shortest_path_length(whole, NAMES[0], target) if nx.has_path(whole, NAMES[0], target) else None
        assert (found.hops, len(found.path)) == (expected, expected or 0)
        by_id, here = {one.id: one for one in found.relations}, NAMES[0]
        for step in found.path:
            ends = (by_id[step.relation].source.key, by_id[step.relation].target.key)
            assert ends == ((here, step.to) if step.forward else (step.to, here))
            assert step.forward or not directed
            here = step.to
        assert not found.path or here == target


def test_a_path_is_the_same_at_every_asking_and_says_where_it_gave_up() -> None:
    """Among several the same; too long a one is no certain no."""
    made = shop("p1", "p2", "p3")
    assert path(made.store, INGRESS, NODE) == path(made.store, INGRESS, NODE)
    assert path(made.store, INGRESS, NODE).hops == 3
    assert path(made.store, NODE, INGRESS, directed=True).hops is None
    assert path(made.store, NODE, INGRESS, directed=True).cuts == ()
    assert path(made.store, NODE, NODE).hops == 0
    chain = [nets.Tie(thing(f"x{one}"), "CALLS", thing(f"x{one + 1}")) for one in range(DEPTH + 1)]
    store = net(chain).store
    assert path(store, thing("x0"), thing(f"x{DEPTH}")).hops == DEPTH
    beyond = path(store, thing("x0"), thing(f"x{DEPTH + 1}"))
    assert (beyond.hops, [cut.why for cut in beyond.cuts]) == (None, [Why.DEPTH])


@pytest.mark.parametrize("verb", ["SELECTS", "ROUTES_TO"])
def test_a_path_follows_only_the_verbs_that_are_asked_for(verb: str) -> None:
    """From the ingress to a pod both are needed."""
    with shop("p1").store.reader() as reader:
        assert shortest(reader, INGRESS, pod_key("p1"), ["SELECTS", "ROUTES_TO"]).hops == 2
        assert shortest(reader, INGRESS, pod_key("p1"), [verb]).hops is None
