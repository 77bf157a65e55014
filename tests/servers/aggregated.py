"""What is an API that stands behind the API server, and answers for a group of its own until it hangs?"""

import json
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.servers.kube_api import Manifest


class AggregatedApi:
    """A server on the loopback that has one kind, one object of it, and no end of patience once it hangs.

    `manifests` register it with an API server that can reach this machine's loopback. Use it as a context manager.
    """

    def __init__(self, group: str, version: str, kind: str, plural: str, certificate: str, key: str) -> None:
        """Prepare to answer for a kind, by TLS; who vouches for the certificate is looked at by nobody."""
        self.path = f"/apis/{group}/{version}"
        self._group, self._version = group, version
        offered = {"name": plural, "kind": kind, "namespaced": True, "verbs": ["get", "list"], "singularName": ""}
        meta = {"name": "far", "namespace": "default", "uid": "far-away", "resourceVersion": "7"}
        api_version = f"{group}/{version}"
        self._answers: dict[str, Manifest] = {
            self.path: {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": api_version,
                "resources": [offered],
            },
            f"{self.path}/{plural}": {
                "kind": f"{kind}List",
                "apiVersion": api_version,
                "metadata": {"resourceVersion": "7"},
                "items": [{"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": {}}],
            },
        }
        self._hanging, self._stopped = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads, self._server.block_on_close = True, False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write(f"{certificate}\n{key}\n")
            pair.flush()
            context.load_cert_chain(pair.name)
        listening = self._server.socket
        self._server.socket = context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)

    def __enter__(self) -> Self:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop, and let go of who waits."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def hang(self) -> None:
        """Take requests from now on, and never answer."""
        self._hanging.set()

    def manifests(self, namespace: str) -> list[Manifest]:
        """Give the service that leads here, and the registration of the group."""
        name = {"name": "aggregated", "namespace": namespace}
        return [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": name,
                "spec": {"type": "ExternalName", "externalName": "localhost"},
            },
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": f"{self._version}.{self._group}"},
                "spec": {
                    "group": self._group,
                    "version": self._version,
                    "groupPriorityMinimum": 1000,
                    "versionPriority": 10,
                    "insecureSkipTLSVerify": True,
                    "service": {**name, "port": self._server.server_port},
                },
            },
        ]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answers, hanging, stopped = self._answers, self._hanging, self._stopped

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Answer, or wait for the end."""
                if hanging.is_set():
                    stopped.wait()
                    return
                answer: Any = answers.get(urlsplit(self.path).path)
                body = json.dumps(answer or {}).encode()
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        return Handler
