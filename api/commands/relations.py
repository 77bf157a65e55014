"""What is this entity tied to?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, list_options, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.relations import RelationView


@click.command(short_help="List what an entity is tied to.")
@click.argument("key")
@click.option("--direction", type=click.Choice(["out", "in", "both"]), default="both", help="As the source, or target.")
@click.option("--verb", multiple=True, help="A verb, such as SELECTS. May be repeated.")
@list_options
@question
def relations(*, asked: Asked, key: str, direction: str, verb: tuple[str, ...], limit: int, cursor: str | None) -> None:
    """List the relations of an entity in force, and whether the other side is there.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.relations import what_it_is_tied_to
    from graph.analysis.relations import Direction

    answer(
        asked,
        lambda about: what_it_is_tied_to(about, direction=Direction(direction), verbs=verb, limit=limit),
        _draw,
        key=key,
        cursor=cursor,
    )


def _draw(screen: Console, found: Answer[tuple[RelationView, ...]]) -> None:
    from api.commands.tables import table

    rows = found.page.data if found.page else ()
    if not rows:
        screen.print("No relation in force.")
        return
    screen.print(
        table(
            ["", "VERB", "SLOT", "NAME", "PRESENCE", "BY", "OTHER END"],
            [
                (
                    row.direction.value,
                    row.verb,
                    row.slot or "-",
                    row.other.name,
                    _there(row),
                    f"{row.method} {row.confidence:g}",
                    _other(row),
                )
                for row in rows
            ],
        )
    )


def _other(row: RelationView) -> str:
    other = row.other
    if other.key is not None:
        return str(other.key)
    if other.candidates:
        return f"{other.stated}: one of {', '.join(other.candidates)}"
    return f"{other.stated}: held by nobody"


def _there(row: RelationView) -> object:
    from api.commands.tables import presence_cell

    if row.other.key is None:
        return row.other.tie.value
    cell = presence_cell(row.other.presence)
    if row.other.former_incarnation:
        cell.append(", but a later life of it")
    if row.other.dangling:
        cell.append(", dangling")
    return cell
