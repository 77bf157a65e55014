"""Does any failure between here and a real API server ever end a thing, or hide that it could not be seen?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from collectors.kubernetes.resources import RESOURCES, Resource
from tests.endtoend.crowd import crowd
from tests.endtoend.rig import NAME, Rig, rig
from tests.servers import estate
from tests.servers.definitions import define
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault
from tests.servers.identities import Rule
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

PAGE = 3
BATCHES = 6
LISTS = r"/(api|apis/[^/]+)/v[0-9a-z]+/[a-z]+"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
REFUSALS = (Fault.FORBIDDEN, Fault.UNAUTHORIZED)
WORDS = {
    Fault.FORBIDDEN: "403",
    Fault.UNAUTHORIZED: "401",
    Fault.GONE: "410",
    Fault.THROTTLED: "429",
    Fault.ERROR: "500",
    Fault.TIMEOUT: "",
    Fault.CUT: "",
    Fault.TRUNCATED: "JSON",
}


@pytest.fixture(scope="module")
def settled(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The control plane with the estate on it, at rest, and several pages of everything."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    define(control_plane)
    control_plane.apply(estate.manifests())
    control_plane.apply(crowd())
    control_plane.wait_settled()
    control_plane.wait_for(partial(_judged, control_plane), what="the first word of every autoscaler and budget")
    yield control_plane
    control_plane.reset()


@pytest.fixture
def proxied(settled: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path) -> Iterator[Rig]:
    """Asbuilt behind the proxy, after two good looks: the second proves what the first could only mention."""
    kubeconfig = settled.kubeconfig(tmp_path / "kubeconfig", server=fault_proxy.url)
    with rig(kubeconfig, tmp_path, page_size=PAGE, read_timeout=1.0, connect_timeout=1.0, parallel=8) as set_up:
        assert set_up.look().complete
        assert set_up.look().complete
        yield set_up


def _judged(plane: ControlPlane) -> bool:
    """Tell whether the controllers that look at the world by the clock have looked, and each claim has its disk."""
    ruled = [*plane.api.items("/apis/autoscaling/v2/horizontalpodautoscalers"), *plane.api.items(BUDGETS)]
    claims = plane.api.items("/api/v1/persistentvolumeclaims")
    judged = all(one.get("status", {}).get("conditions") for one in ruled)
    return judged and all(one["status"].get("phase") == "Bound" for one in claims)


def _paths(plane: ControlPlane) -> dict[str, str]:
    """Give the path that lists each resource, by asking the server itself."""
    return {each.name: plane.api.listing_of(each.group, each.plural) for each in RESOURCES}


def _rounds(pages: dict[str, int]) -> list[dict[str, int]]:
    """Choose which page of each resource is met: the first, the second, one in the middle, the last."""
    rounds = [dict.fromkeys(pages, 1), dict.fromkeys(pages, 2)]
    rounds += [{name: (count + 2) // 2 for name, count in pages.items() if count > 3}]
    rounds += [{name: count for name, count in pages.items() if count > 2}]
    return rounds


@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_at_any_page_of_any_resource_ends_nothing_and_is_said(
    fault: Fault, settled: ControlPlane, proxied: Rig, fault_proxy: FaultProxy
) -> None:
    """Nothing is closed; what it met is failing or unreadable, with its reason, in the answers too; and it heals.

    Met are the first page, the second, one in the middle and the last.
    """
    paths = _paths(settled)
    pages = {name: -(-len(settled.api.items(path)) // PAGE) for name, path in paths.items()}
    assert min(pages.values()) >= 2, pages
    before, first = proxied.keys(), proxied.head
    for met in _rounds(pages):
        injections = {
            name: fault_proxy.inject(fault, paths[name], verb="list", page=page) for name, page in met.items()
        }
        look = proxied.look()
        fault_proxy.clear()
        assert [name for name, injection in injections.items() if not injection.hits] == []
        failed = {one.scope.name for one in look.scopes if not one.complete}
        assert failed == set(met), met
        assert proxied.closed_since(first) == []
        assert proxied.keys() == before
        _is_said(proxied, fault, set(met))

        healed = proxied.look()
        assert healed.complete
        assert proxied.says.gaps("entities") == []
        assert proxied.keys() == before
    assert proxied.closed_since(first) == []
    if fault not in REFUSALS:
        assert proxied.head == first  # one failed look is no news of the world
    assert fault_proxy.verbs <= {"get", "list"}


def _is_said(rig: Rig, fault: Fault, met: set[str]) -> None:
    """Read in an answer that the scopes could not be read, since when, and why."""
    answer = rig.says.ask("entities")
    scopes = {one["scope"]: one for one in answer["freshness"]["scopes"]}
    for name in met:
        status = "unreadable" if fault in REFUSALS else "failing"
        assert scopes[name]["status"] == status
        assert WORDS[fault] in scopes[name]["error"]
        assert scopes[name]["last_complete"] is not None
    unreadable = {gap["scope"]: gap for gap in answer["freshness"]["gaps"] if gap["source"]}
    assert set(unreadable) == (met if fault in REFUSALS else set())
    for gap in unreadable.values():
        assert gap["since"] is not None
        assert gap["since"] in gap["effect"]
    if fault in REFUSALS:
        pod = rig.says.ask("entities", kind="k8s.pod", limit="1")["data"][0]["key"]
        assert rig.says.presence(pod) == ("present, unknown" if "pods" in met else "present")


def test_an_expired_page_begins_again_within_the_look(proxied: Rig, fault_proxy: FaultProxy) -> None:
    """One 410 in the middle of a listing costs a second beginning, and nothing else."""
    head = proxied.head
    injection = fault_proxy.inject(Fault.GONE, LISTS, verb="list", page=2, times=1)
    assert proxied.look().complete
    assert injection.hits == 1
    assert proxied.head == head


def test_a_429_every_second_poll_of_a_quiet_world_makes_no_revision(proxied: Rig, fault_proxy: FaultProxy) -> None:
    """Ten polls, five of them refused for their number."""
    head, keys = proxied.head, proxied.keys()
    for _ in range(5):
        fault_proxy.inject(Fault.THROTTLED, LISTS, verb="list", page=1)
        assert not proxied.look().complete
        fault_proxy.clear()
        assert proxied.look().complete
    assert proxied.head == head
    assert proxied.keys() == keys


def test_a_server_that_is_gone_altogether_ends_nothing(proxied: Rig, fault_proxy: FaultProxy) -> None:
    """Every request is cut: each known scope has a failed run, and no scope list is ever shorter for it."""
    head, keys = proxied.head, proxied.keys()
    fault_proxy.inject(Fault.CUT, ".*")
    look = proxied.look()
    assert look.error
    assert {one.scope.name for one in look.scopes} == {"cluster", *(one.name for one in RESOURCES)}
    fault_proxy.clear()
    assert (proxied.head, proxied.keys()) == (head, keys)
    scopes = [one for one in proxied.says.ask("entities")["freshness"]["scopes"] if one["source"] == NAME]
    assert all(one["status"] == "failing" for one in scopes)
    assert proxied.look().complete
    assert proxied.head == head


@pytest.mark.parametrize("start", range(BATCHES))
def test_a_resource_forbidden_from_the_first_day_is_never_read(
    start: int, settled: ControlPlane, tmp_path: Path
) -> None:
    """It stands as never read with its reason, in every answer that leans on it; and heals once it is granted.

    Some are hidden at a time, and each of them costs only itself.
    """
    hidden = RESOURCES[start::BATCHES]
    granted = [_reading(one) for one in RESOURCES if one not in hidden]
    granted.append(Rule(("namespaces",), verbs=("get",)))  # who the cluster is must be known in any case
    identity = settled.identity(f"without-{start}", granted)
    kubeconfig = settled.kubeconfig(tmp_path / "kubeconfig", token=identity.token)
    with rig(kubeconfig, tmp_path) as restricted:
        look = restricted.look()
        assert {one.scope.name for one in look.scopes if not one.complete} == {one.name for one in hidden}
        for resource in hidden:
            answer = restricted.says.ask("entities", kind=resource.kind)
            assert answer["data"] == []
            never = [f"{NAME}/{resource.name} never_read"]
            assert restricted.says.gaps("entities", kind=resource.kind) == never
            effect = answer["freshness"]["gaps"][0]["effect"]
            assert "403" in effect
            assert f"'list' on {resource.plural}" in effect
        first = restricted.now

        identity.allow([*granted, *map(_reading, hidden)])
        assert restricted.look().complete
        for resource in hidden:
            healed = restricted.says.ask("entities", kind=resource.kind, limit="1")
            assert healed["data"]
            assert restricted.says.gaps("entities", kind=resource.kind) == []
            assert restricted.says.presence(healed["data"][0]["key"]) == "present"
            assert restricted.says.gaps("entities", first, kind=resource.kind) == [f"{NAME}/{resource.name} never_read"]


def _reading(resource: Resource) -> Rule:
    return Rule((resource.plural,), resource.group, verbs=("get", "list"))
