"""What does an unchanged cycle of a cluster cost, against listing and parsing the same pages?

For each size: pages are served from memory by a process of their own; each measurement runs in a process of its own, so
that fresh means fresh; and baseline and cycle are measured in the same run, in turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSES = 6


@contextmanager
def _served(pods: int, changed: int = 0) -> Iterator[tuple[int, int]]:
    """Serve a cluster; give its port and the size of its pages in bytes."""
    command = [sys.executable, "-m", "tests.bench.pages", str(pods), str(changed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        if child.stdout is None or child.stdin is None:
            raise RuntimeError("no pipes")
        port, _, size = child.stdout.readline().split()
        try:
            yield int(port), int(size)
        finally:
            child.stdin.close()
            child.wait(10)


def kubeconfig_of(folder: Path, port: int) -> str:
    """Write a kubeconfig for a server on loopback; give its path."""
    path = folder / f"kubeconfig-{port}"
    cluster = {"name": "bench", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "bench", "context": {"cluster": "bench", "user": "bench"}}
    user = {"name": "bench", "user": {"token": "none"}}
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "contexts": [context],
                "users": [user],
                "current-context": "bench",
            }
        )
    )
    return str(path)


def measured(mode: str, kubeconfig: str, store: Path, passes: int) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.measure", mode, kubeconfig, str(store), str(passes)]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{mode} failed:\n{done.stderr[-2000:]}{done.stdout[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def warm(rows: list[dict[str, float]]) -> float:
    """Give the CPU seconds of a pass that is not the first of its process."""
    return statistics.median(row["cpu"] for row in rows[1:])


def figures(pods: int, folder: Path) -> dict[str, float]:
    """Measure one size."""
    store = folder / f"{pods}.db"
    with _served(pods) as (port, size):
        kubeconfig = kubeconfig_of(folder, port)
        first = measured("cycle", kubeconfig, store, 1)
        baseline = measured("parse", kubeconfig, store, PASSES)
        unchanged = measured("cycle", kubeconfig, store, PASSES)
        again = measured("parse", kubeconfig, store, PASSES)
        once_more = measured("cycle", kubeconfig, store, PASSES)
    with _served(pods, pods // 100) as (port, _):
        changed = measured("cycle", kubeconfig_of(folder, port), store, 1)
    fresh_cycle = min(unchanged["rows"][0]["cpu"], once_more["rows"][0]["cpu"])
    fresh_parse = min(baseline["rows"][0]["cpu"], again["rows"][0]["cpu"])
    warm_cycle = min(warm(unchanged["rows"]), warm(once_more["rows"]))
    warm_parse = min(warm(baseline["rows"]), warm(again["rows"]))
    revisions = {row["revision"] for row in unchanged["rows"] + once_more["rows"]}
    if revisions != {first["rows"][0]["revision"]}:
        raise SystemExit(f"an unchanged cycle made a revision: {revisions}")
    return {
        "page_bytes": size / pods,
        "parse_cpu": warm_parse,
        "cycle_cpu": warm_cycle,
        "warm": warm_cycle / warm_parse,
        "fresh": fresh_cycle / fresh_parse,
        "written": statistics.median(row["written"] for row in unchanged["rows"][1:]),
        "first_rate": pods / first["rows"][0]["wall"],
        "first_peak": first["peak_mb"],
        "cycle_peak": unchanged["peak_mb"],
        "parse_peak": baseline["peak_mb"],
        "changed": changed["rows"][0]["cpu"] / fresh_cycle,
        "store_bytes": store.stat().st_size / pods,
    }
