"""Does every store answer as the reference does, whatever happened before?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from graph.model import Ended, Position, RevisionMark, Scope
from graph.store import GraphStore, Overtaken
from graph.stores.memory import MemoryStore
from tests.graph.histories import _IDS, SCOPES, Script, _step
from tests.graph.stores.answers import Universe, answers, filters, numbered, pages, selections
from tests.graph.world import World
from tests.stores import STORES

SCOPE = st.sampled_from(SCOPES)
SHOWN = st.dictionaries(
    st.sampled_from(sorted({id_ for ids in _IDS.values() for id_ in ids} | {"t1", "t2"})), st.integers(0, 5)
)


@dataclass(slots=True)
class Life:
    """One store, its clock, and what the sources show to it."""

    world: World
    script: Script

    @classmethod
    def over(cls, store: GraphStore) -> Life:
        """Begin with every source configured and its scopes listed."""
        life = cls(World(store), Script([], 0))
        life.world.configure("kube", "cloud", "git", "twin")
        life.script.listed(life.world)
        return life

    def step(self, action: str, scope: Scope, shown: dict[str, int]) -> None:
        """Live through one step, half a minute later."""
        ids = _IDS[scope.name] if scope.source != "twin" else ("t1", "t2")
        self.world.pass_(seconds=30)
        _step(self.script, self.world, action, scope, {id_: of for id_, of in shown.items() if id_ in ids})


class Agreement(RuleBasedStateMachine):
    """A store and the reference live through the same history, and are asked the same questions."""

    make: Callable[[Path], GraphStore]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="asbuilt-"))
        self.reference = MemoryStore()
        self.store = type(self).make(self.folder)
        self.lives = [Life.over(self.reference), Life.over(self.store)]

    def both(self, act: Callable[[Life], Any]) -> None:
        """Do one thing with both, and hold them to one outcome."""
        outcomes = []
        for life in self.lives:
            try:
                outcomes.append(act(life))
            except Overtaken:
                outcomes.append("overtaken")
        assert outcomes[0] == outcomes[1]
        assert self.reference.head() == self.store.head()

    @initialize(shown=SHOWN)
    def begin(self, shown: dict[str, int]) -> None:
        for scope in SCOPES:
            self.both(partial(Life.step, action="read", scope=scope, shown=shown))

    @rule(scope=SCOPE, shown=SHOWN)
    def complete_listing(self, scope: Scope, shown: dict[str, int]) -> None:
        self.both(lambda life: life.step("read", scope, shown))

    @rule(scope=SCOPE)
    def same_listing_again(self, scope: Scope) -> None:
        self.both(lambda life: life.step("again", scope, {}))

    @rule(scope=SCOPE)
    def empty_listing_doubted_then_confirmed(self, scope: Scope) -> None:
        for _ in range(2):
            self.both(lambda life: life.step("read", scope, {}))

    @rule(scope=SCOPE, action=st.sampled_from(("fail", "forbid")))
    def unreadable(self, scope: Scope, action: str) -> None:
        self.both(lambda life: life.step(action, scope, {}))

    @rule(scope=SCOPE, action=st.sampled_from(("vanish", "return", "learn", "retire", "idle", "back")))
    def seldom(self, scope: Scope, action: str) -> None:
        self.both(lambda life: life.step(action, scope, {}))

    @rule(scope=SCOPE, shown=SHOWN)
    def watch_batch(self, scope: Scope, shown: dict[str, int]) -> None:
        self.both(lambda life: life.step("watch", scope, shown))

    @rule(scope=SCOPE, position=st.integers(1, 50), which=st.integers(0, 9))
    def watch_deletion(self, scope: Scope, position: int, which: int) -> None:
        ids = _IDS.get(scope.name, ("t1",))
        self.both(lambda life: life.world.watch(scope, Ended(ids[which % len(ids)], Position(position))).mark)

    @rule(scope=SCOPE, shown=SHOWN, position=st.integers(1, 50))
    def listing_with_a_position(self, scope: Scope, shown: dict[str, int], position: int) -> None:
        def act(life: Life) -> RevisionMark | None:
            return life.world.read(scope, Position(position), *life.script.documents(scope)).mark

        self.both(act)

    @rule(scope=SCOPE, shown=SHOWN)
    def overtaken_listing(self, scope: Scope, shown: dict[str, int]) -> None:
        def act(life: Life) -> RevisionMark | None:
            changes, base = life.world.planned(scope, life.script.documents(scope))
            life.step("watch", scope, shown)
            return life.world.commit(scope, changes, base, life.world.now).mark

        self.both(act)

    @rule(source=st.sampled_from(("kube", "cloud", "twin")))
    def configured_no_longer(self, source: str) -> None:
        self.both(lambda life: life.world.configure(*({"kube", "cloud", "git", "twin"} - {source})))

    @rule(data=st.data())
    def asked_at_any_revision(self, data: st.DataObject) -> None:
        self.compare(data.draw(st.integers(0, self.reference.head().number)))

    def compare(self, revision: int) -> None:
        """Ask both everything, as of a revision."""
        universe = Universe.of(self.reference)
        mark = self.reference.revision(revision)
        assert self.store.revision(revision) == mark
        with self.reference.reader(mark) as reference, self.store.reader(mark) as reader:
            expected, said = answers(reference, universe), answers(reader, universe)
            for name, answer in expected.items():
                assert said[name] == answer, name
            assert numbered(pages(reader, 7)) == expected["changes"]
            for wanted in filters(universe, reference):
                assert numbered(list(reader.changes(wanted, 4))) == numbered(list(reference.changes(wanted, 4))), wanted
            for selected in selections(universe):
                assert list(reader.entities(selected, 3)) == list(reference.entities(selected, 3)), selected

    def teardown(self) -> None:
        for scope in SCOPES:
            known = [life.world.writer.known(scope) for life in self.lives]
            assert (dict(known[0][0]), known[0][1]) == (dict(known[1][0]), known[1][1]), scope.name
        head = self.reference.head().number
        for revision in {head, head // 2, max(0, head - 1)}:
            self.compare(revision)
        self.store.close()
        shutil.rmtree(self.folder)


def agreement(name: str) -> type[Agreement]:
    """Make the machine for one store."""
    return type(f"Agreement_{name}", (Agreement,), {"make": staticmethod(STORES[name])})


@pytest.mark.parametrize("name", sorted(STORES.keys() - {"memory"}))
def test_a_store_answers_as_the_reference_does(name: str) -> None:
    """On random histories, every answer at every revision is the reference's."""
    run_state_machine_as_test(
        agreement(name), settings=settings(max_examples=50, stateful_step_count=20, deadline=None)
    )


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(STORES.keys() - {"memory"}))
def test_a_store_answers_as_the_reference_does_for_long(name: str) -> None:
    """On many long random histories, every answer at every revision is the reference's."""
    run_state_machine_as_test(
        agreement(name), settings=settings(max_examples=1500, stateful_step_count=60, deadline=None)
    )
