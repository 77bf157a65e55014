"""Which entity is this?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.resolve import MatchedBy, Resolution


@click.command(short_help="Find what a text could mean.")
@click.argument("text")
@click.option("--kind", multiple=True, help="A kind, such as k8s.service. May be repeated.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="Results at most.")
@question
def resolve(*, asked: Asked, text: str, kind: tuple[str, ...], limit: int) -> None:
    """Find what a text could mean, the likeliest first, and by what each was found.

    TEXT is a name or its beginning, an address, a URL, a uid, an ARN, a reference to an image or its digest, labels
    (app=cart,tier=web), a key, or an ending of one (shop/cart, k8s.service/cart).
    """
    from api.questions.resolve import what_it_means

    inquiry = what_it_means(text, kinds=kind, limit=limit)
    answer(asked, lambda _: inquiry, _draw)


def _draw(screen: Console, found: Answer[Resolution]) -> None:
    from api.commands.tables import plain, presence_cell, table

    resolution = found.page.data if found.page else None
    if resolution is None or not resolution.meanings:
        screen.print("Nothing that was ever read answers to that.")
        return
    rows = [
        (one.kind, one.name, presence_cell(one.presence), _by(one.matched_by), one.key) for one in resolution.meanings
    ]
    screen.print(table(["KIND", "NAME", "PRESENCE", "MATCHED BY", "KEY"], rows))
    if resolution.truncated:
        most = "" if resolution.complete else "more than "
        words = f"These are {len(resolution.meanings)} of {most}{resolution.considered}: give more of it, or --kind."
        screen.print(plain(words), style="yellow")


def _by(matched: MatchedBy) -> str:
    """Say by what an entity was found, and until when that was so."""
    how = {"exact": "", "part": ", a part of it", "prefix": ", its beginning"}[matched.how.value]
    until = f", until revision {matched.until}" if matched.until is not None else ", taken by another since"
    return f"{matched.what} {matched.text}{how}{'' if matched.held else until}"
