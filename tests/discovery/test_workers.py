"""Is work done side by side bounded, in threads and in what waits to be taken?"""

from __future__ import annotations

import math
import threading
import time

from discovery.workers import Workers


def test_no_more_is_done_than_somebody_takes() -> None:
    """Each outcome may hold a whole listing: while nobody takes one, twice as many as there are threads wait."""
    done: list[int] = []
    workers = Workers[int, None]("count", done.append, 2)
    for task in range(50):
        workers.give(task)
    until = time.monotonic() + 5
    while len(done) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(done) == 4
    for _ in range(50):
        assert workers.take(math.inf, threading.Event()) is not None
    assert sorted(done) == list(range(50))
    assert not workers.pending
    workers.dismiss()


def test_who_is_dismissed_begins_nothing_and_leaves() -> None:
    """Also a thread that waits for room for what it would do next."""
    done: list[int] = []
    workers = Workers[int, None]("count", done.append, 2)
    for task in range(50):
        workers.give(task)
    until = time.monotonic() + 5
    while len(done) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    workers.dismiss()
    while workers.busy and time.monotonic() < until:
        time.sleep(0.01)
    assert not workers.busy
    assert len(done) == 4
