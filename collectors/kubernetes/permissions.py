"""What must an account be allowed, to the letter, as manifests to apply?

Everything is derived from the tables of resources, so that what is asked for and what is granted cannot drift apart.
Custom resources without a row in these are known to their server alone: they are named by whoever wants them read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from collectors.contract import SourceSettings
from collectors.kubernetes.grants import WHAT_IS_SERVED, Rule, listing, one_namespace
from collectors.kubernetes.resources import CUSTOM, RESOURCES
from collectors.kubernetes.settings import KubernetesSettings

NAME = "asbuilt"
"""What roles, bindings, the account and its namespace are called."""

IDENTITY = "kube-system"
"""The namespace of which the uid is the cluster's identity."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""What a namespace may be called (RFC 1123)."""

_RESOURCE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
"""What a custom resource may be called, its group with it. Nothing that stands for many, and no part of one."""

_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_LONGEST = 253
"""What a ServiceAccount may be called, and how long that may be."""

_RBAC = "rbac.authorization.k8s.io"


def manifest(
    settings: SourceSettings, account: str | None = None, without: Collection[str] = (), beside: Collection[str] = ()
) -> str:
    """Write what allows an account to read a cluster as configured, ready to apply. Raise ValueError, in words.

    account: NAMESPACE/NAME of the ServiceAccount. without: resources that are not to be read; each look says so.
    beside: custom resources that are to be read too.
    """
    if not isinstance(settings, KubernetesSettings):
        raise TypeError("these permissions are a cluster's, and need KubernetesSettings")
    known = {resource.name for resource in (*RESOURCES, *CUSTOM)}
    unknown = sorted({*(set(without) - known), *(one for one in beside if not _RESOURCE.fullmatch(one))})
    if unknown:
        raise ValueError(f"no resource is called {', '.join(unknown)}; name them as kubectl does: secrets, jobs.batch")
    wanted = [*_resources(settings, without), *_named(set(beside) - known)]
    namespaces = settings.namespaces
    place, _, name = (account or f"{namespaces[0] if namespaces else NAME}/{NAME}").partition("/")
    if not _LABEL.fullmatch(place) or not _SUBDOMAIN.fullmatch(name) or len(name) > _LONGEST:
        raise ValueError(
            "an account is named by its namespace and its name, NAMESPACE/NAME, of lower-case letters, digits and -"
        )
    documents = [*_account(place, name, new=account is None and not namespaces)]
    if namespaces is None:
        documents += _granted("ClusterRole", "", [(WHAT_IS_SERVED, "what is served"), *wanted], place, name)
    for namespace in namespaces or ():
        rules = [(one_namespace(namespace), "the namespace itself"), *wanted]
        documents += _granted("Role", namespace, rules, place, name)
    if settings.cluster_uid is None and IDENTITY not in (namespaces or ()):
        rules = [(one_namespace(IDENTITY), "its uid is the cluster's identity")]
        documents += _granted("Role", IDENTITY, rules, place, name, called=f"{NAME}-identity")
    return "---\n".join([_head(settings, without, beside), *documents])


def _head(settings: KubernetesSettings, without: Collection[str], beside: Collection[str]) -> str:
    told = [
        "Made by `asbuilt permissions`: all that Asbuilt asks of this cluster, and nothing else. It writes nothing."
    ]
    if settings.namespaces is not None:
        told.append("What is served (/version, /api, /apis) every account may ask, by the role system:discovery.")
    if settings.cluster_uid is not None:
        told.append("The cluster is known by cluster_uid, so the namespace kube-system is not asked for.")
    if without:
        told.append(f"Without {', '.join(sorted(without))}: each look says that these could not be seen.")
    if kinds := _unnamed(settings, beside):
        told.append(f"Without {', '.join(kinds)}: what these are called as resources is to be named by --with.")
    return "".join(f"# {one}\n" for one in told)


def _unnamed(settings: KubernetesSettings, beside: Collection[str]) -> list[str]:
    """List the kinds of the configuration's own rows, but for those of groups of which as many resources were named."""
    known = {(one.layout.group, one.layout.kind) for one in CUSTOM}
    rows = [row for row in settings.custom_resources if row.names not in known] if settings.max_custom_kinds else []
    named = Counter(one.partition(".")[2] for one in beside)
    wanted = Counter(row.group for row in rows)
    return sorted(f"{row.kind}.{row.group}" for row in rows if named[row.group] < wanted[row.group])


def _resources(settings: KubernetesSettings, without: Collection[str]) -> Iterator[tuple[Rule, str]]:
    for resource in (*RESOURCES, *(CUSTOM if settings.max_custom_kinds else ())):
        if resource.name not in without and (resource.namespaced or settings.namespaces is None):
            yield listing(resource.plural, resource.group), resource.reason


def _named(names: Collection[str]) -> Iterator[tuple[Rule, str]]:
    for name in sorted(names):
        plural, _, group = name.partition(".")
        yield listing(plural, group), "what others have added"


def _account(place: str, name: str, *, new: bool) -> Iterator[str]:
    if new:
        yield _document("v1", "Namespace", place)
    yield _document("v1", "ServiceAccount", name, place)


def _granted(
    kind: str, namespace: str, rules: Iterable[tuple[Rule, str]], place: str, name: str, *, called: str = NAME
) -> Iterator[str]:
    """Write a role and its binding, which has the account in its name: others may be bound to the same role."""
    version = f"{_RBAC}/v1"
    lines = "".join(f"{rule.line}  # {reason}\n" for rule, reason in rules)
    yield _document(version, kind, called, namespace) + f"rules:\n{lines}"
    yield _document(version, f"{kind}Binding", f"{called}-{place}-{name}", namespace) + (
        f"roleRef: {{apiGroup: {_RBAC}, kind: {kind}, name: {called}}}\n"
        f"subjects:\n- {{kind: ServiceAccount, name: {name}, namespace: {place}}}\n"
    )


def _document(version: str, kind: str, name: str, namespace: str = "") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}{place}}}\n"
