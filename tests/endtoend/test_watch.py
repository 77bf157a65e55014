"""Is what happens in a real cluster known as it happens, whatever its API server goes through meanwhile?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors import testing
from collectors.contract import Watching
from collectors.kubernetes import plugin
from collectors.kubernetes.resources import RESOURCES
from discovery.listener import WatchState
from graph.store import EntityFilter
from tests.endtoend.watched import SPACE, Watched, discovered
from tests.servers.errors import RequestRefused
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault
from tests.servers.identities import Rule
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server


@pytest.fixture
def plane(cluster: ControlPlane) -> ControlPlane:
    """The control plane, with a namespace of our own."""
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}])
    return cluster


@pytest.fixture
def watched(plane: ControlPlane, tmp_path: Path) -> Iterator[Watched]:
    """A cluster that is listed once and watched from then on."""
    with discovered(plane, tmp_path, plane.kubeconfig()) as set_up:
        set_up.live()
        yield set_up


def test_a_real_watch_tells_what_the_next_listing_shows(plane: ControlPlane) -> None:
    """The contract of watching, on every kind that a plain manifest makes; secrets by their metadata."""
    collector = plugin.connect("real", plugin.settings.model_validate({"kubeconfig": str(plane.kubeconfig())}))
    assert isinstance(collector, Watching)
    scopes = {scope.name: scope for scope in collector.scopes()}
    for plural in ("configmaps", "secrets", "serviceaccounts", "services"):
        path = f"/api/v1/namespaces/{SPACE}/{plural}"
        body = {"spec": {"ports": [{"port": 80}]}} if plural == "services" else {}

        def change(path: str = path, body: dict[str, Any] = body) -> None:
            plane.api.request("POST", path, {**body, "metadata": {"name": "kept"}})
            plane.api.request("POST", path, {**body, "metadata": {"name": "brief"}})
            plane.api.patch(f"{path}/kept", {"metadata": {"labels": {"a": "b"}}})
            plane.api.request("DELETE", f"{path}/brief")

        testing.check_watch_agrees(collector, scopes[plural], change)
    collector.close()


def test_what_happens_is_known_without_another_listing(watched: Watched) -> None:
    """Made, changed, deleted, made again under the same name."""
    watched.make("a")
    watched.make("b")
    watched.shows("a", "b")
    watched.unmake("a")
    watched.shows("b")
    watched.unmake("b")
    watched.make("b")
    watched.make("c")
    watched.shows("b", "c")
    assert watched.runs() == [("complete", 1, None)]


def test_a_server_that_is_killed_and_comes_again_is_watched_on(watched: Watched) -> None:
    """What happens before and after is known; nothing is thought to be gone in between."""
    watched.make("before")
    watched.shows("before")
    with watched.plane.down():
        watched.until(lambda: WatchState.CUT in watched.ears.states["configmaps"], "not cut")
        time.sleep(1)
        assert watched.maps() == {"before"}
    watched.live()
    watched.make("after")
    watched.unmake("before")
    watched.shows("after")


def test_a_history_that_was_compacted_is_listed_anew(watched: Watched) -> None:
    """410: what happened in what is forgotten is shown by the listing, and the watch goes on from it."""
    watched.make("kept")
    watched.make("lost")
    watched.shows("kept", "lost")
    watched.plane.expire()
    watched.unmake("lost")
    watched.make("new")
    watched.shows("kept", "new")
    watched.live()
    watched.make("newer")
    watched.shows("kept", "new", "newer")


def test_a_watch_that_is_forbidden_is_polled_and_the_others_go_on(plane: ControlPlane, tmp_path: Path) -> None:
    """An account that may list everything and watch all but configmaps: these are polled, and say what is missing."""
    others = [each for each in RESOURCES if each.name != "configmaps"]
    rules = [Rule((each.plural,), each.group, ("get", "list", "watch")) for each in others]
    account = plane.identity("no-watch", [*rules, Rule(("configmaps",), verbs=("list",))])
    kubeconfig = plane.kubeconfig(token=account.token)
    with discovered(plane, tmp_path, kubeconfig, interval=1.0) as set_up:
        set_up.live("secrets")
        set_up.until(lambda: set_up.ears.states.get("configmaps") == [WatchState.REFUSED], "not refused")
        set_up.make("a")
        set_up.shows("a")
        set_up.until(lambda: "grant 'watch' on configmaps" in str(set_up.runs()[-1][2]), "said nowhere")
        set_up.unmake("a")
        set_up.shows()


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_of_the_watch_costs_nothing(
    plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path, fault: Fault
) -> None:
    """Met three times by every fault between here and the server, what happened is known soon after."""
    kubeconfig = plane.kubeconfig(server=fault_proxy.url)
    with discovered(plane, tmp_path, kubeconfig, interval=2.0, watch_silence=1.0) as set_up:
        set_up.live()
        set_up.make("a")
        set_up.shows("a")
        hit = fault_proxy.inject(fault, r"/api/v1/configmaps", verb="watch", times=3)
        set_up.until(lambda: hit.hits >= (1 if fault in (Fault.FORBIDDEN, Fault.UNAUTHORIZED) else 3), "never met")
        set_up.make("b")
        set_up.unmake("a")
        set_up.shows("b")
        fault_proxy.clear()
        set_up.make("c")
        set_up.shows("b", "c")
        testing.check_only_reads(fault_proxy.verbs)


def test_a_connection_that_hangs_is_noticed(plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path) -> None:
    """Silence for longer than a watch may be silent: asked again from the last word, and nothing is lost."""
    kubeconfig = plane.kubeconfig(server=fault_proxy.url)
    with discovered(plane, tmp_path, kubeconfig, watch_silence=0.5) as set_up:
        hit = fault_proxy.inject(Fault.TIMEOUT, r"/api/v1/configmaps", verb="watch", times=2)
        set_up.until(lambda: hit.hits == 2, "never met")
        set_up.make("a")
        set_up.shows("a")
        assert set_up.runs() == [("complete", 1, None)]


APPLICATIONS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "applications.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"plural": "applications", "singular": "application", "kind": "Application"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def test_a_kind_that_is_removed_while_it_is_watched(plane: ControlPlane, tmp_path: Path) -> None:
    """Its objects end as the server says, its watch is over, and all other watches go on."""
    plane.apply([APPLICATIONS])
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{SPACE}/applications"
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shop"}, "spec": {}}

    def served() -> bool:
        try:
            return plane.api.read(path) is not None
        except RequestRefused:  # 429: its storage is only being made
            return False

    plane.wait_for(served, what="the new kind")
    plane.api.request("POST", path, body)
    name = "applications.argoproj.io"
    with discovered(plane, tmp_path, plane.kubeconfig(), interval=3.0) as set_up:

        def known() -> bool:
            with set_up.store.reader() as reader:
                return any(one.name == "shop" for one in reader.entities(EntityFilter(prefix=""), 10_000))

        set_up.until(known, "the application is not known")
        set_up.live(name)
        plane.delete([APPLICATIONS])
        set_up.until(lambda: not known(), "the application has not ended")
        set_up.until(lambda: WatchState.OVER in set_up.ears.states[name], "still watched")
        set_up.make("a")
        set_up.shows("a")
        assert set_up.ears.states["configmaps"] == [WatchState.LIVE]


@pytest.mark.long
def test_bookmarks_of_a_real_server_count_as_complete_runs(watched: Watched) -> None:
    """Somebody lists, as controllers do; within some minutes each quiet scope is proved complete without a listing."""
    end = time.monotonic() + 240
    while watched.runs("ingresses.networking.k8s.io")[-1][1] < 2:
        watched.plane.api.items("/api/v1/pods")
        watched.make(f"m{time.monotonic_ns()}")
        assert time.monotonic() < end, watched.runs("ingresses.networking.k8s.io")
        time.sleep(5)
