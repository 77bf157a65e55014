"""In which version does this server serve each resource, if it does, and what have others added to it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collectors.contract import CollectorError
from collectors.kubernetes.client import METADATA_ONLY, Client, Wanted
from collectors.kubernetes.groups import Offered, groups, resources
from collectors.kubernetes.resources import RESOURCES

_BY_DEFINITION = "kube-aggregator.kubernetes.io/automanaged"
"""The label of APIServices that Kubernetes itself keeps: `true` for the groups of resource definitions."""

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
    for group, versions in groups(client):
        missing = wanted.get(group, set()) - {plural for in_group, plural in prefixes if in_group == group}
        try:
            for version in versions:
                others = group not in OWN_GROUPS and (defined is None or group in defined)
                if not missing and not others:
                    break
                offered = resources(client, version)
                served = {one.plural for one in offered} & missing
                prefixes |= {(group, plural): version.prefix for plural in served}
                missing -= served
                for one in _added(group, version.prefix, offered, wanted.get(group, set())) if others else ():
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
    found: set[str] = set()
    continue_, number = "", 0
    try:
        while number == 0 or continue_:
            number += 1
            page = client.page(wanted, limit=500, continue_=continue_, number=number)
            found.update(str(item["metadata"]["name"]).partition(".")[2] for item in page.items)
            continue_ = "" if page.continue_ == continue_ else page.continue_
    except (CollectorError, KeyError, TypeError):
        return None
    return found


def _added(group: str, prefix: str, offered: Iterable[Offered], own: set[str]) -> Iterator[Added]:
    """Give what somebody has added in a version of a group.

    Whatever a definition adds can be listed and watched; what is made up for each request, as metrics are, cannot.
    """
    for one in offered:
        if one.kind is not None and one.plural not in own and {"list", "watch"} <= one.verbs:
            yield Added(group, one.kind, one.plural, one.namespaced, prefix)
