"""Where does data lie, and where do machines stand: claims, volumes, disks, zones and regions?"""

from __future__ import annotations

from collections.abc import Iterator

from tests.truth.objects import Cluster, Thing, Tie, tie

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
CREDENTIALS = (
    "controllerPublishSecretRef",
    "nodeStageSecretRef",
    "nodePublishSecretRef",
    "controllerExpandSecretRef",
    "nodeExpandSecretRef",
)


def ties(cluster: Cluster) -> Iterator[Tie]:
    """Give the ties of claims, volumes and nodes."""
    for one in cluster.each("k8s.persistentvolumeclaim"):
        if "volumeName" not in one.spec:  # a class makes volumes; one that is there needs it no longer
            yield from _of_class(cluster, one, [one.spec.get("storageClassName")])
    for one in cluster.each("k8s.statefulset"):
        claims = [claim["spec"].get("storageClassName") for claim in one.spec.get("volumeClaimTemplates", [])]
        yield from _of_class(cluster, one, claims)
    for one in cluster.each("k8s.persistentvolumeclaim"):
        if "volumeName" in one.spec:
            yield tie(one.key, "BOUND_TO", cluster.at("", "k8s.persistentvolume", one.spec["volumeName"]))
    for one in cluster.each("k8s.persistentvolume"):
        yield from _volume(cluster, one)
    for one in cluster.each("k8s.node"):
        yield from _node(one)


def _of_class(cluster: Cluster, one: Thing, names: list[str | None]) -> Iterator[Tie]:
    for name in {name for name in names if name}:
        yield tie(one.key, "USES_CONFIG", cluster.at("", "k8s.storageclass", name))


def _volume(cluster: Cluster, one: Thing) -> Iterator[Tie]:
    csi, disk = one.spec.get("csi", {}), one.spec.get("awsElasticBlockStore", {})
    handle = csi.get("volumeHandle", "")
    if csi.get("driver") in ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"):  # one's own, or that of EKS Auto Mode
        yield tie(one.key, "REALIZED_BY", f"aws.ebs.volume.id={handle}")
    if disk:  # aws://<zone>/<id>, or the id alone
        yield tie(one.key, "REALIZED_BY", f"aws.ebs.volume.id={disk['volumeID'].split('/')[-1]}")
    if csi.get("driver") == "efs.csi.aws.com":  # <file system>[:<path>[:<access point>]]
        system, _, point = (*handle.split(":"), "", "")[:3]
        yield tie(one.key, "REALIZED_BY", f"aws.efs.file_system.id={system}")
        if point:
            yield tie(one.key, "REALIZED_BY", f"aws.efs.access_point.id={point}")
    for field in CREDENTIALS:
        if held := csi.get(field):
            yield tie(one.key, "USES_CONFIG", cluster.at(held["namespace"], "k8s.secret", held["name"]))
    if share := one.spec.get("azureFile"):
        space = share.get("secretNamespace") or one.spec["claimRef"]["namespace"]
        yield tie(one.key, "USES_CONFIG", cluster.at(space, "k8s.secret", share["secretName"]))
    terms = one.spec.get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms", [])
    labels = one.meta.get("labels", {})
    for label, words in ((ZONE, "availability_zone"), (REGION, "region")):
        wanted = [held for term in terms for held in term["matchExpressions"] if held["key"] == label]
        bound = {value for held in wanted if held["operator"] == "In" for value in held["values"]}
        for name in bound or set(filter(None, labels.get(label, "").split("__"))):
            yield tie(one.key, f"IN_{words.split('_')[-1].upper()}", f"cloud.{words}.name={name}")


def _node(one: Thing) -> Iterator[Tie]:
    last = one.spec.get("providerID", "").split("/")[-1]
    if last.startswith("i-"):
        yield tie(one.key, "REALIZED_BY", f"aws.ec2.instance.id={last}")
    labels = one.meta.get("labels", {})
    if ZONE in labels:
        yield tie(one.key, "IN_ZONE", f"cloud.availability_zone.name={labels[ZONE]}")
    if REGION in labels:
        yield tie(one.key, "IN_REGION", f"cloud.region.name={labels[REGION]}")
