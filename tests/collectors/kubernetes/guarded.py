"""What is a server on the loopback that takes some credentials, and no others?"""

from __future__ import annotations

import json
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from collectors.kubernetes.connection import Connection
from collectors.kubernetes.settings import KubernetesSettings
from tests.collectors.kubernetes.certificates import Pair


class Guarded(ThreadingHTTPServer):
    """Answers {} to who shows an accepted token, and 401 to anybody else. pages: what else it serves, to everybody."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.accepted: set[str] = set()
        self.shown: list[str] = []
        self.posted: list[str] = []
        self.pages: dict[str, Mapping[str, Any]] = {}
        self.scheme = "http"

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that mistrusts us and leaves is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Guarded

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path)
        if page is not None:
            self._answer(200, page)
            return
        token = self.headers.get("authorization", "").rpartition(" ")[2]
        self.server.shown.append(token)
        self._answer(200 if token in self.server.accepted else 401, {})

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.posted.append(f"{self.headers.get('authorization', '')} {said}".strip())
        page = self.server.pages.get(self.path)
        self._answer(404 if page is None else 200, page or {})

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def guarded(*accepted: str, shows: Pair | None = None, wants: Pair | None = None) -> Iterator[Guarded]:
    """Serve. shows: the certificate, for TLS. wants: the one that a client has to show, and that is looked at."""
    server = Guarded()
    server.accepted |= set(accepted)
    if shows is not None:
        server.scheme = "https"
        server.socket = _tls(shows, wants).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _tls(shows: Pair, wants: Pair | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as chain:
        chain.write(shows.certificate + shows.key)
        chain.flush()
        context.load_cert_chain(chain.name)
    if wants is not None:
        context.load_verify_locations(cadata=wants.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def kubeconfig(folder: Path, server: str, user: Mapping[str, Any], **cluster: Any) -> Path:
    """Write a kubeconfig with one context, and return its path."""
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": "test",
                "clusters": [{"name": "test", "cluster": {"server": server, **cluster}}],
                "users": [{"name": "test", "user": user}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            }
        )
    )
    return path


def connection(folder: Path, server: str, user: Mapping[str, Any], **cluster: Any) -> Connection:
    """Return a connection that logs in as this user of a kubeconfig."""
    return Connection(KubernetesSettings(kubeconfig=str(kubeconfig(folder, server, user, **cluster)), read_timeout=5))
