"""What does one raw object say, whatever is in it? Total: rubbish costs only the object that holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from collectors.kubernetes.custom.table import RESOURCE
from collectors.kubernetes.mapping.declared import declared
from collectors.kubernetes.mapping.place import BY_UID, Object, Place, group_of, resource_id
from collectors.kubernetes.mapping.secrecy import clean, clean_text
from graph.model import Alias, AliasEnd, Entity, Holding, Key, KeyEnd, Relation, Statement

Mapper: TypeAlias = Callable[[Place, Object], Iterable[Statement]]
"""Maps one raw object; the subject first. May raise anything, for nothing is certain of an object."""


def stated(kind: str, mapper: Mapper, place: Place, item: Object) -> Sequence[Statement]:
    """Map an object and clean every value; one that cannot be mapped states itself, and why, in `raw.unmapped`."""
    try:
        said = [_clean(place, statement) for statement in (*mapper(place, item), *declared(place, kind, item))]
    except Exception as error:
        if isinstance(error, MemoryError):  # is not this object's fault
            raise
        return [_unmapped(kind, place, item, error)]
    return [statement for statement in said if statement is not None]


def _clean(place: Place, statement: Statement) -> Statement | None:
    """Clean a statement; None where what it leads to is named by what looks secret."""
    for text in _texts(statement):
        if not isinstance(text, str):
            raise TypeError("a name that is no text")
    attributes = clean(statement.attributes)
    if attributes is not statement.attributes:
        statement = replace(statement, attributes=attributes)
    return _clean_ends(place, statement) if isinstance(statement, Relation) else statement


def _clean_ends(place: Place, tie: Relation) -> Relation | None:
    """Clean the slot of a tie: what leaves it leaves a hash, for a slot tells ties apart."""
    for end in (tie.source, tie.target):
        if isinstance(end, AliasEnd) and clean_text(end.value) != end.value:
            return None
    if not tie.slot or (slot := clean_text(tie.slot)) == tie.slot:
        return tie
    return replace(tie, slot=f"{slot} #{place.hashed(tie.slot)}")


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
