"""Does a real API server's every kind come out with every tie that it has, and no other?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectors import testing
from collectors.kubernetes import plugin
from collectors.kubernetes.knowledge import KNOWLEDGE
from collectors.kubernetes.resources import RESOURCES
from graph.analysis.presence import Said, presences
from graph.correlate import RULES, Engine
from graph.model import AliasEnd, Key, Resolved
from graph.model.statements import End
from graph.store import EntityFilter, GraphReader
from graph.stores.memory import MemoryStore
from tests.collectors.kubernetes import kinds_truth
from tests.graph.world import World
from tests.servers.definitions import define
from tests.servers.kube_api import documents
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server
ESTATE = Path(__file__).with_name("every_kind.yaml")
OURS = {"harbor", "pier"}
PLURALS = {each.kind: each.plural for each in RESOURCES} | {"helm.release": "helm"}


@pytest.fixture(scope="module")
def harbor(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give the control plane with every kind on it."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    api, estate = control_plane.api, list(documents(ESTATE.read_text("utf-8")))
    define(control_plane)
    control_plane.apply(estate)
    ferries = "/api/v1/namespaces/harbor/pods"
    control_plane.wait_for(lambda: len(api.items(ferries)) == 2, what="the pods of the Deployment ferry")
    claim = "/api/v1/namespaces/harbor/persistentvolumeclaims/data"
    control_plane.wait_for(lambda: (api.read(claim) or {}).get("status", {}).get("phase") == "Bound", what="the claim")
    yield control_plane
    api.delete([one for one in estate if one["kind"] == "APIService"])  # or else no namespace could be looked through
    api.delete([one for one in estate if one["kind"] != "Namespace"], wait=False)
    control_plane.reset()


@dataclass(frozen=True, slots=True)
class Known:
    """What a memory holds after it has read the cluster, and what its own API said before and after that."""

    world: World
    before: set[kinds_truth.Tie]
    after: set[kinds_truth.Tie]

    def keys(self, reader: GraphReader) -> dict[Key, str]:
        """Give the name of every thing that is stated, and of a release that is only declared."""
        names = {one.key: one.name for one in reader.entities(EntityFilter(), 100_000)}
        harbor = next(key for key in names if key.kind == "k8s.namespace" and key.id == "harbor")
        return names | {harbor.child("helm.release", "ferryboat"): "ferryboat"}


@pytest.fixture(scope="module")
def known(harbor: ControlPlane) -> Known:
    """Give a memory that has read all of the cluster twice, and concluded from it."""
    before = kinds_truth.ties(harbor.api)
    reader = plugin.connect("real", plugin.settings.model_validate({"kubeconfig": str(harbor.kubeconfig())}))
    world = World(MemoryStore(), knowledge=KNOWLEDGE)
    world.configure("real")
    world.scopes("real", *reader.scopes())
    for _ in range(2):
        for scope, found in testing.world(reader).items():
            world.read(scope, *found)
    engine = Engine(world.store, world.writer)
    for rule in RULES:
        engine.conclude(rule, world.pass_(seconds=1), 180.0)
    reader.close()
    return Known(world, before, kinds_truth.ties(harbor.api))


def test_the_contract_is_kept_for_every_kind(harbor: ControlPlane) -> None:
    """Every resource is served and read, knows its words, and lets no canary through."""
    reader = plugin.connect("real", plugin.settings.model_validate({"kubeconfig": str(harbor.kubeconfig())}))
    testing.check_scopes_stable(reader, plugin.states)
    testing.check_vocabulary(reader)
    testing.check_knowledge(reader, plugin.knowledge)
    testing.check_no_secrets(reader, ["canary-", "Y2FuYXJ5L"])
    assert {scope.name for scope in reader.scopes()} == {"cluster", *(each.name for each in RESOURCES)}
    read = {scope.name: found for scope, found in testing.world(reader).items()}
    assert {name for name, found in read.items() if not found} <= {"jobs.batch", "daemonsets.apps"}
    said = [one for found in read.values() for document in found for one in document.statements]
    assert not [one for one in said if "unmapped" in str(one.attributes.get("raw"))]
    reader.close()


def test_every_tie_is_found_and_none_is_invented(known: Known) -> None:
    """Both ways, against what the cluster's own API says, for all that touches the estate.

    Events come while it is read, so that what is compared was so before and after.
    """
    found: set[kinds_truth.Tie] = set()
    with known.world.store.reader() as reader:
        names = known.keys(reader)
        for tie in reader.relations(list(names), outgoing=True, verbs=tuple(kinds_truth.VERBS)):
            source, target = _named(tie.source, tie.stated.source, names), _named(tie.target, tie.stated.target, names)
            found.add((source, tie.verb, target))
    ours = {tie for tie in found if _ours(tie)}
    assert sorted(tie for tie in (known.before & known.after) - ours if _ours(tie)) == []
    assert sorted(ours - (known.before | known.after)) == []
    assert {verb for _, verb, _ in ours} == kinds_truth.VERBS
    assert len(ours) > 80


def test_what_is_named_and_absent_is_missing(known: Known) -> None:
    """Everything whose name says that it is absent, and nothing else of the two namespaces."""
    with known.world.store.reader() as reader:
        names = known.keys(reader)
        named = {key for tie in reader.relations(list(names), outgoing=True) for key in tie.keys}
        said = {key: one.said for key, one in presences(reader, named).items()}
    absent = {key.id for key in said if key.id.startswith("absent")}
    assert len(absent) >= 9
    missing = {key for key, one in said.items() if one is Said.MISSING}
    assert {key.id for key in missing if OURS & {id_ for _, id_ in key.pairs}} == absent | {"ferryboat"}


def _named(end: Resolved, stated: End, names: Mapping[Key, str]) -> str:
    """Name an end as the truth does."""
    if end.key is None:
        assert isinstance(stated, AliasEnd)
        return f"{stated.type}={stated.value}"
    plural = PLURALS.get(end.key.kind, "")
    name = names.get(end.key, end.key.id)
    container = end.key.container
    if container is not None and container.kind == "k8s.namespace":
        return kinds_truth.at(plural, container.id, name)
    return f"{plural}/{name}"


def _ours(tie: kinds_truth.Tie) -> bool:
    """Tell whether a tie touches what the estate has."""
    return any(word in end for word in (*OURS, "quay") for end in (tie[0], tie[2]))
