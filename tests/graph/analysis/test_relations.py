"""What is it tied to? Every end, whatever became of it."""

import pytest

from graph.analysis.presence import Said
from graph.analysis.relations import Direction, NoSuchPosition, RelationView, relations
from graph.model import Key, KeyEnd, Tie
from tests.graph.analysis.shop import CONFIG, DEPLOYMENT, NODE, REPLICASET, SCOPES, SERVICE, SHOP, Shop, pod_key, shop
from tests.graph.world import alias_end, document, entity, exclusive, tie


def tied(made: Shop, key: Key, direction: Direction = Direction.BOTH, *verbs: str) -> tuple[RelationView, ...]:
    """Ask for the relations of a thing, at the newest revision."""
    with made.store.reader() as reader:
        return relations(reader, key, direction, verbs)[0]


def test_both_sides_of_a_thing_are_shown_and_each_reads_from_here() -> None:
    """Outgoing relations come first; an incoming one reads by the inverse of its verb."""
    found = tied(shop("p1"), SERVICE)
    assert [(one.direction, one.verb, one.reads) for one in found] == [
        ("out", "SELECTS", "SELECTS"),
        ("in", "MANAGED_BY", "MANAGES"),
        ("in", "ROUTES_TO", "ROUTED_FROM"),
    ]
    assert [one.direction for one in tied(shop("p1"), SERVICE, Direction.IN, "ROUTES_TO")] == ["in"]


def test_an_open_end_shows_the_alias_that_nobody_holds() -> None:
    """The instance behind the node is not read by anybody: the tie is open, and says what it is waiting for."""
    [one] = tied(shop(), NODE, Direction.OUT)
    assert (one.other.tie, one.other.key, one.other.presence) == (Tie.OPEN, None, None)
    assert one.other.stated == "aws.ec2.instance.id=i-0abc"
    assert one.other.alias is not None
    assert one.other.alias.kinds == ("aws.ec2.instance",)


def test_an_ambiguous_end_lists_its_candidates_and_each_of_them_knows() -> None:
    """Two holders of an exclusive alias, seen together: both are candidates, and none is chosen."""
    made = shop()
    names = [SHOP.child("k8s.configmap", name) for name in ("a", "b")]
    held = [document(key.id, "1", entity(key, exclusive("made.up", "x"))) for key in names]
    citing = document("citing", "1", entity(DEPLOYMENT), tie(DEPLOYMENT, "USES_CONFIG", alias_end("made.up", "x")))
    made.read("configmaps", *held, document("config", "1", entity(CONFIG)))
    made.read("configmaps", *held, document("config", "1", entity(CONFIG)))
    made.world.read(SCOPES["deployments"], citing)
    made.world.read(SCOPES["deployments"], citing)
    [one] = [view for view in tied(made, DEPLOYMENT, Direction.OUT) if view.other.alias]
    assert (one.other.tie, one.other.candidates) == (Tie.AMBIGUOUS, tuple(names))
    [seen] = tied(made, names[0], Direction.IN)
    assert (seen.near, seen.other.key) == (Tie.AMBIGUOUS, DEPLOYMENT)


def test_a_tie_to_a_former_life_is_told_from_one_to_the_present() -> None:
    """The ReplicaSet names the Deployment's uid. Another Deployment of that name is another life."""
    made = shop()
    [before] = tied(made, REPLICASET, Direction.OUT, "MANAGED_BY")
    assert (before.other.stated_incarnation, before.other.former_incarnation) == ("d1", False)
    made.world.pass_(minutes=1)
    made.read("deployments", document("deployment2", "1", entity(DEPLOYMENT, incarnation="d2", replicas=2)))
    [after] = tied(made, REPLICASET, Direction.OUT, "MANAGED_BY")
    assert (after.other.stated_incarnation, after.other.former_incarnation) == ("d1", True)


def test_a_tie_to_what_is_gone_or_missing_dangles() -> None:
    """A ConfigMap that was there and is not, and one that was named and never was, both dangle."""
    made = shop("p1")
    ghost = SHOP.child("k8s.configmap", "ghost")
    other = document("other", "1", entity(SHOP.child("k8s.configmap", "other")))
    uses = [tie(DEPLOYMENT, "USES_CONFIG", KeyEnd(key)) for key in (CONFIG, ghost)]
    made.world.pass_(minutes=1)
    made.read("deployments", document("deployment", "2", entity(DEPLOYMENT, incarnation="d1"), *uses))
    made.read("configmaps", other)
    said = {one.other.key: one.other for one in tied(made, DEPLOYMENT, Direction.OUT)}
    there = {key: (end.presence.said, end.dangling) for key, end in said.items() if end.presence is not None}
    assert there == {CONFIG: (Said.GONE, True), ghost: (Said.MISSING, True)}


def test_every_relation_names_its_evidence_and_the_scope_that_covers_it() -> None:
    """The EndpointSlice's document states the tie of service and pod, and its scope is named."""
    [one] = tied(shop("p1"), SERVICE, Direction.OUT)
    [evidence] = one.evidence
    assert (evidence.source, evidence.document, evidence.version) == ("prod", "slice", "1")
    assert evidence.scopes == ("endpointslices",)
    assert one.other.key == pod_key("p1")


def test_pages_of_relations_are_the_whole_in_order() -> None:
    """Page after page gives what one page would have given."""
    made = shop(*(f"p{number}" for number in range(7)))
    with made.store.reader() as reader:
        whole, more = relations(reader, SERVICE)
        assert not more
        pages: list[RelationView] = []
        after = ""
        while True:
            page, more = relations(reader, SERVICE, limit=3, after=after)
            pages += page
            if not more:
                break
            after = page[-1].position
    assert tuple(pages) == whole


def test_a_position_that_the_list_does_not_have_is_refused() -> None:
    """To begin again at the first page would never end."""
    with shop().store.reader() as reader, pytest.raises(NoSuchPosition):
        relations(reader, SERVICE, limit=3, after="out:none")
