"""By what is an object declared: which Helm release, Argo CD Application, or object of Flux says that it applied it?

What a deployment tool writes on the objects that it applies is copied by controllers to what they make of them, so that
an object that has a controller is left out, and a tracking id counts only on the object that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.kubernetes.custom.table import RESOURCE
from collectors.kubernetes.mapping.place import CLUSTER_WIDE, NAMES_BY_KIND, Object, Place, each, group_of
from graph.model import AliasEnd, KeyEnd, Method, Relation

APPLICATION_NAME = "argocd.application.name"
"""The alias of an Application that applies to its own cluster: `<cluster>|<name>`, `<cluster>|<namespace>_<name>`."""

_TRACKING = "argocd.argoproj.io/tracking-id"
_TRACKED = re.compile(r"(?P<app>[^:/]+):(?P<group>[^:/]*)/(?P<kind>[^:/]+):(?P<namespace>[^:/]*)/(?P<name>.+)")
_RELEASE, _RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_FLUX_NAMESPACE = "helm.toolkit.fluxcd.io/namespace"
"""Where the HelmRelease is. Flux stores the release there too, and not where its objects go, unless it is told to."""

_FLUX = {"kustomize.toolkit.fluxcd.io": "flux.kustomization", "helm.toolkit.fluxcd.io": "flux.helmrelease"}


def declared(place: Place, kind: str, item: Object) -> Iterator[Relation]:
    """Tie an object to what declares it (ontology R24 to R26)."""
    meta = item["metadata"]
    annotations, labels = meta.get("annotations") or {}, meta.get("labels") or {}
    if _TRACKING in annotations:
        yield from _tracked(place, kind, item, annotations[_TRACKING])
    if any(owner.get("controller") for owner in each(meta.get("ownerReferences"))):
        return
    source = place.of(kind, item)
    release, namespace = annotations.get(_RELEASE), annotations.get(_RELEASE_NAMESPACE)
    stored_elsewhere = labels.get(_FLUX_NAMESPACE, namespace) != namespace  # the HelmRelease, below, knows where
    if release and namespace and labels.get(_MANAGED_BY) == "Helm" and not stored_elsewhere:
        target = place.end("helm.release", namespace, release)
        yield Relation(source, "DECLARED_IN", target, method=Method.ANNOTATION, confidence=0.97)
    for group, declaring in _FLUX.items():
        name, namespace = labels.get(f"{group}/name"), labels.get(f"{group}/namespace")
        if name and namespace:
            target = place.end(declaring, namespace, name)
            if target.key != source.key:
                yield Relation(source, "DECLARED_IN", target, method=Method.LABEL, confidence=0.97)


def _tracked(place: Place, kind: str, item: Object, text: str) -> Iterator[Relation]:
    """Read `<app>:<group>/<Kind>:<namespace>/<name>`. What no namespace contains is tracked under any."""
    meta = item["metadata"]
    said = _TRACKED.fullmatch(text)
    named = (group_of(item["apiVersion"]), item["kind"]) if kind == RESOURCE else NAMES_BY_KIND.get(kind)
    if said is None or (said["group"], said["kind"]) != named or said["name"] != meta["name"]:
        return
    if kind not in CLUSTER_WIDE and meta.get("namespace") not in (None, said["namespace"]):
        return
    source: KeyEnd = place.of(kind, item)
    target = AliasEnd(APPLICATION_NAME, f"{place.cluster}|{said['app']}", ("argocd.application",))
    yield Relation(source, "DECLARED_IN", target, method=Method.ANNOTATION)
