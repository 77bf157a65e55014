"""Does each letter of the alphabet let happen what it says? A rule that came to nothing would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from graph.analysis.presence import Doubt, Presence, Said, presence
from graph.model import AliasName, Key, Outcome, RelationVersion, Scope, ScopeStatus, Tie
from graph.store import ChangeFilter, EntityFilter
from tests.graph.stores.machine import RULE_SETS
from tests.graph.stores.machine_alphabet import ALPHABET, Alphabet
from tests.graph.stores.machine_estate import (
    ACCOUNT,
    CLOUD,
    NODES,
    ONE,
    PODS,
    SECRETS,
    SHOP_PODS,
    Thing,
    config_key,
    pod_key,
)
from tests.stores import STORES

POD_A, POD_B = Thing("pod", "a"), Thing("pod", "b")
A0, B0, X0 = (pod_key(name, 0) for name in "abx")
NODE = ONE.child("k8s.node", "n0")
MACHINES = [ACCOUNT.child("aws.ec2.instance", name) for name in ("i0", "i1", "i2")]


def there(machine: Alphabet, key: Key) -> Presence | None:
    """Tell the presence of a key."""
    with machine.store.reader() as reader:
        return presence(reader, key)


def said(machine: Alphabet, key: Key) -> tuple[Said | None, Doubt | None]:
    """Tell both facts of a presence."""
    one = there(machine, key)
    return (one.said, one.doubt) if one else (None, None)


def outcomes(machine: Alphabet, scope: Scope) -> list[str]:
    """List how the runs of a scope ended."""
    with machine.store.reader() as reader:
        return [fold.outcome for fold in reader.folds(scope.source, scope.name)]


def status(machine: Alphabet, scope: Scope) -> ScopeStatus | None:
    """Tell the status of a scope."""
    with machine.store.reader() as reader:
        return next((one.status for one in reader.scopes() if one.scope == scope), None)


def form(machine: Alphabet, key: Key) -> str | None:
    """Tell which ConfigMap a pod names."""
    with machine.store.reader() as reader:
        [tied] = reader.relations([key], outgoing=True, verbs=["USES_CONFIG"])
        return tied.target.key


def realized(machine: Alphabet) -> RelationVersion:
    """Give the tie between a node and its machine."""
    with machine.store.reader() as reader:
        [change] = reader.changes(ChangeFilter(subjects=frozenset({NODE}), words=frozenset({"REALIZED_BY"})), 1)
        return reader.latest_ties([change.change.subject])[change.change.subject]


def holders(machine: Alphabet, number: int) -> set[Key]:
    """Give who holds an address."""
    name = AliasName("ip", f"net|{number}")
    with machine.store.reader() as reader:
        return {claim.key for claim in reader.claims([name]).get(name, ()) if claim.in_force}


def concluded(machine: Alphabet) -> set[str]:
    """Give the sources of all evidence for what services select."""
    with machine.store.reader() as reader:
        services = [one.key for one in reader.entities(EntityFilter(kinds=frozenset({"k8s.service"})), 9)]
        ties = reader.relations(services, outgoing=True, verbs=["SELECTS"])
        return {ref.id.split(" ")[1] for one in ties for ref in one.evidence}


# ---------------------------------------------------------------------------------------------------- the letters


def complete_listing(machine: Alphabet) -> bool:
    """What a listing shows is so."""
    machine.complete_listing(PODS, [(POD_A, "form", 1)])
    return form(machine, A0) == config_key(1)


def failure_at_a_page(machine: Alphabet) -> bool:
    """What the pages before showed or lacked says nothing."""
    machine.failure_at_a_page(PODS, [(POD_A, "form", 1), (POD_B, "gone", 0)], 1, late=False)
    kept = said(machine, B0) == (Said.PRESENT, None) and form(machine, A0) == config_key(0)
    return kept and outcomes(machine, PODS) == [Outcome.COMPLETE, Outcome.FAILED]


def forbidden_from_the_start(machine: Alphabet) -> bool:
    """What nobody was ever allowed to list was never read."""
    machine.forbidden_from_the_start(SECRETS)
    return status(machine, SECRETS) is ScopeStatus.NEVER_READ and outcomes(machine, SECRETS) == [Outcome.FORBIDDEN]


def forbidden_later(machine: Alphabet) -> bool:
    """What was there may be there no longer."""
    machine.forbidden_later(NODES)
    return said(machine, NODE) == (Said.PRESENT, Doubt.UNKNOWN)


def scope_vanishing_and_returning(machine: Alphabet) -> bool:
    """What only a vanished scope covers is unknown, until it is back and read again."""
    machine.scope_vanishing_and_returning(NODES)
    vanished = status(machine, NODES) is ScopeStatus.VANISHED and said(machine, NODE) == (Said.PRESENT, Doubt.UNKNOWN)
    machine.scope_vanishing_and_returning(NODES)
    machine.read(NODES)
    return vanished and said(machine, NODE) == (Said.PRESENT, None)


def a_source_retired(machine: Alphabet) -> bool:
    """All that a source stated is gone, and so are its scopes."""
    machine.a_source_retired(CLOUD, whole=True)
    return [said(machine, key)[0] for key in MACHINES] == [Said.GONE] * 3 and status(machine, CLOUD) is None


def watch_event(machine: Alphabet) -> bool:
    """What an event says is so, and of all else it says nothing."""
    machine.watch_event(PODS, [(POD_A, "form", 1)])
    return form(machine, A0) == config_key(1) and said(machine, B0) == (Said.PRESENT, None)


def listing_overtaken_by_a_watch(machine: Alphabet) -> bool:
    """What a watch said later stands, whether the older listing was planned before or read after it."""
    for number, planned in enumerate((True, False), start=1):
        machine.listing_overtaken_by_a_watch(PODS, [(POD_A, "form", number)], planned)
        if form(machine, A0) != config_key(number):
            return False
    return True


def word_taken_back_beside_a_listing(machine: Alphabet) -> bool:
    """What was so for a while, and is told by a listing or by a watch alone, is so no longer once both have told."""
    machine.word_taken_back_beside_a_listing(PODS, [(POD_A, "form", 1)], behind=False)
    ahead = form(machine, A0)
    machine.word_taken_back_beside_a_listing(PODS, [(POD_A, "form", 1)], behind=True)
    behind = form(machine, A0)
    machine.read(PODS)
    return [ahead, behind, form(machine, A0)] == [config_key(number) for number in (0, 1, 0)]


def deletion(machine: Alphabet) -> bool:
    """What a watch says is gone, or a listing lacks, is gone; a pod that another source states too is there."""
    machine.deletion(POD_B, watched=True)
    machine.deletion(Thing("pod", "x"), watched=False)
    return said(machine, B0) == said(machine, X0) == (Said.GONE, None) and said(machine, A0)[0] is Said.PRESENT


def re_creation_under_the_old_name(machine: Alphabet) -> bool:
    """One key, another life."""
    machine.re_creation_under_the_old_name(Thing("config", "c0"), watched=False, fewer=False)
    with machine.store.reader() as reader:
        lives = [one.incarnation for one in reader.versions(config_key(0))]
    return lives == ["c0-0", "c0-1"]


def alias_moved(machine: Alphabet) -> bool:
    """An address that one thing gives up and another takes has one holder."""
    machine.estate.show(Thing("instance", "i1"), alias=1)
    machine.read(CLOUD)
    machine.alias_moved(("instance", CLOUD), 1, 1, 2, watched=False)
    return holders(machine, 1) == {MACHINES[2]} and holders(machine, 2) == {MACHINES[1]}


def alias_held_twice(machine: Alphabet) -> bool:
    """An end that cites an address of two things is ambiguous between these."""
    machine.alias_held_twice(("instance", CLOUD), 1, cited=True)
    return realized(machine).target.tie is Tie.AMBIGUOUS and {*realized(machine).target.keys} == {*MACHINES[:2]}


def mention_before_home(machine: Alphabet) -> bool:
    """What is named and never looked for is mentioned; what is looked for since, and not there, is missing."""
    machine.mention_before_home("a", looked=False)
    mentioned = said(machine, Key(form(machine, A0) or ""))
    machine.mention_before_home("b", looked=True)
    missing = said(machine, Key(form(machine, B0) or ""))
    return mentioned == (Said.MENTIONED, None) and missing == (Said.MISSING, None)


def home_after_mention(machine: Alphabet) -> bool:
    """What was missing is there once its home shows it."""
    machine.mention_before_home("a", looked=True)
    machine.home_after_mention(watched=False)
    return said(machine, Key(form(machine, A0) or "")) == (Said.PRESENT, None)


def home_gone_while_mentioned(machine: Alphabet) -> bool:
    """What is named still, and no longer there, is gone."""
    machine.home_gone_while_mentioned(watched=False)
    return said(machine, Key(form(machine, A0) or "")) == (Said.GONE, None)


def mapping_upgraded(machine: Alphabet) -> bool:
    """A field that only the newer mapping fills is the mapping's doing."""
    head = machine.store.head().number
    machine.mapping_upgraded(PODS, back=False)
    with machine.store.reader() as reader:
        found = reader.changes(ChangeFilter(causes=frozenset({"mapping"})), 9)
    return len(found) == 3 and {one.revision for one in found} == {head + 1}


def rule_added_and_removed(machine: Alphabet) -> bool:
    """What the rules conclude stands as long as there are such rules."""
    found = []
    for rules in (RULE_SETS[1], RULE_SETS[0], RULE_SETS[2]):
        machine.rule_added_and_removed(rules)
        found.append(concluded(machine))
    return found == [{"selector", "again"}, {"selector"}, {"again"}]


def doubted_endings_confirmed_and_refuted(machine: Alphabet) -> bool:
    """What one listing lacks is doubted; the next decides."""
    before = machine.store.head().number
    machine.doubted_endings_confirmed_and_refuted({"i0"}, confirmed=False)
    refuted = said(machine, MACHINES[0]) == (Said.PRESENT, None)
    machine.doubted_endings_confirmed_and_refuted({"i1"}, confirmed=True)
    confirmed = said(machine, MACHINES[1]) == (Said.GONE, None)
    with machine.store.reader(machine.store.revision(before + 1)) as reader:
        doubted = presence(reader, MACHINES[0])
    return refuted and confirmed and doubted is not None and doubted.doubt is Doubt.DOUBTED


def ranges_that_overlap(machine: Alphabet) -> bool:
    """A narrow listing ends and revises what a wide one opened, and nothing outside its range."""
    machine.ranges_that_overlap([(POD_A, "form", 1)], [(POD_A, "form", 2), (POD_B, "gone", 0)], [PODS, SHOP_PODS])
    narrow = form(machine, A0) == config_key(2) and said(machine, B0) == (Said.GONE, None)
    return narrow and said(machine, X0) == (Said.PRESENT, None)


def clock_going_back(machine: Alphabet) -> bool:
    """A revision carries a later instant than the one before, whatever the clock says."""
    before = machine.store.head()
    machine.clock_going_back(60)
    machine.complete_listing(PODS, [(POD_A, "form", 1)])
    after = machine.store.head()
    return machine.lives[1].world.now < before.instant < after.instant


def two_writers(machine: Alphabet) -> bool:
    """A second writer is refused, and writes nothing; one that takes over goes on."""
    before = machine.store.head()
    for handed_over in (False, True):
        machine.two_writers(handed_over)
    machine.compare(before.number)
    machine.complete_listing(PODS, [(POD_A, "form", 1)])
    return machine.store.head().number == before.number + 1


LETTERS: tuple[Callable[[Alphabet], bool], ...] = (
    complete_listing,
    failure_at_a_page,
    forbidden_from_the_start,
    forbidden_later,
    scope_vanishing_and_returning,
    a_source_retired,
    watch_event,
    listing_overtaken_by_a_watch,
    word_taken_back_beside_a_listing,
    deletion,
    re_creation_under_the_old_name,
    alias_moved,
    alias_held_twice,
    mention_before_home,
    home_after_mention,
    home_gone_while_mentioned,
    mapping_upgraded,
    rule_added_and_removed,
    doubted_endings_confirmed_and_refuted,
    ranges_that_overlap,
    clock_going_back,
    two_writers,
)
"""For each letter, what lets it happen and tells whether it did."""


@pytest.fixture(params=sorted(STORES.keys() - {"memory"}))
def machine(request: pytest.FixtureRequest) -> Iterator[Alphabet]:
    """A machine over one store and the reference, in which everything is there and has been read."""
    made = type("Spelled", (Alphabet,), {"make": staticmethod(STORES[request.param])})()
    made.begin()
    yield made
    made.close()


def named(letter: str) -> str:
    """Give the name of a letter's rule."""
    return letter.replace(" ", "_").replace("-", "_")


def test_every_letter_of_the_alphabet_has_its_rule(machine: Alphabet) -> None:
    """A rule of the machine is called as each letter is, and each is tried here by itself."""
    rules = {one.function.__name__ for one in machine.rules}
    assert not {named(letter) for letter in ALPHABET} - rules
    assert [named(letter) for letter in ALPHABET] == [one.__name__ for one in LETTERS]


@pytest.mark.parametrize("letter", LETTERS, ids=ALPHABET)
def test_a_letter_lets_happen_what_it_says(machine: Alphabet, letter: Callable[[Alphabet], bool]) -> None:
    """After the rule of a letter, the store answers as that letter demands."""
    assert letter(machine)
    machine.compare(machine.store.head().number)
