"""Is a cluster whose etcd was restored from an older copy known as it is now, though its positions have gone back?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from discovery.listener import WatchState
from tests.endtoend.watched import MAPS, SPACE, Watched, discovered
from tests.servers.kubernetes import ControlPlane

pytestmark = [pytest.mark.server, pytest.mark.long]

LATER = 300
"""Changes after the copy was made: far more than what controllers write until the restored server is looked at."""


def test_a_history_that_was_turned_back_is_known_from_there(control_plane: ControlPlane, tmp_path: Path) -> None:
    """What the copy does not have ends, what it has again is there again, and the watch goes on from its positions."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster is not ours to restore, which the test needs")
    copy = tmp_path / "copy"
    with ControlPlane() as plane:  # one of its own: whatever else watches it is as confused as we might be
        plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}])
        for name in ("kept", "ended", "changed"):
            plane.api.request("POST", MAPS, {"metadata": {"name": name}})
        with plane.without_etcd() as data:
            shutil.copytree(data, copy)
        with discovered(plane, tmp_path, plane.kubeconfig(), interval=1.0) as set_up:
            set_up.live()
            set_up.unmake("ended")
            set_up.make("lost")
            for number in range(LATER):
                plane.api.patch(f"{MAPS}/changed", {"metadata": {"labels": {"number": str(number)}}})
            set_up.shows("kept", "lost", "changed")
            set_up.until(lambda: _label(set_up) == str(LATER - 1), "not known")
            with plane.down(), plane.without_etcd() as data:
                shutil.rmtree(data)
                shutil.copytree(copy, data)
            set_up.shows("kept", "ended", "changed")
            set_up.until(lambda: _label(set_up) is None, "still as it was")
            assert WatchState.OUTDATED in set_up.ears.states["configmaps"]
            set_up.live()
            set_up.make("new")
            set_up.shows("kept", "ended", "changed", "new")


def _label(set_up: Watched) -> str | None:
    listed = set_up.says.ask("entities", kind="k8s.configmap", limit="1000")["data"]
    (attributes,) = (one["attributes"] for one in listed if one["name"] == "changed")
    label: str | None = attributes.get("labels", {}).get("number")
    return label
