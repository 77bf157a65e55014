"""What does the benchmark measure, in which units, with which goals, and how does it grow?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
"""One store at one size: `store`, `size`, and the figures by name."""


@dataclass(frozen=True, slots=True)
class Column:
    """One figure: its heading, its name in a row, how it is written, and the goal that it is held to, if any."""

    title: str
    name: str
    form: str = "{:,.0f}"
    goal: str = ""

    @property
    def heading(self) -> str:
        """What stands above it in a table."""
        return f"{self.title} ({self.goal})" if self.goal else self.title

    def text(self, row: Row) -> str:
        """Write it, or a dash where it was not measured."""
        return self.form.format(row[self.name]) if row.get(self.name) is not None else "-"


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure that is drawn against size."""

    title: str
    name: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One question of the benchmark: what its sizes count, its figures, and those that are drawn.

    estate: whether it is asked of a loaded estate. unit: what the curves are in.
    """

    name: str
    title: str
    size: str
    unit: str
    columns: tuple[Column, ...]
    curves: tuple[Curve, ...]
    estate: bool = False
    stores: tuple[str, ...] = ("sqlite", "neo4j")


FIRST_LOAD = Measure(
    "first-load",
    "First load",
    "entities",
    "rows/s",
    (
        Column("rows/s", "rows_per_second"),
        Column("seconds", "wall", "{:,.1f}"),
        Column("of these recording", "record", "{:,.1f}"),
        Column("until the current graph followed, s", "followed", "{:,.1f}"),
        Column("CPU s of our process", "cpu", "{:,.1f}"),
        Column("plain MERGE, rows/s", "plain_rows_per_second"),
        Column("times plain", "times_plain", "{:.2f}", "goal 2"),
        Column("peak MB", "peak"),
        Column("server, MB", "server"),
        Column("bytes a version", "bytes_per_version"),
    ),
    (Curve("versioned", "rows_per_second"), Curve("plain MERGE", "plain_rows_per_second")),
    estate=True,
)

CYCLES = Measure(
    "cycles",
    "Unchanged, and 1 % changed",
    "entities",
    "seconds",
    (
        Column("read + fingerprint all, s", "reading", "{:.2f}"),
        Column("unchanged, s", "unchanged", "{:.2f}"),
        Column("share of reading", "unchanged_share", "{:.2f}"),
        Column("1 % changed, the first since the start, s", "changed", "{:.2f}"),
        Column("share of reading", "changed_share", "{:.2f}"),
        Column("documents changed", "changed_documents"),
        Column("1 % changed, from then on, s", "again", "{:.2f}"),
        Column("share of reading", "again_share", "{:.2f}"),
        Column("documents changed", "again_documents"),
        Column("peak MB", "peak"),
    ),
    (Curve("read + fingerprint", "reading"), Curve("unchanged", "unchanged"), Curve("1 % changed", "again")),
    estate=True,
)

HISTORY = Measure(
    "history",
    "What a change leaves behind",
    "entities",
    "bytes",
    (
        Column("changes", "changes"),
        Column("bytes a change", "bytes_per_change"),
        Column("changes/s", "changes_per_second"),
    ),
    (Curve("bytes a change", "bytes_per_change"),),
    estate=True,
)

IMPACT = Measure(
    "impact",
    "Impact that reaches thousands",
    "entities",
    "milliseconds",
    (
        Column("reached, on average", "small_reached"),
        Column("p50, ms", "small_p50", "{:.1f}"),
        Column("p50, CPU ms of our process", "small_cpu", "{:.1f}"),
        Column("p99, ms", "small_p99", "{:.1f}", "goal 50 embedded, Neo4j 4 times that"),
        Column("all of it told, ms", "small_whole", "{:.1f}"),
        Column("us a relation told", "small_told", "{:.1f}"),
        Column("reached, on average (2)", "large_reached"),
        Column("p50, ms (2)", "large_p50", "{:.1f}"),
        Column("p50, CPU ms of our process (2)", "large_cpu", "{:.1f}"),
        Column("p99, ms (2)", "large_p99", "{:.1f}", "goal 50 embedded, Neo4j 4 times that"),
        Column("all of it told, ms (2)", "large_whole", "{:.1f}"),
        Column("us a relation told (2)", "large_told", "{:.1f}"),
    ),
    (Curve("2,000 reached, p99", "small_p99"), Curve("5,000 reached, p99", "large_p99")),
    estate=True,
)

HUB = Measure(
    "hub",
    "A hub, as of old, middle and recent revisions",
    "revisions",
    "microseconds",
    (
        Column("past relations", "past"),
        Column("1 revision, us", "one_revision"),
        Column("old, us", "old"),
        Column("middle, us", "middle"),
        Column("recent, us", "recent"),
        Column("old / 1", "old_ratio", "{:.2f}", "goal 1.5"),
        Column("middle / 1", "middle_ratio", "{:.2f}", "goal 1.5"),
        Column("recent / 1", "recent_ratio", "{:.2f}", "goal 1.5"),
        Column("a hub without a past beside it, us", "young"),
        Column("the slowest / that", "young_ratio", "{:.2f}", "goal 1.5"),
    ),
    (Curve("1 revision", "one_revision"), Curve("old", "old"), Curve("recent", "recent")),
)

CROWD = Measure(
    "crowd",
    "Things of one label, all tied to one hub",
    "relations",
    "seconds",
    (
        Column("first load, s", "filled", "{:,.1f}"),
        Column("one relation ends, s", "ended", "{:.3f}"),
        Column("resolve by the label, s", "resolved", "{:.3f}"),
        Column("list by the label, 2 pages, s", "listed", "{:.3f}"),
        Column("impact of the hub, s", "harmed", "{:.3f}"),
        Column("neighbourhood of the hub, s", "around", "{:.3f}"),
        Column("changes of the hub, 2 pages, s", "changed", "{:.3f}"),
        Column("relations of the hub, 1 page, s", "related", "{:.3f}"),
        Column("all links of the hub, s", "tied", "{:.3f}"),
        Column("all links as of before, s", "as_of", "{:.3f}"),
    ),
    (Curve("one relation ends", "ended"), Curve("impact", "harmed"), Curve("all links", "tied")),
)

MEMORY = Measure(
    "memory",
    "Peak memory of one scope",
    "documents",
    "MB",
    (
        Column("before, MB", "began"),
        Column("first load, MB", "peak_first", goal="goal 500 at 150,000"),
        Column("unchanged look after it, MB", "peak", goal="goal 500 at 150,000"),
    ),
    (Curve("first load", "peak_first"), Curve("with unchanged look", "peak")),
)

PODS = Measure(
    "pods",
    "An unchanged cycle of a cluster",
    "pods",
    "CPU seconds",
    (
        Column("JSON a pod, bytes", "page_bytes"),
        Column("list + parse, CPU s", "parse_cpu", "{:.3f}"),
        Column("unchanged cycle, CPU s", "cycle_cpu", "{:.3f}"),
        Column("ratio, warm", "warm", "{:.2f}", "goal 1.3"),
        Column("ratio, fresh process", "fresh", "{:.2f}", "goal 2"),
        Column("bytes written by it", "written"),
        Column("peak MB, unchanged", "cycle_peak"),
        Column("peak MB, parse only", "parse_peak"),
        Column("first load, pods/s", "first_rate"),
        Column("peak MB, first load", "first_peak"),
        Column("1 % changed / unchanged, fresh", "changed", "{:.2f}"),
        Column("store, bytes a pod", "store_bytes"),
    ),
    (Curve("list + parse", "parse_cpu"), Curve("unchanged cycle", "cycle_cpu")),
    stores=("sqlite",),
)

_CYCLE = (
    Column("objects", "objects"),
    Column("JSON an object, bytes", "page_bytes"),
    Column("filled, s", "filled"),
    Column("first load, s", "first_wall", "{:,.1f}"),
    Column("first load, pods/s", "first_rate"),
    Column("first load, CPU us an object", "first_each"),
    Column("list + parse, CPU s", "parse_cpu", "{:.3f}"),
    Column("unchanged cycle, CPU s", "cycle_cpu", "{:.3f}"),
    Column("unchanged cycle, CPU us an object", "cycle_each", "{:.1f}"),
    Column("unchanged cycle, s", "cycle_wall", "{:.2f}"),
    Column("ratio, warm", "warm", "{:.2f}", "goal 1.3"),
    Column("ratio, fresh process", "fresh", "{:.2f}", "goal 2"),
    Column("bytes written by it", "written"),
    Column("revisions made by unchanged cycles", "revisions"),
    Column("1 % of the pods changed / unchanged, fresh", "changed", "{:.2f}"),
    Column("1 % of the pods changed, s", "changed_wall", "{:.2f}"),
    Column("peak MB, parse only", "parse_peak"),
    Column("peak MB, unchanged", "cycle_peak", goal="goal 500 at 150,000"),
    Column("peak MB, first load", "first_peak", goal="goal 500 at 150,000"),
    Column("store, bytes an object", "store_bytes"),
    Column("calls of a cycle", "calls", "{:,.1f}"),
    Column("of these pages", "calls_page", "{:,.1f}"),
    Column("what is served", "calls_discovery", "{:,.1f}"),
    Column("which cluster it is", "calls_identity", "{:,.1f}"),
    Column("which version it runs", "calls_version", "{:,.1f}"),
    Column("the least that would do", "calls_least"),
    Column("more than that", "calls_more", "{:,.1f}"),
)
_CYCLE_CURVES = (Curve("list + parse", "parse_cpu"), Curve("unchanged cycle", "cycle_cpu"))

CLUSTER = Measure(
    "cluster", "A whole cluster", "pods", "CPU seconds", _CYCLE,
    (*_CYCLE_CURVES, Curve("first load", "first_cpu")), stores=("sqlite",),
)  # fmt: skip

PLANE = Measure(
    "plane", "A real control plane", "pods", "CPU seconds", _CYCLE,
    (*_CYCLE_CURVES, Curve("first load", "first_cpu")), stores=("sqlite",),
)  # fmt: skip

REST = Measure(
    "rest",
    "A cluster at rest, watched",
    "pods",
    "CPU seconds a minute",
    (
        Column("objects", "objects"),
        Column("scopes watched", "watched"),
        Column("minutes", "minutes", "{:.1f}"),
        Column("calls a minute", "calls", "{:,.1f}"),
        Column("of these what is served", "calls_discovery", "{:,.1f}"),
        Column("which cluster it is", "calls_identity", "{:,.1f}"),
        Column("which version it runs", "calls_version", "{:,.1f}"),
        Column("connections of watches", "calls_watch", "{:,.1f}"),
        Column("pages, as proof", "calls_page", "{:,.1f}"),
        Column("pages a minute if it were polled", "calls_polled"),
        Column("CPU s a minute", "cpu", "{:.2f}"),
        Column("peak MB", "peak", goal="goal 500 at 150,000"),
    ),
    (Curve("at rest", "cpu"),),
    stores=("sqlite",),
)

LAG = Measure(
    "lag",
    "How late a change can be asked for",
    "changes a second",
    "seconds",
    (
        Column("changes a second, really", "rate", "{:,.1f}"),
        Column("seen", "seen"),
        Column("never seen within 30 s", "unseen", goal="goal 0"),
        Column("p50, s", "p50", "{:.2f}"),
        Column("p90, s", "p90", "{:.2f}"),
        Column("p99, s", "p99", "{:.2f}", "goal 2"),
        Column("p99.9, s", "p99.9", "{:.2f}"),
        Column("the latest, s", "max", "{:.2f}"),
        Column("CPU s of discovery", "cpu", "{:,.1f}"),
        Column("revisions", "revision"),
    ),
    (Curve("p50", "p50"), Curve("p99", "p99"), Curve("the latest", "max")),
    stores=("sqlite",),
)

MEASURES = {
    one.name: one for one in (FIRST_LOAD, IMPACT, CYCLES, HISTORY, HUB, CROWD, MEMORY, PODS, CLUSTER, REST, PLANE, LAG)
}
"""Every measure by its name, in the order of the page."""
