"""What is this entity?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.dependencies import Asked, KeyText, Role, Store, admitted, answered, responses
from api.errors import MalformedKeyAsked
from api.questions.entity import key_of, what_is
from api.routes.keys import KEY_PATH
from api.schemas.entities import ENTITY_EXAMPLE, Entity
from api.schemas.envelope import Envelope, enveloped

router = APIRouter()


class Parameters(Asked):
    """What an answer about an entity can be narrowed to."""

    fields: list[str] = Field(
        default=[], description="Which members to show, comma-separated.", examples=[["name,presence"]]
    )


@router.get(
    KEY_PATH,
    summary="What is this entity?",
    response_model=Envelope[Entity],
    responses=responses(enveloped(ENTITY_EXAMPLE)),
)
def show_entity(
    request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[Parameters, Query()]
) -> Response:
    """Show an entity with its presence and evidence: also what is gone, by its last version, and what is only named."""
    return answered(request, store, role, what_is(key_of(key), fields=asked.fields), at=asked.at)


@router.get("/v1/entities/{rest:path}", include_in_schema=False, dependencies=[Depends(admitted)])
def refuse_path(rest: str) -> Response:
    """Say why a path below /v1/entities is none: no kind/id pairs, and no section of an answer at its end."""
    raise MalformedKeyAsked(
        f"'{rest}' is not a key: write kind/id pairs, such as k8s.cluster/<uid>/k8s.node/<name>, and after them"
        " nothing, or one of relations, versions, diff, where,"
        " dependencies, impact; in a URL write `%` as `%25`"
    )
