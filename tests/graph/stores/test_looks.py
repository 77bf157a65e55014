"""What counts as a look at a scope, and until when does a scope stand that another one takes over?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from graph.analysis.freshness import ANYTHING, ScopeFreshness, freshness
from graph.analysis.presence import Doubt, Presence, Said, presence
from graph.model import Cause, Document, Ended, Interval, Key, Position, Scope
from graph.store import ChangeFilter, GraphStore
from tests.graph.stores.estate import CLUSTER, NODE, NODES, OTHER, POD, PODS, SHOP
from tests.graph.world import START, World, alias_end, document, entity, exclusive, tie

SHOP_PODS = Scope("kube", "pods/shop", PODS.states, SHOP, within=SHOP)


def seen(number: int) -> Document:
    """Show the pod at a position: on a node, with another phase each time."""
    return document("a", str(number), entity(POD, phase=f"p{number}"), tie(POD, "RUNS_ON", NODE))


def fresh(store: GraphStore, scope: Scope = PODS) -> ScopeFreshness | None:
    """Tell how fresh a scope is at the newest revision."""
    with store.reader() as reader:
        scopes = freshness(reader, (ANYTHING,), newest=True).scopes
    return next((one for one in scopes if (one.source, one.scope) == (scope.source, scope.name)), None)


def there(store: GraphStore) -> Presence | None:
    """Tell the presence of the pod at the newest revision."""
    with store.reader() as reader:
        return presence(reader, POD)


@pytest.fixture
def kube(world: World) -> World:
    """A world in which one source has told its scopes."""
    world.configure("kube")
    world.scopes("kube", PODS, NODES)
    return world


# ---------------------------------------------------------------------------------------------------- a watch's batch


def test_a_batch_of_a_watch_reads_nothing(kube: World, store: GraphStore) -> None:
    """However many batches come, a scope that was never listed was never read, and neither was its source."""
    for number in range(1, 5):
        kube.watch(PODS, seen(number))
        one = fresh(store)
        assert one is not None
        assert (one.status, one.last_complete) == ("never_read", None)
    with store.reader() as reader:
        assert {state.judged for state in reader.scopes()} == {None}
        assert {source.first_read for source in reader.sources()} == {None}
    said = there(store)
    assert said is not None
    assert (said.said, said.doubt) == (Said.PRESENT, Doubt.NEVER_READ)


def test_a_batch_of_a_watch_makes_nothing_fresh(kube: World, store: GraphStore) -> None:
    """How long ago a scope was listed is told from its listings, whatever its watch said since."""
    kube.read(PODS, Position(1), seen(1))
    listed = fresh(store)
    for number in (2, 3):
        kube.pass_(minutes=5)
        kube.watch(PODS, seen(number))
        assert fresh(store) == listed


def test_a_batch_of_a_watch_finds_nothing_missing(kube: World, store: GraphStore) -> None:
    """What a relation names is mentioned until a listing of its home lacks it: a batch has looked for nothing."""
    kube.read(PODS, Position(1), seen(1))
    kube.read(NODES, Position(1))
    kube.watch(NODES, document("m", "2", entity(CLUSTER.child("k8s.node", "n2"))))
    kube.pass_(minutes=1)
    kube.watch(PODS, document("b", "3", entity(OTHER), tie(OTHER, "RUNS_ON", CLUSTER.child("k8s.node", "n3"))))
    kube.watch(NODES, Ended("m", Position(4)))
    with store.reader() as reader:
        said = presence(reader, CLUSTER.child("k8s.node", "n3"))
        assert said is not None
        assert said.said is Said.MENTIONED
    kube.read(NODES, Position(5))
    with store.reader() as reader:
        said = presence(reader, CLUSTER.child("k8s.node", "n3"))
        assert said is not None
        assert said.said is Said.MISSING


@pytest.mark.parametrize("forbidden", [True, False])
def test_a_batch_of_a_watch_makes_nothing_readable(kube: World, store: GraphStore, forbidden: bool) -> None:
    """A scope that cannot be listed stays unreadable, since when it was, until it is listed again."""
    kube.read(PODS, Position(1), seen(1))
    failing = kube.pass_(minutes=1)
    for number in (2, 3, 4):
        if forbidden:
            kube.forbid(PODS)
        else:
            kube.fail(PODS)
        kube.pass_(minutes=2)
        kube.watch(PODS, seen(number))
    assert unreadable(store) == failing
    kube.read(PODS, Position(5), seen(4))
    assert unreadable(store) is None


def unreadable(store: GraphStore) -> datetime | None:
    """Tell since when the scope of the pods cannot be read."""
    one = fresh(store)
    assert one is not None
    return one.since if one.status == "unreadable" else None


def test_a_batch_of_a_watch_sees_nobody_again(kube: World, store: GraphStore) -> None:
    """Who took an address last has it, until a listing shows that an earlier holder still does."""
    running = Scope("kube", "nodes", frozenset({"k8s.node", "RUNS_ON"}), CLUSTER)
    kube.scopes("kube", PODS, running)
    first, second = (document(key.id, "1", entity(key, exclusive("ip", "10.0.0.1"))) for key in (POD, OTHER))
    third = document("c", "3", entity(SHOP.child("k8s.pod", "c")))
    cited = tie(NODE, "RUNS_ON", alias_end("ip", "10.0.0.1", "k8s.pod"))
    kube.read(PODS, Position(1), first)
    kube.read(running, Position(1), document("n", "1", entity(NODE), cited))
    for event in (document("b", "2", *second.statements), third):
        kube.pass_(minutes=1)
        kube.watch(PODS, event)
    again = replace(cited, slot="again")
    kube.watch(running, document("n", "4", entity(NODE), cited, again))
    with store.reader() as reader:
        assert [one.target.key for one in reader.relations([NODE], outgoing=True)] == [OTHER, OTHER]
    kube.read(PODS, Position(5), first, second, third)
    with store.reader() as reader:
        assert [one.target.keys for one in reader.unsettled(OTHER)] == [(POD, OTHER)] * 2


# ---------------------------------------------------------------------------------------------------- a clock


def test_what_a_clock_that_went_back_forgot_is_looked_for_again(kube: World, store: GraphStore) -> None:
    """A look that seems older than what it looks for finds nothing missing; the next one that is later does."""
    lost = CLUSTER.child("k8s.node", "n2")
    other = document("n", "1", entity(NODE))

    def said() -> Said | None:
        with store.reader() as reader:
            one = presence(reader, lost)
        return one.said if one is not None else None

    kube.read(PODS, document("a", "1", entity(POD), tie(POD, "RUNS_ON", lost)))
    kube.read(NODES, other)
    assert said() is Said.MISSING
    kube.pass_(hours=-2)
    kube.read(NODES, document("n", "2", entity(NODE, capacity="4")))
    assert said() is Said.MENTIONED
    kube.pass_(hours=3)
    assert kube.read(NODES, document("n", "2", entity(NODE, capacity="4"))).mark is not None
    assert said() is Said.MISSING


def test_a_clock_that_went_back_hides_no_failing(kube: World, store: GraphStore) -> None:
    """A scope that fails for longer than its `stale_after` is unreadable, by the earliest that failed."""
    kube.read(PODS, Position(1), seen(1))
    kube.fail(PODS, error="page 1 did not come")
    kube.pass_(minutes=-40)
    failing = kube.now
    kube.fail(PODS, error="page 2 did not come")
    kube.pass_(seconds=kube.stale_after)
    kube.fail(PODS, error="page 2 did not come")
    assert unreadable(store) == failing


def test_a_batch_that_is_recorded_after_a_later_listing_happened_when_it_was_heard(
    kube: World, store: GraphStore
) -> None:
    """It was gathered while the scope was listed as proof: no clock went back, and it is of no other time."""
    kube.read(PODS, Position(1), seen(1))
    kube.pass_(minutes=1)
    heard = kube.now
    kube.pass_(seconds=1)
    kube.read(PODS, Position(2), seen(1))
    kube.watch(PODS, seen(3), since=heard)
    long_ago = Interval(START - timedelta(days=400), START - timedelta(days=399))
    with store.reader() as reader:
        (change,) = reader.changes(ChangeFilter(subjects=frozenset({POD})), 1)
        assert change.change.happened == Interval(heard, kube.now)
        assert change not in reader.changes(ChangeFilter(window=long_ago), 10)


# ---------------------------------------------------------------------------------------------------- several homes


@pytest.mark.parametrize("again", [True, False])
def test_each_home_looks_for_itself(kube: World, store: GraphStore, again: bool) -> None:
    """What one home lacked stays missing when another one that had lacked it is retired, or is once it has looked."""
    lost = SHOP.child("k8s.configmap", "c")
    wide, narrow = (Scope("kube", f"config {of}", frozenset({"k8s.configmap"}), of) for of in (CLUSTER, SHOP))
    kube.scopes("kube", PODS, wide, narrow)
    kube.read(wide)
    kube.read(narrow)
    kube.read(PODS, document("a", "1", entity(POD), tie(POD, "USES_CONFIG", lost)))
    kube.pass_(minutes=1)
    kube.read(wide)
    if again:
        kube.read(narrow)
    kube.retire("kube", wide.name)
    kube.pass_(minutes=1)
    kube.read(narrow)
    with store.reader() as reader:
        said = presence(reader, lost)
    assert said is not None
    assert said.said is Said.MISSING


# ---------------------------------------------------------------------------------------------------- successors


def test_a_scope_stands_until_what_takes_it_over_has_been_read(world: World, store: GraphStore) -> None:
    """What a scope covered that is listed no longer is unknown, until a wider one that is listed has been read."""
    world.configure("kube")
    world.scopes("kube", SHOP_PODS)
    world.read(SHOP_PODS, seen(1))
    for act in (world.fail, world.forbid):
        world.scopes("kube", PODS)
        assert doubted(store) == ({"pods", "pods/shop"}, Doubt.UNKNOWN)
        act(PODS)
    world.scopes("kube", PODS)
    assert doubted(store) == ({"pods", "pods/shop"}, Doubt.UNKNOWN)
    world.read(PODS, seen(1))
    assert doubted(store) == ({"pods", "pods/shop"}, None)
    world.scopes("kube", PODS)
    assert doubted(store) == ({"pods"}, None)


def test_a_scope_whose_successor_is_only_watched_stands(world: World, store: GraphStore) -> None:
    """A batch of a watch does not stand for a listing: it is not known that the wider scope shows all."""
    world.configure("kube")
    world.scopes("kube", SHOP_PODS)
    world.read(SHOP_PODS, seen(1))
    for number in (2, 3, 4):
        world.scopes("kube", PODS)
        world.watch(PODS, seen(number))
    world.scopes("kube", PODS)
    assert doubted(store) == ({"pods", "pods/shop"}, Doubt.UNKNOWN)


def test_what_a_successor_lacks_ends_by_its_listing(world: World, store: GraphStore) -> None:
    """The documents of a scope that was taken over are the successor's: its listing ends them, as any other."""
    world.configure("kube")
    world.scopes("kube", SHOP_PODS)
    other = document("b", "1", entity(OTHER))
    world.read(SHOP_PODS, seen(1), other)
    world.scopes("kube", PODS)
    world.read(PODS, other)
    world.scopes("kube", PODS)
    said = there(store)
    assert said is not None
    assert (said.said, said.doubt) == (Said.GONE, None)


def doubted(store: GraphStore) -> tuple[set[str], Doubt | None]:
    """Name the scopes that stand, and tell what doubt there is about the pod."""
    said = there(store)
    assert said is not None
    assert said.said is Said.PRESENT
    with store.reader() as reader:
        return {state.scope.name for state in reader.scopes()}, said.doubt


# ---------------------------------------------------------------------------------------------------- scopes that grow

CONFIG = Scope("kube", "config", frozenset({"k8s.configmap"}), SHOP)
TWO = replace(CONFIG, states=frozenset({"k8s.configmap", "k8s.serviceaccount"}))
WIDER = replace(CONFIG, range=CLUSTER)
OTHERWISE = replace(CONFIG, states=frozenset({"k8s.serviceaccount"}))
ACCOUNT = SHOP.child("k8s.serviceaccount", "cart")
ELSEWHERE = CLUSTER.child("k8s.namespace", "other").child("k8s.configmap", "c")

GROWN = pytest.mark.parametrize(
    ("grown", "verb", "named"),
    [(TWO, "RUNS_AS", ACCOUNT), (WIDER, "USES_CONFIG", ELSEWHERE), (OTHERWISE, "USES_IDENTITY", ACCOUNT)],
    ids=["more kinds", "a wider range", "other kinds"],
)


def said_of(store: GraphStore, key: Key) -> tuple[Said, Doubt | None]:
    """Tell what is said of a key at the newest revision, and what doubt there is."""
    with store.reader() as reader:
        one = presence(reader, key)
    assert one is not None
    return one.said, one.doubt


@GROWN
def test_what_a_scope_covers_more_is_missing_only_once_it_was_looked_for(
    kube: World, store: GraphStore, grown: Scope, verb: str, named: Key
) -> None:
    """A scope whose states or range grow has looked for nothing of what is new, and is not read until it is read so."""
    kube.scopes("kube", PODS, NODES, CONFIG)
    kube.read(PODS, document("a", "1", entity(POD), tie(POD, verb, named)))
    assert said_of(store, named) == (Said.MENTIONED, None)
    kube.read(CONFIG)
    before = store.head().number
    kube.scopes("kube", PODS, NODES, grown)
    assert said_of(store, named) == (Said.MENTIONED, Doubt.UNKNOWN)
    kube.fail(grown)
    kube.scopes("kube", PODS, NODES, grown)
    assert said_of(store, named) == (Said.MENTIONED, Doubt.UNKNOWN)
    kube.pass_(minutes=1)
    kube.read(grown)
    assert said_of(store, named) == (Said.MISSING, None)
    with store.reader(store.revision(before)) as reader:
        there = presence(reader, named)
    assert there is not None
    assert (there.said, there.doubt) == (Said.MENTIONED, None)


def test_what_was_missing_before_a_scope_grew_is_missing_again_once_it_was_read(kube: World, store: GraphStore) -> None:
    """Growing takes back what a scope said of absence, also where the clock went back, until it is read anew."""
    lost = SHOP.child("k8s.configmap", "c")
    kube.scopes("kube", PODS, NODES, CONFIG)
    kube.read(PODS, document("a", "1", entity(POD), tie(POD, "USES_CONFIG", lost)))
    kube.read(CONFIG)
    assert said_of(store, lost) == (Said.MISSING, None)
    kube.scopes("kube", PODS, NODES, TWO)
    assert said_of(store, lost) == (Said.MENTIONED, Doubt.UNKNOWN)
    kube.pass_(hours=-2)
    kube.read(TWO)
    assert said_of(store, lost) == (Said.MENTIONED, None)
    kube.pass_(hours=3)
    assert kube.read(TWO).mark is not None
    assert said_of(store, lost) == (Said.MISSING, None)


def test_a_kind_that_a_scope_states_anew_looks_like_no_incident(kube: World, store: GraphStore) -> None:
    """What is seen first because its scope grew is a first look, and may have happened at any time before."""
    kube.scopes("kube", PODS, NODES, CONFIG)
    kube.read(CONFIG)
    kube.scopes("kube", PODS, NODES, TWO)
    kube.read(TWO, document("s", "1", entity(ACCOUNT)))
    with store.reader() as reader:
        made = reader.changes(ChangeFilter(words=frozenset({"k8s.serviceaccount"})), 10)
    assert [(one.change.cause, one.change.happened.start) for one in made] == [(Cause.FIRST_LOOK, None)]


def test_a_scope_that_covers_less_has_been_read(kube: World, store: GraphStore) -> None:
    """What a smaller scope covers was looked for by the larger one: what was missing is missing still."""
    lost = SHOP.child("k8s.configmap", "c")
    kube.scopes("kube", PODS, NODES, TWO)
    kube.read(PODS, document("a", "1", entity(POD), tie(POD, "USES_CONFIG", lost)))
    kube.read(TWO)
    kube.scopes("kube", PODS, NODES, CONFIG)
    assert said_of(store, lost) == (Said.MISSING, None)


def test_a_batch_of_a_watch_lets_no_scope_grow(kube: World, store: GraphStore) -> None:
    """A batch that comes under a wider scope than the one that was read has looked for nothing more."""
    kube.scopes("kube", PODS, NODES, CONFIG)
    kube.read(PODS, document("a", "1", entity(POD), tie(POD, "RUNS_AS", ACCOUNT)))
    kube.read(CONFIG)
    kube.watch(TWO, document("c", "1", entity(SHOP.child("k8s.configmap", "d"))))
    assert said_of(store, ACCOUNT) == (Said.MENTIONED, None)
