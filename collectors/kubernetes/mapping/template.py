"""What does a pod spec configure, be it a pod's own or a workload's template?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.containers import container_configuration
from collectors.kubernetes.mapping.place import Object, Place, each, present
from collectors.kubernetes.mapping.uses import provider_class, runs_as, spec_uses
from graph.model import KeyEnd, Relation

_REFERENCES = ("name", "secretName", "claimName", "path", "server", "driver", "medium", "sizeLimit", "reference")
"""What is kept of a volume's source, besides its type. Other fields are a driver's own, and may hold credentials."""


def placement(spec: Object) -> dict[str, Any]:
    """Give what decides where a pod may run, as whom, on which network, and by which runtime."""
    return present(
        service_account=spec.get("serviceAccountName"),
        node_selector=dict(spec.get("nodeSelector") or {}),
        tolerations=list(each(spec.get("tolerations"))),
        affinity=dict(spec.get("affinity") or {}),
        topology_spread=list(each(spec.get("topologySpreadConstraints"))),
        priority_class=spec.get("priorityClassName"),
        host_network=spec.get("hostNetwork") or None,
        runtime_class=spec.get("runtimeClassName"),
    )


def template_attributes(place: Place, template: Object) -> dict[str, Any]:
    """Give what a workload's template configures: containers and volumes by name, so that a change names the one."""
    spec: Object = template.get("spec") or {}
    return placement(spec) | present(
        pod_labels=dict((template.get("metadata") or {}).get("labels") or {}),
        containers=_by_name(place, spec.get("containers")),
        init_containers=_by_name(place, spec.get("initContainers")),
        volumes={volume["name"]: _volume(volume) for volume in each(spec.get("volumes"))},
    )


def template_relations(place: Place, source: KeyEnd, namespace: str, spec: Object) -> Iterator[Relation]:
    """Tie a workload to what the pods of its template will use."""
    yield from spec_uses(place, source, namespace, spec)
    yield runs_as(place, source, namespace, spec)


def _by_name(place: Place, containers: Any) -> dict[str, Any]:
    return {container["name"]: container_configuration(place, container) for container in each(containers)}


def _volume(volume: Object) -> dict[str, Any]:
    type_ = next((word for word in sorted(volume) if word != "name"), "")
    source = volume.get(type_)
    source = source if isinstance(source, dict) else {}
    kept = {word: source[word].partition("?")[0] for word in _REFERENCES if isinstance(source.get(word), str)}
    if type_ == "projected":
        kept["sources"] = [
            present(type=word, name=part[word].get("name"))
            for part in each(source.get("sources"))
            for word in sorted(part)
            if isinstance(part[word], dict)
        ]
    return {"type": type_} | kept | present(secretProviderClass=provider_class(source))
