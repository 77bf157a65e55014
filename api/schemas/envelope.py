"""What stands around every answer: as of when, leaning on what, and what could not be seen?"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.values import Instant, Wire

T = TypeVar("T")


class ScopeFreshness(Wire):
    """How fresh one scope is that the answer leans on. Compare `stale_after` with your own clock."""

    source: str
    scope: str
    status: str = Field(description="`readable`, `failing`, `unreadable`, `never_read` or `vanished`.")
    since: Instant
    last_complete: Instant | None
    stale_after: Instant | None
    at_most_before: float | None = Field(
        description="At a past revision: the scope was read at most so many seconds before it."
    )
    error: str | None


class Gap(Wire):
    """Something that could not be seen, and its effect on the answer."""

    source: str | None
    scope: str | None
    status: str = Field(description="As of a scope, or `not_collected`: no configured source states it.")
    since: Instant | None
    effect: str


class Freshness(Wire):
    """The scopes that could have added to the answer, and the gaps among them."""

    scopes: tuple[ScopeFreshness, ...]
    gaps: tuple[Gap, ...]


class Envelope(Wire, Generic[T]):
    """An answer."""

    data: T
    as_of: Instant = Field(description="The instant of the revision.")
    revision: int
    freshness: Freshness
    truncated: bool = Field(description="Whether there is more than `data` shows.")
    cursor: str | None = Field(description="Continues a list: give it back with the same parameters.")


class ProblemDocument(BaseModel):
    """A problem (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/never-seen",
                    "title": "Nothing is known by this key",
                    "status": 404,
                    "detail": "no source ever stated it, and no relation in force names it: /v1/resolve finds the like",
                }
            ]
        },
    )

    type: str = Field(description="A stable URI; docs/reference.md lists them.")
    title: str
    status: int
    detail: str


Example = dict[str, Any]

FRESHNESS_EXAMPLE: Example = {
    "scopes": [
        {
            "source": "prod",
            "scope": "pods",
            "status": "unreadable",
            "since": "2026-03-01T10:14:00.000000Z",
            "last_complete": "2026-03-01T10:13:01.000000Z",
            "stale_after": "2026-03-01T10:16:01.000000Z",
            "at_most_before": None,
            "error": "403: may not list",
        }
    ],
    "gaps": [
        {
            "source": "prod",
            "scope": "pods",
            "status": "unreadable",
            "since": "2026-03-01T10:14:00.000000Z",
            "effect": "pods of prod: not readable since 2026-03-01T10:14:00.000000Z (403: may not list);"
            " absence is not evidence, presence may be past",
        }
    ],
}


def enveloped(data: object, *, truncated: bool = False, cursor: str | None = None) -> Example:
    """Give an example of an answer around an example of data."""
    return {
        "data": data,
        "as_of": "2026-03-01T10:14:00.000000Z",
        "revision": 42,
        "freshness": FRESHNESS_EXAMPLE,
        "truncated": truncated,
        "cursor": cursor,
    }
