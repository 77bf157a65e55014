"""Which entities are there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, list_options, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from api.questions.entities import Rows


@click.command("list", short_help="List the entities in force.")
@click.option("--kind", multiple=True, help="A kind, such as k8s.service. May be repeated.")
@click.option("--class", "classes", multiple=True, help="A class of kinds, such as Workload.")
@click.option("--label", multiple=True, help="name:value; all that are given must hold.")
@click.option("--name", help="The exact name.")
@click.option("--within", help="A key that contains them, or the ending of one.")
@list_options
@question
def list_(
    *,
    asked: Asked,
    kind: tuple[str, ...],
    classes: tuple[str, ...],
    label: tuple[str, ...],
    name: str | None,
    within: str | None,
    limit: int,
    cursor: str | None,
) -> None:
    """List the entities in force, ordered by key."""
    from api.questions.entities import which_entities

    answer(
        asked,
        lambda _, within=None: which_entities(
            kinds=kind, classes=classes, labels=label, name=name, within=within, limit=limit
        ),
        _draw,
        within=within,
        cursor=cursor,
    )


def _draw(screen: Console, found: Answer[Rows]) -> None:
    from api.commands.tables import presence_cell, table

    rows = found.page.data if found.page else ()
    if not rows:
        screen.print("No entity in force answers to that.")
        return
    screen.print(
        table(
            ["KIND", "NAME", "PRESENCE", "KEY"],
            [(row.kind, row.name, presence_cell(row.presence), row.key) for row in rows],
        )
    )
