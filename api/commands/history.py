"""What was this entity before?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, list_options, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.history import MadeBy, VersionView


@click.command(short_help="List the versions of one entity.")
@click.argument("key")
@list_options
@question
def history(*, asked: Asked, key: str, limit: int, cursor: str | None) -> None:
    """List the versions of one entity, newest first, each with the change that made it.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.entity import what_it_was

    answer(asked, lambda about: what_it_was(about, limit=limit), _draw, key=key, cursor=cursor)


def _draw(screen: Console, found: Answer[tuple[VersionView, ...]]) -> None:
    from api.commands.tables import table

    rows: list[tuple[object, ...]] = []
    for version in found.page.data if found.page else ():
        if version.ended_by is not None:
            rows.append(_row(version.ended_by, "-"))
        if version.made_by is not None:
            rows.append(_row(version.made_by, version.incarnation))
    if not rows:
        screen.print("No version: no source ever stated it.")
        return
    screen.print(table(["REVISION", "HAPPENED", "WHAT", "CAUSE", "INCARNATION", "DIFFERENCES"], rows))


def _row(made: MadeBy, incarnation: str | None) -> tuple[object, ...]:
    from api.commands.tables import difference
    from graph.analysis.words import during

    fields = "; ".join(difference(one) for one in made.fields)
    return made.revision, during(made.happened), made.transition.value, made.cause.value, incarnation, fields
