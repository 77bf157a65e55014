"""What is around this entity?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import Asked, Role, Store, answered, responses
from api.questions.entity import key_of
from api.questions.graph import what_is_around
from api.schemas.entities import KEY_EXAMPLE
from api.schemas.envelope import Envelope, enveloped
from api.schemas.graph import GRAPH_EXAMPLE, Neighbourhood
from graph.analysis.relations import Direction

router = APIRouter()


class Parameters(Asked):
    """Where a neighbourhood begins, and how far it goes."""

    root: str = Field(description="The key of an entity.", examples=[KEY_EXAMPLE])
    depth: int = Field(default=1, ge=1, le=10, description="How many relations away.")
    direction: Direction = Field(
        default=Direction.BOTH, description="`out`: relations are followed to their targets; `in`: to their sources."
    )
    kinds: list[str] = Field(
        default=[],
        description="Show and follow only things of these kinds, comma-separated.",
        examples=[["k8s.pod,k8s.node"]],
    )
    verbs: list[str] = Field(
        default=[], description="Follow only these verbs, comma-separated.", examples=[["RUNS_ON"]]
    )
    limit: int = Field(default=100, ge=1, le=1000, description="How many things at most, the nearest first.")


@router.get(
    "/v1/graph",
    summary="What is around it?",
    response_model=Envelope[Neighbourhood],
    responses=responses(enveloped(GRAPH_EXAMPLE, truncated=True)),
)
def show_graph(request: Request, store: Store, role: Role, asked: Annotated[Parameters, Query()]) -> Response:
    """Show the things around an entity and the relations among them; `cuts` says what was left out.

    Relations of these things that lead to nothing, or could lead to several things, are shown as such.
    """
    inquiry = what_is_around(
        key_of(asked.root),
        depth=asked.depth,
        direction=asked.direction,
        kinds=asked.kinds,
        verbs=asked.verbs,
        limit=asked.limit,
    )
    return answered(request, store, role, inquiry, at=asked.at)
