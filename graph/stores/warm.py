"""What is known of every document in a scope's range, without asking again for a world that did not move?

Shared by all stores that keep it elsewhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from graph.model import Key, Scope
from graph.plan import Known
from graph.store import StoreError

Read: TypeAlias = Callable[[str, Collection[str]], Mapping[str, Known]]
"""What is known now of some documents of a source."""

MOST_KEPT = 400_000
"""Documents kept warm: about 250 MB. Scopes that were asked for least lately are read again when it is their turn."""

_RENEW_FROM = 1_000
"""So many changed documents, and a scope is read again as a whole rather than put right."""


class _Kept(NamedTuple):
    """What is known of a scope, by id, and the revision that it is as of."""

    known: dict[str, Known]
    head: int


class WarmKnown:
    """What was read of scopes, put right by each commit. A mapping once given is never changed: a plan reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: OrderedDict[Scope, _Kept] = OrderedDict()
        self._commits = 0

    @property
    def commits(self) -> int:
        """How many commits changed documents: what was read before another one is not kept."""
        with self._lock:
            return self._commits

    def given(self, scope: Scope) -> tuple[Mapping[str, Known], int] | None:
        """Give what is known of a scope, and the revision that it is as of, if it is warm."""
        with self._lock:
            kept = self._scopes.get(scope)
            if kept is None:
                return None
            self._scopes.move_to_end(scope)
            return kept

    def keep(self, scope: Scope, known: dict[str, Known], head: int, commits: int) -> None:
        """Keep what was read as of a revision, when so many commits had changed documents."""
        with self._lock:
            if commits != self._commits:
                return
            self._scopes[scope] = _Kept(known, head)
            kept = sum(len(one.known) for one in self._scopes.values())
            while kept > MOST_KEPT and len(self._scopes) > 1:
                _, dropped = self._scopes.popitem(last=False)
                kept -= len(dropped.known)

    def published(self, read: Read, head: int, changed: Mapping[str, Collection[str]]) -> None:
        """Put right what is kept, after a commit that changed some documents (ids by source).

        The commit stands. Where what it changed cannot be read now, nothing is kept, and all is read when asked for.
        """
        with self._lock:
            self._commits += any(changed.values())  # a look that found nothing new outdates nothing read meanwhile
            kept, self._scopes = self._scopes, OrderedDict()
            with suppress(StoreError):
                self._scopes = _put_right(kept, read, head, changed)

    def forget(self) -> None:
        """Keep nothing: nobody knows what the last commit changed."""
        with self._lock:
            self._commits += 1
            self._scopes.clear()


def _put_right(
    kept: OrderedDict[Scope, _Kept], read: Read, head: int, changed: Mapping[str, Collection[str]]
) -> OrderedDict[Scope, _Kept]:
    """Give what is kept as of a revision that changed some documents, but for what is cheaper read anew."""
    now = {
        source: read(source, ids)
        for source, ids in changed.items()
        if 0 < len(ids) <= _RENEW_FROM and any(scope.source == source for scope in kept)
    }
    right: OrderedDict[Scope, _Kept] = OrderedDict()
    for scope, one in kept.items():
        ids = changed.get(scope.source, ())
        if len(ids) <= _RENEW_FROM:
            known = _one_put_right(scope, one.known, ids, now[scope.source]) if ids else one.known
            right[scope] = _Kept(known, head)
    return right


def _one_put_right(
    scope: Scope, former: dict[str, Known], ids: Collection[str], now: Mapping[str, Known]
) -> dict[str, Known]:
    mine = {id_: known for id_, known in now.items() if known.subject and scope.covers(Key(known.subject))}
    if not mine and former.keys().isdisjoint(ids):
        return former
    right = {**former, **mine}
    for id_ in ids:
        if id_ not in mine:
            right.pop(id_, None)
    return right
