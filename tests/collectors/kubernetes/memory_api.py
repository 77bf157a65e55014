"""What is an API server that serves pages from memory, and fails where it is told to?"""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ruamel.yaml import YAML

from collectors.contract import Failed
from collectors.kubernetes.client import METADATA_ONLY, Client
from collectors.kubernetes.collector import KubernetesCollector
from collectors.kubernetes.connection import Answer
from collectors.kubernetes.groups import ALL_AT_ONCE
from collectors.kubernetes.resources import CUSTOM, RESOURCES
from collectors.kubernetes.settings import KubernetesSettings

UID = "e8af6542-0d72-4ce3-bbda-4a4147f28d11"
VERSIONS = {resource.group: "v1" for resource in RESOURCES}
CUSTOM_NAMES = {resource.name: (resource.layout.kind, resource.namespaced) for resource in CUSTOM} | {
    "widgets.example.org": ("Widget", True),
    "gadgets.example.org": ("Gadget", False),
    "awsclusters.infrastructure.cluster.x-k8s.io": ("AWSCluster", True),
    "awsmachines.infrastructure.cluster.x-k8s.io": ("AWSMachine", True),
    "awsmachinetemplates.infrastructure.cluster.x-k8s.io": ("AWSMachineTemplate", True),
}
"""The custom resources that an API may be given objects of: by name, the Kind, and whether a namespace has them."""

WIDGET = {
    "group": "example.org",
    "kind": "Widget",
    "attributes": {"size": "spec.size"},
    "state": {"phase": "status.phase"},
    "references": [{"path": "spec.serviceName", "kind": "Service"}],
}
"""A row that a user may write."""


@cache
def samples() -> Mapping[str, list[dict[str, Any]]]:
    """Return the sample objects, by the name of their resource."""
    text = Path(__file__).with_name("samples.yaml").read_text("utf-8")
    loaded: Mapping[str, list[dict[str, Any]]] = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))
    return loaded


@cache
def custom_samples() -> Mapping[str, list[dict[str, Any]]]:
    """Return the sample objects of custom resources, by the name of their resource."""
    text = Path(__file__).with_name("custom_samples.yaml").read_text("utf-8")
    loaded: Mapping[str, list[dict[str, Any]]] = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))
    return {name: items for name, items in loaded.items() if name in CUSTOM_NAMES}


def all_samples() -> dict[str, list[dict[str, Any]]]:
    """Return every sample object."""
    return {**samples(), **custom_samples()}


def sample(resource: str, index: int = 0) -> dict[str, Any]:
    """Return a fresh copy of one sample object, to change."""
    copied: dict[str, Any] = json.loads(json.dumps(all_samples()[resource][index]))
    return copied


class Silent:
    """In a scripted stream: nothing more comes until the client hangs up."""


class MemoryStream:
    """An answer that goes on as scripted: bytes are sent, an exception is raised, and `Silent` waits."""

    def __init__(self, script: Iterable[bytes | Exception | Silent], status: int = 200) -> None:
        self.status = status
        self.retry_after: float | None = None
        self._script = script
        self._closed = threading.Event()

    def chunks(self) -> Iterator[bytes]:
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Silent):
                self._closed.wait()
                raise Failed("was hung up on")
            yield step

    def close(self) -> None:
        self._closed.set()


class MemoryApi:
    """Answers like an API server, from memory. `fail` maps (path, page) to the answer or error given instead.

    `streams` holds, for each path, what its next watches tell; one that none is left for is silent. `at_once` makes it
    tell all that it serves in two answers, as Kubernetes does since 1.26, but for the groups in `stale`.
    """

    def __init__(
        self, objects: Mapping[str, Sequence[Mapping[str, Any]]], *, versions: Mapping[str, str] = VERSIONS
    ) -> None:
        self.uid = UID
        self.position = 100
        self.at_once = False
        self.stale: set[str] = set()
        custom = {name: name.partition(".") for name in objects if name in CUSTOM_NAMES}
        self.versions = dict(versions) | {group: "v1" for _, _, group in custom.values() if group not in versions}
        self.lists = {
            self.path(resource.group, resource.plural): objects.get(resource.name, ()) for resource in RESOURCES
        }
        self.kinds: dict[str, tuple[str, bool]] = {}
        for name, (plural, _, group) in custom.items():
            self.lists[self.path(group, plural)] = objects[name]
            self.kinds[self.path(group, plural)] = CUSTOM_NAMES[name]
        self.fail: dict[tuple[str, int], Answer | Exception] = {}
        self.requests: list[str] = []
        self.forgotten = 0
        self._bodies: dict[str, bytes] = {}
        self.streams: dict[str, list[MemoryStream | Exception]] = {}
        self.watched: list[tuple[str, str]] = []
        self.open: list[MemoryStream] = []

    def path(self, group: str, plural: str) -> str:
        version = self.versions.get(group, "v1")
        return f"/apis/{group}/{version}/{plural}" if group else f"/api/{version}/{plural}"

    def fetch(self, path: str, accept: str) -> Answer:
        self.requests.append(path)
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        start = int(query.get("continue", ["0"])[0])
        page = start // int(query.get("limit", ["1"])[0]) + 1
        failure = self.fail.get((parts.path, page))
        if isinstance(failure, Exception):
            raise failure
        if failure is not None:
            return failure
        key = f"{self.uid} {self.position} {path}"  # written once, as a benchmark reads the same pages again and again
        if key not in self._bodies:
            self._bodies[key] = json.dumps(self._answer(parts.path, query, start, accept)).encode()
        return Answer(200, self._bodies[key])

    def stream(self, path: str, accept: str, silence: float) -> MemoryStream:
        self.watched.append((path, accept))
        scripted = self.streams.get(urlsplit(path).path)
        stream = scripted.pop(0) if scripted else MemoryStream([Silent()])
        if isinstance(stream, Exception):
            raise stream
        self.open.append(stream)
        return stream

    def forget(self) -> None:
        self.forgotten += 1

    def close(self) -> None:
        for stream in self.open:
            stream.close()

    def _answer(self, path: str, query: Mapping[str, list[str]], start: int, accept: str) -> dict[str, Any]:
        if "labelSelector" in query and path in self.lists:  # which groups have been added by definitions
            named = [{"metadata": {"name": f"v1.{listed.split('/')[2]}"}} for listed in self.kinds]
            return {"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "1"}, "items": named}
        if path in self.lists:
            limit = int(query["limit"][0])
            objects = self.lists[path]
            metadata = {"resourceVersion": str(self.position)}
            if start + limit < len(objects):
                metadata["continue"] = str(start + limit)
            kind = "PartialObjectMetadataList" if accept == METADATA_ONLY else "List"
            return {"kind": kind, "metadata": metadata, "items": list(objects[start : start + limit])}
        if path == "/api/v1/namespaces/kube-system":
            return {"metadata": {"uid": self.uid, "creationTimestamp": "2026-01-01T00:00:00Z"}}
        if path == "/version":
            return {"gitVersion": "v1.36.3", "platform": "linux/amd64"}
        if self.at_once and accept == ALL_AT_ONCE:
            return self._all_at_once(path)
        return self._discovery(path)

    def _all_at_once(self, path: str) -> dict[str, Any]:
        """Answer in the form of `apidiscovery.k8s.io/v2`."""
        kind = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
        core = {"": self.versions.get("", "v1")}
        named = core if path == "/api" else {group: one for group, one in self.versions.items() if group}
        return {**kind, "items": [self._group(group, version) for group, version in named.items()]}

    def _group(self, group: str, version: str) -> dict[str, Any]:
        if group in self.stale:
            return {"metadata": {"name": group}, "versions": [{"version": version, "freshness": "Stale"}]}
        prefix = self.path(group, "")
        resources = [
            {
                "resource": one["name"],
                "responseKind": {"group": group, "version": version, "kind": one["kind"]},
                "scope": "Namespaced" if one["namespaced"] else "Cluster",
                "verbs": one["verbs"],
                "subresources": [{"subresource": "status", "verbs": ["get"]}],
            }
            for one in self._discovery(prefix.rstrip("/"))["resources"]
        ]
        versions = [{"version": version, "resources": resources, "freshness": "Current"}]
        return {"metadata": {"name": group} if group else {}, "versions": versions}

    def _discovery(self, path: str) -> dict[str, Any]:
        if path == "/api":
            return {"versions": ["v1"]}
        if path == "/apis":
            return {
                "groups": [
                    {
                        "name": group,
                        "versions": [{"groupVersion": f"{group}/{version}"}],
                        "preferredVersion": {"groupVersion": f"{group}/{version}"},
                    }
                    for group, version in self.versions.items()
                    if group
                ]
            }
        served = [listed for listed in self.lists if listed.rpartition("/")[0] == path]
        return {"resources": [self._resource(listed) for listed in served]}

    def _resource(self, listed: str) -> dict[str, Any]:
        name = listed.rpartition("/")[2]
        kind, namespaced = self.kinds.get(listed, (name, True))
        verbs = ["get", "list", "watch"] if listed in self.kinds else ["get", "list"]
        return {"name": name, "kind": kind, "namespaced": namespaced, "verbs": verbs}


def event(type_: str, item: object) -> bytes:
    """Write one event of a watch, as a server does."""
    return json.dumps({"type": type_, "object": item}).encode() + b"\n"


def bookmark(position: int) -> bytes:
    """Write a bookmark."""
    return event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": str(position)}})


def collector(api: MemoryApi, **settings: Any) -> KubernetesCollector:
    """Return a collector named `prod` that reads this API."""
    return KubernetesCollector("prod", KubernetesSettings(**settings), Client(api))
