"""What does a store hold as of an instant, in the words of the truth?"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from graph.analysis.presence import presences
from graph.model import AliasEnd, EntityVersion, Key, RelationVersion, Resolved
from graph.model.statements import End
from graph.store import EntityFilter, GraphStore
from tests.truth import Tie, tie

COMPARED = {
    "ROUTES_TO": ("host", "path", "path_type", "method", "port", "weight", "default", "cross_namespace"),
    "SELECTS": ("ready", "addresses", "zone"),
    "MANAGED_BY": ("controller",),
    "MOUNTS": ("optional", "keys", "path"),
    "USES_CONFIG": ("optional", "keys"),
    "USES_IMAGE": ("reference",),
}
"""What of the attributes of a tie the truth tells too."""


class Held(NamedTuple):
    """Everything that a store holds at an instant.

    entities: the incarnation of each. said: what is said of whatever a tie names. how: verb, method and confidence.
    """

    entities: dict[str, str | None]
    ties: set[Tie]
    said: dict[str, str]
    how: set[tuple[str, str, float]]


def held(store: GraphStore, at: datetime) -> Held:
    """Ask a store for all of an instant. Each tie is asked for at its source, and must be the same at its target."""
    keys = _ever_named(store)
    with store.reader(store.revision_at(at)) as reader:
        entities = {str(one.key): one.incarnation for one in reader.entities(EntityFilter(), 1_000_000)}
        outgoing = {one.id: one for one in reader.relations(keys, outgoing=True)}
        incoming = {one.id: one for one in reader.relations(keys, outgoing=False)}
        assert incoming == {id_: one for id_, one in outgoing.items() if one.target.key is not None}
        named = {key for one in outgoing.values() for key in one.keys}
        said = {str(key): str(one.said) for key, one in presences(reader, named).items()}
    how = {(one.verb, str(one.stated.method), one.stated.confidence) for one in outgoing.values()}
    return Held(entities, {_tie(one) for one in outgoing.values()}, said, how)


def _ever_named(store: GraphStore) -> set[Key]:
    """Give every key that the store ever had, or had named, so that nothing in it is out of reach."""
    keys: set[Key] = set()
    for record in store.dump():
        if isinstance(record, EntityVersion):
            keys.add(record.key)
        elif isinstance(record, RelationVersion):
            keys.update(record.keys)
            assert record.source.key is not None, record  # else it could not be asked for at its source
    return keys


def _tie(one: RelationVersion) -> Tie:
    told = {name: one.stated.attributes.get(name) for name in COMPARED.get(one.verb, ())}
    ends = (_end(one.source, one.stated.source), _end(one.target, one.stated.target))
    return tie(ends[0], one.verb, ends[1], _slot(one.stated.slot), **told)


def _slot(slot: str) -> str:
    """Leave out the keyed hash of what a route takes besides its path: only that there is one can be known."""
    return " ".join("#" if word.startswith("#") and len(word) == 17 else word for word in slot.split(" "))


def _end(end: Resolved, stated: End) -> str:
    if end.key is not None:
        return str(end.key)
    assert isinstance(stated, AliasEnd)
    return f"{stated.type}={stated.value}"
