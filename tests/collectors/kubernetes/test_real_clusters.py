"""Is a cluster the same under another name, and another under the same; and do logins that live shortly stay good?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors import testing
from collectors.contract import Collector, Failed
from collectors.kubernetes import plugin
from collectors.kubernetes.settings import KubernetesSettings
from discovery.checking import check, doubled
from discovery.source import Source
from graph.model import Key
from tests.collectors.kubernetes.guarded import kubeconfig
from tests.endtoend.rig import rig
from tests.servers.errors import RequestRefused
from tests.servers.identities import Rule
from tests.servers.kube_api import KubeApi
from tests.servers.kubeconfig import Access
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

SETTINGS: dict[str, Any] = {"namespaces": ["here"]}
PLACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "here"}}
THING = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "thing", "namespace": "here"},
    "data": {"a": "b"},
}


@pytest.fixture(scope="module")
def first(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give a cluster with one namespace of ours."""
    control_plane.apply([PLACE, THING])
    yield control_plane
    control_plane.reset()


@pytest.fixture(scope="module")
def rebuilt(first: ControlPlane) -> Iterator[ControlPlane]:
    """Give a cluster that was built anew, with the same things in it."""
    with ControlPlane() as second:
        second.apply([PLACE, THING])
        yield second


def renamed(path: Path, folder: Path, name: str) -> Path:
    """Write a kubeconfig again, with another name for its context."""
    found = folder / name
    found.write_text(path.read_text().replace('"asbuilt-test"', f'"{name}"'))
    return found


def test_a_renamed_context_is_the_same_cluster_and_a_rebuilt_one_is_not(
    first: ControlPlane, rebuilt: ControlPlane, tmp_path: Path
) -> None:
    """By what the store holds: the first changes nothing, the second is a world of its own, and ends nothing."""
    ours, theirs = first.kubeconfig(), rebuilt.kubeconfig()
    quiet = SETTINGS | {"max_custom_kinds": 0}
    with rig(renamed(ours, tmp_path, "prod"), tmp_path, context="prod", **quiet) as told:
        assert told.look().complete
        known, revision = told.keys(), told.head
    with rig(renamed(ours, tmp_path, "production"), tmp_path, context="production", **quiet) as told:
        assert told.look().complete
        assert _lasting(told.keys()) == _lasting(known)
        assert not _lasting(told.closed_since(revision))
    with rig(renamed(theirs, tmp_path, "other"), tmp_path, **quiet) as told:
        assert told.look().complete
        new = told.keys() - known
        assert not _lasting(told.closed_since(revision))
    clusters = {Key.parse(key).pairs[0][1] for key in known}, {Key.parse(key).pairs[0][1] for key in _lasting(new)}
    assert all(len(each) == 1 for each in clusters)
    assert clusters[0] != clusters[1]
    assert {"/".join(key.split("/")[2:]) for key in _lasting(known)} == {
        "/".join(key.split("/")[2:]) for key in _lasting(new)
    }


def _lasting(subjects: Any) -> set[str]:
    """Leave out what comes and goes by itself."""
    return {one for one in subjects if "k8s.event" not in one}


def test_one_cluster_under_two_names_is_noticed(first: ControlPlane, rebuilt: ControlPlane, tmp_path: Path) -> None:
    """By the uid of kube-system; two clusters alike are two."""
    prod, again, other = (
        Source(name, plugin, KubernetesSettings(kubeconfig=str(path), **SETTINGS), watch=False)
        for name, path in (
            ("prod", first.kubeconfig()),
            ("again", renamed(first.kubeconfig(), tmp_path, "again")),
            ("other", rebuilt.kubeconfig()),
        )
    )
    findings = [one for source in (prod, again, other) for one in check(source)]
    assert [(one.source, one.by) for one in doubled(findings)] == [("prod", "again")]


class Account:
    """A ServiceAccount that may list ConfigMaps, and whose tokens end when it is made anew."""

    NAME = "short-lived"

    def __init__(self, plane: ControlPlane, file: Path) -> None:
        self._plane = plane
        self._file = file
        self.identity = plane.identity(self.NAME, [Rule(("configmaps", "namespaces"))], namespace="here")
        file.write_text(f"{self.identity.token}\n")

    def rotate(self) -> None:
        """End its token, wait until the server has forgotten it, and put another into the file."""
        old, path = self.identity.token, f"/api/v1/namespaces/here/serviceaccounts/{self.NAME}"
        self._plane.api.request("DELETE", path)
        access = self._plane.access
        holder = KubeApi(Access(access.server, authority=access.authority, token=old))

        def refused() -> bool:
            try:
                holder.request("GET", "/api/v1/namespaces/here")
            except RequestRefused as error:
                return error.status == 401
            return False

        self._plane.wait_for(refused, what="the end of the token")
        holder.close()
        self.identity = self._plane.identity(self.NAME, [Rule(("configmaps", "namespaces"))], namespace="here")
        self._file.write_text(f"{self.identity.token}\n")


def things(reader: Collector) -> int:
    """Count what is read."""
    (scope,) = [scope for scope in reader.scopes() if scope.name == "configmaps/here"]
    return len(testing.observed(reader, scope))


@pytest.mark.parametrize("way", ["file", "program"])
def test_a_token_that_rotates_costs_no_look(first: ControlPlane, tmp_path: Path, way: str) -> None:
    """From a file, or by a login program: the same collector goes on reading after its token was ended."""
    file = tmp_path / "token"
    account = Account(first, file)
    user: dict[str, Any] = {"tokenFile": "token"}
    if way == "program":
        version = "client.authentication.k8s.io/v1"
        script = tmp_path / "log-in"
        answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": "TOKEN"}})
        script.write_text(f"#!/bin/sh\necho '{answer}' | sed \"s/TOKEN/$(cat {file})/\"\n")
        script.chmod(0o700)
        user = {"exec": {"apiVersion": version, "command": "./log-in", "interactiveMode": "Never"}}
    (tmp_path / "ca.crt").write_text(first.access.authority or "")
    path = kubeconfig(tmp_path, first.access.server, user, **{"certificate-authority": "ca.crt"})
    reader = plugin.connect("real", KubernetesSettings(kubeconfig=str(path), **SETTINGS))
    count = things(reader)
    assert count >= 1
    account.rotate()
    assert things(reader) == count
    reader.close()


def test_a_server_under_another_name_says_which_it_has(first: ControlPlane, tmp_path: Path) -> None:
    """Its own certificate's names, and the next step."""
    (tmp_path / "ca.crt").write_text(first.access.authority or "")
    cluster = {"certificate-authority": "ca.crt", "tls-server-name": "api.example"}
    path = kubeconfig(tmp_path, first.access.server, {"token": "canary"}, **cluster)
    with pytest.raises(Failed, match=r"is for other names: .*kubernetes\.default.*; use one of them") as caught:
        plugin.connect("real", KubernetesSettings(kubeconfig=str(path))).scopes()
    assert "canary" not in str(caught.value)
