"""Which claims of aliases does a changed document drop, and which does it add? Shared by all stores."""

from __future__ import annotations

from graph.identity import Claim
from graph.model import Alias, DocumentRef, Entity, Interval, Key
from graph.settle import Delta, DocumentState


def _held(state: DocumentState | None) -> set[tuple[Alias, Key]]:
    statements = state.statements if state is not None else ()
    return {(alias, one.key) for one in statements if isinstance(one, Entity) for alias in one.aliases}


def claim_changes(ref: DocumentRef, delta: Delta, taken: Interval) -> tuple[list[tuple[Alias, Key]], list[Claim]]:
    """Give the (alias, key) pairs that a document claims no longer, and the claims that it makes anew, both sorted.

    A claim that goes on keeps the time at which it was taken.
    """
    before, after = _held(delta.before), _held(delta.after)
    added = [Claim(alias, key, ref.source, ref.id, taken) for alias, key in sorted(after - before)]
    return sorted(before - after), added
