"""How is blocking work done side by side, under a limit and a deadline, so that nothing can hang the process?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, Self, TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")

_GLANCE = 0.1
"""Seconds between two glances at the stop event while nothing arrives."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Task, Done]):
    """A task, and what became of it: a value, or what was raised."""

    task: Task
    value: Done | None
    error: BaseException | None = None


class _Leave:
    """Stands in the queue of tasks for: there are no more."""


class _Verdict:
    """Keeps what a task came to. Whatever it raises, even an exit, is an outcome: somebody waits for one."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error = error
        return True


class Workers(Generic[Task, Done]):
    """A few daemon threads that do one kind of work. A thread that never comes back keeps nobody from leaving.

    Twice as many outcomes as there are threads wait to be taken, at most: each may hold a whole listing.
    """

    def __init__(self, name: str, work: Callable[[Task], Done], parallel: int) -> None:
        self._name = name
        self._work = work
        self._parallel = parallel
        self._tasks: SimpleQueue[Task | _Leave] = SimpleQueue()
        self._finished: SimpleQueue[Finished[Task, Done]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._pending = 0
        self._room = threading.Semaphore(2 * parallel)
        self._dismissed = False

    @property
    def pending(self) -> int:
        """Count the tasks that were given and not yet taken back."""
        return self._pending

    @property
    def busy(self) -> bool:
        """Tell whether a thread is still at work."""
        return any(thread.is_alive() for thread in self._threads)

    def give(self, task: Task) -> None:
        """Add a task; another thread starts, as long as there are fewer than allowed."""
        self._pending += 1
        self._tasks.put(task)
        if len(self._threads) < self._parallel:
            thread = threading.Thread(target=self._run, name=f"{self._name}-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def take(self, until: float, stop: threading.Event) -> Finished[Task, Done] | None:
        """Wait for the next finished task; give None once `until` (monotonic) has passed, or stopping has begun."""
        while not stop.is_set():
            try:
                finished = self._finished.get(timeout=max(0.0, min(_GLANCE, until - time.monotonic())))
            except Empty:
                if time.monotonic() >= until:
                    return None
                continue
            self._pending -= 1
            self._room.release()
            return finished
        return None

    def dismiss(self) -> None:
        """Let the threads end once they are done with what they do. What was not begun is dropped."""
        while not self._tasks.empty():
            try:
                self._tasks.get_nowait()
            except Empty:
                break
        self._dismissed = True
        for _ in self._threads:
            self._tasks.put(_Leave())
            self._room.release()

    def _run(self) -> None:
        while not isinstance(task := self._tasks.get(), _Leave):
            self._room.acquire()
            if self._dismissed:
                continue
            with _Verdict() as verdict:
                verdict.value = self._work(task)
            self._finished.put(Finished(task, verdict.value, verdict.error))
