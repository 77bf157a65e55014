"""Is what a manifest grants exactly what is asked for, and does a refusal name the line that it wants?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from collectors import testing
from collectors.contract import Forbidden
from collectors.kubernetes.connection import Answer
from collectors.kubernetes.grants import wanting
from collectors.kubernetes.permissions import manifest
from collectors.kubernetes.resources import CUSTOM, RESOURCES
from collectors.kubernetes.settings import KubernetesSettings
from tests.collectors.kubernetes import manifests
from tests.collectors.kubernetes.memory_api import MemoryApi, collector, samples

READ = (*RESOURCES, *CUSTOM)

Right = tuple[str, str, str, str]
"""Verb, API group, resource or address, and the namespace of the role ("" for the ClusterRole)."""


def rules(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each rule of a manifest with the namespace of its role."""
    for document in YAML(typ="safe", pure=True).load_all(text):
        for rule in document.get("rules") or ():
            yield document["metadata"].get("namespace", ""), rule


def listed(text: str) -> Iterator[Right]:
    """Yield each single right that a manifest grants."""
    for namespace, rule in rules(text):
        for verb in rule["verbs"]:
            yield from ((verb, "", address, namespace) for address in rule.get("nonResourceURLs", ()))
            for group in rule.get("apiGroups", ()):
                yield from ((verb, group, resource, namespace) for resource in rule["resources"])


def rights(text: str) -> set[Right]:
    """Give each single right that a manifest grants, once."""
    return set(listed(text))


@pytest.mark.parametrize("name", manifests.written())
def test_what_stands_in_the_docs_is_what_the_code_writes(name: str) -> None:
    """Write them anew by `.venv/bin/python -m tests.collectors.kubernetes.manifests`."""
    assert (manifests.FOLDER / name).read_text("utf-8") == manifests.written()[name]


def test_the_docs_hold_no_other() -> None:
    """A manifest that nobody writes anew would go stale."""
    assert {path.name for path in manifests.FOLDER.glob("*.yaml")} == set(manifests.written())


def test_a_cluster_is_granted_each_resource_and_no_verb_that_writes() -> None:
    """One line for each, list and watch; get for the identity and for what is served alone."""
    granted = rights(manifest(KubernetesSettings()))
    resources = {(verb, one.group, one.plural, "") for one in READ for verb in ("list", "watch")}
    served = {("get", "", address, "") for address in ("/version", "/api", "/api/*", "/apis", "/apis/*")}
    assert granted == resources | served | {("get", "", "namespaces", "kube-system")}


def test_a_resource_can_be_left_out() -> None:
    """By the name that kubectl gives it; one that is none is a mistake."""
    everything = rights(manifest(KubernetesSettings()))
    left = rights(manifest(KubernetesSettings(), without=["secrets", "jobs.batch"]))
    assert everything - left == {
        (verb, *one, "") for verb in ("list", "watch") for one in (("", "secrets"), ("batch", "jobs"))
    }
    with pytest.raises(ValueError, match="no resource is called passwords"):
        manifest(KubernetesSettings(), without=["passwords"])


def test_a_custom_resource_can_be_named() -> None:
    """One that no table knows, by its whole name; and all of them can be left out."""
    plain, more = (rights(manifest(KubernetesSettings(), beside=names)) for names in ((), ["widgets.example.com"]))
    assert more - plain == {(verb, "example.com", "widgets", "") for verb in ("list", "watch")}
    with pytest.raises(ValueError, match="no resource is called widgets"):
        manifest(KubernetesSettings(), beside=["widgets"])
    few = rights(manifest(KubernetesSettings(max_custom_kinds=0)))
    assert plain - few == {(verb, one.group, one.plural, "") for one in CUSTOM for verb in ("list", "watch")}


@pytest.mark.parametrize(
    "name", ["*.example.com", "widgets.*", 'wid"gets.example.com', "a b.example.com", "secrets.", "a/b.c"]
)
def test_only_a_resource_can_be_named(name: str) -> None:
    """Nothing that stands for many, no part of one, and nothing that breaks the manifest."""
    with pytest.raises(ValueError, match="no resource is called"):
        manifest(KubernetesSettings(), beside=[name])


def test_a_row_whose_resource_nobody_named_is_said() -> None:
    """A row has the kind, which a role does not take. What is in the built-in table is granted, row or no row."""
    rows = [{"group": "example.org", "kind": kind} for kind in ("Widget", "Gadget")]
    settings = KubernetesSettings.model_validate(
        {"custom_resources": [*rows, {"group": "keda.sh", "kind": "ScaledJob"}]}
    )
    said = (
        "# Without Gadget.example.org, Widget.example.org: what these are called as resources is to be named by --with."
    )
    for beside in ([], ["widgets.example.org"]):
        assert said in manifest(settings, beside=beside).splitlines()
    assert "to be named by" not in manifest(settings, beside=["widgets.example.org", "gadgets.example.org"])
    assert "to be named by" not in manifest(settings.model_copy(update={"max_custom_kinds": 0}))


def test_a_tenant_is_granted_nothing_outside_its_namespaces() -> None:
    """Roles only, each in its namespace; and one in kube-system, unless cluster_uid stands for it."""
    text = manifest(KubernetesSettings(namespaces=["shop", "till"], cluster_uid="c1"))
    assert "Cluster" not in text.replace("cluster_uid", "")
    pairs = [(one, verb) for one in READ if one.namespaced for verb in ("list", "watch")]
    assert rights(text) == {
        *((verb, one.group, one.plural, place) for one, verb in pairs for place in ("shop", "till")),
        ("get", "", "namespaces", "shop"),
        ("get", "", "namespaces", "till"),
    }
    only = [rule["resourceNames"] for _, rule in rules(text) if rule["resources"] == ["namespaces"]]
    assert only == [["shop"], ["till"]]
    for others in (["shop"], ["shop", "kube-system"]):
        identity = ("get", "", "namespaces", "kube-system")
        assert [one for one in listed(manifest(KubernetesSettings(namespaces=others))) if one == identity] == [identity]


@pytest.mark.parametrize("account", ["reader", "ops/", "/reader", "A B/c", "ops/a/b", "ops/Reader", "ops/-reader"])
def test_an_account_has_a_namespace_and_a_name(account: str) -> None:
    """Anything else is a mistake, in words."""
    with pytest.raises(ValueError, match="NAMESPACE/NAME"):
        manifest(KubernetesSettings(), account)


def test_an_account_that_is_named_is_bound() -> None:
    """And is not given a namespace anew."""
    documents = list(YAML(typ="safe", pure=True).load_all(manifest(KubernetesSettings(), "ops/reader")))
    subjects = [one["subjects"] for one in documents if "subjects" in one]
    assert subjects == [[{"kind": "ServiceAccount", "name": "reader", "namespace": "ops"}]] * 2
    assert "Namespace" not in [one["kind"] for one in documents]


@pytest.mark.parametrize("settings", [{}, {"namespaces": ["shop", "till"]}])
def test_a_refusal_names_the_very_line_of_the_manifest(settings: dict[str, Any]) -> None:
    """Whatever is refused, listing or identity or what is served, in either mode: the line, and its role."""
    text = manifest(KubernetesSettings(**settings))
    lines = {line.partition("  #")[0] for line in text.splitlines() if line.startswith("- {")}
    api = MemoryApi(samples())
    reader = collector(api, **settings)
    for scope in reader.scopes():
        target = reader._targets[scope.name]
        if target.wanted is None:
            continue
        path = target.wanted.path
        api.fail[path, 1] = Answer(403, b"{}")
        with pytest.raises(Forbidden) as caught:
            testing.observed(reader, scope)
        line, _, role = caught.value.grant.partition("  # in ")
        assert line in lines, scope.name
        assert role == (f"the Role of namespace {scope.name.rpartition('/')[2]}" if settings else "the ClusterRole")
    for path in ("/version", "/api", "/apis/apps/v1"):
        assert settings or wanting(path).partition("  #")[0] in lines
    assert wanting("/api/v1/namespaces/kube-system").partition("  #")[0] in lines
    assert wanting("/api/v1/namespaces/kube-system").endswith("the Role of namespace kube-system")


def test_a_namespace_that_is_gone_is_an_empty_scope_only_by_the_servers_own_word() -> None:
    """A 404 of the API server for that very name is complete, and empty; any other 404 fails."""
    api = MemoryApi(samples())
    reader = collector(api, namespaces=["shop"])
    scope = next(scope for scope in reader.scopes() if scope.name == "namespaces/shop")
    path = "/api/v1/namespaces/shop"
    said = b'{"kind": "Status", "reason": "NotFound", "details": {"name": "%s", "kind": "namespaces"}, "code": 404}'
    api.fail[path, 1] = Answer(404, said % b"shop")
    assert testing.observed(reader, scope) == []
    for body in (said % b"till", b"404 page not found", b"{}"):
        api.fail[path, 1] = Answer(404, body)
        with pytest.raises(Exception, match="no such path"):
            testing.observed(reader, scope)
