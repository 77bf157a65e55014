"""What does a traversal ask of a store, thousands of times over, and what can wait until something is told?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from graph.model import Key


class Link(NamedTuple):
    """A relation in force whose two ends are tied: no more of it than a traversal needs. confidence: 0 to 1."""

    id: str
    verb: str
    source: Key
    target: Key
    confidence: float


class Hop(NamedTuple):
    """A relation in force, seen from one of its tied ends. confidence: 0 to 1.

    here: the end that was asked for. tie: what `ids` gives the relation's id for, in the same reader only.
    """

    here: Key
    verb: str
    there: Key
    confidence: float
    tie: int | str


class Traversed(Protocol):
    """The part of a reader that a traversal of thousands of things lives on."""

    def hops(self, keys: Collection[Key], *, outgoing: bool, verbs: Collection[str] = ()) -> Sequence[Hop]:
        """Give what `links` gives, in whatever order, each seen from its source (or else its target)."""
        ...

    def ids(self, ties: Collection[int | str]) -> Mapping[int | str, str]:
        """Give the ids of relations that `hops` gave."""
        ...


def hops_of(links: Iterable[Link], *, outgoing: bool) -> list[Hop]:
    """See links from their source (or else their target). What stands for the tie is its id."""
    if outgoing:
        return [Hop(one.source, one.verb, one.target, one.confidence, one.id) for one in links]
    return [Hop(one.target, one.verb, one.source, one.confidence, one.id) for one in links]
