"""What changed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from api.commands.options import Asked, answer, list_options, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from api.questions.changes import Rows


@click.command(short_help="List what changed.")
@click.option("--entity", "key", help="Of this entity and its relations: a key, or the ending of one.")
@click.option("--from", "from_", help="Happened after this instant.")
@click.option("--to", help="Happened before this instant.")
@click.option("--kind", multiple=True, help="A kind, such as k8s.deployment. May be repeated.")
@click.option("--verb", multiple=True, help="A verb, such as SELECTS. May be repeated.")
@click.option(
    "--cause",
    multiple=True,
    help="world by default; also first_look, mapping, resolution, rule, retired, expired; any.",
)
@click.option("--class", "class_", type=click.Choice(["configuration", "state"]), help="Only this class of changes.")
@click.option("--within", help="A key that contains them, or the ending of one.")
@list_options
@question
def changes(
    *, asked: Asked, key: str | None, class_: str | None, limit: int, cursor: str | None, **narrowed: Any
) -> None:
    """List what changed, newest first. What only a first look brought is left out, unless --cause asks for it."""
    from api.questions.changes import what_changed
    from graph.analysis.changes import Class

    answer(
        asked,
        lambda about, within=None: what_changed(
            entity=about,
            words=[*narrowed["kind"], *(verb.upper() for verb in narrowed["verb"])],
            causes=narrowed["cause"],
            class_=Class(class_) if class_ else None,
            within=within,
            from_=narrowed["from_"],
            to=narrowed["to"],
            limit=limit,
        ),
        _draw,
        key=key,
        within=narrowed["within"],
        cursor=cursor,
    )


def _draw(screen: Console, found: Answer[Rows]) -> None:
    from api.commands.tables import difference, table
    from graph.analysis.words import during

    rows = found.page.data if found.page else ()
    if not rows:
        screen.print("No change of that kind was seen.")
        return
    screen.print(
        table(
            ["REVISION", "HAPPENED", "WHAT", "SUBJECT", "CLASS", "CAUSE", "DIFFERENCES", "KEY"],
            [
                (
                    row.revision,
                    during(row.happened),
                    row.transition.value,
                    row.told,
                    row.class_.value,
                    row.cause.value,
                    "; ".join(difference(one) for one in row.fields),
                    row.relation.source if row.relation is not None else row.subject,
                )
                for row in rows
            ],
        )
    )
