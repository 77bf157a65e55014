"""Is everything known of a whole estate, and nothing else: every kind, every tie both ways, before and after changes?

The truth is asked of the cluster, by code that shares nothing with the collector (tests/truth).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from graph.stores.sqlite import SqliteStore
from tests.endtoend.held import Held, held
from tests.endtoend.test_truth import asbuilt
from tests.servers import estate
from tests.servers.added_definitions import define_whole
from tests.servers.kube_api import Manifest
from tests.servers.kubernetes import ControlPlane
from tests.truth import KINDS, RESOURCE, Look, Tie, look

pytestmark = pytest.mark.server

SOURCE = "prod"
MOMENTS = ("before", "after")
HOW = {
    "ALLOWED_BY": {("explicit_ref", 1.0)},
    "ASSUMES": {("annotation", 0.9)},
    "BOUND_TO": {("explicit_ref", 1.0)},
    "DECLARED_IN": {("explicit_ref", 1.0), ("annotation", 1.0), ("annotation", 0.97), ("label", 0.97)},
    "DEPENDS_ON": {("explicit_ref", 1.0), ("dns", 0.95)},
    "EXPOSED_BY": {("explicit_ref", 1.0)},
    "GRANTS": {("explicit_ref", 1.0)},
    "GRANTS_TO": {("explicit_ref", 1.0)},
    "GUARDS": {("selector", 1.0), ("selector", 0.95)},
    "IN_REGION": {("label", 1.0)},
    "IN_ZONE": {("label", 1.0)},
    "LIMITS": {("explicit_ref", 1.0)},
    "MANAGED_BY": {("explicit_ref", 1.0), ("label", 0.9)},
    "MOUNTS": {("explicit_ref", 1.0)},
    "PART_OF": {("provider_id", 1.0)},
    "PROTECTED_BY": {("selector", 1.0), ("selector", 0.95)},
    "REALIZED_BY": {("provider_id", 1.0)},
    "REGARDS": {("explicit_ref", 1.0)},
    "ROUTES_TO": {("explicit_ref", 1.0)},
    "RUNS_AS": {("explicit_ref", 1.0)},
    "RUNS_ON": {("explicit_ref", 1.0)},
    "SCALES": {("explicit_ref", 1.0)},
    "SELECTS": {("selector", 1.0)},
    "USES_CONFIG": {("explicit_ref", 1.0)},
    "USES_IMAGE": {("digest", 1.0)},
}
"""Every verb that a cluster has, and how each tie of it is known: the method, and how sure that makes it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the cluster said before and after it was read, and what is held of the instant.

    Events come at any time: what was so at both looks must be held, and what was so at neither must not.
    """

    first: Look
    last: Look
    at: datetime
    held: Held


@dataclass(frozen=True, slots=True)
class Story:
    """Two moments of one estate."""

    before: Moment
    after: Moment
    store: Path

    def moment(self, name: str) -> Moment:
        """Give one of the two."""
        return self.before if name == "before" else self.after


@pytest.fixture(scope="module")
def story(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Apply the whole estate, read it, change and delete some, and read it again."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    folder = tmp_path_factory.mktemp("estate")
    store, config = folder / "asbuilt.db", folder / "asbuilt.yaml"
    kubeconfig = control_plane.kubeconfig(folder / "kubeconfig")
    config.write_text(f"sources:\n  {SOURCE}:\n    type: kubernetes\n    kubeconfig: {kubeconfig}\n")
    define_whole(control_plane)
    control_plane.apply(estate.manifests(*estate.WHOLE))
    control_plane.apply(estate.made(control_plane.api))
    _settle(control_plane, recommenders=2)
    seen = [_read(control_plane, config, store)]
    _change(control_plane)
    _settle(control_plane, recommenders=0)
    seen.append(_read(control_plane, config, store))
    opened = SqliteStore(store)
    before, after = (Moment(first, last, at, held(opened, at)) for first, last, at in seen)
    opened.close()
    yield Story(before, after, store)
    everything = [*estate.manifests(*estate.WHOLE), *estate.manifests("made")]
    aggregated = [one for one in everything if one["kind"] == "APIService"]
    control_plane.api.delete(aggregated)  # or else no namespace could be looked through
    control_plane.api.delete([one for one in everything if one["kind"] != "Namespace"], wait=False)
    control_plane.reset()


def _settle(plane: ControlPlane, recommenders: int) -> None:
    """Wait until everything runs, the pods of a ReplicaSet that no Deployment has among them."""
    label = "/api/v1/namespaces/shop/pods?labelSelector=app.kubernetes.io%2Fname%3Drecommender"
    plane.wait_for(lambda: len(plane.api.items(label)) == recommenders, what="the pods of the Rollout")
    plane.wait_settled(timeout=120.0)


def _read(plane: ControlPlane, config: Path, store: Path) -> tuple[Look, Look, datetime]:
    """Read it twice, for what is named by one listing is missing once a later one lacks it."""
    first = look(plane.api)
    for _ in range(2):
        asbuilt("once", "--config", str(config), "--store", str(store))
    opened = SqliteStore(store)
    at = opened.head().instant
    opened.close()
    return first, look(plane.api), at


def _change(plane: ControlPlane) -> None:
    """Scale, reroute, retarget, rebind, select others; and delete one of many kinds."""
    plane.api.patch("/apis/apps/v1/namespaces/shop/deployments/cart", {"spec": {"replicas": 4}})
    route, mesh = _of("HTTPRoute", "storefront"), _of("VirtualService", "recommender")
    for backend, weight in zip(route["spec"]["rules"][0]["backendRefs"], (50, 40, 10), strict=True):
        backend["weight"] = weight
    for way, weight in zip(mesh["spec"]["http"][0]["route"], (60, 40), strict=True):
        way["weight"] = weight
    scaler, policy = _of("HorizontalPodAutoscaler", "recommender"), _of("NetworkPolicy", "untiered")
    scaler["spec"]["scaleTargetRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "storefront"}
    policy["spec"]["podSelector"] = {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["storage"]}]}
    binding = _of("RoleBinding", "readers")
    plane.delete([binding])  # what a binding grants cannot be changed
    rebound = deepcopy(binding)
    rebound["roleRef"]["name"] = "config-reader"
    rebound["subjects"] = rebound["subjects"][1:]
    plane.apply([route, mesh, scaler, policy, rebound])
    rollout = [one for one in estate.manifests("made") if one["kind"] == "ReplicaSet"]
    gone = [("PersistentVolumeClaim", "archive"), ("Rollout", "recommender"), ("NetworkPolicy", "not-catalog")]
    gone += [("ReferenceGrant", "certificates"), ("Application", "shop"), ("Service", "fraud")]
    gone += [("StorageClass", "efs"), ("Secret", "sh.helm.release.v1.redis.v1"), ("ServiceMonitor", "storefront")]
    plane.delete([*(_of(*one) for one in gone), *rollout])


def _of(kind: str, name: str) -> Manifest:
    return estate.manifest(kind, name, *estate.WHOLE)


@pytest.mark.parametrize("name", MOMENTS)
def test_every_entity_is_known_and_none_is_invented(story: Story, name: str) -> None:
    """Every object that is read, by its key and its uid, every container, every release; and nothing else."""
    moment = story.moment(name)
    known = set(moment.held.entities.items())
    assert _sorted((moment.first.entities & moment.last.entities) - known) == []
    assert _sorted(known - (moment.first.entities | moment.last.entities)) == []
    assert len(known) > 600


@pytest.mark.parametrize("name", MOMENTS)
def test_every_tie_is_known_and_none_is_invented(story: Story, name: str) -> None:
    """All of the cluster, of every verb, with slot, ports, hosts, weights, readiness, and whether it is optional."""
    moment = story.moment(name)
    assert _sorted((moment.first.ties & moment.last.ties) - moment.held.ties) == []
    assert _sorted(moment.held.ties - (moment.first.ties | moment.last.ties)) == []
    assert {one.verb for one in moment.held.ties} == set(HOW)
    assert len(moment.held.ties) > 900


@pytest.mark.parametrize("name", MOMENTS)
def test_what_is_named_and_absent_is_missing(story: Story, name: str) -> None:
    """Missing where it never was, gone where it was once; present is everything else that could be looked for."""
    moment = story.moment(name)
    once = story.before.held.entities.keys()
    said = moment.held.said
    certain, possible = moment.first.missing & moment.last.missing, moment.first.missing | moment.last.missing
    expected = {key: "gone" if key in once else "missing" for key in certain & said.keys()}
    assert {key: said.get(key) for key in expected} == expected
    assert certain <= said.keys()
    assert _sorted({key for key, word in said.items() if word in ("gone", "missing")} - possible) == []
    assert sum(key.split("/")[-1].startswith("absent") for key in expected) > 40
    unlooked = {key.split("/")[-2] for key, word in said.items() if word == "mentioned"}
    assert unlooked == {"container.image", "keda.clustertriggerauthentication"}  # nobody contains it; nobody serves it


def test_how_each_tie_is_known_is_told(story: Story) -> None:
    """The method, and the confidence that goes with it: an identifier is sure, a label nearly."""
    told: dict[str, set[tuple[str, float]]] = {}
    for verb, method, confidence in story.before.held.how | story.after.held.how:
        told.setdefault(verb, set()).add((method, confidence))
    assert told == HOW


def test_the_estate_has_every_kind_and_the_cluster_nothing_that_is_overlooked(story: Story) -> None:
    """Of each kind at least one; a dozen services; and no resource of the server that is neither read nor left out."""
    assert story.before.first.kinds == {row.word for row in KINDS} - NOT_IN_ESTATE | {RESOURCE}
    services = [one for one in story.before.held.entities if "/k8s.service/" in one]
    assert len(services) >= 12
    assert story.before.first.unaccounted == set()


NOT_IN_ESTATE = {"keda.clustertriggerauthentication"}
"""A resource that is named, and that this server does not serve."""


def test_the_changes_are_what_differs(story: Story) -> None:
    """Weights, policies, rights, claims and the Rollout: before there, and not after; at either instant as it was."""
    before, after = ({_brief(one) for one in moment.held.ties} for moment in (story.before, story.after))
    lost, won = before - after, after - before
    for source, slot, weights in (
        ("k8s.httproute/storefront", "shop.example.com / :80", {"90, 10, 0", "50, 40, 10"}),
        ("istio.virtualservice/recommender", " primary ", {"95, 5", "60, 40"}),
    ):
        assert {_weights(moment.held.ties, source, slot) for moment in (story.before, story.after)} == weights
    for tie in (
        ("k8s.rolebinding/readers", "GRANTS", "k8s.role/pod-reader"),
        ("k8s.hpa/recommender", "SCALES", "argo.rollout/recommender"),
        ("k8s.persistentvolumeclaim/archive", "BOUND_TO", "k8s.persistentvolume/exports"),
        ("k8s.deployment/cart", "PROTECTED_BY", "k8s.networkpolicy/not-catalog"),
        ("k8s.gateway/edge", "ALLOWED_BY", "k8s.referencegrant/certificates"),
    ):
        assert tie in lost
    for tie in (
        ("k8s.rolebinding/readers", "GRANTS", "k8s.role/config-reader"),
        ("k8s.hpa/recommender", "SCALES", "k8s.deployment/storefront"),
        ("k8s.statefulset/warehouse", "PROTECTED_BY", "k8s.networkpolicy/untiered"),
    ):
        assert tie in won


def _brief(one: Tie) -> tuple[str, str, str]:
    ends = ["/".join(end.split("/")[-2:]) for end in (one.source, one.target)]
    return ends[0], one.verb, ends[1]


def _weights(ties: set[Tie], source: str, slot: str) -> str:
    """Give the weights of the ways that a thing leads, by a part of their slot."""
    told = [json.loads(one.told) for one in ties if one.source.endswith(source) and slot in one.slot]
    return ", ".join(map(str, sorted((one["weight"] for one in told if one.get("weight") is not None), reverse=True)))


def test_no_canary_came_this_far(story: Story) -> None:
    """The values of the estate's secrets are nowhere in the store."""
    for file in story.store.parent.glob("asbuilt.db*"):
        content = file.read_bytes()
        assert not any(canary.encode() in content for canary in estate.CANARIES), file


def _sorted(found: set[Any]) -> list[str]:
    return sorted(map(str, found))
