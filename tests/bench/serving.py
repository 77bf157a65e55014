"""Who plays the API server of a whole cluster, and counts what it is asked? A process that serves it from memory.

`python -m tests.bench.serving PODS` prints its port, its objects, pages and bytes, and serves until its input ends. It
answers as a real one does: pages by `limit` and `continue`, all of one instant; a position that moves on between
listings, as leases make it; metadata alone where that is asked for; watches that stay open and say where they are once
a minute. Beside that it answers two questions of the benchmark: see CALLS and CHANGE.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from collectors.kubernetes.resources import RESOURCES
from collectors.kubernetes.served import OWN_GROUPS
from tests.bench.answering import Answering
from tests.bench.around import PATHS, SYSTEM, objects

PAGE = 500
CALLS = "/bench/calls"
"""Answers how often each sort of call came since this was asked last."""
CHANGE = "/bench/change"
"""Has one pod in a hundred run another image from now on."""
CHANGED_EVERY = 100
BOOKMARK = 60.0
"""Seconds between two words of a watch at rest."""
FIRST = 20_000_000
"""The position of the first listing: later than that of any object."""

VERSIONS = {"autoscaling": ("v2", "v1")}
"""The versions of an API group, the preferred first, where these are not v1 alone."""
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
GROUPS = sorted(OWN_GROUPS - {"", "extensions", "settings.k8s.io", "imagepolicy.k8s.io", "apidiscovery.k8s.io"})
"""The API groups that kube-apiserver names. Those of RESOURCES are answered for; nobody asks for the others."""


@dataclass(slots=True)
class Cluster:
    """What is served. pages: for each path the items of each page, as JSON."""

    pages: dict[str, list[bytes]]
    counts: Counter[str]
    position: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST))
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """The bytes of all pages."""
        return sum(len(page) for pages in self.pages.values() for page in pages)

    @property
    def least(self) -> int:
        """The pages that there are: one at least of each resource that is served."""
        paths = (f"{prefix}/{name}" for prefix, names in listed().items() for name in names)
        return sum(max(1, len(self.pages.get(path, ()))) for path in paths)

    def page(self, path: str, continue_: str, *, metadata_only: bool) -> bytes:
        """Answer for one page of a listing. The token says which, and which instant the first one showed."""
        pages = self.pages.get(path) or [b"[]"]
        index, position = map(int, continue_.split(".")) if continue_ else (0, next(self.position))
        metadata: dict[str, Any] = {"resourceVersion": str(position)}
        if index + 1 < len(pages):
            metadata |= {"continue": f"{index + 1}.{position}", "remainingItemCount": (len(pages) - index - 1) * PAGE}
        kind = b"PartialObjectMetadataList" if metadata_only else b"List"
        head = b'{"kind":"%s","apiVersion":"v1","metadata":%s,"items":' % (kind, orjson.dumps(metadata))
        return b"%s%s}" % (head, pages[index])

    def change(self) -> int:
        """Change every hundredth pod, page by page; give how many."""
        changed = 0
        pages = self.pages[PATHS["Pod"]]
        for index, page in enumerate(pages):
            items = orjson.loads(page)
            for item in items[::CHANGED_EVERY]:
                item["metadata"]["resourceVersion"] = str(next(self.position))
                item["spec"]["containers"][0]["image"] += "-next"
                changed += 1
            pages[index] = orjson.dumps(items)
        return changed


def made(pods: int) -> Cluster:
    """Make a cluster of so many pods."""
    pages: dict[str, list[bytes]] = {path: [] for path in PATHS.values()}
    waiting: dict[str, list[Any]] = {path: [] for path in pages}
    counts = Counter[str]()
    for kind, item in objects(pods):
        path = PATHS[kind]
        counts[path] += 1
        waiting[path].append(item)
        if len(waiting[path]) == PAGE:
            pages[path].append(orjson.dumps(waiting[path]))
            waiting[path].clear()
    for path, left in waiting.items():
        if left:
            pages[path].append(orjson.dumps(left))
    return Cluster(pages, counts)


def fixed() -> dict[str, bytes]:
    """Answer what is asked beside listings: what the server is, what it serves, and which cluster it is of."""
    system = {"name": "kube-system", "uid": SYSTEM, "resourceVersion": "2", "creationTimestamp": "2026-01-01T00:00:00Z"}
    answers: dict[str, Any] = {
        "/version": {"gitVersion": "v1.36.3", "platform": "linux/amd64"},
        "/api": _told([""]),
        "/apis": _told(GROUPS),
        "/api/v1/namespaces/kube-system": {"metadata": system},
    }
    return {path: orjson.dumps(answer) for path, answer in answers.items()}


def _told(groups: Iterable[str]) -> dict[str, Any]:
    """Tell all that groups have at once (aggregated discovery), with what stands beside it in a real answer."""
    served, items = listed(), list[dict[str, Any]]()
    for group in groups:
        versions = [
            {
                "version": version,
                "resources": [
                    {
                        "resource": name,
                        "responseKind": {"group": group, "version": version, "kind": name},
                        "scope": "Namespaced" if namespaced else "Cluster",
                        "singularResource": name.removesuffix("s"),
                        "verbs": VERBS,
                        "subresources": [{"subresource": "status", "verbs": ["get", "patch", "update"]}],
                    }
                    for name, namespaced in served.get(_prefix(group, version), {}).items()
                ],
                "freshness": "Current",
            }
            for version in VERSIONS.get(group, ("v1",))
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def listed() -> dict[str, dict[str, bool]]:
    """Give for each group that is served the path of its version, and in it each resource: is it in namespaces?

    These are what Kubernetes itself has of what is read. Nothing is added to this cluster.
    """
    found: dict[str, dict[str, bool]] = {}
    for one in RESOURCES:
        if one.group in OWN_GROUPS:
            version = VERSIONS.get(one.group, ("v1",))[0]
            found.setdefault(_prefix(one.group, version), {})[one.plural] = one.namespaced
    return found


def _prefix(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def sort_of(path: str, query: dict[str, list[str]]) -> str:
    """Say what a call is for: a page of what is served, a watch, the identity, or finding out what is served."""
    if path == "/api/v1/namespaces/kube-system":
        return "identity"
    if path == "/version":
        return "version"
    if "watch" in query:
        return "watch"
    if "limit" in query and "labelSelector" not in query:
        return "page"
    return "discovery"


def serve(cluster: Cluster) -> ThreadingHTTPServer:
    """Start serving on a free port of loopback."""
    answers = fixed()
    known = {f"{prefix}/{name}" for prefix, names in listed().items() for name in names}

    class Handler(Answering):
        def asked(self) -> None:
            """Answer from memory, and count it."""
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            if url.path == CALLS:
                calls, cluster.calls = cluster.calls, Counter()
                self.answer(orjson.dumps(calls))
                return
            if url.path == CHANGE:
                self.answer(orjson.dumps(cluster.change()))
                return
            cluster.calls[sort_of(url.path, query)] += 1
            metadata_only = "PartialObjectMetadata" in (self.headers.get("Accept") or "")
            if "watch" in query and url.path in known:
                self._tell(float(query.get("timeoutSeconds", ["3600"])[0]), metadata_only=metadata_only)
            elif url.path in known:
                continue_ = query.get("continue", [""])[0]
                self.answer(cluster.page(url.path, continue_, metadata_only=metadata_only))
            else:
                self.answer(answers.get(url.path))

        def _tell(self, seconds: float, *, metadata_only: bool) -> None:
            """Keep a watch open for so long, and say now and then that nothing has happened."""
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.flush()
            kind = "PartialObjectMetadata" if metadata_only else "Bookmark"
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(BOOKMARK, left))
                metadata = {"resourceVersion": str(next(cluster.position))}
                word = {"type": "BOOKMARK", "object": {"kind": kind, "apiVersion": "v1", "metadata": metadata}}
                try:
                    self.wfile.write(orjson.dumps(word, option=orjson.OPT_APPEND_NEWLINE))
                    self.wfile.flush()
                except OSError:  # nobody listens any more
                    return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    world = made(int(sys.argv[1]))
    serving = serve(world)
    print(serving.server_address[1], sum(world.counts.values()), world.least, world.size, flush=True)
    sys.stdin.read()
    serving.shutdown()
