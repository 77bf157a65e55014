"""What changed?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api.errors import InvalidRequest
from api.questions.asking import Inquiry, Page, Standing
from api.questions.cursors import pair_at
from api.questions.instants import refuse_to_come
from api.questions.words import split
from api.schemas.changes import Change
from graph.analysis.changes import ChangeView, Class, about, changes
from graph.analysis.names import under_identity
from graph.model import Cause, Interval, Key, instant_of
from graph.store import ChangeFilter

Rows = tuple[ChangeView, ...]
_LAST = datetime.max.replace(tzinfo=UTC)


def instant(parameter: str, text: str | None) -> datetime | None:
    """Read an instant, or raise InvalidRequest."""
    if text is None:
        return None
    try:
        return instant_of(text.strip().replace(" ", "+"))
    except ValueError:
        expected = "write an instant as 2026-03-01T10:00:00Z"
        errors = [{"parameter": parameter, "message": expected}]
        raise InvalidRequest(f"{parameter}='{text}' is no instant: {expected}", errors=errors) from None


def causes_of(texts: Sequence[str]) -> frozenset[str]:
    """Read causes: `world` unless asked otherwise, `any` for all; raise InvalidRequest for what is none."""
    names = [name for text in texts for name in text.split(",") if name]
    if "any" in names:
        return frozenset()
    known = [cause.value for cause in Cause]
    for name in names:
        if name not in known:
            expected = f"the causes are {', '.join(known)}, and any"
            errors = [{"parameter": "cause", "message": expected}]
            raise InvalidRequest(f"cause='{name}' is none: {expected}", errors=errors)
    return frozenset(names or [Cause.WORLD.value])


def _window(from_: str | None, to: str | None) -> Interval | None:
    start, end = instant("from", from_), instant("to", to)
    if from_ is not None and start is not None:
        refuse_to_come("from", from_, start)
    if start is not None and end is not None and start >= end:
        raise InvalidRequest(
            "from must lie before to", errors=[{"parameter": "from", "message": "give an instant before `to`"}]
        )
    return Interval(start, end or _LAST) if start or end else None


def what_changed(
    *,
    entity: Key | None = None,
    words: Sequence[str] = (),
    causes: Sequence[str] = (),
    class_: Class | None = None,
    within: Key | None = None,
    from_: str | None = None,
    to: str | None = None,
    limit: int = 100,
) -> Inquiry[Rows]:
    """Ask for changes, newest first: of an entity and its relations, or of everything."""
    chosen, window = causes_of(causes), _window(from_, to)

    def wanted(standing: Standing) -> ChangeFilter:
        subjects = frozenset({under_identity(standing.reader, entity)}) if entity is not None else frozenset()
        return ChangeFilter(subjects, frozenset(words), chosen, window, standing.within)

    def look(standing: Standing, position: Any) -> Page[Rows]:
        rows, following = changes(standing.reader, wanted(standing), limit, class_=class_, before=pair_at(position))
        return Page(rows, truncated=following is not None, position=list(following) if following else None)

    parameters = {
        "entity": entity,
        "words": sorted(words),
        "causes": sorted(chosen),
        "class": class_,
        "within": within,
        "from": from_,
        "to": to,
        "limit": limit,
    }
    return Inquiry(
        "changes",
        parameters,
        tuple[Change, ...],
        lambda standing: about(wanted(standing)),
        look,
        key=entity,
        within=within,
        words=split(words, "kind", "verb"),
    )
