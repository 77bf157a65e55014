"""How do a store and the reference live through one history, and when are they asked whether they agree?"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from graph.correlate import RULES, Engine, Rule
from graph.correlate.selector import Selector
from graph.model import Document, DocumentRef, Ended, Key, Position, RevisionMark, Scope, statements_text
from graph.plan import DocumentChanges, plan
from graph.record import Recorded
from graph.store import GraphStore, Overtaken
from graph.stores.memory import MemoryStore
from graph.transfer.records import KeptChange, Record
from tests.graph.stores.answers import Universe, answers, filters, numbered, pages, selections
from tests.graph.stores.machine_estate import (
    FAMILIES,
    NAMESPACES,
    REBUILT,
    SCOPES,
    SECRETS,
    SOURCES,
    THINGS,
    UNREAD,
    BrokenOff,
    Estate,
    Thing,
    broken_off,
    unlearned,
)
from tests.graph.stores.machine_questions import questions, since
from tests.graph.world import World, everything_known

SCOPE = st.sampled_from(SCOPES)
THING = st.sampled_from(THINGS)
SMALL = st.integers(0, 2)
EDIT = st.tuples(THING, st.sampled_from(("life", "form", "alias", "to", "token", "gone")), SMALL)
EDITS = st.lists(EDIT, min_size=1, max_size=3)

STALE = 180.0


class Again(Selector):
    """A second rule, which reasons like the first."""

    name = "again"
    version = 2


RULE_SETS: tuple[tuple[Rule, ...], ...] = (RULES, (*RULES, Again()), (Again(),))


@dataclass(slots=True)
class Life:
    """One store, its clock, and the rules over it."""

    world: World
    rules: tuple[Rule, ...] = ()
    engine: Engine | None = field(default=None)

    def read(self, scope: Scope, listing: Sequence[Document | Position]) -> Recorded:
        """Read a scope completely."""
        return self.world.read(scope, *listing)

    def watch(self, scope: Scope, events: Sequence[Document | Ended | Position]) -> Recorded:
        """Take a batch of a watch's events."""
        return self.world.watch(scope, *events)

    def commit(self, scope: Scope, changes: DocumentChanges, base: int) -> Recorded:
        """Commit what was planned of a complete listing."""
        return self.world.commit(scope, changes, base, self.world.now)

    def hand_over(self) -> None:
        """Let another writer go on where this one stops."""
        self.world.writer.close()
        self.world = replace(self.world, _writer=None)
        self.engine = None

    def conclude(self) -> list[RevisionMark | None]:
        """Have every rule conclude."""
        if self.engine is None:
            self.engine = Engine(self.world.store, self.world.writer, self.rules)
        now = self.world.pass_(seconds=1)
        return [self.engine.conclude(one, now, STALE).recorded.mark for one in self.rules]

    def reason(self, rules: tuple[Rule, ...]) -> None:
        """Start anew with these rules."""
        self.rules, self.engine = rules, None

    def broken(self, scope: Scope, listing: Sequence[Document | Position], page: int) -> Recorded:
        """Read a scope until a page does not come: nothing of it is planned."""
        known, _ = self.world.writer.known(scope)
        try:
            plan(known, broken_off(listing, page), scope=scope, mapping=self.world.knowledge.version)
        except BrokenOff:
            return self.world.fail(scope, error=f"page {page} did not come")
        raise AssertionError(page)


class Machine(RuleBasedStateMachine):
    """A store and the reference live through the same history, and are asked the same questions."""

    make: Callable[[Path], GraphStore]
    """Open an empty store, in an empty folder."""
    one_by_one = 3
    """Of about how many keys everything is asked at a revision."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="asbuilt-"))
        self.reference = MemoryStore()
        self.store = type(self).make(self.folder)
        self.lives = [Life(World(self.reference)), Life(World(self.store))]
        self.estate = Estate()
        self.vanished: set[Scope] = set()
        self.unlisted: set[str] = set()
        self.rebuilt = False
        self.said: dict[int, tuple[Universe, dict[str, Any]]] = {}

    # ------------------------------------------------------------------------------------------------ living

    def both(self, act: Callable[[Life], Any]) -> Any:
        """Do one thing with both, and hold them to one outcome."""
        outcomes = []
        for life in self.lives:
            try:
                outcomes.append(act(life))
            except Overtaken:
                outcomes.append("overtaken")
        assert outcomes[0] == outcomes[1]
        assert self.reference.head() == self.store.head()
        return outcomes[0]

    def pass_(self, **time: float) -> None:
        """Let time pass for both."""
        self.both(lambda life: life.world.pass_(**time))

    def edit(self, edits: Sequence[tuple[Thing, str, int]]) -> None:
        """Let some objects come, go or differ in one trait."""
        for thing, trait, value in edits:
            if trait == "gone":
                self.estate.hide(thing)
            else:
                self.estate.show(thing, **({} if trait == "token" else {trait: value}))

    def scopes(self, source: str) -> list[Scope]:
        """Give what a source lists now."""
        listed = [one for one in (*SCOPES, SECRETS) if one.source == source and one not in self.vanished]
        return [REBUILT if self.rebuilt and one == NAMESPACES else one for one in listed]

    def listed(self, source: str) -> None:
        """Let a source list its scopes."""
        self.both(lambda life: life.world.scopes(source, *self.scopes(source)))
        self.unlisted.discard(source)

    def stands(self, scope: Scope) -> bool:
        """Tell whether a scope is listed, once its source has told its scopes."""
        if scope.source in self.unlisted:
            self.listed(scope.source)
        return scope in self.scopes(scope.source)

    def read(self, *scopes: Scope) -> None:
        """Read scopes completely, one after the other, half a minute apart."""
        for scope in scopes:
            if self.stands(scope):
                self.pass_(seconds=30)
                listing = self.estate.listing(scope)
                self.both(partial(Life.read, scope=scope, listing=listing))

    def watch(self, before: Estate, *scopes: Scope) -> None:
        """Let the watches of scopes tell all that differs from before."""
        for scope in scopes:
            if self.stands(scope):
                self.pass_(seconds=5)
                events = self.estate.events(scope, before)
                self.both(partial(Life.watch, scope=scope, events=events))

    def homes(self, *things: Thing) -> list[Scope]:
        """Give the scopes that show some objects, whether they are there or not."""
        return [
            scope
            for scope in SCOPES
            if any(FAMILIES[one.family][0] == scope.source and scope.covers(self.estate.subject(one)) for one in things)
        ]

    def learn(self, mapping: int) -> None:
        """Go on with another version of every mapping."""
        self.estate.mapping = mapping
        for life in self.lives:
            life.world.knowledge = everything_known(mapping, unlearned() if mapping % 2 else ())

    # ------------------------------------------------------------------------------------------------ asking

    @initialize(things=st.sets(THING, max_size=len(THINGS)), unread=st.sets(SCOPE, max_size=3))
    def begin(self, things: Collection[Thing] = THINGS, unread: Collection[Scope] = ()) -> None:
        self.learn(1)
        for thing in sorted(things):
            self.estate.show(thing)
        self.both(lambda life: life.world.configure(*SOURCES))
        for source in SOURCES:
            if source != UNREAD:
                self.listed(source)
        self.read(*(scope for scope in SCOPES if scope not in unread))

    @rule(nth=st.integers(0, 1000))
    def asked_at_any_revision(self, nth: int) -> None:
        revision = nth % (self.reference.head().number + 1)
        self.compare(revision)
        self.remembered(revision)

    def compare(self, revision: int) -> None:
        """Ask both everything, as of a revision."""
        universe = Universe.of(self.reference)
        mark = self.reference.revision(revision)
        assert self.store.revision(revision) == mark == self.store.revision_at(mark.instant)
        newest = mark == self.reference.head()
        with self.reference.reader(mark) as reference, self.store.reader(mark) as reader:
            expected, said = answers(reference, universe), answers(reader, universe)
            for name, answer in expected.items():
                assert said[name] == answer, name
            assert numbered(pages(reader, 7)) == expected["changes"]
            for wanted in filters(universe, reference):
                assert numbered(list(reader.changes(wanted, 4))) == numbered(list(reference.changes(wanted, 4))), wanted
            for selected in selections(universe):
                assert list(reader.entities(selected, 3)) == list(reference.entities(selected, 3)), selected
            keys = sorted(universe.keys)
            asked = self.some(keys, revision)
            analysed = questions(reader, keys, asked, newest=newest)
            for name, answer in questions(reference, keys, asked, newest=newest).items():
                assert analysed[name] == answer, name
            before = self.reference.revision(revision // 2)
            with self.reference.reader(before) as former, self.store.reader(before) as past:
                assert since(past, reader) == since(former, reference)

    def some(self, keys: Sequence[Key], revision: int) -> Sequence[Key]:
        """Give those of the keys of which everything is asked one by one: others at each revision."""
        apart = max(1, len(keys) // self.one_by_one)
        return keys[revision % apart :: apart]

    # ------------------------------------------------------------------------------------------------ laws

    def remembered(self, revision: int) -> None:
        """Hold a revision to all that was ever said of it. Runs and tokens are upkeep, and no part of a revision."""
        universe, former = self.said.setdefault(revision, (Universe.of(self.reference), {}))
        with self.store.reader(self.store.revision(revision)) as reader:
            now = answers(reader, universe)
        for name in former.keys() - {"folds", "sources", "documents"}:
            assert now[name] == former[name], (revision, name)
        former |= now

    def quiet(self) -> None:
        """Read a world that holds still until it is told; then nothing differs, and what is known is what is."""
        self.pass_(hours=48)  # a clock that went back has caught up
        self.vanished.clear()
        self.rebuilt = False
        self.both(lambda life: life.world.configure(*SOURCES))
        self.unlisted |= {*SOURCES} - {UNREAD}
        for _ in range(3):  # what was doubted is confirmed, and what was contested is settled
            self.read(*SCOPES)
            self.both(Life.conclude)
        head = self.reference.head()
        self.read(*SCOPES)
        self.both(Life.conclude)
        assert self.store.head() == head
        shown = {
            DocumentRef(scope.source, one.id): statements_text(one.statements)
            for scope in SCOPES
            for one in self.estate.listing(scope)
            if isinstance(one, Document)
        }
        refs = {ref for ref in Universe.of(self.reference).refs if ref.source in SOURCES}
        with self.store.reader() as reader:
            assert {ref: one.text for ref, one in reader.documents(refs).items()} == shown

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # a history that failed has said so already
                self.end()
        finally:
            self.close()

    def end(self) -> None:
        """Ask once more, at the end, and hold the store to the laws."""
        for scope in SCOPES:
            known = [life.world.writer.known(scope) for life in self.lives]
            assert (dict(known[0][0]), known[0][1]) == (dict(known[1][0]), known[1][1]), scope.name
        head = self.reference.head().number
        for revision in {head, head // 2, max(0, head - 1)}:
            self.compare(revision)
        assert dumped(self.store) == dumped(self.reference)
        self.quiet()
        for revision in sorted(self.said):
            self.remembered(revision)
        instants = [self.store.revision(number).instant for number in range(self.store.head().number + 1)]
        assert instants == sorted(set(instants))

    def close(self) -> None:
        """Let go of the store and its folder."""
        self.store.close()
        shutil.rmtree(self.folder)


def dumped(store: GraphStore) -> list[Record]:
    """Give all that a store keeps. The place of a change in its revision only has to grow."""
    places: Counter[int] = Counter()
    records: list[Record] = []
    for record in store.dump():
        if isinstance(record, KeptChange):
            places[record.revision] += 1
            records.append(replace(record, sequence=places[record.revision]))
        else:
            records.append(record)
    return records
