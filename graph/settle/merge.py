"""Several documents state one thing: what is the one version of it? The order of arrival is irrelevant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from graph.model import CREATED, Alias, DocumentRef, Entity, Method, Relation, Value
from graph.model.canonical import end_text

PEOPLE = "people"
"""The source of what people add. No collector overwrites it."""

_CERTAIN = 0.995
"""What rules that agree reach at most, unless one of them rests on the provider's own id (our own bound)."""


def _overlay(stated: Sequence[tuple[DocumentRef, Entity | Relation]]) -> dict[str, Value]:
    """Lay attributes over each other by source and id; people's last, so that they stand."""
    merged: dict[str, Value] = {}
    for _, statement in sorted(stated, key=lambda pair: (pair[0].source == PEOPLE, pair[0])):
        for name, value in statement.attributes.items():
            former = merged.get(name)
            if isinstance(former, Mapping) and isinstance(value, Mapping):
                merged[name] = {**former, **value}
            else:
                merged[name] = value
    return merged


def _created(entity: Entity) -> str:
    value = entity.attributes.get(CREATED)
    return value if isinstance(value, str) else ""


def merged_entity(stated: Sequence[tuple[DocumentRef, Entity]]) -> Entity:
    """Make one entity of what several documents state about a key.

    The newest incarnation (by the source's own creation time) is the thing; who still speaks of an older one is not
    heard.
    """
    if len(stated) == 1:
        return stated[0][1]
    carriers = [pair for pair in stated if pair[1].incarnation is not None]
    living = stated
    newest: Entity | None = None
    if carriers:
        newest = max(carriers, key=lambda pair: (_created(pair[1]), pair[1].incarnation or "", pair[0]))[1]
        living = [pair for pair in stated if pair[1].incarnation in (None, newest.incarnation)]
    ordered = sorted(living, key=lambda pair: (pair[0].source == PEOPLE, pair[0]))
    named = newest or ordered[0][1]
    aliases: set[Alias] = {alias for _, entity in living for alias in entity.aliases}
    return Entity(named.key, named.name, named.incarnation, _overlay(living), tuple(sorted(aliases)))


def merged_relation(stated: Sequence[tuple[DocumentRef, Relation]]) -> Relation:
    """Make one relation of what several documents state about the same tie. Independent agreement adds confidence."""
    if len(stated) == 1:
        return stated[0][1]
    ordered = sorted(stated, key=lambda pair: (-pair[1].confidence, pair[1].method, pair[0]))
    strongest = ordered[0][1]
    confidence = strongest.confidence
    if confidence < _CERTAIN and len({ref.source for ref, _ in stated}) > 1:
        best = {ref.source: relation.confidence for ref, relation in reversed(ordered)}
        confidence = min(_CERTAIN, 1 - prod(1 - value for value in best.values()))
    method: Method = strongest.method
    ends = sorted((end_text(relation.source), end_text(relation.target), ref) for ref, relation in stated)
    last = next(relation for ref, relation in stated if ref == ends[-1][2])
    return Relation(last.source, last.verb, last.target, last.slot, _overlay(stated), method, round(confidence, 6))
