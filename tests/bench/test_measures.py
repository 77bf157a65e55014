"""Does every measure of the benchmark run, and give a figure? At tiny sizes, and no figure is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.__main__ import main, sizes
from tests.bench.campaign import Campaign
from tests.bench.measures import MEASURES, Row
from tests.bench.one import WORK, perform
from tests.bench.page import NoPlace, plot, publish, rewritten, table

TINY = 300
HERE = [name for name in MEASURES if name not in ("pods", "cluster", "rest", "plane", "lag")]
"""What can be measured without starting processes."""


@pytest.fixture(scope="module")
def found() -> dict[str, list[Row]]:
    """Everything measured at a tiny size, in the embedded store."""
    return Campaign(HERE, ["sqlite"], [TINY], perform, lambda _: None).run()


def test_every_measure(found: dict[str, list[Row]]) -> None:
    """Every measure gives a row, with a figure above zero for each curve that is drawn where the store has one."""
    assert set(found) == set(HERE)
    for name, (row,) in found.items():
        names = {one.name for one in MEASURES[name].columns}
        assert names >= row.keys() - {"store", "size", "unchanged_cpu"}
        drawn = [one.name for one in MEASURES[name].curves if not one.name.startswith("plain")]
        assert all(row[one] > 0 for one in drawn)


def test_known_work() -> None:
    """What can be measured alone is what the measures are named by, and the plain load beside them."""
    assert set(WORK) == {*HERE, "plain"}


def test_memory_store() -> None:
    """The measures ask nothing of a store that the reference does not promise as well."""
    assert set(Campaign(["hub"], ["memory"], [TINY], perform, lambda _: None).run()) == {"hub"}


def test_page(found: dict[str, list[Row]], tmp_path: Path) -> None:
    """Figures replace what stands between the markers of their measure alone; plots stand beside the page."""
    page = tmp_path / "figures.md"
    page.write_text(
        "before\n<!-- measured: hub -->\nold\n<!-- end -->\nbetween\n<!-- measured: pods -->\nx\n<!-- end -->\n"
    )
    publish({"hub": found["hub"]}, "Measured today.", page)
    text = page.read_text()
    assert text.startswith("before\n<!-- measured: hub -->\nMeasured today.\n\n|  | sqlite, 10 |")
    assert text.endswith("<!-- end -->\nbetween\n<!-- measured: pods -->\nx\n<!-- end -->\n")
    assert "old\n" not in text
    assert (tmp_path / "figures" / "hub.svg").read_text().startswith("<?xml")
    with pytest.raises(NoPlace, match="no place for 'memory'"):
        publish({"memory": found["memory"]}, "Measured today.", page)


def test_page_has_places() -> None:
    """The page in the documentation has a place for every measure."""
    text = Path("docs/performance.md").read_text()
    for measure in MEASURES.values():
        assert "new figures" in rewritten(text, measure, "new figures\n")


def test_plot_deterministic(found: dict[str, list[Row]], tmp_path: Path) -> None:
    """The same figures make the same plot, byte for byte."""
    for name in ("one.svg", "two.svg"):
        plot(MEASURES["hub"], found["hub"], tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_table_leaves_out() -> None:
    """A figure that no row has is left out of a table, and one that some row lacks is a dash."""
    rows = [{"store": "sqlite", "size": 10, "wall": 1.0}, {"store": "neo4j", "size": 10, "wall": 2.0, "server": 512.0}]
    text = table(MEASURES["first-load"], rows)
    assert "| server, MB | - | 512 |" in text
    assert "plain" not in text


def test_command() -> None:
    """Sizes are read as people write them, and an unknown measure is refused with those that there are."""
    assert sizes("10k,1M,500") == [10_000, 1_000_000, 500]
    with pytest.raises(SystemExit):
        main(["--only", "everything"])
