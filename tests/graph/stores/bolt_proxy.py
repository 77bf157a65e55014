"""What becomes of a client whose connection to Neo4j fails at the worst instant? A proxy that is told which."""

from __future__ import annotations

import contextlib
import enum
import socket
import threading
from types import TracebackType
from typing import Self

COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""The message COMMIT as Bolt frames it: two bytes, a structure without fields, its tag, the end of the message."""

READING = b"\x84mode\x81r"
"""What a RUN says of a query that only reads, and is a transaction of its own."""

_CHUNK = 1 << 16


class Loss(enum.Enum):
    """Which half of a COMMIT is lost with the connection: the question, or the answer."""

    ASKED = "the server never got it"
    ANSWERED = "the server did it, and nobody heard"


class BoltProxy:
    """A proxy on the loopback before one server. It passes everything on, but for what it is told."""

    def __init__(self, url: str) -> None:
        """Prepare to stand before the server at `url`."""
        host, _, port = url.partition("://")[2].rpartition(":")
        self._upstream = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"bolt://127.0.0.1:{self._listener.getsockname()[1]}"
        self._guard = threading.Lock()
        self._loss: Loss | None = None
        self._reads = self._shut = False
        self._left = 0
        self._passing = threading.Event()
        self._passing.set()
        self._refusing = False
        self._ends: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop serving, and end what is connected."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.resume()
        self.cut()

    def lose(self, loss: Loss, number: int, *, reads: bool = False, shut: bool = False) -> None:
        """Lose the COMMIT of this number, counted from now and from 1, and its connection.

        reads: not a COMMIT, but a query that only reads. shut: lose all connections with it, and take no new ones
        until `open`.
        """
        with self._guard:
            self._loss, self._left, self._reads, self._shut = loss, number, reads, shut

    def disarm(self) -> bool:
        """Lose nothing more, and tell whether the loss has come to pass."""
        with self._guard:
            self._loss, armed = None, self._loss
            return armed is None

    def cut(self) -> None:
        """End every connection there is."""
        with self._guard:
            ends, self._ends = self._ends, set()
        for end in ends:
            _hang_up(end)

    def shut(self) -> None:
        """End every connection there is, and take no new ones until `open`."""
        self._refusing = True
        self.cut()

    def open(self) -> None:
        """Take connections again."""
        self._refusing = False

    def stall(self) -> None:
        """Pass on nothing, and end nothing, until `resume`."""
        self._passing.clear()

    def resume(self) -> None:
        """Pass on what was held back, and whatever comes."""
        self._passing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                client.close()
                continue
            try:
                server = socket.create_connection(self._upstream, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):  # small messages go on at once: else each waits 40 ms for an acknowledgement
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._guard:
                self._ends |= {client, server}
            link = _Link(self, client, server)
            for act in (link.ask, link.answer):
                threading.Thread(target=act, daemon=True).start()

    def wait(self) -> None:
        """Wait while everything stands still."""
        self._passing.wait()

    def lost(self) -> None:
        """Note that a connection was lost as it was told: where it is shut, all are."""
        if self._shut:
            self.shut()

    def loss_in(self, seen: bytes) -> Loss | None:
        """Count what may be lost of what a client sends, and tell what is to be lost with it."""
        with self._guard:
            if self._loss is None or (READING if self._reads else COMMIT) not in seen:
                return None
            self._left -= 1
            if self._left > 0:
                return None
            self._loss, loss = None, self._loss
            return loss


class _Link:
    """One connection, on both its sides."""

    def __init__(self, proxy: BoltProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._deaf = threading.Event()

    def ask(self) -> None:
        """Pass on what the client says."""
        rest = b""
        with contextlib.suppress(OSError):
            while data := self._client.recv(_CHUNK):
                self._proxy.wait()
                seen = rest + data
                loss = self._proxy.loss_in(seen)
                rest = b"" if COMMIT in seen or READING in seen else seen[1 - len(READING) :]
                if loss is Loss.ASKED:
                    self._proxy.lost()
                    break
                if loss is Loss.ANSWERED:
                    self._deaf.set()
                self._server.sendall(data)
        if not self._deaf.is_set():
            self._end()

    def answer(self) -> None:
        """Pass on what the server says. Once deaf, end at its first word: it has committed then."""
        with contextlib.suppress(OSError):
            while data := self._server.recv(_CHUNK):
                self._proxy.wait()
                if self._deaf.is_set():
                    self._proxy.lost()
                    break
                self._client.sendall(data)
        self._end()

    def _end(self) -> None:
        for end in (self._client, self._server):
            _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
