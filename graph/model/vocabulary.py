"""Which kinds, attributes and verbs are there, and how does each count?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from graph.model.statements import CREATED


class Counts(StrEnum):
    """What a difference in an attribute makes."""

    CONFIGURATION = "configuration"
    """A version."""
    STATE = "state"
    """A version, told apart in every list, kept less long."""


class Harm(StrEnum):
    """Which way a failure or a change travels along a verb."""

    TO_SOURCE = "to_source"
    """The target hurts the source: the source depends on the target."""
    TO_TARGET = "to_target"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entity: its abstract class, and how each of its attributes counts.

    `raw`, `labels` and `created_at` go without saying.
    """

    name: str
    class_: str
    title: str
    attributes: Mapping[str, Counts]
    passing: bool = False
    """Its source keeps such a thing only for a while: it comes and goes as state does, and its end is no news."""
    holds: bool = False
    """What lies in it, by its key, ends with it."""

    @classmethod
    def of(
        cls,
        name: str,
        class_: str,
        title: str,
        configuration: str = "",
        state: str = "",
        *,
        passing: bool = False,
        holds: bool = False,
    ) -> Kind:
        """Make one row of the table. Words: the attributes that are configuration, and those that are state."""
        return cls(name, class_, title, _EVERYWHERE | counted(configuration, state), passing, holds)


@dataclass(frozen=True, slots=True)
class Verb:
    """A type of relation.

    local: both ends have the same root (one cluster), so that nothing elsewhere can add to it. ends: the kinds that it
    ties; empty means any.
    """

    name: str
    inverse: str
    harm: Harm
    weight: float
    attributes: Mapping[str, Counts]
    local: bool = False
    ends: frozenset[str] = frozenset()
    to_group: bool = False
    """Harm also travels from member to group, but only as k of n."""
    pooled: bool = False
    """The source is a group and its targets are the members: harm travels to it only as k of n."""
    ways: bool = False
    """A source has a target for each of its ways: it is lost with all of them, and with some of them degraded."""
    part: str = ""
    whole: str = ""
    """A source of the kind `part` is a part of its target, of the kind `whole`, and is lost with it; so is the whole
    with its part."""
    passing: bool = False
    """Its ties come and go with things that their source keeps only for a while."""


def counted(configuration: str, state: str) -> dict[str, Counts]:
    """Say of each word how it counts."""
    return dict.fromkeys(configuration.split(), Counts.CONFIGURATION) | dict.fromkeys(state.split(), Counts.STATE)


_EVERYWHERE = counted(f"{CREATED} raw labels", "")


class UnknownWord(ValueError):
    """A kind, verb or attribute is not in the vocabulary."""

    def __init__(self, word: str, place: str) -> None:
        super().__init__(f"{place} '{word}' is not in the vocabulary: add it to graph/model/kinds.py or verbs.py")
