"""What does a listing still prove, once a watch has gone on beside it?

Both number what they say by the source's own positions, so that it can be told which of them is the later word.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice

from graph.model import Ended, Scope
from graph.plan import DocumentChanges, Known, Mapped

KnownOf = Callable[[Collection[str]], Mapping[str, Known]]
"""What is known now of some documents of the source."""

_AT_ONCE = 2_000
"""Documents that are looked up at once."""


def abreast(changes: DocumentChanges, known_of: KnownOf) -> DocumentChanges:
    """Keep of a listing's plan what holds against what is known now, which is more than when it was planned.

    A document that was moved past the listing's position is no longer the listing's to speak of. One that was moved,
    but not past it, is compared again; what had only another token then is left to the next listing, which costs no
    more than to map it once more.
    """
    kept = replace(changes, mapped=[], touched=[], ended=[], missed=[], found=[])
    mapped: list[Mapped] = []
    waiting = iter(changes.mapped)
    while portion := list(islice(waiting, _AT_ONCE)):
        now = known_of([one.id for one in portion])
        for one in portion:
            former = now.get(one.id)
            if _past(former, changes.position):
                continue
            if former is None or former.gone or former.fingerprint != one.fingerprint:
                mapped.append(one)
            elif (former.version, former.mapping) != (one.version, one.mapping):
                kept.touched.append((one.id, one.version, one.position))
    kept.mapped = mapped
    lacking = [one.id for one in changes.ended] + changes.missed + changes.found
    others = known_of(lacking)

    def holds(id_: str) -> bool:
        former = others.get(id_)
        return former is not None and not former.gone and not _past(former, changes.position)

    kept.ended += [one for one in changes.ended if holds(one.id)]
    kept.missed += [id_ for id_ in changes.missed if holds(id_)]
    kept.found += [id_ for id_ in changes.found if holds(id_)]
    return kept


def _past(former: Known | None, listing: int | None) -> bool:
    return former is not None and former.position is not None and listing is not None and former.position > listing


class Departures:
    """The documents that a watch opened and ended in one breath while their scope was being listed.

    Nothing was recorded of them, and so nothing else would keep the listing from showing them as if they were there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], dict[str, int]] = {}

    def listing(self, scope: Scope) -> None:
        """Note that a listing of a scope begins: what left before is past in it."""
        with self._lock:
            self._left[scope.source, scope.name] = {}

    def note(self, scope: Scope, ended: Iterable[Ended], known: Collection[str]) -> None:
        """Note what ended without ever having been recorded, if the scope is being listed."""
        with self._lock:
            left = self._left.get((scope.source, scope.name))
            if left is not None:
                left.update((one.id, one.position.value) for one in ended if one.id not in known)

    def over(self, scope: Scope) -> None:
        """Note that nothing will come of the listing of a scope."""
        with self._lock:
            self._left.pop((scope.source, scope.name), None)

    def without(self, scope: Scope, changes: DocumentChanges) -> DocumentChanges:
        """Leave out of a listing's plan what had departed by then; the listing is over with that."""
        with self._lock:
            left = self._left.pop((scope.source, scope.name), {})
        position = changes.position
        departed = {id_ for id_, ended in left.items() if position is not None and ended > position}
        if not departed:
            return changes
        return replace(changes, mapped=[one for one in changes.mapped if one.id not in departed])
