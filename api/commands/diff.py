"""What differs between two revisions?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from api.commands.options import Asked, answer, comparison, list_options

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from api.questions.diff import EntityAnswer, GraphAnswer, Moment
    from graph.analysis.diff import Row, Tally
    from graph.analysis.surroundings import Side


@click.command(short_help="Compare two states.")
@click.argument("key", required=False)
@click.option("--depth", type=click.IntRange(0, 10), help="What stands so many relations around KEY, not KEY alone.")
@click.option("--kind", multiple=True, help="A kind, such as k8s.deployment. May be repeated.")
@click.option("--verb", multiple=True, help="A verb, such as SELECTS. May be repeated.")
@click.option(
    "--cause",
    multiple=True,
    help="world by default; also first_look, mapping, resolution, rule, retired, expired; any.",
)
@click.option("--state", is_flag=True, help="Show state (phase, readiness, restarts) too.")
@list_options
@comparison
def diff(
    *, asked: Asked, key: str | None, from_: str, depth: int | None, limit: int, cursor: str | None, **narrowed: Any
) -> None:
    """Compare two states: of one entity, of what stands around it, or of everything.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.diff import what_differs, what_differs_about, words_of

    if key is not None and depth is None:
        if any(narrowed.values()):
            raise click.UsageError(
                "--kind, --verb, --cause and --state are for the graph: add --depth, or leave KEY out"
            )
        answer(
            asked,
            lambda about: what_differs_about(about, from_, asked.at, limit=limit),
            _draw_entity,
            key=key,
            cursor=cursor,
        )
        return
    if depth is not None and key is None:
        raise click.UsageError("--depth needs KEY: around what?")
    answer(
        asked,
        lambda about: what_differs(
            from_,
            asked.at,
            root=about,
            depth=depth or 0,
            words=words_of(narrowed["kind"], narrowed["verb"]),
            causes=narrowed["cause"],
            state=narrowed["state"],
            limit=limit,
        ),
        _draw_graph,
        key=key,
        cursor=cursor,
    )


def _draw_graph(screen: Console, found: Answer[GraphAnswer]) -> None:
    from graph.analysis.words import counted

    if found.page is None:
        return
    data = found.page.data
    if data.within is not None:
        cut = ", and more that were not looked at" if data.within.cut else ""
        then, now = (counted(one, "thing") for one in (data.within.earlier, data.within.later))
        screen.print(f"Within reach, itself included: {then} then, {now} now{cut}.")
    _draw_rows(screen, data.rows, data.tally)
    _draw_moment(screen, data.from_)


def _draw_entity(screen: Console, found: Answer[EntityAnswer]) -> None:
    from api.commands.tables import difference, pairs
    from graph.analysis.words import during

    if found.page is None:
        return
    data = found.page.data
    entity = data.entity
    rows: list[tuple[str, object]] = [
        ("key", entity.key),
        ("difference", entity.difference.value if entity.difference else "none"),
        ("then", _side(entity.before)),
        ("now", _side(entity.after)),
        ("changes between", entity.changes or None),
        ("aliases added", [f"{one.type}={one.value}" for one in entity.aliases_added]),
        ("aliases removed", [f"{one.type}={one.value}" for one in entity.aliases_removed]),
    ]
    for one in entity.fields:
        why = ", ".join(cause.value for cause in one.causes)
        rows.append(("field", f"{difference(one)} ({why}, {during(one.happened)})"))
    pairs(screen, rows)
    screen.print()
    _draw_rows(screen, data.relations, data.tally)
    _draw_moment(screen, data.from_)


def _side(side: Side | None) -> str:
    from graph.analysis.words import presence_words

    if side is None:
        return "never named"
    return presence_words(side.presence) + (f", incarnation {side.incarnation}" if side.incarnation else "")


def _draw_rows(screen: Console, rows: Sequence[Row], tally: Tally) -> None:
    from api.commands.tables import difference, table
    from graph.analysis.words import during

    if rows:
        screen.print(
            table(
                ["DIFFERENCE", "SUBJECT", "HAPPENED", "CAUSE", "CHANGES", "FIELDS", "KEY"],
                [
                    (
                        row.difference.value,
                        row.told,
                        during(row.happened),
                        ", ".join(cause.value for cause in row.causes),
                        row.changes,
                        "; ".join(difference(one) for one in row.fields),
                        row.relation.source if row.relation is not None else row.subject,
                    )
                    for row in rows
                ],
            )
        )
    else:
        screen.print("Nothing of that kind differs.")
    counted = [
        (tally.undone, "changed in between and as before"),
        (tally.state, "different in state only (--state)"),
        (tally.hidden, "different for other causes (--cause any)"),
    ]
    for number, told in counted:
        if number:
            screen.print(f"Not shown: {number} {told}.")


def _draw_moment(screen: Console, moment: Moment) -> None:
    """Say what it is compared with, and what could not be seen then."""
    from api.commands.tables import not_seen, plain
    from graph.analysis.words import moment as instant

    screen.print()
    screen.print(f"Compared with {instant(moment.as_of)} (revision {moment.revision}).", style="dim")
    for line in not_seen(moment.freshness.gaps):
        screen.print(plain(f"Then: {line}"), style="red", soft_wrap=True)
