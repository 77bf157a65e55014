"""What is known of every document in a scope's range, without asking again for a world that did not move?

Shared by all stores that keep it elsewhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from graph.model import Key, Scope
from graph.plan import Known
from graph.store import StoreError

Read: TypeAlias = Callable[[str, Collection[str]], Mapping[str, Known]]
"""What is known now of some documents of a source."""

MOST_KEPT = 400_000
"""Documents kept warm: about 250 MB. Scopes that were asked for least lately are read again when it is their turn."""

_RENEW_FROM = 1_000
"""So many changed documents, and a scope is read again as a whole rather than put right."""


class WarmKnown:
    """What was read of scopes, put right by each commit. A mapping once given is never changed: a plan reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: OrderedDict[Scope, dict[str, Known]] = OrderedDict()
        self._head = 0
        self._commits = 0

    @property
    def commits(self) -> int:
        """How many commits changed documents: what was read before another one is not kept."""
        with self._lock:
            return self._commits

    def given(self, scope: Scope) -> tuple[Mapping[str, Known], int] | None:
        """Give what is known of a scope as of the newest revision, if it is warm."""
        with self._lock:
            known = self._scopes.get(scope)
            if known is None:
                return None
            self._scopes.move_to_end(scope)
            return known, self._head

    def keep(self, scope: Scope, known: dict[str, Known], head: int, commits: int) -> None:
        """Keep what was read as of a revision, when so many commits had changed documents."""
        with self._lock:
            if commits != self._commits:
                return
            self._scopes[scope] = known
            self._head = max(self._head, head)
            kept = sum(map(len, self._scopes.values()))
            while kept > MOST_KEPT and len(self._scopes) > 1:
                _, dropped = self._scopes.popitem(last=False)
                kept -= len(dropped)

    def published(self, read: Read, head: int, changed: Mapping[str, Collection[str]]) -> None:
        """Put right what is kept, after a commit that changed some documents (ids by source)."""
        with self._lock:
            self._commits += any(changed.values())  # a look that found nothing new outdates nothing read meanwhile
            self._head = head
            for source, ids in changed.items():
                scopes = [scope for scope in self._scopes if scope.source == source]
                if not ids or not scopes:
                    continue
                if len(ids) > _RENEW_FROM:
                    for scope in scopes:
                        del self._scopes[scope]
                    continue
                try:
                    now = read(source, ids)
                except StoreError:  # the commit stands: what cannot be read now is read when it is asked for
                    self._scopes.clear()
                    return
                for scope in scopes:
                    self._put_right(scope, ids, now)

    def forget(self) -> None:
        """Keep nothing: nobody knows what the last commit changed."""
        with self._lock:
            self._commits += 1
            self._scopes.clear()

    def _put_right(self, scope: Scope, ids: Collection[str], now: Mapping[str, Known]) -> None:
        former = self._scopes[scope]
        mine = {id_: known for id_, known in now.items() if known.subject and scope.covers(Key(known.subject))}
        if not mine and former.keys().isdisjoint(ids):
            return
        right = {**former, **mine}
        for id_ in ids:
            if id_ not in mine:
                right.pop(id_, None)
        self._scopes[scope] = right
