"""Which configuration and which identities are there? Names, keys and hashes; values only of ConfigMaps, on request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.contract import named_like_a_secret
from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present
from collectors.kubernetes.mapping.releases import helm_release
from collectors.kubernetes.mapping.secrecy import may_be_shown
from graph.model import AliasEnd, Method, Relation, Statement

_ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
_ROLE_ARN = re.compile(r"arn:[a-z0-9-]+:iam::\d{12}:role/\S+")

_RESTLESS = frozenset({("kube-system", "cluster-autoscaler-status")})
"""ConfigMaps that a controller rewrites every few seconds, as its way to publish its status."""


def configmap(place: Place, item: Object) -> Iterator[Statement]:
    """State a ConfigMap: its keys, and a keyed hash for each value whose key does not name a secret.

    The values themselves only where its namespace is one of those shown, and only those that nothing speaks against.
    """
    meta = item["metadata"]
    texts = dict(item.get("data") or {})
    data = texts | dict(item.get("binaryData") or {})
    shown = texts if meta["namespace"] in place.shown else {}
    hashed = () if (meta["namespace"], meta["name"]) in _RESTLESS else sorted(data)
    attributes = present(
        keys=sorted(data),
        content_hash={key: place.hashed(data[key]) for key in hashed if not named_like_a_secret(key)},
        values={key: shown[key] for key in hashed if key in shown and may_be_shown(key, shown[key])},
        immutable=item.get("immutable") or None,
    )
    yield entity(place, "k8s.configmap", item, attributes)
    yield from owners(place, place.of("k8s.configmap", item), item)


def secret(place: Place, item: Object) -> Iterator[Statement]:
    """State a Secret, of which nothing but metadata was read; and the Helm release that it stores a revision of."""
    yield entity(place, "k8s.secret", item, {})
    yield from owners(place, place.of("k8s.secret", item), item)
    yield from helm_release(place, item)


def serviceaccount(place: Place, item: Object) -> Iterator[Statement]:
    """State a ServiceAccount, its pull secrets, and the cloud role that its annotation names (ontology R14)."""
    meta = item["metadata"]
    source = place.of("k8s.serviceaccount", item)
    named = (meta.get("annotations") or {}).get(_ROLE_ANNOTATION) or ""
    arn = named if _ROLE_ARN.fullmatch(named) else None
    attributes = present(automount_token=item.get("automountServiceAccountToken"), role_arn=arn)
    yield entity(place, "k8s.serviceaccount", item, attributes)
    yield from owners(place, source, item)
    if arn:
        role = AliasEnd("aws.arn", arn, ("aws.iam.role",))
        yield Relation(source, "ASSUMES", role, method=Method.ANNOTATION, confidence=0.9)
    named_secrets = {reference.get("name") or "" for reference in each(item.get("imagePullSecrets"))}
    for name in sorted(named_secrets - {""}):
        target = place.end("k8s.secret", meta["namespace"], name)
        yield Relation(source, "USES_CONFIG", target, attributes={"uses": ["imagePullSecrets"]})
