"""Which pods does a service mean by its selector, while no EndpointSlice says so: the fallback of ontology R6?

A service of Kubernetes selects the pods of its own namespace that carry every label of its selector (the reference of
ServiceSpec.selector). Its EndpointSlices name the same pods by uid and are surer, so as soon as one is known, they
speak and this rule is silent. A service without a selector has its endpoints from elsewhere: it selects no pod, and
never all of them.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from graph.model import EntityVersion, Key, KeyEnd, Method, Relation, Transition, Value
from graph.store import EntityFilter, GraphReader, RecordedChange

CONFIDENCE = 0.9

_SERVICE, _POD, _SLICE = "k8s.service", "k8s.pod", "k8s.endpointslice"
_OVER = ("Succeeded", "Failed")
_BEARING = ("labels", "phase", "ready")
"""The attributes of a pod that this rule reads."""


class Selector:
    """Service SELECTS pod, by labels. Anchors are services."""

    name = "selector"
    version = 1
    states = frozenset({"SELECTS"})
    premises = frozenset({_SERVICE, _POD, "MANAGED_BY"})

    def every(self, now: GraphReader) -> Iterable[Key]:
        """Give every service."""
        return [one.key for one in _listed(now, _SERVICE)]

    def anchors(self, changes: Sequence[RecordedChange], before: GraphReader, now: GraphReader) -> Iterable[Key]:
        """Give each service that differs or is tied to a slice anew, and those that select a pod that differs.

        A service that does not differ has the selector that it had, so its pods are those that match it at either time.
        """
        found = {key for one in changes for key in one.named if key.kind == _SERVICE}
        pods = {Key(one.change.subject) for one in changes if one.change.word == _POD and _bears(one)}
        if not pods:
            return found
        labels: dict[Key, list[Mapping[str, str]]] = defaultdict(list)
        for reader in (before, now):
            for pod in reader.latest(pods).values():
                if pod.closed is None and pod.key.container is not None:
                    labels[pod.key.container].append(_texts(pod.attributes.get("labels")))
        for namespace, held in labels.items():
            for service in _listed(now, _SERVICE, namespace):
                selector = _selector(service)
                if selector and any(selector.items() <= one.items() for one in held):
                    found.add(service.key)
        return found

    def conclusions(self, anchors: Collection[Key], now: GraphReader) -> Iterator[tuple[Key, Relation]]:
        """Tie each service that no slice speaks for to the pods that its selector means."""
        services = {key: one for key, one in now.latest(anchors).items() if one.closed is None and _selector(one)}
        silent: dict[Key, list[EntityVersion]] = defaultdict(list)
        for key in sorted(services.keys() - _sliced(now, services.keys())):
            if key.container is not None:
                silent[key.container].append(services[key])
        for namespace, several in silent.items():
            pods = _by_label(_listed(now, _POD, namespace))
            for service in several:
                selector = _selector(service)
                rarest = min((pods.get(item, ()) for item in selector.items()), key=len)
                for pod, labels in rarest:
                    if selector.items() <= labels.items():
                        yield service.key, _tie(service, pod)


def _listed(reader: GraphReader, kind: str, prefix: str = "") -> Sequence[EntityVersion]:
    return reader.entities(EntityFilter(kinds=frozenset({kind}), prefix=prefix), sys.maxsize)


def _bears(recorded: RecordedChange) -> bool:
    """Tell whether a change of a pod could change what is concluded: restarts and conditions cannot."""
    change = recorded.change
    if change.transition is not Transition.REVISED:
        return True
    return any(one.name.split(".", 1)[0] in _BEARING for one in change.fields)


def _texts(value: Value) -> dict[str, str]:
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, Mapping) else {}


def _selector(service: EntityVersion) -> dict[str, str]:
    """Give the labels that a service asks for. One of type ExternalName selects nothing, whatever it asks for."""
    return {} if service.attributes.get("type") == "ExternalName" else _texts(service.attributes.get("selector"))


def _sliced(reader: GraphReader, services: Collection[Key]) -> set[Key]:
    """Give the services that an EndpointSlice in force belongs to. One slice is enough, also an empty one."""
    ties = reader.relations(services, outgoing=False, verbs=("MANAGED_BY",)) if services else ()
    return {tie.target.key for tie in ties if tie.target.key and tie.source.key and tie.source.key.kind == _SLICE}


_Labelled = tuple[EntityVersion, Mapping[str, str]]


def _by_label(pods: Iterable[EntityVersion]) -> Mapping[tuple[str, str], Sequence[_Labelled]]:
    """Index the pods that are not over by each label that they carry."""
    index: dict[tuple[str, str], list[_Labelled]] = defaultdict(list)
    for pod in pods:
        if pod.attributes.get("phase") not in _OVER:
            labels = _texts(pod.attributes.get("labels"))
            for item in labels.items():
                index[item].append((pod, labels))
    return index


def _tie(service: EntityVersion, pod: EntityVersion) -> Relation:
    ready = pod.attributes.get("ready")
    return Relation(
        KeyEnd(service.key, service.incarnation),
        "SELECTS",
        KeyEnd(pod.key, pod.incarnation),
        slot="selector",
        attributes={"ready": ready} if isinstance(ready, bool) else {},
        method=Method.SELECTOR,
        confidence=CONFIDENCE,
    )
