"""What would be harmed if this failed, and what does this need?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import AskedForPage, KeyText, Role, Store, answered, responses
from api.questions.entity import key_of
from api.questions.impact import what_it_harms, what_it_needs
from api.routes.keys import KEY_PATH
from api.schemas.envelope import Envelope, enveloped
from api.schemas.traversal import DEPENDENCIES_EXAMPLE, IMPACT_EXAMPLE, Dependencies, Impact
from graph.analysis.impact import BOUNDS

router = APIRouter()


class Parameters(AskedForPage):
    """How far a traversal goes."""

    depth: int = Field(default=BOUNDS.depth, ge=1, le=10, description="How many relations a path may have.")
    most: int = Field(default=BOUNDS.most, ge=1, le=10_000, description="How many things are reached at most.")


@router.get(
    f"{KEY_PATH}/impact",
    summary="What would be harmed if it failed?",
    response_model=Envelope[Impact],
    responses=responses(enveloped(IMPACT_EXAMPLE, truncated=True)),
)
def show_impact(
    request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[Parameters, Query()]
) -> Response:
    """Show what harm reaches when an entity fails or changes, each with how surely, by which path, and why.

    A group that loses some of its members is degraded: k of n ready members are left. Harm that came up from a member
    to its group never comes down to the other members.
    """
    inquiry = what_it_harms(key_of(key), depth=asked.depth, most=asked.most, limit=asked.limit)
    return answered(request, store, role, inquiry, at=asked.at, cursor=asked.cursor)


@router.get(
    f"{KEY_PATH}/dependencies",
    summary="What does it need?",
    response_model=Envelope[Dependencies],
    responses=responses(enveloped(DEPENDENCIES_EXAMPLE, truncated=True)),
)
def show_dependencies(
    request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[Parameters, Query()]
) -> Response:
    """Show what an entity needs to be well, each with how strongly, by which path, and why."""
    inquiry = what_it_needs(key_of(key), depth=asked.depth, most=asked.most, limit=asked.limit)
    return answered(request, store, role, inquiry, at=asked.at, cursor=asked.cursor)
