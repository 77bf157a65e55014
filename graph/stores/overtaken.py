"""Has another commit said more of a document than what is about to be written of it? Shared by all stores."""

from __future__ import annotations

from graph.settle import Delta
from graph.store import Overtaken


def hold(delta: Delta, position: int | None, changed: int, *, base: int, revision: int) -> None:
    """Raise Overtaken where a document is another by now, or was told of past the position of what is to be written.

    position: the one that the document stands at. changed: the revision that last changed it. base: the one that the
    plan was made against. revision: the one in the making.
    """
    named = f"document {delta.id} of {delta.source}"
    if base < changed < revision:
        raise Overtaken(f"{named} changed in revision {changed}: observe the scope again")
    if position is not None and delta.told is not None and position > delta.told:
        raise Overtaken(f"{named} was told of at position {position}, past {delta.told}: observe the scope again")
