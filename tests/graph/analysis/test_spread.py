"""Is what a traversal finds what brute force finds: best paths, and shares over all members?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.analysis.arcs import Flow
from graph.analysis.spread import Bounds, Spread, Why, spread
from graph.hops import Hop
from graph.model import VERBS, Harm, Key, Value
from graph.stores.memory.reader import MemoryReader
from tests.graph.analysis.naive import Naive
from tests.graph.analysis.nets import Tie, net, thing

NAMES = [thing(name) for name in "abcdefg"]
PLAIN = sorted(verb.name for verb in VERBS.values() if verb.harm in (Harm.TO_SOURCE, Harm.TO_TARGET))
PLAIN = [name for name in PLAIN if not (VERBS[name].to_group or VERBS[name].pooled or VERBS[name].ends)]
BOUNDS = Bounds()
CONFIDENCES = st.sampled_from([1.0, 0.97, 0.9, 0.81, 0.72, 0.53])


def run(ties: list[Tie], root: Key, flow: Flow, bounds: Bounds, unready: frozenset[Key] = frozenset()) -> Spread:
    """Traverse a net."""
    with net(ties, unready=unready).store.reader() as reader:
        return spread(reader, root, flow, bounds)


def harmful(tie: Tie) -> tuple[Key, Key, float]:
    """Give the way of harm along a tie, and its strength."""
    verb = VERBS[tie.verb]
    ends = (tie.target, tie.source) if verb.harm is Harm.TO_SOURCE else (tie.source, tie.target)
    return *ends, tie.confidence * verb.weight


@st.composite
def plain_nets(draw: st.DrawFn) -> list[Tie]:
    """Draw ties without groups, loops and all."""
    ends = st.tuples(st.sampled_from(NAMES), st.sampled_from(PLAIN), st.sampled_from(NAMES)).filter(
        lambda one: one[0] != one[2]
    )
    chosen = draw(st.lists(ends, min_size=1, max_size=14, unique=True))
    return [Tie(source, verb, target, draw(CONFIDENCES)) for source, verb, target in chosen]


@given(plain_nets(), st.sampled_from(NAMES), st.integers(1, 6), st.sampled_from([0.0, 0.05, 0.4]))
def test_without_groups_it_is_the_best_of_all_simple_paths(
    ties: list[Tie], root: Key, depth: int, floor: float
) -> None:
    """Of all simple paths no longer than the depth, the surest: for harm, and for need along the same arrows back."""
    for flow in Flow:
        graph: nx.MultiDiGraph[Key] = nx.MultiDiGraph()
        graph.add_nodes_from(NAMES)
        for tie in ties:
            start, end, strength = harmful(tie)
            graph.add_edge(*((start, end) if flow is Flow.HARM else (end, start)), strength=strength)
        expected = {}
        for other in NAMES:
            paths = nx.all_simple_edge_paths(graph, root, other, cutoff=depth) if other != root else ()
            sure = [math.prod(graph.get_edge_data(*edge)["strength"] for edge in path) for path in paths]
            if sure and max(sure) >= floor:
                expected[other] = max(sure)
        found = run(ties, root, flow, Bounds(depth, 100, floor))
        assert {one.key: one.p for one in found.reached} == pytest.approx(expected)
        for one in found.reached:
            steps = [each for each in one.path() if each.arc is not None]
            assert one.p == pytest.approx(math.prod(each.arc.factor for each in steps if each.arc is not None))
            assert len(steps) == one.hops <= depth


@given(plain_nets(), st.sampled_from(NAMES))
def test_without_groups_and_depth_it_is_dijkstra(ties: list[Tie], root: Key) -> None:
    """Dijkstra's algorithm on -ln(confidence * weight) gives the same sums."""
    graph: nx.DiGraph[Key] = nx.DiGraph()
    graph.add_node(root)
    for one in ties:
        start, end, strength = harmful(one)
        cost = -math.log(strength)
        if not graph.has_edge(start, end) or cost < graph.edges[start, end]["weight"]:
            graph.add_edge(start, end, weight=cost)
    costs = nx.single_source_dijkstra_path_length(graph, root)
    found = run(ties, root, Flow.HARM, Bounds(depth=7, most=100, floor=0.0))
    expected = {key: cost for key, cost in costs.items() if key != root}
    assert {one.key: -math.log(one.p) for one in found.reached} == pytest.approx(expected)


PODS = [thing(f"p{number}", "k8s.pod") for number in range(4)]
SETS = [thing(f"r{number}", "k8s.replicaset") for number in range(2)]
TOPS = [thing("d0", "k8s.deployment"), thing("s0", "k8s.service"), thing("s1", "k8s.service")]
CONTAINERS = [thing(f"k{number}", "k8s.container") for number in range(2)]
ROOTS = [thing("n0", "k8s.node"), thing("c0", "k8s.configmap"), thing("i0", "container.image")]
ABOVE = [thing("x0", "k8s.ingress"), thing("x1")]


@st.composite
def grouped_nets(draw: st.DrawFn) -> list[Tie]:
    """Draw pods on nodes with configuration, in ReplicaSets, Deployments and services, with dependents above them.

    Two have a container, which may be of an image. Nothing leads back: a pod that depends on its own service has ways
    to itself, of which the best stands for all.
    """
    found = [Tie(one, "RUNS_ON", PODS[number]) for number, one in enumerate(CONTAINERS)]
    found += [Tie(one, "USES_IMAGE", ROOTS[2], draw(CONFIDENCES)) for one in CONTAINERS if draw(st.booleans())]
    for pod in PODS:
        found += [Tie(pod, "RUNS_ON", ROOTS[0], draw(CONFIDENCES))] if draw(st.booleans()) else []
        found += [Tie(pod, "USES_CONFIG", ROOTS[1], draw(CONFIDENCES))] if draw(st.booleans()) else []
        owner = draw(st.sampled_from([*SETS, None]))
        found += [Tie(pod, "MANAGED_BY", owner)] if owner is not None else []
        found += [Tie(one, "SELECTS", pod, draw(CONFIDENCES)) for one in TOPS[1:] if draw(st.booleans())]
    found += [Tie(one, "MANAGED_BY", TOPS[0], draw(CONFIDENCES)) for one in SETS if draw(st.booleans())]
    found += [Tie(ABOVE[0], "ROUTES_TO", one) for one in TOPS[1:] if draw(st.booleans())]
    found += [Tie(ABOVE[1], "DEPENDS_ON", one) for one in (*SETS, *TOPS) if draw(st.booleans())]
    return [*found, Tie(ROOTS[1], "PART_OF", ROOTS[0], 0.9)]


@given(grouped_nets(), st.sampled_from(ROOTS), st.sampled_from([0.0, 0.05, 0.3]), st.frozensets(st.sampled_from(PODS)))
def test_with_groups_it_is_what_counting_all_paths_gives(
    ties: list[Tie], root: Key, floor: float, unready: frozenset[Key]
) -> None:
    """Shares are of all lost members together, level by level; what is lost is lost by any path."""
    found = run(ties, root, Flow.HARM, Bounds(6, 100, floor), unready)
    expected = Naive(ties, unready).ways(root, 6, floor)
    sure = {key: max(way.p for way in ways) for key, ways in expected.items() if ways}
    assert {one.key: one.p for one in found.reached} == pytest.approx(sure)
    assert found.lost == {key for key, ways in expected.items() if any(way.lost for way in ways)}


GUARDED = [*SETS, TOPS[0]]


@given(
    grouped_nets(),
    st.sampled_from(ROOTS),
    st.sampled_from([0.0, 0.05, 0.3]),
    st.frozensets(st.sampled_from(PODS)),
    st.dictionaries(st.sampled_from(GUARDED), st.integers(1, 4), min_size=1),
)
def test_with_budgets_it_is_what_counting_all_losses_gives(
    ties: list[Tie], root: Key, floor: float, unready: frozenset[Key], minimums: dict[Key, int]
) -> None:
    """The surest loss that leaves too few, of all sets of members: whatever their share, and that of ReplicaSets."""
    budgets = {key: thing(key.id, "k8s.pdb") for key in minimums}
    guards = [Tie(budgets[key], "GUARDS", key) for key in minimums]
    said: dict[Key, dict[str, Value]] = {budgets[key]: {"min_available": least} for key, least in minimums.items()}
    with net([*ties, *guards], unready=unready, attributes=said).store.reader() as reader:
        found = spread(reader, root, Flow.HARM, Bounds(6, 100, floor))
    expected = Naive(ties, unready, minimums).ways(root, 6, floor)
    sure = {key: max(way.p for way in ways) for key, ways in expected.items() if ways}
    assert {one.key: one.p for one in found.reached} == pytest.approx(sure)
    assert found.lost == {key for key, ways in expected.items() if any(way.lost for way in ways)}


def test_pods_that_depend_on_their_own_service_do_not_bring_it_down() -> None:
    """One of three is lost: the service is short of one, whatever its pods make of that; and so is its twin."""
    first, second, caller = TOPS[1], TOPS[2], ABOVE[1]
    ties = [Tie(one, "SELECTS", pod) for one in (first, second) for pod in PODS[:3]]
    ties += [Tie(pod, "CALLS", caller) for pod in PODS[:3]]
    ties += [Tie(caller, "DEPENDS_ON", one) for one in (first, second)]
    found = {
        one.key: one.p for one in run([*ties, Tie(PODS[0], "RUNS_ON", ROOTS[0])], ROOTS[0], Flow.HARM, BOUNDS).reached
    }
    assert found[first] == found[second] == pytest.approx(1 / 3)
    assert found[PODS[1]] == pytest.approx(1 / 3 * 0.8 * 0.9)


def test_each_cut_is_said() -> None:
    """A chain is cut by depth, by confidence, or by the number of things."""
    chain = [Tie(thing(f"x{number + 1}"), "CALLS", thing(f"x{number}")) for number in range(8)]
    deep = run(chain, thing("x0"), Flow.HARM, BOUNDS)
    assert [(one.why, one.at, one.least) for one in deep.cuts] == [(Why.DEPTH, 6, 1)]
    assert len(deep.reached) == 6
    unsure = run(chain, thing("x0"), Flow.HARM, Bounds(floor=0.8))
    assert [(one.why, one.at, one.least) for one in unsure.cuts] == [(Why.CONFIDENCE, 0.8, 1)]
    assert len(unsure.reached) == 2
    full = run(chain, thing("x0"), Flow.HARM, Bounds(depth=8, most=3))
    assert [(one.why, one.at) for one in full.cuts] == [(Why.LIMIT, 3)]
    assert len(full.reached) == 3
    whole = run(chain, thing("x0"), Flow.HARM, Bounds(depth=8))
    assert (len(whole.reached), whole.cuts) == (8, ())


@given(plain_nets(), st.sampled_from(NAMES), st.integers(1, 5))
def test_the_cap_keeps_the_surest(ties: list[Tie], root: Key, most: int) -> None:
    """The first of the whole answer, in its order: no more, no others."""
    whole = run(ties, root, Flow.HARM, Bounds(most=100))
    some = run(ties, root, Flow.HARM, Bounds(most=most, followed=1))
    assert [(one.key, one.p, one.hops) for one in some.reached] == [
        (one.key, one.p, one.hops) for one in whole.reached[:most]
    ]
    assert any(cut.why is Why.LIMIT for cut in some.cuts) == (len(whole.reached) > most)


@given(grouped_nets(), st.sampled_from([*NAMES[:3], *ROOTS]), st.integers(1, 5))
def test_who_asks_for_few_is_told_as_much_of_these(ties: list[Tie], root: Key, most: int) -> None:
    """Groups have the shares that they have in the whole answer, and it is said how much is left out."""
    whole = run(ties, root, Flow.HARM, BOUNDS)
    some = run(ties, root, Flow.HARM, Bounds(most=most))
    assert told(some) == told(whole)[:most]
    assert [some.members.get(one.key) for one in some.reached] == [
        whole.members.get(one.key) for one in whole.reached[:most]
    ]
    left = len(whole.reached) - len(some.reached)
    assert [cut.least for cut in some.cuts if cut.why is Why.LIMIT] == ([left] if left else [])


def told(found: Spread) -> list[tuple[Key, float, list[tuple[Key, int | str]]]]:
    """Give all that is reached, with the ties of its best path."""
    paths = ((one, [(each.key, each.arc.tie) for each in one.path() if each.arc is not None]) for one in found.reached)
    return [(one.key, one.p, path) for one, path in paths]


@given(
    st.one_of(plain_nets(), grouped_nets()), st.sampled_from([*NAMES[:3], *ROOTS]), st.randoms(use_true_random=False)
)
def test_whatever_order_a_store_gives_ties_in(ties: list[Tie], root: Key, random: Random) -> None:
    """Among equally sure paths the same is told, parallel ties included, whatever order the ties come in."""
    doubled = [replace(one, slot=slot) for one in ties for slot in ("", "again")]
    with net(doubled).store.reader() as reader, pytest.MonkeyPatch.context() as patch:
        expected = spread(reader, root, Flow.HARM, BOUNDS)
        inner = MemoryReader.hops

        def shuffled(self: MemoryReader, keys: Sequence[Key], *, outgoing: bool, verbs: Sequence[str]) -> list[Hop]:
            found = list(inner(self, keys, outgoing=outgoing, verbs=verbs))
            random.shuffle(found)
            return found

        patch.setattr(MemoryReader, "hops", shuffled)
        for _ in range(3):
            found = spread(reader, root, Flow.HARM, BOUNDS)
            assert told(found) == told(expected)
            assert (found.lost, found.members, found.cuts) == (expected.lost, expected.members, expected.cuts)
