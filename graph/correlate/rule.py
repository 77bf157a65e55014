"""What does a rule promise? To say what it concludes about an anchor, and which anchors a change bears on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from graph.model import Key, Relation
from graph.store import GraphReader, RecordedChange


class Rule(Protocol):
    """Compares statements of several documents. Pure: the same graph gives the same conclusions.

    An *anchor* is the entity that a conclusion is about, and one end of every tie concluded about it. What is
    concluded about one anchor is concluded as a whole, and depends on no other anchor.
    """

    @property
    def name(self) -> str:
        """The name of its scope, without white space. One that is renamed is another rule."""
        ...

    @property
    def version(self) -> int:
        """The version of its reasoning, as of a mapping: raised whenever the same premises lead elsewhere."""
        ...

    @property
    def states(self) -> frozenset[str]:
        """The verbs that it concludes."""
        ...

    @property
    def premises(self) -> frozenset[str]:
        """The kinds and verbs that it reads. None that any rule concludes."""
        ...

    def every(self, now: GraphReader) -> Iterable[Key]:
        """Give all anchors that there are."""
        ...

    def anchors(self, changes: Sequence[RecordedChange], before: GraphReader, now: GraphReader) -> Iterable[Key]:
        """Give the anchors that changes of premises bear on: the index from premises to conclusions.

        changes: all that differs in the premises between `before`, when the rule last concluded, and `now`. One anchor
        too many costs a look at it; one too few is a conclusion that is wrong.
        """
        ...

    def conclusions(self, anchors: Collection[Key], now: GraphReader) -> Iterable[tuple[Key, Relation]]:
        """Give each tie that is concluded about some anchors, with its anchor. An anchor that is no more has none."""
        ...
