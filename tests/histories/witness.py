"""What does the API say of a scripted world, as of an instant?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app
from graph.model import text_of
from graph.store import GraphStore


class Witness:
    """Asks the API over HTTP, and nothing else."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def ask(self, path: str, at: datetime | None = None, **query: str) -> dict[str, Any]:
        """Ask, and give the whole answer."""
        if at is not None:
            query["at"] = text_of(at)
        answer = self._client.get(f"/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def refused(self, path: str, at: datetime | None = None) -> str:
        """Ask what cannot be answered, and give the type of the problem."""
        answer = self._client.get(f"/v1/{path}", params={"at": text_of(at)} if at else {})
        assert answer.status_code == 404, answer.text
        return str(answer.json()["type"])

    def presence(self, key: str, at: datetime | None = None) -> str:
        """Say what is said of a key, and any doubt: `gone`, `mentioned, unknown`."""
        return told(self.ask(f"entities/{key}", at)["data"]["presence"])

    def gaps(self, path: str, at: datetime | None = None, **query: str) -> list[str]:
        """Give what an answer says that it could not see, as `source/scope status`."""
        gaps = self.ask(path, at, **query)["freshness"]["gaps"]
        return [f"{gap['source']}/{gap['scope']} {gap['status']}" for gap in gaps if gap["source"]]

    def ties(self, key: str, verb: str, at: datetime | None = None) -> list[tuple[str, str | None, str | None]]:
        """Give (tie, key of the other end, what is said of it) of each relation of a verb."""
        relations = self.ask(f"entities/{key}/relations", at, verb=verb, limit="1000")["data"]
        ends = [relation["other"] for relation in relations]
        return [(end["tie"], end["key"], end["presence"] and told(end["presence"])) for end in ends]

    def changes(self, at: datetime | None = None, **query: str) -> list[dict[str, Any]]:
        """Give changes, newest first."""
        data: list[dict[str, Any]] = self.ask("changes", at, **query)["data"]
        return data


def told(presence: dict[str, Any]) -> str:
    """Put a presence into one word or two."""
    return ", ".join(word for word in (presence["said"], presence["doubt"]) if word)


@contextmanager
def witness(store: GraphStore) -> Iterator[Witness]:
    """Serve a store in this process, and ask it."""
    with TestClient(create_app(store)) as client:
        yield Witness(client)
