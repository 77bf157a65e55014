"""Which entity is this?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import Asked, Role, Store, answered, responses
from api.questions.resolve import LIMIT, what_it_means
from api.schemas.envelope import Envelope, enveloped
from api.schemas.resolve import EXAMPLE, Resolution

router = APIRouter()


class Parameters(Asked):
    """What is asked for."""

    q: str = Field(
        max_length=4096,
        description="A key or its ending (`k8s.service/cart`, `shop/cart`), a name or its beginning, a uid, an IP"
        " address, a DNS name, a URL, an ARN, `i-...`, a reference to an image or its digest, a commit, or labels"
        " (`app=cart,tier=web`).",
        examples=["shop/cart"],
    )
    kind: list[str] = Field(default=[], description="Kinds; repeat it for several.", examples=[["k8s.service"]])
    limit: int = Field(default=20, ge=1, le=LIMIT, description="Results at most.")


@router.get(
    "/v1/resolve",
    summary="Which entity is this?",
    response_model=Envelope[Resolution],
    responses=responses(enveloped(EXAMPLE)),
)
def resolve_text(request: Request, store: Store, role: Role, asked: Annotated[Parameters, Query()]) -> Response:
    """Find what a text could mean, the likeliest first, and by what each was found. Nothing is chosen.

    What is gone is found too, and what was called so before; `presence` tells whether it is there at the revision.
    """
    inquiry = what_it_means(asked.q, kinds=asked.kind, limit=asked.limit)
    return answered(request, store, role, inquiry, at=asked.at)
