"""What does the API say of what a rule concludes, and of when it falls silent?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.store import GraphStore
from tests.graph.correlate.cluster import (
    PODS,
    SERVICES,
    SLICES,
    Estate,
    pod,
    pod_key,
    service,
    service_key,
    slice_of,
)
from tests.graph.world import World
from tests.histories.witness import Witness, witness
from tests.stores import STORES

CART = service_key("cart")


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """An empty store of each kind."""
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def estate(store: GraphStore) -> Iterator[Estate]:
    """A cluster whose EndpointSlices are forbidden from the first day."""
    world = World(store)
    world.configure("prod")
    world.scopes("prod", SERVICES, PODS, SLICES)
    world.read(SERVICES, service("cart", app="cart"), service("pay", app="pay"))
    world.read(PODS, pod("uid-1"), pod("uid-2", ready=False), pod("uid-9", labels={"app": "pay"}))
    world.forbid(SLICES)
    one = Estate(world)
    one.conclude()
    yield one
    world.writer.close()


@pytest.fixture
def says(estate: Estate, store: GraphStore) -> Iterator[Witness]:
    """What the API says of it."""
    with witness(store) as one:
        yield one


def test_where_names_the_pods_of_a_service_whose_slices_are_forbidden(estate: Estate, says: Witness) -> None:
    """By the rule, .9 sure, as its source says; and that the slices could not be seen is said beside it."""
    where = says.ask(f"entities/{CART}/where")
    assert {one["key"]: one["ready"] for one in where["data"]["pods"]} == {
        pod_key("uid-1"): True,
        pod_key("uid-2"): False,
    }
    assert "prod/endpointslices never_read" in says.gaps(f"entities/{CART}/where")
    assert "asbuilt" in {scope["source"] for scope in where["freshness"]["scopes"]}
    for tie in says.ask(f"entities/{CART}/relations", verb="SELECTS")["data"]:
        assert (tie["method"], tie["confidence"], tie["slot"]) == ("selector", 0.9, "selector")
        [evidence] = tie["evidence"]
        assert (evidence["source"], evidence["scopes"]) == ("asbuilt", ["selector"])
        assert evidence["version"]


def test_the_slices_take_over_once_they_are_read_and_the_past_stands(estate: Estate, says: Witness) -> None:
    """The conclusions end, caused by the rule and no news of the world; the ties of the slices are surer."""
    before = estate.world.now
    estate.world.pass_(minutes=1)
    estate.world.read(SLICES, slice_of("cart-x", "cart", "uid-1"), slice_of("pay-x", "pay", "uid-9"))
    estate.conclude()
    assert says.ties(CART, "SELECTS") == [("tied", pod_key("uid-1"), "present")]
    [tie] = says.ask(f"entities/{CART}/relations", verb="SELECTS")["data"]
    assert (tie["slot"], tie["confidence"]) == ("IPv4", 1.0)
    ended = says.changes(cause="rule", verb="SELECTS", limit="3")
    assert [(one["transition"], one["cause"]) for one in ended] == [("closed", "rule")] * 3
    assert says.changes(verb="SELECTS", limit="100") == []  # the slices' first look, and nothing of the world
    assert len(says.ties(CART, "SELECTS", before)) == 2

    estate.world.pass_(minutes=1)
    estate.world.forbid(SLICES)  # what they said is unknown now, and still said
    estate.conclude()
    assert says.ties(CART, "SELECTS") == [("tied", pod_key("uid-1"), "present")]


def test_the_rules_are_shown_as_a_source(estate: Estate, says: Witness) -> None:
    """Named `asbuilt`, of type `rules`, with a scope for each rule and its runs."""
    [rules] = [one for one in says.ask("sources")["data"] if one["name"] == "asbuilt"]
    assert (rules["type"], rules["configured"]) == ("rules", True)
    [scope] = rules["scopes"]
    assert (scope["name"], scope["status"], scope["states"]) == ("selector", "readable", ["SELECTS"])


def test_a_quiet_world_makes_no_revision(estate: Estate, store: GraphStore) -> None:
    """Step after step, and after a restart, in every store."""
    head = store.head()
    for _ in range(3):
        estate.conclude()
    estate.restart()
    assert estate.conclude().whole
    assert store.head() == head


def test_an_answer_that_a_rule_could_add_to_leans_on_what_the_rule_reads(estate: Estate, says: Witness) -> None:
    """While pods cannot be read, the rule cannot see whom a selector means: that is a gap, also of the ties alone."""
    assert says.gaps("changes", verb="SELECTS") == ["prod/endpointslices never_read"]
    estate.world.forbid(PODS)
    estate.conclude()
    assert says.gaps("changes", verb="SELECTS") == ["prod/endpointslices never_read", "prod/pods unreadable"]
    assert len(says.ask(f"entities/{CART}/where")["data"]["pods"]) == 2  # what cannot be seen ends nothing
