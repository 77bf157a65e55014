"""What do changes, and the versions that they make, look like?"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas.entities import KEY_EXAMPLE
from api.schemas.values import Alias, Evidence, Instant, Interval, JsonObject, JsonValue, Wire


class FieldChange(Wire):
    """One differing field. Null stands for absent."""

    name: str
    old: JsonValue
    new: JsonValue
    cause: str
    state: bool = Field(description="Whether it is state (phase, readiness, restarts) and no configuration.")


class ChangedRelation(Wire):
    """The relation that changed."""

    source: str
    verb: str
    target: str
    slot: str


class Change(Wire):
    """One entity or relation opened, revised, replaced or closed by a revision."""

    revision: int
    sequence: int = Field(description="Its place in the revision.")
    recorded: Instant = Field(description="The instant of the revision: when it was known.")
    happened: Interval = Field(description="Between which instants it happened.")
    subject: str = Field(description="The key of the entity, or the id of the relation.")
    word: str = Field(description="Its kind or verb.")
    name: str | None
    relation: ChangedRelation | None
    transition: str = Field(description="`opened`, `revised`, `replaced` or `closed`.")
    class_: str = Field(alias="class", description="`configuration`, or `state` where nothing else differs.")
    cause: str = Field(description="`world`, `first_look`, `mapping`, `resolution`, `rule`, `retired` or `expired`.")
    fields: tuple[FieldChange, ...] = Field(description="The differing fields of the causes that were asked for.")
    hidden: int = Field(description="How many more fields differ, for other causes.")
    evidence: tuple[Evidence, ...]


class MadeBy(Wire):
    """The change that made a version, or ended it."""

    revision: int
    recorded: Instant
    happened: Interval
    transition: str
    cause: str
    fields: tuple[FieldChange, ...]


class Version(Wire):
    """One version of an entity: in force from the revision that opened it until the one that closed it."""

    opened: int
    closed: int | None
    name: str
    incarnation: str | None
    attributes: JsonObject
    aliases: tuple[Alias, ...]
    since: Interval = Field(description="When this life of the thing began.")
    made_by: MadeBy | None
    ended_by: MadeBy | None


_HAPPENED = {"start": "2026-03-01T10:12:00.000000Z", "end": "2026-03-01T10:14:00.000000Z"}
_FIELDS = [{"name": "replicas", "old": 2, "new": 4, "cause": "world", "state": False}]
_MADE = {
    "revision": 41,
    "recorded": "2026-03-01T10:14:00.000000Z",
    "happened": _HAPPENED,
    "transition": "revised",
    "cause": "world",
    "fields": _FIELDS,
}

CHANGES_EXAMPLE = [
    {
        **_MADE,
        "sequence": 0,
        "subject": KEY_EXAMPLE.replace("k8s.service", "k8s.deployment"),
        "word": "k8s.deployment",
        "name": "cart",
        "relation": None,
        "class": "configuration",
        "hidden": 0,
        "evidence": [{"source": "prod", "document": "77ab", "version": "5140", "scopes": ["deployments"]}],
    }
]
VERSIONS_EXAMPLE: list[dict[str, Any]] = [
    {
        "opened": 41,
        "closed": None,
        "name": "cart",
        "incarnation": "77ab",
        "attributes": {"replicas": 4},
        "aliases": [],
        "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
        "made_by": _MADE,
        "ended_by": None,
    }
]
