"""What does the cluster say about itself, and which namespaces divide it?"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import Object, Place, present
from graph.model import Alias, Entity, Holding, Key, KeyEnd, Method, Relation, Statement


def cluster_key(uid: str) -> Key:
    """Name a cluster: by the uid of its namespace kube-system, as OpenTelemetry's k8s.cluster.uid."""
    return Key.of(("k8s.cluster", uid))


def cluster(key: Key, source: str, created_at: str | None, version: Object) -> list[Statement]:
    """State the cluster. The name in its configuration is its name here, and an exclusive alias."""
    attributes = present(created_at=created_at, version=version.get("gitVersion"), platform=version.get("platform"))
    aliases = (
        Alias("k8s.cluster.uid", key.id, Holding.FOREVER),
        Alias("k8s.cluster.name", source, Holding.EXCLUSIVE),
    )
    return [Entity(key, source, None, attributes, aliases)]


def namespace(place: Place, item: Object) -> Iterator[Statement]:
    """State a namespace as a part of the cluster."""
    source = place.of("k8s.namespace", item)
    phase = (item.get("status") or {}).get("phase")
    yield entity(place, "k8s.namespace", item, present(phase=phase))
    yield from owners(place, source, item)
    yield Relation(source, "PART_OF", KeyEnd(place.cluster), method=Method.PROVIDER_ID)
