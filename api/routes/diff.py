"""What differs between two revisions?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import KeyText, Role, Store, answered, responses
from api.questions.diff import DEEPEST, what_differs, what_differs_about, words_of
from api.questions.entity import key_of
from api.routes.keys import KEY_PATH
from api.schemas.diff import ENTITY_DIFF_EXAMPLE, GRAPH_DIFF_EXAMPLE, EntityDiff, GraphDiff
from api.schemas.entities import KEY_EXAMPLE
from api.schemas.envelope import Envelope, enveloped

router = APIRouter()


class AskedBetween(BaseModel):
    """The parameters of a question about two revisions. One that a question does not know is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: str = Field(
        alias="from",
        description="The earlier state: what was known at an RFC 3339 instant, or at `revision:N`.",
        examples=["2026-03-01T10:00:00Z", "revision:40"],
    )
    to: str | None = Field(
        default=None,
        description="The later state, likewise. The newest revision by default.",
        examples=["2026-03-01T11:00:00Z", "revision:42"],
    )
    cursor: str | None = Field(default=None, description="The cursor of the last page, with the same parameters.")
    limit: int = Field(default=100, ge=1, le=1000, description="How many rows at most.")


class Parameters(AskedBetween):
    """What a comparison of the graph can be narrowed to."""

    root: str | None = Field(
        default=None, description="Only what stands around this entity, at either revision.", examples=[KEY_EXAMPLE]
    )
    depth: int = Field(default=1, ge=0, le=DEEPEST, description="How many relations away from the root.")
    kinds: list[str] = Field(
        default=[], description="Kinds of entities, comma-separated.", examples=[["k8s.deployment,k8s.service"]]
    )
    verbs: list[str] = Field(default=[], description="Verbs of relations, comma-separated.", examples=[["SELECTS"]])
    cause: list[str] = Field(
        default=[],
        description="`world` by default. Also `first_look`, `mapping`, `resolution`, `rule`, `retired`, `expired`;"
        " `any` for all.",
        examples=[["world"]],
    )
    state: bool = Field(default=False, description="Whether to show state (phase, readiness, restarts) too.")


@router.get(
    "/v1/graph/diff",
    summary="What differs between two revisions?",
    response_model=Envelope[GraphDiff],
    responses=responses(enveloped(GRAPH_DIFF_EXAMPLE)),
)
def diff_graph(request: Request, store: Store, role: Role, asked: Annotated[Parameters, Query()]) -> Response:
    """Compare two states of the graph, or of what stands around one entity. What was undone in between is counted."""
    inquiry = what_differs(
        asked.from_,
        asked.to,
        root=key_of(asked.root) if asked.root is not None else None,
        depth=asked.depth,
        words=words_of(asked.kinds, asked.verbs),
        causes=asked.cause,
        state=asked.state,
        limit=asked.limit,
    )
    return answered(request, store, role, inquiry, at=asked.to, cursor=asked.cursor)


@router.get(
    f"{KEY_PATH}/diff",
    summary="What differs about it between two revisions?",
    response_model=Envelope[EntityDiff],
    responses=responses(enveloped(ENTITY_DIFF_EXAMPLE)),
)
def diff_entity(
    request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[AskedBetween, Query()]
) -> Response:
    """Compare two states of an entity and its relations: fields with their causes, aliases, presence then and now."""
    inquiry = what_differs_about(key_of(key), asked.from_, asked.to, limit=asked.limit)
    return answered(request, store, role, inquiry, at=asked.to, cursor=asked.cursor)
