"""What is harmed when this fails or changes, how surely, and why?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from graph.analysis.arcs import FOLLOWED, Flow
from graph.analysis.labels import Label, Members
from graph.analysis.placement import Thing
from graph.analysis.presence import Presence
from graph.analysis.spread import Bounds, Cut, Spread, spread
from graph.analysis.steps import Stride, Surroundings, TieView, named_by, strides
from graph.model import KINDS, Key, Question
from graph.store import GraphReader

BOUNDS = Bounds()

_KIND = attrgetter("key.kind")


class Effect(StrEnum):
    """What a failure comes to for a thing that it reaches."""

    OUTAGE = "outage"
    """It is lost: each tie on the way takes all of what depends on it, and no group on the way has a member left."""
    DEGRADED = "degraded"
    """A group: some of its ready members are lost, and k of n are left."""
    AT_RISK = "at_risk"
    """Harm comes weakened: by a tie that does not take all, or from what is itself only degraded or at risk."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A thing that harm reaches.

    confidence: the product along its best path; for a group the share that is lost, or how surely fewer are left than
    its budget keeps, whichever is more.
    """

    key: Key
    kind: str
    name: str
    presence: Presence | None
    effect: Effect
    confidence: float
    hops: int
    members: Members | None
    reason: str
    path: tuple[Stride, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What harm reaches from a thing: how many in all, by effect and by kind, and some of them, the surest first.

    relations: the ties on the paths of these. cuts: why harm was followed no further.
    """

    root: Thing
    reached: int
    effects: Mapping[str, int]
    kinds: Mapping[str, int]
    cuts: tuple[Cut, ...]
    affected: tuple[Affected, ...]
    relations: tuple[TieView, ...]


def about() -> tuple[Question, ...]:
    """Say what the answer could return: whatever harm leads to, along any verb and anywhere."""
    return (Question(FOLLOWED | frozenset(KINDS), expected=False),)


def impact(reader: GraphReader, key: Key, bounds: Bounds = BOUNDS, *, limit: int = 100, after: int = 0) -> Impact:
    """Tell what is harmed when a thing fails or changes, and describe `limit` of the reached, from a place on."""
    found = spread(reader, key, Flow.HARM, bounds)
    page = found.reached[after : after + limit]
    keys, ties = named_by(page)
    ids = reader.ids(ties)
    around = Surroundings(reader, {key, *keys, *_keepers(page, found)}, ids.values())
    return Impact(
        around.thing(key),
        len(found.reached),
        _effects(found),
        dict(sorted(Counter(map(_KIND, found.reached)).items())),
        found.cuts,
        tuple(_affected(one, found, around, ids) for one in page),
        around.ties(),
    )


def _effects(found: Spread) -> dict[str, int]:
    """Count what is reached by effect. All but the groups short of members is lost or at risk."""
    counts = Counter({Effect.OUTAGE: len(found.lost)})
    degraded = [key for key, members in found.members.items() if members.lost and key not in found.lost]
    counts[Effect.DEGRADED] = len(found.among(degraded))
    counts[Effect.AT_RISK] = len(found.reached) - counts.total()
    return {effect.value: count for effect, count in sorted(counts.items()) if count}


def _effect(label: Label, found: Spread) -> Effect:
    if label.key in found.lost:
        return Effect.OUTAGE
    members = found.members.get(label.key)
    return Effect.DEGRADED if members is not None and members.lost else Effect.AT_RISK


def _affected(label: Label, found: Spread, around: Surroundings, ids: Mapping[int | str, str]) -> Affected:
    thing = around.thing(label.key)
    members = found.members.get(label.key)
    reason = around.told(label)
    if members is not None:
        reason = f"{reason}; {_told(members, around)}"
    effect = _effect(label, found)
    return Affected(
        thing.key,
        thing.kind,
        thing.name,
        thing.presence,
        effect,
        label.p,
        label.hops,
        members,
        reason,
        strides(label, ids),
    )


def _keepers(page: Iterable[Label], found: Spread) -> set[Key]:
    """Give what asks for a minimum of the groups on a page."""
    groups = [found.members[one.key] for one in page if one.key in found.members]
    return {key for one in groups for key in (one.kept_by, one.scaled_by) if key is not None}


def _told(members: Members, around: Surroundings) -> str:
    """Tell how many members are left, and which minimums that falls below."""
    told, left = f"{members.left} of {members.all} {members.of} are left", members.left
    below: list[str] = []
    if members.minimum is not None and members.kept_by is not None and left - members.at_risk < members.minimum:
        spared = "" if members.short else "without those at risk "
        below.append(f"{spared}fewer than the {members.minimum} that {around.titled(members.kept_by)} keeps")
    if members.min_replicas is not None and members.scaled_by is not None and left < members.min_replicas:
        below.append(f"fewer than the {members.min_replicas} that {around.titled(members.scaled_by)} asks for")
    return ", ".join([told, *below])
