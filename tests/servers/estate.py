"""What does a realistic estate look like: a shop of three teams' namespaces, on four nodes in three zones?"""

from pathlib import Path

from tests.servers.kube_api import KubeApi, Manifest, documents

FOLDER = Path(__file__).with_name("manifests")
PARTS = ("nodes", "platform", "payments", "shop")
NAMESPACES = ("payments", "platform", "shop")
WHOLE = (*PARTS, "data", "guards", "edge", "delivery", "added")
"""The parts of the whole estate: every kind that there is code or a row for, beside the dozen services. It needs the
resources of added_definitions.py, and `made` after it."""
PODS = 27
"""How many pods the estate comes to rest with, the finished one of the Job among them."""

CANARIES = ("canary-", "Y2FuYXJ5L")
"""What every secret value of the estate contains, plain and in base64: no output of the product may."""

MISSING_CONFIG_MAP = ("shop", "recommendations-model")
"""A ConfigMap that a Deployment mounts and that exists nowhere."""

MISSING_SERVICE = ("shop", "legacy-shop")
"""A Service that an Ingress routes to and that exists nowhere."""


def manifests(*parts: str) -> list[Manifest]:
    """Return the manifests of the named parts (see PARTS), by default of all of them; each call gives fresh ones."""
    return [manifest for part in parts or PARTS for manifest in documents((FOLDER / f"{part}.yaml").read_text())]


def manifest(kind: str, name: str, *parts: str) -> Manifest:
    """Return one manifest of the estate by kind and name, to change and apply again."""
    for candidate in manifests(*parts):
        if (candidate["kind"], candidate["metadata"]["name"]) == (kind, name):
            return candidate
    raise KeyError(f"the estate has no {kind} {name}; see {FOLDER}")


def job_of(cron_job: Manifest, name: str) -> Manifest:
    """Return the Job that the stored `cron_job` would make, owned by it."""
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron_job["metadata"]["name"],
        "uid": cron_job["metadata"]["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": cron_job["metadata"]["namespace"], "ownerReferences": [owner]},
        "spec": cron_job["spec"]["jobTemplate"]["spec"],
    }


def made(api: KubeApi) -> list[Manifest]:
    """Return what controllers would make of the whole estate's custom resources, owned by what is stored of these."""
    found = manifests("made")
    for one in found:
        for owner in one["metadata"]["ownerReferences"]:
            named = {"metadata": {"namespace": one["metadata"].get("namespace"), "name": owner["name"]}}
            stored = api.read(api.path_of(owner | named))
            owner["uid"] = (stored or {})["metadata"]["uid"]
    return found
