"""In which order is everything measured, so that what is compared comes from one run, and an estate is loaded once?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import cluster, cycle, lag, plane, rest
from tests.bench.loads import ROWS, Figures
from tests.bench.measures import MEASURES, Row
from tests.bench.places import room
from tests.servers.errors import ServerUnavailable

DOCUMENTS = (10_000, 50_000, 150_000)
"""Documents of one scope whose memory is measured."""

CLUSTERS = (10_000, 50_000, 150_000)
"""Pods of a cluster that is served from memory."""

PLANES = (1_000, 3_000, 6_000)
"""Pods of a cluster of the real API server."""

RATES = (10, 30, 100)
"""Changes a second."""

OF_CLUSTERS = ("cluster", "rest")
"""Measures of one and the same cluster, which is loaded once."""

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
        for size in self._upto(CLUSTERS) if set(self.only) & set(OF_CLUSTERS) else ():
            self._cluster(size)
        self._real()
        return self.found

    def _upto(self, sizes: Sequence[int]) -> list[int]:
        """Give the sizes that are no larger than what is asked for; else what is asked for."""
        return [size for size in sizes if size <= max(self.sizes)] or list(self.sizes)

    @property
    def _revisions(self) -> list[int]:
        """The revisions of a hub, of which each replaces ten relations: a hundredth of the entities."""
        return [max(10, size // 100) for size in self.sizes]

    @property
    def _documents(self) -> list[int]:
        return self._upto(DOCUMENTS)

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

    def _cluster(self, pods: int) -> None:
        """Serve a cluster, read it again and again, and then leave it alone."""
        with TemporaryDirectory(prefix="asbuilt-bench-") as name, cluster.served(pods) as served:
            folder = Path(name)
            if "cluster" in self.only:
                self.tell(f"a whole cluster of {pods:,} pods")
                self._note("cluster", "sqlite", pods, cluster.figures(served, pods, folder))
            if "rest" in self.only:
                self.tell(f"a whole cluster of {pods:,} pods, at rest")
                self._note("rest", "sqlite", pods, rest.figures(served, folder))

    def _real(self) -> None:
        """Measure what needs a real API server; where there is none to be had, what else was measured still counts."""
        try:
            for size in self._upto(PLANES) if "plane" in self.only else ():
                self.tell(f"a real cluster of {size:,} pods")
                self._note("plane", "sqlite", size, plane.figures(size))
            for rate in RATES if "lag" in self.only else ():
                self.tell(f"a real cluster, {rate} changes a second")
                self._note("lag", "sqlite", rate, lag.figures(rate))
        except ServerUnavailable as reason:
            self.tell(f"left out, for want of a server: {reason}")
