"""What changed?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import AskedForPage, Role, Store, answered, responses
from api.questions.changes import what_changed
from api.questions.entity import key_of
from api.schemas.changes import CHANGES_EXAMPLE, Change
from api.schemas.entities import KEY_EXAMPLE
from api.schemas.envelope import Envelope, enveloped
from graph.analysis.changes import Class

router = APIRouter()


class Parameters(AskedForPage):
    """What a list of changes can be narrowed to."""

    entity: str | None = Field(
        default=None,
        description="The key of an entity: its changes, and those of its relations.",
        examples=[KEY_EXAMPLE],
    )
    from_: str | None = Field(
        default=None, alias="from", description="Happened after this instant.", examples=["2026-03-01T09:00:00Z"]
    )
    to: str | None = Field(default=None, description="Happened before this instant.", examples=["2026-03-01T10:00:00Z"])
    kind: list[str] = Field(default=[], description="Kinds of entities.", examples=[["k8s.deployment"]])
    verb: list[str] = Field(default=[], description="Verbs of relations.", examples=[["SELECTS"]])
    cause: list[str] = Field(
        default=[],
        description="`world` by default. Also `first_look`, `mapping`, `resolution`, `rule`, `retired`, `expired`;"
        " `any` for all.",
        examples=[["world"]],
    )
    class_: Class | None = Field(
        default=None, alias="class", description="`configuration`, or `state` (phase, readiness, restarts) only."
    )
    within: str | None = Field(
        default=None,
        description="A key that contains the entities, or an end of the relations.",
        examples=["k8s.cluster/9f2c"],
    )


@router.get(
    "/v1/changes",
    summary="What changed?",
    response_model=Envelope[tuple[Change, ...]],
    responses=responses(enveloped(CHANGES_EXAMPLE)),
)
def list_changes(request: Request, store: Store, role: Role, asked: Annotated[Parameters, Query()]) -> Response:
    """List changes, newest first. A new collector is no incident: what only a first look brought is left out."""
    inquiry = what_changed(
        entity=key_of(asked.entity) if asked.entity is not None else None,
        words=[*asked.kind, *(verb.upper() for verb in asked.verb)],
        causes=asked.cause,
        class_=asked.class_,
        within=key_of(asked.within) if asked.within is not None else None,
        from_=asked.from_,
        to=asked.to,
        limit=asked.limit,
    )
    return answered(request, store, role, inquiry, at=asked.at, cursor=asked.cursor)
