"""How do settled versions and changes stand in rows?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from graph.model import Change, DocumentRef, EntityVersion, Key, KeyEnd, Relation, RelationVersion, Resolved, Tie
from graph.model.canonical import end_text
from graph.model.statements import End
from graph.stores.sqlite.history import happened_class
from graph.stores.sqlite.rows import listed
from graph.stores.sqlite.spans import PRESENT
from graph.stores.values import CAUSE_BITS, dumped, field_rows, microseconds, microseconds_or_none, packed

Values: TypeAlias = tuple[Any, ...]
Documents: TypeAlias = Mapping[DocumentRef, int]
Keys: TypeAlias = Mapping[str, int]


def entity_row(number: int, key: int, kind: int, version: EntityVersion, revision: int, documents: Documents) -> Values:
    """Write an entity's version for the table entity_version."""
    aliases = [[alias.type, alias.value, alias.holding] for alias in version.aliases]
    return (
        number,
        key,
        kind,
        revision,
        None,
        PRESENT,
        version.name,
        version.incarnation,
        microseconds_or_none(version.since.start),
        microseconds(version.since.end),
        listed([documents[ref] for ref in version.evidence]),
        dumped(aliases) if aliases else None,
        packed(dumped(version.attributes)) if version.attributes else None,
    )


def relation_keys(version: RelationVersion) -> Iterable[Key]:
    """Give every key that a relation's version needs a number for."""
    for stated, meant in ((version.stated.source, version.source), (version.stated.target, version.target)):
        if isinstance(stated, KeyEnd):
            yield stated.key
        yield from meant.keys


def stated_row(number: int, digest: bytes, verb: int, stated: Relation, keys: Keys) -> Values:
    """Write what identifies a relation for the table relation."""
    return number, digest, verb, _stated(stated.source, keys), _stated(stated.target, keys), stated.slot


def _stated(end: End, keys: Keys) -> int | str:
    return keys[end.key] if isinstance(end, KeyEnd) else end_text(end)


def relation_row(
    numbers: tuple[int, int, int, int], version: RelationVersion, revision: int, keys: Keys, documents: Documents
) -> Values:
    """Write a relation's version for the table relation_version.

    numbers: its own, the relation's, the verb's, the method's.
    """
    number, relation, verb, method = numbers
    extra = _extra(version, keys)
    ambiguous = Tie.AMBIGUOUS in (version.source.tie, version.target.tie)
    return (
        number,
        relation,
        verb,
        revision,
        None,
        PRESENT,
        _tied(version.source, keys),
        _tied(version.target, keys),
        method,
        version.stated.confidence,
        listed([documents[ref] for ref in version.evidence]),
        microseconds_or_none(version.since.start),
        microseconds(version.since.end),
        int(ambiguous),
        dumped(extra) if extra else None,
    )


def _tied(end: Resolved, keys: Keys) -> int | None:
    return keys[end.keys[0]] if end.tie is Tie.TIED else None


def _extra(version: RelationVersion, keys: Keys) -> dict[str, Any]:
    """Give what most relations do not have: attributes, incarnations, and the several keys of an ambiguous end.

    s, t: the incarnations of the ends as stated. i, j: those of what they mean, where it differs. S, T: several keys.
    """
    extra: dict[str, Any] = {"a": version.stated.attributes} if version.stated.attributes else {}
    ends = (
        ("s", "i", "S", version.stated.source, version.source),
        ("t", "j", "T", version.stated.target, version.target),
    )
    for stated, meant, several, end, resolved in ends:
        incarnation = end.incarnation if isinstance(end, KeyEnd) else None
        if incarnation is not None:
            extra[stated] = incarnation
        if resolved.incarnation != incarnation:
            extra[meant] = resolved.incarnation
        if resolved.tie is Tie.AMBIGUOUS:
            extra[several] = [keys[key] for key in resolved.keys]
    return extra


def change_row(
    number: int,
    subject: tuple[int | None, int | None],
    word: int,
    change: Change,
    evidence: Sequence[int],
    named: Sequence[int],
) -> Values:
    """Write a change for the table change. subject: the number of the key, or else of the relation."""
    causes = CAUSE_BITS[change.cause]
    for one in change.fields:
        causes |= CAUSE_BITS[one.cause]
    start, end = microseconds_or_none(change.happened.start), microseconds(change.happened.end)
    world = causes & 1
    return (
        number,
        *subject,
        word,
        change.transition,
        CAUSE_BITS[change.cause],
        causes,
        world,
        happened_class(start, end),
        start,
        end,
        listed(evidence),
        listed(named) if subject[0] is None else None,
        field_rows(change.fields),
    )


@lru_cache(maxsize=16_384)
def ancestors(key: Key) -> tuple[Key, ...]:
    """Give all that contains a thing, nearest first."""
    container = key.container
    return () if container is None else (container, *ancestors(container))
