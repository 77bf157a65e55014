"""What does the memory cost, and how does that grow? `make bench` measures it, and writes docs/performance.md anew.

`make bench ARGS='--sizes 10k,100k --stores sqlite --only first-load,cycles'` measures less; what is not measured stays
on the page as it was. Every figure is made in a process of its own, and what is compared is measured in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from rich.console import Console

from tests.bench.campaign import Campaign
from tests.bench.measures import MEASURES
from tests.bench.one import alone
from tests.bench.page import publish, table
from tests.bench.places import OPENERS

SIZES = "10k,100k,1M"
_UNITS = {"k": 1_000, "M": 1_000_000}


def sizes(text: str) -> list[int]:
    """Read sizes such as `10k,1M,500`."""
    return [int(one[:-1]) * _UNITS[one[-1]] if one[-1] in _UNITS else int(one) for one in text.split(",")]


def _among(words: Sequence[str], text: str) -> list[str]:
    """Read a choice of words, in the order that they have."""
    asked = text.split(",")
    if unknown := sorted(set(asked) - set(words)):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}: choose from {', '.join(words)}")
    return [word for word in words if word in asked]


def conditions(stores: Sequence[str]) -> str:
    """Say when, on what and with which versions it is measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    if "neo4j" in stores:
        versions.append(f"neo4j driver {version('neo4j')}")
    when = datetime.now(UTC).date().isoformat()
    load = os.getloadavg()[0]
    return (
        f"Measured {when}: {os.cpu_count()} cores, {memory:.0f} GiB, {', '.join(versions)}; load before it {load:.1f}."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, print it, and put it on the page."""
    stores = [one for one in OPENERS if one != "memory"]
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description="What does the memory cost?")
    parser.add_argument("--sizes", type=sizes, default=sizes(SIZES), help=f"entities of an estate ({SIZES})")
    parser.add_argument("--stores", type=lambda text: _among(stores, text), default=stores, help=", ".join(stores))
    parser.add_argument(
        "--only", type=lambda text: _among(list(MEASURES), text), default=list(MEASURES), help=", ".join(MEASURES)
    )
    parser.add_argument("--keep-page", action="store_true", help="print only, and leave the page as it is")
    asked = parser.parse_args(arguments)
    told, console = conditions(asked.stores), Console(stderr=True)
    campaign = Campaign(asked.only, asked.stores, asked.sizes, alone, lambda text: console.print(f"[dim]{text} ..."))
    for name, rows in campaign.run().items():
        print(f"\n{MEASURES[name].title}\n\n{table(MEASURES[name], rows)}")
    print(json.dumps(campaign.found))
    if not asked.keep_page:
        publish(campaign.found, told)


if __name__ == "__main__":
    main()
