"""How far has reading come? One line per source at a terminal, and nothing anywhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from discovery.listener import Look, ScopeLook, Silence
from discovery.source import Source
from graph.model import Scope


class ProgressLines(Silence):
    """Shows each source that is being looked at: how many of its scopes are read, and how many documents so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[str, dict[str, int]] = {}

    def looking(self, source: Source) -> None:
        """Begin a line."""
        with self._lock:
            if source.name in self._tasks:
                self._progress.remove_task(self._tasks[source.name])
            self._counts[source.name] = {}
            self._tasks[source.name] = self._progress.add_task(source.name, total=None, told="connecting")

    def listed(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Tell how many scopes there are to read."""
        self._progress.update(self._tasks[source.name], total=len(scopes), told=f"{len(scopes)} scopes")

    def reading(self, source: Source, scope: Scope, documents: int) -> None:
        """Count the documents of a scope that is being read."""
        self._count(source, scope, documents)

    def read(self, source: Source, look: ScopeLook, seconds: float) -> None:
        """Count a scope that is read."""
        self._count(source, look.scope, look.seen)
        self._progress.update(self._tasks[source.name], completed=len(self._counts[source.name]))

    def looked(self, source: Source, look: Look) -> None:
        """End the line: what it counted is told by others."""
        with self._lock:
            self._progress.remove_task(self._tasks.pop(source.name))

    def _count(self, source: Source, scope: Scope, documents: int) -> None:
        with self._lock:
            if source.name not in self._tasks:
                return  # a straggler of a look that is over
            counts = self._counts[source.name]
            counts[scope.name] = documents
            told = f"{sum(counts.values()):,} documents, last {scope.name}"
            self._progress.update(self._tasks[source.name], told=told)


@contextmanager
def shown_progress() -> Iterator[ProgressLines]:
    """Show progress on standard error for as long as this lasts, and leave no trace of it."""
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total} scopes"),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with progress:
        yield ProgressLines(progress)
