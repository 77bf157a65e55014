"""What does a comparison of two revisions look like?"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas.changes import ChangedRelation
from api.schemas.entities import KEY_EXAMPLE
from api.schemas.envelope import FRESHNESS_EXAMPLE, Freshness
from api.schemas.values import Alias, Evidence, Instant, Interval, JsonValue, Presence, Wire


class FieldDifference(Wire):
    """One field that is another. Null stands for absent."""

    name: str
    old: JsonValue
    new: JsonValue
    state: bool = Field(description="Whether it is state (phase, readiness, restarts) and no configuration.")
    causes: tuple[str, ...] = Field(description="Why, the weightiest first.")
    happened: Interval = Field(description="When it became what it is at the later revision.")
    changes: int = Field(description="How many changes of it lie between.")


class Difference(Wire):
    """One entity or relation that is different."""

    subject: str = Field(description="The key of the entity, or the id of the relation.")
    word: str = Field(description="Its kind or verb.")
    name: str | None
    relation: ChangedRelation | None
    difference: str = Field(description="`added`, `removed`, `changed`, or `replaced` by another incarnation.")
    causes: tuple[str, ...]
    happened: Interval = Field(description="Of the last change.")
    changes: int = Field(description="How many changes of it lie between.")
    fields: tuple[FieldDifference, ...]
    hidden: int = Field(description="How many more fields differ, in state or for causes that were not asked for.")
    evidence: tuple[Evidence, ...] = Field(
        description="Who states it at the later revision; of what was removed, who did at the earlier."
    )


class Tally(Wire):
    """How many subjects of this page came to what. Where the answer is not truncated, that is all of them."""

    added: int
    removed: int
    changed: int
    replaced: int
    undone: int = Field(description="Changed in between, and as before: no difference.")
    state: int = Field(description="Left out: only state differs, which was not asked for.")
    hidden: int = Field(description="Left out: what differs has other causes than those asked for.")


class Moment(Wire):
    """The earlier revision, and what could be seen then."""

    revision: int
    as_of: Instant
    freshness: Freshness


class Reached(Wire):
    """How many things stood within reach of the root at each revision, itself included; none before it was named."""

    earlier: int
    later: int
    cut: bool = Field(description="Whether there were more than are looked at.")


class GraphDiff(Wire):
    """What differs in the graph, or around a root: the latest change first."""

    from_: Moment = Field(alias="from")
    within: Reached | None
    tally: Tally
    rows: tuple[Difference, ...]


class Side(Wire):
    """The entity at one of the two revisions. Null where a thing was only named."""

    presence: Presence
    name: str | None
    incarnation: str | None
    since: Interval | None
    opened: int | None


class EntityDifference(Wire):
    """What differs about the entity itself."""

    key: str
    kind: str
    difference: str | None = Field(description="As of a row; null where it is as it was.")
    before: Side | None = Field(description="Null where nobody had named it then.")
    after: Side | None
    changes: int
    fields: tuple[FieldDifference, ...]
    aliases_added: tuple[Alias, ...]
    aliases_removed: tuple[Alias, ...]


class EntityDiff(Wire):
    """What differs about one entity, and its relations that came, went or are others."""

    from_: Moment = Field(alias="from")
    entity: EntityDifference
    tally: Tally = Field(description="Of the relations.")
    relations: tuple[Difference, ...]


_KEY = KEY_EXAMPLE.replace("k8s.service", "k8s.deployment")
_HAPPENED = {"start": "2026-03-01T10:12:00.000000Z", "end": "2026-03-01T10:14:00.000000Z"}
_FIELD = {
    "name": "replicas",
    "old": 2,
    "new": 4,
    "state": False,
    "causes": ["world"],
    "happened": _HAPPENED,
    "changes": 1,
}
_EVIDENCE = [{"source": "prod", "document": "77ab", "version": "5140", "scopes": ["deployments"]}]
_MOMENT = {"revision": 40, "as_of": "2026-03-01T10:12:00.000000Z", "freshness": FRESHNESS_EXAMPLE}
_TALLY = {"added": 0, "removed": 0, "changed": 1, "replaced": 0, "undone": 2, "state": 3, "hidden": 0}
_SIDE = {
    "presence": {
        "said": "present",
        "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
        "doubt": None,
        "doubt_since": None,
    },
    "name": "cart",
    "incarnation": "77ab",
    "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
    "opened": 1,
}

GRAPH_DIFF_EXAMPLE: dict[str, Any] = {
    "from": _MOMENT,
    "within": None,
    "tally": _TALLY,
    "rows": [
        {
            "subject": _KEY,
            "word": "k8s.deployment",
            "name": "cart",
            "relation": None,
            "difference": "changed",
            "causes": ["world"],
            "happened": _HAPPENED,
            "changes": 1,
            "fields": [_FIELD],
            "hidden": 0,
            "evidence": _EVIDENCE,
        }
    ],
}
ENTITY_DIFF_EXAMPLE: dict[str, Any] = {
    "from": _MOMENT,
    "entity": {
        "key": _KEY,
        "kind": "k8s.deployment",
        "difference": "changed",
        "before": _SIDE,
        "after": {**_SIDE, "opened": 41},
        "changes": 1,
        "fields": [_FIELD],
        "aliases_added": [],
        "aliases_removed": [],
    },
    "tally": {**_TALLY, "changed": 0},
    "relations": [],
}
