"""What does one measurement come to, in a process of its own? `python -m tests.bench.one NAME ARGUMENTS`, in JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from graph.garbage import look_seldom
from tests.bench import crowd, hub, loads, plain, reached
from tests.bench.loads import Figures
from tests.bench.places import Place

WORK: dict[str, Callable[..., Figures]] = {
    "first-load": loads.first_load,
    "cycles": loads.cycles,
    "history": loads.history,
    "memory": loads.memory,
    "hub": hub.hub,
    "impact": reached.impacts,
    "crowd": crowd.crowd,
    "plain": plain.plain,
}
"""What can be measured, by name. Places come first, then numbers."""


class MeasurementFailed(Exception):
    """A measurement ended with an error. The message has the end of what it said."""


def perform(name: str, *arguments: Place | int) -> Figures:
    """Measure here."""
    return WORK[name](*arguments)


def alone(name: str, *arguments: Place | int) -> Figures:
    """Measure in a process of its own, so that fresh means fresh and its peak of memory is its own."""
    told = json.dumps([asdict(one) if isinstance(one, Place) else one for one in arguments])
    command = [sys.executable, "-m", "tests.bench.one", name, told]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementFailed(f"{name} {told} failed:\n{done.stderr[-3000:]}{done.stdout[-500:]}")
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def _argument(told: Any) -> Place | int:
    return Place(**told) if isinstance(told, dict) else int(told)


if __name__ == "__main__":
    look_seldom()  # as whoever records does
    print(json.dumps(perform(sys.argv[1], *(_argument(told) for told in json.loads(sys.argv[2])))))
