"""What does each kind yield: which attributes, aliases and relations? Written into docs/kubernetes.md.

Attributes are those that the vocabulary has and the mapping fills; aliases and relations are what the mapping makes of
the recorded examples. To write it anew: `.venv/bin/python -m tests.collectors.kubernetes.table`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from collectors.kubernetes.custom.table import RESOURCE, Table
from collectors.kubernetes.knowledge import KNOWLEDGE
from collectors.kubernetes.mapping.cluster import cluster, cluster_key
from collectors.kubernetes.mapping.custom import custom
from collectors.kubernetes.mapping.place import KINDS_BY_NAME, Place
from collectors.kubernetes.resources import CUSTOM, RESOURCES
from graph.model import KINDS, AliasEnd, Entity, Relation, Statement
from graph.model.vocabulary import Counts
from tests.collectors.kubernetes.memory_api import all_samples
from tests.structure.checkout import ROOT

PAGE: Path = ROOT / "docs" / "kubernetes.md"
BEGIN, END = "<!-- what follows is made from code -->", "<!-- what was made from code ends here -->"
EVERYWHERE = frozenset({"annotations", "created_at", "deletion_requested_at", "finalizers", "labels", "raw"})
"""Attributes of every object, which the page names once."""


def page() -> str:
    """Give the page with its table as the code has it now."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def table() -> str:
    """Give a row for each kind, in the order in which they are read."""
    rows = ["| Kind | Read from | Attributes | Aliases | Relations |", "|---|---|---|---|---|"]
    said = examples()
    every = (*RESOURCES, *CUSTOM)
    read_from = {also: resource.name for resource in every for also in (resource.kind, *resource.also.split())}
    read_from |= {"k8s.cluster": "/version"}
    for kind in (
        "k8s.cluster",
        *dict.fromkeys(one for each in every for one in (each.kind, *each.also.split())),
        RESOURCE,
    ):
        cells = (
            f"`{kind}`",
            f"`{read_from[kind]}`" if kind in read_from else "every other that can be listed and watched",
            _attributes(kind),
            ", ".join(sorted(_aliases(kind, said))),
            "<br>".join(sorted(_relations(kind, said))),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def examples() -> list[Statement]:
    """Give all that the mapping makes of the recorded examples."""
    key = cluster_key("c1")
    place = Place(key, b"key")
    said: list[Statement] = [*cluster(key, "prod", None, {"gitVersion": "v1.36.3"})]
    for resource in (*RESOURCES, *CUSTOM):
        for item in all_samples()[resource.name]:
            said += resource.read(place, item)
    for item in all_samples()["widgets.example.org"]:
        said += custom(Table().layout("example.org", "Widget"), place, item)
    return said


def _attributes(kind: str) -> str:
    declared = KINDS[kind].attributes
    filled = [name for name in declared if name in KNOWLEDGE.fields[kind] and name not in EVERYWHERE]
    configuration = [f"`{name}`" for name in filled if declared[name] is Counts.CONFIGURATION]
    state = [f"*`{name}`*" for name in filled if declared[name] is Counts.STATE]
    return " ".join((*configuration, *state))


def _aliases(kind: str, said: list[Statement]) -> set[str]:
    held = {alias for one in said if isinstance(one, Entity) and one.kind == kind for alias in one.aliases}
    return {f"`{alias.type}` ({alias.holding})" for alias in held}


def _relations(kind: str, said: list[Statement]) -> Iterator[str]:
    ends: dict[str, set[str]] = defaultdict(set)
    for one in said:
        if isinstance(one, Relation) and not isinstance(one.source, AliasEnd) and one.source.key.kind == kind:
            target = one.target
            meant = target.kinds if isinstance(target, AliasEnd) else (target.key.kind,)
            ends[one.verb].update(meant)
    for verb, kinds in ends.items():
        if verb == "DECLARED_IN" and kind in KINDS_BY_NAME.values():
            continue  # any object may have it, so the page says it once
        yield f"{verb} → {', '.join(f'`{name}`' for name in sorted(kinds))}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
