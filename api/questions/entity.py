"""What is this entity, and what was it before?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.errors import MalformedKeyAsked
from api.questions.asking import Inquiry, Page, Standing
from api.questions.cursors import number_at
from api.questions.entities import checked_fields
from api.schemas.changes import Version
from api.schemas.entities import Entity
from graph.analysis.entity import EntityView, about, about_naming, entity
from graph.analysis.history import VersionView, versions
from graph.model import Key, MalformedKey, Question


def key_of(text: str) -> Key:
    """Read a key, or raise Problem."""
    try:
        return Key.parse(text)
    except MalformedKey as error:
        raise MalformedKeyAsked(f"{error}; in a URL write `%` as `%25`") from None


def _about(standing: Standing) -> Sequence[Question]:
    """Lean on the homes; for what no home ever stated, on everybody who could name it too."""
    stated = standing.key in standing.reader.latest([standing.key])
    return about(standing.key) if stated else about_naming(standing.key)


def what_is(key: Key, *, fields: Sequence[str] = ()) -> Inquiry[EntityView | None]:
    """Ask what an entity is."""
    chosen = checked_fields(fields, Entity)

    def look(standing: Standing, _: Any) -> Page[EntityView | None]:
        return Page(entity(standing.reader, standing.key))

    return Inquiry("entity", {"key": key, "fields": list(chosen)}, Entity, _about, look, key=key, fields=chosen)


def what_it_was(key: Key, *, limit: int = 100) -> Inquiry[tuple[VersionView, ...]]:
    """Ask for the versions of an entity, newest first."""

    def look(standing: Standing, position: Any) -> Page[tuple[VersionView, ...]]:
        found, more = versions(standing.reader, standing.key, limit=limit, before=number_at(position))
        return Page(found, truncated=more, position=found[-1].opened if more else None)

    return Inquiry("versions", {"key": key, "limit": limit}, tuple[Version, ...], _about, look, key=key)
