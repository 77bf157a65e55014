"""Who may do what in the cluster: roles, and the bindings that grant them?"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import CLUSTER_WIDE, Object, Place, each, present
from graph.model import Relation, Statement

_ROLES = {"Role": "k8s.role", "ClusterRole": "k8s.clusterrole"}


def role(place: Place, item: Object) -> Iterator[Statement]:
    """State a Role: what it allows in its namespace."""
    yield entity(place, "k8s.role", item, present(rules=list(each(item.get("rules")))))
    yield from owners(place, place.of("k8s.role", item), item)


def clusterrole(place: Place, item: Object) -> Iterator[Statement]:
    """State a ClusterRole: what it allows, and by which labels it gathers the rules of others."""
    aggregation = item.get("aggregationRule") or {}
    attributes = present(
        rules=list(each(item.get("rules"))), aggregates=list(each(aggregation.get("clusterRoleSelectors")))
    )
    yield entity(place, "k8s.clusterrole", item, attributes)
    yield from owners(place, place.of("k8s.clusterrole", item), item)


def rolebinding(place: Place, item: Object) -> Iterator[Statement]:
    """State a RoleBinding: what it grants in its namespace, and to whom."""
    yield from _binding(place, "k8s.rolebinding", item)


def clusterrolebinding(place: Place, item: Object) -> Iterator[Statement]:
    """State a ClusterRoleBinding: what it grants in the whole cluster, and to whom."""
    yield from _binding(place, "k8s.clusterrolebinding", item)


def _binding(place: Place, kind: str, item: Object) -> Iterator[Statement]:
    """State a binding, its role, and the ServiceAccounts that it names. Users and groups are no objects: data."""
    meta, source, granted = item["metadata"], place.of(kind, item), item["roleRef"]
    namespace = "" if kind in CLUSTER_WIDE else meta["namespace"]
    subjects = [
        present(kind=subject["kind"], namespace=subject.get("namespace"), name=subject["name"])
        for subject in each(item.get("subjects"))
    ]
    subjects.sort(key=lambda one: (one["kind"], one.get("namespace", ""), one["name"]))
    attributes = present(role=f"{granted['kind']}/{granted['name']}", subjects=subjects)
    yield entity(place, kind, item, attributes)
    yield from owners(place, source, item)
    yield Relation(source, "GRANTS", place.end(_ROLES[granted["kind"]], namespace, granted["name"]))
    accounts = {(one.get("namespace") or namespace, one["name"]) for one in subjects if one["kind"] == "ServiceAccount"}
    for at, name in sorted(accounts):
        if at:
            yield Relation(source, "GRANTS_TO", place.end("k8s.serviceaccount", at, name))
