"""What does an entity look like: whole, and as a row of a list?"""

from __future__ import annotations

from pydantic import Field

from api.schemas.values import Alias, Evidence, Interval, JsonObject, Presence, Wire

KEY_EXAMPLE = "k8s.cluster/9f2c/k8s.namespace/shop/k8s.service/cart"


class ListedEntity(Wire):
    """An entity in force."""

    key: str
    kind: str
    class_: str | None = Field(alias="class", description="The abstract class of the kind.")
    name: str
    incarnation: str | None = Field(description="The source's own id of this life of the thing.")
    presence: Presence
    attributes: JsonObject
    since: Interval
    opened: int = Field(description="The revision that made this version.")


class Entity(Wire):
    """An entity: its last version up to the revision; for what was only ever named, the key and who names it."""

    key: str
    kind: str
    class_: str | None = Field(alias="class")
    title: str | None
    name: str | None
    incarnation: str | None
    presence: Presence
    attributes: JsonObject
    aliases: tuple[Alias, ...]
    evidence: tuple[Evidence, ...]
    since: Interval | None
    opened: int | None
    closed: int | None = Field(description="The revision that ended it; null while it is in force.")
    named_by: int | None = Field(description="How many relations in force name what was never stated.")


_COMMON = {
    "key": KEY_EXAMPLE,
    "kind": "k8s.service",
    "class": "Network",
    "name": "cart",
    "incarnation": "0d9c3c7e-53f3-4d3c-9d2f-6f3f2b1f5c11",
    "presence": {
        "said": "present",
        "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
        "doubt": None,
        "doubt_since": None,
    },
    "attributes": {"type": "ClusterIP", "selector": {"app": "cart"}},
    "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
    "opened": 2,
}

LIST_EXAMPLE = [_COMMON]
ENTITY_EXAMPLE = {
    **_COMMON,
    "title": "Service",
    "aliases": [{"type": "k8s.uid", "value": "0d9c3c7e-53f3-4d3c-9d2f-6f3f2b1f5c11", "holding": "forever"}],
    "evidence": [
        {
            "source": "prod",
            "document": "0d9c3c7e-53f3-4d3c-9d2f-6f3f2b1f5c11",
            "version": "5120",
            "scopes": ["services"],
        }
    ],
    "closed": None,
    "named_by": None,
}
