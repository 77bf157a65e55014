"""Why is something not there: was it never seen, can it not be told, or had nobody looked yet?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.errors import NeverSeen, NotYetObserved, Problem, Unknown
from graph.analysis.entity import could_be
from graph.analysis.freshness import about_entity, freshness
from graph.analysis.names import is_place, under_identity
from graph.model import CREATED, Key, ScopeStatus, text_of
from graph.store import GraphReader, GraphStore


def first_version(store: GraphStore, key: Key) -> dict[str, Any]:
    """Tell when a thing was first seen, and the source's own creation time; nothing for what was never seen."""
    with store.reader() as reader:
        versions = reader.versions(under_identity(reader, key))
        if not versions:
            return {}
        opened = versions[0].opened
    return {
        "first_seen_revision": opened,
        "first_seen": text_of(store.revision(opened).instant),
        "created_at": versions[0].attributes.get(CREATED),
    }


def absent(store: GraphStore, reader: GraphReader, key: Key) -> Problem:
    """Make the problem of a key by which nothing is known at a revision."""
    later = first_version(store, key)
    homes = [state for state in reader.scopes() if state.scope.covers(key)]
    number = reader.mark.number
    if later and all(state.status is ScopeStatus.NEVER_READ for state in homes):
        return NotYetObserved(
            f"at revision {number} nobody had looked for this; it was first seen at {later['first_seen']}",
            key=key,
            **later,
        )
    if could_be(reader, key) is not None:
        gaps = [asdict(gap) for gap in freshness(reader, [about_entity(key)]).gaps]
        return Unknown(
            f"nothing is known of {key}, and what would have it cannot be read: see `gaps`, and repair one of these"
            " scopes",
            key=key,
            gaps=[_written(gap) for gap in gaps],
        )
    if later:
        return NeverSeen(
            f"at revision {number} nothing was known of {key}; it was first seen at {later['first_seen']}: ask later",
            key=key,
            **later,
        )
    said = f"no source ever stated {key}, and no relation in force names it"
    if _is_ending(reader, key):
        said = f"nothing is known by {key}, which is no whole key: that begins with what contains the thing"
    finds = "`asbuilt resolve`, or /v1/resolve, finds what is called something like it, gone or not"
    return NeverSeen(f"{said}; {finds}", key=key)


def _is_ending(reader: GraphReader, key: Key) -> bool:
    """Tell whether a key begins nowhere, though what is of its kind is found inside something."""
    inside = any(key.kind in state.scope.states and state.scope.range for state in reader.scopes())
    return inside and not is_place(reader, key.root)


def _written(gap: dict[str, Any]) -> dict[str, Any]:
    return {name: text_of(value) if isinstance(value, datetime) else value for name, value in gap.items()}
