"""When is something known, and between which instants did it happen? UTC, half-open, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SOURCE_RESOLUTION = timedelta(seconds=1)
"""Kubernetes and most cloud APIs give their own times in whole seconds (RFC 3339 without fraction)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open interval of UTC instants; a start of None means that nobody looked before."""

    start: datetime | None
    end: datetime

    def no_earlier_than(self, instant: datetime | None) -> Interval:
        """Raise the start to an instant that the source itself gave, where that lies inside."""
        if instant is None or instant >= self.end or (self.start is not None and instant <= self.start):
            return self
        return Interval(instant, self.end)

    def narrowed_to(self, instant: datetime | None) -> Interval:
        """Narrow to the second that the source itself gave, where that lies inside."""
        if instant is None or instant >= self.end or (self.start is not None and instant < self.start):
            return self
        return Interval(instant, min(self.end, instant + SOURCE_RESOLUTION))

    def overlaps(self, other: Interval) -> bool:
        """Tell whether two intervals could share an instant."""
        return (self.start is None or self.start < other.end) and (other.start is None or other.start < self.end)


def text_of(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with microseconds, so that texts sort as instants do."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"  # %Y pads no year


@lru_cache(maxsize=4096)  # settling asks for the same one many times over
def instant_of(text: str) -> datetime:
    """Read an RFC 3339 instant. A text without an offset is refused, for it could mean any place on earth."""
    instant = datetime.fromisoformat(text.upper())  # RFC 3339 has t and z too
    if instant.tzinfo is None:
        raise ValueError(f"'{text}' has no offset: write it as 2026-01-31T10:00:00Z")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"'{text}' lies before the year 1, or after 9999, in UTC") from None


def instant_or_none(value: object) -> datetime | None:
    """Read an instant that a source gave, or None where it gave none that can be read."""
    if not isinstance(value, str):
        return None
    try:
        return instant_of(value)
    except ValueError:
        return None
