"""Does anything secret get past the mapping? And does rubbish cost more than the object that holds it?"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.contract import looks_secret, named_like_a_secret
from collectors.kubernetes.mapping.secrecy import clean, kept_annotations
from graph.model import Entity, statements_from, statements_text
from tests.collectors.kubernetes.memory_api import all_samples, sample
from tests.collectors.kubernetes.test_mapping_pods import READ, mapped, subject

EVERY_SAMPLE = [
    (resource, index) for resource, items in all_samples().items() if resource in READ for index in range(len(items))
]
RUBBISH = st.sampled_from([None, 7, "canary-rubbish", True, [], {}, [7], ["canary-rubbish"], {"a": 7}, [None]])


@pytest.mark.parametrize(("resource", "index"), EVERY_SAMPLE)
def test_no_canary_survives_the_mapping(resource: str, index: int) -> None:
    """What was planted in values, arguments, annotations, headers, URLs and messages is nowhere in the statements."""
    text = statements_text(mapped(resource, index))
    assert "canary-" not in text
    assert "Y2FuYXJ5" not in text


def test_annotations_that_are_long_restless_or_secret_are_dropped() -> None:
    """What stays is short, quiet, and without credentials."""
    kept = subject(mapped("namespaces")).attributes["annotations"]
    assert kept == {
        "example.com/owner": "web@example.com",
        "example.com/repository": "https://[removed]@git.example.com/shop.git",
    }
    assert not kept_annotations({"long": "x" * 257, "jwt": f"eyJ{'a' * 10}.{'b' * 10}.c"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nginx.ingress.kubernetes.io/configuration-snippet", 'proxy_set_header X-Api-Key "canary";'),
        ("nginx.ingress.kubernetes.io/server-snippet", 'if ($http_x_door != "canary") { return 403; }'),
        ("example.com/original", '{"kind":"Secret","stringData":{"a":"canary"}}'),
        ("example.com/original", "apiVersion: v1\nkind: Secret\ndata:\n  a: canary"),
        ("example.com/original", '"{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"a\\":\\"canary\\"}}"'),
        ("example.com/authorization", "canary"),
    ],
)
def test_an_annotation_that_holds_an_object_or_code_is_dropped(name: str, value: str) -> None:
    """What a web server is told may set a header to a token, and an object may be a Secret, be it as YAML."""
    assert kept_annotations({name: value, "example.com/team": "web"}) == {"example.com/team": "web"}


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "glpat-abcdefghijklmnopqrst",
        "postgres://shop:hunter22@db.example.com/shop",
        "password=hunter22",
        "-----BEGIN RSA PRIVATE KEY-----",
        "Bearer abcdefghijklmnop",
        "Server=db;User Id=shop;Pwd=hunter22;",
        "-o vers=3.0,username=shop,pass=hunter22 //files/share",
        '{"user": "shop", "pass": "hunter22"}',
        '"{\\"password\\": \\"hunter22\\"}"',
        "AccountName=shop;AccountKey=aHVudGVyMjI=;EndpointSuffix=core.windows.net",
        "aws_secret_access_key = hunter22",
        "backup --password hunter22 --verbose",
    ],
)
def test_what_looks_secret_is_removed_wherever_it_stands(text: str) -> None:
    """In nested values as in plain ones."""
    assert looks_secret(text)
    assert text not in json.dumps(clean({"a": [{"b": f"{text}"}]}))


@pytest.mark.parametrize(
    "text",
    [
        "sha256:" + "a" * 64,
        "registry.example.com/shop/cart:1.2.0",
        "3f786850e387550fdab836ed7e6dc881de23001b",
        "ssh://git@git.example.com/shop.git",
        "k8s.cluster/e8af6542-0d72-4ce3-bbda-4a4147f28d11/k8s.secret/password-store",
        "system:serviceaccount:shop:token-reader",
        "PWD=/srv/shop",
        "run --token-file /var/run/token --verbose",
        "bypass: everything",
    ],
)
def test_identifiers_are_no_secrets(text: str) -> None:
    """Digests, hashes, references and names stay."""
    assert not looks_secret(text)


def test_names_say_what_is_secret() -> None:
    """The name alone decides for values that nobody can judge."""
    secret = ("DB_PASSWORD", "DB_PASS", "pass", "api-key", "tls.key", "GITHUB_TOKEN", "auth", "Authorization")
    assert all(named_like_a_secret(name) for name in secret)
    harmless = (
        "author",
        "rbac.authorization.kubernetes.io/autoupdate",
        "cart.yaml",
        "LOG_LEVEL",
        "monkey",
        "bypass",
        "COMPASS_URL",
        "passive-checks",
    )
    assert not any(named_like_a_secret(name) for name in harmless)


@pytest.mark.parametrize(("resource", "index"), EVERY_SAMPLE)
@given(data=st.data())
def test_rubbish_costs_only_the_object_that_holds_it(resource: str, index: int, data: st.DataObject) -> None:
    """Whatever stands in whatever field, the object states itself, in a form that can be written and read."""
    item = sample(resource, index)
    places = [place for place in _places(item, ()) if place[:1] != ("metadata",) or place[1:] not in NEEDED]
    place = data.draw(st.sampled_from(places))
    parent: Any = item
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = data.draw(RUBBISH)
    said = mapped(resource, item=item)
    assert isinstance(said[0], Entity)
    assert said[0].kind == READ[resource].kind
    assert statements_from(statements_text(said))


def test_what_cannot_be_mapped_says_why_without_values() -> None:
    """The reason names the step and the error; the key is the one that a good object would have."""
    item = sample("pods")
    item["spec"]["containers"] = {"password": "canary-rubbish"}
    [entity] = mapped("pods", item=item)
    assert isinstance(entity, Entity)
    assert entity.key == subject(mapped("pods")).key
    assert entity.attributes == {"raw": {"unmapped": "TypeError in each"}}


NEEDED = {(), ("uid",), ("resourceVersion",), ("name",), ("namespace",)}
"""What every object has, or no listing is believed."""


def _places(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, each in inner for found in [(*path, name), *_places(each, (*path, name))]]
