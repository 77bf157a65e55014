"""What would be harmed if this failed, and what does this need?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.commands.options import Asked, answer, list_options, question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.dependencies import Dependencies
    from graph.analysis.impact import Affected, Impact
    from graph.analysis.placement import Thing

Command = TypeVar("Command", bound=Callable[..., Any])


def _bounds(command: Command) -> Command:
    """Give a command the options that say how far a traversal goes."""
    depth = click.option("--depth", type=click.IntRange(1, 10), default=6, show_default=True, help="Relations away.")
    most = click.option(
        "--most", type=click.IntRange(1, 10_000), default=2000, show_default=True, help="Things reached at most."
    )
    return depth(most(command))


@click.command(short_help="Show what would be harmed if it failed.")
@click.argument("key")
@_bounds
@list_options
@question
def impact(*, asked: Asked, key: str, depth: int, most: int, limit: int, cursor: str | None) -> None:
    """Show what is harmed when something fails or changes: how surely, by which path, and why.

    KEY is a whole key, or an ending that only one key has: k8s.node/n1. LEFT is k of n: the ready members that a group
    has left, and `<m` where its PodDisruptionBudget keeps m, and fewer are left. JSON has the whole path of each.
    """
    from api.questions.impact import what_it_harms

    answer(
        asked,
        lambda about: what_it_harms(about, depth=depth, most=most, limit=limit),
        _draw_impact,
        key=key,
        cursor=cursor,
    )


@click.command(short_help="Show what it needs.")
@click.argument("key")
@_bounds
@list_options
@question
def dependencies(*, asked: Asked, key: str, depth: int, most: int, limit: int, cursor: str | None) -> None:
    """Show what something needs to be well: how strongly, by which path, and why.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.impact import what_it_needs

    answer(
        asked,
        lambda about: what_it_needs(about, depth=depth, most=most, limit=limit),
        _draw_dependencies,
        key=key,
        cursor=cursor,
    )


def _draw_impact(screen: Console, found: Answer[Impact]) -> None:
    from api.commands.tables import cut_lines, presence_cell, table

    view = found.page.data if found.page else None
    if view is None:
        return
    _headed(screen, f"{_named(view.root)}: harm reaches {_counted(view.reached, view.effects)}")
    if view.affected:
        rows = [
            (
                one.effect.value,
                one.kind,
                one.name,
                _left(one),
                f"{one.confidence:.2f}",
                one.hops,
                presence_cell(one.presence),
                one.reason,
            )
            for one in view.affected
        ]
        screen.print(table(["EFFECT", "KIND", "NAME", "LEFT", "SURE", "HOPS", "PRESENCE", "WHY"], rows))
    cut_lines(screen, view.cuts, "--depth", "--most")


def _draw_dependencies(screen: Console, found: Answer[Dependencies]) -> None:
    from api.commands.tables import cut_lines, presence_cell, table

    view = found.page.data if found.page else None
    if view is None:
        return
    _headed(screen, f"{_named(view.root)}: needs {_counted(view.reached, view.kinds)}")
    if view.needed:
        rows = [
            (one.kind, one.name, f"{one.confidence:.2f}", one.hops, presence_cell(one.presence), one.reason)
            for one in view.needed
        ]
        screen.print(table(["KIND", "NAME", "SURE", "HOPS", "PRESENCE", "WHY"], rows))
    cut_lines(screen, view.cuts, "--depth", "--most")


def _headed(screen: Console, line: str) -> None:
    from rich.text import Text

    from api.commands.tables import plain

    screen.print(Text(plain(line), style="bold"))
    screen.print()


def _named(root: Thing) -> str:
    """Name what the question is about, and say so where it is not simply there."""
    from graph.analysis.presence import Said
    from graph.analysis.words import presence_words

    there = root.presence is not None and root.presence.said is Said.PRESENT and root.presence.certain
    return root.name if there else f"{root.name} ({presence_words(root.presence)})"


def _counted(reached: int, parts: Mapping[str, int]) -> str:
    from graph.analysis.words import counted

    return f"{counted(reached, 'thing')} ({', '.join(f'{n} {w}' for w, n in parts.items())})" if reached else "nothing"


def _left(one: Affected) -> str:
    if one.members is None:
        return "-"
    below = f" <{one.members.minimum}" if one.members.short else ""
    return f"{one.members.left}/{one.members.all}{below}"
