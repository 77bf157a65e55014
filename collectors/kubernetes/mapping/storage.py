"""Where is data kept: claims, the volumes that they are bound to, and the disks behind these?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from collectors.kubernetes.mapping.classes import is_default, of_class
from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from collectors.kubernetes.mapping.secrecy import kept_annotations
from collectors.kubernetes.mapping.topology import REGION_LABELS, ZONE_LABELS, first, in_region, in_zone
from graph.model import AliasEnd, KeyEnd, Method, Relation, Statement

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
"""What makes a class the default one: either does, the old word to this day."""

_SPEC = frozenset(
    {
        "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
        "storageClassName", "volumeAttributesClassName", "volumeMode",
    }
)  # fmt: skip
"""What a PersistentVolume's spec has besides the one field that is its source."""

_EBS_DRIVERS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "awsElasticBlockStore")
"""The driver that one installs, that of EKS Auto Mode, and the source of before there were drivers."""

_EBS = re.compile(r"(?:aws://[^/]*/)?(vol-[0-9a-f]{8,17})")
_EFS = re.compile(r"(fs-[0-9a-f]{8,40})(?::[^:]*)?(?::(fsap-[0-9a-f]{8,40}))?")
_CREDENTIALS = (
    "controllerPublishSecretRef", "nodeStageSecretRef", "nodePublishSecretRef", "controllerExpandSecretRef",
    "nodeExpandSecretRef", "secretRef",
)  # fmt: skip


def persistentvolume(place: Place, item: Object) -> Iterator[Statement]:
    """State a PersistentVolume, the disk or file system behind it (ontology R16), and where that can be reached.

    Its class made it, or nobody did: a volume that is there needs none.
    """
    spec, status = item["spec"], item.get("status") or {}
    source = place.of("k8s.persistentvolume", item)
    type_ = next((word for word in sorted(spec) if word not in _SPEC and isinstance(spec[word], dict)), "")
    volume: Object = spec.get(type_) or {}
    labels, claim = item["metadata"].get("labels") or {}, spec.get("claimRef") or {}
    required = (spec.get("nodeAffinity") or {}).get("required") or {}
    zones = _places(required, labels, (*ZONE_LABELS, "topology.ebs.csi.aws.com/zone"))
    region = first(labels, REGION_LABELS) or next(iter(_places(required, {}, REGION_LABELS)), None)
    attributes = present(
        storage_class=spec.get("storageClassName"),
        access_modes=sorted(texts(spec.get("accessModes"))),
        capacity=(spec.get("capacity") or {}).get("storage"),
        reclaim_policy=spec.get("persistentVolumeReclaimPolicy"),
        volume_mode=spec.get("volumeMode"),
        type=type_,
        driver=volume.get("driver"),
        volume_handle=_handle(volume),
        claim=f"{claim.get('namespace')}/{claim.get('name')}" if claim else None,
        node_affinity=dict(required),
        zones=zones,
        region=region,
        phase=status.get("phase"),
        reason=status.get("reason"),
    )
    yield entity(place, "k8s.persistentvolume", item, attributes)
    yield from owners(place, source, item)
    yield from _realized(source, type_, volume)
    yield from (in_zone(source, zone) for zone in zones)
    yield from (in_region(source, name) for name in [region] if name)
    yield from _credentials(place, source, volume, claim.get("namespace") or "")


def persistentvolumeclaim(place: Place, item: Object) -> Iterator[Statement]:
    """State a PersistentVolumeClaim, and the volume that it is bound to; or the class that it waits for."""
    spec, status = item["spec"], item.get("status") or {}
    source = place.of("k8s.persistentvolumeclaim", item)
    data = spec.get("dataSourceRef") or spec.get("dataSource") or {}
    attributes = present(
        storage_class=spec.get("storageClassName"),
        access_modes=sorted(texts(spec.get("accessModes"))),
        requested=((spec.get("resources") or {}).get("requests") or {}).get("storage"),
        volume_mode=spec.get("volumeMode"),
        volume=spec.get("volumeName"),
        data_source=f"{data.get('kind')}/{data.get('name')}" if data else None,
        phase=status.get("phase"),
        capacity=(status.get("capacity") or {}).get("storage"),
        conditions=conditions(status),
    )
    if spec.get("storageClassName") == "":  # only a volume without a class, and not the default class as by none
        attributes["storage_class"] = ""
    yield entity(place, "k8s.persistentvolumeclaim", item, attributes)
    yield from owners(place, source, item)
    if volume := spec.get("volumeName"):
        yield Relation(source, "BOUND_TO", place.end("k8s.persistentvolume", "", volume))
    else:
        yield from of_class(place, source, "k8s.storageclass", spec.get("storageClassName"), "storageClassName")


def storageclass(place: Place, item: Object) -> Iterator[Statement]:
    """State a StorageClass. Parameters that are named like a secret are left out."""
    attributes = present(
        provisioner=item.get("provisioner"),
        parameters=kept_annotations(_harmless(item.get("parameters") or {})),
        reclaim_policy=item.get("reclaimPolicy"),
        binding_mode=item.get("volumeBindingMode"),
        allow_expansion=item.get("allowVolumeExpansion"),
        default=is_default(item, *_DEFAULT),
    )
    yield entity(place, "k8s.storageclass", item, attributes)
    yield from owners(place, place.of("k8s.storageclass", item), item)


def _harmless(parameters: Object) -> dict[str, Any]:
    """Leave out what is a key itself, as `restuserkey` is of GlusterFS."""
    return {name: value for name, value in parameters.items() if not name.lower().endswith(("key", "pass"))}


def _handle(volume: Object) -> str | None:
    """Give what the volume is called where it lies."""
    named = next((volume[word] for word in ("volumeHandle", "volumeID", "pdName", "diskURI") if volume.get(word)), None)
    if named or "server" not in volume or "path" not in volume:
        return named
    return f"{volume['server']}:{volume['path'].partition('?')[0]}"  # a query may hold a login


def _realized(source: KeyEnd, type_: str, volume: Object) -> Iterator[Relation]:
    handle = _handle(volume) or ""
    driver = volume.get("driver") if type_ == "csi" else type_
    found: Sequence[tuple[str, str | None]] = ()
    if driver in _EBS_DRIVERS and (disk := _EBS.fullmatch(handle)):
        found = (("aws.ebs.volume", disk[1]),)
    elif driver == "efs.csi.aws.com" and (share := _EFS.fullmatch(handle)):
        found = (("aws.efs.file_system", share[1]), ("aws.efs.access_point", share[2]))
    for kind, id_ in found:
        if id_:
            yield Relation(source, "REALIZED_BY", AliasEnd(f"{kind}.id", id_, (kind,)), method=Method.PROVIDER_ID)


def _credentials(place: Place, source: KeyEnd, volume: Object, home: str) -> Iterator[Relation]:
    """Tie a volume to the Secrets that its driver logs in with.

    home: the namespace of its claim, where the Secret of an Azure share lies unless that says otherwise.
    """
    named = [volume.get(field) or {} for field in _CREDENTIALS]
    secrets = {(one.get("namespace") or "", one.get("name") or "") for one in named}
    secrets.add((volume.get("secretNamespace") or home, volume.get("secretName") or ""))
    for namespace, name in sorted(secrets):
        if namespace and name:
            target = place.end("k8s.secret", namespace, name)
            yield Relation(source, "USES_CONFIG", target, attributes={"uses": ["volume credentials"]})


def _places(required: Object, labels: Object, names: tuple[str, ...]) -> list[str]:
    """Give the zones or regions that a volume is bound to: by its node affinity, else by its labels.

    A label may hold several, with two underscores between (the form of regional disks).
    """
    found = {
        value
        for term in each(required.get("nodeSelectorTerms"))
        for wanted in each(term.get("matchExpressions"))
        if wanted.get("key") in names and wanted.get("operator") == "In"
        for value in texts(wanted.get("values"))
    }
    return sorted(found or {part for part in (first(labels, names) or "").split("__") if part})
