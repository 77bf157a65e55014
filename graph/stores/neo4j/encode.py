"""How do settled versions, changes and documents stand in the properties of nodes?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

from graph.model import (
    AliasName,
    Change,
    DocumentRef,
    EntityVersion,
    Key,
    KeyEnd,
    RelationVersion,
    Resolved,
    Scope,
    ScopeState,
    Tie,
)
from graph.model.canonical import end_text
from graph.model.statements import End
from graph.stores.values import CAUSE_BITS, dumped, microseconds, microseconds_or_none, packed

Properties: TypeAlias = dict[str, Any]
Numbers: TypeAlias = Mapping[str, int]

_PACK_FROM = 1_000
"""Characters below which packing costs more than it saves."""

TOGETHER = 200
"""Changes in one node."""

MOST_NAMES = 64
"""Names that a query of changes may look for at once in the index of what they are about."""


def body_of(value: Any) -> str | bytes:
    """Write a value that no index needs."""
    text = dumped(value)
    return text if len(text) < _PACK_FROM else packed(text)


def ref_text(ref: DocumentRef) -> str:
    """Write what a document is found by."""
    return f"{ref.source}\n{ref.id}"


def scope_text(source: str, name: str) -> str:
    """Write what a scope is found by."""
    return f"{source}\n{name}"


def digest(*parts: str) -> str:
    """Give a short stand-in for texts of any length, where an index needs one."""
    return blake2b("\n".join(parts).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def alias_text(name: AliasName) -> str:
    """Write what an alias is found by."""
    return digest(name.type, name.value)


def listed_text(key: str) -> str:
    """Write what an entity in force is listed by: its kind, then its key."""
    return f"{Key(key).kind}\n{key}"


def home_text(source: str, kind: str, subject: str) -> str:
    """Write what a document that stands is covered by."""
    return f"{source}\n{kind}\n{subject}"


def entity_body(version: EntityVersion) -> str | bytes:
    """Write an entity's version, but for its key and its revisions."""
    return body_of(
        [
            version.name,
            version.incarnation,
            microseconds_or_none(version.since.start),
            microseconds(version.since.end),
            [ref_text(ref) for ref in version.evidence],
            [[alias.type, alias.value, alias.holding] for alias in version.aliases],
            version.attributes,
        ]
    )


def relation_keys(version: RelationVersion) -> Iterable[str]:
    """Give every key that a relation's version needs a number for."""
    for stated, meant in ((version.stated.source, version.source), (version.stated.target, version.target)):
        if isinstance(stated, KeyEnd):
            yield stated.key
        yield from meant.keys


def relation_body(version: RelationVersion, numbers: Numbers) -> str | bytes:
    """Write a relation's version, but for what a traversal reads of it."""
    stated = version.stated
    return body_of(
        [
            _stated(stated.source, numbers),
            _stated(stated.target, numbers),
            stated.slot,
            stated.method,
            microseconds_or_none(version.since.start),
            microseconds(version.since.end),
            [ref_text(ref) for ref in version.evidence],
            stated.attributes or 0,
            _meant(stated.source, version.source, numbers),
            _meant(stated.target, version.target, numbers),
        ]
    )


def _stated(end: End, numbers: Numbers) -> int | str | list[Any]:
    """Write an end as stated: a number, with the incarnation where it is known, or the text of an alias end."""
    if not isinstance(end, KeyEnd):
        return end_text(end)
    return numbers[end.key] if end.incarnation is None else [numbers[end.key], end.incarnation]


def _meant(stated: End, meant: Resolved, numbers: Numbers) -> list[Any] | int:
    """Write what an end means, where it is not just what was stated: [tie, keys, incarnation]."""
    if isinstance(stated, KeyEnd) and meant == Resolved(Tie.TIED, (stated.key,), stated.incarnation):
        return 0
    return [meant.tie, [numbers[key] for key in meant.keys], meant.incarnation]


def tied_number(end: Resolved, numbers: Numbers) -> int | None:
    """Give the number of the key that an end is tied to."""
    return numbers[end.keys[0]] if end.tie is Tie.TIED else None


def change_record(sequence: int, change: Change, evidence: Sequence[DocumentRef], named: Sequence[Key]) -> list[Any]:
    """Write one change, for the body of a node that holds many."""
    fields = [[one.name, one.old, one.new, CAUSE_BITS[one.cause], int(one.state)] for one in change.fields]
    return [
        sequence,
        change.subject,
        change.word,
        change.transition,
        CAUSE_BITS[change.cause],
        microseconds_or_none(change.happened.start),
        microseconds(change.happened.end),
        [ref_text(ref) for ref in evidence],
        list(named),
        fields,
    ]


class Made(NamedTuple):
    """A change, its place in its revision, who stated it, and what it is about."""

    sequence: int
    change: Change
    evidence: Sequence[DocumentRef]
    named: Sequence[Key]


def changes_row(made: Sequence[Made]) -> list[Any]:
    """Write some changes of one revision as one node, with what they are about."""
    bits = {CAUSE_BITS[cause] for one in made for cause in (one.change.cause, *(f.cause for f in one.change.fields))}
    starts = [microseconds_or_none(one.change.happened.start) for one in made]
    since = None if None in starts else min(start for start in starts if start is not None)
    until = max(microseconds(one.change.happened.end) for one in made)
    words = sorted({one.change.word for one in made})
    about = tokens_of([(one.change, one.named) for one in made])
    body = body_of([change_record(*one) for one in made])
    return [made[0].sequence, made[-1].sequence, words, sorted(bits), since, until, about, body]


def subject_token(subject: str) -> str:
    """Give the word by which the changes of an entity or relation are found."""
    return "s" + digest(subject)


def range_token(range_: str) -> str:
    """Give the word by which the changes in a range are found."""
    return "r" + digest(range_)


def tokens_of(changes: Sequence[tuple[Change, Sequence[Key]]]) -> str:
    """Give the words by which some changes are found: what each is about, and all that contains that."""
    subjects = {change.subject for change, _ in changes}
    keys = {key for _, named in changes for key in named}
    ranges = {range_ for key in keys for range_ in _prefixes(key)}
    return " ".join(sorted({*map(subject_token, subjects | keys), *map(range_token, ranges)}))


def _prefixes(key: Key) -> Iterable[str]:
    """Give every range that holds a key, itself included."""
    place = key.find("/")
    while place >= 0:
        yield key[:place]
        place = key.find("/", place + 1)
    yield str(key)


def state_body(state: ScopeState) -> str | bytes:
    """Write the state of a scope."""
    judged = state.judged
    times = [None, None] if judged is None else [microseconds_or_none(judged.start), microseconds(judged.end)]
    return body_of(
        [_scope(state.scope), state.status, microseconds(state.since), state.error, *times, state.stale_after]
    )


def _scope(scope: Scope) -> list[Any]:
    form = [scope.source, scope.name, sorted(scope.states), scope.range, scope.within, scope.snapshot]
    return [*form, scope.begins] if scope.begins else form
