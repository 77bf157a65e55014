"""How do tests ask: an application over a shop, without a socket?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from fastapi.testclient import TestClient

from api.app import create_app
from graph.store import GraphStore


class Response(Protocol):
    """What tests look at in an answer, whichever client brought it."""

    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def json(self) -> Any: ...


def client(store: GraphStore) -> TestClient:
    """Make a client of an application over a store. Nobody needs a token."""
    return TestClient(create_app(store, tokens=()))


def data(answer: Response) -> Any:
    """Give the data of a good answer."""
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def problem(answer: Response, type_: str, status: int) -> dict[str, Any]:
    """Give the problem document of an answer that should be that problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: dict[str, Any] = answer.json()
    assert (document["type"], document["status"], answer.status_code) == (f"/problems/{type_}", status, status)
    assert document["title"]
    assert document["detail"]
    return document
