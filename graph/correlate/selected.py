"""Whom does a policy mean by its selector: which pods, and the templates of which workloads?

A NetworkPolicy and a PodDisruptionBudget select pods of their own namespace by labels. A workload is meant as well,
where the labels of its template are, so that it shows with no pod left. The anchor is what is selected, and not the
policy: so a pod that comes or goes costs a look at the policies of its namespace, and not at its pods.

A pod that is over is selected by none: it has no network, and an eviction of it asks no budget. What a NetworkPolicy
does to a pod on its node's network is not defined, and most networks let such a pod pass: so no policy protects it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.correlate.labels import Labels, selects, texts
from graph.model import EntityVersion, Key, KeyEnd, Method, Relation, Transition, Value
from graph.store import EntityFilter, GraphReader, RecordedChange

BY_TEMPLATE = 0.95
"""How sure it is that the pods of a template carry its labels: an admission webhook may change them."""

_POD = "k8s.pod"
_WORKLOADS = ("k8s.deployment", "k8s.statefulset", "k8s.daemonset", "k8s.job", "k8s.cronjob", "argo.rollout")
_SELECTED = frozenset({_POD, *_WORKLOADS})
_OVER = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Selected:
    """The ties between the policies of one kind and what they select.

    attribute: where a policy holds its selector. absent: what one that has none means: everything, or nothing.
    outgoing: whether the tie leads from the policy, or to it. on_nodes: whether it means pods on their node's network.
    """

    name: str
    verb: str
    policy: str
    attribute: str
    absent: bool
    outgoing: bool
    on_nodes: bool
    version: int = 3

    @property
    def states(self) -> frozenset[str]:
        """The verb that it concludes."""
        return frozenset({self.verb})

    @property
    def premises(self) -> frozenset[str]:
        """The policies, pods and workloads."""
        return _SELECTED | {self.policy}

    def every(self, now: GraphReader) -> Iterable[Key]:
        """Give everything that could be selected, where there is a policy."""
        namespaces = {one.key.container for one in _listed(now, {self.policy}, "")}
        return [one.key for namespace in sorted(_keys(namespaces)) for one in _listed(now, _SELECTED, namespace)]

    def anchors(self, changes: Sequence[RecordedChange], before: GraphReader, now: GraphReader) -> Iterable[Key]:
        """Give what differs in its labels, and what a policy that differs selected or selects."""
        found, policies = set[Key](), set[Key]()
        for one in changes:
            key = Key(one.change.subject)
            if one.change.word in _SELECTED and _bears(one, _labels_of(key.kind), "host_network", "phase"):
                found.add(key)
            elif one.change.word == self.policy and _bears(one, self.attribute, "raw"):
                policies.add(key)
        for reader in (before, now) if policies else ():
            by_namespace: dict[Key, list[Mapping[str, Value]]] = defaultdict(list)
            for policy in reader.latest(policies).values():
                selector = self._selector(policy)
                if policy.closed is None and selector is not None and policy.key.container is not None:
                    by_namespace[policy.key.container].append(selector)
            for namespace, selectors in by_namespace.items():
                for thing in _listed(reader, _SELECTED, namespace):
                    labels = _labels(thing)
                    if any(selects(selector, labels) for selector in selectors):
                        found.add(thing.key)
        return found

    def conclusions(self, anchors: Collection[Key], now: GraphReader) -> Iterator[tuple[Key, Relation]]:
        """Tie each thing to the policies of its namespace that select it."""
        things = [one for one in now.latest(anchors).values() if one.closed is None and self._could(one)]
        policies: dict[Key, list[tuple[EntityVersion, Mapping[str, Value]]]] = {}
        for namespace in sorted(_keys(one.key.container for one in things)):
            held = ((one, self._selector(one)) for one in _listed(now, {self.policy}, namespace))
            policies[namespace] = [(one, selector) for one, selector in held if selector is not None]
        for thing in sorted(things, key=lambda one: one.key):
            labels = _labels(thing)
            for policy, selector in policies.get(thing.key.container or thing.key, ()):
                if selects(selector, labels):
                    yield thing.key, self._tie(policy, thing)

    def _could(self, thing: EntityVersion) -> bool:
        """Tell whether a policy of this kind could mean a thing, whatever labels it has."""
        over = thing.kind == _POD and thing.attributes.get("phase") in _OVER
        return not over and (self.on_nodes or thing.attributes.get("host_network") is not True)

    def _selector(self, policy: EntityVersion) -> Mapping[str, Value] | None:
        selector = policy.attributes.get(self.attribute)
        if isinstance(selector, Mapping):
            return selector
        return {} if self.absent and "unmapped" not in texts(policy.attributes.get("raw")) else None

    def _tie(self, policy: EntityVersion, thing: EntityVersion) -> Relation:
        ends = KeyEnd(policy.key, policy.incarnation), KeyEnd(thing.key, thing.incarnation)
        source, target = ends if self.outgoing else ends[::-1]
        confidence = 1.0 if thing.kind == _POD else BY_TEMPLATE
        return Relation(source, self.verb, target, method=Method.SELECTOR, confidence=confidence)


PROTECTION = Selected(
    "protection", "PROTECTED_BY", "k8s.networkpolicy", "pod_selector", absent=True, outgoing=False, on_nodes=False
)
"""Pod or workload PROTECTED_BY NetworkPolicy. An absent podSelector means every pod (NetworkPolicySpec)."""

DISRUPTION = Selected("disruption", "GUARDS", "k8s.pdb", "selector", absent=False, outgoing=True, on_nodes=True)
"""PodDisruptionBudget GUARDS pod or workload. An absent selector means no pod (PodDisruptionBudgetSpec)."""


def _listed(reader: GraphReader, kinds: Collection[str], prefix: str) -> Sequence[EntityVersion]:
    return reader.entities(EntityFilter(kinds=frozenset(kinds), prefix=prefix), sys.maxsize)


def _keys(keys: Iterable[Key | None]) -> set[Key]:
    return {key for key in keys if key is not None}


def _labels_of(kind: str) -> str:
    return "labels" if kind == _POD else "pod_labels"


def _labels(thing: EntityVersion) -> Labels:
    return texts(thing.attributes.get(_labels_of(thing.kind)))


def _bears(recorded: RecordedChange, *attributes: str) -> bool:
    """Tell whether a change could change what is concluded: readiness, restarts and how a pod begins cannot."""
    change = recorded.change
    if change.transition is not Transition.REVISED:
        return True
    return any(
        one.name.split(".", 1)[0] in attributes and (one.name != "phase" or (one.old in _OVER) != (one.new in _OVER))
        for one in change.fields
    )
