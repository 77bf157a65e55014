"""Do the checks of the contract catch collectors that break it?"""

from collections.abc import Iterator, Sequence

import pytest

from collectors import testing
from collectors.contract import Failed, looks_secret
from graph.model import (
    Alias,
    Document,
    Ended,
    Entity,
    Holding,
    Key,
    KeyEnd,
    Knowledge,
    Position,
    Relation,
    Scope,
    Statement,
)

CLUSTER = Key.of(("k8s.cluster", "c1"))
NODE = CLUSTER.child("k8s.node", "n1")


class Scripted:
    """A collector of one scope that says what it was made with, in turn."""

    def __init__(self, *turns: Sequence[Position | Document], states: str = "k8s.node", scopes: int = 1) -> None:
        self._turns = list(turns)
        self._states = frozenset(states.split())
        self._scopes = scopes

    def scopes(self) -> Sequence[Scope]:
        return [Scope("s", "nodes", self._states, CLUSTER)] * self._scopes

    def observe(self, scope: Scope) -> Iterator[Position | Document]:
        yield from self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]

    def close(self) -> None:
        """Nothing is open."""


def said(*statements: Statement, id: str = "d") -> Document:
    """Return a document that says this."""
    return Document(id, "1", lambda: statements)


def node(**attributes: str) -> Entity:
    """Return a node."""
    return Entity(NODE, "n1", attributes=attributes)


def test_a_good_collector_passes() -> None:
    """Nothing is asked for that the contract does not say."""
    good = Scripted([Position(1), said(node(zone="a"))])
    testing.check_scopes_stable(good, frozenset({"k8s.node"}))
    testing.check_position_first(good)
    testing.check_vocabulary(good)
    testing.check_no_secrets(good)
    testing.check_knowledge(good, Knowledge(1, {"k8s.node": frozenset({"zone"})}))
    testing.check_same_recording_twice_equal_documents(lambda: good)
    testing.check_only_reads(["list", "GET", "watch"])


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (node(colour="red"),),
        (Entity(CLUSTER.child("k8s.gnome", "g"), "g"),),
        (Entity(Key.of(("k8s.node", "n1")), "n1"),),
        (Entity(NODE, ""),),
        (node(), Relation(KeyEnd(NODE), "PART_OF", KeyEnd(CLUSTER))),
    ],
    ids=["nothing", "attribute", "kind", "outside", "no name", "verb not declared"],
)
def test_words_and_places_are_checked(statements: tuple[Statement, ...]) -> None:
    """An empty document, unknown words, a subject outside the range, and what the scope does not state."""
    with pytest.raises((AssertionError, ValueError)):
        testing.check_vocabulary(Scripted([said(*statements)]))


def test_a_local_verb_stays_in_its_root() -> None:
    """A tie that is declared local does not lead into another cluster."""
    elsewhere = KeyEnd(Key.of(("k8s.cluster", "c2")))
    with pytest.raises(AssertionError, match="different roots"):
        testing.check_vocabulary(
            Scripted([said(node(), Relation(KeyEnd(NODE), "PART_OF", elsewhere))], states="k8s.node PART_OF")
        )


def test_lies_about_time_and_names_are_caught() -> None:
    """Scopes of one name, a late position, two documents of one id, and a world that differs without a change."""
    with pytest.raises(AssertionError, match="not unique"):
        testing.check_scopes_stable(Scripted([], scopes=2))
    with pytest.raises(AssertionError, match="before its position"):
        testing.check_position_first(Scripted([said(node()), Position(1)]))
    with pytest.raises(AssertionError, match="two documents have one id"):
        testing.check_vocabulary(Scripted([said(node()), said(node())]))
    shifting = Scripted([said(node(zone="a"))], [said(node(zone="b"))])
    with pytest.raises(AssertionError, match="different documents"):
        testing.check_same_recording_twice_equal_documents(lambda: shifting)


def test_a_second_position_forgets_what_came_before() -> None:
    """As discovery does."""
    collector = Scripted([Position(1), said(node(), id="old"), Position(2), said(node(), id="new")])
    assert [each.id for each in testing.observed(collector, collector.scopes()[0])] == ["new"]


def test_a_shorter_world_is_caught() -> None:
    """A collector that swallows the failure of a page is no collector."""

    class Broken(Scripted):
        def observe(self, scope: Scope) -> Iterator[Position | Document]:
            raise Failed("nodes, page 1: no answer in time; the next poll tries again")

    whole = Scripted([said(node())])
    testing.check_failure_at_each_page_raises(lambda page: Broken([]) if page else whole, "nodes", 2)
    with pytest.raises(AssertionError, match="a failure at page 1 gave a world of 0 documents"):
        testing.check_failure_at_each_page_raises(lambda page: Scripted([]) if page else whole, "nodes", 2)


class Told(Scripted):
    """A collector whose watch tells what it was made with."""

    def __init__(self, *turns: Sequence[Position | Document], tells: Sequence[Document | Ended | Position]) -> None:
        super().__init__(*turns)
        self._tells = tells

    def watch(self, scope: Scope, since: Position) -> Iterator[Document | Ended | Position]:
        yield from self._tells


def test_a_watch_that_leaves_something_out_is_caught() -> None:
    """It must begin with its position, tell all that the next listing shows differently, and end nothing else."""
    before: list[Position | Document] = [Position(1), said(node(), id="old")]
    after: list[Position | Document] = [Position(9), said(node(zone="a"), id="new")]
    new = Document("new", "5", lambda: [node(zone="a")])
    whole = (Position(1), new, Ended("old", Position(6)))

    def check(*tells: Document | Ended | Position) -> None:
        collector = Told(before, after, tells=tells)
        testing.check_watch_agrees(collector, collector.scopes()[0], lambda: None)

    check(*whole)
    testing.check_watch_begins(Told(before, tells=whole))
    with pytest.raises(AssertionError, match="begins with"):
        testing.check_watch_begins(Told(before, tells=whole[1:]))
    with pytest.raises(AssertionError, match="does not begin"):
        check(*whole[1:])
    with pytest.raises(AssertionError, match="left out"):
        check(Position(1), new, Position(10))
    with pytest.raises(AssertionError, match="ended before"):
        check(Position(1), new)
    with pytest.raises(AssertionError, match="no position"):
        check(Position(1), Document("new", "x", lambda: [node(zone="a")]))
    quiet = Told(before, before, tells=whole)
    with pytest.raises(AssertionError, match="nothing was changed"):
        testing.check_watch_agrees(quiet, quiet.scopes()[0], lambda: None)


def test_secrets_and_unknown_fields_are_caught() -> None:
    """In attributes, aliases and names; planted ones wherever they stand. And writing is."""
    secret = Entity(NODE, "n1", aliases=(Alias("dns", "postgres://a:hunter22@db", Holding.SHARED),))
    with pytest.raises(AssertionError, match="looks like a secret"):
        testing.check_no_secrets(Scripted([said(secret)]))
    with pytest.raises(AssertionError, match="planted"):
        testing.check_no_secrets(Scripted([said(node(zone="canary-1"))]), ["canary-"])
    with pytest.raises(AssertionError, match="does not name"):
        testing.check_knowledge(Scripted([said(node(zone="a"))]), Knowledge(1, {}))
    with pytest.raises(AssertionError, match="more than reading"):
        testing.check_only_reads(["list", "DELETE"])
    assert not looks_secret("cart")
