"""Does the wire fail in words, without secrets, and without retries that hide anything?"""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.contract import Failed
from collectors.kubernetes.connection import Connection
from collectors.kubernetes.settings import KubernetesSettings
from tests.collectors.kubernetes.guarded import connection

BODY = b'{"ok": true}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
Handle = Callable[[socket.socket, int], bool]
"""Answers the n-th request on a connection; tells whether the connection stays open."""


@contextmanager
def server(handle: Handle) -> Iterator[tuple[str, list[bytes]]]:
    """Serve on the loopback; give the address and what was received."""
    listening = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def answered(client: socket.socket) -> None:
        with client:
            number = 0
            while request := client.recv(65536):
                received.append(request)
                number += 1
                if not handle(client, number):
                    return

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answered, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}", received
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def connection_to(folder: Path, address: str, **settings: object) -> Connection:
    """Return a connection whose kubeconfig has a token, and credentials in the URL."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "current-context": "test",
                "clusters": [{"name": "test", "cluster": {"server": f"http://canary-user:canary-password@{address}"}}],
                "users": [{"name": "test", "user": {"token": "canary-token"}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            }
        )
    )
    return Connection(KubernetesSettings.model_validate({"kubeconfig": str(kubeconfig), **settings}))


def answer(client: socket.socket, _: int) -> bool:
    """Answer, and stay."""
    client.sendall(ANSWER)
    return True


def test_it_reads_with_the_token_and_past_any_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loopback never goes by way of a proxy of the environment."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with server(answer) as (address, received):
        wire = connection_to(tmp_path, address)
        assert wire.fetch("/version", "application/json").body == BODY
        wire.close()
    assert b"authorization: Bearer canary-token" in received[0]
    assert received[0].startswith(b"GET /version ")


def through(folder: Path, proxy: str | None, server: str = "http://cluster.example:6443") -> Connection:
    """Return a connection to a cluster that is reached by a proxy, which its kubeconfig names."""
    return connection(folder, server, {"token": "canary-token"}, **({"proxy-url": proxy} if proxy else {}))


def test_a_proxy_is_logged_in_to_as_its_address_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name and password, unescaped, as kubectl does; and one of the environment needs no scheme."""
    expected = b"proxy-authorization: Basic " + base64.b64encode(b"shop:can/ary")
    with server(answer) as (address, received):
        for proxy in (f"http://shop:can%2Fary@{address}", None):
            monkeypatch.setenv("http_proxy", f"shop:can%2Fary@{address}")
            wire = through(tmp_path, proxy)
            assert wire.fetch("/version", "application/json").body == BODY
            wire.close()
            assert expected in received[-1]
            assert received[-1].startswith(b"GET http://cluster.example:6443/version ")


@pytest.mark.parametrize("proxy", ["socks5://shop:canary@127.0.0.1:1", "shop:canary@127.0.0.1:1", "http://[canary"])
def test_a_proxy_that_is_of_no_use_is_a_sentence(tmp_path: Path, proxy: str) -> None:
    """One by SOCKS among them."""
    with pytest.raises(Failed, match="a proxy that is of no use here; set proxy-url") as caught:
        through(tmp_path, proxy).fetch("/version", "application/json")
    assert "canary" not in str(caught.value)


def refuse(client: socket.socket, _: int) -> bool:
    """Answer as a proxy that wants to know who asks."""
    client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    return False


def test_an_issuer_of_tokens_is_asked_by_the_same_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only a proxy leads out, a token could not be renewed but by it; NO_PROXY holds for it, too."""
    config = {"idp-issuer-url": "https://issuer.invalid", "refresh-token": "canary"}
    user = {"auth-provider": {"name": "oidc", "config": config}}
    with server(refuse) as (address, received):
        monkeypatch.setenv("https_proxy", f"http://shop:canary@{address}")
        monkeypatch.delenv("no_proxy", raising=False)
        for excepted in ("", "issuer.invalid"):
            monkeypatch.setenv("NO_PROXY", excepted)
            with pytest.raises(Failed, match="could not be asked for a token") as caught:
                connection(tmp_path, "http://127.0.0.1:1", user).fetch("/version", "application/json")
            assert "canary" not in str(caught.value)
    [asked] = received
    assert asked.startswith(b"CONNECT issuer.invalid:443 ")
    assert b"proxy-authorization: Basic " + base64.b64encode(b"shop:canary") in asked


def test_a_proxy_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    """It says that it is the proxy, and not the cluster."""
    with server(refuse) as (address, _), pytest.raises(Failed, match="is not reached through the proxy") as caught:
        through(tmp_path, f"http://shop:canary@{address}", "https://cluster.example").fetch("/version", "text/plain")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("address", ["", "cluster.example:6443", "https://[canary", "https://a:canary@b:port"])
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, address: str) -> None:
    """It says how one is written, and does not show what stands there."""
    with pytest.raises(Failed, match="its server is no address; write it whole") as caught:
        through(tmp_path, None, address).fetch("/version", "application/json")
    assert "canary" not in str(caught.value)


def test_whom_the_kubeconfig_acts_as_is_told(tmp_path: Path) -> None:
    """Else it would read with all the rights of who logs in, though the kubeconfig gives them up."""
    user = {
        "token": "t",
        "as": "reader",
        "as-uid": "7",
        "as-groups": ["web", "ops"],
        "as-user-extra": {"Why/for": ["a"]},
    }
    with server(answer) as (address, received):
        wire = connection(tmp_path, f"http://{address}", user)
        assert wire.fetch("/version", "application/json").body == BODY
        wire.close()
    told = [line for line in received[0].decode().splitlines() if line.startswith("impersonate-")]
    assert told == [
        "impersonate-user: reader",
        "impersonate-uid: 7",
        "impersonate-group: web",
        "impersonate-group: ops",
        "impersonate-extra-why%2Ffor: a",
    ]
    assert b"accept: application/json\r\n" in received[0]


def test_an_idle_connection_that_was_closed_is_opened_once_more(tmp_path: Path) -> None:
    """The server closes without a byte on the second request of a connection: one more attempt, and no third."""

    def handle(client: socket.socket, number: int) -> bool:
        return answer(client, number) if number == 1 else False

    with server(handle) as (address, received):
        wire = connection_to(tmp_path, address)
        assert [wire.fetch("/version", "application/json").status for _ in range(2)] == [200, 200]
        assert len(received) == 3
        wire.close()
    with server(nothing) as (address, received):
        wire = connection_to(tmp_path, address)
        with pytest.raises(Failed, match="cut the connection"):
            wire.fetch("/version", "application/json")
        assert len(received) == 2


def nothing(client: socket.socket, number: int) -> bool:
    """Leave without a byte."""
    return False


def half(client: socket.socket, _: int) -> bool:
    """Send half of the body, and leave."""
    client.sendall(ANSWER[:-5])
    return False


def silence(client: socket.socket, _: int) -> bool:
    """Send nothing, and stay until the client goes."""
    client.recv(1)
    return False


@pytest.mark.parametrize(
    ("handle", "words"), [(half, "cut the connection before its answer was complete"), (silence, "in time")]
)
def test_failures_are_sentences_without_credentials(tmp_path: Path, handle: Handle, words: str) -> None:
    """Half an answer and no answer, once each, and nothing of the token or of the URL's credentials in the words."""
    with server(handle) as (address, received):
        wire = connection_to(tmp_path, address, read_timeout=0.2)
        with pytest.raises(Failed, match=words) as caught:
            wire.fetch("/api/v1/pods", "application/json")
        assert len(received) == 1
        wire.close()
    assert address in str(caught.value)
    assert "canary" not in str(caught.value)


def test_nobody_there_is_a_sentence(tmp_path: Path) -> None:
    """A refused connection says what to check."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Failed, match="does not take connections; check that the cluster runs"):
        connection_to(tmp_path, address).fetch("/version", "application/json")


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None)])
def test_a_throttling_server_is_heard(tmp_path: Path, header: str, seconds: float | None) -> None:
    """Retry-After in seconds or as a date; rubbish is none."""

    def handle(client: socket.socket, _: int) -> bool:
        client.sendall(f"HTTP/1.1 429 Slow\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode())
        return True

    with server(handle) as (address, _):
        wire = connection_to(tmp_path, address)
        got = wire.fetch("/version", "application/json")
        assert (got.status, got.retry_after) == (429, seconds)
        wire.close()


@pytest.mark.parametrize("text", ["", "{", "- a", "{apiVersion: v1}", "{current-context: none, contexts: []}"])
def test_a_kubeconfig_that_cannot_be_used_is_a_sentence(tmp_path: Path, text: str) -> None:
    """Whatever is in it."""
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(Failed, match="kubeconfig"):
        Connection(KubernetesSettings(kubeconfig=str(path))).fetch("/version", "application/json")
