"""Which machines does the cluster run on, and what can each take?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from collectors.kubernetes.mapping.topology import REGION_LABELS, ZONE_LABELS, first, in_region, in_zone
from graph.model import Alias, AliasEnd, Holding, KeyEnd, Method, Relation, Statement

_INSTANCE = re.compile(r"aws://.*/(i-[0-9a-f]{8,17})")
"""aws:///<zone>/<instance id>. A Fargate node has no instance id (ontology R1)."""

_TYPE = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")


def node(place: Place, item: Object) -> Iterator[Statement]:
    """State a Node, its cluster, its zone, and the cloud instance behind it. Its node group stands in its labels.

    Its addresses belong to a network that the cluster does not name, which other clusters may share: shared aliases.
    """
    spec, status = item.get("spec") or {}, item.get("status") or {}
    source = place.of("k8s.node", item)
    addresses = sorted((entry["type"], entry["address"]) for entry in each(status.get("addresses")))
    internal = tuple(address for type_, address in addresses if type_ == "InternalIP")
    aliases = tuple(Alias("ip", place.in_network(address), Holding.SHARED) for address in internal)
    yield entity(place, "k8s.node", item, _attributes(item, addresses), aliases=aliases)
    yield from owners(place, source, item)
    yield Relation(source, "PART_OF", KeyEnd(place.cluster), method=Method.PROVIDER_ID)
    if instance := _INSTANCE.fullmatch(spec.get("providerID") or ""):
        machine = AliasEnd("aws.ec2.instance.id", instance[1], ("aws.ec2.instance",))
        yield Relation(source, "REALIZED_BY", machine, method=Method.PROVIDER_ID)
    labels = item["metadata"].get("labels") or {}
    if zone := first(labels, ZONE_LABELS):
        yield in_zone(source, zone)
    if region := first(labels, REGION_LABELS):
        yield in_region(source, region)


def _attributes(item: Object, addresses: list[tuple[str, str]]) -> dict[str, Any]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    info, labels = status.get("nodeInfo") or {}, item["metadata"].get("labels") or {}
    reported = conditions(status)
    return present(
        provider_id=spec.get("providerID"),
        instance_type=first(labels, _TYPE),
        zone=first(labels, ZONE_LABELS),
        region=first(labels, REGION_LABELS),
        pod_cidrs=texts(spec.get("podCIDRs")),
        taints=sorted(
            (
                present(key=taint["key"], value=taint.get("value"), effect=taint["effect"])
                for taint in each(spec.get("taints"))
            ),
            key=lambda taint: (taint["key"], taint["effect"]),
        ),
        unschedulable=spec.get("unschedulable") or None,
        capacity={name: str(quantity) for name, quantity in (status.get("capacity") or {}).items()},
        allocatable={name: str(quantity) for name, quantity in (status.get("allocatable") or {}).items()},
        addresses=[{"type": type_, "address": address} for type_, address in addresses],
        architecture=info.get("architecture"),
        os=info.get("operatingSystem"),
        os_image=info.get("osImage"),
        kernel_version=info.get("kernelVersion"),
        kubelet_version=info.get("kubeletVersion"),
        container_runtime_version=info.get("containerRuntimeVersion"),
        conditions=reported,
        ready=reported.get("Ready") == "True" if reported else None,
    )
