"""What does one raw object say, whatever is in it? Total: rubbish costs only the object that holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from collectors.kubernetes.custom.table import RESOURCE
from collectors.kubernetes.mapping.declared import declared
from collectors.kubernetes.mapping.place import BY_UID, Object, Place, group_of, resource_id
from collectors.kubernetes.mapping.secrecy import clean
from graph.model import Alias, Entity, Holding, Key, KeyEnd, Statement

Mapper: TypeAlias = Callable[[Place, Object], Iterable[Statement]]
"""Maps one raw object; the subject first. May raise what a wrong type raises."""


def stated(kind: str, mapper: Mapper, place: Place, item: Object) -> Sequence[Statement]:
    """Map an object and clean every value; one that cannot be mapped states itself, and why, in `raw.unmapped`."""
    try:
        return [_clean(statement) for statement in (*mapper(place, item), *declared(place, kind, item))]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return [_unmapped(kind, place, item, error)]


def _clean(statement: Statement) -> Statement:
    for text in _texts(statement):
        if not isinstance(text, str):
            raise TypeError("a name that is no text")
    attributes = clean(statement.attributes)
    return statement if attributes is statement.attributes else replace(statement, attributes=attributes)


def _texts(statement: Statement) -> Iterator[object]:
    """Give what stands in a statement as text, and came from the object as whatever it was."""
    if isinstance(statement, Entity):
        yield from (statement.name, statement.incarnation or "", *(alias.value for alias in statement.aliases))
    else:
        yield statement.slot
        for end in (statement.source, statement.target):
            yield (end.incarnation or "") if isinstance(end, KeyEnd) else end.value


def _unmapped(kind: str, place: Place, item: Object, error: Exception) -> Entity:
    meta = item["metadata"]
    uid = str(meta["uid"])
    name, namespace = str(meta.get("name") or uid), str(meta.get("namespace") or "")
    by_uid = kind in BY_UID
    own = uid if by_uid else resource_id(group_of(item["apiVersion"]), item["kind"], name) if kind == RESOURCE else name
    key = (place.namespace(namespace) if namespace else place.cluster).child(kind, own)
    attributes = {"raw": {"unmapped": _reason(error)}}
    aliases = (Alias("k8s.uid", uid, Holding.FOREVER),)
    return Entity(Key(key), name, None if by_uid else uid, attributes, aliases)


def _reason(error: Exception) -> str:
    """Name the error and the step that met it, and no value: the object may hold secrets in the wrong place."""
    trace = error.__traceback__
    step = "?"
    while trace is not None:
        if "/kubernetes/mapping/" in trace.tb_frame.f_code.co_filename.replace("\\", "/"):
            step = trace.tb_frame.f_code.co_name
        trace = trace.tb_next
    return f"{type(error).__name__} in {step.strip('<>')}"
