"""What does a whole cluster cost: its first load, a cycle in which nothing changed, and the calls of one?

Pages are served from memory by a process of their own; each measurement runs in a process of its own, so that fresh
means fresh; and baseline and cycle are measured in the same run, in turns.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.cycle import PASSES, kubeconfig_of, measured, warm
from tests.bench.serving import CALLS, CHANGE

LEAST_BESIDE = 3
"""Calls that no cycle could do without beside pages: which cluster it is, and `/api` and `/apis`, which since
Kubernetes 1.30 can tell all that is served (aggregated discovery)."""

STORE = "a.db"
"""The file of the store, in the folder of a measurement: where `asbuilt discover` is told to have it, too."""

Calls = Callable[[], Mapping[str, int]]
"""Tells how often each sort of call came since this was asked last."""


@dataclass(frozen=True, slots=True)
class Served:
    """A cluster that is served: its port, and how many objects, pages and bytes that is."""

    port: int
    objects: int
    least: int
    size: int

    def ask(self, path: str) -> Any:
        """Ask the server a question of the benchmark's own."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=600) as answer:
            return json.load(answer)

    def calls(self) -> Counter[str]:
        """Say what was asked since this was asked last."""
        return Counter(self.ask(CALLS))


@contextmanager
def served(pods: int) -> Iterator[Served]:
    """Serve a cluster of so many pods."""
    command = [sys.executable, "-m", "tests.bench.serving", str(pods)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        if child.stdout is None or child.stdin is None:
            raise RuntimeError("no pipes")
        try:
            yield Served(*map(int, child.stdout.readline().split()))
        finally:
            child.stdin.close()
            child.wait(10)


def figures(one: Served, pods: int, folder: Path) -> dict[str, float]:
    """Measure a cluster that is served. The folder keeps its store, in which the last change is recorded too."""
    store, kubeconfig = folder / STORE, kubeconfig_of(folder, one.port)
    found = compared(kubeconfig, store, one.calls)
    if found.pop("revisions"):
        raise SystemExit("an unchanged cycle made a revision")
    found |= costs(found, one.objects) | {"objects": one.objects, "page_bytes": one.size / one.objects}
    found |= excess(found, one.least) | {"store_bytes": store.stat().st_size / one.objects}
    one.ask(CHANGE)
    changed = measured("cycle", kubeconfig, store, 1)["rows"][0]
    found |= {"changed_wall": changed["wall"], "changed": changed["cpu"] / found.pop("fresh_cpu")}
    return found | {"first_rate": pods / found["first_wall"]}


def compared(kubeconfig: str, store: Path, calls: Calls, *, counted: str = "") -> dict[str, float]:
    """Load a cluster into a new store, then read it unchanged, in turns with listing and parsing the same pages.

    counted: a kubeconfig by which calls are counted, where that would cost something: by it goes a turn of its own.
    """
    first = measured("cycle", kubeconfig, store, 1)
    parses, cycles = [measured("parse-all", kubeconfig, store, PASSES)], []
    calls()
    cycles.append(measured("cycle", kubeconfig, store, PASSES))
    if counted:
        measured("cycle", counted, store, PASSES)
    asked = calls()
    parses.append(measured("parse-all", kubeconfig, store, PASSES))
    cycles.append(measured("cycle", kubeconfig, store, PASSES))
    fresh_cycle, fresh_parse = (min(one["rows"][0]["cpu"] for one in turns) for turns in (cycles, parses))
    warm_cycle, warm_parse = (min(warm(one["rows"]) for one in turns) for turns in (cycles, parses))
    revisions = [row["revision"] for one in (first, *cycles) for row in one["rows"]]
    return {
        "first_wall": first["rows"][0]["wall"],
        "first_cpu": first["rows"][0]["cpu"],
        "first_peak": first["peak_mb"],
        "parse_cpu": warm_parse,
        "parse_peak": max(one["peak_mb"] for one in parses),
        "cycle_cpu": warm_cycle,
        "cycle_wall": statistics.median(row["wall"] for row in cycles[0]["rows"][1:]),
        "cycle_peak": max(one["peak_mb"] for one in cycles),
        "warm": warm_cycle / warm_parse,
        "fresh": fresh_cycle / fresh_parse,
        "fresh_cpu": fresh_cycle,
        "written": statistics.median(row["written"] for row in cycles[0]["rows"][1:]),
        "revisions": revisions[-1] - revisions[0],
        **{f"calls_{sort}": asked.get(sort, 0) / PASSES for sort in ("page", "discovery", "identity", "version")},
        "calls": sum(asked.values()) / PASSES,
    }


def costs(found: Mapping[str, float], objects: int) -> dict[str, float]:
    """Say what one object costs, which shows whether the whole grows with its size alone."""
    return {
        "first_each": found["first_cpu"] / objects * 1e6,
        "cycle_each": found["cycle_cpu"] / objects * 1e6,
        "parse_each": found["parse_cpu"] / objects * 1e6,
    }


def excess(found: Mapping[str, float], pages: int) -> dict[str, float]:
    """Compare the calls of a cycle with the least that would do: the pages that there are, and a few beside."""
    return {"calls_least": pages + LEAST_BESIDE, "calls_more": found["calls"] - pages - LEAST_BESIDE}
