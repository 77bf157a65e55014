"""What is read, and how fresh is it?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Asked, Role, Store, answered, responses
from api.questions.sources import what_is_read
from api.schemas.envelope import Envelope, enveloped
from api.schemas.sources import EXAMPLE, Source

router = APIRouter()


@router.get(
    "/v1/sources",
    summary="What is read, and how fresh is it?",
    response_model=Envelope[tuple[Source, ...]],
    responses=responses(enveloped(EXAMPLE)),
)
def list_sources(request: Request, store: Store, role: Role, asked: Annotated[Asked, Query()]) -> Response:
    """List the sources, each with its scopes: what they state, where, and how their last runs went."""
    return answered(request, store, role, what_is_read(), at=asked.at)
