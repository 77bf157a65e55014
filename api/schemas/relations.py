"""What does a relation look like, as seen from one of its ends?"""

from __future__ import annotations

from pydantic import Field

from api.schemas.values import Evidence, Interval, JsonObject, Presence, Wire


class CitedAlias(Wire):
    """The alias by which an end was stated."""

    type: str
    value: str
    kinds: tuple[str, ...] = Field(description="The kinds that are meant by it.")


class OtherEnd(Wire):
    """The other end of a relation."""

    tie: str = Field(description="`tied` (one key), `open` (nobody holds the alias) or `ambiguous` (several do).")
    key: str | None
    kind: str | None
    name: str | None
    stated: str = Field(description="The end as it was stated: a key, or `type=value` of an alias.")
    alias: CitedAlias | None
    candidates: tuple[str, ...]
    presence: Presence | None
    stated_incarnation: str | None
    former_incarnation: bool = Field(description="The life of the thing that was meant is over; the key has another.")
    dangling: bool = Field(description="Tied to something gone or missing.")


class Relation(Wire):
    """A relation in force."""

    id: str
    direction: str = Field(description="`out`: the thing is the source; `in`: it is the target.")
    verb: str
    reads: str = Field(description="The verb as read from this side.")
    slot: str
    near: str = Field(description="What became of this end: `tied` or `ambiguous`.")
    other: OtherEnd
    attributes: JsonObject
    method: str
    confidence: float
    evidence: tuple[Evidence, ...]
    since: Interval
    opened: int


_POD = "k8s.cluster/9f2c/k8s.namespace/shop/k8s.pod/5b1e"

EXAMPLE = [
    {
        "id": "4f2d1c0b9a8e7d6c5b4a39281706f5e4",
        "direction": "out",
        "verb": "SELECTS",
        "reads": "SELECTS",
        "slot": "IPv4",
        "near": "tied",
        "other": {
            "tie": "tied",
            "key": _POD,
            "kind": "k8s.pod",
            "name": "cart-7d9f-x2x",
            "stated": _POD,
            "alias": None,
            "candidates": [],
            "presence": {
                "said": "present",
                "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
                "doubt": "unknown",
                "doubt_since": "2026-03-01T10:14:00.000000Z",
            },
            "stated_incarnation": None,
            "former_incarnation": False,
            "dangling": False,
        },
        "attributes": {"ready": True, "addresses": ["10.1.0.7"]},
        "method": "selector",
        "confidence": 1.0,
        "evidence": [{"source": "prod", "document": "77aa", "version": "5133", "scopes": ["endpointslices"]}],
        "since": {"start": "2026-03-01T10:00:01.000000Z", "end": "2026-03-01T10:01:01.000000Z"},
        "opened": 3,
    }
]
