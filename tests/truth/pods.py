"""What do pods and the templates of workloads name, who owns whom, and where does everything run?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.truth.objects import RESOURCE, Cluster, Part, Thing, Tie, tie

TEMPLATES = {
    "k8s.deployment": "template",
    "k8s.statefulset": "template",
    "k8s.daemonset": "template",
    "k8s.replicaset": "template",
    "k8s.job": "template",
    "k8s.cronjob": "jobTemplate.spec.template",
    "argo.rollout": "template",
}
MIRROR = "kubernetes.io/config.mirror"
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


class Naming(NamedTuple):
    """One place of a pod spec that names something. keys: None where all are meant."""

    verb: str
    word: str
    name: str
    keys: frozenset[str] | None = None
    optional: bool = False
    paths: frozenset[str] = frozenset()


def ties(cluster: Cluster) -> Iterator[Tie]:
    """Give the ties of pods, of workloads, and of whatever has an owner."""
    for one in cluster.each("k8s.pod"):
        yield from _of_spec(cluster, one, one.spec, one.meta["name"])
        if "nodeName" in one.spec:
            yield tie(one.key, "RUNS_ON", cluster.at("", "k8s.node", one.spec["nodeName"]))
        yield from _containers(one)
    for one in cluster.each(*TEMPLATES):
        if template := template_of(one):
            yield from _of_spec(cluster, one, template["spec"], "")
    for one in cluster.each("k8s.namespace", "k8s.node"):
        yield tie(one.key, "PART_OF", cluster.key)
    for one in cluster.things:
        yield from _owners(cluster, one)


def template_of(workload: Thing) -> Part:
    """Give the template of a workload's pods; nothing where it refers to another's."""
    found: Any = workload.spec
    for step in TEMPLATES[workload.word].split("."):
        found = found.get(step) or {}
    template: Part = found
    return template


def _of_spec(cluster: Cluster, one: Thing, spec: Part, pod: str) -> Iterator[Tie]:
    merged: dict[tuple[str, str, str], list[Naming]] = {}
    for naming in (*_configured(spec, pod), *_mounted(spec, pod)):
        merged.setdefault((naming.verb, naming.word, naming.name), []).append(naming)
    for (verb, word, name), namings in merged.items():
        sets = [naming.keys for naming in namings]
        target: str | None = cluster.at("" if word == "k8s.priorityclass" else one.space, word, name)
        if word == RESOURCE:
            target = cluster.refer("secrets-store.csi.x-k8s.io", "SecretProviderClass", one.space, name)
        if target is None:
            continue
        yield tie(
            one.key,
            verb,
            target,
            optional=all(naming.optional for naming in namings) or None,
            keys=sorted(set().union(*(keys for keys in sets if keys))) if all(sets) else None,
            path=sorted({path for naming in namings for path in naming.paths}),
        )
    if MIRROR not in (one.meta.get("annotations") or {}):  # what a kubelet runs by itself is nobody to the API server
        account = spec.get("serviceAccountName", "default")
        yield tie(one.key, "RUNS_AS", cluster.at(one.space, "k8s.serviceaccount", account))


def _configured(spec: Part, pod: str) -> Iterator[Naming]:
    if "priorityClassName" in spec and not pod:  # of a pod, its number stands beside it
        yield Naming("USES_CONFIG", "k8s.priorityclass", spec["priorityClassName"])
    for reference in spec.get("imagePullSecrets", []):
        yield Naming("USES_CONFIG", "k8s.secret", reference["name"])
    for container in (one for field in CONTAINERS for one in spec.get(field, [])):
        for variable in container.get("env", []):
            for field, word in (("configMapKeyRef", "k8s.configmap"), ("secretKeyRef", "k8s.secret")):
                if held := variable.get("valueFrom", {}).get(field):
                    keys, optional = frozenset({held["key"]}), held.get("optional", False)
                    yield Naming("USES_CONFIG", word, held["name"], keys, optional)
        for source in container.get("envFrom", []):
            for field, word in (("configMapRef", "k8s.configmap"), ("secretRef", "k8s.secret")):
                if held := source.get(field):
                    yield Naming("USES_CONFIG", word, held["name"], None, held.get("optional", False))
    for volume in spec.get("volumes", []):
        if held := volume.get("csi", {}).get("nodePublishSecretRef"):
            yield Naming("USES_CONFIG", "k8s.secret", held["name"])


def _mounted(spec: Part, pod: str) -> Iterator[Naming]:
    containers = [one for field in CONTAINERS for one in spec.get(field, [])]
    for volume in spec.get("volumes", []):
        mounts = [mount for one in containers for mount in one.get("volumeMounts", [])]
        paths = frozenset(mount["mountPath"] for mount in mounts if mount["name"] == volume["name"])
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            yield Naming("MOUNTS", "k8s.persistentvolumeclaim", name, None, paths=paths)
        csi = volume.get("csi", {})
        if csi.get("driver") == "secrets-store.csi.k8s.io":
            yield Naming("MOUNTS", RESOURCE, csi["volumeAttributes"]["secretProviderClass"], None, paths=paths)
        if "ephemeral" in volume and pod:  # the name that the API promises for the claim
            yield Naming("MOUNTS", "k8s.persistentvolumeclaim", f"{pod}-{volume['name']}", None, paths=paths)
        sources = [volume, *volume.get("projected", {}).get("sources", [])]
        for source in sources:
            for field, word in (("configMap", "k8s.configmap"), ("secret", "k8s.secret")):
                if held := source.get(field):
                    keys = frozenset(item["key"] for item in held.get("items", [])) or None
                    name = held.get("secretName") or held["name"]
                    yield Naming("MOUNTS", word, name, keys, held.get("optional", False), paths)


def _containers(pod: Thing) -> Iterator[Tie]:
    for field, reported in zip(
        CONTAINERS, ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"), strict=True
    ):
        images = {one["name"]: one["imageID"] for one in pod.status.get(reported, [])}
        for container in pod.spec.get(field, []):
            key = f"{pod.key}/k8s.container/{container['name']}"
            yield tie(key, "RUNS_ON", pod.key)
            if "@" in images.get(container["name"], ""):
                digest = images[container["name"]].split("@")[1]
                yield tie(key, "USES_IMAGE", f"container.image/{digest}", reference=container["image"])


def _owners(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    owned = set()
    for owner in one.meta.get("ownerReferences", []):
        group = owner["apiVersion"].rpartition("/")[0]
        if (group, owner["kind"]) == ("", "Node"):  # what a kubelet says of its own pods, which run there anyhow
            continue
        if target := cluster.refer(group, owner["kind"], one.space, owner["name"], owner["uid"]):
            owned.add(target)
            yield tie(one.key, "MANAGED_BY", target, controller=owner.get("controller", False))
    labels = one.meta.get("labels", {})
    if one.word == "k8s.endpointslice" and "kubernetes.io/service-name" in labels:
        service = cluster.at(one.space, "k8s.service", labels["kubernetes.io/service-name"])
        if service not in owned:
            yield tie(one.key, "MANAGED_BY", service, controller=False)
