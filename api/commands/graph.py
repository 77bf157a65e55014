"""What is around this entity, and how is it tied to another?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.neighbourhood import EdgeEnd, Neighbourhood
    from graph.analysis.paths import Route
    from graph.model import Key


@click.command(short_help="Show what is around it.")
@click.argument("key")
@click.option("--depth", type=click.IntRange(1, 10), default=1, show_default=True, help="Relations away.")
@click.option("--direction", type=click.Choice(["out", "in", "both"]), default="both", help="To targets, or sources.")
@click.option("--kind", multiple=True, help="Show and follow only this kind. May be repeated.")
@click.option("--verb", multiple=True, help="Follow only this verb. May be repeated.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Things at most.")
@question
def graph(
    *, asked: Asked, key: str, depth: int, direction: str, kind: tuple[str, ...], verb: tuple[str, ...], limit: int
) -> None:
    """Show the things around something, the nearest first, and the relations among them.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.graph import what_is_around
    from graph.analysis.relations import Direction

    answer(
        asked,
        lambda about: what_is_around(
            about, depth=depth, direction=Direction(direction), kinds=kind, verbs=verb, limit=limit
        ),
        _draw_graph,
        key=key,
    )


@click.command(short_help="Show how it is tied to another.")
@click.argument("key")
@click.argument("other")
@click.option("--directed", is_flag=True, help="Only along relations, from their sources to their targets.")
@click.option("--verb", multiple=True, help="Follow only this verb. May be repeated.")
@question
def path(*, asked: Asked, key: str, other: str, directed: bool, verb: tuple[str, ...]) -> None:
    """Show a path of the fewest relations from one thing to another.

    KEY and OTHER are whole keys, or endings that only one key has: k8s.service/cart k8s.node/n1.
    """
    from api.questions.graph import how_it_is_tied_to

    answer(
        asked,
        lambda about, beside: how_it_is_tied_to(about, beside, verbs=verb, directed=directed),
        _draw_path,
        key=key,
        beside=other,
    )


def _draw_graph(screen: Console, found: Answer[Neighbourhood]) -> None:
    from api.commands.tables import cut_lines, presence_cell, table

    view = found.page.data if found.page else None
    if view is None:
        return
    rows = [(one.hops, one.kind, one.name, presence_cell(one.presence), one.key) for one in view.nodes]
    screen.print(table(["HOPS", "KIND", "NAME", "PRESENCE", "KEY"], rows))
    if view.relations:
        names = {one.key: one.name for one in view.nodes}
        ties = [
            (_end(one.source, names), one.verb, _end(one.target, names), one.slot or "-", f"{one.confidence:g}")
            for one in view.relations
        ]
        screen.print()
        screen.print(table(["SOURCE", "VERB", "TARGET", "SLOT", "SURE"], ties))
    cut_lines(screen, view.cuts, "--depth", "--limit")


def _end(end: EdgeEnd, names: Mapping[Key, str]) -> str:
    if end.key is not None:
        return f"{end.key.kind}/{names.get(end.key) or end.key.id}"
    if end.candidates:
        return f"{end.stated}: one of {', '.join(end.candidates)}"
    return f"{end.stated}: held by nobody"


def _draw_path(screen: Console, found: Answer[Route]) -> None:
    from api.commands.tables import cut_lines, table

    view = found.page.data if found.page else None
    if view is None:
        return
    ties = {one.id: one for one in view.relations}
    names = {end.key: f"{end.kind}/{end.name}" for one in ties.values() for end in (one.source, one.target)}
    here, rows = view.source.key, []
    for step in view.path:
        tie = ties[step.relation]
        verb = f"-{tie.verb}->" if step.forward else f"<-{tie.verb}-"
        rows.append((names[here], verb, names[step.to], f"{tie.method} {tie.confidence:g}", step.to))
        here = step.to
    if rows:
        screen.print(table(["FROM", "VERB", "TO", "BY", "KEY"], rows))
    else:
        screen.print("They are the same." if view.hops == 0 else "No path was found.")
    cut_lines(screen, view.cuts)
