"""What was in force at a revision? Found without looking through all that is past.

An index by (thing, opened, closed) looks through every row that was opened before the revision. So rows are also kept
apart by how long they were in force: class c holds those that lasted 2^c to 2^(c+1) - 1 revisions, and those still in
force are a class of their own. A row of class c that was in force at revision r was opened after r - 2^(c+1). What is
looked at is then within a small factor of what is found, however long the history, at a cost of one probe per class.
"""

from __future__ import annotations

import json

from graph.stores.durations import duration_class

PRESENT = -1
"""The class of what is still in force."""

UNBOUNDED = -2
"""The class of changes that began before anybody looked."""


def probes(revision: int, head: int) -> str:
    """Give, as JSON for json_each, the [class, opened after] pairs to probe for what was in force at a revision."""
    pairs = [[PRESENT, -1]]
    if revision < head:
        pairs += [[c, revision - (2 << c)] for c in range(duration_class(head) + 1)]
    return json.dumps(pairs)


IN_FORCE = """
    json_each(:probes) AS probe CROSS JOIN {table} AS v ON v.{column} = wanted.value
    AND v.class = json_extract(probe.value, '$[0]') AND v.opened > json_extract(probe.value, '$[1]')
    AND v.opened <= :revision AND (v.closed IS NULL OR v.closed > :revision)
"""
"""Continues `FROM json_each(:wanted) AS wanted CROSS JOIN`: the rows in force, by the values of one column."""

IN_FORCE_NOW = f"""
    {{table}} AS v ON v.{{column}} = wanted.value AND v.class = {PRESENT}
"""
"""The same at the newest revision, which needs no probes: what is still in force."""
