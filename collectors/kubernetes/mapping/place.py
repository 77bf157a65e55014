"""What is an object of this cluster called, so that everybody who meets it mints the same key?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from collectors.kubernetes.custom.table import BUILT_IN, RESOURCE
from graph.model import AliasEnd, End, Key, KeyEnd

Object: TypeAlias = Mapping[str, Any]
"""A decoded JSON object as the API sent it. Nothing in it is certain."""

KINDS_BY_NAME = {
    ("", "Namespace"): "k8s.namespace",
    ("", "Node"): "k8s.node",
    ("", "Pod"): "k8s.pod",
    ("", "Service"): "k8s.service",
    ("", "ConfigMap"): "k8s.configmap",
    ("", "Secret"): "k8s.secret",
    ("", "ServiceAccount"): "k8s.serviceaccount",
    ("", "PersistentVolume"): "k8s.persistentvolume",
    ("", "PersistentVolumeClaim"): "k8s.persistentvolumeclaim",
    ("", "ResourceQuota"): "k8s.resourcequota",
    ("", "LimitRange"): "k8s.limitrange",
    ("apps", "ReplicaSet"): "k8s.replicaset",
    ("apps", "Deployment"): "k8s.deployment",
    ("apps", "StatefulSet"): "k8s.statefulset",
    ("apps", "DaemonSet"): "k8s.daemonset",
    ("batch", "Job"): "k8s.job",
    ("batch", "CronJob"): "k8s.cronjob",
    ("discovery.k8s.io", "EndpointSlice"): "k8s.endpointslice",
    ("networking.k8s.io", "Ingress"): "k8s.ingress",
    ("networking.k8s.io", "IngressClass"): "k8s.ingressclass",
    ("networking.k8s.io", "NetworkPolicy"): "k8s.networkpolicy",
    ("gateway.networking.k8s.io", "GatewayClass"): "k8s.gatewayclass",
    ("gateway.networking.k8s.io", "Gateway"): "k8s.gateway",
    ("gateway.networking.k8s.io", "HTTPRoute"): "k8s.httproute",
    ("gateway.networking.k8s.io", "GRPCRoute"): "k8s.grpcroute",
    ("gateway.networking.k8s.io", "TLSRoute"): "k8s.tlsroute",
    ("gateway.networking.k8s.io", "TCPRoute"): "k8s.tcproute",
    ("gateway.networking.k8s.io", "ReferenceGrant"): "k8s.referencegrant",
    ("rbac.authorization.k8s.io", "Role"): "k8s.role",
    ("rbac.authorization.k8s.io", "ClusterRole"): "k8s.clusterrole",
    ("rbac.authorization.k8s.io", "RoleBinding"): "k8s.rolebinding",
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): "k8s.clusterrolebinding",
    ("storage.k8s.io", "StorageClass"): "k8s.storageclass",
    ("autoscaling", "HorizontalPodAutoscaler"): "k8s.hpa",
    ("policy", "PodDisruptionBudget"): "k8s.pdb",
    ("scheduling.k8s.io", "PriorityClass"): "k8s.priorityclass",
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "k8s.mutatingwebhookconfiguration",
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "k8s.validatingwebhookconfiguration",
    ("apiregistration.k8s.io", "APIService"): "k8s.apiservice",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "k8s.customresourcedefinition",
    ("events.k8s.io", "Event"): "k8s.event",
    ("argoproj.io", "Application"): "argocd.application",
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): "flux.kustomization",
    ("helm.toolkit.fluxcd.io", "HelmRelease"): "flux.helmrelease",
    ("source.toolkit.fluxcd.io", "GitRepository"): "flux.gitrepository",
    ("source.toolkit.fluxcd.io", "OCIRepository"): "flux.ocirepository",
    ("source.toolkit.fluxcd.io", "HelmRepository"): "flux.helmrepository",
    **{row.names: row.word for row in BUILT_IN},
}
"""(API group, Kind) to our kind: what a reference by kind and name can be tied to, whether it is served or not."""

NAMES_BY_KIND = {kind: name for name, kind in KINDS_BY_NAME.items()}
"""Our kind to (API group, Kind)."""

BY_UID = frozenset({"k8s.pod", "k8s.replicaset", "k8s.job", "k8s.event"})
"""Kinds whose key holds the uid; their names come and go, and are exclusive aliases."""

CLUSTER_WIDE = frozenset(
    {
        "k8s.node",
        "k8s.namespace",
        "k8s.persistentvolume",
        "k8s.storageclass",
        "k8s.ingressclass",
        "k8s.gatewayclass",
        "k8s.priorityclass",
        "k8s.clusterrole",
        "k8s.clusterrolebinding",
        "k8s.mutatingwebhookconfiguration",
        "k8s.validatingwebhookconfiguration",
        "k8s.apiservice",
        "k8s.customresourcedefinition",
        *(row.word for row in BUILT_IN if row.cluster_wide),
    }
)
"""Kinds that no namespace contains."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects are: the key of their cluster; and the key of the hashes that stand for what is not kept.

    others: by (API group, Kind), the custom resources without a kind of their own, and whether a namespace has them.
    shown: the namespaces of whose ConfigMaps the values may be kept.
    """

    cluster: Key
    hash_key: bytes
    others: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()

    def namespace(self, name: str) -> Key:
        """Name a namespace."""
        return self.cluster.child("k8s.namespace", name)

    def named(self, kind: str, namespace: str, name: str) -> Key:
        """Name a thing by its name; the namespace is left out of a kind that stands in none."""
        wide = kind in CLUSTER_WIDE or (kind == RESOURCE and not namespace)
        return (self.cluster if wide else self.namespace(namespace)).child(kind, name)

    def end(self, kind: str, namespace: str, name: str, uid: str | None = None) -> KeyEnd:
        """Mint the end that a reference by name and uid means."""
        if kind in BY_UID:
            return KeyEnd(self.namespace(namespace).child(kind, uid or ""))
        return KeyEnd(self.named(kind, namespace, name), uid)

    def reference(self, kind: str, namespace: str, name: str, uid: str | None = None) -> End:
        """Mint the end that a reference means whose uid may be left out: a thing by uid is then its name's holder."""
        if kind in BY_UID and not uid:
            return AliasEnd(f"{kind}.name", f"{self.namespace(namespace)}/{name}", (kind,))
        return self.end(kind, namespace, name, uid)

    def referred(self, group: str, kind: str, namespace: str, name: str, uid: str | None = None) -> End | None:
        """Mint the end that a reference by API group and Kind means; None where that kind is not known."""
        word = KINDS_BY_NAME.get((group, kind))
        if word is not None:
            return self.reference(word, namespace, name, uid) if namespace or word in CLUSTER_WIDE else None
        namespaced = self.others.get((group, kind))
        if namespaced is None or (namespaced and not namespace):
            return None
        return self.end(RESOURCE, namespace if namespaced else "", resource_id(group, kind, name), uid)

    def of(self, kind: str, item: Object) -> KeyEnd:
        """Mint the end that an object itself is."""
        meta = item["metadata"]
        return self.end(kind, meta.get("namespace") or "", id_of(kind, item), meta["uid"])

    def in_network(self, address: str) -> str:
        """Give the value of an address alias: addresses are unique in a cluster's network only."""
        return f"{self.cluster}|{address}"

    def hashed(self, *texts: str) -> str:
        """Hash texts with the key: tells that they changed, and not what they are (16 hexadecimal digits)."""
        digest = hashlib.blake2b(key=self.hash_key[:64], digest_size=8)
        for text in texts:
            encoded = text.encode(errors="surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        return digest.hexdigest()


def resource_id(group: str, kind: str, name: str) -> str:
    """Name an object among all that have no kind of their own: `example.com:Tenant:web`."""
    return f"{group}:{kind}:{name}"


def id_of(kind: str, item: Object) -> str:
    """Give the name of an object in its key, unless that holds its uid."""
    name: str = item["metadata"]["name"]
    return resource_id(group_of(item["apiVersion"]), item["kind"], name) if kind == RESOURCE else name


def group_of(api_version: str) -> str:
    """Give the API group of an apiVersion: `apps` of `apps/v1`, the empty one of `v1`."""
    return api_version.rpartition("/")[0]


def present(**attributes: Any) -> dict[str, Any]:
    """Keep the attributes that say something: None and empty texts, lists and maps count as absent."""
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {}, ())}


def each(value: Any) -> Sequence[Object]:
    """Give the entries of a list; of an absent one none. Raise TypeError where an object stands in for a list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def texts(value: Any) -> list[str]:
    """Give the texts of a list; of an absent one none. Raise TypeError where anything else is in it."""
    entries: list[Any] = [*each(value)]
    if not all(isinstance(entry, str) for entry in entries):
        raise TypeError("not a list of texts")
    return entries
