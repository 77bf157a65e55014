"""Do network policies and disruption budgets tie to what they select, step by step as from scratch?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.correlate.selected import BY_TEMPLATE, DISRUPTION, PROTECTION, Selected
from graph.model import Document, Key, Method, Scope, Value
from graph.stores.memory import MemoryStore
from tests.graph.correlate.cluster import BANK, CLUSTER, PODS, SHOP, Estate, pod, pod_key
from tests.graph.world import World, document, entity

RULES = (PROTECTION, DISRUPTION)
POLICIES = {rule: Scope("prod", f"{rule.policy}s", frozenset({rule.policy}), CLUSTER) for rule in RULES}
DEPLOYMENTS = Scope("prod", "deployments", frozenset({"k8s.deployment"}), CLUSTER)

SELECTORS: tuple[dict[str, Value] | None, ...] = (
    {"matchLabels": {"app": "a"}},
    {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    {"matchLabels": {}},
    None,
)
LABELS: tuple[dict[str, str], ...] = ({"app": "a", "tier": "x"}, {"app": "a"}, {"tier": "y"}, {})
MEANT = (
    lambda labels: labels.get("app") == "a",
    lambda labels: labels.get("tier") != "x",
    lambda labels: "tier" in labels,
    lambda _: True,
)
"""What each selector means, in other words than the rule's."""

HOWS: tuple[dict[str, Value], ...] = ({}, {"phase": "Failed"}, {"host_network": True})
"""How a thing may be, beside its labels: as most are, over, or on the network of its node."""
FORMS = tuple((labels, how) for how in HOWS for labels in LABELS)


def estate(rule: Selected) -> Estate:
    """Give an empty cluster with one rule over it."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", POLICIES[rule], PODS, DEPLOYMENTS)
    return Estate(world, (rule,))


def policy(rule: Selected, name: str, selector: Mapping[str, Value] | None, namespace: Key = SHOP) -> Document:
    """Show a policy with a selector, or without one."""
    said = {} if selector is None else {rule.attribute: selector}
    uid = f"{namespace.id}-{name}"
    return document(uid, str(selector), entity(namespace.child(rule.policy, name), incarnation=uid, **said))


def deployment(name: str, labels: Mapping[str, str], ready: int = 1, **attributes: Value) -> Document:
    """Show a Deployment of namespace shop with the labels of its template."""
    said = {"pod_labels": dict(labels), "ready_replicas": ready, **attributes}
    stated = entity(SHOP.child("k8s.deployment", name), incarnation=name, **said)
    return document(name, str(said), stated)


def tied(estate: Estate, rule: Selected) -> dict[tuple[str, str], float]:
    """Give the ties by the ids of policy and selected thing, with their confidence."""
    found = {}
    with estate.world.store.reader() as reader:
        for kind in ("k8s.pod", "k8s.deployment"):
            for namespace in (SHOP, BANK):
                keys = [namespace.child(kind, name) for name in "pqrd"]
                for tie in reader.relations(keys, outgoing=not rule.outgoing, verbs=(rule.verb,)):
                    ends = (tie.source.key, tie.target.key) if rule.outgoing else (tie.target.key, tie.source.key)
                    assert tie.stated.method is Method.SELECTOR
                    assert ends[0] is not None
                    assert ends[1] is not None
                    assert ends[0].container == ends[1].container
                    found[f"{namespace.id}/{ends[0].id}", f"{ends[1].kind}/{ends[1].id}"] = tie.stated.confidence
    return found


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_policy_is_tied_to_pods_and_templates_of_its_namespace(rule: Selected) -> None:
    """By labels, with every operator; pods surely, templates nearly; nothing of another namespace."""
    one = estate(rule)
    one.world.read(POLICIES[rule], policy(rule, "a", SELECTORS[0]), policy(rule, "b", SELECTORS[1], BANK))
    one.world.read(PODS, pod("p", labels=LABELS[0]), pod("q", labels=LABELS[2]), pod("r", BANK, LABELS[2]))
    one.world.read(DEPLOYMENTS, deployment("d", LABELS[1]))
    one.conclude()
    assert tied(one, rule) == {
        ("shop/a", "k8s.pod/p"): 1.0,
        ("shop/a", "k8s.deployment/d"): BY_TEMPLATE,
        ("bank/b", "k8s.pod/r"): 1.0,
    }


def test_an_absent_selector_means_all_to_a_network_policy_and_none_to_a_budget() -> None:
    """As the API's reference has it; an empty one means all to both."""
    for rule, everything in ((PROTECTION, True), (DISRUPTION, False)):
        one = estate(rule)
        one.world.read(POLICIES[rule], policy(rule, "none", None), policy(rule, "empty", SELECTORS[3]))
        one.world.read(PODS, pod("p", labels={}))
        one.conclude()
        meant = {name for name, _ in tied(one, rule)}
        assert meant == ({"shop/none", "shop/empty"} if everything else {"shop/empty"})


def test_what_is_on_its_nodes_network_is_not_protected_but_guarded() -> None:
    """What a NetworkPolicy does to it is not defined, and most networks let it pass; a budget counts every pod."""
    for rule, expected in ((PROTECTION, set()), (DISRUPTION, {"k8s.pod/p", "k8s.deployment/d"})):
        one = estate(rule)
        one.world.read(POLICIES[rule], policy(rule, "a", SELECTORS[3]))
        one.world.read(PODS, pod("p", labels=LABELS[0], host_network=True))
        one.world.read(DEPLOYMENTS, deployment("d", LABELS[0], host_network=True))
        one.conclude()
        assert {thing for _, thing in tied(one, rule)} == expected


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_pod_that_is_over_is_selected_no_longer(rule: Selected) -> None:
    """It has no network, and is no pod that may be missing. The phases before make no difference, and cost no look."""
    one = estate(rule)
    one.world.read(POLICIES[rule], policy(rule, "a", SELECTORS[3]))
    one.world.read(PODS, pod("p", labels=LABELS[0], phase="Pending"))
    one.conclude()
    one.world.read(PODS, pod("p", labels=LABELS[0], phase="Running"))
    assert one.conclude().anchors == 0
    assert tied(one, rule)
    one.world.read(PODS, pod("p", labels=LABELS[0], phase="Succeeded"))
    one.conclude()
    assert tied(one, rule) == {}


def test_readiness_costs_no_look() -> None:
    """A change that cannot bear on what is selected touches no anchor."""
    one = estate(PROTECTION)
    one.world.read(POLICIES[PROTECTION], policy(PROTECTION, "a", SELECTORS[0]))
    one.world.read(PODS, pod("p", labels=LABELS[0]))
    one.world.read(DEPLOYMENTS, deployment("d", LABELS[0]))
    assert one.conclude().anchors == 2
    one.world.read(PODS, pod("p", labels=LABELS[0], ready=False))
    one.world.read(DEPLOYMENTS, deployment("d", LABELS[0], ready=0))
    assert one.conclude().anchors == 0
    one.world.read(PODS, pod("p", labels=LABELS[1], ready=False))
    assert one.conclude().anchors == 1


Shown = Mapping[str, int]
_NAMES = {"policy": ("one", "two"), "pod": ("p", "q"), "deployment": ("d",)}


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, str, int | None]]:
    """Draw changes of one thing at a time: its labels or selector by number, or None where it goes."""
    found = []
    for _ in range(draw(st.integers(1, 12))):
        what = draw(st.sampled_from(sorted(_NAMES)))
        name = draw(st.sampled_from(_NAMES[what]))
        number = draw(st.none() | st.integers(0, len(SELECTORS if what == "policy" else FORMS) - 1))
        found.append((what, name, number))
    return found


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
@given(drawn=steps(), pauses=st.lists(st.booleans(), min_size=12, max_size=12))
def test_step_by_step_is_what_the_definition_says(
    rule: Selected, drawn: list[tuple[str, str, int | None]], pauses: list[bool]
) -> None:
    """Whatever comes, goes and differs in whatever order, and whenever the rule looks."""
    one = estate(rule)
    shown: dict[str, dict[str, int]] = {what: {} for what in _NAMES}
    for (what, name, number), look in zip(drawn, pauses, strict=False):
        if number is None:
            shown[what].pop(name, None)
        else:
            shown[what][name] = number
        _read(one, rule, what, shown[what])
        if look:
            one.conclude()
    one.conclude()
    things = {f"k8s.pod/{name}": FORMS[number] for name, number in shown["pod"].items()}
    things |= {f"k8s.deployment/{name}": FORMS[number] for name, number in shown["deployment"].items()}
    expected = {
        (f"shop/{name}", thing)
        for name, number in shown["policy"].items()
        for thing, (held, how) in things.items()
        if (rule.absent if SELECTORS[number] is None else MEANT[number](held))
        and not ("phase" in how and thing.startswith("k8s.pod/"))
        and not ("host_network" in how and rule is PROTECTION)
    }
    assert tied(one, rule).keys() == expected


def _read(one: Estate, rule: Selected, what: str, shown: Mapping[str, int]) -> None:
    """Read a scope twice, so that what is gone ends even where that was doubted."""
    scope = {"policy": POLICIES[rule], "pod": PODS, "deployment": DEPLOYMENTS}[what]
    for _ in range(2):
        if what == "policy":
            documents = [policy(rule, name, SELECTORS[number]) for name, number in shown.items()]
        elif what == "pod":
            documents = [pod(name, SHOP, FORMS[number][0], **FORMS[number][1]) for name, number in shown.items()]
        else:
            documents = [
                deployment(name, FORMS[number][0], 1, **_of_template(number)) for name, number in shown.items()
            ]
        one.world.read(scope, *documents)


def _of_template(number: int) -> dict[str, Value]:
    """Give how a workload is: a template has no phase."""
    return {name: value for name, value in FORMS[number][1].items() if name != "phase"}


def test_an_unmapped_policy_means_nothing() -> None:
    """What could not be read is not taken for a policy without a selector, which would mean everything."""
    one = estate(PROTECTION)
    stated = entity(SHOP.child("k8s.networkpolicy", "broken"), raw={"unmapped": "TypeError in each"})
    one.world.read(POLICIES[PROTECTION], document("broken", "1", stated))
    one.world.read(PODS, pod("p"))
    one.conclude()
    assert tied(one, PROTECTION) == {}
    with one.world.store.reader() as reader:
        assert reader.latest([pod_key("p")])
