"""What does it cost to tell what a failure harms, where that is thousands of things among all that there are?

Asked of ConfigMaps, whose harm reaches all pods and containers of a workload, its services and whoever calls these: of
those ConfigMaps that reach about as much as is wanted.
"""

from __future__ import annotations

import statistics
import time
from itertools import islice

from graph.analysis.impact import impact
from graph.analysis.spread import Bounds
from graph.model import Key
from graph.store import GraphStore
from tests.bench.estate import Estate
from tests.bench.loads import Figures
from tests.bench.places import Place, opened

WANTED = {"small": (2_000, 20), "large": (5_000, 10)}
"""How many things are to be reached, and how much of a smaller estate that may be at most: one in so many."""

_NEAR = 0.25
"""How far from it a root may be."""
_ROOTS, _TRIED = 6, 60


def impacts(place: Place, entities: int) -> Figures:
    """Ask for impacts of two sizes, each by a reader of its own."""
    estate, calls = Estate(entities), 200 if entities >= 10_000 else 20
    found: Figures = {}
    with opened(place) as store:
        for name, (most, part) in WANTED.items():
            wanted = min(most, entities // part)
            roots = _roots(store, estate, wanted)
            taken = [_asked(store, roots[number % len(roots)][0], 2 * wanted, 100) for number in range(calls)]
            whole = [_asked(store, key, 2 * wanted, 2 * wanted) for key, _ in roots]
            milliseconds = sorted(one[0] for one in taken)
            found |= {
                f"{name}_reached": statistics.mean(reached for _, reached in roots),
                f"{name}_p50": statistics.median(milliseconds),
                f"{name}_cpu": statistics.median(one[2] for one in taken),
                f"{name}_p99": milliseconds[int(0.99 * (len(milliseconds) - 1))],
                f"{name}_whole": statistics.median(one[0] for one in whole),
                f"{name}_told": statistics.median(1000 * spent / told for spent, told, _ in whole),
            }
    return found


def _asked(store: GraphStore, root: Key, most: int, limit: int) -> tuple[float, int, float]:
    """Ask once; give the milliseconds, the relations that were told, and the milliseconds of CPU in this process."""
    began, cpu = time.perf_counter(), time.process_time()
    with store.reader() as reader:
        told = len(impact(reader, root, Bounds(most=most), limit=limit).relations)
    return (time.perf_counter() - began) * 1e3, told, (time.process_time() - cpu) * 1e3


def _roots(store: GraphStore, estate: Estate, wanted: int) -> list[tuple[Key, int]]:
    """Find ConfigMaps that reach about as many things as wanted, and say how many; else the one that comes nearest."""
    sized = sorted(estate.every_workload(), key=lambda one: (abs(one.size * (1 + one.containers) - wanted), one.number))
    tried: list[tuple[Key, int]] = []
    with store.reader() as reader:
        for one in islice(sized, _TRIED):
            key = one.one("k8s.configmap")
            tried.append((key, impact(reader, key, Bounds(most=4 * wanted), limit=0).reached))
            near = [(key, reached) for key, reached in tried if abs(reached - wanted) <= _NEAR * wanted]
            if len(near) == _ROOTS:
                break
        else:
            near = near or [min(tried, key=lambda pair: abs(pair[1] - wanted))]
    return near
