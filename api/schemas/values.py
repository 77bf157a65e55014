"""How do instants, intervals, attributes and presence look as JSON?"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from graph.model import Value, canonical, text_of


def _sorted(value: Value) -> Any:
    """Give JSON data with sorted names, so that equal values are equal bytes whatever the store."""
    return json.loads(canonical(value))


Instant = Annotated[
    datetime,
    PlainSerializer(text_of, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T10:00:01.000000Z"]}),
]
"""RFC 3339 in UTC with microseconds: texts sort as instants do."""

JsonObject = Annotated[dict[str, Any], BeforeValidator(_sorted)]
JsonValue = Annotated[Any, BeforeValidator(_sorted)]


class Wire(BaseModel):
    """Whatever goes over the wire. Made from the value of the same shape that `graph.analysis` gives."""

    model_config = ConfigDict(from_attributes=True, frozen=True, populate_by_name=True, serialize_by_alias=True)


class Interval(Wire):
    """When something happened: half-open, UTC. A start of null: nobody had looked before."""

    start: Instant | None
    end: Instant


class Presence(Wire):
    """Two facts, derived at the revision that is read."""

    said: str = Field(description="What its home said last: `present`, `gone`, `missing` or `mentioned`.")
    since: Interval | None = Field(description="When that began.")
    doubt: str | None = Field(description="Why it may not hold: `unknown`, `never_read`, `doubted`; null: it holds.")
    doubt_since: Instant | None


class Evidence(Wire):
    """A document that states it."""

    source: str
    document: str = Field(description="Its id in the source (for Kubernetes the uid).")
    version: str | None = Field(description="Its version there; null where the document is no longer in force.")
    scopes: tuple[str, ...] = Field(description="The scopes that cover it.")


class Alias(Wire):
    """Another identifier of a thing."""

    type: str
    value: str
    holding: str = Field(description="`forever`, `exclusive` (one holder at an instant) or `shared`.")


class Thing(Wire):
    """Something that the answer names."""

    key: str
    kind: str
    name: str
    presence: Presence | None
