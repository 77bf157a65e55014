"""What makes every resource of the cluster take several pages?

Objects that cost nothing, of each kind that the estate has few of.
"""

from __future__ import annotations

from tests.servers.kube_api import Manifest

NAMESPACE = "crowd"
EACH = 4
_IMAGE = {"name": "app", "image": "registry.example/idle:1"}


def crowd() -> list[Manifest]:
    """Make four of each; nothing of it ever runs."""
    manifests: list[Manifest] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}]
    for number in range(EACH):
        name = f"idle-{number}"
        labels = {"app": name}
        pod = {"containers": [_IMAGE], "nodeSelector": {"no": "node"}}
        template = {"metadata": {"labels": labels}, "spec": pod}
        workload = {"selector": {"matchLabels": labels}, "template": template}
        job = {"suspend": True, "template": {"spec": {**pod, "restartPolicy": "Never"}}}
        backend = {"service": {"name": name, "port": {"number": 80}}}
        manifests += [
            _made("apps/v1", "DaemonSet", name, workload),
            _made("apps/v1", "StatefulSet", name, {**workload, "replicas": 0, "serviceName": name}),
            _made("batch/v1", "Job", name, job),
            _made(
                "batch/v1", "CronJob", name, {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": job}}
            ),
            _made("networking.k8s.io/v1", "Ingress", name, {"defaultBackend": backend}),
        ]
    return manifests


def _made(version: str, kind: str, name: str, spec: dict[str, object]) -> Manifest:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }
