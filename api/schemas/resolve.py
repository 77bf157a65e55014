"""What does it look like, what a text could mean?"""

from __future__ import annotations

from pydantic import Field

from api.schemas.entities import KEY_EXAMPLE
from api.schemas.values import Presence, Wire


class MatchedBy(Wire):
    """By what an entity was found."""

    what: str = Field(
        description="`key`, `name`, `id`, `incarnation`, the type of an alias (`ip`, `k8s.uid`), or an attribute"
        " (`labels`, `image`, `hosts`, `pod_ips`)."
    )
    text: str = Field(description="What stands there.")
    how: str = Field(description="`exact`; `part`, where it is only a part of a URL that was asked for; or `prefix`.")
    held: bool = Field(description="Whether it is so at the revision.")
    until: int | None = Field(
        description="Where it is not: the revision that ended it; null where another has taken an alias that this one"
        " still states."
    )


class Score(Wire):
    """The parts by which results are ordered: the first that differs decides, and after all of them the key."""

    match: int = Field(description="What was matched, 11 to 1: see the reference.")
    letters: int = Field(description="1 where the very text stands there, case included.")
    there: int = Field(description="2 in force, 1 gone, 0 only named.")
    class_: int = Field(alias="class", description="Of the kind: what a bare name mostly means comes first.")
    depth: int = Field(description="What contains comes before what is in it.")


class Meaning(Wire):
    """An entity that the text could mean."""

    key: str
    kind: str
    class_: str | None = Field(alias="class")
    name: str
    presence: Presence
    matched_by: MatchedBy
    score: Score


class Resolution(Wire):
    """All that a text could mean, the likeliest first. Nothing is chosen."""

    text: str
    meanings: tuple[Meaning, ...]
    considered: int = Field(description="How many entities were ranked.")
    complete: bool = Field(description="Whether these are all; else there are more of them than are ranked.")


EXAMPLE = {
    "text": "shop/cart",
    "meanings": [
        {
            "key": KEY_EXAMPLE,
            "kind": "k8s.service",
            "class": "Network",
            "name": "cart",
            "presence": {
                "said": "present",
                "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
                "doubt": None,
                "doubt_since": None,
            },
            "matched_by": {"what": "name", "text": "cart", "how": "exact", "held": True, "until": None},
            "score": {"match": 8, "letters": 1, "there": 2, "class": 9, "depth": -3},
        }
    ],
    "considered": 1,
    "complete": True,
}
