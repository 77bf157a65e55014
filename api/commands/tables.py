"""How is an answer shown to a person: no cell cut, no control character let through, and what could not be seen?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from api.questions.asking import Answer
from graph.analysis.diff import FieldDifference
from graph.analysis.freshness import Gap, ScopeFreshness
from graph.analysis.leaves import field_words
from graph.analysis.presence import Presence, Said
from graph.analysis.spread import Cut, Why
from graph.analysis.words import counted, moment, presence_words
from graph.model import FieldChange, canonical

_WIDE = 10_000
"""Where output goes to a file or a pipe, nobody's screen limits a row."""

_GAP = 2
"""Blanks between two columns."""

_UNFOLDED = 20
"""A word as long as an instant is never folded; in the last column, where keys stand, no word is."""

_UNSTATED = "no configured source states "
"""How the effect of a gap begins that is no scope's, but of a kind that nobody collects."""


def console() -> Console:
    """Open the screen that answers are written on: tables are fitted to it, and what does not fit is never cut."""
    return Console(width=_WIDE, highlight=False, emoji=False, markup=False, soft_wrap=False)


def plain(value: object) -> str:
    """Write a value on one line, without characters that would move the cursor or colour the screen."""
    if value is None:
        return "-"
    text = (
        value if isinstance(value, str) else canonical(value) if isinstance(value, dict | list | tuple) else str(value)
    )
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


class _Trimmed:
    """A table without blanks at the ends of its lines, which would take lines of their own on a narrow screen."""

    def __init__(self, made: Table) -> None:
        self._made = made

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render line by line."""
        for line in console.render_lines(self._made, options, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
            yield from line
            yield Segment.line()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> RenderableType:
    """Make a table fitted to the screen: cells fold between words, and the last column is whole, to be copied."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    made.header_style = "bold"
    cells = [[cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row] for row in rows]
    for column, width in zip(columns, _widths([[Text(one) for one in columns], *cells]), strict=True):
        made.add_column(column, overflow="fold", width=width)
    for row in cells:
        made.add_row(*row)
    return _Trimmed(made)


def _screen_width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE


def _widths(rows: Sequence[Sequence[Text]]) -> list[int]:
    """Fit columns to the screen: the widest are narrowed first, none below its longest word."""
    columns = list(zip(*rows, strict=True))
    widths = [max(cell.cell_len for cell in column) for column in columns]
    least = [max(max(map(cell_len, cell.plain.split()), default=0) for cell in column) for column in columns]
    least[:-1] = [min(one, _UNFOLDED) for one in least[:-1]]
    room = _screen_width() - _GAP * len(columns)
    while sum(widths) > room and (loose := [place for place, one in enumerate(widths) if one > least[place]]):
        widths[max(loose, key=widths.__getitem__)] -= 1
    return widths


def presence_cell(presence: Presence | None) -> Text:
    """Write presence, so that what is not simply there stands out."""
    words = presence_words(presence)
    if presence is None or presence.absent:
        return Text(words, style="red")
    simple = presence.said is Said.PRESENT and presence.certain
    return Text(words, style="green" if simple else "yellow")


def pairs(screen: Console, entries: Sequence[tuple[str, object]]) -> None:
    """Print name and value, one below the other; what has no value is left out."""
    rows: list[tuple[Text, Text]] = []
    for name, value in entries:
        if value not in (None, "", (), []):
            rows.append((Text(name), value if isinstance(value, Text) else Text(plain(value))))
    if rows:
        made = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
        names, values = _widths(rows)
        made.add_column(no_wrap=True, style="bold", width=names)
        made.add_column(overflow="fold", width=values)
        for row in rows:
            made.add_row(*row)
        screen.print(_Trimmed(made))


def difference(field: FieldChange | FieldDifference) -> str:
    """Write one differing field, by the inner values that are others."""
    return plain(field_words(field.name, field.old, field.new))


def cut_lines(screen: Console, cuts: Sequence[Cut], depth: str = "", limit: str = "") -> None:
    """Print why a traversal went no further. depth, limit: the options that would let it."""
    if cuts:
        screen.print()
    for cut in cuts:
        words = {
            Why.CONFIDENCE: f"would be less sure than {cut.at:g}",
            Why.DEPTH: f"more than {counted(int(cut.at), 'relation')} away{f' ({depth})' if depth else ''}",
            Why.LIMIT: f"beyond the first {cut.at:g}{f' ({limit})' if limit else ''}",
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
        how = f"--cursor {cursor}" if cursor else "raise --limit, or narrow the question"
        if cursor or not getattr(page.data, "cuts", ()):  # what was cut is said with the option that would let it
            screen.print(Text(f"There is more: {how}", style="yellow"), soft_wrap=True)
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
