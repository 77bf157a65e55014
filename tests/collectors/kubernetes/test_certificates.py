"""Is a certificate that has run out, or is for others, said plainly: whose it is, since when, and what to do?"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.contract import Failed, Forbidden
from collectors.kubernetes.certificates import read_der, read_pem
from collectors.kubernetes.client import Client, Wanted
from collectors.kubernetes.connection import Connection
from tests.collectors.kubernetes.certificates import Pair, self_signed
from tests.collectors.kubernetes.guarded import connection, guarded
from tests.collectors.kubernetes.test_login import prints

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
LONG_AGO = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)


def trusting(folder: Path, url: str, pair: Pair, user: dict[str, str] | None = None) -> Connection:
    """Return a connection for which a certificate vouches."""
    authority = base64.b64encode(pair.certificate.encode()).decode()
    return connection(folder, url, user or {"token": "a"}, **{"certificate-authority-data": authority})


@pytest.mark.parametrize(
    ("begins", "ends", "names", "words"),
    [
        (LONG_AGO - DAY, LONG_AGO, ("127.0.0.1",), r"that expired on 2025-03-01 12:30 UTC; renew it on the server"),
        (NOW + DAY, NOW + 2 * DAY, ("127.0.0.1",), r"that is good from 20\d\d-.* UTC on; set the clock"),
        (NOW - DAY, NOW + DAY, ("api.example", "10.0.0.1"), r"for other names: api\.example, 10\.0\.0\.1; use one"),
        (NOW - DAY, NOW + DAY, tuple(f"a{n}.example" for n in range(11)), r"a7\.example and 3 more; use one"),
    ],
)
def test_a_servers_certificate_that_is_no_good_is_a_sentence(
    tmp_path: Path, begins: datetime, ends: datetime, names: tuple[str, ...], words: str
) -> None:
    """Its date or its names, and the next step. No token was sent."""
    pair = self_signed(begins, ends, names)
    with guarded("a", shows=pair) as server:
        wire = trusting(tmp_path, server.url, pair)
        with pytest.raises(Failed, match=f"^{server.url} shows a TLS certificate .*{words}"):
            wire.fetch("/version", "application/json")
        assert server.shown == []
        wire.close()


def test_a_certificate_that_nobody_vouches_for_is_a_sentence(tmp_path: Path) -> None:
    """OpenSSL's own word for it, and the next step."""
    ours, theirs = (self_signed(NOW - DAY, NOW + DAY) for _ in range(2))
    with guarded("a", shows=theirs) as server:
        wire = trusting(tmp_path, server.url, ours)
        with pytest.raises(Failed, match="no TLS certificate that can be trusted"):
            wire.fetch("/version", "application/json")
        wire.close()


def shown_from(folder: Path, pair: Pair) -> dict[str, str]:
    """Return the user of a kubeconfig that shows a certificate from files."""
    (folder / "ours.crt").write_text(pair.certificate)
    (folder / "ours.key").write_text(pair.key)
    return {"client-certificate": "ours.crt", "client-key": "ours.key"}


def test_our_own_certificate_that_has_ended_is_a_sentence(tmp_path: Path) -> None:
    """Where the server answers 401, as an API server does, and where it ends the handshake, as a proxy does."""
    theirs = self_signed(NOW - DAY, NOW + DAY)
    ours = self_signed(LONG_AGO - DAY, LONG_AGO)
    words = "the client certificate expired on 2025-03-01 12:30 UTC; renew it, or log in again"
    with guarded(shows=theirs) as server:
        wire = trusting(tmp_path, server.url, theirs, shown_from(tmp_path, ours))
        with pytest.raises(Forbidden, match=rf"\(401\); {words}"):
            Client(wire).read(Wanted("version", "", "/version"))
        wire.close()
    with guarded("", shows=theirs, wants=ours) as server:
        wire = trusting(tmp_path, server.url, theirs, shown_from(tmp_path, ours))
        with pytest.raises(Failed, match=words):
            wire.fetch("/version", "application/json")
        wire.close()


def encoded(text: str) -> str:
    """Write a text as a kubeconfig has it."""
    return base64.b64encode(text.encode()).decode()


def locked(key: str) -> str:
    """Give a key as one looks that has a pass phrase."""
    begin, _, rest = key.partition("\n")
    return f"{begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{'0' * 32}\n\n{rest}"


@pytest.mark.parametrize(
    ("authority", "key", "words"),
    [
        ("canary", None, "the certificate-authority of the kubeconfig is no certificate; correct it"),
        (None, "canary", "the client certificate of the kubeconfig cannot be used with its key"),
        (None, "other", "the client certificate of the kubeconfig cannot be used with its key"),
        (None, "locked", "have the key without a pass phrase"),
    ],
)
def test_what_of_ours_cannot_be_used_is_not_the_servers_fault(
    tmp_path: Path, authority: str | None, key: str | None, words: str
) -> None:
    """It is said what is to be corrected, and not that the address might be none of an API server."""
    theirs, ours, other = (self_signed(NOW - DAY, NOW + DAY) for _ in range(3))
    keys = {"canary": "canary", "other": other.key, "locked": locked(ours.key)}
    shown = keys[key] if key else ours.key
    user = {"client-certificate-data": encoded(ours.certificate), "client-key-data": encoded(shown)}
    with guarded("", shows=theirs) as server:
        data = {"certificate-authority-data": encoded(authority or theirs.certificate)}
        with pytest.raises(Failed, match=words) as caught:
            connection(tmp_path, server.url, user, **data).fetch("/version", "application/json")
    assert "canary" not in str(caught.value)


def test_nobody_is_asked_for_a_pass_phrase(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a key that a login program printed: there is nobody at the terminal, or somebody who would wonder."""
    theirs, ours = (self_signed(NOW - DAY, NOW + DAY) for _ in range(2))
    user = prints(tmp_path, clientCertificateData=ours.certificate, clientKeyData=locked(ours.key))
    with guarded("", shows=theirs) as server:
        data = {"certificate-authority-data": encoded(theirs.certificate)}
        with pytest.raises(Failed, match="printed a certificate or key that cannot be used"):
            connection(tmp_path, server.url, user, **data).fetch("/version", "application/json")
    assert "phrase" not in capfd.readouterr().err


def test_a_renewed_certificate_is_taken_from_its_file(tmp_path: Path) -> None:
    """Once the server refuses the old one, and without a failure where that is a 401."""
    theirs = self_signed(NOW - DAY, NOW + DAY)
    with guarded(shows=theirs) as server:
        wire = trusting(tmp_path, server.url, theirs, shown_from(tmp_path, self_signed(LONG_AGO - DAY, LONG_AGO)))
        assert wire.fetch("/version", "application/json").status == 401
        shown_from(tmp_path, self_signed(NOW - DAY, NOW + DAY))
        server.accepted = {""}
        assert wire.fetch("/version", "application/json").status == 200
        wire.close()


@pytest.mark.parametrize("ends", [datetime(2049, 1, 1, tzinfo=UTC), datetime(2051, 7, 1, tzinfo=UTC)])
def test_a_certificate_is_read_to_the_second(ends: datetime) -> None:
    """Dates and names, of a chain its first; cut or other bytes are no certificate, and no error."""
    pair = self_signed(LONG_AGO, ends, ("127.0.0.1", "::1", "api.example"))
    read = read_pem(f"a comment\n{pair.certificate}\n{self_signed(NOW, NOW).certificate}")
    assert read is not None
    assert (read.begins, read.ends, read.names) == (LONG_AGO, ends, ("127.0.0.1", "::1", "api.example"))
    body = base64.b64decode("".join(pair.certificate.splitlines()[1:-1]))
    assert all(read_der(body[:size]) is None for size in range(len(body)))
    assert read_der(b"") is None
    assert read_pem(pair.certificate[:200]) is None
    assert read_pem(pair.certificate.replace("A", "!", 3)) is None
