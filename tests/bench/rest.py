"""What does a cluster at rest cost that is watched, minute by minute: calls, CPU seconds, memory?

`asbuilt discover` runs as a process of its own, with all its defaults, over pages that are served from memory. What is
counted begins once every scope is watched, and lasts for longer than a watch's connection and than the time after which
each scope is listed again as proof, so that both are in the average.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from discovery.watching import PROOF
from tests.bench.cluster import Served
from tests.bench.cycle import kubeconfig_of
from tests.bench.discover import cpu_of, discovering, metric, peak_of
from tests.bench.serving import listed
from tests.servers.process import free_port, wait_for

INTERVAL = 60.0
"""Seconds between two looks: the default."""
SECONDS = 1.1 * PROOF * INTERVAL
"""How long a cluster is left at rest: every scope is listed once in ten intervals."""
FIRST_LOOK = 3_600.0
"""Seconds that the first look may take."""


def figures(one: Served, folder: Path, seconds: float = SECONDS) -> dict[str, float]:
    """Watch a cluster at rest for so many seconds. What the folder's store knows already is not loaded again."""
    port, scopes = free_port(), sum(len(names) for names in listed().values())
    timing = f"interval: {INTERVAL:.0f}s, deadline: {FIRST_LOOK:.0f}s"
    kubeconfig = Path(kubeconfig_of(folder, one.port))
    with discovering(kubeconfig, folder, port, timing=timing) as process:
        wait_for(_all_watched(port, scopes), what=f"{scopes} live watches", timeout=FIRST_LOOK, tick=1.0)
        one.calls()
        began, cpu = time.monotonic(), cpu_of(process.pid)
        time.sleep(seconds)
        minutes, calls = (time.monotonic() - began) / 60, one.calls()
        return {
            "objects": one.objects,
            "watched": scopes,
            "minutes": minutes,
            "calls": sum(calls.values()) / minutes,
            **{f"calls_{sort}": count / minutes for sort, count in calls.items()},
            "calls_polled": one.least,
            "cpu": (cpu_of(process.pid) - cpu) / minutes,
            "peak": peak_of(process.pid),
        }


def _all_watched(port: int, scopes: int) -> Callable[[], bool]:
    return lambda: metric(port, "asbuilt_watch_live") >= scopes
