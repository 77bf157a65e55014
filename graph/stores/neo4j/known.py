"""What is known of the documents in a scope's range?"""

from __future__ import annotations

from collections.abc import Collection

from graph.model import DocumentRef, Key, Scope
from graph.plan import Known
from graph.stores.neo4j.connection import Ask, Row
from graph.stores.neo4j.encode import home_text, ref_text
from graph.stores.neo4j.spans import STANDS, newest

KNOWN = (
    "v.name, v.fingerprint, v.mapping, v.token, v.position, v.subject, v.incarnation, v.closed, v.left, "
    "EXISTS { MATCH (d:AsbuiltDoubt) WHERE d.ref = v.last_ref AND d.opened <= $revision "
    "AND (d.closed IS NULL OR d.closed > $revision) }"
)
_STANDS = f"{STANDS} AND (v.closed IS NULL OR v.closed > $revision OR v.left IS NOT NULL)"


def known_from(row: Row, revision: int) -> Known:
    """Read a row of KNOWN, as of a revision."""
    name, fingerprint, mapping, token, position, subject, incarnation, closed, left, missed = row
    if incarnation == name:  # the uid mostly is both, and is kept once
        incarnation = name
    gone = closed is not None and closed <= revision
    return Known(
        fingerprint, mapping, token, left if gone else position, subject, incarnation, missed and not gone, gone
    )


def _covered(ask: Ask, scope: Scope, columns: str, revision: int) -> list[Row]:
    """Read the documents that stand in a scope's range at a revision: subject, then columns."""
    rows: list[Row] = []
    for kind in sorted(scope.states):
        found = ask(
            f"MATCH (v:AsbuiltDocument) WHERE v.now_home STARTS WITH $begins AND {_STANDS} "
            f"RETURN v.subject AS covered, {columns}",
            begins=home_text(scope.source, kind, scope.range),
            revision=revision,
        )
        rows += [row for row in found if scope.covers(Key(row[0]))]
    return rows


def covered_ids(ask: Ask, scope: Scope, revision: int) -> list[str]:
    """Give the ids of the documents in force that a scope covers."""
    rows = _covered(ask, scope, "v.name, v.closed", revision)
    return [name for _, name, closed in rows if closed is None or closed > revision]


def standing_ids(ask: Ask, source: str, revision: int) -> list[str]:
    """Give the ids of all documents of a source that are in force."""
    rows = ask(
        f"MATCH (v:AsbuiltDocument) WHERE v.last_ref STARTS WITH $begins AND {STANDS} "
        "AND (v.closed IS NULL OR v.closed > $revision) RETURN v.name ORDER BY v.last_ref",
        begins=f"{source}\n",
        revision=revision,
    )
    return [name for (name,) in rows]


def known_in(ask: Ask, scope: Scope) -> tuple[dict[str, Known], int]:
    """Read what is known of every document in a scope's range, and the revision that it is as of.

    Revisions may come meanwhile; but what they close must not be swept out of the present before this has ended.
    """
    head = newest(ask)
    return {row[1]: known_from(row[1:], head) for row in _covered(ask, scope, KNOWN, head)}, head


def known_of(ask: Ask, source: str, ids: Collection[str]) -> dict[str, Known]:
    """Read what is known of some documents."""
    wanted = [ref_text(DocumentRef(source, id_)) for id_ in ids]
    while True:
        head = newest(ask)
        query = f"MATCH (v:AsbuiltDocument) WHERE v.last_ref IN $wanted AND {_STANDS} RETURN {KNOWN}"
        known = {row[0]: known_from(row, head) for row in ask(query, wanted=wanted, revision=head)}
        if newest(ask) == head:
            return known
