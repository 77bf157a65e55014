"""Which entities are there?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import AskedForPage, Role, Store, answered, responses
from api.questions.entities import which_entities
from api.questions.entity import key_of
from api.schemas.entities import LIST_EXAMPLE, ListedEntity
from api.schemas.envelope import Envelope, enveloped

router = APIRouter()


class Parameters(AskedForPage):
    """What a list of entities can be narrowed to."""

    kind: list[str] = Field(default=[], description="Kinds; repeat it for several.", examples=[["k8s.service"]])
    class_: list[str] = Field(
        default=[], alias="class", description="Abstract classes of kinds, such as `Workload`.", examples=[["Network"]]
    )
    label: list[str] = Field(default=[], description="`name:value`; all of them must hold.", examples=[["app:cart"]])
    name: str | None = Field(default=None, description="The exact name.", examples=["cart"])
    within: str | None = Field(default=None, description="A key that contains them.", examples=["k8s.cluster/9f2c"])
    fields: list[str] = Field(
        default=[],
        description="Which members to show, comma-separated; `attributes.<name>` for one attribute.",
        examples=[["name,presence,attributes.type"]],
    )


@router.get(
    "/v1/entities",
    summary="Which entities are there?",
    response_model=Envelope[tuple[ListedEntity, ...]],
    responses=responses(enveloped(LIST_EXAMPLE, truncated=True, cursor="WyI5ZjJjIiw0Mi")),
)
def list_entities(request: Request, store: Store, role: Role, asked: Annotated[Parameters, Query()]) -> Response:
    """List the entities in force at a revision, ordered by key. What is gone, or only named, is found by its key."""
    inquiry = which_entities(
        kinds=asked.kind,
        classes=asked.class_,
        labels=asked.label,
        name=asked.name,
        within=key_of(asked.within) if asked.within is not None else None,
        limit=asked.limit,
        fields=asked.fields,
    )
    return answered(request, store, role, inquiry, at=asked.at, cursor=asked.cursor)
