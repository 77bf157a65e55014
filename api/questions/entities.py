"""Which entities are there?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.errors import InvalidRequest
from api.questions.asking import Inquiry, Page, Standing
from api.questions.cursors import text_at
from api.schemas.entities import ListedEntity as Wire
from graph.analysis.listing import ListedEntity, about, entities, kinds_of
from graph.model import KINDS, Key
from graph.store import EntityFilter

Rows = tuple[ListedEntity, ...]


def labels_of(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read labels, each `name:value` or `name=value`, or raise InvalidRequest."""
    labels = []
    for text in texts:
        name, separator, value = text.partition(":" if ":" in text else "=")
        if not separator or not name:
            raise _invalid("label", text, "write a label as name:value")
        labels.append((name, value))
    return tuple(labels)


def _invalid(parameter: str, given: str, expected: str) -> InvalidRequest:
    errors = [{"parameter": parameter, "message": expected}]
    return InvalidRequest(f"{parameter}='{given}' cannot be used: {expected}", errors=errors)


def _kinds(kinds: Sequence[str], classes: Sequence[str]) -> frozenset[str]:
    """Give the kinds that are asked for. A class that nobody knows is a mistake; of kinds a store may know more."""
    known = sorted({kind.class_ for kind in KINDS.values()})
    for one in classes:
        if not kinds_of([one]):
            raise _invalid("class", one, f"the classes are {', '.join(known)}")
    if kinds and classes:
        return frozenset(kinds) & kinds_of(classes) or frozenset({""})
    return frozenset(kinds) | kinds_of(classes)


def checked_fields(fields: Sequence[str], model: Any) -> tuple[str, ...]:
    """Read names of fields, comma-separated or repeated, or raise InvalidRequest for one that there is not."""
    names = [name.strip() for text in fields for name in text.split(",") if name.strip()]
    known = {field.alias or name for name, field in model.model_fields.items()}
    for name in names:
        if name.partition(".")[0] not in known:
            raise _invalid(
                "fields", name, f"the fields are {', '.join(sorted(known))}; write attributes.<name> for one"
            )
    return tuple(dict.fromkeys(names))


def which_entities(
    *,
    kinds: Sequence[str] = (),
    classes: Sequence[str] = (),
    labels: Sequence[str] = (),
    name: str | None = None,
    within: Key | None = None,
    limit: int = 100,
    fields: Sequence[str] = (),
) -> Inquiry[Rows]:
    """Ask for the entities in force, ordered by key."""
    chosen = checked_fields(fields, Wire)
    some, labelled = _kinds(kinds, classes), labels_of(labels)

    def wanted(standing: Standing, after: str = "") -> EntityFilter:
        return EntityFilter(some, standing.within, labelled, name, after)

    def look(standing: Standing, position: Any) -> Page[Rows]:
        rows, more = entities(standing.reader, wanted(standing, text_at(position)), limit)
        return Page(rows, truncated=more, position=rows[-1].key if more else None)

    parameters = {
        "kinds": sorted(some),
        "labels": sorted(labels),
        "name": name,
        "within": within,
        "limit": limit,
        "fields": list(chosen),
    }
    return Inquiry(
        "entities",
        parameters,
        tuple[Wire, ...],
        lambda standing: about(wanted(standing)),
        look,
        fields=chosen,
        within=within,
        words={"kind": kinds},
    )
