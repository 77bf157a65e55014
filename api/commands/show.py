"""What is this entity?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.entity import EntityView


@click.command(short_help="Show one entity, with its evidence.")
@click.argument("key")
@question
def show(*, asked: Asked, key: str) -> None:
    """Show one entity: presence, attributes, aliases, and the documents that state it.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.entity import what_is

    answer(asked, what_is, _draw, key=key)


def _draw(screen: Console, found: Answer[EntityView | None]) -> None:
    from api.commands.tables import pairs, presence_cell, table
    from graph.analysis.words import during

    view = found.page.data if found.page else None
    if view is None:
        return
    pairs(
        screen,
        [
            ("key", view.key),
            ("kind", f"{view.kind} ({view.title}, {view.class_})" if view.title else view.kind),
            ("name", view.name),
            ("presence", presence_cell(view.presence)),
            ("incarnation", view.incarnation),
            ("since", during(view.since)),
            ("revisions", _revisions(view)),
            ("named by", _naming(view.named_by)),
        ],
    )
    if view.attributes:
        screen.print()
        screen.print(table(["ATTRIBUTE", "VALUE"], sorted(view.attributes.items())))
    if view.aliases:
        screen.print()
        rows = [(alias.type, alias.value, alias.holding.value) for alias in view.aliases]
        screen.print(table(["ALIAS", "VALUE", "HELD"], rows))
    if view.evidence:
        screen.print()
        evidence = [(one.source, ", ".join(one.scopes), one.document, one.version) for one in view.evidence]
        screen.print(table(["ACCORDING TO", "SCOPES", "DOCUMENT", "VERSION"], evidence))


def _naming(relations: int | None) -> str | None:
    from graph.analysis.words import counted

    return f"{counted(relations, 'relation')}; no source ever stated it" if relations is not None else None


def _revisions(view: EntityView) -> str | None:
    if view.opened is None:
        return None
    return f"{view.opened} to {view.closed}" if view.closed is not None else f"from {view.opened}"
