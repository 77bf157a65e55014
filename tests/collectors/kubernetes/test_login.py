"""Do credentials that live shortly stay good: files that rotate, login programs, issuers; and is it said when not?"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.contract import Failed, Forbidden
from collectors.kubernetes import login
from collectors.kubernetes.client import Client, Wanted
from collectors.kubernetes.connection import Connection
from collectors.kubernetes.login import expiry_of
from collectors.kubernetes.settings import KubernetesSettings
from tests.collectors.kubernetes.certificates import self_signed
from tests.collectors.kubernetes.guarded import Guarded, connection, guarded

V1 = "client.authentication.k8s.io/v1"
SOON, LATER = timedelta(seconds=5), timedelta(hours=1)


def status(wire: Connection) -> int:
    """Ask for something, and return how it was answered."""
    return wire.fetch("/version", "application/json").status


def program(folder: Path, body: str) -> dict[str, Any]:
    """Write a login program of a line or two of shell, and return the user that logs in by it."""
    path = folder / "log-in"
    path.write_text(f"#!/bin/sh\necho run >> {folder}/runs\n{body}\n")
    path.chmod(0o700)
    return {"exec": {"apiVersion": V1, "command": "./log-in", "interactiveMode": "Never"}}


def prints(folder: Path, **credentials: str) -> dict[str, Any]:
    """Write a login program that prints credentials. They are read from a file, so that they may change."""
    (folder / "printed").write_text(json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": credentials}))
    return program(folder, f"cat {folder}/printed")


def runs(folder: Path) -> int:
    """Count how often the program was run."""
    return len((folder / "runs").read_text().splitlines())


def written(instant: datetime) -> str:
    """Write an instant as Kubernetes does."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def jwt(ends: datetime, mark: str = "a") -> str:
    """Make a token that says when it ends."""
    parts = ({"alg": "none"}, {"exp": int(ends.timestamp()), "mark": mark})
    first, second = (base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts)
    return f"{first}.{second}.signature"


def test_a_token_file_is_read_again_when_its_token_is_refused(tmp_path: Path) -> None:
    """A rotated token costs no failure: the refused one is given up, the new one is read, and asked with at once."""
    file = tmp_path / "token"
    file.write_text("one\n")
    with guarded("one") as server:
        wire = connection(tmp_path, server.url, {"tokenFile": "token", "token": "never"})
        assert [status(wire), status(wire)] == [200, 200]
        file.write_text("two\n")
        server.accepted = {"two"}
        assert [status(wire), status(wire)] == [200, 200]
        assert server.shown == ["one", "one", "one", "two", "two"]
        server.accepted = set()
        assert status(wire) == 401
        assert server.shown[5:] == ["two"]  # nothing newer was to be had, so it was not asked again
        wire.close()


def test_a_token_file_is_read_again_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute the new token is shown though the old one would still do; a token's own end is earlier."""
    file = tmp_path / "token"
    file.write_text("one")
    with guarded("one", "two", jwt(datetime.now(UTC) + SOON)) as server:
        wire = connection(tmp_path, server.url, {"tokenFile": str(file)})
        status(wire)
        file.write_text(jwt(datetime.now(UTC) + SOON))
        now = time.monotonic()
        monkeypatch.setattr("collectors.kubernetes.login.time.monotonic", lambda: now + login.FILE_HOLDS + 1)
        status(wire)
        file.write_text("two")
        status(wire)
        assert [server.shown[0], server.shown[-1]] == ["one", "two"]
        wire.close()


@pytest.mark.parametrize(("content", "words"), [(None, "FileNotFoundError"), (" \n", "is empty")])
def test_a_token_file_without_a_token_is_a_sentence(tmp_path: Path, content: str | None, words: str) -> None:
    """Missing or empty, by its path."""
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(Failed, match=rf"the token file .*token.*{words}"):
        status(connection(tmp_path, "http://127.0.0.1:1", {"tokenFile": "token"}))


def test_a_login_program_is_run_once_for_as_long_as_its_token_is_good(tmp_path: Path) -> None:
    """Run before the first request, and again when what it printed has run out."""
    user = prints(tmp_path, token="one", expirationTimestamp=written(datetime.now(UTC) + LATER))
    with guarded("one", "two") as server:
        wire = connection(tmp_path, server.url, user)
        assert [status(wire) for _ in range(3)] == [200, 200, 200]
        assert runs(tmp_path) == 1
        wire.close()
        prints(tmp_path, token="two", expirationTimestamp=written(datetime.now(UTC) + SOON))
        wire = connection(tmp_path, server.url, user)
        assert [status(wire), status(wire)] == [200, 200]
        assert runs(tmp_path) == 3  # what ends within seconds counts as over
        wire.close()


def test_a_login_program_is_run_again_when_its_token_is_refused(tmp_path: Path) -> None:
    """One that was revoked before its time: the program is asked anew, and no answer was 401."""
    user = prints(tmp_path, token="one")
    with guarded("one") as server:
        wire = connection(tmp_path, server.url, user)
        status(wire)
        prints(tmp_path, token="two")
        server.accepted = {"two"}
        assert [status(wire), status(wire)] == [200, 200]
        assert runs(tmp_path) == 2
        wire.close()


def test_many_that_are_refused_at_once_log_in_once(tmp_path: Path) -> None:
    """Eight threads with a token that was ended: one of them runs the program, all go on with what it prints."""
    user = prints(tmp_path, token="one")
    with guarded("one") as server:
        wire = connection(tmp_path, server.url, user)
        status(wire)
        prints(tmp_path, token="two")
        server.accepted = {"two"}
        together = threading.Barrier(8)

        def asked(_: int) -> int:
            together.wait(5)
            return status(wire)

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(asked, range(8))) == {200}
        assert runs(tmp_path) == 2
        wire.close()


def test_in_a_pod_the_token_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ServiceAccount's token, with the authority beside it; rotated, the new one is taken. Elsewhere it is said."""
    with pytest.raises(Failed, match="this pod: Service host/port is not set; run where a pod has a ServiceAccount"):
        status(Connection(KubernetesSettings(in_cluster=True)))
    pair = self_signed(datetime.now(UTC) - LATER, datetime.now(UTC) + LATER)
    (tmp_path / "ca.crt").write_text(pair.certificate)
    (tmp_path / "token").write_text("one\n")
    loader = "kubernetes.config.incluster_config.SERVICE"
    monkeypatch.setattr(f"{loader}_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(f"{loader}_CERT_FILENAME", str(tmp_path / "ca.crt"))
    with guarded("one", shows=pair) as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_port))
        wire = Connection(KubernetesSettings(in_cluster=True))
        assert status(wire) == 200
        (tmp_path / "token").write_text("two\n")
        server.accepted = {"two"}
        assert status(wire) == 200
        assert server.shown == ["one", "one", "two"]
        wire.close()


def test_a_login_program_is_told_what_the_kubeconfig_says(tmp_path: Path) -> None:
    """Its arguments, its environment, and the cluster where it asks for that; never a terminal."""
    user = program(tmp_path, f'echo "$@ $PLACE $KUBERNETES_EXEC_INFO" > {tmp_path}/told; cat {tmp_path}/printed')
    (tmp_path / "printed").write_text(
        json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "a"}})
    )
    user["exec"] |= {"args": ["get", "token"], "env": [{"name": "PLACE", "value": "here"}], "provideClusterInfo": True}
    extension = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "prod"}}]
    with guarded("a") as server:
        wire = connection(tmp_path, server.url, user, extensions=extension)
        assert status(wire) == 200
        wire.close()
        url = server.url
    said = (tmp_path / "told").read_text()
    assert said.startswith("get token here {")
    told = json.loads(said[said.index("{") :])
    assert told["spec"] == {"interactive": False, "cluster": {"server": url, "config": {"audience": "prod"}}}


@pytest.mark.parametrize(
    ("body", "entry", "words"),
    [
        ("echo canary-secret >&2; exit 3", {}, "ended with 3; log in again"),
        ("echo canary-secret", {}, "printed no ExecCredential"),
        ('echo \'{"apiVersion": "other/v1", "status": {"token": "canary"}}\'', {}, "speaks another version"),
        (f'echo \'{{"apiVersion": "{V1}", "status": {{}}}}\'', {}, "neither a token nor a certificate"),
        ("", {"command": "no-such-program"}, "is not installed"),
        ("", {"interactiveMode": "Always"}, "wants a person at a terminal"),
        ("", {"env": {"TOKEN": "canary"}}, "exec.env in the kubeconfig is no list of name and value"),
        ("", {"args": ["canary\0"]}, "have a zero byte"),
        ("exec sleep 9", {}, r"printed nothing within 0\.2 s"),
    ],
)
def test_a_login_program_that_fails_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, entry: dict[str, Any], words: str
) -> None:
    """It names the program and the next step, and repeats nothing that the program wrote. Nobody is asked."""
    if "sleep" in body:
        monkeypatch.setattr(login, "PATIENCE", 0.2)
    user = program(tmp_path, body)
    user["exec"] |= entry
    with guarded() as server:
        with pytest.raises(Failed, match=words) as caught:
            status(connection(tmp_path, server.url, user))
        assert server.shown == []
    assert "kubeconfig" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("way", "token"),
    [
        *((way, "-----BEGIN\ncanary-of-a-file") for way in ("file", "program", "issuer")),
        *((way, "canary\u2026") for way in ("file", "program", "issuer", "kubeconfig")),
    ],
)
def test_a_token_that_cannot_be_sent_is_not_shown_instead(tmp_path: Path, way: str, token: str) -> None:
    """A file that holds more than a token, a program that prints a letter too many: a sentence, and not the token."""
    users = {"kubeconfig": {"token": token}, "file": {"tokenFile": "token"}, "issuer": oidc("https://issuer", token)}
    (tmp_path / "token").write_text(token)
    user = users[way] if way in users else prints(tmp_path, token=token)
    with guarded() as server:
        with pytest.raises(Failed, match="the token has a line break in it, or letters that no token has") as caught:
            status(connection(tmp_path, server.url, user))
        assert server.shown == []
    assert "canary" not in str(caught.value)


def test_a_token_that_a_program_ends_with_its_line_is_good(tmp_path: Path) -> None:
    """As most programs end what they print."""
    with guarded("one") as server:
        wire = connection(tmp_path, server.url, prints(tmp_path, token="one\n"))
        assert status(wire) == 200
        wire.close()


def test_a_login_program_may_print_a_certificate(tmp_path: Path) -> None:
    """It is shown to the server, and a new one when the server ends the handshake with the old."""
    now = datetime.now(UTC)
    theirs, ours = (self_signed(now - LATER, now + LATER) for _ in range(2))
    user = prints(tmp_path, clientCertificateData=ours.certificate, clientKeyData=ours.key)
    authority = base64.b64encode(theirs.certificate.encode()).decode()
    with guarded("", shows=theirs, wants=ours) as server:
        wire = connection(tmp_path, server.url, user, **{"certificate-authority-data": authority})
        assert status(wire) == 200
        wire.close()
        wire = connection(tmp_path, server.url, {}, **{"certificate-authority-data": authority})
        with pytest.raises(Failed):
            status(wire)
        wire.close()


@contextmanager
def issuer() -> Iterator[Guarded]:
    """Serve an issuer of tokens: its configuration, and a token for a refresh token."""
    with guarded() as server:
        server.pages["/.well-known/openid-configuration"] = {"token_endpoint": f"{server.url}/token"}
        yield server


def oidc(issuer: str, token: str, **more: str) -> dict[str, Any]:
    """Return the user of a kubeconfig that logs in by OpenID Connect."""
    config = {"idp-issuer-url": issuer, "client-id": "asbuilt", "id-token": token, **more}
    return {"auth-provider": {"name": "oidc", "config": config}}


def test_an_issuer_is_asked_once_the_token_has_ended(tmp_path: Path) -> None:
    """A token that is good is used as it is; one that has ended is exchanged, as is the next by what came with it."""
    now = datetime.now(UTC)
    good, last = jwt(now + LATER, "good"), jwt(now + LATER, "last")
    ended, brief = jwt(now - LATER, "ended"), jwt(now + SOON, "brief")
    with guarded(good, brief, last) as server, issuer() as provider:
        assert status(connection(tmp_path, server.url, oidc(provider.url, good))) == 200
        assert provider.posted == []
        provider.pages["/token"] = {"id_token": brief, "refresh_token": "second"}
        user = oidc(provider.url, ended, **{"refresh-token": "first", "client-secret": "made-up"})
        wire = connection(tmp_path, server.url, user)
        before = (tmp_path / "kubeconfig").read_text()
        assert status(wire) == 200
        provider.pages["/token"] = {"id_token": last}
        assert status(wire) == 200
        assert server.shown == [good, brief, last]
        basic = "Basic " + base64.b64encode(b"asbuilt:made-up").decode()
        assert provider.posted == [
            f"{basic} grant_type=refresh_token&refresh_token={one}&client_id=asbuilt" for one in ("first", "second")
        ]
        assert (tmp_path / "kubeconfig").read_text() == before
        wire.close()


@pytest.mark.parametrize(
    ("more", "url", "words"),
    [
        ({}, "", r"the id token expired on 20.* UTC, and the kubeconfig has no refresh token; log in again"),
        ({"refresh-token": "canary"}, "", r"gives no token \(404\); log in again"),
        ({"refresh-token": "canary"}, "http://issuer.example", "is not reached by https, so no token is sent"),
        (
            {"refresh-token": "canary"},
            "https://me:canary@[issuer",
            r"credentials could not be refreshed \(ValueError\)",
        ),
    ],
)
def test_an_issuer_that_gives_nothing_is_a_sentence(tmp_path: Path, more: dict[str, str], url: str, words: str) -> None:
    """No refresh token, a refusal, an address in the open: in words, and without the token."""
    with issuer() as provider:
        user = oidc(url or provider.url, jwt(datetime.now(UTC) - LATER), **more)
        with pytest.raises(Failed, match=words) as caught:
            status(connection(tmp_path, "http://127.0.0.1:1", user))
    assert "canary" not in str(caught.value)


def test_a_login_that_kubernetes_has_given_up_is_a_sentence(tmp_path: Path) -> None:
    """The providers gcp and azure are gone since 1.26."""
    with pytest.raises(Failed, match="by auth-provider gcp, which Kubernetes has given up"):
        status(connection(tmp_path, "http://127.0.0.1:1", {"auth-provider": {"name": "gcp"}}))


@pytest.mark.parametrize("token", ["abc", "a.b.c", "..", jwt(datetime(2026, 1, 1, tzinfo=UTC))[:-30], "a.e30.c"])
def test_a_token_that_does_not_say_when_it_ends_has_no_end(token: str) -> None:
    """Whatever it is made of."""
    assert expiry_of(token) is None


def test_a_token_that_has_ended_is_said_to_have(tmp_path: Path) -> None:
    """A refusal says when, and what to do."""
    with guarded() as server:
        wire = connection(tmp_path, server.url, {"token": jwt(datetime(2026, 3, 1, 10, tzinfo=UTC))})
        with pytest.raises(Forbidden, match=r"\(401\); the token expired on 2026-03-01 10:00 UTC; log in again"):
            Client(wire).read(Wanted("version", "", "/version"))
        wire.close()
