"""What makes every resource of the cluster take several pages?

Objects that cost nothing, of each kind that the estate has few of.
"""

from __future__ import annotations

from pathlib import Path

from tests.servers.kube_api import Manifest, documents

NAMESPACE = "crowd"
EACH = 4
_FILE = Path(__file__).with_suffix(".yaml")


def crowd() -> list[Manifest]:
    """Make four of each; nothing of it ever runs. What is namespaced goes by its default, `crowd`."""
    text = _FILE.read_text("utf-8")
    made = [one for number in range(EACH) for one in documents(text.replace("idle", f"idle-{number}"))]
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, *made]
