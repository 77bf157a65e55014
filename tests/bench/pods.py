"""What would a large cluster's API server send?

Pods of the shape and size that a kubelet leaves behind, from a seed.

The shape (fields, managedFields, conditions, service account volume, tolerations) is that of a pod as kube-apiserver
1.36 returns it with a kubelet's status, 4 to 8 KB of JSON. How many containers a pod has, and how many pods a node and
a workload, are numbers of our own choice, given below; nothing in the figures leans on them but the size of the JSON,
which the benchmark prints.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from typing import Any

CONTAINERS = ((1, 0.70), (2, 0.22), (3, 0.08))
"""Containers of a pod, and how often."""
PODS_PER_NODE = 30
PODS_PER_WORKLOAD = 12
_STAMP = "2026-03-01T09:00:00Z"


def pod(number: int, seed: int = 1, *, workload: int | None = None) -> dict[str, Any]:
    """Make pod number so-and-so, the same for the same seed. workload: the number of its own, else one in twelve."""
    rng = random.Random(seed * 1_000_003 + number)
    workload = number // PODS_PER_WORKLOAD if workload is None else workload
    name = f"svc-{workload:05d}-{rng.getrandbits(40):010x}-{rng.getrandbits(20):05x}"
    containers = rng.choices([count for count, _ in CONTAINERS], [often for _, often in CONTAINERS])[0]
    images = [
        f"registry.example.com/team-{workload % 40}/svc-{workload:05d}-{one}:1.{workload % 90}.{one}"
        for one in range(containers)
    ]
    return {
        "metadata": _metadata(rng, name, workload),
        "spec": _spec(rng, number, workload, images),
        "status": _status(rng, number, images),
    }


def _uid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _metadata(rng: random.Random, name: str, workload: int) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": f"svc-{workload:05d}",
        "app.kubernetes.io/instance": f"svc-{workload:05d}",
        "app.kubernetes.io/version": f"1.{workload % 90}.0",
        "pod-template-hash": name.split("-")[2],
        "team": f"team-{workload % 40}",
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": name.rsplit("-", 1)[0],
        "uid": str(uuid.UUID(int=workload, version=4)),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "name": name,
        "generateName": f"{name.rsplit('-', 1)[0]}-",
        "namespace": f"ns-{workload % 60:02d}",
        "uid": _uid(rng),
        "resourceVersion": str(1_000_000 + rng.randrange(9_000_000)),
        "creationTimestamp": _STAMP,
        "labels": labels,
        "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
        "ownerReferences": [owner],
        "managedFields": [_manager("kube-controller-manager", labels), _manager("kubelet", labels)],
    }


def _manager(who: str, labels: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:metadata": {"f:labels": {".": {}, **{f"f:{name}": {} for name in labels}}}}
    conditions = ("ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready")
    if who == "kubelet":
        shape: dict[str, Any] = {
            f: {} for f in ("f:lastProbeTime", "f:lastTransitionTime", "f:observedGeneration", "f:status", "f:type")
        }
        fields = {"f:status": {"f:conditions": {f'k:{{"type":"{one}"}}': {".": {}, **shape} for one in conditions}}}
    entry = {"manager": who, "operation": "Update", "apiVersion": "v1", "time": _STAMP, "fieldsType": "FieldsV1"}
    return {**entry, "fieldsV1": fields}


def _spec(rng: random.Random, number: int, workload: int, images: list[str]) -> dict[str, Any]:
    token = f"kube-api-access-{rng.getrandbits(25):05x}"
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    return {
        "volumes": [
            {"name": "settings", "configMap": {"name": f"svc-{workload:05d}-settings", "defaultMode": 420}},
            {"name": token, "projected": {"sources": sources, "defaultMode": 420}},
        ],
        "containers": [_container(index, image, workload, token) for index, image in enumerate(images)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": f"svc-{workload:05d}",
        "nodeName": f"node-{number // PODS_PER_NODE:05d}",
        "securityContext": {"runAsNonRoot": True, "fsGroup": 2000},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for key in ("not-ready", "unreachable")
        ],
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
    }


def _container(index: int, image: str, workload: int, token: str) -> dict[str, Any]:
    secret = {"name": f"svc-{workload:05d}-db", "key": "password"}
    return {
        "name": f"c{index}",
        "image": image,
        "args": ["--listen=:8080", f"--shard={index}"],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": secret}},
            {"name": "NODE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}},
        ],
        "envFrom": [{"configMapRef": {"name": f"svc-{workload:05d}-env"}}],
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "settings", "mountPath": "/etc/svc"},
            {"name": token, "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
        ],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10, "failureThreshold": 3},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5, "failureThreshold": 3},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _status(rng: random.Random, number: int, images: list[str]) -> dict[str, Any]:
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return {
        "phase": "Running",
        "conditions": [
            {"type": one, "status": "True", "lastProbeTime": None, "lastTransitionTime": _STAMP} for one in conditions
        ],
        "hostIP": f"172.16.{number // PODS_PER_NODE >> 8}.{number // PODS_PER_NODE & 255}",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": _STAMP,
        "containerStatuses": [
            {
                "name": f"c{index}",
                "state": {"running": {"startedAt": _STAMP}},
                "lastState": {},
                "ready": True,
                "restartCount": 0,
                "image": image,
                "imageID": f"{image.rsplit(':', 1)[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}",
                "containerID": f"containerd://{rng.getrandbits(256):064x}",
                "started": True,
            }
            for index, image in enumerate(images)
        ],
        "qosClass": "Burstable",
    }
