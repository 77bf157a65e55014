"""Who may do what in the cluster: roles, and the bindings that grant them?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import CLUSTER_WIDE, Object, Place, each, present
from graph.model import KeyEnd, Relation, Statement

_USER = re.compile(r"system:serviceaccount:(?P<namespace>[a-z0-9-]+):(?P<name>[a-z0-9.-]+)")
"""The user that a ServiceAccount is to the API server."""

_EVERYBODY = re.compile(r"system:serviceaccounts:(?P<namespace>[a-z0-9-]+)")
"""The group that all ServiceAccounts of a namespace are to the API server."""

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
    """State a binding, its role, and whom it names: ServiceAccounts, be it as users, and all of a namespace.

    Other subjects are data, all ServiceAccounts of the cluster among them: the cluster does not fail with such a right.
    """
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
    for at, name in sorted({_account(one, namespace) for one in subjects} - {("", "")}):
        yield Relation(source, "GRANTS_TO", place.end("k8s.serviceaccount", at, name))
    groups = (_EVERYBODY.fullmatch(one["name"]) for one in subjects if one["kind"] == "Group")
    for at in sorted({group["namespace"] for group in groups if group}):
        yield Relation(source, "GRANTS_TO", KeyEnd(place.namespace(at)))


def _account(subject: Object, namespace: str) -> tuple[str, str]:
    """Give the ServiceAccount that a subject is, by namespace and name; empty texts where it is none."""
    if subject["kind"] == "ServiceAccount" and (subject.get("namespace") or namespace):
        return subject.get("namespace") or namespace, subject["name"]
    named = _USER.fullmatch(subject["name"]) if subject["kind"] == "User" else None
    return (named["namespace"], named["name"]) if named else ("", "")
