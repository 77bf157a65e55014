"""What does a text mean, in which order, and by what?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graph.analysis.forms import How, forms
from graph.analysis.presence import Said
from graph.analysis.ranking import Level, Match, score
from graph.analysis.resolve import CONSIDERED, MatchedBy, Resolution, resolve
from graph.model import Document, Key
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.analysis import crowd as c
from tests.graph.analysis.crowd import crowd, ip, stated
from tests.graph.world import World
from tests.stores import STORES


@pytest.fixture(scope="module", params=sorted(STORES))
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    """A store in which each thing was read once, and nothing moves."""
    made = STORES[request.param](tmp_path_factory.mktemp("crowd"))
    crowd(made).writer.close()
    yield made
    made.close()


@pytest.fixture(params=sorted(STORES))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that goes on."""
    made = STORES[request.param](tmp_path)
    yield crowd(made)
    made.close()


def meant(store: GraphStore, text: str, *kinds: str, limit: int = 20, revision: int | None = None) -> Resolution:
    """Resolve a text."""
    with store.reader(None if revision is None else store.revision(revision)) as reader:
        return resolve(reader, text, kinds=kinds, limit=limit)


def again(world: World, *instead: Document) -> None:
    """Read everything once more, some of it otherwise; what is given without statements is gone."""
    ids = {one.id for one in instead}
    kept = [one for one in c.things() if one.id not in ids]
    shown = [*kept, *(one for one in instead if one.statements)]
    for _ in range(2):
        world.read(c.EVERYTHING, *shown)


def gone(key: Key) -> Document:
    """Leave a thing out."""
    return Document(key, "", tuple)


@pytest.mark.parametrize(
    ("text", "key", "what", "matched"),
    [
        (c.SERVICE, c.SERVICE, "key", c.SERVICE),
        ("k8s.cluster/@prod/k8s.namespace/shop/k8s.service/cart", c.SERVICE, "key", c.SERVICE),
        ("k8s.service/cart", c.OTHER, "name", "cart"),
        ("shop/cart", c.DEPLOYMENT, "name", "cart"),
        ("shop/k8s.service/cart", c.SERVICE, "name", "cart"),
        ("k8s.namespace/shop/k8s.service/cart", c.SERVICE, "name", "cart"),
        ("deployment/cart", c.DEPLOYMENT, "name", "cart"),
        ("BANK/Service/CART", c.OTHER, "name", "cart"),
        ("deployment.apps/cart", c.DEPLOYMENT, "name", "cart"),
        ("shop/services/cart", c.SERVICE, "name", "cart"),
        ("deploy/cart", c.DEPLOYMENT, "name", "cart"),
        ("shop/svc/cart", c.SERVICE, "name", "cart"),
        ("41d0-aa", c.POD, "k8s.uid", "41d0-aa"),
        ("0d9c-3c7e", c.SERVICE, "k8s.uid", "0d9c-3c7e"),
        (f"{c.SHOP}/Cart-7f-x", c.POD, "name", "Cart-7f-x"),
        ("cart-7F", c.POD, "name", "Cart-7f-x"),
        ("10.0.0.7", c.POD, "ip", "10.0.0.7"),
        ("10.0.0.7:8080", c.POD, "ip", "10.0.0.7"),
        (f"{c.CLUSTER}|10.0.0.7", c.POD, "ip", "10.0.0.7"),
        ("203.0.113.9", c.NODE, "addresses", "203.0.113.9"),
        ("i-0abc123", c.INSTANCE, "id", "i-0abc123"),
        ("aws:///eu-west-1a/i-0abc123", c.NODE, "provider_id", "aws:///eu-west-1a/i-0abc123"),
        ("arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc123", c.INSTANCE, "arn", None),
        ("arn:aws:iam::123456789012:role/team/reader", c.ROLE, "name", "reader"),
        (c.DIGEST, c.IMAGE, "key", c.IMAGE),
        (c.DIGEST.removeprefix("sha256:").upper(), c.IMAGE, "key", c.IMAGE),
        (f"registry.example.com/shop/cart@{c.DIGEST}", c.IMAGE, "key", c.IMAGE),
        (c.DIGEST[:20], c.CONTAINER, "image_digest", c.DIGEST),
        ("registry.example.com/shop/cart:1.2", c.CONTAINER, "image", "registry.example.com/shop/cart:1.2"),
        ("docker.io/shop/cart:1.2", c.DEPLOYMENT, "containers", "shop/cart:1.2"),
        ("cart:1.2", c.DEPLOYMENT, "containers", "cart:1.2"),
        ("registry.example.com/shop/cart", c.CONTAINER, "image", "registry.example.com/shop/cart:1.2"),
        (c.SHA, c.COMMIT, "id", c.SHA),
        (c.SHA[:7], c.COMMIT, "name", c.SHA[:8]),
        (c.SHA[:12], c.COMMIT, "id", c.SHA),
        ("git@gitlab.example.com:shop/cart.git", c.REPOSITORY, "url", "gitlab.example.com/shop/cart"),
        ("https://gitlab.example.com/shop/cart/-/merge_requests/5", c.REPOSITORY, "url", None),
        ("https://shop.example.com/cart/1?x=2", c.INGRESS, "hosts", "shop.example.com"),
        ("Shop.Example.com.", c.INGRESS, "hosts", "shop.example.com"),
        ("a.wild.example.com", c.WILD, "hosts", "*.wild.example.com"),
        ("dualstack.edge-1.elb.example.com", c.BALANCER, "dns_name", "edge-1.elb.example.com"),
        ("cart.shop.svc.cluster.local", c.SERVICE, "name", "cart"),
        ("http://cart.bank.svc:8080/x", c.OTHER, "name", "cart"),
        ("cart.bank", c.OTHER, "name", "cart"),
        ("http://cart.shop:8080/x", c.SERVICE, "name", "cart"),
        ("http://cart:8080/x", c.OTHER, "name", "cart"),
        (c.NODE.id, c.NODE, "name", c.NODE.id),
        ("prod", c.CLUSTER, "k8s.cluster.name", "prod"),
        ("app=cart,tier=web", c.POD, "labels", "app=cart,tier=web"),
        ("tier=web", c.POD, "labels", "tier=web"),
        ("TIER==we", c.POD, "labels", "tier=web"),
        ("  cart ", c.DEPLOYMENT, "name", "cart"),
    ],
)
def test_each_form_leads_to_what_it_means(
    standing: GraphStore, text: str, key: Key, what: str, matched: str | None
) -> None:
    """In every store: the likeliest meaning, and by what it was found."""
    found = meant(standing, text)
    first = found.meanings[0]
    assert (first.key, first.matched_by.what) == (key, what)
    assert matched is None or first.matched_by.text == matched
    assert first.matched_by.held
    assert found.complete


@pytest.mark.parametrize(
    "text", ["none", "10.0.0.70", "bank/deployment/cart", "app=none", "app=cart,tier=none", "/", "-", "%"]
)
def test_what_nobody_is_called_means_nothing(standing: GraphStore, text: str) -> None:
    """No meaning is made up."""
    assert meant(standing, text) == Resolution(text, (), 0, complete=True)


@pytest.mark.parametrize("text", ["cart", "c", "10.", "shop", "app=cart", "app=", "e", "sha256:5", c.DIGEST, "i-0"])
def test_the_answer_is_the_reference_s(standing: GraphStore, text: str) -> None:
    """Rows, order, scores and counts are a function of revision and text, whatever the store, and however cut."""
    reference = MemoryStore()
    crowd(reference)
    for limit in (1, 3, 20):
        found = meant(standing, text, limit=limit)
        assert found == meant(reference, text, limit=limit)
        assert found.meanings
        assert found.truncated == (found.considered > limit)


def test_those_that_share_a_name_are_all_given(standing: GraphStore) -> None:
    """Nothing is chosen: a workload, services, what configures it; then what begins with the name."""
    found = meant(standing, "cart")
    keys = [one.key for one in found.meanings]
    assert keys[:5] == [c.DEPLOYMENT, c.OTHER, c.SERVICE, c.REPOSITORY, c.CONFIG]
    assert keys[5:] == [c.CONTAINER, c.POD]  # `cart:1.2` before `Cart-7f-x`
    assert [one.matched_by.how for one in found.meanings] == [How.EXACT] * 5 + [How.PREFIX] * 2


def test_only_kinds_that_are_asked_for_are_given(standing: GraphStore) -> None:
    """Kinds narrow what is looked for."""
    found = meant(standing, "cart", "k8s.configmap", "k8s.pod")
    assert [one.key for one in found.meanings] == [c.CONFIG, c.POD]
    assert not meant(standing, c.SERVICE, "k8s.pod").meanings
    assert [one.key for one in meant(standing, "app=cart", "k8s.pod").meanings] == [c.POD]


def test_what_is_only_named_is_found_by_its_key(standing: GraphStore) -> None:
    """It was never read, and says so."""
    (one,) = meant(standing, c.NEVER).meanings
    assert one.presence.said is Said.MENTIONED
    assert one.matched_by == MatchedBy("key", c.NEVER, How.EXACT, held=True, until=None)
    assert (one.name, one.score.there) == ("n9", 0)


def test_what_is_gone_is_found_by_what_it_had(world: World) -> None:
    """By its name, its address and its labels' beginning, after all that is there, and until when."""
    again(world, gone(c.POD))
    until = world.store.head().number
    (one,) = meant(world.store, "Cart-7f-x").meanings
    assert (one.key, one.presence.said) == (c.POD, Said.GONE)
    assert one.matched_by == MatchedBy("name", "Cart-7f-x", How.EXACT, held=False, until=until)
    assert [one.key for one in meant(world.store, "10.0.0.7").meanings] == [c.POD]
    assert [one.key for one in meant(world.store, "tier=web").meanings] == [c.SERVICE, c.POD]
    (then,) = meant(world.store, "10.0.0.7", revision=c.READ).meanings
    assert then.matched_by == MatchedBy("ip", "10.0.0.7", How.EXACT, held=True, until=None)


def test_what_comes_later_is_not_found_earlier(world: World) -> None:
    """As of a revision, only what any revision up to it had."""
    later = c.SHOP.child("k8s.service", "later")
    again(world, stated(later, "later"), stated(c.CONFIG, "cart", labels={"app": "new"}))
    assert [one.key for one in meant(world.store, "later").meanings] == [later]
    assert not meant(world.store, "later", revision=c.READ).meanings
    assert not meant(world.store, "app=new", revision=c.READ).meanings


def test_what_a_thing_was_called_before_leads_to_it(world: World) -> None:
    """Below all that is called so now: and until which revision it was."""
    again(world, stated(c.INSTANCE, "builder"), stated(c.ROLE, "worker"))
    found = meant(world.store, "worker").meanings
    assert [(one.key, one.matched_by.held) for one in found] == [(c.ROLE, True), (c.INSTANCE, False)]
    assert found[1].matched_by == MatchedBy("name", "worker", How.EXACT, held=False, until=c.READ + 1)
    assert found[1].score.match == Level.FORMER
    longer = meant(world.store, "work").meanings
    assert [(one.key, one.score.match) for one in longer] == [(c.ROLE, Level.PREFIX), (c.INSTANCE, Level.FORMER_PREFIX)]


def test_a_former_name_outranks_a_longer_one_that_begins_with_it(world: World) -> None:
    """That it is called `worker-2` now does not hide that it was called `worker`."""
    again(world, stated(c.INSTANCE, "worker-2"))
    (one,) = meant(world.store, "worker").meanings
    assert (one.score.match, one.matched_by) == (
        Level.FORMER,
        MatchedBy("name", "worker", How.EXACT, held=False, until=c.READ + 1),
    )


def test_an_address_belongs_to_who_was_seen_taking_it_last(world: World) -> None:
    """An earlier holder that still states it is given below, as one from whom it was taken."""
    again(world, stated(c.OTHER, "cart", ip("10.0.0.7"), labels={"app": "cart"}))
    kind = meant(world.store, "10.0.0.7").meanings
    assert {one.key for one in kind if one.matched_by.held} == {c.POD, c.OTHER}  # of two kinds, each holds it
    again(world, stated(c.OTHER, "cart"), stated(c.SHOP.child("k8s.pod", "new"), "new", ip("10.0.0.7")))
    found = [(one.key.id, one.score.match, one.matched_by) for one in meant(world.store, "10.0.0.7").meanings]
    taken = MatchedBy("ip", "10.0.0.7", How.EXACT, held=False, until=None)
    assert found == [
        ("new", Level.EXCLUSIVE, replace(taken, held=True)),
        (c.POD.id, Level.FORMER, taken),
        ("cart", Level.FORMER, replace(taken, until=world.store.head().number)),
    ]


def test_of_a_long_text_all_of_it_must_be_the_same(world: World) -> None:
    """What only begins alike is no meaning of a text that is longer than what stands in a term."""
    long = "x" * 300
    again(world, stated(c.ROLE, long + "1"), stated(c.CONFIG, long + "2"))
    assert [one.key for one in meant(world.store, long + "1").meanings] == [c.ROLE]
    assert [one.key for one in meant(world.store, long).meanings] == [c.CONFIG, c.ROLE]
    assert meant(world.store, long + "3").meanings == ()


def test_a_crowd_is_cut_and_said_to_be_cut() -> None:
    """Of more than are considered so many are ranked, and the answer says that there are others."""
    store = MemoryStore()
    world = World(store)
    world.scopes("any", c.EVERYTHING)
    keys = [c.SHOP.child("k8s.service", f"s{number:03}") for number in range(CONSIDERED + 1)]
    rare = c.SHOP.child("k8s.deployment", "z")
    world.read(c.EVERYTHING, *(stated(key, "same", labels={"app": "same"}) for key in keys), stated(rare, "same"))
    for text in ("same", "sam", "app=same", "app=sa"):
        found = meant(store, text, limit=5)
        assert not found.complete
        assert found.truncated
        assert len(found.meanings) == 5
        assert found.considered >= CONSIDERED
    assert [one.key for one in meant(store, "deployment/same").meanings] == [rare]
    narrowed = meant(store, "same", "k8s.deployment")
    assert [one.key for one in narrowed.meanings] == [rare]
    assert narrowed.complete


def test_the_ranking_is_a_pure_function() -> None:
    """Of what matched, the letters, whether it is there, the kind and the depth, in this order."""
    match = Match(Level.NAME, "name", "Cart", How.EXACT)
    assert score(match, c.SERVICE, None, "Cart") == score(match, c.OTHER, None, "x/Cart")
    assert score(match, c.SERVICE, None, "cart").letters == 0
    assert score(match._replace(how=How.PREFIX), c.SERVICE, None, "Ca").letters == 1
    assert score(match, c.DEPLOYMENT, None, "cart") > score(match, c.CONFIG, None, "cart")
    assert score(match, c.POD, None, "cart") > score(match, c.CONTAINER, None, "cart")
    assert score(match, Key("unknown.kind/x"), None, "cart") < score(match, c.CONFIG, None, "cart")


def test_forms_are_read_from_the_text_alone() -> None:
    """Labels are labels only when all parts are; a URL is no image; an address has no beginning."""
    assert forms("app=cart, tier=web").labels == (("app", "cart"), ("tier", "web"))
    assert forms("app=").labels == (("app", ""),)
    assert forms("app=cart,tier").labels == ()
    assert forms("https://x.example.com/?a=b").labels == ()
    assert not [one for one in forms("10.0.0.1").sought if one.how is How.PREFIX]
    assert not [one for one in forms("https://x.example.com/cart:1").sought if one.field == "image"]
