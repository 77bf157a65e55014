"""Does a part of the API that goes, hangs or cannot be asked cost more than itself, and what was in it end right?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.kubernetes.certificates import self_signed
from tests.endtoend.rig import NAME, Rig, rig
from tests.endtoend.told import Told
from tests.endtoend.watched import SPACE, Watched, discovered
from tests.servers.aggregated import AggregatedApi
from tests.servers.definitions import TEXT, definition, served
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

GROUP, VERSION = "shop.example.com", "v1"
WIDGETS, GADGETS = (
    definition(GROUP, VERSION, kind, plural, {"spec": {"size": TEXT}})
    for kind, plural in (("Widget", "widgets"), ("Gadget", "gadgets"))
)


@pytest.fixture
def plane(cluster: ControlPlane) -> ControlPlane:
    """The control plane, with a namespace of our own, two kinds that somebody added, and some of each."""
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}])
    _define(cluster, WIDGETS, GADGETS)
    _make(cluster, "widgets", "a", "b")
    _make(cluster, "gadgets", "c")
    return cluster


@pytest.fixture
def proxied(plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path) -> Iterator[Rig]:
    """Asbuilt behind the proxy, after a good look."""
    kubeconfig = plane.kubeconfig(server=fault_proxy.url)
    with rig(kubeconfig, tmp_path, read_timeout=1.0, parallel=8) as set_up:
        assert set_up.look().complete
        yield set_up


def _define(plane: ControlPlane, *definitions: dict[str, Any]) -> None:
    plane.apply(definitions)
    for one in definitions:
        path = f"/apis/{GROUP}/{VERSION}/{one['spec']['names']['plural']}"
        plane.wait_for(partial(served, plane.api, path), what=f"{path} to be served")


def _make(plane: ControlPlane, plural: str, *names: str) -> None:
    kind = "Widget" if plural == "widgets" else "Gadget"
    for name in names:
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": {"name": name}, "spec": {"size": "1"}}
        plane.api.request("POST", f"/apis/{GROUP}/{VERSION}/namespaces/{SPACE}/{plural}", body)


def _told(set_up: Rig | Watched) -> Told:
    return Told(set_up.says, "k8s.resource", SPACE)


def _freshness(set_up: Rig) -> dict[str, dict[str, Any]]:
    return {one["scope"]: one for one in set_up.says.ask("entities")["freshness"]["scopes"] if one["source"] == NAME}


def test_a_kind_that_is_removed_ends_with_its_objects(plane: ControlPlane, tmp_path: Path) -> None:
    """By listing alone: the server says that there is no such kind, so its objects end; made again, they are others."""
    with rig(plane.kubeconfig(), tmp_path) as set_up:
        assert set_up.look().complete
        before, key = _told(set_up).uids(), _told(set_up).key("b")
        assert set(before) == {"a", "b", "c"}
        plane.delete([WIDGETS])
        for _ in range(2):  # the first sees that the definition is gone, the second that what it defined is
            assert set_up.look().complete
        assert _told(set_up).uids() == {"c": before["c"]}
        assert sorted(_told(set_up).ends()) == [("a", "closed", "world"), ("b", "closed", "world")]
        assert set_up.says.presence(key) == "gone"
        assert set_up.says.gaps("entities") == []
        _define(plane, WIDGETS)
        _make(plane, "widgets", "b")
        for _ in range(2):
            assert set_up.look().complete
            assert set(_told(set_up).uids()) == {"b", "c"}
        assert _told(set_up).uids()["b"] != before["b"]
        assert len(_told(set_up).ends()) == 2


def test_a_kind_that_is_removed_and_made_again_between_two_looks(plane: ControlPlane, tmp_path: Path) -> None:
    """The scope never vanished: what is there no longer ends, and what has its name again is another."""
    with rig(plane.kubeconfig(), tmp_path) as set_up:
        assert set_up.look().complete
        before = _told(set_up).uids()
        plane.delete([WIDGETS])
        _define(plane, WIDGETS)
        _make(plane, "widgets", "b")
        for _ in range(2):
            assert set_up.look().complete
            assert sorted(_told(set_up).ends()) == [("a", "closed", "world"), ("b", "replaced", "world")]
            assert set(_told(set_up).uids()) == {"b", "c"}
        assert _told(set_up).uids()["b"] != before["b"]


def test_a_kind_that_is_removed_while_it_is_watched_and_comes_again(plane: ControlPlane, tmp_path: Path) -> None:
    """Its objects end as the server says; those of the kind made again are watched like any others."""
    with discovered(plane, tmp_path, plane.kubeconfig(), interval=1.0) as set_up:
        set_up.live(f"widgets.{GROUP}")
        before = _told(set_up).uids()
        plane.delete([WIDGETS])
        set_up.until(lambda: set(_told(set_up).uids()) == {"c"}, "still there")
        set_up.ears.states.clear()
        _define(plane, WIDGETS)
        _make(plane, "widgets", "b")
        set_up.until(lambda: set(_told(set_up).uids()) == {"b", "c"}, "not known")
        set_up.live(f"widgets.{GROUP}")
        _make(plane, "widgets", "d")
        set_up.until(lambda: set(_told(set_up).uids()) == {"b", "c", "d"}, "not heard")
        assert _told(set_up).uids()["b"] != before["b"]
        assert sorted(_told(set_up).ends()) == [("a", "closed", "world"), ("b", "closed", "world")]


@pytest.mark.parametrize("lists", [f"/apis/{GROUP}/{VERSION}", "/apis"])
def test_a_kind_that_may_be_gone_ends_nothing(
    lists: str, plane: ControlPlane, proxied: Rig, fault_proxy: FaultProxy
) -> None:
    """Removed, and what the server serves cannot be read: nothing is closed until it can.

    What else is in the group is read where it was last. The server is one that tells group by group.
    """
    fault_proxy.age()
    before = _told(proxied).uids()
    plane.delete([WIDGETS])
    fault_proxy.inject(Fault.ERROR, lists)
    for _ in range(2):
        assert not proxied.look().complete
        assert _told(proxied).uids() == before
        assert _told(proxied).ends() == []
        failing = {name for name, one in _freshness(proxied).items() if one["status"] == "failing"}
        assert failing == ({f"widgets.{GROUP}"} if lists != "/apis" else set(_freshness(proxied)))
    fault_proxy.clear()
    for _ in range(2):
        assert proxied.look().complete
    assert set(_told(proxied).uids()) == {"c"}
    assert sorted(_told(proxied).ends()) == [("a", "closed", "world"), ("b", "closed", "world")]


@pytest.fixture
def aggregated(plane: ControlPlane) -> Iterator[AggregatedApi]:
    """An API of its own behind the API server, in the place of Argo CD's."""
    now, day = datetime.now(UTC), timedelta(days=1)
    pair = self_signed(now - day, now + day, ("localhost",))
    with AggregatedApi("argoproj.io", "v1alpha1", "Application", "applications", pair.certificate, pair.key) as api:
        manifests = plane.apply(api.manifests(SPACE))
        plane.wait_for(partial(served, plane.api, f"{api.path}/applications"), what="the aggregated API to be served")
        yield api
    plane.delete(manifests)
    if plane.parts:
        with plane.down():  # what hung when it was deleted would be told of for another minute
            pass


def test_an_aggregated_api_that_hangs_costs_only_itself(
    plane: ControlPlane, aggregated: AggregatedApi, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    """It is asked once in a look and waited for no longer than that; all others are read, and nothing of it is closed.

    So also where the API server has noticed, and answers 503 in its place; and where it tells what it serves group by
    group, and must be asked for that.
    """
    service, registration = aggregated.manifests(SPACE)
    with rig(plane.kubeconfig(server=fault_proxy.url), tmp_path, read_timeout=1.0, parallel=8) as set_up:
        assert set_up.look().complete
        before = set_up.keys()
        assert [one["name"] for one in set_up.says.ask("entities", kind="argocd.application")["data"]] == ["far"]
        aggregated.hang()
        _costs_itself(set_up, fault_proxy, aggregated, "did not answer in time")
        fault_proxy.age()
        _costs_itself(set_up, fault_proxy, aggregated, "did not answer in time")
        plane.delete([service])
        plane.wait_for(lambda: not _available(plane, registration), what="the API server's notice")
        _costs_itself(set_up, fault_proxy, aggregated, "the server failed (503)")
        assert {one for one in before if not one.endswith("/aggregated")} <= set_up.keys()


def _costs_itself(set_up: Rig, fault_proxy: FaultProxy, api: AggregatedApi, reason: str) -> None:
    name = "applications.argoproj.io"
    fault_proxy.forget()
    look = set_up.look()
    assert {one.scope.name for one in look.scopes if not one.complete} == {name}
    assert len([one for one in fault_proxy.requests if one.path.startswith(api.path)]) == 1
    freshness = _freshness(set_up)[name]
    assert freshness["status"] == "failing"
    assert reason in freshness["error"]


def _available(plane: ControlPlane, registration: dict[str, Any]) -> bool:
    conditions = plane.api.request("GET", plane.api.path_of(registration))["status"]["conditions"]
    return any(one["type"] == "Available" and one["status"] == "True" for one in conditions)
