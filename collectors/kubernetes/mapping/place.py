"""What is an object of this cluster called, so that everybody who meets it mints the same key?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graph.model import Key, KeyEnd

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
    ("apps", "ReplicaSet"): "k8s.replicaset",
    ("apps", "Deployment"): "k8s.deployment",
    ("apps", "StatefulSet"): "k8s.statefulset",
    ("apps", "DaemonSet"): "k8s.daemonset",
    ("batch", "Job"): "k8s.job",
    ("batch", "CronJob"): "k8s.cronjob",
    ("discovery.k8s.io", "EndpointSlice"): "k8s.endpointslice",
    ("networking.k8s.io", "Ingress"): "k8s.ingress",
}
"""(API group, Kind) to our kind: what an owner reference can be tied to."""

BY_UID = frozenset({"k8s.pod", "k8s.replicaset", "k8s.job"})
"""Kinds whose key holds the uid; their names come and go, and are exclusive aliases."""

CLUSTER_WIDE = frozenset({"k8s.node", "k8s.namespace"})
"""Kinds that no namespace contains."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects are: the key of their cluster; and the key of the hashes that stand for what is not kept."""

    cluster: Key
    hash_key: bytes

    def namespace(self, name: str) -> Key:
        """Name a namespace."""
        return self.cluster.child("k8s.namespace", name)

    def named(self, kind: str, namespace: str, name: str) -> Key:
        """Name a thing by its name; the namespace is left out of a kind that stands in none."""
        return (self.cluster if kind in CLUSTER_WIDE else self.namespace(namespace)).child(kind, name)

    def end(self, kind: str, namespace: str, name: str, uid: str | None = None) -> KeyEnd:
        """Mint the end that a reference by name and uid means."""
        if kind in BY_UID:
            return KeyEnd(self.namespace(namespace).child(kind, uid or ""))
        return KeyEnd(self.named(kind, namespace, name), uid)

    def of(self, kind: str, item: Object) -> KeyEnd:
        """Mint the end that an object itself is."""
        meta = item["metadata"]
        return self.end(kind, meta.get("namespace", ""), meta["name"], meta["uid"])

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
