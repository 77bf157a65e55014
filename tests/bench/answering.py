"""How does a server of the benchmark answer a request from memory, as cheaply as it can?"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """A handler of requests that keeps its connections, waits for nobody, and says nothing of itself."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 20

    def asked(self) -> None:
        """Answer what is asked."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer what is asked."""
        self.asked()

    def answer(self, body: bytes | None) -> None:
        """Answer with JSON; with "not found" where there is none."""
        self.send_response(200 if body is not None else 404)
        told = body if body is not None else b'{"kind":"Status","code":404}'
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
