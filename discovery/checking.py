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

from collectors.contract import Collector, CollectorError, Forbidden
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

    polled: why it cannot be watched though its source is to be; it is readable all the same. grant: what would allow
    it. read: the scope itself, where the source listed it.
    """

    source: str
    scope: str
    verdict: str
    reason: str | None = None
    polled: str | None = None
    grant: str = ""
    read: Scope | None = None

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
            error = listed.error
            grant = error.grant if isinstance(error, Forbidden) else ""
            return [Finding(source.name, "*", outcome_of(error).value, reason_of(error), grant=grant)]
        return _check_scopes(source, collector, listed.value or (), until)
    finally:
        threading.Thread(target=collector.close, daemon=True).start()


def _check_scopes(source: Source, collector: Collector, scopes: Sequence[Scope], until: float) -> list[Finding]:
    never = threading.Event()
    readers = Workers[Scope, CollectorError | None](
        f"check-{source.name}", lambda scope: _begin(source, collector, scope), source.parallel
    )
    waiting = {scope.name: scope for scope in scopes}
    for scope in scopes:
        readers.give(scope)
    found = []
    while waiting and (finished := readers.take(until, never)) is not None:
        waiting.pop(finished.task.name, None)
        found.append(_finding(finished.task, finished.error, finished.value))
    readers.dismiss()
    late = f"does not answer within {spoken(source.deadline)}"
    found += [Finding(source.name, name, "failed", late, read=scope) for name, scope in waiting.items()]
    return sorted(found, key=lambda one: one.scope)


def _begin(source: Source, collector: Collector, scope: Scope) -> CollectorError | None:
    """Read the beginning of a scope: enough to know that it may be read. Say why it cannot be watched, if it cannot."""
    seen = _first(collector.observe(scope), _ENOUGH)
    position = next((item for item in seen if isinstance(item, Position)), None)
    watching = as_watching(collector) if source.watch else None
    if watching is None or position is None:
        return None
    try:
        _first(watching.watch(scope, position), 1)
    except CollectorError as error:
        return error
    return None


def _first(items: Any, count: int) -> list[Any]:
    """Take the first few items, and let go of the rest."""
    if not hasattr(items, "close"):
        return list(islice(items, count))
    with closing(items):
        return list(islice(items, count))


def _finding(scope: Scope, error: BaseException | None, unwatched: CollectorError | None = None) -> Finding:
    grant = next((one.grant for one in (error, unwatched) if isinstance(one, Forbidden)), "")
    if error is None:
        polled = reason_of(unwatched) if unwatched is not None else None
        return Finding(scope.source, scope.name, "readable", polled=polled, grant=grant, read=scope)
    return Finding(scope.source, scope.name, outcome_of(error).value, reason_of(error), grant=grant, read=scope)


@dataclass(frozen=True, slots=True)
class Doubled:
    """A source that reads nothing but what another one reads as well."""

    source: str
    by: str
    range: str

    def __str__(self) -> str:
        return (
            f"{self.source} reads nothing of {self.range} that {self.by} does not read: all of it is asked for twice."
            " Remove one of them, or have them read different parts"
        )


def doubled(findings: Sequence[Finding]) -> list[Doubled]:
    """Find sources that lead to the same system, by what it says it is: under two names nothing is known twice."""
    scopes: dict[str, list[Scope]] = {}
    for one in findings:
        if one.read is not None:
            scopes.setdefault(one.source, []).append(one.read)
    found: list[Doubled] = []
    for source, own in scopes.items():
        for other, theirs in scopes.items():
            said = any((one.source, one.by) == (other, source) for one in found)
            if source != other and not said and all(any(_covers(wide, one) for wide in theirs) for one in own):
                found.append(
                    Doubled(source, other, str(min((one.range for one in own), key=lambda key: len(str(key)))))
                )
    return found


def _covers(wide: Scope, one: Scope) -> bool:
    return wide.shows_all_of(one)


def show_findings(console: Console, sources: Sequence[Source], findings: Sequence[Finding]) -> None:
    """Print a line for each scope; for a source that refuses something, what its collector must be allowed."""
    table = Table("source", "scope", "verdict", "reason", box=None, header_style="bold", pad_edge=False)
    for one in findings:
        colour = "green" if one.readable else "red"
        told = one.reason or (f"polled, for it cannot be watched: {one.polled}" if one.polled else "")
        table.add_row(one.source, escape(one.scope), f"[{colour}]{one.verdict}[/{colour}]", escape(told))
    console.print(table)
    for source in sources:
        own = [one for one in findings if one.source == source.name]
        grants = list(dict.fromkeys(one.grant for one in own if one.grant))
        if grants:
            how = f" (all of it: asbuilt permissions {source.name})" if source.plugin.manifest else ""
            _print(console, f"{source.name} is to be granted{how}:", grants)
        elif any(one.verdict == "forbidden" for one in own) and source.plugin.permissions:
            needed = [f"{permission}: {reason}" for permission, reason in sorted(source.plugin.permissions.items())]
            _print(console, f"{source.name} needs to be allowed:", needed)
    for twice in doubled(findings):
        console.print(escape(f"{twice}."), soft_wrap=True)


def _print(console: Console, title: str, lines: Sequence[str]) -> None:
    """Print lines to be copied: whole, however wide the terminal is."""
    for line in (title, *(f"  {line}" for line in lines)):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
