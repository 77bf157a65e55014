"""What does every route need: the store, who asks, and the parameters that all questions have?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from api.auth import READER, Token, may_be_this_machine, role_of
from api.errors import HostRefused, Unauthorized
from api.questions.asking import Inquiry, ask
from api.schemas.entities import KEY_EXAMPLE
from api.schemas.envelope import ProblemDocument
from api.stores import Door
from graph.store import GraphStore

_bearer = HTTPBearer(auto_error=False, description="One of the tokens that the server was started with, if any.")


def opened_store(request: Request) -> GraphStore:
    """Give the store that the application answers from."""
    door: Door = request.app.state.door
    return door.store()


def admitted(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """Give the role of who asks, or raise Unauthorized or HostRefused."""
    tokens: tuple[Token, ...] = request.app.state.tokens
    if not tokens:
        if not may_be_this_machine(request.headers.get("host", "")):
            raise HostRefused("this server has no tokens: ask it by its address, or start it with --token")
        return READER
    role = role_of(credentials.credentials, tokens) if credentials is not None else None
    if role is None:
        raise Unauthorized("send one of the server's tokens as `Authorization: Bearer <token>`")
    return role


Store = Annotated[GraphStore, Depends(opened_store)]
Role = Annotated[str, Depends(admitted)]
KeyText = Annotated[
    str,
    Path(
        description="The key of an entity, its slashes as they are or as %2F. `%` in a key is written %25.",
        examples=[KEY_EXAMPLE],
    ),
]


class Asked(BaseModel):
    """The parameters that every question has. One that a question does not know is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    at: str | None = Field(
        default=None,
        description="As of when: an RFC 3339 instant, or `revision:N`. The newest revision by default.",
        examples=["2026-03-01T10:00:00Z", "revision:42"],
    )


class AskedForPage(Asked):
    """The parameters of every list."""

    cursor: str | None = Field(default=None, description="The cursor of the last page, with the same parameters.")
    limit: int = Field(default=100, ge=1, le=1000, description="How many rows at most.")


def responses(example: object) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a question: the envelope with an example, a copy that is still good, and problems."""
    problem = {"content": {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}}}
    return {
        200: {"content": {"application/json": {"example": example}}},
        304: {"description": "The copy that `If-None-Match` names is still good."},
        400: problem | {"description": "malformed-key, foreign-cursor"},
        401: problem | {"description": "unauthorized"},
        404: problem | {"description": "never-seen, unknown, not-yet-observed, no-such-revision"},
        422: problem | {"description": "invalid-request"},
        503: problem | {"description": "store-unavailable"},
    }


def answered(
    request: Request,
    store: GraphStore,
    role: str,
    inquiry: Inquiry[Any],
    *,
    at: str | None = None,
    cursor: str | None = None,
) -> Response:
    """Answer a question over HTTP: the envelope with its entity tag, or 304 where the asker's copy is still good."""
    answer = ask(store, inquiry, at=at, cursor=cursor, role=role, known=_known_tags(request))
    headers = {"ETag": answer.tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if answer.page is None:
        return Response(status_code=304, headers=headers)
    return Response(answer.body, media_type="application/json", headers=headers)


def _known_tags(request: Request) -> frozenset[str]:
    """Read If-None-Match. Weak tags compare as strong ones (RFC 9110, 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    return frozenset(tag.strip().removeprefix("W/") for tag in given.split(",") if tag.strip())
