"""How is an answer shown to a person: no cell cut, no control character let through, and what could not be seen?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.questions.asking import Answer
from graph.analysis.diff import FieldDifference
from graph.analysis.freshness import Gap, ScopeFreshness
from graph.analysis.presence import Presence, Said
from graph.analysis.spread import Cut, Why
from graph.analysis.words import counted, moment, presence_words
from graph.model import FieldChange, canonical

_WIDE = 10_000
"""Where output goes to a file or a pipe, nobody's screen limits a row."""

_UNSTATED = "no configured source states "
"""How the effect of a gap begins that is no scope's, but of a kind that nobody collects."""


def console() -> Console:
    """Open the screen that answers are written on."""
    width = None if sys.stdout.isatty() else _WIDE
    return Console(width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)


def plain(value: object) -> str:
    """Write a value on one line, without characters that would move the cursor or colour the screen."""
    if value is None:
        return "-"
    text = (
        value if isinstance(value, str) else canonical(value) if isinstance(value, dict | list | tuple) else str(value)
    )
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> Table:
    """Make a table whose cells fold instead of being cut."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
    return made


def presence_cell(presence: Presence | None) -> Text:
    """Write presence, so that what is not simply there stands out."""
    words = presence_words(presence)
    if presence is None or presence.absent:
        return Text(words, style="red")
    simple = presence.said is Said.PRESENT and presence.certain
    return Text(words, style="green" if simple else "yellow")


def pairs(screen: Console, entries: Sequence[tuple[str, object]]) -> None:
    """Print name and value, one below the other; what has no value is left out."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True, style="bold")
    made.add_column(overflow="fold")
    for name, value in entries:
        if value not in (None, "", (), []):
            made.add_row(Text(name), value if isinstance(value, Text) else Text(plain(value)))
    screen.print(made)


def last_pair(key: str) -> str:
    """Shorten a key to its last pair; JSON has all of it."""
    return "/".join(key.split("/")[-2:])


def difference(field: FieldChange | FieldDifference) -> str:
    """Write one differing field."""
    return f"{plain(field.name)}: {_short(field.old)} → {_short(field.new)}"


def _short(value: object, most: int = 60) -> str:
    text = plain(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def cut_lines(screen: Console, cuts: Sequence[Cut]) -> None:
    """Print why a traversal went no further."""
    if cuts:
        screen.print()
    for cut in cuts:
        words = {
            Why.CONFIDENCE: f"would be less sure than {cut.at:g}",
            Why.DEPTH: f"more than {cut.at:g} relations away",
            Why.LIMIT: f"beyond the first {cut.at:g}",
        }[cut.why]
        screen.print(Text(f"Left out: at least {counted(cut.least, 'thing')} {words}.", style="yellow"), soft_wrap=True)


def footer(screen: Console, answer: Answer[Any], *, newest: bool) -> None:
    """Print as of when, what it leans on, and what could not be seen: also under an empty answer."""
    mark, fresh = answer.mark, answer.freshness
    read = [one.last_complete for one in fresh.scopes if one.last_complete is not None]
    oldest = f", the oldest read {moment(min(read))}" if read else ""
    scopes = counted(len(fresh.scopes), "scope")
    screen.print()
    screen.print(
        Text(f"As of {moment(mark.instant)} (revision {mark.number}), from {scopes}{oldest}.", style="dim"),
        soft_wrap=True,
    )
    page = answer.page
    if page is not None and page.truncated:
        cursor = answer.document["cursor"]
        screen.print(
            Text("There is more" + (f": --cursor {cursor}" if cursor else "."), style="yellow"), soft_wrap=True
        )
    for line in _not_fresh(fresh.scopes, datetime.now(UTC) if newest else None):
        screen.print(Text(plain(line), style="yellow"), soft_wrap=True)
    for line in not_seen(fresh.gaps):
        screen.print(Text(plain(line), style="red"), soft_wrap=True)
    uncollected = [gap.effect for gap in fresh.gaps if gap.scope is None]
    if uncollected:
        words = ", ".join(effect.removeprefix(_UNSTATED).partition(";")[0] for effect in uncollected)
        screen.print(
            Text(plain(f"Not collected: {words}; no configured source states these."), style="dim"), soft_wrap=True
        )
    if not fresh.gaps:
        screen.print(Text("Everything that could have added to this could be read.", style="dim"), soft_wrap=True)


def not_seen(gaps: Sequence[Gap]) -> list[str]:
    """Say what could not be seen; scopes of one source that have the same to say, in one line."""
    alike: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        if gap.scope is not None:
            what, _, effect = gap.effect.partition(": ")
            alike.setdefault((gap.source or "", effect), []).append(what)
    return [f"Not seen: {_together(scopes, source)}: {effect}" for (source, effect), scopes in alike.items()]


def _together(scopes: Sequence[str], source: str) -> str:
    """Name scopes of one source, each given as `pods of prod`."""
    names = [scope.removesuffix(f" of {source}") for scope in scopes]
    return f"{', '.join(names)} of {source}"


def _not_fresh(scopes: Sequence[ScopeFreshness], now: datetime | None) -> list[str]:
    """Say which scopes failed lately, and which were not read for longer than they should be."""
    stale: list[ScopeFreshness] = []
    failing: dict[tuple[str, str], list[ScopeFreshness]] = {}
    for one in scopes:
        if one.last_complete is None or one.status not in ("failing", "readable"):
            continue  # what cannot be read is a gap, and said as such
        if one.status == "failing":
            failing.setdefault((one.source, one.error or ""), []).append(one)
        elif now is not None and one.stale_after is not None and one.stale_after < now:
            stale.append(one)
    lines = []
    for (source, error), alike in failing.items():
        oldest = min(one.last_complete for one in alike if one.last_complete is not None)
        names = ", ".join(one.scope for one in alike)
        lines.append(f"Not fresh: {names} of {source}, last read {moment(oldest)}: {error}")
    if stale:
        names = ", ".join(sorted({f"{one.scope} of {one.source}" for one in stale}))
        lines.append(f"Not fresh, not read for longer than they should be: {names}")
    return lines
