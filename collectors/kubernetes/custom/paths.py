"""Where in an object does a value stand, and what stands there?

A path is steps with dots between: `spec.triggers[*].authenticationRef`. `[*]` goes into each entry of a list, a name
that has dots itself is quoted (`metadata.labels["karpenter.sh/nodepool"]`), and `{}` at the end gives the names of a
map instead of its values. Nothing is certain of an object: a path that leads nowhere finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

EACH, NAMES = "[*]", "{}"
AROUND, ROOT = "^", "/"
"""How a path begins that starts at the entry of a list around what was found, or at the object itself."""

_STEP = re.compile(r'\.?([A-Za-z0-9_-]+)|\["([^"\]]+)"\]|(\[\*\])|(\{\})(?=$)')


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and the entries that lead to it: the object first, then the entry of each list that was gone into."""

    value: Any
    entries: tuple[Any, ...]


@cache
def steps(path: str) -> tuple[str, ...]:
    """Read a path, or raise ValueError."""
    found: list[str] = []
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or (path[at:].startswith(".") == (at == 0) and step[1]):
            break
        found.append(next(part for part in step.groups() if part is not None))
        at = step.end()
    if at < len(path) or not found or found[0] in (EACH, NAMES):
        raise ValueError(f"'{path}' is no path: write steps with dots between, such as spec.triggers[*].type")
    return tuple(found)


def find(item: Any, path: str) -> Iterator[Found]:
    """Find all that a path leads to in an object."""
    yield from _follow(Found(item, (item,)), steps(path))


def beside(found: Found, path: str) -> list[Any]:
    """Give what a path leads to from something that was found: within it, around it (`^`), or from the object (`/`)."""
    if path.startswith(ROOT):
        start = found.entries[0]
    elif path.startswith(AROUND):
        inner = found.entries[-1] is found.value and len(found.entries) > 1
        start = found.entries[-2 if inner else -1]
    else:
        start = found.value
    return [one.value for one in find(start, path.lstrip(ROOT + AROUND))]


def _follow(found: Found, path: tuple[str, ...]) -> Iterator[Found]:
    if not path:
        yield found
        return
    step, rest, value = path[0], path[1:], found.value
    if step == EACH:
        for entry in value if isinstance(value, list) else ():
            yield from _follow(Found(entry, (*found.entries, entry)), rest)
    elif isinstance(value, dict):
        if step == NAMES:
            yield Found(sorted(name for name in value if isinstance(name, str)), found.entries)
        elif value.get(step) is not None:
            yield from _follow(Found(value[step], found.entries), rest)
