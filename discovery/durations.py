"""How long is `90s`, `5m` or `1.5h`? Durations as people write them, in seconds."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")


def seconds_of(value: object) -> float:
    """Read a duration: a number of seconds, or a number with the unit s, m, h or d."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is no duration: write seconds, or a number with its unit, such as 90s, 5m or 2h")
    return float(match[1]) * _UNITS[match[2]]


Seconds = Annotated[float, BeforeValidator(seconds_of), Field(gt=0, allow_inf_nan=False)]
"""A duration in a configuration."""


def spoken(seconds: float) -> str:
    """Write a duration as a person would: `90 s`, `5 min`, `2 h`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
