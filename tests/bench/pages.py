"""Who plays the API server when it should cost nothing? A process that serves ready-made pages from memory.

`python -m tests.bench.pages PODS CHANGED` prints its port, and serves until its input ends. CHANGED pods show another
image.
"""

from __future__ import annotations

import sys
import threading
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.bench.answering import Answering
from tests.bench.pods import pod

PAGE = 500
POSITION = "20000000"
_UID = "6f1f6e5c-7f3a-4a58-9c1b-000000000001"


def _pages(pods: int, changed: int) -> dict[str, bytes]:
    """Build every page of the listing, by its continue token ("" is the first)."""
    built = {}
    for begin in range(0, max(pods, 1), PAGE):
        items = [_item(number, changed=number < changed) for number in range(begin, min(begin + PAGE, pods))]
        following = str(begin + PAGE) if begin + PAGE < pods else ""
        metadata: dict[str, object] = {"resourceVersion": POSITION}
        if following:
            metadata |= {"continue": following, "remainingItemCount": pods - begin - PAGE}
        page = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}
        built[str(begin) if begin else ""] = orjson.dumps(page)
    return built


def _item(number: int, *, changed: bool) -> dict[str, object]:
    one = pod(number)
    if changed:
        one["metadata"]["resourceVersion"] = str(int(one["metadata"]["resourceVersion"]) + 1)
        one["spec"]["containers"][0]["image"] += "-next"
    return one


def _fixed() -> dict[str, bytes]:
    resource = {
        "name": "pods",
        "singularName": "pod",
        "namespaced": True,
        "kind": "Pod",
        "verbs": ["get", "list", "watch"],
    }
    answers = {
        "/version": {"gitVersion": "v1.36.3", "platform": "linux/amd64"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]},
        "/api/v1/namespaces/kube-system": {
            "metadata": {
                "name": "kube-system",
                "uid": _UID,
                "resourceVersion": "2",
                "creationTimestamp": "2026-01-01T00:00:00Z",
            }
        },
    }
    return {path: orjson.dumps(answer) for path, answer in answers.items()}


def serve(pods: int, changed: int) -> ThreadingHTTPServer:
    """Start serving on a free port of loopback."""
    pages, fixed = _pages(pods, changed), _fixed()

    class Handler(Answering):
        def asked(self) -> None:
            """Answer from memory."""
            url = urlsplit(self.path)
            body = fixed.get(url.path)
            if body is None and url.path == "/api/v1/pods":
                body = pages.get(parse_qs(url.query).get("continue", [""])[0])
            self.answer(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    size = sum(len(page) for page in pages.values())
    print(server.server_address[1], len(pages), size, flush=True)
    return server


if __name__ == "__main__":
    serving = serve(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdin.read()
    serving.shutdown()
