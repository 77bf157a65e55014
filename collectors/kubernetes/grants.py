"""Which line of a manifest allows a request?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

EVERYWHERE = "the ClusterRole"


@dataclass(frozen=True, slots=True)
class Rule:
    """Leave to read something: a resource, or one object of it; without a resource, addresses that are no resource."""

    verbs: tuple[str, ...]
    resource: str = ""
    group: str = ""
    only: str = ""
    addresses: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The line of a manifest that says this."""
        if self.addresses:
            return f"- {{nonResourceURLs: {_list(self.addresses)}, verbs: {_list(self.verbs)}}}"
        parts = [f"apiGroups: {_list([self.group])}", f"resources: {_list([self.resource])}"]
        parts += [f"resourceNames: {_list([self.only])}"] if self.only else []
        return f"- {{{', '.join(parts)}, verbs: {_list(self.verbs)}}}"


WHAT_IS_SERVED = Rule(("get",), addresses=("/version", "/api", "/api/*", "/apis", "/apis/*"))
"""Every account may by default, by the roles system:discovery and system:public-info-viewer."""


def listing(resource: str, group: str) -> Rule:
    """Leave to list a resource, and to hear of its changes."""
    return Rule(("list", "watch"), resource, group)


def one_namespace(name: str) -> Rule:
    """Leave to read one namespace itself; given in that namespace, it takes no right in the cluster."""
    return Rule(("get",), "namespaces", only=name)


def wanting(path: str) -> str:
    """Give the line of the manifest that allows a request, and after it, as a comment, which role it belongs to."""
    version, steps = _steps(path)
    if not steps:
        return f"{WHAT_IS_SERVED.line}  # in {EVERYWHERE}"
    group = version[1] if version[0] == "apis" else ""
    if len(steps) == 2 and steps[0] == "namespaces":
        return f"{one_namespace(steps[1]).line}  # in {_role(steps[1])}"
    where = _role(steps[1]) if steps[0] == "namespaces" and len(steps) > 2 else EVERYWHERE
    return f"{listing(steps[-1], group).line}  # in {where}"


def _steps(path: str) -> tuple[list[str], list[str]]:
    """Split a path into what names the version and what follows it."""
    steps = urlsplit(path).path.strip("/").split("/")
    size = {"api": 2, "apis": 3}.get(steps[0], len(steps))
    return steps[:size], steps[size:]


def _role(namespace: str) -> str:
    return f"the Role of namespace {namespace}"


def _list(values: Sequence[str]) -> str:
    quoted = (f'"{value}"' for value in values)
    return f"[{', '.join(quoted)}]"
