"""Do histories b, c and f hold when the systems are played by the replay collector, and read by discovery itself?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from collectors.contract import Collector, Plugin, SourceSettings
from collectors.replay import plugin
from collectors.replay.script import Script
from discovery.ledger import Ledger
from discovery.service import Service
from discovery.source import Source
from graph.model import Key, Scope
from graph.stores.sqlite import SqliteStore
from tests.graph.world import START
from tests.histories.estate import (
    BALANCER,
    CLUSTERS,
    DEPLOYMENT,
    DEPLOYMENTS,
    FILE,
    IMAGE,
    INSTANCES,
    MANIFESTS,
    NODE,
    NODES,
    PODS,
    REGISTRY,
    TARGETS,
    cluster,
    deployment,
    image,
    instance,
    instance_key,
    manifest,
    node,
    pod,
    target,
)
from tests.histories.witness import Witness, witness

HOUR = 3600.0


@dataclass
class Stage:
    """Sources that play scripts on one clock, and discovery that looks at them.

    Every reading of the clock is a second.
    """

    store: SqliteStore
    says: Witness
    seconds: float = 0.0
    scripts: dict[str, Script] = field(default_factory=dict)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store, self.clock)

    def clock(self) -> datetime:
        """Tell the instant, one second later each time."""
        self.seconds += 1
        return START + timedelta(seconds=self.seconds)

    def script(self, source: str) -> Script:
        """Begin the script of a source."""
        self.scripts[source] = Script(source)
        return self.scripts[source]

    def look(self, at: float) -> datetime:
        """Look at every source in turn, from a second on; give the instant of the newest revision."""
        self.seconds = max(self.seconds, at)
        sources = [Source(name, self._plugin(one), plugin.settings()) for name, one in self.scripts.items()]
        service = Service(self.store, self.ledger, sources, clock=self.clock)
        service.configure()
        for source in sources:
            service.look(source)
        return self.store.head().instant

    def _plugin(self, script: Script) -> Plugin:
        recording = script.recording()

        def connect(source: str, settings: SourceSettings) -> Collector:
            return script.collector(lambda: self.seconds, begin=self.seconds)

        return Plugin("replay", plugin.settings, recording.states, recording.knowledge, connect)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty stage over the embedded store."""
    store = SqliteStore(tmp_path / "asbuilt.db")
    with witness(store) as says:
        played = Stage(store, says)
        yield played
        played.ledger.close()
    store.close()


def test_b_the_image_of_200_pods_with_its_registry_played(stage: Stage) -> None:
    """Mentioned; then homed, forbidden, and lost by its registry, while 199 pods go on running it."""
    prod, registry = stage.script("prod"), Script("registry")
    pods = [pod(f"uid-{number}") for number in range(200)]
    prod.complete(0, PODS, pods)
    prod.complete(600, PODS, pods[1:])
    stage.look(1)
    stage.look(600)
    assert stage.says.presence(IMAGE) == "mentioned"
    assert stage.says.changes(entity=IMAGE, kind="container.image") == []

    stage.scripts["registry"] = registry
    registry.failed(1200, REGISTRY)
    registry.complete(1800, REGISTRY, [image()])
    registry.forbidden(2400, REGISTRY)
    registry.complete(3000, REGISTRY, [])
    said = {}
    for at in (1200, 1800, 2400, 3000):
        stage.look(at)
        said[at] = stage.says.presence(IMAGE)
    assert said == {1200: "mentioned, never_read", 1800: "present", 2400: "present, unknown", 3000: "gone"}
    assert len(stage.says.ties(IMAGE, "USES_IMAGE")) == 199


def test_c_the_instance_of_a_node_with_two_accounts_played(stage: Stage) -> None:
    """Found an hour later; its address is seen with another before it is seen without it; and no tie flips."""
    here, there = instance_key("i-0abc"), instance_key("i-0new")
    elsewhere = Scope("second", "instances", INSTANCES.states, INSTANCES.range, snapshot=False)
    stage.script("prod").complete(0, NODES, [node()])
    stage.script("targets").complete(0, TARGETS, [target("10.0.0.5")])
    first, second = stage.script("aws"), stage.script("second")
    first.complete(0, INSTANCES, [])
    second.complete(0, elsewhere, [])
    first.complete(HOUR, INSTANCES, [instance("i-0abc", "10.0.0.5")])
    second.complete(2 * HOUR, elsewhere, [instance("i-0new", "10.0.0.5")])
    first.complete(2 * HOUR + 300, INSTANCES, [instance("i-0abc", "10.0.0.9")])

    expected: list[tuple[datetime, Key | None, Key | None]] = []
    for at, by_id, by_address in (
        (1.0, None, None),
        (HOUR, here, here),
        (2 * HOUR, here, there),
        (2 * HOUR + 300, here, there),
        (3 * HOUR, here, there),
    ):
        expected.append((stage.look(at), by_id, by_address))
    for instant, by_id, by_address in expected:
        for key, verb, end in ((NODE, "REALIZED_BY", by_id), (BALANCER, "RESOLVES_TO", by_address)):
            (tie,) = stage.says.ties(key, verb, instant)
            assert tie == (("tied", end, "present") if end else ("open", None, None)), (verb, instant)


def test_f_a_manifest_of_a_cluster_that_is_played_later(stage: Stage) -> None:
    """Declared while the cluster was never read; present once it is; gone by hand, and the declaration dangles."""
    minted = Key.by_name("k8s.cluster", "prod").child("k8s.namespace", "shop").child("k8s.deployment", "cart")
    others = [deployment("d-2", "pay"), deployment("d-3", "mail")]
    stage.script("git").complete(0, MANIFESTS, [manifest()])
    prod = stage.script("prod")
    prod.failed(0, CLUSTERS, "connection refused: is the API server up?")
    prod.failed(0, DEPLOYMENTS, "connection refused: is the API server up?")
    declared = stage.look(1)
    prod.complete(600, CLUSTERS, [cluster()])
    prod.complete(600, DEPLOYMENTS, [deployment("d-1"), *others])
    shown = stage.look(600)
    prod.complete(1200, DEPLOYMENTS, others)
    stage.look(1200)

    assert stage.says.ties(FILE, "DECLARED_IN", declared) == [("tied", minted, "mentioned, never_read")]
    assert stage.says.ties(FILE, "DECLARED_IN", shown) == [("tied", DEPLOYMENT, "present")]
    assert stage.says.ties(FILE, "DECLARED_IN") == [("tied", DEPLOYMENT, "gone")]
    assert stage.says.presence(minted) == "gone"
