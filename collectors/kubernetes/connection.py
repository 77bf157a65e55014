"""How is the API server reached: address, credentials and TLS by the official client, pages as plain bytes?"""

from __future__ import annotations

import http.client
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import ConfigException
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as NoAnswerInTime
from urllib3.util.ssl_ import create_urllib3_context

from collectors.contract import Failed
from collectors.kubernetes.certificates import Certificate, read_pem, shown_by, spoken
from collectors.kubernetes.kubeconfig import Way, place_of, way_to
from collectors.kubernetes.login import Credentials, ended_on
from collectors.kubernetes.proxies import is_loopback
from collectors.kubernetes.settings import KubernetesSettings

_NOT_YET, _EXPIRED, _OTHER_NAME = 9, 10, frozenset({62, 64})
"""What OpenSSL calls these (X509_V_ERR_...)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sent back: status, the seconds it asks to be left alone, and the body undecoded.

    hint: what we know about why it does not take our credentials, and the next step.
    """

    status: int
    body: bytes
    retry_after: float | None = None
    hint: str = ""


class Stream(Protocol):
    """An answer that goes on for as long as both sides keep it: its status, and its body as it comes."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def retry_after(self) -> float | None:
        """The seconds for which the server asks to be left alone."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes, as it comes, to the end. Raise Failed when it breaks off, or is silent for too long."""
        ...

    def close(self) -> None:
        """Hang up. Whoever closes the wire hangs up all of its streams, and who waits for a chunk waits no longer."""
        ...


class Wire(Protocol):
    """What carries a request to a cluster. Only reading is possible."""

    def fetch(self, path: str, accept: str) -> Answer:
        """Ask for a path (with its query) by GET. Raise Failed when no complete answer comes back."""
        ...

    def stream(self, path: str, accept: str, silence: float) -> Stream:
        """Ask for a path by GET, for an answer that goes on. Raise Failed when none begins."""
        ...

    def forget(self) -> None:
        """Load configuration and credentials anew before the next request, for they were refused."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Connection:
    """The wire to a real API server. Nothing is loaded or opened before the first request. Safe for several threads.

    Where the server does not take our credentials (401) these are loaded anew, and what comes of that is tried once.
    """

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._timeout = urllib3.Timeout(connect=settings.connect_timeout, read=settings.read_timeout)
        self._lock = threading.Lock()
        self._way: Way | None = None
        self._pool: _Pool | None = None
        self._streams: set[_Open] = set()

    def fetch(self, path: str, accept: str) -> Answer:
        response, used = self._sent(path, {"accept": accept}, self._timeout, whole=True)
        hint = self._why_refused(used) if response.status == 401 else ""
        return Answer(response.status, response.data, _seconds(response.headers.get("retry-after")), hint)

    def stream(self, path: str, accept: str, silence: float) -> Stream:
        headers = {"accept": accept, "accept-encoding": "identity"}  # what waits for a compressor's block comes late
        timeout = urllib3.Timeout(connect=self._settings.connect_timeout, read=silence)
        response, used = self._sent(path, headers, timeout, whole=False)
        opened = _Open(response, used.place, self._streams.discard)
        self._streams.add(opened)
        return opened

    def forget(self) -> None:
        with self._lock:
            self._drop()

    def close(self) -> None:
        for stream in list(self._streams):
            stream.hang_up()
        self.forget()

    def _sent(
        self, path: str, headers: dict[str, str], timeout: urllib3.Timeout, *, whole: bool
    ) -> tuple[urllib3.BaseHTTPResponse, _Pool]:
        """Ask by GET; where the credentials are refused and newer ones are to be had, ask with these."""
        pool = self._prepared()
        response = self._asked(pool, path, headers, timeout, whole=whole)
        if response.status == 401:
            newer = self._renewed(pool)
            if newer is not None:
                response.close()
                return self._asked(newer, path, headers, timeout, whole=whole), newer
        return response, pool

    def _asked(
        self, pool: _Pool, path: str, headers: dict[str, str], timeout: urllib3.Timeout, *, whole: bool
    ) -> urllib3.BaseHTTPResponse:
        sent = pool.headers
        sent.update(headers)

        def send() -> urllib3.BaseHTTPResponse:
            # No retries and no redirects of urllib3's own: a failure is the caller's to know.
            return pool.urllib3.request(
                "GET",
                pool.address + path,
                headers=sent,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=whole,
            )

        try:
            try:
                return send()
            except ProtocolError as error:
                if not _closed_while_idle(error):
                    raise
                return send()  # once: a kept-alive connection that the server had closed
        except SSLError as error:
            raise Failed(f"{pool.place} {self._mistrusted(error, pool)}") from None
        except HTTPError as error:
            raise Failed(f"{pool.place} {_what_went_wrong(error)}") from None  # its text may hold the URL

    def _prepared(self) -> _Pool:
        with self._lock:  # renewing credentials may run a program, which one thread is enough for
            if self._way is None:
                self._way = way_to(self._settings)
            credentials = self._asked_for(self._way)
            if self._pool is None or self._pool.credentials.certificate != credentials.certificate:
                if self._pool is not None:
                    self._pool.urllib3.clear()
                self._pool = _pool(self._way, credentials)
            elif self._pool.credentials != credentials:
                self._pool = replace(self._pool, credentials=credentials)
            return self._pool

    def _asked_for(self, way: Way) -> Credentials:
        place = place_of(self._settings)
        try:
            credentials = way.login.credentials()
        except Failed as error:
            raise Failed(f"{place}: {error}") from None
        except (ConfigException, OSError, ValueError) as error:  # nor is any text of these repeated
            told = f"credentials could not be refreshed ({type(error).__name__})"
            raise Failed(f"{place}: {told}; check it with kubectl, and log in again") from None
        if not credentials.sendable:
            raise Failed(
                f"{place}: the token has a line break in it, or letters that no token has; see that its file, or its"
                " login program, gives the token and nothing else"
            )
        return credentials

    def _renewed(self, refused: _Pool) -> _Pool | None:
        """Load credentials anew, if nobody has since; give them where they differ from those that were refused."""
        with self._lock:
            if self._pool is not None and self._pool.credentials == refused.credentials:
                self._drop()
        newer = self._prepared()
        same = newer.credentials == refused.credentials and newer.client == refused.client
        return None if same else newer

    def _drop(self) -> None:
        pool, self._pool, self._way = self._pool, None, None
        if pool is not None:
            pool.urllib3.clear()

    def _why_refused(self, used: _Pool) -> str:
        """Say what we know of why our credentials are refused: that they have run out, and when."""
        client = used.client
        if client is not None and client.ends <= datetime.now(UTC):
            return f"the client certificate expired on {spoken(client.ends)}; renew it, or log in again"
        return ended_on(used.credentials)

    def _mistrusted(self, error: SSLError, pool: _Pool) -> str:
        cause = error.args[0] if error.args else None
        if isinstance(cause, ssl.SSLCertVerificationError):
            parts = urlsplit(pool.address)
            shown = shown_by(parts.hostname or "", parts.port or 443, self._settings.connect_timeout)
            return _untrusted(cause, shown)
        way = self._way
        if way is not None and (ours := _of_no_use(way.configuration)):
            return ours
        refused = self._why_refused(pool)
        if refused:
            return f"ends the TLS handshake, and {refused}"
        return "cannot be spoken to by TLS: the handshake failed; check that the address is an API server's"


@dataclass(frozen=True, slots=True)
class _Pool:
    """Connections to one server, and what each request begins with. client: the certificate that we show, if any."""

    urllib3: urllib3.PoolManager
    address: str
    compress: bool
    credentials: Credentials
    client: Certificate | None
    acting: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """The address as errors may show it."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def headers(self) -> HTTPHeaderDict:
        headers = HTTPHeaderDict({"user-agent": "asbuilt"})
        if self.credentials.header:
            headers["authorization"] = self.credentials.header
        if self.compress:
            headers["accept-encoding"] = "gzip"
        for name, value in self.acting:  # there may be several groups
            headers.add(name, value)
        return headers


def _pool(way: Way, credentials: Credentials) -> _Pool:
    """Open nothing yet."""
    configuration = way.configuration
    manager = RESTClientObject(configuration).pool_manager
    shown = credentials.certificate
    if shown and credentials.key:
        manager.connection_pool_kw["ssl_context"] = _showing(shown, credentials.key)
    elif configuration.cert_file:
        with suppress(OSError, UnicodeDecodeError):
            shown = Path(configuration.cert_file).read_text("utf-8")
    host = configuration.host
    return _Pool(manager, host.rstrip("/"), not is_loopback(host), credentials, read_pem(shown or ""), way.acting)


def _showing(certificate: str, key: str) -> ssl.SSLContext:
    """Make a TLS context that shows a certificate. It is on the disk only while it is loaded, which takes a file."""
    context = create_urllib3_context()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as chain:
        chain.write(f"{certificate}\n{key}\n")
        chain.flush()
        try:
            context.load_cert_chain(chain.name, password=_no_phrase)
        except OSError:
            raise Failed("the login program printed a certificate or key that cannot be used; log in again") from None
    return context


def _no_phrase() -> str:
    """Answer for the pass phrase of a key, which else is asked of a terminal, and waited for."""
    return ""


def _of_no_use(configuration: Any) -> str:
    """Say what of our own makes TLS fail before the server has a word in it; nothing where that is not it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if configuration.ssl_ca_cert:
            context.load_verify_locations(configuration.ssl_ca_cert)
    except OSError:
        return "is not asked, for the certificate-authority of the kubeconfig is no certificate; correct it"
    try:
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file, _no_phrase)
    except OSError:
        return (
            "is not asked, for the client certificate of the kubeconfig cannot be used with its key; correct them, and"
            " have the key without a pass phrase"
        )
    return ""


class _Open:
    """A response that is being read. done: told once nobody reads it any more."""

    def __init__(self, response: urllib3.BaseHTTPResponse, address: str, done: Callable[[_Open], None]) -> None:
        self.status = response.status
        self.retry_after = _seconds(response.headers.get("retry-after"))
        self._response = response
        self._address = address
        self._done = done

    def chunks(self) -> Iterator[bytes]:
        try:
            while chunk := self._response.read1():
                yield chunk
        except NoAnswerInTime:
            raise Failed(f"{self._address} was silent for too long; the connection is given up as dead") from None
        except HTTPError as error:
            raise Failed(f"{self._address} {_what_went_wrong(error)}") from None

    def close(self) -> None:
        self._done(self)
        self._response.close()

    def hang_up(self) -> None:
        """End reading, from another thread than the one that reads, and that closes."""
        with suppress(OSError, ValueError, RuntimeError):  # closed already
            self._response.shutdown()


def _closed_while_idle(error: ProtocolError) -> bool:
    cause = error.args[1] if len(error.args) > 1 else error.__cause__
    return isinstance(cause, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError)


def _what_went_wrong(error: HTTPError) -> str:
    if isinstance(error, ProxyError):
        return (
            "is not reached through the proxy; check proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY, with"
            " name and password in the address where the proxy asks for them"
        )
    if isinstance(error, NewConnectionError):
        return "does not take connections; check that the cluster runs and that its address is right"
    if isinstance(error, NoAnswerInTime):
        return "did not answer in time; if it is only slow, raise read_timeout or lower page_size"
    if isinstance(error, ProtocolError):
        return "cut the connection before its answer was complete; nothing is concluded, the next poll reads again"
    return f"could not be read ({type(error).__name__}); the next poll tries again"


def _untrusted(error: ssl.SSLCertVerificationError, shown: Certificate | None) -> str:
    """Say why the certificate of a server is not trusted: its dates or its names where it is these."""
    now = datetime.now(UTC)
    if error.verify_code == _EXPIRED and shown is not None and shown.ends <= now:
        return f"shows a TLS certificate that expired on {spoken(shown.ends)}; renew it on the server"
    if error.verify_code == _EXPIRED:
        return "shows a TLS certificate of which an authority has expired; renew the authority, and what it signed"
    if error.verify_code == _NOT_YET and shown is not None and shown.begins > now:
        return f"shows a TLS certificate that is good from {spoken(shown.begins)} on; set the clock of this machine"
    if error.verify_code in _OTHER_NAME and shown is not None:
        return (
            f"shows a TLS certificate that is for other names: {shown.listed}; use one of them as server, or as"
            " tls-server-name, in the kubeconfig"
        )
    reason = error.verify_message
    return f"has no TLS certificate that can be trusted ({reason}); renew it, or the authority in the kubeconfig"


def _seconds(header: str | None) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110, section 10.2.3)."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
