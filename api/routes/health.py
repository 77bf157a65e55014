"""Is the process alive, and can it answer?"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from api.dependencies import opened_store, responses
from api.errors import StoreUnavailable
from graph.store import StoreError

router = APIRouter()


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "alive"}]})
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """The store opens, and has a revision."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ready", "revision": 42}]})
    status: Literal["ready"] = "ready"
    revision: int


@router.get("/healthz", summary="Is the process alive?")
def healthz() -> Alive:
    """Tell that the process answers. Asks nothing of the store, so that a store's trouble restarts nobody."""
    return Alive()


@router.get(
    "/readyz",
    summary="Can it answer?",
    responses={503: responses(None)[503]},
)
def readyz(request: Request) -> Ready:
    """Tell that the store opens and has a revision."""
    try:
        head = opened_store(request).head()
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
    if head.number == 0:
        raise StoreUnavailable("the store is empty: run `asbuilt once`, or `asbuilt discover`")
    return Ready(revision=head.number)
