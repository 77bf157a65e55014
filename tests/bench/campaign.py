"""In which order is everything measured, so that what is compared comes from one run, and an estate is loaded once?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import cycle
from tests.bench.loads import ROWS, Figures
from tests.bench.measures import MEASURES, Row
from tests.bench.places import room

DOCUMENTS = (10_000, 50_000, 150_000)
"""Documents of one scope whose memory is measured."""

Perform = Callable[..., Figures]
"""Makes one figure: `tests.bench.one.alone`, or its like that stays in this process."""


@dataclass(slots=True)
class Campaign:
    """What to measure: which measures, in which stores, with how many entities. tell: is told what is under way."""

    only: Collection[str]
    stores: Sequence[str]
    sizes: Sequence[int]
    perform: Perform
    tell: Callable[[str], None] = print
    found: dict[str, list[Row]] = field(default_factory=dict)

    def run(self) -> dict[str, list[Row]]:
        """Measure, and give the rows of each measure."""
        for store in self.stores:
            for size in self.sizes:
                if any(MEASURES[name].estate for name in self.only):
                    self._estate(store, size)
            for name, sizes in (("hub", self._revisions), ("memory", self._documents), ("crowd", self._relations)):
                for size in sizes if name in self.only else ():
                    self._places(name, store, size)
        if "pods" in self.only:
            self._pods()
        return self.found

    @property
    def _revisions(self) -> list[int]:
        """The revisions of a hub, of which each replaces ten relations: a hundredth of the entities."""
        return [max(10, size // 100) for size in self.sizes]

    @property
    def _documents(self) -> list[int]:
        return [size for size in DOCUMENTS if size <= max(self.sizes)] or list(self.sizes)

    @property
    def _relations(self) -> list[int]:
        """The relations of a hub with a crowd on it: a tenth of the entities."""
        return [max(300, size // 10) for size in self.sizes]

    def _note(self, name: str, store: str, size: int, figures: Figures) -> None:
        if name in self.only:
            self.found.setdefault(name, []).append({"store": store, "size": size, **figures})

    def _estate(self, store: str, size: int) -> None:
        """Load an estate, and ask everything that needs one of the same store."""
        beside = self._plain(store, size)
        with room(store) as kept:
            self.tell(f"{store}: an estate of {size:,} entities")
            first = self.perform("first-load", kept.place, size)
            if "plain_rows_per_second" in beside:
                beside["times_plain"] = beside["plain_rows_per_second"] / first["rows_per_second"]
            resident = kept.resident()
            beside |= {} if resident is None else {"server": resident}
            self._note(
                "first-load", store, size, {**first, **beside, "bytes_per_version": kept.stored() / (ROWS * size)}
            )
            for name in self._after_loading():
                self.tell(f"{store}: {MEASURES[name].title}, {size:,} entities")
                before = kept.stored() if name == "history" else 0
                figures = self.perform(name, kept.place, size)
                if name == "history":
                    figures["bytes_per_change"] = (kept.stored() - before) / figures["changes"]
                self._note(name, store, size, figures)

    def _after_loading(self) -> Iterator[str]:
        return (name for name, one in MEASURES.items() if one.estate and name != "first-load" and name in self.only)

    def _plain(self, store: str, size: int) -> Figures:
        """Write the same rows unversioned into a server of the same kind, that has just started as well."""
        if store != "neo4j" or "first-load" not in self.only:
            return {}
        self.tell(f"{store}: the same rows, unversioned, {size:,} entities")
        with room(store) as kept:
            return {"plain_rows_per_second": self.perform("plain", kept.place, size)["rows_per_second"]}

    def _places(self, name: str, store: str, size: int) -> None:
        """Measure what makes its own store: one, or for a hub two."""
        self.tell(f"{store}: {MEASURES[name].title}, {size:,} {MEASURES[name].size}")
        with ExitStack() as stack:
            places = [stack.enter_context(room(store)).place for _ in range(2 if name == "hub" else 1)]
            self._note(name, store, size, self.perform(name, *places, size))

    def _pods(self) -> None:
        for size in self.sizes:
            pods = max(100, size // 10)
            self.tell(f"a cluster of {pods:,} pods")
            with TemporaryDirectory(prefix="asbuilt-bench-") as folder:
                self._note("pods", "sqlite", pods, cycle.figures(pods, Path(folder)))
