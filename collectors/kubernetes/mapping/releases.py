"""Who delivers to the cluster, from where, and how far is it: Helm releases, Argo CD and Flux?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from collectors.kubernetes.mapping.declared import APPLICATION_NAME
from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import KINDS_BY_NAME, Object, Place, each, present, texts
from graph.model import Alias, Entity, Holding, KeyEnd, Relation, Statement

_OWN_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
"""How an Application says that it applies to the cluster that it stands in: by server, and by name."""

_LONGEST_RELEASE = 53
"""How long Helm lets a release's name be."""


def helm_release(place: Place, item: Object) -> Iterator[Statement]:
    """State the Helm release that a Secret stores a revision of. Only its labels are read (ontology R26).

    Each revision has a Secret of its own; what they all say is one release, with the status of each revision.
    """
    meta = item["metadata"]
    labels = meta.get("labels") or {}
    if labels.get("owner") != "helm" or not labels.get("name"):
        return
    key = place.named("helm.release", meta["namespace"], labels["name"])
    revision, status = labels.get("version") or "", labels.get("status")
    attributes: dict[str, Any] = {"revisions": {revision: status}} if revision and status else {}
    if status == "deployed" and revision:
        attributes |= {"revision": revision, "status": status}
    yield Entity(key, labels["name"], None, attributes)


def argocd_application(place: Place, item: Object) -> Iterator[Statement]:
    """State an Argo CD Application: what it applies, from where, to where. Values and parameters are not kept.

    One that applies to its own cluster holds the names by which objects of the cluster say that it tracks them.
    """
    meta, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    sync, operation = status.get("sync") or {}, status.get("operationState") or {}
    destination = spec.get("destination") or {}
    sources = each(spec.get("sources")) or [source for source in [spec.get("source")] if source]
    attributes = present(
        project=spec.get("project"),
        sources=[_argocd_source(source) for source in sources],
        destination=present(**{word: destination.get(word) for word in ("server", "name", "namespace")}),
        sync=sync.get("status"),
        health=(status.get("health") or {}).get("status"),
        revisions=texts(sync.get("revisions")) or [one for one in [sync.get("revision")] if one],
        phase=operation.get("phase"),
        finished_at=operation.get("finishedAt"),
    )
    automated = (spec.get("syncPolicy") or {}).get("automated")
    if isinstance(automated, dict):
        attributes["sync_policy"] = automated or {"enabled": True}  # an empty one syncs too, as none does not
    names: tuple[str, ...] = ()
    if destination.get("server") in _OWN_CLUSTER or destination.get("name") in _OWN_CLUSTER:
        names = (meta["name"], f"{meta['namespace']}_{meta['name']}")
    aliases = tuple(Alias(APPLICATION_NAME, f"{place.cluster}|{name}", Holding.SHARED) for name in names)
    yield entity(place, "argocd.application", item, attributes, aliases=aliases)
    yield from owners(place, place.of("argocd.application", item), item)


def _argocd_source(source: Object) -> dict[str, Any]:
    helm = source.get("helm") or {}
    return present(
        repository=source.get("repoURL"),
        path=source.get("path"),
        revision=source.get("targetRevision"),
        chart=source.get("chart"),
        ref=source.get("ref"),
        value_files=texts(helm.get("valueFiles")),
        release=helm.get("releaseName"),
    )


def flux_kustomization(place: Place, item: Object) -> Iterator[Statement]:
    """State a Flux Kustomization, its source, what it waits for, and the configuration that it puts in."""
    spec, status = item["spec"], item.get("status") or {}
    namespace, source = item["metadata"]["namespace"], place.of("flux.kustomization", item)
    origin = spec["sourceRef"]
    attributes = present(
        source=_source_name(origin, namespace),
        path=spec.get("path"),
        target_namespace=spec.get("targetNamespace"),
        prune=spec.get("prune"),
        suspend=spec.get("suspend") or None,
        applied_revision=status.get("lastAppliedRevision"),
        attempted_revision=status.get("lastAttemptedRevision"),
        conditions=conditions(status),
    )
    yield entity(place, "flux.kustomization", item, attributes)
    yield from owners(place, source, item)
    yield from _flux_source(place, source, origin, "", namespace)
    yield from _waits_for(place, source, spec, namespace)
    named = list(each((spec.get("postBuild") or {}).get("substituteFrom")))
    key = (spec.get("decryption") or {}).get("secretRef") or {}
    named += [{"kind": "Secret", "name": one["name"]} for one in (key, _kubeconfig(spec)) if one]
    yield from _configured(place, source, namespace, named)


def flux_helmrelease(place: Place, item: Object) -> Iterator[Statement]:
    """State a Flux HelmRelease, its chart, what it waits for, and the Helm release that it makes.

    Of its values only a hash is kept. What is in force is the newest of its history that is deployed: a newer one may
    have failed.
    """
    meta, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    namespace, source = meta["namespace"], place.of("flux.helmrelease", item)
    chart, origin = (spec.get("chart") or {}).get("spec") or {}, spec.get("chartRef") or {}
    origin = origin or chart.get("sourceRef") or {}
    values, history = spec.get("values"), each(status.get("history"))
    release = next((one["name"] for one in history if one.get("name")), None) or _release_name(spec, meta["name"])
    deployed = next((one for one in history if one.get("status") == "deployed"), {})
    attributes = present(
        chart=chart.get("chart"),
        version=chart.get("version"),
        source=_source_name(origin, namespace),
        release_name=release,
        target_namespace=spec.get("targetNamespace"),
        storage_namespace=spec.get("storageNamespace"),
        suspend=spec.get("suspend") or None,
        values_hash=place.hashed(json.dumps(values, sort_keys=True)) if values else None,
        applied_revision=status.get("lastAppliedRevision") or deployed.get("chartVersion"),
        attempted_revision=status.get("lastAttemptedRevision"),
        conditions=conditions(status),
    )
    yield entity(place, "flux.helmrelease", item, attributes)
    yield from owners(place, source, item)
    yield from _flux_source(place, source, origin, "", namespace)
    yield from _waits_for(place, source, spec, namespace)
    named = [*each(spec.get("valuesFrom")), *({"kind": "Secret", **one} for one in (_kubeconfig(spec),) if one)]
    yield from _configured(place, source, namespace, named)
    if not spec.get("kubeConfig"):  # else the release lies in another cluster
        made = place.end("helm.release", spec.get("storageNamespace") or namespace, release)
        yield Relation(made, "DECLARED_IN", source)


def _release_name(spec: Object, name: str) -> str:
    """Name a release that was never made: `[<target namespace>-]<name>`, shortened as helm-controller does."""
    whole = spec.get("releaseName") or "-".join(part for part in (spec.get("targetNamespace"), name) if part)
    if len(whole) <= _LONGEST_RELEASE:
        return str(whole)
    return f"{whole[:40]}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def flux_gitrepository(place: Place, item: Object) -> Iterator[Statement]:
    """State a Flux GitRepository: which repository, at which revision."""
    yield from _flux_repository(place, "flux.gitrepository", item)


def flux_ocirepository(place: Place, item: Object) -> Iterator[Statement]:
    """State a Flux OCIRepository: which artifact, at which revision."""
    yield from _flux_repository(place, "flux.ocirepository", item)


def flux_helmrepository(place: Place, item: Object) -> Iterator[Statement]:
    """State a Flux HelmRepository: where its charts are."""
    yield from _flux_repository(place, "flux.helmrepository", item)


def _flux_repository(place: Place, kind: str, item: Object) -> Iterator[Statement]:
    spec, status = item["spec"], item.get("status") or {}
    source = place.of(kind, item)
    attributes = present(
        url=spec.get("url"),
        ref=dict(spec.get("ref") or {}),
        suspend=spec.get("suspend") or None,
        revision=(status.get("artifact") or {}).get("revision"),
        conditions=conditions(status),
    )
    yield entity(place, kind, item, attributes)
    yield from owners(place, source, item)
    secret = spec.get("secretRef") or {}
    named = [{"kind": "Secret", "name": secret["name"]}] if secret else []
    yield from _configured(place, source, item["metadata"]["namespace"], named)


def _kubeconfig(spec: Object) -> Object:
    return (spec.get("kubeConfig") or {}).get("secretRef") or {}


def _source_name(origin: Object, namespace: str) -> str | None:
    return f"{origin['kind']}/{origin.get('namespace') or namespace}/{origin['name']}" if origin else None


def _flux_source(place: Place, source: KeyEnd, origin: Object, slot: str, namespace: str) -> Iterator[Relation]:
    if not origin:
        return
    at = origin.get("namespace") or namespace
    if end := place.referred("source.toolkit.fluxcd.io", origin["kind"], at, origin["name"]):
        yield Relation(source, "DEPENDS_ON", end, slot, {"uses": ["source"]})


def _waits_for(place: Place, source: KeyEnd, spec: Object, namespace: str) -> Iterator[Relation]:
    for one in each(spec.get("dependsOn")):
        end = place.end(source.key.kind, one.get("namespace") or namespace, one["name"])
        yield Relation(source, "DEPENDS_ON", end, attributes={"uses": ["dependsOn"]})


def _configured(place: Place, source: KeyEnd, namespace: str, named: Sequence[Object]) -> Iterator[Relation]:
    """Tie to the ConfigMaps and Secrets of the same namespace that are put in. Optional only where every naming is."""
    found: dict[tuple[str, str], bool] = {}
    for one in named:
        end = (one["kind"], one["name"])
        found[end] = found.get(end, True) and bool(one.get("optional"))
    for (kind, name), optional in sorted(found.items()):
        target = place.end(KINDS_BY_NAME["", kind], namespace, name)
        yield Relation(source, "USES_CONFIG", target, attributes=present(optional=optional or None))
