"""Which manifests stand in docs/kubernetes, to be applied as they are?

To write them anew: `.venv/bin/python -m tests.collectors.kubernetes.manifests`.
"""

from __future__ import annotations

from pathlib import Path

from collectors.kubernetes.permissions import manifest
from collectors.kubernetes.settings import KubernetesSettings
from tests.structure.checkout import ROOT

FOLDER: Path = ROOT / "docs" / "kubernetes"


def written() -> dict[str, str]:
    """Give each manifest, by the name of its file."""
    return {
        "cluster.yaml": manifest(KubernetesSettings()),
        "cluster-without-secrets.yaml": manifest(KubernetesSettings(), without=["secrets"]),
        "namespace.yaml": manifest(KubernetesSettings(namespaces=["my-namespace"])),
    }


if __name__ == "__main__":
    for name, text in written().items():
        (FOLDER / name).write_text(text, "utf-8")
