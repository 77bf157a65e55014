"""Does a control plane that dies or loses its history ever end a thing that lives, or keep one that does not?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from discovery.listener import WatchState
from tests.endtoend.rig import Rig, rig
from tests.endtoend.told import Told
from tests.endtoend.watched import MAPS, SPACE, Watched, discovered
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

PAGE = 3
LISTED = "/api/v1/configmaps"
SERVERS_OWN = {"kube-root-ca.crt"}


@pytest.fixture
def plane(cluster: ControlPlane) -> ControlPlane:
    """The control plane, with a namespace of our own."""
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}])
    return cluster


@pytest.fixture
def watched(plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path) -> Iterator[Watched]:
    """A cluster behind the proxy that is watched, and looked at each second, so that an outage is soon said."""
    kubeconfig = plane.kubeconfig(server=fault_proxy.url)
    with discovered(plane, tmp_path, kubeconfig, interval=1.0, stale_after=2.5, read_timeout=2.0) as set_up:
        set_up.live()
        yield set_up


def _make(plane: ControlPlane, *names: str) -> None:
    for name in names:
        plane.api.request("POST", MAPS, {"metadata": {"name": name}})


def _unmake(plane: ControlPlane, *names: str) -> None:
    for name in names:
        plane.api.request("DELETE", f"{MAPS}/{name}")


def _truth(plane: ControlPlane) -> dict[str, str]:
    """Give the uid of each configmap of the namespace, by asking the server itself."""
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in plane.api.items(MAPS)}


def _told(set_up: Rig | Watched) -> Told:
    return Told(set_up.says, "k8s.configmap", SPACE)


def test_a_killed_server_is_listed_on(plane: ControlPlane, tmp_path: Path) -> None:
    """Down, nothing is closed and all of it is unknown; up again, the first look has right what happened before it."""
    _make(plane, "kept", "lost", "again")
    with rig(plane.kubeconfig(), tmp_path, stale_after=0.0) as set_up:
        assert set_up.look().complete
        before, key = _truth(plane), _told(set_up).key("lost")
        with plane.down():
            assert set_up.look().error
            assert _told(set_up).uids() == before
            assert set_up.says.presence(key) == "present, unknown"
            (gap,) = set_up.says.ask("entities", kind="k8s.configmap")["freshness"]["gaps"]
            assert (gap["scope"], gap["status"]) == ("configmaps", "unreadable")
            assert gap["since"] in gap["effect"]
        assert _told(set_up).ends() == []
        _unmake(plane, "lost", "again")
        _make(plane, "again", "new")
        for _ in range(2):
            assert set_up.look().complete
            assert _told(set_up).uids() == _truth(plane)
            assert sorted(_told(set_up).ends()) == [("again", "replaced", "world"), ("lost", "closed", "world")]
        assert set_up.says.presence(key) == "gone"
        assert set_up.says.gaps("entities") == []


def test_a_killed_server_is_watched_on(watched: Watched) -> None:
    """Down, nothing is closed and all of it is unknown since then; up again, what happened at once is known."""
    plane = watched.plane
    _make(plane, "kept", "lost", "again")
    watched.shows("kept", "lost", "again")
    before, key = _truth(plane), _told(watched).key("lost")
    with plane.down():
        watched.until(lambda: watched.says.presence(key) == "present, unknown", "not said to be unknown")
        gaps = watched.says.ask("entities", kind="k8s.configmap")["freshness"]["gaps"]
        assert [gap["since"] in gap["effect"] for gap in gaps] == [True]
        assert _told(watched).uids() == before
    _unmake(plane, "lost", "again")
    _make(plane, "again", "new")
    _settles(watched)
    assert sorted(_told(watched).ends()) == [("again", "replaced", "world"), ("lost", "closed", "world")]
    assert watched.says.presence(key) == "gone"


def test_a_killed_etcd_is_an_outage_like_any_other(watched: Watched) -> None:
    """The API server stands and cannot tell: nothing is closed, it is said, and afterwards all is as it happened."""
    plane = watched.plane
    _make(plane, "kept", "lost")
    watched.shows("kept", "lost")
    key = _told(watched).key("kept")
    with plane.without_etcd():
        watched.until(lambda: watched.says.presence(key) == "present, unknown", "not said to be unknown")
        assert _told(watched).ends() == []
    _unmake(plane, "lost")
    _make(plane, "new")
    _settles(watched)
    assert _told(watched).ends() == [("lost", "closed", "world")]
    assert watched.says.presence(key) == "present"


def test_a_history_compacted_while_a_watch_is_cut(watched: Watched, fault_proxy: FaultProxy) -> None:
    """What no watch can tell any more (410) a listing shows: each end once, and the watch goes on from there."""
    plane = watched.plane
    _make(plane, "kept", "lost", "again")
    watched.shows("kept", "lost", "again")
    unheard = fault_proxy.inject(Fault.CUT, LISTED, verb="watch")
    fault_proxy.inject(Fault.CUT, LISTED, verb="list")
    fault_proxy.drop()
    watched.until(lambda: watched.ears.states["configmaps"][-1] is WatchState.CUT, "not cut")
    _unmake(plane, "lost", "again")
    _make(plane, "again", "new", "brief")
    _unmake(plane, "brief")
    plane.expire()
    assert _told(watched).ends() == []
    unheard.times = 0  # the watch comes first: a listing would spare it the 410
    watched.until(lambda: WatchState.OUTDATED in watched.ears.states["configmaps"], "not outdated")
    fault_proxy.clear()
    _settles(watched)
    assert any("(410)" in reason for reason in watched.ears.reasons)
    assert sorted(_told(watched).ends()) == [("again", "replaced", "world"), ("lost", "closed", "world")]


def test_a_history_compacted_between_two_pages(plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path) -> None:
    """The listing begins anew (410) and shows one instant: what went meanwhile is closed once, and nothing else is."""
    _make(plane, *(f"m{number}" for number in range(2 * PAGE)))
    kubeconfig = plane.kubeconfig(server=fault_proxy.url)

    def happens() -> None:
        _unmake(plane, "m0", "m5")
        _make(plane, "m00", "n")
        plane.expire()

    with rig(kubeconfig, tmp_path, page_size=PAGE, read_timeout=30.0, parallel=1) as set_up:
        assert set_up.look().complete
        fault_proxy.forget()
        fault_proxy.meanwhile(happens, LISTED, page=2)
        for _ in range(2):
            assert set_up.look().complete
            assert _told(set_up).uids() == _truth(plane)
            assert sorted(_told(set_up).ends()) == [("m0", "closed", "world"), ("m5", "closed", "world")]
        begun = [one for one in fault_proxy.requests if one.path == LISTED and one.page == 1]
        assert len(begun) == 3  # two looks, and once anew


def _settles(watched: Watched) -> None:
    """Wait until what is known is what there is, by a look and by the watch, and stays so."""
    watched.until(lambda: _told(watched).uids() == _truth(watched.plane), "not as it is")
    watched.live()
    watched.make("last")
    watched.until(lambda: _told(watched).uids() == _truth(watched.plane), "not heard")
    watched.until(lambda: watched.says.gaps("entities") == [], "gaps remain")
