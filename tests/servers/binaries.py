"""Which programs make up a control plane here, and which of them are there?"""

import hashlib
import os
import platform
import sys
from pathlib import Path

from tests.servers import golang
from tests.servers.cache import Recipe, provide
from tests.servers.errors import ServerUnavailable
from tests.servers.progress import Progress

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
MODULE = Path(__file__).with_name("control_plane")
VERSION = "1.36.3"
KWOK_VERSION = "0.8.0"
COMMANDS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
NEEDED = ("etcd", "kube-apiserver")


def control_plane_binaries() -> dict[str, Path]:
    """Return the programs there are, by name: those in `KUBEBUILDER_ASSETS`, else our five, built at need.

    etcd and kube-apiserver are always among them; without the others nothing schedules, runs or collects garbage.
    """
    folder = provide(Recipe(_cache_name(), f"Kubernetes {VERSION} for tests", ASSETS_VARIABLE, _build))
    found = {name: folder / name for name in COMMANDS if os.access(folder / name, os.X_OK)}
    for name in NEEDED:
        if name not in found:
            raise ServerUnavailable(f"{folder} holds no {name}; correct or unset {ASSETS_VARIABLE}")
    return found


def _cache_name() -> str:
    pinned = hashlib.sha256(b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum"))).hexdigest()
    return f"kubernetes-{VERSION}-kwok-{KWOK_VERSION}-{pinned[:8]}-{sys.platform}-{platform.machine()}"


def _build(target: Path, progress: Progress) -> None:
    golang.build(MODULE, list(COMMANDS.values()), target, progress)
    (target / "server").rename(target / "etcd")  # Go names a program after its import path
