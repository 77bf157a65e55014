"""Is every answer right at every instant?

A real estate, read, changed, and read again; the truth is asked of the cluster.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from graph.model import Key
from graph.stores.sqlite import SqliteStore
from tests.endtoend import truth
from tests.histories.witness import Witness, witness
from tests.servers import estate
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

CART, CHECKOUT, STOREFRONT = (("shop", name) for name in ("cart", "checkout", "storefront"))


@dataclass
class Moment:
    """What was true of the cluster, and the instant of the first revision that knows it."""

    at: datetime
    services: dict[tuple[str, str], truth.Truth]
    routes: set[tuple[str, str, str, str | None, str | None]]
    owners: dict[str, tuple[str, str] | None]


@dataclass
class Chronicle:
    """Two moments of one cluster, and somebody who asks about them."""

    cluster: Key
    before: Moment
    after: Moment
    says: Witness
    store: Path

    def key(self, kind: str, place: tuple[str, str]) -> Key:
        """Mint the key of a namespaced thing."""
        return self.cluster.child("k8s.namespace", place[0]).child(kind, place[1])


def asbuilt(*arguments: str) -> str:
    """Run the command as a user does, and give what it prints."""
    command = [str(Path(sys.executable).with_name("asbuilt")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def _moment(plane: ControlPlane, store: Path) -> Moment:
    opened = SqliteStore(store)
    at = opened.head().instant
    opened.close()
    return Moment(at, truth.services(plane.api), truth.routes(plane.api), truth.owners(plane.api))


def _change(plane: ControlPlane) -> None:
    """Change and delete some: scale, roll out, replace, unready, reroute, delete."""
    shop = "/apis/apps/v1/namespaces/shop/deployments"
    plane.api.patch(f"{shop}/cart", {"spec": {"replicas": 4}})
    rollout = estate.manifest("Deployment", "storefront")
    rollout["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example.com/shop/storefront:4.3.0"
    plane.apply([rollout])
    again = estate.manifest("Deployment", "checkout")
    plane.delete([again])
    plane.apply([again])
    plane.delete([estate.manifest("Service", "recommendations"), estate.manifest("ConfigMap", "feature-flags")])
    ingress = estate.manifest("Ingress", "shop")
    ingress["spec"]["rules"] = ingress["spec"]["rules"][:1]
    plane.apply([ingress])


@pytest.fixture(scope="module")
def chronicle(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chronicle]:
    """Apply the estate, `once`, change and delete some, `once`; the truth is asked beside each."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    folder = tmp_path_factory.mktemp("chronicle")
    store, config = folder / "asbuilt.db", folder / "asbuilt.yaml"
    kubeconfig = control_plane.kubeconfig(folder / "kubeconfig")
    config.write_text(f"sources:\n  prod:\n    type: kubernetes\n    kubeconfig: {kubeconfig}\n")
    once = ("once", "--config", str(config), "--store", str(store))
    control_plane.apply(estate.manifests())
    control_plane.wait_settled()
    control_plane.wait_for(lambda: truth.slices_follow(control_plane.api), what="an EndpointSlice of each service")
    asbuilt(*once)
    before = _moment(control_plane, store)
    _change(control_plane)
    control_plane.wait_settled()
    asbuilt(*once)
    asbuilt(*once)  # what half a listing lost is doubted until a second one, and that has been
    after = _moment(control_plane, store)
    opened = SqliteStore(store)
    with witness(opened) as says:
        yield Chronicle(Key.of(("k8s.cluster", truth.cluster_uid(control_plane.api))), before, after, says, store)
    opened.close()
    control_plane.reset()


@pytest.mark.parametrize("when", ["before", "after"])
def test_where_of_every_service_is_what_the_cluster_says(chronicle: Chronicle, when: str) -> None:
    """The very pods, each on its node, in its zone, on its instance, ready or not, with its images."""
    moment: Moment = getattr(chronicle, when)
    assert len(moment.services) >= 12
    for place, service in moment.services.items():
        answer = chronicle.says.ask(f"entities/{chronicle.key('k8s.service', place)}/where", moment.at)
        shown = {Key(pod["key"]).id: pod for pod in answer["data"]["pods"]}
        assert set(shown) == set(service["pods"]), place
        for uid, pod in service["pods"].items():
            said = shown[uid]
            images = {(one["reference"], one["digest"]) for one in said["containers"] if one["digest"]}
            assert images >= {(image, digest) for image, digest in pod["images"]}, place
            assert (said["name"], Key(said["node"]).id, said["zone"], said["ready"]) == (
                pod["name"],
                pod["node"],
                pod["zone"],
                pod["ready"],
            )
            assert said["instance"] == pod["instance"]
            owner = moment.owners[uid]
            assert owner is None or Key(said["workload"]).id == owner[1]
        assert not [gap for gap in answer["freshness"]["gaps"] if gap["source"]]


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_way_in_is_what_the_cluster_says(chronicle: Chronicle, when: str) -> None:
    """Host, path and default backend of every ingress, also to a service that does not exist."""
    moment: Moment = getattr(chronicle, when)
    found = set()
    for listed in chronicle.says.ask("entities", moment.at, kind="k8s.ingress", limit="1000")["data"]:
        relations = chronicle.says.ask(f"entities/{listed['key']}/relations", moment.at, verb="ROUTES_TO")["data"]
        namespace = Key(listed["key"]).container
        assert namespace is not None
        for relation in relations:
            target, attributes = Key(relation["other"]["key"]), relation["attributes"]
            found.add((namespace.id, listed["name"], target.id, attributes.get("host"), attributes.get("path")))
    assert found == moment.routes


def test_what_was_deleted_is_gone_and_was_there(chronicle: Chronicle) -> None:
    """A service and a ConfigMap: present at the first instant, gone at the second, between the two looks."""
    says, before, after = chronicle.says, chronicle.before.at, chronicle.after.at
    for kind, name in (("k8s.service", "recommendations"), ("k8s.configmap", "feature-flags")):
        key = chronicle.key(kind, ("shop", name))
        assert (says.presence(key, before), says.presence(key, after)) == ("present", "gone")
        since = says.ask(f"entities/{key}", after)["data"]["presence"]["since"]
        assert since["end"] <= says.ask(f"entities/{key}", after)["as_of"]
    used = says.ask(f"entities/{chronicle.key('k8s.deployment', CHECKOUT)}/where", after)["data"]["config"]
    dangling = {one["config"]["name"] or Key(one["config"]["key"]).id for one in used if one["dangling"]}
    assert "feature-flags" in dangling
    assert says.refused(f"entities/{chronicle.key('k8s.service', ('shop', 'nobody'))}") == "/problems/never-seen"


def test_applied_again_is_replaced_and_scaled_is_revised(chronicle: Chronicle) -> None:
    """The changes name what differs, from what to what, when, and by which document."""
    says = chronicle.says

    def changes(place: tuple[str, str]) -> list[dict[str, Any]]:
        key = chronicle.key("k8s.deployment", place)
        return [one for one in says.changes(entity=key, kind="k8s.deployment") if one["class"] == "configuration"]

    replaced, scaled, rolled = changes(CHECKOUT), changes(CART), changes(STOREFRONT)
    assert [one["transition"] for one in replaced] == ["replaced"]
    assert [(field["name"], field["old"], field["new"]) for field in scaled[0]["fields"] if not field["state"]] == [
        ("replicas", 2, 4)
    ]
    images = [field for field in rolled[0]["fields"] if field["name"].startswith("containers.")]
    assert [("4.2.0" in json.dumps(one["old"]), "4.3.0" in json.dumps(one["new"])) for one in images] == [(True, True)]
    for change in (*replaced, *scaled, *rolled):
        assert change["evidence"]
        assert change["happened"]["start"] <= change["happened"]["end"] <= change["recorded"]


def test_every_entity_and_every_tie_names_its_evidence(chronicle: Chronicle) -> None:
    """Source, scope, document and its version there; method and confidence of every relation."""
    says = chronicle.says
    listed = says.ask("entities", limit="1000")
    assert not listed["truncated"]
    for one in listed["data"]:
        entity = says.ask(f"entities/{one['key']}")["data"]
        assert entity["evidence"], one["key"]
        assert all(proof["source"] == "prod" and proof["document"] and proof["scopes"] for proof in entity["evidence"])
        for relation in says.ask(f"entities/{one['key']}/relations", limit="1000")["data"]:
            assert relation["evidence"]
            assert 0 < relation["confidence"] <= 1
            assert relation["method"]


def test_the_command_says_what_the_api_says(chronicle: Chronicle) -> None:
    """The same envelope, by `--output json`, as of the same instant; and a table for people."""
    key = chronicle.key("k8s.service", CART)
    at = chronicle.before.at.isoformat()
    options = ("--store", str(chronicle.store), "--at", at)
    told = json.loads(asbuilt("where", key, *options, "--output", "json"))
    assert told == chronicle.says.ask(f"entities/{key}/where", chronicle.before.at)
    table = asbuilt("where", "k8s.service/cart", *options)
    assert all(pod["name"] in table for pod in chronicle.before.services[CART]["pods"].values())


def test_no_canary_came_this_far(chronicle: Chronicle) -> None:
    """The values of the estate's secrets are nowhere in the store."""
    for file in chronicle.store.parent.glob("asbuilt.db*"):
        content = file.read_bytes()
        assert not any(canary.encode() in content for canary in estate.CANARIES), file
