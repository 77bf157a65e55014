"""In which version does this server serve each resource, if it does?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.contract import CollectorError, Failed
from collectors.kubernetes.client import Client, Wanted
from collectors.kubernetes.resources import RESOURCES

_PERMISSION = "'get' on /api and /apis (the role system:discovery)"


@dataclass(frozen=True, slots=True)
class Served:
    """For each (group, plural) that is served, the path before its name; and the groups that could not be asked."""

    prefixes: Mapping[tuple[str, str], str]
    failures: Mapping[str, CollectorError]


def discover(client: Client) -> Served:
    """Ask the server what it serves. Raise CollectorError when the list of groups itself cannot be read.

    A group whose own answer fails is a failure of what is read from it, and of nothing else.
    """
    wanted: dict[str, set[str]] = {}
    for resource in RESOURCES:
        wanted.setdefault(resource.group, set()).add(resource.plural)
    prefixes: dict[tuple[str, str], str] = {}
    failures: dict[str, CollectorError] = {}
    for group, versions in _groups(client):
        missing = wanted.get(group, set()) - {plural for in_group, plural in prefixes if in_group == group}
        try:
            for prefix in versions:
                if not missing:
                    break
                served = _plurals(client, prefix) & missing
                prefixes |= {(group, plural): prefix for plural in served}
                missing -= served
        except CollectorError as error:
            failures[group] = error
    return Served(prefixes, failures)


def _groups(client: Client) -> Iterator[tuple[str, list[str]]]:
    """Yield each group with the paths of its versions, the preferred first. The core group has no name."""
    core = client.read(Wanted("the versions of the core API", _PERMISSION, "/api"))
    yield "", [f"/api/{version}" for version in _texts(core, "versions", "/api")]
    listed = client.read(Wanted("the list of API groups", _PERMISSION, "/apis"))
    for group in _objects(listed, "groups", "/apis"):
        versions = [str(version.get("groupVersion")) for version in _objects(group, "versions", "/apis")]
        preferred = (group.get("preferredVersion") or {}).get("groupVersion")
        ordered = [version for version in versions if version == preferred]
        ordered += [version for version in versions if version != preferred]
        yield str(group.get("name")), [f"/apis/{version}" for version in ordered]


def _plurals(client: Client, prefix: str) -> set[str]:
    answer = client.read(Wanted(f"the resources of {prefix}", _PERMISSION, prefix))
    return {str(resource.get("name")) for resource in _objects(answer, "resources", prefix)}


def _objects(answer: Mapping[str, Any], name: str, path: str) -> list[dict[str, Any]]:
    return [entry for entry in _list(answer, name, path) if isinstance(entry, dict)]


def _texts(answer: Mapping[str, Any], name: str, path: str) -> list[str]:
    return [entry for entry in _list(answer, name, path) if isinstance(entry, str)]


def _list(answer: Mapping[str, Any], name: str, path: str) -> Iterable[object]:
    entries = answer.get(name)
    if not isinstance(entries, list):
        raise Failed(f"{path} has no list of {name}; check that this address is an API server")
    return entries
