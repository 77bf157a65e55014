"""Does any failure between here and a real API server ever end a thing, or hide that it could not be seen?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from collectors import testing
from collectors.kubernetes.resources import RESOURCES, Resource
from graph.model import DocumentRef
from tests.endtoend.crowd import crowd
from tests.endtoend.rig import NAME, Rig, rig
from tests.endtoend.watched import HOUR, Watched, discovered
from tests.servers import estate
from tests.servers.definitions import define
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault, Injection
from tests.servers.identities import Rule
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

PAGE = 3
BATCHES = 6
LISTS = r"/(api|apis/[^/]+)/v[0-9a-z]+/[a-z]+"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
SLICE = {  # one that no controller keeps as it wants it
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "own", "namespace": "crowd"},
    "addressType": "IPv4",
    "endpoints": [],
}
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
    control_plane.apply([*crowd(), SLICE])
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


def test_a_group_that_cannot_be_asked_costs_its_own_scopes(proxied: Rig, fault_proxy: FaultProxy) -> None:
    """For each group in turn: what the server has of it cannot be asked, so its scopes fail with that, and no other.

    The server is one that tells group by group.
    """
    fault_proxy.age()
    before, head = proxied.keys(), proxied.head
    for group in sorted({one.group for one in RESOURCES}):
        injection = fault_proxy.inject(Fault.ERROR, _discovery(group), verb="get")
        look = proxied.look()
        assert injection.hits, group
        failed = {one.scope.name: str(one.run.error) for one in look.scopes if not one.complete}
        assert set(failed) == {one.name for one in RESOURCES if one.group == group}
        assert all(f"the resources of /api{'s/' if group else ''}{group}" in reason for reason in failed.values())
        fault_proxy.clear()
    assert proxied.look().complete
    assert proxied.says.gaps("entities") == []
    assert (proxied.head, proxied.keys()) == (head, before)


def _discovery(group: str) -> str:
    """Give the paths at which the server tells what it has of a group."""
    return f"/apis/{re.escape(group)}/[^/]+" if group else "/api/v1"


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


def test_a_group_that_cannot_be_asked_costs_its_own_watches(
    settled: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    """Of half the groups, then of the others: what stands goes on, what is cut then fails with that, and heals.

    The server is one that tells group by group.
    """
    fault_proxy.age()
    kubeconfig = settled.kubeconfig(tmp_path / "kubeconfig", server=fault_proxy.url)
    paths, groups = _paths(settled), sorted({one.group for one in RESOURCES})
    with discovered(settled, tmp_path, kubeconfig, interval=2.0, stale_after=HOUR) as set_up:
        set_up.live(*paths)
        head = set_up.store.head().number
        for met in (groups[::2], groups[1::2]):
            injections = [fault_proxy.inject(Fault.ERROR, _discovery(group), verb="get") for group in met]
            set_up.until(partial(_met_twice, injections), "not asked")
            assert _failing(set_up) == set()
            fault_proxy.drop()
            mine = {one.name for one in RESOURCES if one.group in met}
            set_up.until_none(partial(_wrong, set_up, mine), "not as it should be")
            fault_proxy.clear()
            set_up.until_none(partial(_failing, set_up), "not healed")
            set_up.live(*paths)
        assert set_up.closed_since(head) == []
        assert set_up.says.gaps("entities") == []


def _met_twice(injections: list[Injection]) -> bool:
    return all(one.hits > 1 for one in injections)


def _wrong(set_up: Watched, expected: set[str]) -> set[str]:
    return expected ^ _failing(set_up)


def _failing(set_up: Watched) -> set[str]:
    scopes = set_up.says.ask("entities", limit="1")["freshness"]["scopes"]
    return {one["scope"] for one in scopes if one["source"] == NAME and one["status"] == "failing"}


QUICK = (Fault.FORBIDDEN, Fault.GONE, Fault.ERROR, Fault.CUT)
WATCHED = [fault if fault in QUICK else pytest.param(fault, marks=pytest.mark.long) for fault in Fault]
"""All of them; the default run leaves out those that a watch takes as it takes one of the others."""


@pytest.mark.parametrize("fault", WATCHED)
def test_a_fault_of_the_watch_of_any_resource_costs_nothing(
    fault: Fault, settled: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    """Each watch meets it as it connects anew: nothing is closed, and of each resource what happens is known."""
    kubeconfig = settled.kubeconfig(tmp_path / "kubeconfig", server=fault_proxy.url)
    paths = _paths(settled)
    silence = 3.0 if fault is Fault.TIMEOUT else 60.0
    with discovered(settled, tmp_path, kubeconfig, interval=2.0, watch_silence=silence) as set_up:
        set_up.live(*paths)
        head = set_up.store.head().number
        hits = {name: fault_proxy.inject(fault, path, verb="watch", times=1) for name, path in paths.items()}
        fault_proxy.drop()
        set_up.until_none(lambda: {name for name, hit in hits.items() if not hit.hits}, "never met")
        changed = {name: _label(settled, path, f"met-{fault}") for name, path in paths.items()}
        set_up.until_none(lambda: _ignorant(set_up, changed, f"met-{fault}"), "what happened is not known")
        assert set_up.closed_since(head) == []
        testing.check_only_reads(fault_proxy.verbs)


def _label(plane: ControlPlane, path: str, value: str) -> str:
    """Label one object of a listing, one that nobody cares for if there is one; give its uid."""
    listed = [one["metadata"] for one in plane.api.items(path)]
    metadata = min(listed, key=lambda one: (one["name"] != "own", not one["name"].startswith("idle")))
    root, _, plural = path.rpartition("/")
    space = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    plane.api.patch(f"{root}{space}/{plural}/{metadata['name']}", {"metadata": {"labels": {"asbuilt.test/met": value}}})
    return str(metadata["uid"])


def _ignorant(set_up: Watched, changed: dict[str, str], value: str) -> set[str]:
    """Give the resources of whose changed object it is not known that it is labelled."""
    with set_up.store.reader() as reader:
        known = reader.documents([DocumentRef(NAME, uid) for uid in changed.values()])
    text = {ref.id: one.text for ref, one in known.items()}
    return {name for name, uid in changed.items() if value not in text.get(uid, "")}
