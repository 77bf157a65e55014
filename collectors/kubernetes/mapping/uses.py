"""Which configuration, storage and identity does a pod spec name, and in which ways?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.kubernetes.custom.table import RESOURCE
from collectors.kubernetes.mapping.place import Object, Place, each, present
from graph.model import KeyEnd, Relation

_SECRETS_STORE = "secrets-store.csi.k8s.io"
_PROVIDER = ("secrets-store.csi.x-k8s.io", "SecretProviderClass")
"""What says which secrets the driver of this name fetches, and from where."""


@dataclass(frozen=True, slots=True)
class _Naming:
    """One place in a spec that names something. keys: None where all of them are used."""

    verb: str
    kind: str
    name: str
    way: str
    keys: frozenset[str] | None = None
    optional: bool = False
    paths: frozenset[str] = field(default_factory=frozenset)


def spec_uses(place: Place, source: KeyEnd, namespace: str, spec: Object, pod: str = "") -> Iterator[Relation]:
    """Tie a pod, or the template of a workload, to all that it names: once each, ways merged.

    Variables, pull secrets and the priority are USES_CONFIG; volumes are MOUNTS. Optional only where every naming is.
    pod: the name of the pod, which its ephemeral volumes have in theirs; empty for a template. What a PriorityClass
    says was written into a pod when it was made, so that only a template needs it.
    """
    found: dict[tuple[str, str, str], list[_Naming]] = {}
    for naming in (*_from_containers(spec), *_names(spec, pod), *_from_volumes(spec, pod)):
        if naming.name:
            found.setdefault((naming.verb, naming.kind, naming.name), []).append(naming)
    for (verb, kind, name), namings in sorted(found.items()):
        keys = None if any(naming.keys is None for naming in namings) else {k for n in namings for k in n.keys or ()}
        attributes = present(
            uses=sorted({naming.way for naming in namings}),
            optional=True if all(naming.optional for naming in namings) else None,
            keys=sorted(keys or ()),
            path=sorted({path for naming in namings for path in naming.paths}),
        )
        target = place.referred(*_PROVIDER, namespace, name) if kind == RESOURCE else place.end(kind, namespace, name)
        if target is not None:
            yield Relation(source, verb, target, attributes=attributes)


def provider_class(volume: Object) -> str:
    """Give the SecretProviderClass that a volume's source names; an empty text where it is of another driver."""
    named: str = (volume.get("volumeAttributes") or {}).get("secretProviderClass") or ""
    return named if volume.get("driver") == _SECRETS_STORE else ""


def runs_as(place: Place, source: KeyEnd, namespace: str, spec: Object) -> Relation:
    """Tie a pod or a template to its ServiceAccount: `default` where none is named."""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    return Relation(source, "RUNS_AS", place.end("k8s.serviceaccount", namespace, name))


def _containers(spec: Object) -> Iterator[Object]:
    for field_ in ("initContainers", "containers", "ephemeralContainers"):
        yield from each(spec.get(field_))


def _from_containers(spec: Object) -> Iterator[_Naming]:
    for container in _containers(spec):
        for variable in each(container.get("env")):
            source = variable.get("valueFrom") or {}
            for word, kind in (("configMapKeyRef", "k8s.configmap"), ("secretKeyRef", "k8s.secret")):
                if reference := source.get(word):
                    keys, optional = frozenset({reference["key"]}), bool(reference.get("optional"))
                    yield _Naming("USES_CONFIG", kind, reference.get("name", ""), "env", keys, optional)
        for source in each(container.get("envFrom")):
            for word, kind in (("configMapRef", "k8s.configmap"), ("secretRef", "k8s.secret")):
                if reference := source.get(word):
                    optional = bool(reference.get("optional"))
                    yield _Naming("USES_CONFIG", kind, reference.get("name", ""), "envFrom", None, optional)


def _names(spec: Object, pod: str) -> Iterator[_Naming]:
    if (priority := spec.get("priorityClassName")) and not pod:
        yield _Naming("USES_CONFIG", "k8s.priorityclass", priority, "priorityClassName")
    for reference in each(spec.get("imagePullSecrets")):
        yield _Naming("USES_CONFIG", "k8s.secret", reference.get("name", ""), "imagePullSecrets")


def _from_volumes(spec: Object, pod: str) -> Iterator[_Naming]:
    paths: dict[str, set[str]] = {}
    for container in _containers(spec):
        for mount in each(container.get("volumeMounts")):
            paths.setdefault(mount["name"], set()).add(mount["mountPath"])
    for volume in each(spec.get("volumes")):
        at = frozenset(paths.get(volume["name"], ()))
        if source := volume.get("configMap"):
            yield _mount("k8s.configmap", source.get("name", ""), "volume", source, at)
        elif source := volume.get("secret"):
            yield _mount("k8s.secret", source.get("secretName", ""), "volume", source, at)
        elif source := volume.get("projected"):
            for part in each(source.get("sources")):
                for word, kind in (("configMap", "k8s.configmap"), ("secret", "k8s.secret")):
                    if inner := part.get(word):
                        yield _mount(kind, inner.get("name", ""), "projected", inner, at)
        elif source := volume.get("persistentVolumeClaim"):
            yield _Naming("MOUNTS", "k8s.persistentvolumeclaim", source.get("claimName", ""), "volume", paths=at)
        elif volume.get("ephemeral") and pod:
            claim = f"{pod}-{volume['name']}"  # so it is named by the API, and made by the controller
            yield _Naming("MOUNTS", "k8s.persistentvolumeclaim", claim, "ephemeral volume", paths=at)
        else:
            yield _Naming("MOUNTS", RESOURCE, provider_class(volume.get("csi") or {}), "volume", paths=at)
            yield from _driver_credentials(volume)


def _mount(kind: str, name: str, way: str, source: Object, paths: frozenset[str]) -> _Naming:
    items = each(source.get("items"))
    keys = frozenset(item["key"] for item in items) if items else None
    return _Naming("MOUNTS", kind, name, way, keys, bool(source.get("optional")), paths)


def _driver_credentials(volume: Object) -> Iterator[_Naming]:
    """Find the Secret that a volume's driver logs in with; it is used, and not mounted."""
    for source in volume.values():
        if isinstance(source, dict):
            reference = source.get("nodePublishSecretRef") or source.get("secretRef") or {}
            name = reference.get("name") or source.get("secretName") or ""
            yield _Naming("USES_CONFIG", "k8s.secret", name, "volume credentials")
