"""What was this entity before?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AskedForPage, KeyText, Role, Store, answered, responses
from api.questions.entity import key_of, what_it_was
from api.routes.keys import KEY_PATH
from api.schemas.changes import VERSIONS_EXAMPLE, Version
from api.schemas.envelope import Envelope, enveloped

router = APIRouter()


@router.get(
    f"{KEY_PATH}/versions",
    summary="What was it before?",
    response_model=Envelope[tuple[Version, ...]],
    responses=responses(enveloped(VERSIONS_EXAMPLE)),
)
def list_versions(
    request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[AskedForPage, Query()]
) -> Response:
    """List the versions of an entity up to a revision, newest first, each with the change that made it."""
    inquiry = what_it_was(key_of(key), limit=asked.limit)
    return answered(request, store, role, inquiry, at=asked.at, cursor=asked.cursor)
