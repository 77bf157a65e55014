"""What do all objects say about themselves: name, life, labels, owners?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.place import BY_UID, Object, Place, each, group_of, present, texts
from collectors.kubernetes.mapping.secrecy import kept_annotations
from graph.model import Alias, End, Entity, Holding, KeyEnd, Relation

_NODE = ("", "Node")


def entity(
    place: Place, kind: str, item: Object, attributes: dict[str, Any], *, aliases: tuple[Alias, ...] = ()
) -> Entity:
    """State the object: key and incarnation, the attributes that every kind has, and its uid as an alias for good."""
    meta = item["metadata"]
    end = place.of(kind, item)
    own = (Alias("k8s.uid", meta["uid"], Holding.FOREVER), *aliases)
    if kind in BY_UID:
        own += (Alias(f"{kind}.name", f"{place.namespace(meta['namespace'])}/{meta['name']}", Holding.EXCLUSIVE),)
    return Entity(end.key, meta["name"], end.incarnation, _common(place, meta) | attributes, own)


def _common(place: Place, meta: Object) -> dict[str, Any]:
    foreign = [_owner_text(owner) for owner in each(meta.get("ownerReferences")) if _owner(place, meta, owner) is None]
    return present(
        created_at=meta.get("creationTimestamp"),
        deletion_requested_at=meta.get("deletionTimestamp"),
        labels=dict(meta.get("labels") or {}),
        annotations=kept_annotations(meta.get("annotations") or {}),
        finalizers=sorted(texts(meta.get("finalizers"))),
        raw=present(owners=sorted(foreign)),
    )


def owners(place: Place, source: KeyEnd, item: Object) -> Iterator[Relation]:
    """Tie an object to its owners by kind, name and uid (ontology R5); others stay in `raw.owners`."""
    meta = item["metadata"]
    for owner in each(meta.get("ownerReferences")):
        target = _owner(place, meta, owner)
        if target is not None:
            yield Relation(source, "MANAGED_BY", target, attributes={"controller": bool(owner.get("controller"))})


def conditions(status: Object) -> dict[str, str]:
    """Give conditions as type to status. Their times move in a quiet world, and their messages say anything."""
    return {condition["type"]: condition["status"] for condition in each(status.get("conditions"))}


def _owner(place: Place, meta: Object, owner: Object) -> End | None:
    group, namespace = group_of(owner.get("apiVersion", "")), meta.get("namespace") or ""
    if (group, owner["kind"]) == _NODE:  # of static pods, among others: a machine is no group that its members make up
        return None
    return place.referred(group, owner["kind"], namespace, owner["name"], owner["uid"])


def _owner_text(owner: Object) -> str:
    return f"{owner.get('apiVersion', '')}/{owner['kind']}/{owner['name']}#{owner['uid']}"
