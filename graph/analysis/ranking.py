"""How well does an entity answer to a text?

A pure function of the forms of the text, the version of the entity, and who holds which alias.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from graph.analysis.forms import Forms, How, Sought
from graph.model import KINDS, Alias, EntityVersion, Holding, Key
from graph.terms import Carried, Field, carried


class Level(IntEnum):
    """What a match is worth: the more a text singles a thing out, the more."""

    FORMER_PREFIX = 1
    """The beginning of what it carried before."""
    PREFIX = 2
    """The beginning of what it carries."""
    FORMER = 3
    """What it carried before, or an exclusive alias that another has taken since."""
    PART = 4
    """What a URL leads through: its host, or what contains it."""
    LABELS = 5
    IMAGE = 6
    ADDRESS = 7
    """An address that stands in an attribute, or an alias that others may share."""
    NAME = 8
    EXCLUSIVE = 9
    """An alias that one holds at an instant."""
    FOREVER = 10
    """What no other will ever be called: an alias for good, its id, its incarnation."""
    KEY = 11


_BY_FIELD = {
    Field.NAME: Level.NAME,
    Field.IDENTIFIER: Level.FOREVER,
    Field.LABEL: Level.LABELS,
    Field.IMAGE: Level.IMAGE,
    Field.ADDRESS: Level.ADDRESS,
}
_BY_HOLDING = {
    Holding.FOREVER: Level.FOREVER,
    Holding.EXCLUSIVE: Level.EXCLUSIVE,
    Holding.SHARED: Level.ADDRESS,
}

_CLASSES = (
    "Logical",
    "Workload",
    "Network",
    "Compute",
    "Cluster",
    "Failure domain",
    "Artifact",
    "Code",
    "Config",
    "Identity",
    "Organisation",
)
"""Classes of kinds, those first that a name without a kind mostly means."""


class Match(NamedTuple):
    """What of an entity a text is. what: `key`, `name`, `id`, an alias's type, an attribute. text: as carried."""

    level: Level
    what: str
    text: str
    how: How
    alias: Alias | None = None


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """The parts by which results are ordered, the first that differs decides; more is better.

    match: the level. letters: 1 where the very text stands there, case included. there: 2 in force, 1 gone, 0 only
    named. class_: of the kind. depth: the number of pairs in the key, negative: what contains comes before what is in
    it.
    """

    match: int
    letters: int
    there: int
    class_: int
    depth: int


def matched(version: EntityVersion, asked: Forms, held: Collection[tuple[Alias, Key]] | None = None) -> Match | None:
    """Give the best match of a version, whether in force or not.

    held: which exclusive aliases are held by whom. One that somebody else has taken since is a former one; None asks
    nothing of the kind.
    """
    found = list(_matches(version, asked))
    if held is not None:
        found = [_superseded(one, version.key, held) for one in found]
    return max(found, key=_closeness, default=None)


def _closeness(match: Match) -> tuple[int, int, str, str]:
    """Order matches of one version: of what is all of a text the longest, of what begins with it the shortest."""
    length = -len(match.text) if match.how is How.PREFIX else len(match.text)
    return match.level, length, match.what, match.text


def _superseded(match: Match, key: Key, held: Collection[tuple[Alias, Key]]) -> Match:
    taken = match.alias is not None and match.alias.holding is Holding.EXCLUSIVE and (match.alias, key) not in held
    return match._replace(level=former(match.how)) if taken else match


def _matches(version: EntityVersion, asked: Forms) -> Iterable[Match]:
    if version.key in asked.keys:
        yield Match(Level.KEY, "key", version.key, How.EXACT)
    if asked.labels and _has_all(version, asked):
        yield Match(Level.LABELS, "labels", ",".join("=".join(one) for one in asked.labels), How.EXACT)
    sought = [one for one in asked.sought if one.allows(version.key)]
    for one in carried(version) if sought else ():
        for wanted in sought:
            if wanted.matches(one.field, one.text):
                yield Match(_level(wanted, one), one.what, one.text, wanted.how, one.alias)


def _has_all(version: EntityVersion, asked: Forms) -> bool:
    has = {one.text for one in carried(version) if one.what == "labels"}
    return all("=".join(one) in has for one in asked.labels)


def _level(wanted: Sought, one: Carried) -> Level:
    if wanted.how is How.PREFIX:
        return Level.PREFIX
    if wanted.how is How.PART:
        return Level.PART
    return _BY_HOLDING[one.alias.holding] if one.alias is not None else _BY_FIELD[wanted.field]


def former(how: How) -> Level:
    """Give the level of a match with what was carried before."""
    return Level.FORMER_PREFIX if how is How.PREFIX else Level.FORMER


def score(match: Match, key: Key, version: EntityVersion | None, text: str) -> Score:
    """Score a match of a text with an entity. version: its last one; None for what is only named."""
    kind = KINDS.get(key.kind)
    class_ = _CLASSES.index(kind.class_) if kind is not None and kind.class_ in _CLASSES else len(_CLASSES)
    there = 0 if version is None else 1 if version.closed is not None else 2
    same = match.text.startswith(text) if match.how is How.PREFIX else match.text in (text, text.rpartition("/")[2])
    return Score(match.level, int(same), there, len(_CLASSES) - class_, -(key.count("/") + 1) // 2)
