"""Where does a thing stand: in which zone, in which region?"""

from __future__ import annotations

from collectors.kubernetes.mapping.place import Object
from graph.model import AliasEnd, KeyEnd, Method, Relation

ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
REGION_LABELS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")


def first(labels: Object, names: tuple[str, ...]) -> str | None:
    """Give the first of some labels that says something."""
    return next((labels[name] for name in names if labels.get(name)), None)


def in_zone(source: KeyEnd, zone: str) -> Relation:
    """Tie a thing to a zone by name. What a name means differs from account to account, so it is a shared alias."""
    end = AliasEnd("cloud.availability_zone.name", zone, ("cloud.availability_zone",))
    return Relation(source, "IN_ZONE", end, method=Method.LABEL)


def in_region(source: KeyEnd, region: str) -> Relation:
    """Tie a thing to a region by name."""
    return Relation(source, "IN_REGION", AliasEnd("cloud.region.name", region, ("cloud.region",)), method=Method.LABEL)
