"""What do impact and dependencies look like: what was reached, by which path, and what was left out?"""

from __future__ import annotations

from pydantic import Field

from api.schemas.entities import KEY_EXAMPLE
from api.schemas.values import Evidence, Instant, Presence, Thing, Wire


class Cut(Wire):
    """Something that was left out."""

    why: str = Field(
        description="`confidence`: it would be less sure than is asked for; `depth`: it is further away; `limit`: as"
        " many were reached as are asked for."
    )
    at: float = Field(description="The bound.")
    least: int = Field(description="How many things lie beyond it, as far as was seen.")


class Tie(Wire):
    """A relation that paths lead along. Each stands once in an answer."""

    id: str
    verb: str
    slot: str
    source: Thing
    target: Thing
    method: str
    confidence: float
    weight: float = Field(description="How strongly harm travels by this verb.")
    evidence: tuple[Evidence, ...]
    last_seen: Instant | None = Field(
        description="The end of the last complete run, of the scopes that cover the evidence, that a revision took"
        " notice of. `freshness` has those since."
    )


class Stride(Wire):
    """One step of a path."""

    relation: str | None = Field(
        description="The id of one of `relations`; null where it lies, by its key, in what the step came from."
    )
    to: str = Field(description="The key that it leads to.")
    confidence: float = Field(description="How surely harm comes this far.")


class Members(Wire):
    """The ready members of a group, or the ways that a thing has which has several."""

    of: str = Field(description="What is counted: `ready members`; or `ways`, such as the services of an Ingress.")
    left: int = Field(description="How many are left: the k of k of n.")
    all: int = Field(description="How many there are: the n.")
    lost: int
    at_risk: int = Field(description="How many of those that are left harm comes to.")
    minimum: int | None = Field(
        description="How many of them the PodDisruptionBudget that asks most of it keeps. Fewer are as bad as none."
    )
    kept_by: str | None = Field(description="The key of that PodDisruptionBudget.")
    min_replicas: int | None = Field(
        description="How many the HorizontalPodAutoscaler that asks most asks for. It is told, and changes nothing."
    )
    scaled_by: str | None = Field(description="The key of that HorizontalPodAutoscaler.")


class Affected(Wire):
    """A thing that harm reaches."""

    key: str
    kind: str
    name: str
    presence: Presence | None
    effect: str = Field(
        description="`outage`: it is lost; `degraded`: of the ready members of a group, or of its ways, some are lost"
        " and some left; `at_risk`: harm comes weakened, by a tie that does not take all or from what is short of"
        " members itself."
    )
    confidence: float = Field(
        description="The product of confidence and weight along the best path; for a group, the share that is lost, or"
        " how surely fewer than `minimum` are left, whichever is more."
    )
    hops: int
    members: Members | None = Field(description="Of a group that harm came to from its members.")
    reason: str = Field(description="The last step in words.")
    path: tuple[Stride, ...] = Field(description="From the root on.")


class Impact(Wire):
    """What is harmed when a thing fails or changes."""

    root: Thing
    reached: int = Field(description="How many things harm reaches; `affected` shows a page of them.")
    effects: dict[str, int] = Field(description="How many by effect.")
    kinds: dict[str, int] = Field(description="How many by kind.")
    cuts: tuple[Cut, ...] = Field(description="Why harm was followed no further.")
    affected: tuple[Affected, ...] = Field(description="The surest first, then the nearest, then by key.")
    relations: tuple[Tie, ...] = Field(description="The relations on the paths of these, ordered by id.")


class Needed(Wire):
    """A thing that the root needs."""

    key: str
    kind: str
    name: str
    presence: Presence | None
    confidence: float = Field(
        description="The product of confidence and weight along the best path; members of a group are taken together."
    )
    hops: int
    one_of: int | None = Field(description="How many members the group has by which the last step led to it.")
    reason: str = Field(description="The last step in words.")
    path: tuple[Stride, ...] = Field(description="From the root on.")


class Dependencies(Wire):
    """What a thing needs to be well."""

    root: Thing
    reached: int = Field(description="How many things it needs; `needed` shows a page of them.")
    kinds: dict[str, int] = Field(description="How many by kind.")
    cuts: tuple[Cut, ...] = Field(description="Why ties were followed no further.")
    needed: tuple[Needed, ...] = Field(description="The surest first, then the nearest, then by key.")
    relations: tuple[Tie, ...] = Field(description="The relations on the paths of these, ordered by id.")


PRESENT = {
    "said": "present",
    "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
    "doubt": None,
    "doubt_since": None,
}
_POD = KEY_EXAMPLE.replace("k8s.service/cart", "k8s.pod/5b1e")
_RELATION = "4f2d1c0b9a8e7d6c5b4a39281706f5e4"
SERVICE_EXAMPLE = {"key": KEY_EXAMPLE, "kind": "k8s.service", "name": "cart", "presence": PRESENT}
POD_EXAMPLE = {"key": _POD, "kind": "k8s.pod", "name": "cart-7d9f-x2x", "presence": PRESENT}
TIE_EXAMPLE = {
    "id": _RELATION,
    "verb": "SELECTS",
    "slot": "IPv4",
    "source": SERVICE_EXAMPLE,
    "target": POD_EXAMPLE,
    "method": "selector",
    "confidence": 1.0,
    "weight": 1.0,
    "evidence": [{"source": "prod", "document": "77aa", "version": "5133", "scopes": ["endpointslices"]}],
    "last_seen": "2026-03-01T10:13:01.000000Z",
}
_CUTS = [{"why": "confidence", "at": 0.05, "least": 3}]

IMPACT_EXAMPLE = {
    "root": POD_EXAMPLE,
    "reached": 1,
    "effects": {"degraded": 1},
    "kinds": {"k8s.service": 1},
    "cuts": _CUTS,
    "affected": [
        {
            **SERVICE_EXAMPLE,
            "effect": "degraded",
            "confidence": 0.25,
            "hops": 1,
            "members": {
                "of": "ready members",
                "left": 3,
                "all": 4,
                "lost": 1,
                "at_risk": 0,
                "minimum": None,
                "kept_by": None,
                "min_replicas": None,
                "scaled_by": None,
            },
            "reason": "Service cart selects Pod cart-7d9f-x2x; 3 of 4 ready members are left",
            "path": [{"relation": _RELATION, "to": KEY_EXAMPLE, "confidence": 0.25}],
        }
    ],
    "relations": [TIE_EXAMPLE],
}
DEPENDENCIES_EXAMPLE = {
    "root": SERVICE_EXAMPLE,
    "reached": 1,
    "kinds": {"k8s.pod": 1},
    "cuts": _CUTS,
    "needed": [
        {
            **POD_EXAMPLE,
            "confidence": 1.0,
            "hops": 1,
            "one_of": 4,
            "reason": "Service cart selects Pod cart-7d9f-x2x, one of 4",
            "path": [{"relation": _RELATION, "to": _POD, "confidence": 1.0}],
        }
    ],
    "relations": [TIE_EXAMPLE],
}
