"""How does a client behave when the API server fails it: a proxy that forwards everything, but for what it is told?"""

import contextlib
import re
import select
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.servers.faults import Fault, Injection, Interlude, Kept, Request, Script, status_body
from tests.servers.kubeconfig import Access

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host"})
JSON = "application/json"
CHUNK = 65536
WATCH_SECONDS = 900  # longer than any watch that a test keeps open in silence


class FaultProxy:
    """A proxy on the loopback, before one API server, that records every request and fails those it is told to.

    Clients speak plain HTTP to `url` with their own bearer token (`plane.kubeconfig(server=proxy.url)`), which is
    passed on over TLS; watches stream. Use it as a context manager.
    """

    def __init__(self, upstream: Access) -> None:
        """Prepare to stand before `upstream`, of which only the address and the authority are used."""
        self._script = Script()
        self._stopping = threading.Event()
        self._server = _Server(upstream, self._script, self._stopping)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop serving, and end what hangs."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()

    def inject(
        self,
        fault: Fault,
        path: str = ".*",
        *,
        verb: str | None = None,
        page: int | None = None,
        times: int | None = None,
        retry_after: int = 1,
    ) -> Injection:
        """Fail the requests whose whole path matches the expression `path`, until `clear`; return the count of hits.

        `verb` narrows to get, list or watch; `page` to the n-th page of a listing, from 1; `times` ends it after so
        many hits. `retry_after` is what a 429 asks for, in seconds. The first that matches decides.
        """
        injection = Injection(fault, re.compile(path), verb, page, times, retry_after)
        self._script.injections.append(injection)
        return injection

    def meanwhile(self, act: Callable[[], object], path: str, *, page: int) -> None:
        """Do something once, before the first request for a page of a listing is passed on."""
        self._script.interludes.append(Interlude(act, re.compile(path), page))

    def age(self) -> None:
        """Let the server tell what it serves group by group, from now on, as it did before Kubernetes 1.26."""
        self._script.older = True

    def drop(self) -> None:
        """Break every connection that stands; whoever comes again is served."""
        self._server.hang_up()

    def keep(self, path: str) -> list[Kept]:
        """Keep, from now on, the answers to requests whose whole path matches; the list grows as they come."""
        kept: list[Kept] = []
        self._script.answers.append((re.compile(path), kept))
        return kept

    def clear(self) -> None:
        """Let everything pass again."""
        self._script.injections.clear()

    @property
    def requests(self) -> list[Request]:
        """Return what was asked since the beginning or the last `forget`, in order."""
        return list(self._script.passed)

    @property
    def verbs(self) -> set[str]:
        """Return the verbs of what was asked: get, list, watch, and the HTTP method of what writes."""
        return {request.verb for request in self.requests}

    def forget(self) -> None:
        """Forget what was asked so far."""
        self._script.passed.clear()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # or else who comes beside a handful of others is let in a second later
    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: Access, script: Script, stopping: threading.Event) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream.server)
        self.tls = upstream.tls() if self.upstream.scheme == "https" else None
        self.script, self.stopping = script, stopping
        self.handlers: set[_Handler] = set()

    def connect(self) -> HTTPConnection:
        host, port = str(self.upstream.hostname), self.upstream.port
        if self.tls:
            return HTTPSConnection(host, port, context=self.tls, timeout=WATCH_SECONDS)
        return HTTPConnection(host, port, timeout=WATCH_SECONDS)

    def hang_up(self) -> None:
        for handler in list(self.handlers):
            handler.hang_up()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no news."""


class _Handler(BaseHTTPRequestHandler):
    """One client connection, with one connection of its own to the server behind."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or else the body waits 40 ms for the client's word that it has the head
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream = self.server.connect()
        self.server.handlers.add(self)

    def hang_up(self) -> None:
        for end in (self.connection, self._upstream.sock):
            with contextlib.suppress(OSError, AttributeError):  # closed already, or never opened
                end.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        self.server.handlers.discard(self)
        self._upstream.close()
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: what was asked is recorded."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request, injection = self.server.script.note(self.command, self.path)
        self.server.script.interlude(request)()
        if injection is None:
            self._forward(body, self.server.script.keeping(request))
        elif injection.fault is Fault.TIMEOUT:
            self._hang()
        elif injection.fault in (Fault.CUT, Fault.TRUNCATED):
            self._break(body, injection.fault, watching=request.verb == "watch")
        else:
            self._refuse(injection, request)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Handle every method alike: http.server looks for `do_` and its name."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _refuse(self, injection: Injection, request: Request) -> None:
        body = status_body(injection, request)
        self.send_response(int(injection.fault))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if injection.fault is Fault.THROTTLED:
            self.send_header("Retry-After", str(injection.retry_after))
        self.end_headers()
        self.wfile.write(body)

    def _hang(self) -> None:
        """Answer nothing until the client closes its end, or the proxy stops."""
        self.close_connection = True
        while not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _forward(self, body: bytes, kept: bytearray | None) -> None:
        answer = self._ask(body, plain=kept is not None)
        self._send_head(answer)
        length = answer.getheader("Content-Length")
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._stream(answer, kept)
        else:
            self.send_header("Content-Length", length)
            self.end_headers()
            whole = answer.read()
            if kept is not None:
                kept += whole
            self.wfile.write(whole)

    def _stream(self, answer: HTTPResponse, kept: bytearray | None) -> None:
        """Pass on what comes as it comes; a server that breaks off is passed on too."""
        try:
            while data := answer.read1(CHUNK):
                if kept is not None:
                    kept += data
                self._chunk(data)
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, HTTPException):
            self.close_connection = True
            self._upstream.close()

    def _break(self, body: bytes, fault: Fault, *, watching: bool) -> None:
        """Pass on the first half: of the body, or of a watch's first event."""
        answer = self._ask(body, plain=True)
        whole = answer.readline() if watching else answer.read()
        half = whole[: len(whole) // 2]
        self._send_head(answer)
        if watching:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._chunk(half)
            if fault is Fault.TRUNCATED:
                self.wfile.write(b"0\r\n\r\n")
            self._upstream.close()
        else:
            self.send_header("Content-Length", str(len(whole if fault is Fault.CUT else half)))
            self.end_headers()
            self.wfile.write(half)
        if fault is Fault.CUT:
            self.close_connection = True

    def _ask(self, body: bytes, *, plain: bool) -> HTTPResponse:
        """Ask the server behind; `plain` without compression, so that half of the body is half of the JSON."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        if self.server.script.older:
            headers = {name: JSON if "apidiscovery" in value else value for name, value in headers.items()}
        if plain:
            headers = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
            headers["Accept-Encoding"] = "identity"
        try:
            self._upstream.request(self.command, self.path, body=body or None, headers=headers)
            return self._upstream.getresponse()
        except (ConnectionError, HTTPException):  # the server closed an idle connection: once more, on a new one
            self._upstream.close()
            self._upstream.request(self.command, self.path, body=body or None, headers=headers)
            return self._upstream.getresponse()

    def _send_head(self, answer: HTTPResponse) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
