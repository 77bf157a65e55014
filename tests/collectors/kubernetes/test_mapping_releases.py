"""What does the mapping make of Helm, Argo CD and Flux, and of what they write on what they apply?"""

from dataclasses import replace
from typing import Any

import pytest

from graph.model import Alias, AliasEnd, DocumentRef, Entity, Holding, Key, Method
from graph.settle.merge import merged_entity
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, PLACE, READ, SHOP, mapped, subject, ties

SYSTEM = CLUSTER.child("k8s.namespace", "flux-system")
TRACKING = "argocd.argoproj.io/tracking-id"
KUSTOMIZATIONS, HELM_RELEASES = "kustomizations.kustomize.toolkit.fluxcd.io", "helmreleases.helm.toolkit.fluxcd.io"


def release_of(index: int) -> Entity:
    """Return the Helm release that a Secret states."""
    [release] = (said for said in mapped("secrets", index) if isinstance(said, Entity) and said.kind == "helm.release")
    return release


def test_the_secrets_of_a_release_state_it_together() -> None:
    """Each its revision; what is deployed says which one is in force, whatever the order."""
    stated = [(DocumentRef("prod", f"secret-{index}"), release_of(index)) for index in (1, 2)]
    for pairs in (stated, stated[::-1]):
        release = merged_entity(pairs)
        assert release.key == SHOP.child("helm.release", "cart")
        assert release.attributes == {
            "revision": "2",
            "status": "deployed",
            "revisions": {"1": "superseded", "2": "deployed"},
        }
    assert len([said for said in mapped("secrets") if isinstance(said, Entity)]) == 1


def test_an_object_is_declared_by_all_that_applied_it() -> None:
    """R24 to R26: each with its method and confidence."""
    declared = ties(mapped("deployments.apps"), "DECLARED_IN")
    assert {name: (tie.method, tie.confidence) for name, tie in declared.items()} == {
        f"{CLUSTER}|shop": (Method.ANNOTATION, 1.0),
        SHOP.child("helm.release", "cart"): (Method.ANNOTATION, 0.97),
        SYSTEM.child("flux.kustomization", "shop"): (Method.LABEL, 0.97),
        SHOP.child("flux.helmrelease", "cart"): (Method.LABEL, 0.97),
    }


def test_what_flux_puts_into_another_namespace_is_not_said_to_have_its_release_there() -> None:
    """Flux stores a release beside its HelmRelease, which says so; Helm's annotation has where the objects go."""
    item = sample("deployments.apps")
    item["metadata"]["labels"]["helm.toolkit.fluxcd.io/namespace"] = "flux-system"
    assert set(ties(mapped("deployments.apps", item=item), "DECLARED_IN")) == {
        f"{CLUSTER}|shop",
        SYSTEM.child("flux.kustomization", "shop"),
        SYSTEM.child("flux.helmrelease", "cart"),
    }


def test_what_a_controller_copied_declares_nothing() -> None:
    """A ReplicaSet has the annotations of its Deployment, and a slice the labels of its service."""
    item = sample("deployments.apps")
    item["metadata"]["ownerReferences"] = [
        {"apiVersion": "example.com/v1", "kind": "Fleet", "name": "cart", "uid": "u", "controller": True}
    ]
    assert set(ties(mapped("deployments.apps", item=item), "DECLARED_IN")) == {f"{CLUSTER}|shop"}
    item["metadata"]["name"] = "cart-copy"
    assert not ties(mapped("deployments.apps", item=item), "DECLARED_IN")


@pytest.mark.parametrize(
    ("resource", "text", "tied"),
    [
        ("configmaps", "shop:/ConfigMap:shop/cart", "shop"),
        ("configmaps", "argocd_shop:/ConfigMap:shop/cart", "argocd_shop"),
        ("configmaps", "shop:/ConfigMap:shop/other", None),
        ("configmaps", "shop:/ConfigMap:bank/cart", None),
        ("configmaps", "shop:/Secret:shop/cart", None),
        ("configmaps", "shop:apps/ConfigMap:shop/cart", None),
        ("configmaps", "rubbish", None),
        ("storageclasses.storage.k8s.io", "infra:storage.k8s.io/StorageClass:argocd/gp3", "infra"),
    ],
)
def test_a_tracking_id_counts_on_the_object_that_it_names(resource: str, text: str, tied: str | None) -> None:
    """Group, kind, namespace and name; what no namespace contains is tracked under that of its Application."""
    item = sample(resource)
    item["metadata"]["annotations"] = {TRACKING: text}
    found = [tie.target for tie in ties(mapped(resource, item=item), "DECLARED_IN").values()]
    expected = AliasEnd("argocd.application.name", f"{CLUSTER}|{tied}", ("argocd.application",))
    assert found == ([expected] if tied else [])


def test_an_application_holds_the_names_of_its_own_cluster() -> None:
    """With and without its namespace; one that applies elsewhere holds none here."""
    own, far = subject(mapped("applications.argoproj.io")), subject(mapped("applications.argoproj.io", 1))
    names = {alias for alias in own.aliases if alias.type == "argocd.application.name"}
    assert names == {
        Alias("argocd.application.name", f"{CLUSTER}|shop", Holding.SHARED),
        Alias("argocd.application.name", f"{CLUSTER}|argocd_shop", Holding.SHARED),
    }
    assert not [alias for alias in far.aliases if alias.type == "argocd.application.name"]


def test_an_application_says_from_where_to_where_and_how_far() -> None:
    """Repository, path and revision of each source; no values, no parameters, no credentials."""
    application = subject(mapped("applications.argoproj.io")).attributes
    sources = application["sources"]
    assert isinstance(sources, list)
    assert sources[0] == {
        "repository": "https://[removed]@git.example.com/shop.git",
        "path": "overlays/production",
        "revision": "main",
        "value_files": ["$values/production.yaml"],
        "release": "shop",
    }
    assert sources[1]["chart"] == "cart"
    assert (application["sync"], application["health"]) == ("OutOfSync", "Healthy")
    single: Any = subject(mapped("applications.argoproj.io", 1)).attributes
    assert [source["path"] for source in single["sources"]] == ["staging"]
    assert single["revisions"] == ["3f786850e387550fdab836ed7e6dc881de23001b"]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ({"automated": {}}, {"enabled": True}),
        ({"automated": {"enabled": False}}, {"enabled": False}),
        ({"automated": None}, None),
        ({"syncOptions": ["CreateNamespace=true"]}, None),
        (None, None),
    ],
)
def test_a_sync_that_is_automatic_is_not_one_by_hand(policy: Any, kept: Any) -> None:
    """What is automated may be said with nothing in it."""
    item = sample("applications.argoproj.io")
    item["spec"]["syncPolicy"] = policy
    assert subject(mapped("applications.argoproj.io", item=item)).attributes.get("sync_policy") == kept


def test_a_kustomization_names_its_source_and_its_configuration() -> None:
    """What it waits for, where it has it from, and what is put in."""
    said = mapped(KUSTOMIZATIONS)
    assert {name: tie.attributes["uses"] for name, tie in ties(said, "DEPENDS_ON").items()} == {
        SYSTEM.child("flux.gitrepository", "estate"): ["source"],
        SYSTEM.child("flux.kustomization", "infra"): ["dependsOn"],
    }
    assert {Key(name).id: tie.attributes.get("optional") for name, tie in ties(said, "USES_CONFIG").items()} == {
        "cluster-vars": None,
        "cluster-secrets": True,
        "sops-age": None,
    }
    revision = subject(said).attributes["applied_revision"]
    assert revision == "main@sha1:3f786850e387550fdab836ed7e6dc881de23001b"


@pytest.mark.parametrize("kind", ["Bucket", "HelmChart"])
def test_a_source_that_has_no_kind_of_its_own_is_tied_where_it_is_served(kind: str) -> None:
    """As any other custom resource; where the cluster does not have its kind, nothing can be known of it."""
    for resource, field in ((KUSTOMIZATIONS, "sourceRef"), (HELM_RELEASES, "chartRef")):
        item = sample(resource)
        item["spec"].pop("chart", None)
        item["spec"] |= {field: {"kind": kind, "name": "estate", "namespace": "flux-system"}, "dependsOn": []}
        place = replace(PLACE, others={("source.toolkit.fluxcd.io", kind): True})
        said = list(READ[resource].read(place, item))
        assert set(ties(said, "DEPENDS_ON")) == {
            SYSTEM.child("k8s.resource", f"source.toolkit.fluxcd.io:{kind}:estate")
        }
        assert not ties(mapped(resource, item=item), "DEPENDS_ON")


def test_a_helm_release_of_flux_declares_the_release_that_it_makes() -> None:
    """By its name and where it is stored; one for another cluster makes none here."""
    said = mapped(HELM_RELEASES)
    [tie] = (one for one in ties(said, "DECLARED_IN").values())
    assert not isinstance(tie.source, AliasEnd)
    assert (tie.source.key, tie.target) == (
        SHOP.child("helm.release", "cart"),
        type(tie.source)(SHOP.child("flux.helmrelease", "cart"), "helmrelease-1"),
    )
    assert list(ties(said, "DEPENDS_ON")) == [
        SYSTEM.child("flux.helmrepository", "charts"),
        CLUSTER.child("k8s.namespace", "bank").child("flux.helmrelease", "database"),
    ]
    far = mapped(HELM_RELEASES, 1)
    assert not ties(far, "DECLARED_IN")
    assert subject(far).attributes["release_name"] == "far-remote"
    assert list(ties(far, "USES_CONFIG")) == [SHOP.child("k8s.secret", "far-kubeconfig")]


@pytest.mark.parametrize(
    ("history", "applied"),
    [
        ([("1.3.0", "failed"), ("1.2.0", "deployed"), ("1.1.0", "superseded")], "1.2.0"),
        ([("1.2.0", "deployed"), ("1.3.0", "failed")], "1.2.0"),
        ([("1.3.0", "failed")], None),
        ([], None),
    ],
)
def test_what_failed_is_not_in_force(history: list[tuple[str, str]], applied: str | None) -> None:
    """The newest of the history that is deployed."""
    item = sample(HELM_RELEASES)
    item["status"]["history"] = [{"chartVersion": version, "status": status} for version, status in history]
    assert subject(mapped(HELM_RELEASES, item=item)).attributes.get("applied_revision") == applied


@pytest.mark.parametrize(
    ("spec", "name", "history", "release"),
    [
        ({"targetNamespace": "shop"}, "a" * 48, [], f"shop-{'a' * 48}"),
        ({"targetNamespace": "shop"}, "a" * 49, [], f"shop-{'a' * 35}-654893e6860e"),
        ({}, "a" * 54, [], f"{'a' * 40}-a3f01b693925"),
        ({"targetNamespace": "shop"}, "cart", [{"name": "made", "status": "failed"}, {"name": "older"}], "made"),
    ],
)
def test_a_release_of_flux_has_the_name_that_it_was_made_with(
    spec: dict[str, str], name: str, history: list[dict[str, str]], release: str
) -> None:
    """By its history; before that by the default name, which Flux shortens where Helm would refuse it."""
    item = sample(HELM_RELEASES)
    del item["spec"]["releaseName"], item["spec"]["targetNamespace"]
    item["spec"] |= spec
    item["metadata"]["name"], item["status"]["history"] = name, history
    said = mapped(HELM_RELEASES, item=item)
    assert subject(said).attributes["release_name"] == release
    [tie] = ties(said, "DECLARED_IN").values()
    assert not isinstance(tie.source, AliasEnd)
    assert tie.source.key == SHOP.child("helm.release", release)


def test_values_are_a_hash_that_moves_with_them() -> None:
    """No value is kept."""
    item = sample(HELM_RELEASES)
    before = subject(mapped(HELM_RELEASES)).attributes["values_hash"]
    item["spec"]["values"]["database"]["password"] = "canary-other"
    assert subject(mapped(HELM_RELEASES, item=item)).attributes["values_hash"] != before
