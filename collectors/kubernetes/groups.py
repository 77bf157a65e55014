"""Which API groups does this server have, in which versions, and which resources has each?

Since Kubernetes 1.26 two calls tell all of it at once, where the server is asked for that (aggregated discovery,
https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery). A version of which such an answer
says that it is stale, because the API behind it could not be asked, has told nothing, and is asked itself. So is every
version of a server that does not know of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.contract import Failed
from collectors.kubernetes.client import JSON, Client, Wanted

_PERMISSION = "'get' on /api and /apis (the role system:discovery)"

_KIND = "APIGroupDiscoveryList"
ALL_AT_ONCE = ", ".join(
    (*(f"{JSON};g=apidiscovery.k8s.io;v={version};as={_KIND}" for version in ("v2", "v2beta1")), JSON)
)
"""Asks for all of it at once, and takes the mere names of groups where the server has nothing better."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A resource of one version of a group. kind: None where it has no objects of its own."""

    plural: str
    kind: str | None
    namespaced: bool
    verbs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a group. prefix: the path before its resources' names. told: what it has, if that is known yet."""

    prefix: str
    told: tuple[Offered, ...] | None = None


def resources(client: Client, version: Version) -> tuple[Offered, ...]:
    """Give what a version has, parts of resources (`deployments/scale`) left out.

    Raise CollectorError where it must be asked, and that fails.
    """
    if version.told is not None:
        return version.told
    answer = client.read(Wanted(f"the resources of {version.prefix}", _PERMISSION, version.prefix))
    return tuple(one for entry in _objects(answer, "resources", version.prefix) for one in _listed(entry))


def groups(client: Client) -> Iterator[tuple[str, list[Version]]]:
    """Yield each group with its versions, the preferred first. The core group has no name.

    Raise CollectorError where the groups themselves cannot be read.
    """
    core = client.read(Wanted("the versions of the core API", _PERMISSION, "/api", ALL_AT_ONCE))
    if core.get("kind") == _KIND:
        yield from _told(core, "/api")
    else:
        yield "", [Version(f"/api/{version}") for version in _texts(core, "versions", "/api")]
    listed = client.read(Wanted("the list of API groups", _PERMISSION, "/apis", ALL_AT_ONCE))
    if listed.get("kind") == _KIND:
        yield from _told(listed, "/apis")
        return
    for group in _objects(listed, "groups", "/apis"):
        versions = [str(version.get("groupVersion")) for version in _objects(group, "versions", "/apis")]
        preferred = _inner(group, "preferredVersion", "groupVersion")
        ordered = [version for version in versions if version == preferred]
        ordered += [version for version in versions if version != preferred]
        yield str(group.get("name")), [Version(f"/apis/{version}") for version in ordered]


def _told(answer: Mapping[str, Any], path: str) -> Iterator[tuple[str, list[Version]]]:
    """Read all of it at once. The order of versions is that of preference."""
    for group in _objects(answer, "items", path):
        name = _inner(group, "metadata", "name") or ""
        root = f"{path}/{name}" if name else path
        versions = _objects(group, "versions", path)
        yield name, [Version(f"{root}/{one.get('version')}", _fresh(one)) for one in versions]


def _fresh(version: Mapping[str, Any]) -> tuple[Offered, ...] | None:
    """Give what a version has, where it says so, and does not say that this is of old."""
    resources = version.get("resources", [])
    if version.get("freshness") != "Current" or not isinstance(resources, list):
        return None
    return tuple(one for entry in resources if isinstance(entry, dict) for one in _discovered(entry))


def _discovered(entry: Mapping[str, Any]) -> Iterator[Offered]:
    """Read a resource as aggregated discovery tells of it."""
    kind = _inner(entry, "responseKind", "kind")
    yield from _offered(entry, entry.get("resource"), kind, namespaced=entry.get("scope") == "Namespaced")


def _listed(entry: Mapping[str, Any]) -> Iterator[Offered]:
    """Read a resource as the version itself tells of it."""
    yield from _offered(entry, entry.get("name"), entry.get("kind"), namespaced=entry.get("namespaced") is True)


def _offered(entry: Mapping[str, Any], plural: object, kind: object, *, namespaced: bool) -> Iterator[Offered]:
    verbs = entry.get("verbs")
    if isinstance(plural, str) and "/" not in plural:
        can = (verb for verb in verbs if isinstance(verb, str)) if isinstance(verbs, list) else ()
        yield Offered(plural, kind if isinstance(kind, str) else None, namespaced, frozenset(can))


def _inner(entry: Mapping[str, Any], outer: str, inner: str) -> str | None:
    """Give a text within an object, if it is there."""
    held = entry.get(outer)
    text = held.get(inner) if isinstance(held, dict) else None
    return text if isinstance(text, str) else None


def _objects(answer: Mapping[str, Any], name: str, path: str) -> list[dict[str, Any]]:
    return [entry for entry in _list(answer, name, path) if isinstance(entry, dict)]


def _texts(answer: Mapping[str, Any], name: str, path: str) -> list[str]:
    return [entry for entry in _list(answer, name, path) if isinstance(entry, str)]


def _list(answer: Mapping[str, Any], name: str, path: str) -> Iterable[object]:
    entries = answer.get(name)
    if not isinstance(entries, list):
        raise Failed(f"{path} has no list of {name}; check that this address is an API server")
    return entries
