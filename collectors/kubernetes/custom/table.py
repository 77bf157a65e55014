"""Which custom resources have a row, and what do its rows say together?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType

from ruamel.yaml import YAML

from collectors.kubernetes.custom.rows import BuiltInRow, Reference, UserRow

RESOURCE = "k8s.resource"
"""The kind of what has no kind of its own."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is kept of one kind. attributes: those of the vocabulary; extras: what a user's row adds, under `raw`."""

    group: str
    kind: str
    word: str = RESOURCE
    attributes: Mapping[str, str] = field(default_factory=dict)
    extras: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    pods: tuple[str, ...] = ()
    known: bool = True
    """Whether a row, or several, say this; not so of what is kept of any object."""

    @property
    def verbs(self) -> frozenset[str]:
        """What its objects state beside what any object may."""
        found = {reference.verb for reference in self.references}
        found |= {"DEPENDS_ON" for reference in self.references if reference.form == "host" and not reference.reverse}
        return frozenset(found | ({"USES_CONFIG", "MOUNTS", "RUNS_AS"} if self.pods else set()))


def _read() -> tuple[BuiltInRow, ...]:
    text = files(__package__).joinpath("rows.yaml").read_text("utf-8")
    return tuple(BuiltInRow.model_validate(row) for row in YAML(typ="safe").load(text))


BUILT_IN = _read()
"""The rows that Asbuilt brings."""

_OF_BUILT_IN = {
    row.names: Layout(
        row.group,
        row.kind,
        row.word,
        row.attributes | row.state,
        references=row.references,
        pods=(row.pods,) if row.pods else (),
    )
    for row in BUILT_IN
}


class Table:
    """The rows that Asbuilt brings, with a user's added to them."""

    def __init__(self, rows: Iterable[UserRow] = ()) -> None:
        layouts = dict(_OF_BUILT_IN)
        for row in rows:
            layouts[row.names] = _added(layouts.get(row.names, Layout(*row.names)), row)
        self._layouts = MappingProxyType(layouts)

    def layout(self, group: str, kind: str) -> Layout:
        """Give what is kept of a kind: by its rows, or without any."""
        return self._layouts.get((group, kind)) or Layout(group, kind, known=False)


def _added(layout: Layout, row: UserRow) -> Layout:
    """Add a user's row to what is kept of a kind already. One that has a kind of its own keeps the user's as extras."""
    return Layout(
        layout.group,
        layout.kind,
        layout.word,
        layout.attributes,
        {**layout.extras, **row.attributes},
        {**layout.state, **row.state},
        (*layout.references, *row.references),
        (*layout.pods, row.pods) if row.pods else layout.pods,
    )
