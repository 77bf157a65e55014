"""Is a comparison of two revisions what one finds by holding everything at both beside each other?"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.analysis import diff
from graph.analysis.diff import Difference, Differences, Row, Version, Wanted, differences
from graph.analysis.leaves import field_words
from graph.analysis.surroundings import Around, around, entity_difference, nearby_differences, relation_differences
from graph.model import Cause, Document, Key, RelationVersion, Value
from graph.model.canonical import flattened, same
from graph.model.kinds import counts_as_state
from graph.store import GraphReader, GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.analysis.shop import (
    CONFIG,
    DEPLOYMENT,
    INGRESS,
    NODE,
    SERVICE,
    Shop,
    endpoints,
    pod,
    pod_key,
    shop,
)
from tests.graph.histories import CLUSTER, Script, histories, play
from tests.graph.stores.answers import Universe
from tests.graph.world import World, document, entity
from tests.stores import STORES


@contextmanager
def between(store: GraphStore, first: int, second: int | None = None) -> Iterator[tuple[GraphReader, GraphReader]]:
    """Read at two revisions, the newest being the second by default."""
    later = store.head() if second is None else store.revision(second)
    with store.reader(store.revision(first)) as before, store.reader(later) as after:
        yield before, after


def paged(before: GraphReader, after: GraphReader, wanted: Wanted, limit: int) -> tuple[list[Row], Counter[str]]:
    """Read all pages, and add up what they counted."""
    rows: list[Row] = []
    tally: Counter[str] = Counter()
    position = None
    while True:
        page: Differences = differences(before, after, wanted, limit, position=position)
        assert len(page.rows) <= limit
        rows += page.rows
        tally.update({name: getattr(page.tally, name) for name in page.tally.__slots__})
        if page.following is None:
            return rows, tally
        assert position is None or page.following < position
        position = page.following


# ---------------------------------------------------------------------------------------------------- by brute force


def in_force(reader: GraphReader, universe: Universe) -> dict[str, Version]:
    """Give everything in force at a revision."""
    found: dict[str, Version] = {key: one for key, one in reader.latest(universe.keys).items() if one.closed is None}
    return found | {id_: one for id_, one in reader.latest_ties(universe.ties).items() if one.closed is None}


def _same_end(before: Version, after: Version) -> bool:
    assert isinstance(before, RelationVersion)
    assert isinstance(after, RelationVersion)
    return all(
        (one.tie, one.keys) == (other.tie, other.keys)
        for one, other in ((before.source, after.source), (before.target, after.target))
    )


def differs(before: Version | None, after: Version | None) -> str | None:
    """Say plainly what became of something: not in its evidence, nor in how long it has been."""
    if before is None or after is None:
        return None if before is after else "added" if before is None else "removed"
    if isinstance(before, RelationVersion) or isinstance(after, RelationVersion):
        assert isinstance(before, RelationVersion)
        assert isinstance(after, RelationVersion)
        if not _same_end(before, after):
            return "changed"
        left, right, word = before.stated.attributes, after.stated.attributes, before.verb
        more = (before.stated.source, before.stated.target) != (after.stated.source, after.stated.target)
    else:
        left, right, word = before.attributes, after.attributes, before.kind
        more = before.name != after.name
        if before.incarnation != after.incarnation:
            return "changed" if None in (before.incarnation, after.incarnation) else "replaced"
        kept = [{one for one in side.aliases if one.holding != "forever"} for side in (before, after)]
        if kept[0] != kept[1] and not more and not _fields(word, left, right):
            return "state"
    fields = _fields(word, left, right)
    if more or any(not state for state in fields.values()):
        return "changed"
    return "state" if fields else None


def _fields(word: str, left: object, right: object) -> dict[str, bool]:
    assert isinstance(left, dict)
    assert isinstance(right, dict)
    old, new = flattened(left), flattened(right)
    names = old.keys() | new.keys()
    return {name: counts_as_state(word, name) for name in names if not same(old.get(name), new.get(name))}


def expected(before: dict[str, Version], after: dict[str, Version]) -> dict[str, str]:
    """Hold two states beside each other."""
    told = {subject: differs(before.get(subject), after.get(subject)) for subject in before.keys() | after.keys()}
    return {subject: what for subject, what in told.items() if what is not None}


@pytest.mark.parametrize("name", sorted(STORES))
@given(script=histories(), data=st.data())
@settings(max_examples=25, deadline=None)
def test_it_is_the_difference_of_both_states(name: str, script: Script, data: st.DataObject) -> None:
    """Whatever happened, however few rows a page has: nothing else, nothing twice, and all the rest is counted."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(diff, "PORTION", data.draw(st.integers(1, 8), "portion"))
        patched.setattr(diff, "SCANNED", data.draw(st.integers(1, 20), "scanned"))
        reference, world = World(MemoryStore()), World(STORES[name](Path(folder)))
        for one in (reference, world):
            play(Script(script.steps, script.seed), one)
        assert isinstance(reference.store, MemoryStore)
        universe, head = Universe.of(reference.store), world.store.head().number
        first = data.draw(st.integers(1, head), "first")
        second = data.draw(st.integers(first, head), "second")
        with between(world.store, first, second) as (before, after):
            states = in_force(before, universe), in_force(after, universe)
            plain = expected(*states)
            limit = data.draw(st.integers(1, 5), "limit")
            rows, tally = paged(before, after, Wanted(), limit)
            found = {row.subject: row.difference.value for row in rows}
            assert len(found) == len(rows)
            assert found == {subject: what for subject, what in plain.items() if what != "state"}
            assert tally["state"] == sum(what == "state" for what in plain.values())
            assert {one.value: tally[one.value] for one in Difference} == {
                one.value: sum(what == one.value for what in found.values()) for one in Difference
            }
            everything, all_of_it = paged(before, after, Wanted(state=True), 3)
            assert {row.subject for row in everything} == plain.keys()
            assert all_of_it["undone"] == tally["undone"]
            _near(before, after, states, data.draw(st.integers(0, 3), "depth"))
        world.store.close()


def _near(
    before: GraphReader, after: GraphReader, states: tuple[dict[str, Version], dict[str, Version]], depth: int
) -> None:
    """Compare what stands around the cluster's first node with what brute force finds there."""
    root = CLUSTER.child("k8s.node", "n0")
    there = around(before, after, root, depth)
    sides = [_reached(state, root, depth) for state in states]
    assert (there.earlier, there.later) == tuple(map(frozenset, sides))
    page = nearby_differences(before, after, there, 10_000, Wanted(state=True))
    found = {row.subject for row in page.rows}
    while page.following is not None:
        page = nearby_differences(before, after, there, 10_000, Wanted(state=True), position=page.following)
        found |= {row.subject for row in page.rows}
    wanted = expected(*states)
    held = [
        {subject for subject, one in state.items() if _inside(one, keys)}
        for state, keys in zip(states, sides, strict=True)
    ]
    assert found == {subject for subject in wanted if subject in held[0] | held[1]}


def _reached(state: dict[str, Version], root: Key, depth: int) -> set[Key]:
    found = {root}
    for _ in range(depth):
        ties = [one.keys for one in state.values() if isinstance(one, RelationVersion) and len(one.keys) == 2]
        found |= {key for keys in ties if found.intersection(keys) for key in keys}
    return found


def _inside(one: Version, keys: set[Key]) -> bool:
    return keys.issuperset(one.keys) and bool(one.keys) if isinstance(one, RelationVersion) else one.key in keys


# ---------------------------------------------------------------------------------------------------- told in a shop


def deployment(version: str, life: str = "d1", **attributes: Value) -> Document:
    """Make the document of the Deployment."""
    return document({"d1": "deployment"}.get(life, life), version, entity(DEPLOYMENT, incarnation=life, **attributes))


def compared(made: Shop, first: int, wanted: Wanted | None = None) -> tuple[Row, ...]:
    """Compare an earlier revision with the newest."""
    with between(made.store, first) as (before, after):
        return differences(before, after, wanted or Wanted(), 100).rows


def test_a_field_that_changed_twice_is_one_difference() -> None:
    """Old and new are those of the two revisions; the changes between are counted, and the last says when."""
    made = shop()
    first = made.store.head().number
    for number, replicas in enumerate((3, 4), 2):
        made.world.pass_(minutes=1)
        made.read("deployments", deployment(str(number), replicas=replicas))
    [row] = [one for one in compared(made, first) if one.word == "k8s.deployment"]
    [field] = row.fields
    assert (row.difference, row.changes, row.name) == (Difference.CHANGED, 2, "cart")
    assert (field.name, field.old, field.new, field.changes, field.causes) == ("replicas", 2, 4, 2, (Cause.WORLD,))
    with made.store.reader() as reader:
        last = reader.versions(DEPLOYMENT)[-1]
    assert field.happened.end == made.store.revision(last.opened).instant
    assert [(one.source, one.document) for one in row.evidence] == [("prod", "deployment")]


def test_what_came_back_is_no_difference() -> None:
    """Changed and changed back, gone and come again: counted, and not shown."""
    made = shop("p1")
    first = made.store.head().number
    for documents in ([deployment("2", replicas=9)], [], [deployment("4", replicas=2)]):
        made.world.pass_(minutes=1)
        made.read("deployments", *documents)
    made.read("pods", pod("p1"), pod("p2")).read("pods", pod("p1"))
    with between(made.store, first) as (before, after):
        page = differences(before, after, Wanted(words=frozenset({"k8s.deployment", "k8s.pod"})), 100)
    assert page.rows == ()
    assert page.tally.undone == 2


def test_a_replaced_thing_says_so() -> None:
    """Another uid under the same name is another thing."""
    made = shop()
    first = made.store.head().number
    made.world.pass_(minutes=1)
    made.read("deployments", deployment("1", "d2", replicas=2))
    [row] = [one for one in compared(made, first) if one.word == "k8s.deployment"]
    assert row.difference is Difference.REPLACED
    assert [(one.name, one.old, one.new) for one in row.fields] == [("incarnation", "d1", "d2")]
    with between(made.store, first) as (before, after):
        about = entity_difference(before, after, DEPLOYMENT)
    assert about.difference is Difference.REPLACED
    assert about.before is not None
    assert about.after is not None
    assert (about.before.incarnation, about.after.incarnation) == ("d1", "d2")


def test_state_is_left_out_and_counted() -> None:
    """A pod that is no longer ready is no difference in configuration."""
    made = shop("p1")
    first = made.store.head().number
    made.world.pass_(minutes=1)
    made.read("pods", pod("p1", version="2", ready=False))
    with between(made.store, first) as (before, after):
        assert differences(before, after, Wanted(), 100).tally.state == 2  # the pod and its container
        shown = differences(before, after, Wanted(state=True), 100).rows
    assert {row.word: [(one.name, one.state) for one in row.fields] for row in shown} == {
        "k8s.pod": [("ready", True)],
        "k8s.container": [("ready", True)],
    }


def test_a_first_look_is_hidden_from_who_asks_for_the_world() -> None:
    """A scope that is read for the first time adds what was there before: it is counted, and shown when asked for."""
    made = Shop().configure()
    made.read("services")
    first = made.store.head().number
    made.read("configmaps", document("config", "1", entity(CONFIG)))
    with between(made.store, first) as (before, after):
        world = differences(before, after, Wanted(causes=frozenset({"world"})), 100)
        looked = differences(before, after, Wanted(causes=frozenset({"first_look"})), 100)
    assert (world.rows, world.tally.hidden) == ((), 1)
    assert [(row.subject, row.causes) for row in looked.rows] == [(CONFIG, (Cause.FIRST_LOOK,))]


def test_relations_that_came_and_went_are_told_of_a_thing() -> None:
    """The service has other endpoints: one relation removed, one added, and presence then and now."""
    made = shop("p1", "p2")
    first = made.store.head().number
    made.world.pass_(minutes=1)
    made.read("endpointslices", endpoints("p2", "p3", version="2"))
    with between(made.store, first) as (before, after):
        page = relation_differences(before, after, SERVICE, 100)
        about = entity_difference(before, after, SERVICE)
        missing = entity_difference(before, after, pod_key("p3"))
        gone = entity_difference(before, after, pod_key("p9"))
    told = {(row.difference.value, row.relation.target) for row in page.rows if row.relation is not None}
    assert told == {("removed", pod_key("p1")), ("added", pod_key("p3"))}
    assert about.difference is None
    assert about.before == about.after
    assert missing.before is None
    assert missing.after is not None
    assert missing.after.presence.said.value == "mentioned"
    assert (gone.before, gone.after, gone.changes) == (None, None, 0)


def test_aliases_are_told_of_a_thing() -> None:
    """Those for good included, which come with another life."""
    made = shop("p1")
    first = made.store.head().number
    made.read("pods")
    made.read("pods")
    with between(made.store, first) as (before, after):
        about = entity_difference(before, after, pod_key("p1"))
    assert about.difference is Difference.REMOVED
    assert {one.type for one in about.aliases_removed} == {"k8s.pod.name", "k8s.uid"}
    assert about.aliases_added == ()


def test_the_surroundings_are_of_both_revisions() -> None:
    """What stood there, or stands there: the pod that went and the pod that came; and nothing from further away."""
    made = shop("p1")
    first = made.store.head().number
    made.world.pass_(minutes=1)
    made.read("pods", pod("p2")).read("pods", pod("p2"))  # more than half would end, so that a second look decides
    made.read("endpointslices", endpoints("p2", version="2"))
    made.read("ingresses")
    made.read("ingresses")
    with between(made.store, first) as (before, after):
        near = around(before, after, SERVICE, 1)
        rows = nearby_differences(before, after, near, 100, Wanted()).rows
        node = around(before, after, NODE, 1)
        others = nearby_differences(before, after, node, 100, Wanted()).rows
    assert near.earlier - near.later == {pod_key("p1"), INGRESS}
    assert near.later - near.earlier == {pod_key("p2")}
    entities = {row.subject: row.difference.value for row in rows if row.relation is None}
    assert entities == {pod_key("p1"): "removed", pod_key("p2"): "added", INGRESS: "removed"}
    assert {row.word for row in rows if row.relation is not None} == {"SELECTS", "ROUTES_TO"}
    assert {row.subject for row in others if row.relation is None} == {pod_key("p1"), pod_key("p2")}


def test_what_is_cut_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a root with more around it than is looked at, the first by key are; and that is said."""
    monkeypatch.setattr("graph.analysis.surroundings.MOST_AROUND", 3)
    made = shop("p1", "p2", "p3")
    with between(made.store, made.store.head().number) as (before, after):
        there = around(before, after, NODE, 1)
    assert there == Around(there.earlier, there.earlier, cut=True)
    assert len(there.earlier) == 3


def _counting(held: Callable[[Collection[str]], Any], asked: list[int]) -> Callable[[Collection[str]], Any]:
    def counted(some: Collection[str]) -> Any:
        asked.append(len(some))
        return held(some)

    return counted


def test_cost_follows_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not change is never read."""
    made = shop(*(f"p{number}" for number in range(40)))
    first = made.store.head().number
    made.world.pass_(minutes=1)
    made.read("deployments", deployment("2", replicas=7))
    asked: list[int] = []
    with between(made.store, first) as (before, after):
        for reader in (before, after):
            for name in ("latest", "latest_ties"):
                monkeypatch.setattr(reader, name, _counting(getattr(reader, name), asked))
        assert len(differences(before, after, Wanted(), 100).rows) == 2  # and its tie to the ConfigMap, gone
    assert sum(asked) <= 9  # two subjects at both ends; then for their names, once, the ends and what contains them


_LONG = "registry.example.com/a-team-with-a-long-name/and-a-longer-product/checkout"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (2, 4, "f: 2 → 4"),
        (None, "x", "f: - → x"),
        (1, "1", 'f: 1 → "1"'),
        ({"app": {"env": ["A"], "image": "a:1"}}, {"app": {"env": ["A"], "image": "a:2"}}, "f.app.image: a:1 → a:2"),
        ({"a": 1, "b": 1}, {"b": 2, "c": 3}, "f.a: 1 → -; f.b: 1 → 2; f.c: - → 3"),
        (
            [{"type": "Ready", "status": "True"}],
            [{"type": "Ready", "status": "False"}],
            "f[Ready].status: True → False",
        ),
        ([1, 2], [1, 3], "f[1]: 2 → 3"),
        ([1], [1, 3], "f: [1] → [1,3]"),
        (f"{_LONG}:2.1.0", f"{_LONG}:7.0.2", "f: …roduct/checkout:2.1.0 → …roduct/checkout:7.0.2"),
        (f"1:{_LONG}", f"2:{_LONG}", "f: 1:registry.exampl… → 2:registry.exampl…"),
        (_LONG, f"{_LONG}@", "f: …product/checkout → …product/checkout@"),
        (None, "x" * 61, f"f: - → {'x' * 59}…"),
    ],
)
def test_a_difference_is_never_cut_out(old: Value, new: Value, said: str) -> None:
    """The inner values that are others are told; of long ones what both share is left out."""
    assert field_words("f", old, new) == said
