"""What does a source look like, with its scopes and their runs?"""

from __future__ import annotations

from pydantic import Field

from api.schemas.values import Instant, Interval, Wire


class Runs(Wire):
    """Consecutive runs of one outcome. Null at a past revision: folds keep no more."""

    outcome: str = Field(description="`complete`, `failed` or `forbidden`.")
    error: str | None
    first_started: Instant
    first_ended: Instant
    last_ended: Instant | None
    count: int | None
    longest_gap: float | None = Field(description="Seconds between the starts of two of them, at most.")


class Scope(Wire):
    """What one listing covers completely."""

    name: str
    status: str = Field(description="`readable`, `failing`, `unreadable`, `never_read` or `vanished`.")
    since: Instant
    error: str | None
    last_complete: Instant | None
    stale_after: Instant | None
    range: str = Field(description="The key that everything in it begins with; empty: not known yet, or anywhere.")
    states: tuple[str, ...] = Field(description="The kinds and verbs that its documents state.")
    within: str | None = Field(description="The key that it exists by.")
    snapshot: bool = Field(description="Whether one complete listing shows one instant.")
    judged: Interval | None = Field(description="The last complete run that a revision took notice of.")
    runs: tuple[Runs, ...] = Field(description="The last few, newest first.")


class Source(Wire):
    """One configured system that is read."""

    name: str
    type: str
    configured: bool = Field(description="False: its scopes have vanished, until somebody retires it.")
    first_read: Instant | None
    scopes: tuple[Scope, ...]


EXAMPLE = [
    {
        "name": "prod",
        "type": "kubernetes",
        "configured": True,
        "first_read": "2026-03-01T10:00:01.000000Z",
        "scopes": [
            {
                "name": "pods",
                "status": "unreadable",
                "since": "2026-03-01T10:14:00.000000Z",
                "error": "403: may not list",
                "last_complete": "2026-03-01T10:13:01.000000Z",
                "stale_after": "2026-03-01T10:16:01.000000Z",
                "range": "k8s.cluster/9f2c",
                "states": ["MANAGED_BY", "RUNS_ON", "k8s.container", "k8s.pod"],
                "within": None,
                "snapshot": True,
                "judged": {"start": "2026-03-01T10:00:00.000000Z", "end": "2026-03-01T10:00:01.000000Z"},
                "runs": [
                    {
                        "outcome": "forbidden",
                        "error": "403: may not list",
                        "first_started": "2026-03-01T10:14:00.000000Z",
                        "first_ended": "2026-03-01T10:14:01.000000Z",
                        "last_ended": "2026-03-01T10:14:01.000000Z",
                        "count": 1,
                        "longest_gap": 0.0,
                    }
                ],
            }
        ],
    }
]
