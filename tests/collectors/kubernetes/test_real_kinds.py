"""Does a real API server's every kind come out with every tie that it has, and no other?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectors import testing
from collectors.kubernetes import plugin
from collectors.kubernetes.knowledge import KNOWLEDGE
from collectors.kubernetes.resources import RESOURCES
from graph.correlate import RULES, Engine
from graph.stores.memory import MemoryStore
from tests.endtoend.held import Held, held
from tests.graph.world import World
from tests.servers.definitions import define
from tests.servers.kube_api import documents
from tests.servers.kubernetes import ControlPlane
from tests.truth import Look, look

pytestmark = pytest.mark.server
ESTATE = Path(__file__).with_name("every_kind.yaml")


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

    held: Held
    before: Look
    after: Look


@pytest.fixture(scope="module")
def known(harbor: ControlPlane) -> Known:
    """Give what a memory holds that has read all of the cluster twice, and concluded from it."""
    before = look(harbor.api)
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
    return Known(held(world.store, world.store.head().instant), before, look(harbor.api))


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
    """Both ways, against what the cluster's own API says of all of it.

    Events come while it is read, so that what is compared was so before and after.
    """
    assert sorted((known.before.ties & known.after.ties) - known.held.ties) == []
    assert sorted(known.held.ties - (known.before.ties | known.after.ties)) == []
    assert len({one for one in known.held.ties if "/harbor/" in one.source}) > 80


def test_what_is_named_and_absent_is_missing(known: Known) -> None:
    """All that the cluster could have and has not, and nothing else."""
    said = known.held.said
    certain, possible = known.before.missing & known.after.missing, known.before.missing | known.after.missing
    missing = {key for key, word in said.items() if word == "missing"}
    assert sorted(certain - missing) == []
    assert sorted(missing - possible) == []
    assert sum(key.split("/")[-1].startswith("absent") for key in missing) >= 9
