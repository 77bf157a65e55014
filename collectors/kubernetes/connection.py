"""How is the API server reached: address, credentials and TLS by the official client, pages as plain bytes?"""

from __future__ import annotations

import http.client
import ipaddress
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies

import urllib3
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as NoAnswerInTime

from collectors.contract import Failed
from collectors.kubernetes.settings import KubernetesSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sent back: status, the seconds it asks to be left alone, and the body undecoded."""

    status: int
    body: bytes
    retry_after: float | None = None


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
    """The wire to a real API server. Nothing is loaded or opened before the first request. Safe for several threads."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._timeout = urllib3.Timeout(connect=settings.connect_timeout, read=settings.read_timeout)
        self._lock = threading.Lock()
        self._configuration: Any = None
        self._pool: urllib3.PoolManager | None = None
        self._compress = True
        self._streams: set[_Open] = set()

    def fetch(self, path: str, accept: str) -> Answer:
        url, pool, headers = self._prepared(path)
        headers["accept"] = accept
        try:
            response = self._sent(pool, url, headers, self._timeout, whole=True)
        except HTTPError as error:
            raise Failed(f"{self._address()} {_what_went_wrong(error)}") from None  # its text may hold the URL
        return Answer(response.status, response.data, _seconds(response.headers.get("retry-after")))

    def stream(self, path: str, accept: str, silence: float) -> Stream:
        url, pool, headers = self._prepared(path)
        headers |= {"accept": accept, "accept-encoding": "identity"}  # what waits for a compressor's block comes late
        timeout = urllib3.Timeout(connect=self._settings.connect_timeout, read=silence)
        try:
            response = self._sent(pool, url, headers, timeout, whole=False)
        except HTTPError as error:
            raise Failed(f"{self._address()} {_what_went_wrong(error)}") from None
        opened = _Open(response, self._address(), self._streams.discard)
        self._streams.add(opened)
        return opened

    def forget(self) -> None:
        with self._lock:
            pool, self._pool, self._configuration = self._pool, None, None
        if pool is not None:
            pool.clear()

    def close(self) -> None:
        for stream in list(self._streams):
            stream.hang_up()
        self.forget()

    def _sent(
        self, pool: urllib3.PoolManager, url: str, headers: dict[str, str], timeout: urllib3.Timeout, *, whole: bool
    ) -> urllib3.BaseHTTPResponse:
        def send() -> urllib3.BaseHTTPResponse:
            # No retries and no redirects of urllib3's own: a failure is the caller's to know.
            return pool.request(
                "GET", url, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=whole
            )

        try:
            return send()
        except ProtocolError as error:
            if not _closed_while_idle(error):
                raise
            return send()  # once: a kept-alive connection that the server had closed

    def _prepared(self, path: str) -> tuple[str, urllib3.PoolManager, dict[str, str]]:
        with self._lock:  # refreshing credentials may run a program, which one thread is enough for
            if self._pool is None:
                self._configuration = _configuration(self._settings)
                self._pool = RESTClientObject(self._configuration).pool_manager
                self._compress = not _is_loopback(self._configuration.host)
            try:
                bearer = self._configuration.auth_settings().get("BearerToken")
            except (ConfigException, OSError) as error:
                raise Failed(f"credentials could not be refreshed ({type(error).__name__}); log in again") from None
            headers = {"user-agent": "asbuilt"}
            if bearer and bearer["value"]:
                headers["authorization"] = bearer["value"]
            if self._compress:
                headers["accept-encoding"] = "gzip"
            return self._configuration.host.rstrip("/") + path, self._pool, headers

    def _address(self) -> str:
        parts = urlsplit(self._configuration.host if self._configuration else "")
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


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


# The official client's types end here.
_from_kubeconfig: Callable[..., None] = load_kube_config
_in_cluster: Callable[..., None] = load_incluster_config


def _configuration(settings: KubernetesSettings) -> Any:
    configuration: Any = Configuration()
    configuration.proxy = None  # what the environment says is looked at below, once the host is known
    try:
        if settings.in_cluster:
            _in_cluster(client_configuration=configuration)
        else:
            file = settings.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
            # persist_config=False: a refreshed token is kept in memory, and nobody's kubeconfig is rewritten.
            _from_kubeconfig(str(Path(file).expanduser()), settings.context, configuration, persist_config=False)
    except ConfigException as error:
        raise Failed(
            f"{_place(settings)}: {str(error).rstrip('.')}; set kubeconfig and context, or in_cluster"
        ) from None
    except Exception as error:  # a kubeconfig is foreign text, and the loader lets any error through
        raise Failed(f"{_place(settings)} cannot be read ({type(error).__name__}); check it with kubectl") from error
    if configuration.proxy is None and not _is_loopback(configuration.host):
        proxies = getproxies()
        configuration.proxy = proxies.get(urlsplit(configuration.host).scheme) or proxies.get("all")
        configuration.no_proxy = proxies.get("no")
    configuration.connection_pool_maxsize = settings.parallel + 1
    return configuration


def _place(settings: KubernetesSettings) -> str:
    if settings.in_cluster:
        return "the ServiceAccount of this pod"
    where = settings.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return f"kubeconfig {where}" + (f", context {settings.context}" if settings.context else "")


def _is_loopback(host: str) -> bool:
    name = urlsplit(host).hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _closed_while_idle(error: ProtocolError) -> bool:
    cause = error.args[1] if len(error.args) > 1 else error.__cause__
    return isinstance(cause, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError)


def _what_went_wrong(error: HTTPError) -> str:
    if isinstance(error, NewConnectionError):
        return "does not take connections; check that the cluster runs and that its address is right"
    if isinstance(error, NoAnswerInTime):
        return "did not answer in time; if it is only slow, raise read_timeout or lower page_size"
    if isinstance(error, SSLError):
        reason = getattr(error.args[0] if error.args else None, "verify_message", "") or "the handshake failed"
        return f"has no TLS certificate that can be trusted ({reason}); renew it, or the authority in the kubeconfig"
    if isinstance(error, ProtocolError):
        return "cut the connection before its answer was complete; nothing is concluded, the next poll reads again"
    return f"could not be read ({type(error).__name__}); the next poll tries again"


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
