"""What is this entity tied to?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import AskedForPage, KeyText, Role, Store, answered, responses
from api.questions.entity import key_of
from api.questions.relations import what_it_is_tied_to
from api.routes.keys import KEY_PATH
from api.schemas.envelope import Envelope, enveloped
from api.schemas.relations import EXAMPLE, Relation
from graph.analysis.relations import Direction

router = APIRouter()


class Parameters(AskedForPage):
    """What a list of relations can be narrowed to."""

    direction: Direction = Field(default=Direction.BOTH, description="`out`: as the source; `in`: as the target.")
    verb: list[str] = Field(default=[], description="Verbs; repeat it for several.", examples=[["SELECTS"]])


@router.get(
    f"{KEY_PATH}/relations",
    summary="What is it tied to?",
    response_model=Envelope[tuple[Relation, ...]],
    responses=responses(enveloped(EXAMPLE)),
)
def list_relations(
    request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[Parameters, Query()]
) -> Response:
    """List the relations of an entity in force, with what became of each end and whether the other side is there."""
    inquiry = what_it_is_tied_to(key_of(key), direction=asked.direction, verbs=asked.verb, limit=asked.limit)
    return answered(request, store, role, inquiry, at=asked.at, cursor=asked.cursor)
