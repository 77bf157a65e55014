"""What is read, and how fresh is it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.sources import ScopeView, SourceView


@click.command(short_help="List the sources, and how fresh each is.")
@question
def sources(*, asked: Asked) -> None:
    """List the sources and their scopes: what can be read, since when, and how the last runs went."""
    from api.questions.sources import what_is_read

    answer(asked, lambda _: what_is_read(), _draw)


def _draw(screen: Console, found: Answer[tuple[SourceView, ...]]) -> None:
    from api.commands.tables import table

    views = found.page.data if found.page else ()
    if not views:
        screen.print("No source is configured: write one into asbuilt.yaml, and run `asbuilt once`.")
        return
    screen.print(
        table(
            ["SOURCE", "SCOPE", "STATUS", "SINCE", "LAST COMPLETE", "RUNS", "ERROR"],
            [_row(view, scope) for view in views for scope in view.scopes],
        )
    )


def _row(view: SourceView, scope: ScopeView) -> tuple[object, ...]:
    from rich.text import Text

    from graph.analysis.words import moment

    styles = {"readable": "green", "failing": "yellow"}
    last = scope.runs[0] if scope.runs else None
    count = "-" if last is None else f"{last.count if last.count is not None else 'some'} {last.outcome}"
    return (
        f"{view.name} ({view.type})",
        "all of it" if scope.name == "*" else scope.name,
        Text(scope.status.replace("_", " "), style=styles.get(scope.status, "red")),
        moment(scope.since),
        moment(scope.last_complete) if scope.last_complete else "never",
        count,
        scope.error or "",
    )
