"""Can every source be reached, and every scope of it be read? A look that records nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from collectors.contract import Collector, CollectorError
from discovery.durations import spoken
from discovery.reasons import outcome_of, reason_of
from discovery.source import Source, as_watching
from discovery.workers import Workers
from graph.model import Position, Scope

_ENOUGH = 2
"""Items of a listing that prove that it may be read: a position, and one document."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one scope (or, under `*`, a whole source) can be read: `readable`, `failed` or `forbidden`, and why.

    polled: why it cannot be watched though its source is to be; it is readable all the same.
    """

    source: str
    scope: str
    verdict: str
    reason: str | None = None
    polled: str | None = None

    @property
    def readable(self) -> bool:
        """Tell whether it can be read."""
        return self.reason is None


def check(source: Source) -> list[Finding]:
    """Ask a source for its scopes, and for the beginning of each, within its deadline."""
    until = time.monotonic() + source.deadline
    collector = source.connect()
    never = threading.Event()
    try:
        asking = Workers[Collector, Sequence[Scope]](f"scopes-{source.name}", lambda one: one.scopes(), 1)
        asking.give(collector)
        listed = asking.take(until, never)
        asking.dismiss()
        if listed is None:
            return [Finding(source.name, "*", "failed", f"does not tell its scopes within {spoken(source.deadline)}")]
        if listed.error is not None:
            return [Finding(source.name, "*", outcome_of(listed.error).value, reason_of(listed.error))]
        return _check_scopes(source, collector, listed.value or (), until)
    finally:
        threading.Thread(target=collector.close, daemon=True).start()


def _check_scopes(source: Source, collector: Collector, scopes: Sequence[Scope], until: float) -> list[Finding]:
    never = threading.Event()
    readers = Workers[Scope, str | None](
        f"check-{source.name}", lambda scope: _begin(source, collector, scope), source.parallel
    )
    waiting = {scope.name for scope in scopes}
    for scope in scopes:
        readers.give(scope)
    found = []
    while waiting and (finished := readers.take(until, never)) is not None:
        waiting.discard(finished.task.name)
        found.append(_finding(source.name, finished.task.name, finished.error, finished.value))
    readers.dismiss()
    late = f"does not answer within {spoken(source.deadline)}"
    found += [Finding(source.name, name, "failed", late) for name in waiting]
    return sorted(found, key=lambda one: one.scope)


def _begin(source: Source, collector: Collector, scope: Scope) -> str | None:
    """Read the beginning of a scope: enough to know that it may be read. Say why it cannot be watched, if it cannot."""
    seen = _first(collector.observe(scope), _ENOUGH)
    position = next((item for item in seen if isinstance(item, Position)), None)
    watching = as_watching(collector) if source.watch else None
    if watching is None or position is None:
        return None
    try:
        _first(watching.watch(scope, position), 1)
    except CollectorError as error:
        return reason_of(error)
    return None


def _first(items: Any, count: int) -> list[Any]:
    """Take the first few items, and let go of the rest."""
    if not hasattr(items, "close"):
        return list(islice(items, count))
    with closing(items):
        return list(islice(items, count))


def _finding(source: str, scope: str, error: BaseException | None, polled: str | None = None) -> Finding:
    if error is None:
        return Finding(source, scope, "readable", polled=polled)
    return Finding(source, scope, outcome_of(error).value, reason_of(error))


def show_findings(console: Console, sources: Sequence[Source], findings: Sequence[Finding]) -> None:
    """Print a line for each scope; for a source that refuses something, what its collector must be allowed."""
    table = Table("source", "scope", "verdict", "reason", box=None, header_style="bold", pad_edge=False)
    for one in findings:
        colour = "green" if one.readable else "red"
        told = one.reason or (f"polled, for it cannot be watched: {one.polled}" if one.polled else "")
        table.add_row(one.source, escape(one.scope), f"[{colour}]{one.verdict}[/{colour}]", escape(told))
    console.print(table)
    for source in sources:
        refused = any(one.verdict == "forbidden" and one.source == source.name for one in findings)
        if refused and source.plugin.permissions:
            console.print(f"{escape(source.name)} needs to be allowed:")
            for permission, reason in sorted(source.plugin.permissions.items()):
                console.print(f"  {escape(permission)}: {escape(reason)}")
