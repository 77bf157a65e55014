"""What is this entity tied to?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.errors import ForeignCursor
from api.questions.asking import Inquiry, Page, Standing
from api.questions.cursors import text_at
from api.schemas.relations import Relation
from graph.analysis.relations import Direction, NoSuchPosition, RelationView, about, relations
from graph.model import Key


def what_it_is_tied_to(
    key: Key, *, direction: Direction = Direction.BOTH, verbs: Sequence[str] = (), limit: int = 100
) -> Inquiry[tuple[RelationView, ...]]:
    """Ask for the relations of an entity in force: outgoing first, then by verb and other end."""
    wanted = sorted({verb.upper() for verb in verbs})

    def look(standing: Standing, position: Any) -> Page[tuple[RelationView, ...]]:
        after = text_at(position)
        try:
            page, more = relations(standing.reader, standing.key, direction, wanted, limit=limit, after=after)
        except NoSuchPosition:
            raise ForeignCursor("this list has no such place: begin again without a cursor") from None
        return Page(page, truncated=more, position=page[-1].position if more else None)

    return Inquiry(
        "relations",
        {"key": key, "direction": direction.value, "verbs": wanted, "limit": limit},
        tuple[Relation, ...],
        lambda standing: about(standing.reader, standing.key, wanted),
        look,
        key=key,
        words={"verb": wanted},
    )
