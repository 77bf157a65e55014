"""How is a statement written down, so that equal statements are equal bytes?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graph.model.keys import Key
from graph.model.statements import (
    Alias,
    AliasEnd,
    Attributes,
    End,
    Entity,
    Holding,
    KeyEnd,
    Method,
    Relation,
    Statement,
    Value,
)

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict).encode


def canonical(value: Value) -> str:
    """Write a value as JSON with sorted names and no spaces."""
    return _encode(value)


def end_text(end: End) -> str:
    """Write an end as text: `key`, `key#incarnation`, or `?type|kinds|value` for an alias."""
    if isinstance(end, KeyEnd):
        return end.key if end.incarnation is None else f"{end.key}#{end.incarnation}"
    return f"?{end.type}|{','.join(end.kinds)}|{end.value}"


def end_of(text: str) -> End:
    """Read an end from its text."""
    if text.startswith("?"):
        type_, kinds, value = text[1:].split("|", 2)
        return AliasEnd(type_, value, tuple(kinds.split(",")) if kinds else ())
    key, _, incarnation = text.partition("#")
    return KeyEnd(Key(key), incarnation or None)


def stated_end(end: End) -> str:
    """Write an end without its incarnation: the part of it that identifies the relation."""
    return str(end.key) if isinstance(end, KeyEnd) else end_text(end)


def relation_id(relation: Relation) -> str:
    """Identify a relation by its ends as stated, its verb and its slot: 32 hexadecimal digits."""
    text = "\n".join((stated_end(relation.source), relation.verb, stated_end(relation.target), relation.slot))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def subject_of(statement: Statement) -> str:
    """Identify what a statement is about: the key of an entity, or the id of a relation."""
    return statement.key if isinstance(statement, Entity) else relation_id(statement)


def statement_record(statement: Statement) -> dict[str, Any]:
    """Give a statement as JSON data."""
    if isinstance(statement, Entity):
        record: dict[str, Any] = {"k": statement.key, "n": statement.name}
        if statement.incarnation is not None:
            record["i"] = statement.incarnation
        if statement.aliases:
            record["x"] = sorted([alias.type, alias.value, alias.holding.value] for alias in statement.aliases)
    else:
        record = {"s": end_text(statement.source), "v": statement.verb, "t": end_text(statement.target)}
        record |= {"m": statement.method.value, "c": statement.confidence}
        if statement.slot:
            record["l"] = statement.slot
    if statement.attributes:
        record["a"] = statement.attributes
    return record


def statement_from(record: Mapping[str, Any]) -> Statement:
    """Read a statement from its JSON data."""
    attributes: Attributes = record.get("a", {})
    if "k" in record:
        aliases = tuple(Alias(type_, value, Holding(holding)) for type_, value, holding in record.get("x", ()))
        return Entity(Key(record["k"]), record["n"], record.get("i"), attributes, aliases)
    return Relation(
        end_of(record["s"]),
        record["v"],
        end_of(record["t"]),
        record.get("l", ""),
        attributes,
        Method(record["m"]),
        record["c"],
    )


def statements_text(statements: Iterable[Statement]) -> str:
    """Write the statements of a document: its subject first, the rest sorted, each once."""
    texts = [_encode(statement_record(statement)) for statement in statements]
    rest = sorted(set(texts[1:]) - set(texts[:1]))
    return "[" + ",".join([*texts[:1], *rest]) + "]"


def statements_from(text: str) -> tuple[Statement, ...]:
    """Read the statements of a document."""
    return tuple(statement_from(record) for record in json.loads(text))


def fingerprint(text: str) -> str:
    """Fingerprint the canonical text of a document's statements: 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def flattened(attributes: Attributes) -> dict[str, Value]:
    """Give attributes with the entries of each map one by one, as `map.entry`, one level deep."""
    flat: dict[str, Value] = {}
    for name, value in attributes.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{entry}": inner for entry, inner in value.items()}
        else:
            flat[name] = value
    return flat


def same(left: Value, right: Value) -> bool:
    """Tell whether two values are one in canonical form, tuples and lists alike."""
    if isinstance(left, str) or isinstance(right, str) or not isinstance(left, Sequence | Mapping):
        return type(left) is type(right) and left == right
    return canonical(left) == canonical(right)
