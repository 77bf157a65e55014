"""What can happen to a memory? An alphabet, and for each letter of it the rule that lets it happen."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from graph.correlate import Rule
from graph.model import Scope
from graph.register import whole_scope
from graph.store import StoreLocked
from tests.graph.stores.machine import EDITS, RULE_SETS, SCOPE, SMALL, THING, Life, Machine
from tests.graph.stores.machine_estate import (
    CLOUD,
    CLUSTERS,
    CONFIG,
    FILES,
    NAMESPACES,
    NODES,
    PODS,
    REBUILT,
    SECRETS,
    SHOP_PODS,
    SOURCES,
    UNREAD,
    Thing,
    Traits,
)
from tests.graph.world import EVERYTHING

ALPHABET = (
    "complete listing",
    "failure at a page",
    "forbidden from the start",
    "forbidden later",
    "scope vanishing and returning",
    "a source retired",
    "watch event",
    "listing overtaken by a watch",
    "word taken back beside a listing",
    "deletion",
    "re-creation under the old name",
    "alias moved",
    "alias held twice",
    "mention before home",
    "home after mention",
    "home gone while mentioned",
    "mapping upgraded",
    "rule added and removed",
    "doubted endings confirmed and refuted",
    "ranges that overlap",
    "clock going back",
    "two writers",
)

MOVING = st.sampled_from([("pod", PODS), ("instance", CLOUD), ("cluster", CLUSTERS)])
NEVER = st.sampled_from([SECRETS, whole_scope(UNREAD, EVERYTHING)])
"""What nobody was ever allowed to look into."""


class Alphabet(Machine):
    """The machine with a rule for every letter of the alphabet, called as the letter is."""

    @rule(scope=SCOPE, edits=EDITS)
    def complete_listing(self, scope: Scope, edits: list[tuple[Thing, str, int]]) -> None:
        self.edit(edits)
        self.read(scope)

    @rule(scope=SCOPE, edits=EDITS, page=SMALL, late=st.booleans())
    def failure_at_a_page(self, scope: Scope, edits: list[tuple[Thing, str, int]], page: int, late: bool) -> None:
        self.edit(edits)
        if self.stands(scope):
            self.pass_(hours=int(late), seconds=30)
            listing = self.estate.listing(scope)
            self.both(lambda life: life.broken(scope, listing, page))

    @rule(scope=NEVER)
    def forbidden_from_the_start(self, scope: Scope) -> None:
        if scope.source == UNREAD or self.stands(scope):
            self.pass_(seconds=30)
            self.both(lambda life: life.world.forbid(scope))

    @rule(scope=SCOPE)
    def forbidden_later(self, scope: Scope) -> None:
        if self.stands(scope):
            self.pass_(seconds=30)
            self.both(lambda life: life.world.forbid(scope))

    @rule(scope=SCOPE)
    def scope_vanishing_and_returning(self, scope: Scope) -> None:
        self.vanished ^= {scope}
        self.listed(scope.source)

    @rule(scope=SCOPE, whole=st.booleans())
    def a_source_retired(self, scope: Scope, whole: bool) -> None:
        self.both(lambda life: life.world.retire(scope.source, None if whole else scope.name))
        self.unlisted.add(scope.source)

    @rule(scope=SCOPE, edits=EDITS)
    def watch_event(self, scope: Scope, edits: list[tuple[Thing, str, int]]) -> None:
        before = self.estate.copy()
        self.edit(edits)
        self.watch(before, scope, *self.homes(*(thing for thing, _, _ in edits))[:1])

    @rule(scope=SCOPE, edits=EDITS, planned=st.booleans())
    def listing_overtaken_by_a_watch(self, scope: Scope, edits: list[tuple[Thing, str, int]], planned: bool) -> None:
        if not self.stands(scope):
            return
        before = self.estate.copy()
        listing = before.listing(scope)
        plans = [life.world.planned(scope, listing) for life in self.lives] if planned else []
        self.edit(edits)
        self.watch(before, scope)
        if planned:  # the listing was planned before the watch was recorded, and is committed after it
            self.both(lambda life: life.commit(scope, *plans[self.lives.index(life)]))
        else:  # a source that answers from its cache shows what was, at the position of then
            self.both(lambda life: life.read(scope, listing))

    @rule(scope=SCOPE, edits=EDITS, behind=st.booleans())
    def word_taken_back_beside_a_listing(self, scope: Scope, edits: list[tuple[Thing, str, int]], behind: bool) -> None:
        if not self.stands(scope):
            return
        before = self.estate.copy()
        self.edit(edits)
        between = self.estate.copy()
        self.estate.take_back(before)
        # the watch is behind the listing and tells what was between, or ahead of it and tells only how that came out
        listed, told = (self.estate, between) if behind else (between, self.estate)
        listing, events = listed.listing(scope), told.events(scope, before)
        plans = [life.world.planned(scope, listing) for life in self.lives]
        self.pass_(seconds=5)
        self.both(partial(Life.watch, scope=scope, events=events))
        self.both(lambda life: life.commit(scope, *plans[self.lives.index(life)]))

    @rule(thing=THING, watched=st.booleans())
    def deletion(self, thing: Thing, watched: bool) -> None:
        homes, before = self.homes(thing), self.estate.copy()
        self.estate.hide(thing)
        if watched:
            self.watch(before, *homes)
        else:
            self.read(*homes)

    @rule(thing=THING, watched=st.booleans(), fewer=st.booleans())
    def re_creation_under_the_old_name(self, thing: Thing, watched: bool, fewer: bool) -> None:
        former = self.estate.things.get(thing, Traits())
        before = self.estate.copy()
        life = former.life - 1 if fewer and former.life else former.life + 1
        self.estate.show(thing, life=life)
        if watched:
            self.watch(before, *self.homes(thing))
        else:
            self.read(*self.homes(thing))

    @rule(moving=MOVING, number=SMALL, giver=SMALL, taker=SMALL, watched=st.booleans())
    def alias_moved(self, moving: tuple[str, Scope], number: int, giver: int, taker: int, watched: bool) -> None:
        family, scope = moving
        things = [*self.estate.shown(family), Thing(family, "new")]
        before = self.estate.copy()
        self.estate.show(things[giver % len(things)], alias=number + 1)
        self.estate.show(things[taker % len(things)], alias=number)
        if watched:
            self.watch(before, scope)
        else:
            self.read(scope)

    @rule(moving=MOVING, number=SMALL, cited=st.booleans())
    def alias_held_twice(self, moving: tuple[str, Scope], number: int, cited: bool) -> None:
        family, scope = moving
        holders = (*self.estate.shown(family), Thing(family, "new"), Thing(family, "other"))[:2]
        if cited:
            self.estate.show(Thing("node", "n0"), alias=number, to=0)
            self.estate.show(Thing("file", "f1"), alias=number)
        for holder in holders:
            self.estate.show(holder, alias=number)
            self.read(scope)
        self.read(NODES, FILES, scope)

    def _mentioned(self, *, stated: bool) -> Thing:
        """Give a ConfigMap that a pod names, and whose home does or does not state it; make one where there is none."""
        for pod in self.estate.shown("pod"):
            thing = Thing("config", f"c{self.estate.things[pod].form}")
            if (thing in self.estate.things) is stated:
                return thing
        form = 10 + self.estate.position
        thing = Thing("config", f"c{form}")
        if stated:
            self.estate.show(thing)
            self.read(CONFIG)
        self.estate.show(Thing("pod", "a"), form=form)
        self.read(PODS)
        return thing

    @rule(pod=st.sampled_from(("a", "b", "x")), looked=st.booleans())
    def mention_before_home(self, pod: str, looked: bool) -> None:
        self.estate.show(Thing("pod", pod), form=10 + self.estate.position)
        self.read(PODS)
        if looked:
            self.read(CONFIG)

    @rule(watched=st.booleans())
    def home_after_mention(self, watched: bool) -> None:
        thing = self._mentioned(stated=False)
        before = self.estate.copy()
        self.estate.show(thing)
        if watched:
            self.watch(before, CONFIG)
        else:
            self.read(CONFIG)

    @rule(watched=st.booleans())
    def home_gone_while_mentioned(self, watched: bool) -> None:
        thing = self._mentioned(stated=True)
        before = self.estate.copy()
        self.estate.hide(thing)
        if watched:
            self.watch(before, CONFIG)
        else:
            self.read(CONFIG, CONFIG)

    @rule(scope=SCOPE, back=st.booleans())
    def mapping_upgraded(self, scope: Scope, back: bool) -> None:
        mapping = self.estate.mapping
        self.learn(mapping - 1 if back and mapping > 1 else mapping + 1)
        self.read(scope)

    @rule(rules=st.sampled_from(RULE_SETS))
    def rule_added_and_removed(self, rules: tuple[Rule, ...]) -> None:
        for life in self.lives:
            life.reason(rules)
        self.both(Life.conclude)

    @rule()
    def rules_conclude(self) -> None:
        self.both(Life.conclude)

    @rule(gone=st.sets(st.sampled_from(("i0", "i1", "i2")), min_size=1), confirmed=st.booleans())
    def doubted_endings_confirmed_and_refuted(self, gone: set[str], confirmed: bool) -> None:
        before = self.estate.copy()
        for name in sorted(gone):
            self.estate.hide(Thing("instance", name))
        self.read(CLOUD)
        if not confirmed:
            self.estate.things |= before.things
        self.read(CLOUD)

    @rule(edits=EDITS, more=EDITS, order=st.permutations((PODS, SHOP_PODS)))
    def ranges_that_overlap(
        self, edits: list[tuple[Thing, str, int]], more: list[tuple[Thing, str, int]], order: list[Scope]
    ) -> None:
        self.edit(edits)
        self.read(order[0])
        self.edit(more)
        self.read(order[1])

    @rule(minutes=st.integers(1, 90))
    def clock_going_back(self, minutes: int) -> None:
        self.pass_(minutes=-minutes)

    @rule(handed_over=st.booleans())
    def two_writers(self, handed_over: bool) -> None:
        for life in self.lives:
            with life.world.writer.stage(), pytest.raises(StoreLocked):
                life.world.store.writer()
            if handed_over:
                life.hand_over()

    @rule(source=st.sampled_from(SOURCES))
    def configured_no_longer(self, source: str) -> None:
        self.both(lambda life: life.world.configure(*(one for one in SOURCES if one != source)))
        self.unlisted.add(source)

    @rule(read=st.booleans())
    def scope_meaning_another_range(self, read: bool) -> None:
        self.rebuilt = not self.rebuilt
        self.listed("kube")
        if read:
            self.read(NAMESPACES, REBUILT)
