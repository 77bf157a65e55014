"""In which version does this server serve each resource, if it does, and what have others added to it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.contract import CollectorError, Failed
from collectors.kubernetes.client import METADATA_ONLY, Client, Wanted
from collectors.kubernetes.resources import RESOURCES

_BY_DEFINITION = "kube-aggregator.kubernetes.io/automanaged"
"""The label of APIServices that Kubernetes itself keeps: `true` for the groups of resource definitions."""

_PERMISSION = "'get' on /api and /apis (the role system:discovery)"


OWN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apidiscovery.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "imagepolicy.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "settings.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
"""The API groups of Kubernetes itself (kubernetes/api). What is in any other, somebody has added."""


@dataclass(frozen=True, slots=True, order=True)
class Added:
    """A resource that somebody has added to the server."""

    group: str
    kind: str
    plural: str
    namespaced: bool
    prefix: str


@dataclass(frozen=True, slots=True)
class Served:
    """For each (group, plural) that is served, the path before its name; and the groups that could not be asked."""

    prefixes: Mapping[tuple[str, str], str]
    failures: Mapping[str, CollectorError]
    added: tuple[Added, ...] = field(default=())
    """What others have added, beside what has code of its own."""
    told: frozenset[str] = field(default=frozenset())
    """The groups that have said what they have."""


def discover(client: Client) -> Served:
    """Ask the server what it serves. Raise CollectorError when the list of groups itself cannot be read.

    A group whose own answer fails is a failure of what is read from it, and of nothing else.
    """
    wanted: dict[str, set[str]] = {}
    for resource in RESOURCES:
        wanted.setdefault(resource.group, set()).add(resource.plural)
    prefixes: dict[tuple[str, str], str] = {}
    failures: dict[str, CollectorError] = {}
    defined = _defined(client)
    added: dict[tuple[str, str], Added] = {}
    told: set[str] = set()
    for group, versions in _groups(client):
        missing = wanted.get(group, set()) - {plural for in_group, plural in prefixes if in_group == group}
        try:
            for prefix in versions:
                others = group not in OWN_GROUPS and (defined is None or group in defined)
                if not missing and not others:
                    break
                resources = _resources(client, prefix)
                served = {str(resource.get("name")) for resource in resources} & missing
                prefixes |= {(group, plural): prefix for plural in served}
                missing -= served
                for one in _added(group, prefix, resources, wanted.get(group, set())) if others else ():
                    added.setdefault((one.group, one.plural), one)
            told.add(group)
        except CollectorError as error:
            failures[group] = error
    return Served(prefixes, failures, tuple(sorted(added.values())), frozenset(told))


def _defined(client: Client) -> set[str] | None:
    """Give the groups that resource definitions have added; None where that cannot be told, and all must be asked.

    An aggregated API has objects of its own making, and one that hangs must not be waited for at every look.
    """
    path = f"/apis/apiregistration.k8s.io/v1/apiservices?labelSelector={_BY_DEFINITION}%3Dtrue"
    wanted = Wanted("the groups that definitions add", "'list' on apiservices", path, METADATA_ONLY)
    groups: set[str] = set()
    continue_, number = "", 0
    try:
        while number == 0 or continue_:
            number += 1
            page = client.page(wanted, limit=500, continue_=continue_, number=number)
            groups.update(str(item["metadata"]["name"]).partition(".")[2] for item in page.items)
            continue_ = "" if page.continue_ == continue_ else page.continue_
    except (CollectorError, KeyError, TypeError):
        return None
    return groups


def _added(group: str, prefix: str, resources: Iterable[Mapping[str, Any]], own: set[str]) -> Iterator[Added]:
    """Give what somebody has added in a version of a group: no parts, as `rollouts/scale` is one.

    Whatever a definition adds can be listed and watched; what is made up for each request, as metrics are, cannot.
    """
    for resource in resources:
        plural, kind, verbs = resource.get("name"), resource.get("kind"), resource.get("verbs")
        if not (isinstance(plural, str) and isinstance(kind, str) and isinstance(verbs, list)):
            continue
        if "/" not in plural and plural not in own and "list" in verbs and "watch" in verbs:
            yield Added(group, kind, plural, resource.get("namespaced") is True, prefix)


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


def _resources(client: Client, prefix: str) -> list[dict[str, Any]]:
    answer = client.read(Wanted(f"the resources of {prefix}", _PERMISSION, prefix))
    return _objects(answer, "resources", prefix)


def _objects(answer: Mapping[str, Any], name: str, path: str) -> list[dict[str, Any]]:
    return [entry for entry in _list(answer, name, path) if isinstance(entry, dict)]


def _texts(answer: Mapping[str, Any], name: str, path: str) -> list[str]:
    return [entry for entry in _list(answer, name, path) if isinstance(entry, str)]


def _list(answer: Mapping[str, Any], name: str, path: str) -> Iterable[object]:
    entries = answer.get(name)
    if not isinstance(entries, list):
        raise Failed(f"{path} has no list of {name}; check that this address is an API server")
    return entries
