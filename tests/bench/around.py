"""What stands in a large cluster around its pods, and how much of each is there?

How many pods a namespace, a workload and a service have is what SIG Scalability loads its clusters of 5,000 nodes with
(kubernetes/perf-tests, clusterloader2/testing/load/config.yaml): 100 nodes and 3,000 pods a namespace; a quarter of the
pods in Deployments of 250, a quarter in Deployments of 30, half in Deployments of 5; a service for every other one. The
other numbers are our own choice, given below.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.pods import PODS_PER_NODE, pod

Object = dict[str, Any]

PODS_PER_NAMESPACE = 3_000
GROUPS = ((250, 3), (30, 25), (5, 300))
"""Pods of a Deployment, and how many such Deployments a namespace has."""
SLICE = 100
"""Endpoints of one EndpointSlice: the default of kube-controller-manager."""

OLD_REPLICASETS = 2
"""Of a Deployment, beside the present one; up to 10 are kept by default. Our own choice."""
PODS_PER_EVENT = 10
"""Pods for each Event of the last hour: our own choice, for a cluster at rest."""
IMAGES_PER_NODE = 50
"""Images that a node's status lists: the default of the kubelet."""

SYSTEM = "6f1f6e5c-7f3a-4a58-9c1b-000000000001"
"""The uid of the namespace kube-system."""
STAMP = "2026-03-01T09:00:00Z"

PATHS = {
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/pods",
    "Service": "/api/v1/services",
    "ConfigMap": "/api/v1/configmaps",
    "Secret": "/api/v1/secrets",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "Deployment": "/apis/apps/v1/deployments",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/endpointslices",
    "Event": "/apis/events.k8s.io/v1/events",
}
"""Every kind that there is any of, and where it is listed."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment: its number and that of its namespace, the number of its first pod, and how many pods it has."""

    number: int
    space: int
    first: int
    size: int

    @property
    def name(self) -> str:
        """Its name, which its pods, service, configuration and account begin with."""
        return f"svc-{self.number:05d}"

    @property
    def namespace(self) -> str:
        """The name of its namespace."""
        return f"ns-{self.space:03d}"

    @property
    def labels(self) -> dict[str, str]:
        """What selects its pods."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/instance": self.name}

    def uid(self, kind: str, index: int = 0) -> str:
        """Give the uid of one of its things."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}/{self.number}/{index}"))

    def set_name(self, index: int = 0) -> str:
        """Give the name of one of its ReplicaSets; the first has its pods."""
        return f"{self.name}-{uuid.uuid5(uuid.NAMESPACE_OID, f'{self.number}/{index}').hex[:10]}"


def nodes(pods: int) -> int:
    """Give how many nodes so many pods need."""
    return -(-pods // PODS_PER_NODE)


def workloads(pods: int) -> Iterator[Workload]:
    """Give the Deployments of so many pods, mixed within each namespace so that a part of one is like the whole."""
    number = first = space = 0
    while first < pods:
        sizes = [size for size, often in GROUPS for _ in range(often)]
        random.Random(space).shuffle(sizes)
        for wanted in sizes:
            size = min(wanted, pods - first)
            if size == 0:
                return
            yield Workload(number, space, first, size)
            number, first = number + 1, first + size
        space += 1


def objects(pods: int) -> Iterator[tuple[str, Object]]:
    """Give every object of a cluster of so many pods, with its kind."""
    yield "Namespace", {"metadata": _meta("kube-system", None, SYSTEM), "status": {"phase": "Active"}}
    for name in ("default", "kube-node-lease", "kube-public"):
        yield from _space(name)
    for number in range(nodes(pods)):
        yield "Node", _node(number)
    space = -1
    for one in workloads(pods):
        if one.space != space:
            space = one.space
            yield from _space(one.namespace)
        yield from _of_workload(one)


def _space(name: str) -> Iterator[tuple[str, Object]]:
    """Give a namespace, and what controllers put into each."""
    made = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    yield "Namespace", {"metadata": _meta(name, None, _uid(name)), **made}
    yield "ServiceAccount", {"metadata": _meta("default", name, _uid(f"{name}/default"))}
    authority = {"ca.crt": "-----BEGIN CERTIFICATE-----\n" + "MIIC5zCCAc+gAwIBAgIB" * 50}
    yield "ConfigMap", {"metadata": _meta("kube-root-ca.crt", name, _uid(f"{name}/ca")), "data": authority}


def _of_workload(one: Workload) -> Iterator[tuple[str, Object]]:
    pods = [_pod(one, index) for index in range(one.size)]
    template = _template(one, pods[0])
    owner = _owner("apps/v1", "Deployment", one.name, one.uid("Deployment"))
    yield "Deployment", _deployment(one, template)
    for index in range(1 + OLD_REPLICASETS):
        yield "ReplicaSet", _replicaset(one, index, template, owner)
    for name in ("settings", "env"):
        data = {"settings.yaml": "listen: 8080\n" * 40} if name == "settings" else {"LOG_LEVEL": "info", "REGION": "eu"}
        yield "ConfigMap", {"metadata": _of(one, "ConfigMap", f"{one.name}-{name}"), "data": data}
    yield "Secret", {"metadata": _of(one, "Secret", f"{one.name}-db")}  # its metadata is all that is ever asked for
    yield "ServiceAccount", {"metadata": _of(one, "ServiceAccount", one.name)}
    if one.number % 2 == 0:
        yield "Service", _service(one)
        for index, begin in enumerate(range(0, one.size, SLICE)):
            yield "EndpointSlice", _slice(one, index, pods[begin : begin + SLICE])
    for made in pods:
        yield "Pod", made
    for index in range(one.first, one.first + one.size):
        if index % PODS_PER_EVENT == 0:
            yield "Event", _event(one, pods[index - one.first])


def _uid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _meta(name: str, namespace: str | None, uid: str, **more: Any) -> Object:
    """Give the metadata that the API server and its first writer leave behind."""
    fields = {"f:metadata": {"f:labels": {".": {}}}, "f:spec": {}, "f:data": {".": {}}}
    entry = {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": STAMP}
    version = str(1_000_000 + int(uid[:6], 16) % 9_000_000)
    made: Object = {"name": name, "uid": uid, "resourceVersion": version, "creationTimestamp": STAMP}
    made |= {"managedFields": [{**entry, "fieldsType": "FieldsV1", "fieldsV1": fields}]}
    return {**made, **({"namespace": namespace} if namespace else {}), **more}


def _of(one: Workload, kind: str, name: str, **more: Any) -> Object:
    return _meta(name, one.namespace, _uid(f"{kind}/{one.namespace}/{name}"), labels=one.labels, **more)


def _owner(version: str, kind: str, name: str, uid: str) -> Object:
    return {
        "apiVersion": version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _pod(one: Workload, index: int) -> Object:
    """Make a pod of a workload, in its namespace and of its ReplicaSet."""
    made = pod(one.first + index, workload=one.number)
    meta, owner = made["metadata"], _owner("apps/v1", "ReplicaSet", one.set_name(), one.uid("ReplicaSet"))
    meta |= {
        "name": f"{owner['name']}-{meta['name'].rsplit('-', 1)[1]}-{index}",
        "generateName": f"{owner['name']}-",
        "namespace": one.namespace,
        "ownerReferences": [owner],
    }
    meta["labels"]["pod-template-hash"] = owner["name"].rsplit("-", 1)[1]
    return made


def _template(one: Workload, made: Object) -> Object:
    """Give what a pod is made from: without what is added as it is made and placed."""
    added = {"nodeName", "tolerations", "priority", "preemptionPolicy", "volumes", "containers"}
    spec = {name: value for name, value in made["spec"].items() if name not in added}
    containers = [
        {**part, "volumeMounts": [mount for mount in part["volumeMounts"] if mount["name"] == "settings"]}
        for part in made["spec"]["containers"]
    ]
    spec |= {"containers": containers, "volumes": made["spec"]["volumes"][:1]}
    return {"metadata": {"labels": one.labels, "annotations": made["metadata"]["annotations"]}, "spec": spec}


def _deployment(one: Workload, template: Object) -> Object:
    annotations = {"deployment.kubernetes.io/revision": str(OLD_REPLICASETS + 1)}
    conditions = [
        {"type": type_, "status": "True", "reason": reason, "lastUpdateTime": STAMP, "lastTransitionTime": STAMP}
        for type_, reason in (("Available", "MinimumReplicasAvailable"), ("Progressing", "NewReplicaSetAvailable"))
    ]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), one.size)
    meta = _meta(one.name, one.namespace, one.uid("Deployment"), labels=one.labels, annotations=annotations)
    return {
        "metadata": {**meta, "generation": 3},
        "spec": {
            "replicas": one.size,
            "selector": {"matchLabels": one.labels},
            "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
        "status": {"observedGeneration": 3, **counts, "conditions": conditions},
    }


def _replicaset(one: Workload, index: int, template: Object, owner: Object) -> Object:
    name, size = one.set_name(index), one.size if index == 0 else 0
    labels = {**one.labels, "pod-template-hash": name.rsplit("-", 1)[1]}
    meta = _meta(name, one.namespace, one.uid("ReplicaSet", index), labels=labels, ownerReferences=[owner])
    counts = dict.fromkeys(("fullyLabeledReplicas", "readyReplicas", "availableReplicas"), size) if size else {}
    return {
        "metadata": {**meta, "generation": 2},
        "spec": {"replicas": size, "selector": {"matchLabels": labels}, "template": template},
        "status": {"replicas": size, **counts, "observedGeneration": 2},
    }


def _service(one: Workload) -> Object:
    address = f"10.96.{one.number >> 8 & 255}.{one.number & 255}"
    return {
        "metadata": _meta(one.name, one.namespace, one.uid("Service"), labels=one.labels),
        "spec": {
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"}],
            "selector": one.labels,
            "clusterIP": address,
            "clusterIPs": [address],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    }


def _slice(one: Workload, index: int, pods: list[Object]) -> Object:
    labels = {
        **one.labels,
        "kubernetes.io/service-name": one.name,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    uid = one.uid("EndpointSlice", index)
    owner = _owner("v1", "Service", one.name, one.uid("Service"))
    return {
        "metadata": _meta(f"{one.name}-{uid[:5]}", one.namespace, uid, labels=labels, ownerReferences=[owner]),
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [made["status"]["podIP"]],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "targetRef": {
                    "kind": "Pod",
                    "namespace": one.namespace,
                    "name": made["metadata"]["name"],
                    "uid": made["metadata"]["uid"],
                },
                "nodeName": made["spec"]["nodeName"],
                "zone": f"eu-west-1{'abc'[int(made['spec']['nodeName'][-5:]) % 3]}",
            }
            for made in pods
        ],
        "ports": [{"name": "http", "protocol": "TCP", "port": 8080}],
    }


def _event(one: Workload, about: Object) -> Object:
    """Give what a kubelet reports as it has pulled an image: in the form that core/v1 left in events.k8s.io/v1."""
    name, container = about["metadata"]["name"], about["spec"]["containers"][0]
    host = about["spec"]["nodeName"]
    return {
        "metadata": _meta(f"{name}.18a5c0d2e3f4a5b6", one.namespace, _uid(f"Event/{one.namespace}/{name}")),
        "eventTime": None,
        "reportingController": "kubelet",
        "reportingInstance": host,
        "reason": "Pulled",
        "regarding": {
            "kind": "Pod",
            "namespace": one.namespace,
            "name": name,
            "uid": about["metadata"]["uid"],
            "apiVersion": "v1",
            "resourceVersion": about["metadata"]["resourceVersion"],
            "fieldPath": f"spec.containers{{{container['name']}}}",
        },
        "note": f'Container image "{container["image"]}" already present on machine',
        "type": "Normal",
        "deprecatedSource": {"component": "kubelet", "host": host},
        "deprecatedFirstTimestamp": STAMP,
        "deprecatedLastTimestamp": STAMP,
        "deprecatedCount": 1,
    }


def _node(number: int) -> Object:
    name, zone = f"node-{number:05d}", f"eu-west-1{'abc'[number % 3]}"
    capacity = {"cpu": "16", "memory": "65536000Ki", "pods": "110", "ephemeral-storage": "104845292Ki"}
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": "eu-west-1",
        "topology.kubernetes.io/zone": zone,
        "node.kubernetes.io/instance-type": "m6i.4xlarge",
    }
    addresses = [("InternalIP", f"172.16.{number >> 8}.{number & 255}"), ("Hostname", name)]
    return {
        "metadata": _meta(name, None, _uid(f"Node/{name}"), labels=labels),
        "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"], "providerID": _instance(zone, number)},
        "status": {
            "capacity": capacity,
            "allocatable": {**capacity, "cpu": "15890m"},
            "conditions": [_condition(type_) for type_ in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")],
            "addresses": [{"type": type_, "address": address} for type_, address in addresses],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": _info(number),
            "images": [_image(number, one) for one in range(IMAGES_PER_NODE)],
        },
    }


def _instance(zone: str, number: int) -> str:
    return f"aws:///{zone}/i-{number:017x}"


def _condition(type_: str) -> Object:
    status, reason = ("True", "KubeletReady") if type_ == "Ready" else ("False", f"KubeletHasNo{type_}")
    seen = {"lastHeartbeatTime": STAMP, "lastTransitionTime": STAMP}
    return {"type": type_, "status": status, **seen, "reason": reason, "message": f"kubelet: {reason}"}


def _info(number: int) -> Object:
    ids = {name: _uid(f"{name}/{number}") for name in ("machineID", "systemUUID", "bootID")}
    return {
        **ids,
        "kernelVersion": "6.12.40",
        "osImage": "Bottlerocket OS 1.44.0",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kubeletVersion": "v1.36.3",
        "kubeProxyVersion": "v1.36.3",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }


def _image(number: int, one: int) -> Object:
    repository = f"registry.example.com/team-{one % 40}/svc-{(number * 7 + one) % 16_400:05d}-0"
    digest = uuid.uuid5(uuid.NAMESPACE_OID, repository).hex * 2
    return {"names": [f"{repository}@sha256:{digest}", f"{repository}:1.{one}.0"], "sizeBytes": 87_654_321 + one}
