"""How is one entity tied to another?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import Asked, Role, Store, answered, responses
from api.questions.entity import key_of
from api.questions.graph import how_it_is_tied_to
from api.schemas.entities import KEY_EXAMPLE
from api.schemas.envelope import Envelope, enveloped
from api.schemas.graph import PATH_EXAMPLE, Route

router = APIRouter()


class Parameters(Asked):
    """Between which entities, and along what."""

    from_: str = Field(alias="from", description="The key of an entity.", examples=[KEY_EXAMPLE])
    to: str = Field(description="The key of another.", examples=[KEY_EXAMPLE.replace("service", "ingress")])
    directed: bool = Field(default=False, description="Only along relations, from their sources to their targets.")
    verbs: list[str] = Field(
        default=[], description="Follow only these verbs, comma-separated.", examples=[["RUNS_ON"]]
    )


@router.get(
    "/v1/path",
    summary="How is it tied to another?",
    response_model=Envelope[Route],
    responses=responses(enveloped(PATH_EXAMPLE)),
)
def show_path(request: Request, store: Store, role: Role, asked: Annotated[Parameters, Query()]) -> Response:
    """Show a path of the fewest relations. `hops` is null where there is none; `cuts` says if the search was given up.

    At most 12 relations are followed, and at most some 20,000 things looked at.
    """
    inquiry = how_it_is_tied_to(key_of(asked.from_), key_of(asked.to), verbs=asked.verbs, directed=asked.directed)
    return answered(request, store, role, inquiry, at=asked.at)
