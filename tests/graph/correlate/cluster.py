"""What do services, pods and slices of a small cluster look like, and what do the rules conclude about them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graph.correlate import RULES, Concluded, Engine, Rule
from graph.model import Document, Key, Method, Scope, Tie, Value
from graph.store import EntityFilter, GraphReader
from tests.graph.world import World, document, entity, tie

CLUSTER = Key.of(("k8s.cluster", "c1"))
SHOP, BANK = (CLUSTER.child("k8s.namespace", name) for name in ("shop", "bank"))
SERVICES = Scope("prod", "services", frozenset({"k8s.service"}), CLUSTER)
PODS = Scope("prod", "pods", frozenset({"k8s.pod"}), CLUSTER)
SLICES = Scope("prod", "endpointslices", frozenset({"k8s.endpointslice", "MANAGED_BY", "SELECTS"}), CLUSTER)

STALE = 180.0
ALL = 10_000


def service_key(name: str, namespace: Key = SHOP) -> Key:
    """Give the key of a service."""
    return namespace.child("k8s.service", name)


def pod_key(uid: str, namespace: Key = SHOP) -> Key:
    """Give the key of a pod."""
    return namespace.child("k8s.pod", uid)


def service(name: str, namespace: Key = SHOP, uid: str = "", type_: str = "ClusterIP", **selector: str) -> Document:
    """Show a service with a selector."""
    incarnation = uid or f"{namespace.id}-{name}"
    stated = entity(service_key(name, namespace), incarnation=incarnation, type=type_, selector=selector)
    return document(incarnation, f"{type_}{sorted(selector.items())}", stated)


def pod(uid: str, namespace: Key = SHOP, labels: Mapping[str, str] | None = None, **attributes: Value) -> Document:
    """Show a pod with labels."""
    held = {"app": "cart"} if labels is None else dict(labels)
    said = {"phase": "Running", "ready": True, **attributes}
    stated = entity(pod_key(uid, namespace), incarnation=uid, labels=held, **said)
    return document(uid, f"{sorted(held.items())}{sorted(said.items())}", stated)


def slice_of(name: str, service: str, *pods: str, namespace: Key = SHOP) -> Document:
    """Show an EndpointSlice of a service, and the pods that it names."""
    key, of = namespace.child("k8s.endpointslice", name), service_key(service, namespace)
    ties = (tie(of, "SELECTS", pod_key(uid, namespace), "IPv4", ready=True) for uid in pods)
    return document(f"{namespace.id}-{name}", f"{service}{pods}", entity(key), tie(key, "MANAGED_BY", of), *ties)


@dataclass
class Estate:
    """A scripted world, and the rules over it. The engine is made anew as a restart would."""

    world: World
    rules: tuple[Rule, ...] = RULES
    _engine: Engine | None = field(default=None)

    @property
    def engine(self) -> Engine:
        """The engine of this life of the process."""
        if self._engine is None:
            self._engine = Engine(self.world.store, self.world.writer, self.rules)
        return self._engine

    def restart(self, *rules: Rule) -> None:
        """Forget all that is not stored; take other rules, if any are given."""
        self.rules = rules or self.rules
        self._engine = None

    def conclude(self) -> Concluded:
        """Have the first rule conclude."""
        now = self.world.pass_(seconds=1)
        return self.engine.conclude(self.engine.rules[0], now, STALE)


def concluded(reader: GraphReader) -> dict[tuple[str, str], object]:
    """Give what the rule `selector` says: whether the pod is ready, by the keys of service and pod."""
    services = [one.key for one in reader.entities(EntityFilter(), ALL)]
    found: dict[tuple[str, str], object] = {}
    for one in reader.relations(services, outgoing=True, verbs=("SELECTS",)):
        if one.stated.slot == "selector":
            assert (one.stated.method, one.stated.confidence) == (Method.SELECTOR, 0.9)
            assert (one.source.tie, one.target.tie) == (Tie.TIED, Tie.TIED)
            assert [ref.source for ref in one.evidence] == ["asbuilt"]
            assert one.source.key is not None
            assert one.evidence[0].id.startswith(one.source.key + " selector ")
            found[one.source.key, str(one.target.key)] = one.stated.attributes.get("ready")
    return found


def expected(reader: GraphReader) -> dict[tuple[str, str], object]:
    """Say the same from the definition, by comparing every service with every pod and every slice."""
    things = reader.entities(EntityFilter(), ALL)
    slices = [one.key for one in things if one.kind == "k8s.endpointslice"]
    spoken = {one.target.key for one in reader.relations(slices, outgoing=True, verbs=("MANAGED_BY",))}
    found: dict[tuple[str, str], object] = {}
    for one in (thing for thing in things if thing.kind == "k8s.service"):
        selector = one.attributes.get("selector")
        if not isinstance(selector, dict) or not selector or one.attributes.get("type") == "ExternalName":
            continue
        for pod in (thing for thing in things if thing.kind == "k8s.pod"):
            labels = pod.attributes.get("labels")
            if one.key in spoken or pod.key.container != one.key.container or not isinstance(labels, dict):
                continue
            over = pod.attributes.get("phase") in ("Succeeded", "Failed")
            if not over and all(labels.get(name) == value for name, value in selector.items()):
                found[one.key, pod.key] = pod.attributes.get("ready")
    return found
