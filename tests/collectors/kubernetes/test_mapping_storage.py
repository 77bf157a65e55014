"""What does the mapping make of claims, volumes, and where these lie?"""

import pytest

from graph.model import AliasEnd, KeyEnd, Method
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject, ties

GP3 = CLUSTER.child("k8s.storageclass", "gp3")


def test_the_chain_leads_from_pod_to_disk() -> None:
    """Pod mounts claim, claim is bound to volume, volume is realized by its disk."""
    assert SHOP.child("k8s.persistentvolumeclaim", "cart-data") in ties(mapped("pods"), "MOUNTS")
    assert list(ties(mapped("persistentvolumeclaims"), "BOUND_TO")) == [CLUSTER.child("k8s.persistentvolume", "pv-1")]
    [tie] = ties(mapped("persistentvolumes"), "REALIZED_BY").values()
    assert tie.target == AliasEnd("aws.ebs.volume.id", "vol-0a1b2c3d4e5f60001", ("aws.ebs.volume",))
    assert tie.method is Method.PROVIDER_ID


def test_a_template_mounts_what_its_pods_will_mount() -> None:
    """But for an ephemeral volume, whose claim has the name of the pod."""
    mounts = ties(mapped("deployments.apps"), "MOUNTS")
    assert SHOP.child("k8s.persistentvolumeclaim", "cart-data") in mounts
    assert not [name for name in mounts if "ephemeral" in str(mounts[name].attributes)]


@pytest.mark.parametrize(
    ("index", "disks"),
    [
        (1, {"aws.efs.file_system.id": "fs-0a1b2c3d", "aws.efs.access_point.id": "fsap-0123456789abcdef0"}),
        (2, {"aws.ebs.volume.id": "vol-0a1b2c3d4e5f60002"}),
        (3, {}),
    ],
)
def test_volumes_of_every_age_are_realized_by_their_disks(index: int, disks: dict[str, str]) -> None:
    """R16: EFS with an access point, the in-tree form of EBS; what is no disk of a cloud has its handle as data."""
    found = ties(mapped("persistentvolumes", index), "REALIZED_BY").values()
    ends = [tie.target for tie in found if isinstance(tie.target, AliasEnd)]
    assert {end.type: end.value for end in ends} == disks


def test_a_volume_of_eks_auto_mode_is_realized_by_its_disk() -> None:
    """Its driver has another name, and the same disks."""
    item = sample("persistentvolumes")
    item["spec"]["csi"]["driver"] = "ebs.csi.eks.amazonaws.com"
    assert ties(mapped("persistentvolumes", item=item), "REALIZED_BY") == ties(
        mapped("persistentvolumes"), "REALIZED_BY"
    )


def test_a_handle_that_is_none_ties_nothing() -> None:
    """A driver may call its volumes anything."""
    item = sample("persistentvolumes")
    item["spec"]["csi"]["volumeHandle"] = "not-a-volume"
    assert not ties(mapped("persistentvolumes", item=item), "REALIZED_BY")
    assert subject(mapped("persistentvolumes", 3)).attributes["volume_handle"] == "nfs.example.com:/exports/shop"


def test_a_volume_lies_where_its_affinity_or_its_label_says() -> None:
    """One zone by affinity; several in the label of a regional disk; the region by label."""
    said = mapped("persistentvolumes")
    assert list(ties(said, "IN_ZONE")) == ["eu-west-1a"]
    assert list(ties(said, "IN_REGION")) == ["eu-west-1"]
    assert list(ties(mapped("persistentvolumes", 2), "IN_ZONE")) == ["eu-west-1a", "eu-west-1b"]


def test_a_node_stands_in_its_zone_and_region() -> None:
    """By label; a name means another zone in another account, so the end is an alias."""
    said = mapped("nodes")
    [zone], [region] = ties(said, "IN_ZONE").values(), ties(said, "IN_REGION").values()
    assert zone.target == AliasEnd("cloud.availability_zone.name", "eu-west-1a", ("cloud.availability_zone",))
    assert region.target == AliasEnd("cloud.region.name", "eu-west-1", ("cloud.region",))


def test_classes_are_named_by_stateful_sets_and_by_claims_that_wait() -> None:
    """So that a class that is missing shows who waits for it."""
    for resource, way in (
        ("persistentvolumeclaims", "storageClassName"),
        ("statefulsets.apps", "volumeClaimTemplates"),
    ):
        item = sample(resource)
        item["spec"].pop("volumeName", None)
        assert ties(mapped(resource, item=item), "USES_CONFIG")[GP3].attributes == {"uses": [way]}
    assert subject(mapped("storageclasses.storage.k8s.io")).attributes["default"] is True


def test_a_stateful_set_says_what_becomes_of_its_claims() -> None:
    """Whether its data goes with it, as it would for the sample, or stays."""
    kept = subject(mapped("statefulsets.apps")).attributes["claim_retention"]
    assert kept == {"whenDeleted": "Delete", "whenScaled": "Retain"}


def test_a_volume_that_is_there_needs_no_class_and_neither_does_its_claim() -> None:
    """One that was made by hand may name a class that nobody ever made."""
    for resource in ("persistentvolumeclaims", "persistentvolumes"):
        said = mapped(resource)
        assert GP3 not in ties(said, "USES_CONFIG")
        assert subject(said).attributes["storage_class"] == "gp3"


@pytest.mark.parametrize("prefix", ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"])
def test_the_default_class_is_known_by_either_annotation(prefix: str) -> None:
    """The old one holds to this day; what does not say `true` is none."""
    item = sample("storageclasses.storage.k8s.io")
    for word, expected in (("true", True), ("false", None)):
        item["metadata"]["annotations"] = {f"{prefix}/is-default-class": word}
        said = subject(mapped("storageclasses.storage.k8s.io", item=item))
        assert said.attributes.get("default") is expected


@pytest.mark.parametrize(("namespace", "home"), [("storage", "storage"), (None, "shop")])
def test_a_share_of_azure_is_tied_to_its_login(namespace: str | None, home: str) -> None:
    """In the namespace that it says, or else in that of its claim."""
    item = sample("persistentvolumes")
    del item["spec"]["csi"]
    item["spec"]["azureFile"] = {"shareName": "cart", "secretName": "share-login", "secretNamespace": namespace}
    login = CLUSTER.child("k8s.namespace", home).child("k8s.secret", "share-login")
    assert login in ties(mapped("persistentvolumes", item=item), "USES_CONFIG")


def test_parameters_and_attributes_of_volumes_hold_no_secret() -> None:
    """Names of Secrets are tied; values are not kept."""
    assert subject(mapped("storageclasses.storage.k8s.io")).attributes["parameters"] == {"type": "gp3"}
    luks = CLUSTER.child("k8s.namespace", "storage").child("k8s.secret", "luks")
    assert ties(mapped("persistentvolumes"), "USES_CONFIG")[luks].target == KeyEnd(luks)


def test_a_claim_without_a_class_is_not_one_of_the_default_class() -> None:
    """An empty name asks for a volume that has none; an absent one for whatever is the default."""
    item = sample("persistentvolumeclaims")
    item["spec"]["storageClassName"] = ""
    said = mapped("persistentvolumeclaims", item=item)
    assert subject(said).attributes["storage_class"] == ""
    assert not [tie for tie in ties(said, "USES_CONFIG") if "storageclass" in tie]
    del item["spec"]["storageClassName"]
    assert "storage_class" not in subject(mapped("persistentvolumeclaims", item=item)).attributes
