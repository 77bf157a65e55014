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

from collectors.contract import Collector
from discovery.durations import spoken
from discovery.reasons import outcome_of, reason_of
from discovery.source import Source
from discovery.workers import Workers
from graph.model import Scope

_ENOUGH = 2
"""Items of a listing that prove that it may be read: a position, and one document."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one scope (or, under `*`, a whole source) can be read: `readable`, `failed` or `forbidden`, and why."""

    source: str
    scope: str
    verdict: str
    reason: str | None = None

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
    readers = Workers[Scope, None](f"check-{source.name}", lambda scope: _begin(collector, scope), source.parallel)
    waiting = {scope.name for scope in scopes}
    for scope in scopes:
        readers.give(scope)
    found = []
    while waiting and (finished := readers.take(until, never)) is not None:
        waiting.discard(finished.task.name)
        found.append(_finding(source.name, finished.task.name, finished.error))
    readers.dismiss()
    late = f"does not answer within {spoken(source.deadline)}"
    found += [Finding(source.name, name, "failed", late) for name in waiting]
    return sorted(found, key=lambda one: one.scope)


def _begin(collector: Collector, scope: Scope) -> None:
    """Read the beginning of a scope: enough to know that it may be read."""
    observed: Any = collector.observe(scope)
    if hasattr(observed, "close"):
        with closing(observed):
            list(islice(observed, _ENOUGH))
    else:
        list(islice(observed, _ENOUGH))


def _finding(source: str, scope: str, error: BaseException | None) -> Finding:
    if error is None:
        return Finding(source, scope, "readable")
    return Finding(source, scope, outcome_of(error).value, reason_of(error))


def show_findings(console: Console, sources: Sequence[Source], findings: Sequence[Finding]) -> None:
    """Print a line for each scope; for a source that refuses something, what its collector must be allowed."""
    table = Table("source", "scope", "verdict", "reason", box=None, header_style="bold", pad_edge=False)
    for one in findings:
        colour = "green" if one.readable else "red"
        table.add_row(one.source, escape(one.scope), f"[{colour}]{one.verdict}[/{colour}]", escape(one.reason or ""))
    console.print(table)
    for source in sources:
        refused = any(one.verdict == "forbidden" and one.source == source.name for one in findings)
        if refused and source.plugin.permissions:
            console.print(f"{escape(source.name)} needs to be allowed:")
            for permission, reason in sorted(source.plugin.permissions.items()):
                console.print(f"  {escape(permission)}: {escape(reason)}")
