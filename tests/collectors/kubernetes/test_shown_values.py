"""Which values of ConfigMaps are shown where somebody asked for them, and what is taken out of texts that are kept?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from collectors.kubernetes import plugin
from collectors.kubernetes.custom.rows import Reference, UserRow
from collectors.kubernetes.custom.table import Table
from collectors.kubernetes.mapping.place import Object, Place
from collectors.kubernetes.mapping.secrecy import REMOVED, clean_text, kept_annotations, looks_random
from collectors.kubernetes.mapping.stated import stated
from collectors.kubernetes.resources import custom_resource
from graph.model import Relation, Statement
from tests.collectors.kubernetes.memory_api import MemoryApi, collector, sample
from tests.collectors.kubernetes.test_mapping_pods import PLACE, READ, mapped, subject

RANDOM = "q3fA9dK2mZp8Wx7Lr5Tb"
"""As only chance makes them: twenty letters and digits."""


def shown(namespaces: frozenset[str], **data: str) -> Any:
    """Give the values that are kept of a ConfigMap of the namespace shop."""
    item = sample("configmaps") | {"data": data, "binaryData": {"blob": "aGVsbG8="}}
    [entity, *_] = READ["configmaps"].read(replace(PLACE, shown=namespaces), item)
    return subject([entity]).attributes.get("values", {})


def test_values_are_shown_only_of_the_namespaces_that_were_named() -> None:
    """By default none are; binary ones never."""
    assert shown(frozenset(), LOG_LEVEL="debug") == {}
    assert shown(frozenset({"billing"}), LOG_LEVEL="debug") == {}
    assert shown(frozenset({"shop"}), LOG_LEVEL="debug", nothing="") == {"LOG_LEVEL": "debug", "nothing": ""}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DB_PASSWORD", "hunter22"),
        ("DB_PASS", "hunter22"),
        ("redis.conf", "maxmemory 1gb\nrequirepass hunter22\n"),
        ("application.properties", "a=b\nspring.datasource.password = hunter22"),
        ("config.xml", "<smtp><password>hunter22</password></smtp>"),
        ("database", "postgres://shop:hunter22@db.example.com/shop"),
        ("database", "shop:hunter22@tcp(db:3306)/shop"),
        ("hook", "https://hooks.example.com/x?sig=hunter22"),
        ("app.properties", "cache.size=5\ncipher.key = hunter22"),
        ("session_cookie", "hunter22"),
        ("word", RANDOM),
        ("word", "d41d8cd98f00b204e9800998ecf8427e"),
        ("long", "a b " * 2000),
    ],
)
def test_what_could_be_a_secret_is_not_shown_even_then(key: str, value: str) -> None:
    """Its key stays, and its hash where the key does not name a secret."""
    assert shown(frozenset({"shop"}), **{key: value}) == {}


def test_the_setting_shapes_what_is_kept() -> None:
    """Who changes it has every object read anew; nonsense is refused."""
    plain = plugin.settings.model_validate({})
    open_ = plugin.settings.model_validate({"configmap_values": ["shop"]})
    assert plain.shaping() == ""
    assert open_.shaping() != ""
    with pytest.raises(ValueError, match="configmap_values"):
        plugin.settings.model_validate({"configmap_values": ["Shop!"]})


def test_the_collector_shows_them() -> None:
    """The setting reaches the mapping."""
    read = collector(MemoryApi({"configmaps": [sample("configmaps")]}), configmap_values=["shop"])
    [scope] = [one for one in read.scopes() if one.name == "configmaps"]
    [document] = [one for one in read.observe(scope) if hasattr(one, "statements")]
    assert subject(list(document.statements)).attributes["values"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://shop:hun@ter22@git.example.com/shop.git", f"https://{REMOVED}@git.example.com/shop.git"),
        ("https://shop:hun/ter22@git.example.com/shop.git", f"https://{REMOVED}@git.example.com/shop.git"),
        ("https://git.example.com/shop.git?private=hunter22", f"https://git.example.com/shop.git?{REMOVED}"),
        (f"https://hooks.example.com/services/{RANDOM}", f"https://hooks.example.com/services/{REMOVED}"),
        ("shop:hunter22@registry.example.com/shop/cart:1", f"{REMOVED}@registry.example.com/shop/cart:1"),
        ("//shop:hunter22@files.example.com/share", f"//{REMOVED}@files.example.com/share"),
    ],
)
def test_addresses_lose_their_credentials_and_nothing_else(text: str, kept: str) -> None:
    """With or without a scheme, escaped or not."""
    assert clean_text(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "https://registry.example.com:5000/shop@v2",
        "http://[fd00::1]:8080/shop@v2",
        f"registry.example.com:5000/shop/cart:1.2.0@sha256:{'a' * 64}",
        "git@git.example.com:shop/cart.git",
        "mailto:web@example.com",
        "aws:///eu-west-1a/i-0abc1234567890def",
        "HorizontalPodAutoscalerController",
    ],
)
def test_addresses_without_any_stay(text: str) -> None:
    """Ports, digests and names are no credentials."""
    assert clean_text(text) == text
    assert not looks_random(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("example.com/seed", RANDOM),
        ("objectset.rio.cattle.io/applied", "short"),
        ("kapp.k14s.io/original", "short"),
        ("banzaicloud.com/last-applied", "short"),
        ("example.com/applied-by-us", '{"apiVersion":"v1","kind":"Secret","stringData":{"a":"hunter22"}}'),
    ],
)
def test_an_annotation_that_holds_the_object_again_is_dropped(name: str, value: str) -> None:
    """Whoever wrote it there; and one that only chance can have made."""
    assert kept_annotations({name: value, "example.com/owner": "web"}) == {"example.com/owner": "web"}


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("Liveness probe failed: login as canary-1 refused\n", f"Liveness probe failed: {REMOVED}"),
        (
            "Readiness probe errored and resulted in unknown state: command 'x canary-1' timed out",
            f"Readiness probe errored and resulted in unknown state: {REMOVED}",
        ),
        ('Exec lifecycle hook ([sh -c canary-1]) for Container "a" failed', f"Exec lifecycle hook ({REMOVED}"),
        ('failed to start: exec: "app --key canary-1": not found', f'failed to start: exec: "{REMOVED}'),
        (f"denied by policy: {RANDOM}", f"denied by policy: {REMOVED}"),
        (
            'Readiness probe failed: Get "http://10.0.0.1:80/?token=canary-1": dial tcp: refused',
            f'Readiness probe failed: Get "http://10.0.0.1:80/?{REMOVED}": dial tcp: refused',
        ),
        ("Readiness probe failed: HTTP probe failed with statuscode: 500", None),
        ("Back-off restarting failed container app in pod cart-7d9f8b6c5-x2x4z_shop(3f1d)", None),
    ],
)
def test_a_note_loses_what_a_program_printed_and_what_it_was_called_with(note: str, kept: str | None) -> None:
    """What the kubelet itself says stays."""
    item = sample("events.events.k8s.io") | {"note": note}
    assert subject(mapped("events.events.k8s.io", item=item)).attributes["note"] == (kept or note)


def test_a_slot_that_holds_a_secret_is_told_from_others_by_a_hash() -> None:
    """Two paths that differ only in what is removed stay two ties."""
    item = sample("ingresses.networking.k8s.io")
    backend = {"service": {"name": "cart", "port": {"number": 80}}}
    paths = [
        {"path": f"/hook/token={word}", "pathType": "Prefix", "backend": backend} for word in ("canary1", "canary2")
    ]
    item["spec"] = {"rules": [{"host": "shop.example.com", "http": {"paths": paths}}]}
    said = mapped("ingresses.networking.k8s.io", item=item)
    slots = {one.slot for one in said if isinstance(one, Relation) and one.verb == "ROUTES_TO"}
    assert len(slots) == 2
    assert "canary" not in str(said)


WIDGET = UserRow(
    group="example.org",
    kind="Widget",
    attributes={"template": "spec.template", "notes": "metadata.annotations"},
    references=(
        Reference(path="spec.host", form="host"),
        Reference(path="spec.instance", alias="aws.ec2.instance.id", to=("aws.ec2.instance",)),
    ),
)


def widget(spec: Object) -> list[Statement]:
    """Map a Widget by a row that keeps far too much."""
    meta: dict[str, Any] = {"name": "press", "namespace": "shop", "uid": "w1", "resourceVersion": "1"}
    meta |= {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "canary-1"}}
    item = {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": meta, "spec": spec}
    layout = Table([WIDGET]).layout("example.org", "Widget")
    return list(custom_resource("widgets", layout, namespaced=True).read(PLACE, item))


def test_a_row_that_keeps_too_much_keeps_no_secret() -> None:
    """Values beside a name of a secret, the object again, and ends that are no names."""
    variables = [{"name": "DB_PASSWORD", "value": "canary-2"}, {"name": "LEVEL", "value": "debug"}]
    hosts = ("https://shop:canary-3@db.example.com", "shop:canary-3@db.example.com:5432/shop")
    for host in hosts:
        said = widget({"template": {"env": variables}, "host": host, "instance": "https://a:canary-4@b/"})
        assert "canary" not in str(said)
        assert "debug" in str(said)
        assert not [one for one in said if isinstance(one, Relation)]


def deep(levels: int) -> dict[str, Any]:
    """Make a value of so many levels, each within the last."""
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("levels", [120, 900])
def test_what_is_nested_beyond_measure_costs_only_itself(levels: int) -> None:
    """It states itself, and that it could not be mapped: what is read may be deeper than what can be written."""
    assert "Error in" in str(subject(widget({"template": deep(levels)})).attributes["raw"])


@pytest.mark.parametrize("error", [RecursionError(), OverflowError(), UnicodeError(), KeyError("x")])
def test_whatever_a_mapper_raises_costs_only_its_object(error: Exception) -> None:
    """The object states itself, and the error by its name only."""

    def mapper(_place: Place, _item: Object) -> list[Statement]:
        raise error

    said = stated("k8s.configmap", mapper, PLACE, sample("configmaps"))
    assert subject(list(said)).attributes["raw"] == {"unmapped": f"{type(error).__name__} in stated"}


def test_memory_that_has_run_out_is_no_fault_of_the_object() -> None:
    """It passes through, and the listing fails."""

    def mapper(_place: Place, _item: Object) -> list[Statement]:
        raise MemoryError

    with pytest.raises(MemoryError):
        stated("k8s.configmap", mapper, PLACE, sample("configmaps"))
