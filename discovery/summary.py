"""What is known now, what could not be seen, and what might one ask next?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.console import Console
from rich.markup import escape

from graph.model import KINDS, Key, ScopeState, ScopeStatus
from graph.store import EntityFilter, GraphReader

_TELLING = ("service", "k8s.service", "k8s.deployment", "k8s.statefulset", "k8s.daemonset", "k8s.pod")
"""Kinds whose `where` shows most, best first."""

_LOOKED_THROUGH = 200


@dataclass(frozen=True, slots=True)
class Summary:
    """What a store knows: entities by kind, the scopes that cannot be read, and a key worth asking about."""

    counts: dict[str, int]
    gaps: tuple[ScopeState, ...]
    example: Key | None


def summary_of(reader: GraphReader) -> Summary:
    """Sum up the graph at the reader's revision."""
    gaps = tuple(_with_reason(reader, one) for one in reader.scopes() if one.status is not ScopeStatus.READABLE)
    return Summary(dict(reader.count()), gaps, _example(reader))


def _with_reason(reader: GraphReader, state: ScopeState) -> ScopeState:
    """Give a gap with what its last run said: a scope that was never read keeps its reasons in its runs only."""
    folds = reader.folds(state.scope.source, state.scope.name)
    return replace(state, error=folds[-1].error) if folds and folds[-1].error else state


def _example(reader: GraphReader) -> Key | None:
    """Find something to ask about: of the most telling kind, the first with ties; else anything at all."""
    for kind in _TELLING:
        found = [one.key for one in reader.entities(EntityFilter(kinds=frozenset({kind})), _LOOKED_THROUGH)]
        ties: dict[Key, int] = dict.fromkeys(found, 0)
        for relation in reader.relations(found, outgoing=True) if found else ():
            if relation.source.key in ties:
                ties[relation.source.key] += 1
        if found:
            return max(found, key=lambda key: ties[key])  # the first of those with most
    anything = reader.entities(EntityFilter(), 1)
    return anything[0].key if anything else None


def show_summary(console: Console, summary: Summary, command: str, hint: str, url: str | None) -> None:
    """Print what is known, the gaps, and three commands to try. hint: tells these where the store is."""
    total = sum(summary.counts.values())
    parts = [f"{count:,} {KINDS[kind].title if kind in KINDS else kind}" for kind, count in _by_count(summary.counts)]
    console.print(
        f"[bold]Known:[/bold] {total:,} entities: {', '.join(parts)}." if total else "Nothing is known yet.",
        highlight=False,
    )
    if summary.gaps:
        console.print("[bold]Not seen[/bold] (absence there is no evidence):")
        for state in summary.gaps:
            reason = f": {escape(state.error)}" if state.error else ""
            status = state.status.value.replace("_", " ")
            console.print(f"  {escape(state.scope.source)}/{escape(state.scope.name)} {status}{reason}", soft_wrap=True)
    console.print("[bold]Try:[/bold]")
    if summary.example is not None:
        console.print(f"  {command} where{hint} {summary.example}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"  {command} changes{hint}\n  {command} sources{hint}", markup=False, highlight=False, soft_wrap=True
    )
    if url is not None:
        console.print(f"[bold]Or open[/bold] {url}/docs")


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
