"""Who may ask? This machine without a token; from elsewhere, nobody without one."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.auth import Token, TokensRefused, check_exposure, is_loopback, may_be_this_machine, token_from, tokens_from
from tests.api.asking import problem
from tests.graph.analysis.shop import shop

SECRET = "not-a-real-token-0123456789"
OTHER = "another-token-that-is-long-enough"


def guarded() -> TestClient:
    """Make a client of an application with two tokens."""
    references = ["env:A", "env:B"]
    return TestClient(create_app(shop().store, tokens=tokens_from(references, {"A": SECRET, "B": f"{OTHER}\n"})))


def test_with_tokens_every_question_asks_for_one() -> None:
    """None, a wrong one, another scheme: 401 with a challenge. Each of the right ones: an answer."""
    ask = guarded()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {SECRET}"}):
        for path in ("/v1/entities", "/v1/entities/a/b", "/v1/entities/a", "/v1/changes", "/v1/sources"):
            answer = ask.get(path, headers=headers)
            problem(answer, "unauthorized", 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    for secret in (SECRET, OTHER):
        assert ask.get("/v1/entities", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_health_and_docs_are_open(path: str) -> None:
    """They tell nothing of what was recorded, and probes have no tokens."""
    assert guarded().get(path).status_code == 200


def test_without_tokens_no_web_page_can_ask_in_a_persons_name() -> None:
    """A page whose host name points to this machine is refused; addresses and bare names are this machine."""
    ask = TestClient(create_app(shop().store, tokens=()))
    problem(ask.get("/v1/entities", headers={"Host": "evil.example.com"}), "host-refused", 421)
    for host in ("127.0.0.1:8000", "[::1]:8000", "localhost:8000", "laptop"):
        assert may_be_this_machine(host)
        assert ask.get("/v1/entities", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "asbuilt.example.com", ""])
def test_beyond_this_machine_a_token_is_required(host: str) -> None:
    """Serving there without one is refused with the next step; with one it is not."""
    assert not is_loopback(host)
    with pytest.raises(TokensRefused, match="--token env:NAME"):
        check_exposure(host, ())
    check_exposure(host, [Token(b"")])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_on_this_machine_none_is_required(host: str) -> None:
    """Only this machine can reach it."""
    check_exposure(host, ())


def test_tokens_are_given_by_reference(tmp_path: Path) -> None:
    """From the environment or a file; a literal, a missing and a short one are refused, and none is ever repeated."""
    file = tmp_path / "token"
    file.write_text(SECRET)
    assert token_from(f"file:{file}") == token_from("env:T", {"T": SECRET})
    assert SECRET not in repr(token_from(f"file:{file}"))
    for reference in (SECRET, "env:NONE", "env:", f"file:{tmp_path}/none", "env:SHORT"):
        with pytest.raises(TokensRefused) as refused:
            token_from(reference, {"SHORT": "short-one"})
        assert SECRET not in str(refused.value)
        assert "short-one" not in str(refused.value)


def test_the_application_reads_references_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a server that is started by other means than `asbuilt serve`."""
    monkeypatch.setenv("ASBUILT_TOKENS", "env:MINE")
    monkeypatch.setenv("MINE", SECRET)
    ask = TestClient(create_app(shop().store))
    assert ask.get("/v1/sources").status_code == 401
    assert ask.get("/v1/sources", headers={"Authorization": f"Bearer {SECRET}"}).status_code == 200
