"""Does one step after another conclude what a look at everything concludes, and cost what differs?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.correlate import engine
from graph.correlate.selector import Selector
from graph.model import Document, Key, Outcome, Relation, Scope
from graph.store import ChangeFilter, GraphReader, RecordedChange
from graph.stores.memory import MemoryStore
from tests.graph.correlate.cluster import (
    BANK,
    PODS,
    SERVICES,
    SHOP,
    SLICES,
    STALE,
    Estate,
    concluded,
    expected,
    pod,
    service,
    slice_of,
)
from tests.graph.world import World

SELECTORS: tuple[dict[str, str], ...] = ({"app": "a"}, {"app": "a", "tier": "x"}, {"tier": "x"}, {})
LABELS: tuple[dict[str, str], ...] = ({"app": "a", "tier": "x"}, {"app": "a"}, {"tier": "x"}, {"app": "b"})

Traits = tuple[int, int, int]
"""What can differ about a thing, each by itself."""


def _service(id_: str, traits: Traits) -> Document:
    selector, type_, life = traits
    kind = "ExternalName" if type_ == 3 else "ClusterIP"
    return service(id_, BANK if id_ == "far" else SHOP, f"{id_}{life % 2}", kind, **SELECTORS[selector])


def _pod(id_: str, traits: Traits) -> Document:
    labels, phase, ready = traits
    said = {"phase": ("Running", "Pending", "Failed", "Succeeded")[phase], "ready": (True, False, None, True)[ready]}
    return pod(id_, BANK if id_ == "z" else SHOP, LABELS[labels], restart_policy=f"r{ready}", **said)


def _slice(id_: str, traits: Traits) -> Document:
    return slice_of(id_, ("cart", "none", "none", "pay")[traits[0]], *"pq"[: traits[1]])


SHOWN = {
    SERVICES: (_service, ("cart", "pay", "far")),
    PODS: (_pod, ("p", "q", "z")),
    SLICES: (_slice, ("s",)),
}
ACTIONS = ("show",) * 9 + ("hide", "hide", "fail", "forbid", "vanish", "return", "restart", "retire", "drop")

Step = tuple[str, Scope, str, tuple[int, int], bool]
"""What happens, to which scope or thing of it, to which of its traits, and whether the rule concludes after it."""


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """Draw what happens to a cluster, step by step: mostly that one thing differs in one trait."""
    steps = []
    for _ in range(draw(st.integers(1, 25))):
        scope = draw(st.sampled_from((PODS, PODS, PODS, SERVICES, SLICES)))
        id_ = draw(st.sampled_from(SHOWN[scope][1]))
        trait = draw(st.integers(0, 2)), draw(st.integers(0, 3))
        steps.append((draw(st.sampled_from(ACTIONS)), scope, id_, trait, draw(st.booleans())))
    return steps


Shown = dict[Scope, dict[str, Traits]]


def _read(estate: Estate, shown: Shown, scope: Scope) -> None:
    for _ in range(2):  # what is doubted is confirmed
        documents = (SHOWN[scope][0](id_, traits) for id_, traits in sorted(shown[scope].items()))
        estate.world.read(scope, *documents)


def _live(estate: Estate, shown: Shown, step: Step) -> None:
    action, scope, id_, (trait, value), _ = step
    world = estate.world
    world.pass_(seconds=30)
    match action:
        case "show":
            traits = list(shown[scope].get(id_, (0, 0, 0)))
            traits[trait] = value
            shown[scope][id_] = traits[0], traits[1], traits[2]
            _read(estate, shown, scope)
        case "hide":
            shown[scope].pop(id_, None)
            _read(estate, shown, scope)
        case "fail":
            world.fail(scope)
        case "forbid":
            world.forbid(scope)
        case "vanish":
            world.scopes("prod", *(one for one in SHOWN if one is not scope))
        case "return":
            world.scopes("prod", *SHOWN)
        case "retire":
            world.retire("prod", scope.name)
            world.scopes("prod", *SHOWN)
        case "drop":
            world.retire("asbuilt")
            estate.restart()
        case _:
            estate.restart()


@settings(max_examples=150, deadline=None)
@given(lives())
def test_step_by_step_concludes_what_a_look_at_everything_concludes(steps: list[Step]) -> None:
    """After any history: what the definition says, and a look from scratch finds nothing to change."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", *SHOWN)
    estate = Estate(world)
    shown: Shown = {scope: dict.fromkeys(ids, (0, 0, 0)) for scope, (_, ids) in SHOWN.items()}
    shown[SLICES] = {}
    for scope in SHOWN:
        _read(estate, shown, scope)
    for step in steps:
        _live(estate, shown, step)
        if step[-1]:
            estate.conclude()
    estate.conclude()
    with world.store.reader() as reader:
        assert concluded(reader) == expected(reader)
    head = world.store.head()
    estate.restart()
    assert estate.conclude().whole
    assert world.store.head() == head


@dataclass
class Counted:
    """The rule `selector`, which counts what it is asked, or another one of its kind."""

    name: str = "selector"
    version: int = 1
    fault: str = ""
    silent: bool = False
    states: frozenset[str] = Selector.states
    premises: frozenset[str] = Selector.premises
    asked: list[int] = field(default_factory=list)

    def every(self, now: GraphReader) -> Iterable[Key]:
        return Selector().every(now)

    def anchors(self, changes: Sequence[RecordedChange], before: GraphReader, now: GraphReader) -> Iterable[Key]:
        self.asked.append(len(changes))
        return Selector().anchors(changes, before, now)

    def conclusions(self, anchors: Collection[Key], now: GraphReader) -> Iterable[tuple[Key, Relation]]:
        if self.fault:
            raise ValueError(self.fault)
        return () if self.silent else Selector().conclusions(anchors, now)


def _shop(*rules: Counted) -> Estate:
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", *SHOWN)
    world.read(SERVICES, *(service(f"s{n}", app=f"a{n}") for n in range(8)))
    world.read(PODS, *(pod(f"p{n}", labels={"app": f"a{n}"}) for n in range(8)))
    return Estate(world, rules or (Counted(),))


def test_a_step_looks_at_what_differs_and_at_nothing_where_nothing_does() -> None:
    """One pod becomes unready: one anchor. A pod restarts: none. Nothing happens: no change is read, no revision."""
    rule = Counted()
    estate = _shop(rule)
    assert (estate.conclude().anchors, estate.conclude().anchors, rule.asked) == (8, 0, [])
    others = [pod(f"p{n}", labels={"app": f"a{n}"}) for n in range(1, 8)]
    estate.world.read(PODS, pod("p0", labels={"app": "a0"}, ready=False), *others)
    step = estate.conclude()
    assert (step.anchors, step.whole, step.recorded.revised) == (1, False, 1)
    assert rule.asked == [1]

    estate.world.read(PODS, pod("p0", labels={"app": "a0"}, ready=False, restart_policy="Never"), *others)
    step = estate.conclude()
    assert (step.anchors, step.recorded.mark) == (0, None)

    head = estate.world.store.head()
    for _ in range(3):
        assert estate.conclude().recorded.mark is None
    assert estate.world.store.head() == head
    assert rule.asked == [1, 1]


def test_each_conclusion_is_caused_by_the_rule_and_its_scope_is_fresh() -> None:
    """The source is `asbuilt`, the scope the rule; runs fold into one row, and lists of changes show none of it."""
    estate = _shop()
    for _ in range(4):
        estate.conclude()
    with estate.world.store.reader() as reader:
        made = [one for one in reader.changes(ChangeFilter(), 1000) if one.change.word == "SELECTS"]
        assert {one.change.cause for one in made} == {"rule"}
        assert len(made) == 8
        [state] = (one for one in reader.scopes() if one.scope.source == "asbuilt")
        assert (state.scope.name, state.status, state.stale_after) == ("selector", "readable", STALE)
        [fold] = reader.folds("asbuilt")
        assert (fold.outcome, fold.count, fold.last_ended) == (Outcome.COMPLETE, 4, estate.world.now)


def test_most_of_what_was_concluded_may_end_at_once() -> None:
    """There is nothing to doubt: a rule sees all of the graph."""
    estate = _shop()
    estate.conclude()
    estate.world.read(SLICES, *(slice_of(f"e{n}", f"s{n}") for n in range(7)))
    recorded = estate.conclude().recorded
    assert (recorded.ended, recorded.missed) == (7, 0)


def test_a_rule_that_raises_changes_nothing_and_begins_from_scratch() -> None:
    """Its run failed and says why; what it concluded stands; once it is mended, it misses nothing."""
    rule = Counted()
    estate = _shop(rule)
    estate.conclude()
    with estate.world.store.reader() as reader:
        stood = concluded(reader)
    rule.fault = "broken"
    estate.engine.fail(rule, "has a defect", estate.world.pass_(seconds=1), STALE)
    with estate.world.store.reader() as reader:
        assert concluded(reader) == stood
        assert [fold.outcome for fold in reader.folds("asbuilt")] == [Outcome.COMPLETE, Outcome.FAILED]
    rule.fault = ""
    assert estate.conclude().whole


def test_a_rule_that_never_concluded_stands_as_never_read() -> None:
    """So that it is a gap in every answer that it could have added to."""
    rule = Counted()
    estate = _shop(rule)
    estate.engine.fail(rule, "has a defect", estate.world.pass_(seconds=1), STALE)
    with estate.world.store.reader() as reader:
        assert [one.status for one in reader.scopes() if one.scope.source == "asbuilt"] == ["never_read"]


def test_rules_of_one_verb_do_not_touch_each_others_conclusions() -> None:
    """Both are of the source `asbuilt`; a document belongs to the rule that its id names."""
    rules = Counted(), Counted(name="silent", silent=True)
    estate = _shop(*rules)
    for _ in range(2):
        for rule in rules:
            estate.engine.conclude(rule, estate.world.pass_(seconds=1), STALE)
        estate.restart()
    with estate.world.store.reader() as reader:
        assert len(concluded(reader)) == 8


def test_what_a_rule_concluded_ends_when_there_is_no_such_rule_any_more() -> None:
    """Renamed is another rule: at the next start its scope is gone, and what it said with it."""
    estate = _shop(Counted())
    estate.conclude()
    estate.restart(Counted(name="other", silent=True))
    estate.conclude()
    with estate.world.store.reader() as reader:
        assert concluded(reader) == {}
        assert [one.scope.name for one in reader.scopes() if one.scope.source == "asbuilt"] == ["other"]
        last = reader.changes(ChangeFilter(words=frozenset({"SELECTS"})), 8)
        assert {(one.change.transition, one.change.cause) for one in last} == {("closed", "rule")}


def test_another_version_of_a_rule_concludes_anew_at_its_first_step() -> None:
    """Nothing of the world differs, and still everything is looked at."""
    estate = _shop(Counted(silent=True))
    estate.conclude()
    estate.restart(Counted(version=2))
    assert estate.conclude().recorded.opened == 8


def test_too_many_changes_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a number of changes, which a first load has, everything is the shorter way."""
    monkeypatch.setattr(engine, "MOST", 3)
    estate = _shop()
    estate.conclude()
    estate.world.read(PODS, *(pod(f"p{n}", labels={"app": f"a{n}"}, ready=n < 3) for n in range(8)))
    assert not estate.conclude().recorded.ended
    estate.world.read(PODS, *(pod(f"q{n}", labels={"app": f"a{n}"}) for n in range(80)))
    estate.world.read(PODS, *(pod(f"q{n}", labels={"app": f"a{n}"}) for n in range(80)))
    assert estate.conclude().whole
    with estate.world.store.reader() as reader:
        assert concluded(reader) == expected(reader)


def test_configuring_sources_does_not_touch_the_rules() -> None:
    """Nobody configures `asbuilt`, so nobody can leave it out: its scope stands, and no revision is made."""
    estate = _shop()
    estate.conclude()
    head = estate.world.store.head()
    estate.world.configure("prod")
    assert estate.world.store.head() == head
    with estate.world.store.reader() as reader:
        assert {one.name: one.configured for one in reader.sources()} == {"prod": True, "asbuilt": True}
        assert {one.status for one in reader.scopes() if one.scope.source == "asbuilt"} == {"readable"}
