"""What was the last version of a subject, and what was in force, at a revision? In Cypher, by the indexes of `schema`.

Readers have no snapshot here: while they read, the writer may publish, and then take what closed out of the indexes of
the present. So the present is looked through first, and the past after it: what has left the one was put into the other
before. The past is left out only when the newest revision, asked for after the present, is still the one that is read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from graph.stores.durations import duration_class
from graph.stores.neo4j.connection import Ask, Row

IN_FORCE = "v.opened <= $revision AND (v.closed IS NULL OR v.closed > $revision)"
STANDS = "v.opened <= $revision AND (v.superseded IS NULL OR v.superseded > $revision)"
"""It is the last version up to the revision, in force or not."""

_STORE = "MATCH (s:AsbuiltStore {id: 0})"
"""The one node. After something collected it is read once all of that is there."""


class Named(NamedTuple):
    """How the versions of one label are named: the properties of the last one, and of those before it."""

    label: str
    last: str
    past: str


ENTITIES = Named("AsbuiltEntity", "last_key", "past_key")
RELATIONS = Named("AsbuiltRelation", "last_id", "past_id")
DOCUMENTS = Named("AsbuiltDocument", "last_ref", "past_ref")
STATES = Named("AsbuiltState", "last_scope", "past_scope")


def newest(ask: Ask) -> int:
    """Give the newest revision."""
    return int(ask(f"{_STORE} RETURN s.head")[0][0])


def latest(ask: Ask, named: Named, columns: str, wanted: Collection[str], revision: int) -> list[Row]:
    """Read the last version of each subject up to a revision: its name, then columns."""
    if not wanted:
        return []
    names = list(wanted)
    rows = ask(
        f"MATCH (v:{named.label}) WHERE v.{named.last} IN $wanted AND {STANDS} RETURN v.{named.last}, {columns}",
        wanted=names,
        revision=revision,
    )
    missing = sorted(set(names) - {row[0] for row in rows})
    if not missing or newest(ask) == revision:
        return rows
    return rows + before(ask, named, columns, missing, revision, 1)


def before(ask: Ask, named: Named, columns: str, wanted: Collection[str], revision: int, count: int) -> list[Row]:
    """Read the last versions of each subject up to a revision, of those that another has followed: name, columns."""
    return ask(
        f"UNWIND $wanted AS name CALL (name) {{ MATCH (v:{named.label}) "
        f"USING INDEX v:{named.label}({named.past}, opened) WHERE v.{named.past} = name AND v.opened <= $revision "
        f"RETURN v ORDER BY v.{named.past} DESC, v.opened DESC LIMIT $count }} RETURN name, {columns}",
        wanted=list(wanted),
        revision=revision,
        count=count,
    )


def probes(revision: int, head: int) -> list[list[int]]:
    """Give the [class, opened after] pairs to probe for what has closed since, and was in force at a revision."""
    return [[c, revision - (2 << c)] for c in range(duration_class(max(head, 1)) + 1)]


def tied(
    ask: Ask, end: str, columns: str, wanted: Collection[int], revision: int, verbs: Collection[str], *, rest: str = ""
) -> list[Row]:
    """Read columns of the relations in force of which an end (`source`, `target`) is tied to one of some keys.

    One that closed since may stand there twice. rest: what else they must meet.
    """
    if not wanted:
        return []
    among = f"AND v.verb IN $verbs {rest}" if verbs else rest
    values: dict[str, Any] = {"wanted": list(wanted), "revision": revision, "verbs": list(verbs)}
    rows, head = ask(
        f"MATCH (v:AsbuiltRelation) WHERE v.now_{end} IN $wanted AND {IN_FORCE} {among} "
        f"WITH collect([{columns}]) AS rows {_STORE} RETURN rows, s.head",
        **values,
    )[0]
    if head == revision:
        return list(rows)
    past = ask(
        "UNWIND $wanted AS number UNWIND $probes AS probe MATCH (v:AsbuiltRelation) "
        f"USING INDEX v:AsbuiltRelation(was_{end}, class, opened) WHERE v.was_{end} = number AND v.class = probe[0] "
        f"AND v.opened > probe[1] AND v.opened <= $revision AND v.closed > $revision {among} "
        f"RETURN collect([{columns}])",
        **values,
        probes=probes(revision, head),
    )[0][0]
    return [*rows, *past]
