"""How is an outcome shown? Tables for people, JSON for programs; both say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from discovery.listener import Look, ScopeLook
from graph.analysis.leaves import field_words
from graph.model import Change, FieldChange, RelationVersion, RevisionMark, text_of
from graph.model.canonical import end_text
from graph.store import ChangeFilter, GraphReader, RecordedChange

_PAGE = 1000
_COLOURS = {"opened": "green", "revised": "yellow", "replaced": "magenta", "closed": "red"}


def json_text(data: object) -> str:
    """Write data as indented JSON with sorted names, so that equal data are equal bytes."""
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()


# ---------------------------------------------------------------------------------------------------- looks


def look_record(look: Look) -> dict[str, Any]:
    """Give a look as JSON data."""
    return {
        "source": look.source,
        "started": text_of(look.started),
        "ended": None if look.ended is None else text_of(look.ended),
        "complete": look.complete,
        "error": look.error,
        "scopes": [_scope_record(one) for one in look.scopes],
    }


def _scope_record(one: ScopeLook) -> dict[str, Any]:
    return {
        "scope": one.scope.name,
        "outcome": one.run.outcome.value,
        "error": one.run.error,
        "seen": one.seen,
        "opened": one.opened,
        "revised": one.revised,
        "ended": one.ended,
        "doubted": one.doubted,
        "changes": one.changes,
        "revision": None if one.mark is None else one.mark.number,
    }


def show_looks(console: Console, looks: Sequence[Look]) -> None:
    """Print what each scope came to; scopes in which nothing happened count in the last line only."""
    table = Table("source", "scope", "outcome", box=None, header_style="bold", pad_edge=False)
    for title in ("seen", "opened", "revised", "ended", "doubted"):
        table.add_column(title, justify="right")
    quiet = 0
    for look in looks:
        for one in look.scopes:
            if one.complete and not (one.opened or one.revised or one.ended or one.doubted or one.changes):
                quiet += 1
                continue
            numbers = (one.seen, one.opened, one.revised, one.ended, one.doubted)
            table.add_row(look.source, escape(one.scope.name), _outcome(one), *(f"{n:,}" if n else "" for n in numbers))
    if table.row_count:
        console.print(table)
    if quiet:
        console.print(f"{quiet} {'scope' if quiet == 1 else 'scopes'} read, nothing changed.")
    for reason, names in _reasons(looks).items():
        console.print(f"[red]{escape(', '.join(names))}:[/red] {escape(reason)}", soft_wrap=True)


def _outcome(one: ScopeLook) -> str:
    return "[green]complete[/green]" if one.complete else f"[red]{one.run.outcome.value}[/red]"


def _reasons(looks: Sequence[Look]) -> dict[str, list[str]]:
    """Collect why scopes could not be read, each reason once."""
    reasons: dict[str, list[str]] = {}
    for look in looks:
        if look.error is not None:
            reasons.setdefault(look.error, []).append(look.source)
            continue
        for one in look.scopes:
            if not one.complete:
                reasons.setdefault(one.run.error or "", []).append(f"{look.source}/{one.scope.name}")
    return reasons


def verdict(looks: Sequence[Look], mark: RevisionMark) -> str:
    """Say in one line what the looks came to."""
    scopes = [one for look in looks for one in look.scopes]
    unread = sum(not one.complete for one in scopes)
    changes = sum(one.changes for one in scopes)
    told = f"{changes:,} {'change' if changes == 1 else 'changes'}; revision {mark.number}"
    return (
        told
        if not unread
        else f"{told}; {unread} of {len(scopes)} scopes could not be read, and nothing in them was ended"
    )


# ---------------------------------------------------------------------------------------------------- changes


def changes_since(reader: GraphReader, revision: int) -> Iterator[RecordedChange]:
    """Give all changes that revisions after this one made, newest first."""
    before: tuple[int, int] | None = None
    while page := reader.changes(ChangeFilter(), _PAGE, before):
        for recorded in page:
            if recorded.revision <= revision:
                return
            yield recorded
        before = (page[-1].revision, page[-1].sequence)


@dataclass(frozen=True, slots=True)
class Shown:
    """A change with its subject in words: the key of an entity, or the two ends of a relation around its verb."""

    change: Change
    relation: RelationVersion | None

    @property
    def subject(self) -> str:
        """Name what the change is about."""
        if self.relation is None:
            return self.change.subject
        stated = self.relation.stated
        slot = f" [{stated.slot}]" if stated.slot else ""
        return f"{end_text(stated.source)} {stated.verb} {end_text(stated.target)}{slot}"


def shown(reader: GraphReader, recorded: Iterable[RecordedChange]) -> list[Shown]:
    """Put changes in words: entities first, then relations, each in order of subject."""
    changes = [one.change for one in recorded]
    ties = reader.latest_ties([change.subject for change in changes if "/" not in change.subject])
    every = [Shown(change, ties.get(change.subject)) for change in changes]
    return sorted(every, key=lambda one: (one.relation is not None, one.subject, one.change.transition))


def change_record(one: Shown) -> dict[str, Any]:
    """Give a change as JSON data."""
    change, happened = one.change, one.change.happened
    record: dict[str, Any] = {
        "transition": change.transition.value,
        "subject": change.subject,
        "word": change.word,
        "cause": change.cause.value,
        "happened": {
            "start": None if happened.start is None else text_of(happened.start),
            "end": text_of(happened.end),
        },
        "fields": [
            {"name": f.name, "old": f.old, "new": f.new, "cause": f.cause.value, "state": f.state}
            for f in change.fields
        ],
    }
    if one.relation is not None:
        stated = one.relation.stated
        record["relation"] = {
            "source": end_text(stated.source),
            "verb": stated.verb,
            "target": end_text(stated.target),
            "slot": stated.slot,
        }
    return record


def show_changes(console: Console, changes: Sequence[Shown], limit: int) -> None:
    """Print changes as a table, at most so many (0: all); what is left out is said."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("transition", "what", "subject", "cause"):
        table.add_column(title, overflow="fold", no_wrap=title in ("transition", "cause"))
    table.add_column("fields: old → new", overflow="fold")
    listed = changes[:limit] if limit else changes
    for one in listed:
        change = one.change
        colour = _COLOURS[change.transition.value]
        told = "\n".join(_field(field) for field in change.fields)
        table.add_row(
            f"[{colour}]{change.transition.value}[/{colour}]",
            change.word,
            escape(one.subject),
            change.cause.value,
            escape(told),
        )
    if listed:
        console.print(table)
    if len(listed) < len(changes):
        left = len(changes) - len(listed)
        console.print(f"... and {left:,} more: --limit 0 shows all, --output json gives them to a program.")


def _field(field: FieldChange) -> str:
    return f"{field_words(field.name, field.old, field.new)}{' (state)' if field.state else ''}"


def echo_table(draw: Callable[[Console], None]) -> None:
    """Draw on standard output, as wide as the terminal; wide enough for whole lines where it is none."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    draw(console)
