"""By which texts is an entity found, and which differences are none?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Alias, Entity, Holding, Key, Value
from graph.terms import LONGEST, Field, address, carried, folded, reference_of, references, term, terms_of

CLUSTER = Key.of(("k8s.cluster", "one"))
SHOP = CLUSTER.child("k8s.namespace", "shop")


def texts(entity: Entity, field: Field) -> set[str]:
    """Give the texts of an entity's terms in a field."""
    return {one.text for one in terms_of(entity) if one.field is field}


def thing(kind: str, name: str, *aliases: Alias, **attributes: Value) -> Entity:
    """Make an entity of the shop."""
    return Entity(SHOP.child(kind, name), name, None, attributes, aliases)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Cart", "cART"),
        ("STRASSE", "straße"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "CAFE\N{COMBINING ACUTE ACCENT}"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}1", "a1"),
        ("\N{LATIN SMALL LIGATURE FI}le", "FILE"),
    ],
)
def test_case_and_compatibility_forms_are_no_difference(left: str, right: str) -> None:
    """Two spellings of a name fold to one."""
    assert folded(left) == folded(right)


@given(st.text())
def test_folding_gives_what_every_store_can_keep(text: str) -> None:
    """Whatever the text, halves of a pair included: it can be encoded, and a term of it has a bounded length."""
    assert folded(text).encode() is not None
    assert len(term(Field.NAME, text * 20).text) <= LONGEST


def test_a_lone_half_of_a_pair_folds_to_something() -> None:
    """What a command line hands on of bytes that are no text does not fail later, in a store."""
    assert folded("a\udcff") == "a?"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:8080", "10.0.0.1"),
        ("FD00:0:0::1", "fd00::1"),
        ("[fd00::0001]:443", "fd00::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:a00:1", "10.0.0.1"),
        ("http://[::ffff:10.0.0.1]:80/x", "10.0.0.1/x"),
        ("shop.example.com.", "shop.example.com"),
        ("shop.example.com:443", "shop.example.com"),
        ("https://user:secret@shop.example.com:8443/cart/?q=1#top", "shop.example.com/cart"),
        ("https://gitlab.example.com/shop/cart.git", "gitlab.example.com/shop/cart"),
        ("git@gitlab.example.com:shop/cart.git", "gitlab.example.com/shop/cart"),
        ("ssh://git@gitlab.example.com:2222/shop/cart.git", "gitlab.example.com/shop/cart"),
        ("dualstack.lb-1.eu-west-1.elb.amazonaws.com", "lb-1.eu-west-1.elb.amazonaws.com"),
        ("http://[fd00::1]:80/x", "fd00::1/x"),
        ("", ""),
        (":", ""),
        ("[::zz]:1", "[::zz]:1"),
    ],
)
def test_addresses_are_compared_without_what_makes_no_difference(text: str, written: str) -> None:
    """Scheme, user, port, query, last dot or slash, and the form of an IPv6 address."""
    assert address(text) == written


@given(st.text(max_size=60))
def test_any_text_can_be_asked_for_as_an_address(text: str) -> None:
    """Nothing that is no address is an error, and writing it again changes nothing of a host."""
    assert isinstance(address(text), str)


@pytest.mark.parametrize(
    ("text", "whole", "digest"),
    [
        ("nginx:1.25", "nginx:1.25", ""),
        ("docker.io/library/nginx:1.25", "nginx:1.25", ""),
        ("docker.io/grafana/loki", "grafana/loki", ""),
        ("registry.example.com:5000/shop/cart:1", "registry.example.com:5000/shop/cart:1", ""),
        ("registry.example.com/cart:1@sha256:ab", "registry.example.com/cart:1", "sha256:ab"),
        ("sha256:ab", "", "sha256:ab"),
    ],
)
def test_a_reference_to_an_image_is_parted(text: str, whole: str, digest: str) -> None:
    """Into registry, path and tag, and the digest; the registry that is meant where none is named is left out."""
    assert reference_of(text) == (whole, digest)
    assert set(references(text)) == {one for one in (whole, whole.rpartition("/")[2], digest) if one}


def test_a_pod_is_found_by_few_terms() -> None:
    """Name, uid, address and labels, each once; its name with its place is no term of its own."""
    uid = "41d0-aa"
    pod = Entity(
        SHOP.child("k8s.pod", uid),
        "Cart-1",
        None,
        {"labels": {"app": "Cart", "tier": "web"}, "pod_ips": ["10.0.0.1", "fd00::1"]},
        (
            Alias("k8s.uid", uid, Holding.FOREVER),
            Alias("ip", f"{CLUSTER}|10.0.0.1", Holding.EXCLUSIVE),
            Alias("k8s.pod.name", f"{SHOP}/Cart-1", Holding.EXCLUSIVE),
        ),
    )
    assert sorted(terms_of(pod)) == sorted(
        [
            term(Field.NAME, "cart-1"),
            term(Field.IDENTIFIER, uid),
            term(Field.IDENTIFIER, "10.0.0.1"),
            term(Field.ADDRESS, "fd00::1"),
            term(Field.LABEL, "app=cart"),
            term(Field.LABEL, "tier=web"),
        ]
    )


def test_every_attribute_with_an_address_is_found_by_it() -> None:
    """Texts, lists of texts, and lists of mappings; a provider id whole and by its last part."""
    node = thing(
        "k8s.node",
        "n1",
        provider_id="aws:///eu-west-1a/i-0abc",
        addresses=[{"type": "InternalIP", "address": "10.1.0.1"}, {"type": "Hostname", "address": "N1.example.com"}],
    )
    assert texts(node, Field.ADDRESS) == {"aws:///eu-west-1a/i-0abc", "i-0abc", "10.1.0.1", "n1.example.com"}
    ingress = thing("k8s.ingress", "shop", hosts=["Shop.example.com"], load_balancer=["dualstack.lb.example.com"])
    assert texts(ingress, Field.ADDRESS) == {"shop.example.com", "lb.example.com"}
    repository = Entity(Key.of(("vcs.repository", "1")), "cart", None, {"url": "https://git.example.com/shop/cart.git"})
    assert texts(repository, Field.ADDRESS) == {"git.example.com/shop/cart"}
    assert texts(repository, Field.IDENTIFIER) == {"1"}


def test_images_are_found_wherever_they_stand() -> None:
    """On a container, in a workload's template, and as what an image is tagged."""
    container = thing("k8s.container", "app", image="registry.example.com/shop/cart:1", image_digest="sha256:ab")
    assert texts(container, Field.IMAGE) == {"registry.example.com/shop/cart:1", "cart:1", "sha256:ab"}
    workload = thing("k8s.deployment", "cart", containers={"app": {"image": "cart:1"}}, init_containers={"x": {}})
    assert texts(workload, Field.IMAGE) == {"cart:1"}
    image = Entity(Key.of(("container.image", "sha256:ab")), "cart", None, {"repository": "shop/cart", "tags": ["1"]})
    assert texts(image, Field.IMAGE) == {"shop/cart", "cart", "shop/cart:1", "cart:1"}


@pytest.mark.parametrize("value", [None, 3, [], {}, [None, 3], [{"address": 3}], "", {"x": {"image": 3}}])
def test_attributes_of_another_shape_are_passed_over(value: Value) -> None:
    """Whatever a source puts into an attribute, an entity has its terms; empty texts are none."""
    names = ("labels", "tags", "image", "containers", "hosts", "addresses", "provider_id", "repository", "url")
    entity = Entity(SHOP.child("k8s.service", "cart"), "cart", None, dict.fromkeys(names, value))
    assert all(one.text for one in terms_of(entity))
    assert next(iter(carried(entity))).text == "cart"
