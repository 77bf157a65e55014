"""Does a real API server let an account with just the written permissions read everything, and name what is missing?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from collectors import testing
from collectors.kubernetes import plugin
from collectors.kubernetes.grants import WHAT_IS_SERVED
from collectors.kubernetes.permissions import manifest
from collectors.kubernetes.resources import RESOURCES
from collectors.kubernetes.settings import KubernetesSettings
from discovery.checking import Finding, check
from discovery.source import Source
from tests.collectors.kubernetes import manifests
from tests.servers.definitions import define
from tests.servers.fault_proxy import FaultProxy
from tests.servers.kube_api import Manifest, documents
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

RBAC = "/apis/rbac.authorization.k8s.io/v1"
BY_DEFAULT = ("system:discovery", "system:public-info-viewer")


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give a control plane that serves every resource."""
    define(control_plane)
    for name in ("shop", "till"):
        control_plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    yield control_plane
    control_plane.reset()


def token_of(plane: ControlPlane, namespace: str, name: str = "asbuilt") -> str:
    """Return a fresh token of a ServiceAccount."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return str(plane.api.request("POST", path, wanted)["status"]["token"])


@contextmanager
def granted(
    plane: ControlPlane, text: str, proxy: FaultProxy, account: str = "asbuilt", **settings: Any
) -> Iterator[Callable[[], list[Finding]]]:
    """Apply a manifest; give what checks its account by way of the proxy. Afterwards all of it is gone."""
    made = list(documents(text))
    plane.apply(made)
    kubeconfig = plane.kubeconfig(server=proxy.url, token=token_of(plane, account))
    source = Source("prod", plugin, KubernetesSettings(kubeconfig=str(kubeconfig), **settings))
    try:
        yield lambda: check(source)
    finally:
        plane.delete([one for one in made if one["kind"] not in ("Namespace", "ServiceAccount")])


def refused(findings: Sequence[Finding]) -> dict[str, str]:
    """Give what may not be read or watched, with the line that would allow it."""
    return {one.scope: one.grant for one in findings if not one.readable or one.polled}


def test_the_written_permissions_allow_everything_and_all_of_them_are_used(
    plane: ControlPlane, fault_proxy: FaultProxy
) -> None:
    """Every scope is read to its end and watched; what was asked is what is granted, verb by verb, and nothing else."""
    text = manifests.written()["cluster.yaml"]
    with granted(plane, text, fault_proxy) as checked:
        findings = checked()
        served = {one.scope for one in findings} - {"cluster"}
        assert {one.name for one in RESOURCES} <= served
        assert refused(findings) == {}
        kubeconfig = plane.kubeconfig(server=fault_proxy.url, token=token_of(plane, "asbuilt"))
        testing.world(plugin.connect("prod", KubernetesSettings(kubeconfig=str(kubeconfig))))
        asked = {(one.verb, one.resource) for one in fault_proxy.requests if one.resource}
        assert asked == {(verb, one.plural) for one in RESOURCES for verb in ("list", "watch")} | {
            ("get", "namespaces")
        }
        testing.check_only_reads(fault_proxy.verbs)
        rest = {one.path for one in fault_proxy.requests if not one.resource}
        assert {path.partition("/")[2].partition("/")[0] for path in rest} == {"version", "api", "apis"}


def test_a_line_that_is_missing_costs_its_scope_alone_and_is_named(
    plane: ControlPlane, fault_proxy: FaultProxy
) -> None:
    """Each line of the ClusterRole in turn: that resource is refused, no other, and that line is told."""
    text = manifests.written()["cluster.yaml"]
    (role,) = [one for one in documents(text) if one["kind"] == "ClusterRole"]
    lines = [line.partition("  #")[0] for line in text.splitlines() if line.startswith("- {api")]
    by_name = {one.name: one for one in RESOURCES}
    path = f"{RBAC}/clusterroles/asbuilt"
    with granted(plane, text, fault_proxy) as checked:
        for name, resource in by_name.items():
            left = [one for one in role["rules"] if not _is_of(one, resource.group, resource.plural)]
            assert len(left) == len(role["rules"]) - 1
            plane.api.patch(path, {"rules": left})
            found = plane.wait_for(lambda: refused(checked()), what=f"notice that {name} is not allowed")
            assert list(found) == [name]
            line, _, place = found[name].partition("  # in ")
            assert (line in lines, place) == (True, "the ClusterRole")
            assert next(rule for rule in documents_of(line) if _is_of(rule, resource.group, resource.plural))
        plane.api.patch(path, {"rules": role["rules"]})
        plane.wait_for(lambda: not refused(checked()), what="notice that all is allowed again")


def documents_of(line: str) -> list[Manifest]:
    """Read a line of a manifest as the list of one rule that it is."""
    from ruamel.yaml import YAML

    rules: list[Manifest] = YAML(typ="safe", pure=True).load(line)
    return rules


def _is_of(rule: Manifest, group: str, plural: str) -> bool:
    return rule.get("apiGroups") == [group] and rule.get("resources") == [plural]


def test_a_right_to_list_alone_is_read_and_says_what_watching_wants(
    plane: ControlPlane, fault_proxy: FaultProxy
) -> None:
    """Without the verb watch a scope is readable, would be polled, and the same line is named."""
    text = manifests.written()["cluster.yaml"]
    (role,) = [one for one in documents(text) if one["kind"] == "ClusterRole"]
    rules = [rule | {"verbs": ["list"]} if _is_of(rule, "", "pods") else rule for rule in role["rules"]]
    with granted(plane, text, fault_proxy) as checked:
        plane.api.patch(f"{RBAC}/clusterroles/asbuilt", {"rules": rules})
        found = plane.wait_for(lambda: [one for one in checked() if one.polled], what="notice")
    assert [(one.scope, one.readable) for one in found] == [("pods", True)]
    assert '["pods"], verbs: ["list", "watch"]}' in found[0].grant


def test_the_identity_and_what_is_served_are_named_too(plane: ControlPlane, fault_proxy: FaultProxy) -> None:
    """Without the role in kube-system nothing can be known; without the default roles the line of its own suffices."""
    text = manifests.written()["cluster.yaml"]
    with granted(plane, text, fault_proxy) as checked, without_defaults(plane):
        plane.wait_for(lambda: not refused(checked()), what="notice that the ClusterRole allows what is served")
        (role,) = [one for one in documents(text) if one["kind"] == "ClusterRole"]
        path = f"{RBAC}/clusterroles/asbuilt"
        plane.api.patch(path, {"rules": [one for one in role["rules"] if "nonResourceURLs" not in one]})
        found = plane.wait_for(lambda: refused(checked()), what="notice that what is served may not be asked")
        assert found == {"*": f"{WHAT_IS_SERVED.line}  # in the ClusterRole"}
        plane.api.patch(path, {"rules": role["rules"]})
        identity = [one for one in documents(text) if one["metadata"].get("namespace") == "kube-system"]
        plane.delete(identity)
        found = plane.wait_for(
            lambda: {scope: line for scope, line in refused(checked()).items() if "kube-system" in line},
            what="notice that kube-system may not be read",
        )
        assert list(found) == ["*"]
        plane.apply(identity)


def _all_allowed(checked: Callable[[], list[Finding]]) -> bool:
    return not refused(checked())


@contextmanager
def without_defaults(plane: ControlPlane) -> Iterator[None]:
    """Take from accounts what every account may do by default, as hardened clusters do."""
    bound = [plane.api.read(f"{RBAC}/clusterrolebindings/{name}") for name in BY_DEFAULT]
    kept = [json.loads(json.dumps(one)) for one in bound if one is not None]
    assert len(kept) == len(BY_DEFAULT)
    for name in BY_DEFAULT:
        plane.api.request("DELETE", f"{RBAC}/clusterrolebindings/{name}")
    try:
        yield
    finally:
        for one in kept:
            for grown in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
                one["metadata"].pop(grown, None)
            plane.api.request("POST", f"{RBAC}/clusterrolebindings", one)


def test_without_secrets_the_rest_is_read(plane: ControlPlane, fault_proxy: FaultProxy) -> None:
    """Secrets alone are forbidden, which every look says; nothing of them was ever granted."""
    with granted(plane, manifests.written()["cluster-without-secrets.yaml"], fault_proxy) as checked:
        assert list(plane.wait_for(lambda: refused(checked()), what="a check")) == ["secrets"]


def test_a_tenant_needs_no_right_in_the_cluster(plane: ControlPlane, fault_proxy: FaultProxy) -> None:
    """Roles alone allow every scope of two namespaces; with cluster_uid none is needed in a third."""
    uid = plane.api.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    for extra in ({}, {"cluster_uid": uid}):
        settings = {"namespaces": ["shop", "till"], **extra}
        text = manifest(KubernetesSettings.model_validate(settings))
        assert "kind: Cluster" not in text
        with granted(plane, text, fault_proxy, "shop", **settings) as checked:
            plane.wait_for(partial(_all_allowed, checked), what="notice of the roles")
            fault_proxy.forget()
            findings = checked()
        assert refused(findings) == {}
        namespaced = [one for one in RESOURCES if one.namespaced]
        expected = {f"{one.name}/{place}" for one in namespaced for place in ("shop", "till")}
        assert expected <= {one.scope for one in findings}
        asked = {one.path for one in fault_proxy.requests if one.resource}
        in_vain = {"/apis/apiregistration.k8s.io/v1/apiservices"}  # what definitions add; refused, all groups are asked
        assert {path for path in asked if "/namespaces/" not in path} == in_vain
        places = {path.split("/namespaces/")[1].split("/")[0] for path in asked - in_vain}
        assert places == {"shop", "till"} | (set() if extra else {"kube-system"})
        testing.check_only_reads(fault_proxy.verbs)
