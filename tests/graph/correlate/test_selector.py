"""Does the rule `selector` tie a service to its pods, and to no others?"""

from __future__ import annotations

import pytest

from graph.correlate import RULES
from graph.model import VERBS, Cause, Document, Transition
from graph.store import ChangeFilter
from graph.stores.memory import MemoryStore
from tests.graph.correlate.cluster import (
    BANK,
    PODS,
    SERVICES,
    SLICES,
    Estate,
    concluded,
    pod,
    pod_key,
    service,
    service_key,
    slice_of,
)
from tests.graph.world import World


@pytest.fixture
def estate() -> Estate:
    """A cluster whose slices nobody has read."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", SERVICES, PODS, SLICES)
    return Estate(world)


def _tied(estate: Estate) -> set[str]:
    """Give the ids of the pods that the rule ties to the service cart of namespace shop."""
    with estate.world.store.reader() as reader:
        ties = concluded(reader)
    assert {source for source, _ in ties} <= {service_key("cart")}
    return {target.rsplit("/", 1)[1] for _, target in ties}


@pytest.mark.parametrize(
    ("shown", "tied"),
    [
        (service("cart", app="cart"), {"a", "ab"}),
        (service("cart", app="cart", tier="web"), {"ab"}),
        (service("cart", app="nobody"), set()),
        (service("cart"), set()),  # an empty selector selects nothing, and never everything
        (service("cart", type_="ExternalName", app="cart"), set()),
        (service("cart", type_="NodePort", app="cart"), {"a", "ab"}),
    ],
)
def test_a_service_selects_the_pods_of_its_namespace_that_carry_all_its_labels(
    estate: Estate, shown: Document, tied: set[str]
) -> None:
    """More labels do no harm, one too few does; pods that are over, or elsewhere, are not meant."""
    estate.world.read(SERVICES, shown)
    estate.world.read(
        PODS,
        pod("a"),
        pod("ab", labels={"app": "cart", "tier": "web"}),
        pod("b", labels={"tier": "web"}),
        pod("bare", labels={}),
        pod("done", phase="Succeeded"),
        pod("lost", phase="Failed"),
        pod("bank", BANK),
    )
    estate.conclude()
    assert _tied(estate) == tied


def test_an_endpointslice_silences_the_rule_and_its_end_wakes_it(estate: Estate) -> None:
    """One slice that is the service's is enough, even an empty one; a slice of another service is none."""
    estate.world.read(SERVICES, service("cart", app="cart"), service("pay", app="pay"))
    estate.world.read(PODS, pod("a"))
    estate.world.read(SLICES, slice_of("s1", "pay"))
    estate.conclude()
    assert _tied(estate) == {"a"}
    estate.world.read(SLICES, slice_of("s1", "pay"), slice_of("s2", "cart"), slice_of("s3", "mail"))
    estate.conclude()
    assert _tied(estate) == set()
    estate.world.read(SLICES, slice_of("s1", "pay"), slice_of("s3", "mail"))
    estate.conclude()
    assert _tied(estate) == {"a"}


def test_ready_is_the_pods_own_and_state(estate: Estate) -> None:
    """It follows the pod, is told apart as state, and is left out where the pod does not say."""
    estate.world.read(SERVICES, service("cart", app="cart"))
    estate.world.read(PODS, pod("a", ready=False), pod("b", ready=None))
    estate.conclude()
    with estate.world.store.reader() as reader:
        assert concluded(reader) == {
            (service_key("cart"), pod_key("a")): False,
            (service_key("cart"), pod_key("b")): None,
        }
    estate.world.read(PODS, pod("a", ready=True), pod("b", ready=None))
    estate.conclude()
    with estate.world.store.reader() as reader:
        [change] = (one.change for one in reader.changes(ChangeFilter(causes=frozenset({"rule"})), 1))
    assert (change.transition, change.only_state, change.cause) == (Transition.REVISED, True, Cause.RULE)


def test_no_end_is_said_of_what_could_not_be_read(estate: Estate) -> None:
    """Services and pods that turn forbidden, vanish or are doubted are in force, and so are the conclusions."""
    world = estate.world
    world.read(SERVICES, service("cart", app="cart"))
    world.read(PODS, pod("a"), pod("b"))
    estate.conclude()
    for upset in (world.forbid, world.fail):
        for scope in (PODS, SERVICES, SLICES):
            upset(scope)
            assert estate.conclude().recorded.ended == 0
    world.read(PODS)  # more than half of the range: doubted
    estate.conclude()
    world.scopes("prod", SLICES)  # no longer listed
    estate.conclude()
    world.configure()  # no longer configured
    estate.conclude()
    estate.restart()
    assert estate.conclude().whole
    assert _tied(estate) == {"a", "b"}


def test_a_service_that_is_replaced_keeps_its_ties_under_its_new_incarnation(estate: Estate) -> None:
    """Its key is the same, and so are the ties; they say which life they are of."""
    estate.world.read(SERVICES, service("cart", app="cart"))
    estate.world.read(PODS, pod("a"))
    estate.conclude()
    estate.world.read(SERVICES, service("cart", uid="reborn", app="cart"))
    recorded = estate.conclude().recorded
    assert (recorded.opened, recorded.revised, recorded.ended) == (0, 1, 0)
    with estate.world.store.reader() as reader:
        [one] = reader.relations([service_key("cart")], outgoing=True)
    assert one.source.incarnation == "reborn"


def test_the_rules_keep_to_the_vocabulary_and_read_no_other() -> None:
    """What a rule concludes are verbs, and what any concludes is no premise of one; names are unique and one word."""
    stated = {verb for rule in RULES for verb in rule.states}
    assert stated <= VERBS.keys()
    assert all(rule.premises.isdisjoint(stated) for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.name.split() == [rule.name] for rule in RULES)
