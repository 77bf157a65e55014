"""What lies in a thing, and is lost with it, though no relation says so?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph.analysis.labels import Label
from graph.model import KINDS, Key
from graph.store import EntityFilter, GraphReader

_HOLDERS = frozenset(kind.name for kind in KINDS.values() if kind.holds)
_KINDS = frozenset(kind.name for kind in KINDS.values() if not kind.passing)

_WHOLE = "PART_OF"


def contents(reader: GraphReader, labels: Iterable[Label], most: int) -> Iterator[tuple[Label, Key]]:
    """Give what lies in the things that hold others: some `most`, and one more, where there are as many.

    That is the root itself, and what was come to as a part of it. Who limits a namespace does not end what lies in it.
    """
    left = most + 1
    for label in labels:
        if (label.arc is None or label.arc.crossing.verb == _WHOLE) and label.key.kind in _HOLDERS and left > 0:
            wanted = EntityFilter(kinds=_KINDS, prefix=label.key)
            found = [one.key for one in reader.entities(wanted, left + 1) if one.key != label.key]
            left -= len(found)
            yield from ((label, key) for key in found)
