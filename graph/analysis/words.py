"""How is it said to a person, so that nobody takes 'not seen' for 'not there'?"""

from __future__ import annotations

from datetime import UTC, datetime

from graph.analysis.presence import Doubt, Presence, Said
from graph.model import Interval


def moment(instant: datetime) -> str:
    """Write an instant in UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def during(interval: Interval | None) -> str:
    """Write when something happened: at one second, by an instant, or between two."""
    if interval is None:
        return ""
    end = moment(interval.end)
    if interval.start is None:
        return f"by {end}"
    start = moment(interval.start)
    narrow = (interval.end - interval.start).total_seconds() <= 1
    return start if narrow else f"{start} to {end}"


def counted(number: int, noun: str) -> str:
    """Write a number of things: `one pod`, `3 pods`."""
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def presence_words(presence: Presence | None) -> str:
    """Write both facts of a presence: what its home said last, and why that may not hold."""
    if presence is None:
        return "named by nobody"
    said: str = presence.said.value
    if presence.said is Said.GONE and presence.since is not None:
        said = f"gone since {moment(presence.since.end)}"
    elif presence.said is Said.MISSING:
        said = "missing: named, and not there"
    elif presence.said is Said.MENTIONED:
        said = "mentioned only"
    doubt = doubt_words(presence)
    return f"{said}, {doubt}" if doubt else said


def doubt_words(presence: Presence) -> str:
    """Write why what was said last may not hold; nothing where it does."""
    since = f" since {moment(presence.doubt_since)}" if presence.doubt_since is not None else ""
    match presence.doubt:
        case Doubt.UNKNOWN:
            return f"unknown{since}"
        case Doubt.NEVER_READ:
            return "its home was never read"
        case Doubt.DOUBTED:
            return f"in doubt{since}"
        case None:
            return ""
