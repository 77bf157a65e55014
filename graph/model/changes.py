"""What differs between two revisions, why, and when did it happen?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graph.model.kinds import passes
from graph.model.statements import Value
from graph.model.times import Interval


class Transition(StrEnum):
    """What a revision did to an entity or a relation."""

    OPENED = "opened"
    REVISED = "revised"
    REPLACED = "replaced"
    CLOSED = "closed"


class Cause(StrEnum):
    """Why a field differs. Lists of changes show `world` unless they are asked for more."""

    WORLD = "world"
    FIRST_LOOK = "first_look"
    """In a scope's first complete run, and not created since the source was first read."""
    MAPPING = "mapping"
    """The document did not move, or only one of the two mappings knows the field."""
    RESOLUTION = "resolution"
    """An alias found a holder, lost it, or changed it."""
    RULE = "rule"
    """A conclusion of a correlation rule."""
    RETIRED = "retired"
    """A person retired the source or the scope."""
    EXPIRED = "expired"
    """Its source keeps such a thing only for a while (a Kubernetes Event for an hour), and the while was over."""


CAUSES_BY_WEIGHT = (
    Cause.WORLD,
    Cause.RETIRED,
    Cause.EXPIRED,
    Cause.FIRST_LOOK,
    Cause.RULE,
    Cause.RESOLUTION,
    Cause.MAPPING,
)
"""Which cause a change as a whole shows, when its fields have several: the first of these."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One differing field. A map's entry is named `map.entry`; None stands for absent. state: not configuration."""

    name: str
    old: Value
    new: Value
    cause: Cause
    state: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One entity or relation opened, revised, replaced or closed by a revision.

    subject: the key of the entity, or the id of the relation. word: its kind or verb.
    """

    subject: str
    word: str
    transition: Transition
    cause: Cause
    fields: tuple[FieldChange, ...]
    happened: Interval

    @property
    def only_state(self) -> bool:
        """Tell whether nothing but state (phase, readiness, restarts) differs, or what came or went is passing."""
        return passes(self.word) or (
            self.transition is Transition.REVISED and all(change.state for change in self.fields)
        )


def weightiest(causes: set[Cause]) -> Cause:
    """Give the cause that stands for several."""
    return next((cause for cause in CAUSES_BY_WEIGHT if cause in causes), Cause.WORLD)
