"""How do figures become a page? Tables between markers, and a plot of each measure against size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measures import MEASURES, Measure, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE = Path("docs/performance.md")
_STYLES = {"sqlite": "-", "neo4j": "--", "memory": ":"}


class NoPlace(Exception):
    """The page has no markers for a measure."""


def table(measure: Measure, rows: Sequence[Row]) -> str:
    """Write the figures of a measure as a Markdown table, a figure to a line; what nobody measured is left out."""
    shown = [one for one in measure.columns if any(row.get(one.name) is not None for row in rows)]
    heads = [
        f"{row['store']}, {row['size']:,}" if len(measure.stores) > 1 else f"{row['size']:,} {measure.size}"
        for row in rows
    ]
    lines = [["", *heads], ["---", *("---:" for _ in heads)]]
    lines += [[_marked(one.heading, one.goal), *(_marked(one.text(row), one.goal) for row in rows)] for one in shown]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _marked(text: str, goal: str) -> str:
    return f"**{text}**" if goal else text


def section(measure: Measure, rows: Sequence[Row], conditions: str, folder: str) -> str:
    """Write what the benchmark found out about one measure."""
    plot = f"![{measure.title}: {measure.unit} by {measure.size}]({folder}/{measure.name}.svg)"
    return f"{conditions}\n\n{table(measure, rows)}\n\n{plot}\n"


def rewritten(page: str, measure: Measure, text: str) -> str:
    """Give a page with what stands between a measure's markers replaced."""
    begin, end = f"<!-- measured: {measure.name} -->\n", "<!-- end -->\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(page):
        raise NoPlace(f"the page has no place for '{measure.name}': put '{begin.strip()}' and '{end.strip()}' into it")
    return pattern.sub(lambda _: f"{begin}{text}{end}", page)


def plot(measure: Measure, rows: Sequence[Row], path: Path) -> None:
    """Draw how a measure grows with size, on logarithmic scales. The same figures give the same bytes."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with mpl.rc_context({"svg.hashsalt": "asbuilt", "svg.fonttype": "none", "font.size": 8, "path.simplify": True}):
        figure, axes = plt.subplots(figsize=(5, 2.8), layout="constrained")
        for store in dict.fromkeys(row["store"] for row in rows):
            _draw(axes, measure, [row for row in rows if row["store"] == store], store)
        axes.set(xscale="log", yscale="log", xlabel=measure.size, ylabel=measure.unit)
        axes.grid(visible=True, which="major", linewidth=0.3)
        axes.legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _draw(axes: Axes, measure: Measure, rows: Sequence[Row], store: str) -> None:
    for number, curve in enumerate(measure.curves):
        points = [(row["size"], row[curve.name]) for row in rows if row.get(curve.name)]
        if points:
            sizes, values = zip(*points, strict=True)
            style = _STYLES.get(store, "-")
            axes.plot(
                sizes, values, style, marker="o", markersize=3, color=f"C{number}", label=f"{store}: {curve.title}"
            )


def publish(found: Mapping[str, Sequence[Row]], conditions: str, page: Path = PAGE) -> None:
    """Put what was measured into the page, and the plots beside it. What was not measured stays as it is."""
    text = page.read_text()
    folder = page.parent / page.stem
    for name, rows in found.items():
        measure = MEASURES[name]
        plot(measure, rows, folder / f"{name}.svg")
        text = rewritten(text, measure, section(measure, rows, conditions, page.stem))
    page.write_text(text)
