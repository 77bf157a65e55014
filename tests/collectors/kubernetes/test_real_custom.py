"""Are the custom resources of a real API server found, read by their rows, and tied to what they name?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from collectors import testing
from collectors.kubernetes import plugin
from collectors.kubernetes.knowledge import KNOWLEDGE
from collectors.kubernetes.resources import RESOURCES
from graph.analysis.presence import Said, presences
from graph.model import AliasEnd, Entity, Key, KeyEnd, Relation
from graph.stores.sqlite import SqliteStore
from tests.collectors.kubernetes.memory_api import CUSTOM_NAMES, sample
from tests.graph.world import World
from tests.servers.definitions import CONDITIONS, FLAG, LABELS, NUMBER, TEXT, definition, served
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

SPACE = "foundry"
REFERENCE: dict[str, Any] = {"apiVersion": TEXT, "group": TEXT, "kind": TEXT, "name": TEXT}
DESTINATION: dict[str, Any] = {"host": TEXT, "subset": TEXT, "port": {"number": NUMBER}}
STATUS: dict[str, Any] = {"conditions": CONDITIONS}

# Parts of the schemas that the projects publish; the files are named beside the rows of the table.
DEFINED: dict[str, tuple[str, dict[str, Any]]] = {
    "certificates.cert-manager.io": (
        "v1",
        {
            "spec": {"secretName": TEXT, "dnsNames": [TEXT], "commonName": TEXT, "issuerRef": REFERENCE},
            "status": STATUS | {"notAfter": TEXT, "notBefore": TEXT, "renewalTime": TEXT, "revision": NUMBER},
        },
    ),
    "clusterissuers.cert-manager.io": ("v1", {"spec": {"acme": {"server": TEXT}}, "status": STATUS}),
    "scaledobjects.keda.sh": (
        "v1alpha1",
        {
            "spec": {
                "scaleTargetRef": {"apiVersion": TEXT, "kind": TEXT, "name": TEXT},
                "minReplicaCount": NUMBER,
                "maxReplicaCount": NUMBER,
                "triggers": [{"type": TEXT, "metadata": LABELS, "authenticationRef": {"name": TEXT, "kind": TEXT}}],
            },
            "status": STATUS | {"hpaName": TEXT},
        },
    ),
    "virtualservices.networking.istio.io": (
        "v1",
        {
            "spec": {
                "hosts": [TEXT],
                "gateways": [TEXT],
                "http": [
                    {
                        "name": TEXT,
                        "match": [{"uri": {"prefix": TEXT, "exact": TEXT}}],
                        "route": [{"destination": DESTINATION, "weight": NUMBER}],
                    }
                ],
            }
        },
    ),
    "targetgroupbindings.elbv2.k8s.aws": (
        "v1beta1",
        {"spec": {"serviceRef": {"name": TEXT, "port": NUMBER}, "targetGroupARN": TEXT, "targetType": TEXT}},
    ),
    "nodeclaims.karpenter.sh": (
        "v1",
        {"spec": {"nodeClassRef": REFERENCE}, "status": STATUS | {"nodeName": TEXT, "providerID": TEXT}},
    ),
    "widgets.example.org": ("v1", {"spec": {"size": NUMBER, "password": TEXT, "hidden": FLAG}, "status": STATUS}),
    "gadgets.example.org": ("v2", {"spec": {"size": NUMBER}}),
}


@pytest.fixture(scope="module")
def foundry(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give the control plane with custom resources on it: some with a row, some without, one without objects."""
    made = []
    for name, (version, shape) in DEFINED.items():
        plural, _, group = name.partition(".")
        kind, namespaced = CUSTOM_NAMES[name]
        made.append(definition(group, version, kind, plural, shape, namespaced=namespaced))
    control_plane.apply(made)
    for name, (version, _) in DEFINED.items():
        plural, _, group = name.partition(".")
        path = f"/apis/{group}/{version}/{plural}"
        control_plane.wait_for(partial(served, control_plane.api, path), what=f"{path} to be served")
    control_plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}, *objects()])
    [widget] = control_plane.api.items(f"/apis/example.org/v1/namespaces/{SPACE}/widgets")
    owner = {"apiVersion": "example.org/v1", "kind": "Widget", "name": "press", "uid": widget["metadata"]["uid"]}
    meta = {"name": "owned", "namespace": SPACE, "ownerReferences": [owner]}
    control_plane.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}])
    yield control_plane
    control_plane.delete(made)
    control_plane.reset()


def objects() -> Iterator[dict[str, Any]]:
    """Yield an object of each custom resource but one, as its sample has it; and a Widget."""
    for name, (version, shape) in DEFINED.items():
        _, _, group = name.partition(".")
        kind, namespaced = CUSTOM_NAMES[name]
        if group == "example.org":
            continue
        meta = {"name": sample(name)["metadata"]["name"]} | ({"namespace": SPACE} if namespaced else {})
        yield {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": meta} | _trimmed(
            {"spec": shape["spec"]}, sample(name)
        )
    meta = {"name": "press", "namespace": SPACE}
    spec = {"size": 3, "password": "canary-spec"}
    yield {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": meta, "spec": spec}


def _trimmed(shape: Any, value: Any) -> Any:
    """Leave out of an object what its definition does not have, which a server would refuse."""
    if isinstance(shape, list):
        return [_trimmed(shape[0], one) for one in value]
    if isinstance(shape, dict) and "*" not in shape:
        return {name: _trimmed(shape[name], inner) for name, inner in value.items() if name in shape}
    return value


def reader(plane: ControlPlane, **settings: Any) -> Any:
    """Return a collector of the control plane."""
    return plugin.connect("real", plugin.settings.model_validate({"kubeconfig": str(plane.kubeconfig()), **settings}))


def test_every_custom_resource_is_a_scope_and_nothing_of_kubernetes_itself_is(foundry: ControlPlane) -> None:
    """Also one without objects; leases, metrics and whatever else the server brings are none."""
    connected = reader(foundry)
    names = {scope.name for scope in connected.scopes()}
    assert {name for name in names if "example.org" in name} == {"widgets.example.org", "gadgets.example.org"}
    assert names - {"cluster", *(each.name for each in RESOURCES)} == set(DEFINED)
    testing.check_scopes_stable(connected, plugin.states)
    testing.check_vocabulary(connected)
    testing.check_knowledge(connected, plugin.knowledge)
    testing.check_no_secrets(connected, ["canary-"])
    testing.check_watch_begins(connected)
    connected.close()


def test_rows_say_what_the_objects_of_a_real_server_are_tied_to(foundry: ControlPlane) -> None:
    """By name, by host, by alias; the owner without a row by its uid; what is not there is missing."""
    row = {"group": "example.org", "kind": "Widget", "attributes": {"size": "spec.size"}}
    connected = reader(foundry, custom_resources=[row])
    found = testing.world(connected)
    said = [one for documents in found.values() for document in documents for one in document.statements]
    ties = {
        f"{one.source.key.id} {one.verb} {end.key.id if isinstance(end, KeyEnd) else end.value}"
        for one in said
        if isinstance(one, Relation) and isinstance(one.source, KeyEnd) and SPACE in f"{one.source.key} {one.target}"
        for end in (one.target,)
        if one.verb != "RUNS_AS"
    }
    assert ties >= {
        "cart-tls DEPENDS_ON letsencrypt",
        "cart-tls DECLARED_IN cart-tls",
        "cart SCALES cart",
        "cart DEPENDS_ON kafka",
        "cart DEPENDS_ON metrics",
        "cart ROUTES_TO cart",
        "cart ROUTES_TO payments",
        "cart DEPENDS_ON public",
        "cart DEPENDS_ON api.partner.example.com",
        "owned MANAGED_BY example.org:Widget:press",
    }
    instances = [one.target for one in said if isinstance(one, Relation) and one.verb == "EXPOSED_BY"]
    assert [end.type for end in instances if isinstance(end, AliasEnd)] == ["aws.arn"]
    [widget] = (one for one in said if isinstance(one, Entity) and one.kind == "k8s.resource")
    assert widget.attributes["raw"] == {"size": 3}
    connected.close()


def test_a_real_server_is_remembered_with_its_custom_resources(foundry: ControlPlane, tmp_path: Path) -> None:
    """Read twice: the Widget and the Certificate are present, and the service that nobody made is missing."""
    connected = reader(foundry)
    world = World(SqliteStore(tmp_path / "graph.db"), knowledge=KNOWLEDGE)
    world.configure("real")
    world.scopes("real", *connected.scopes())
    for _ in range(2):
        for scope, documents in testing.world(connected).items():
            world.read(scope, *documents)
    root = next(iter(connected.scopes())).range
    space = f"{root}/k8s.namespace/{SPACE}"
    named = [
        f"{space}/k8s.resource/example.org:Widget:press",
        f"{space}/certmanager.certificate/cart-tls",
        f"{space}/k8s.service/cart",
        f"{root}/certmanager.clusterissuer/letsencrypt",
        f"{space}/keda.triggerauthentication/kafka",
    ]
    with world.store.reader() as known:
        told = {str(key): one.said for key, one in presences(known, [Key.parse(one) for one in named]).items()}
    connected.close()
    said = [told[one] for one in named]
    # KEDA's TriggerAuthentication is named, and this server serves none: nobody could have looked for it.
    assert said == [Said.PRESENT, Said.PRESENT, Said.MISSING, Said.PRESENT, Said.MENTIONED]
