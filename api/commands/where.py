"""Where does this entity run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.commands.options import Asked, answer, question

if TYPE_CHECKING:
    from rich.console import Console

    from api.questions.asking import Answer
    from graph.analysis.placement import PodView, Thing
    from graph.analysis.where import Where


@click.command(short_help="Show where it runs.")
@click.argument("key")
@question
def where(*, asked: Asked, key: str) -> None:
    """Show where something runs: workload, pods, nodes, images, endpoints, configuration.

    KEY is a whole key, or an ending that only one key has: k8s.service/cart.
    """
    from api.questions.where import where_it_runs

    answer(asked, where_it_runs, _draw, key=key)


def _draw(screen: Console, found: Answer[Where]) -> None:
    from rich.text import Text

    from api.commands.tables import pairs, plain

    view = found.page.data if found.page else None
    if view is None:
        return
    screen.print(Text(plain(f"{view.name}: {view.summary}"), style="bold"))
    screen.print()
    pairs(
        screen,
        [
            ("key", view.key),
            ("environment", _name(view.environment)),
            ("cluster", f"{view.cluster.name} ({view.cluster.key})" if view.cluster else None),
            ("namespace", _name(view.namespace)),
            ("workload", ", ".join(f"{one.kind}/{_placed(one, view)}" for one in view.workloads)),
            ("runs as", ", ".join(_placed(one, view) for one in view.runs_as)),
            ("commit", _name(view.commit)),
            ("pipeline", _name(view.pipeline)),
            ("deployer", _name(view.deployer)),
            ("owner", _name(view.owner)),
        ],
    )
    _pods(screen, view)
    _ways_in(screen, view)
    _configuration(screen, view)


def _name(thing: Thing | None) -> str | None:
    return thing.name if thing else None


def _placed(thing: Thing, view: Where) -> str:
    """Name a thing; with its namespace, where the answer is not of one."""
    around = thing.key.container
    if view.namespace is not None or around is None or around.kind != "k8s.namespace":
        return thing.name
    return f"{around.id}/{thing.name}"


def _pods(screen: Console, view: Where) -> None:
    from api.commands.tables import presence_cell, table

    if view.pods:
        rows = [
            (pod.name or pod.key.id, presence_cell(pod.presence), _ready(pod), pod.node, pod.zone, pod.instance)
            for pod in view.pods
        ]
        screen.print()
        screen.print(table(["POD", "PRESENCE", "READY", "NODE", "ZONE", "INSTANCE"], rows))
    if view.images:
        images = [(", ".join(one.references) or "-", one.digest, f"{one.pods}") for one in view.images]
        screen.print()
        screen.print(table(["IMAGE", "DIGEST", "PODS"], images))


def _ready(pod: PodView) -> str:
    return {True: "yes", False: "no", None: "-"}[pod.ready]


def _ways_in(screen: Console, view: Where) -> None:
    from api.commands.tables import presence_cell, table

    rows: list[tuple[object, ...]] = [
        ("service", one.name, "", presence_cell(one.presence)) for one in view.endpoints.services
    ]
    for route in view.endpoints.ingresses:
        place = f"{route.host or '*'}{route.path or '/'}"
        rows.append(("ingress", route.ingress.name, place, presence_cell(route.ingress.presence)))
    rows += [("load balancer", one.of.id, one.address, "") for one in view.endpoints.load_balancers]
    rows += [("dns", one.name, "", presence_cell(one.presence)) for one in view.endpoints.dns or ()]
    if rows:
        screen.print()
        screen.print(table(["WAY IN", "NAME", "ADDRESS", "PRESENCE"], rows))


def _configuration(screen: Console, view: Where) -> None:
    from api.commands.tables import presence_cell, table

    if view.config:
        rows = [
            (
                one.config.kind,
                _placed(one.config, view),
                presence_cell(one.config.presence),
                f"{len(one.used_by)}" + (", optional" if one.optional else ""),
            )
            for one in view.config
        ]
        screen.print()
        screen.print(table(["USES", "NAME", "PRESENCE", "BY"], rows))
    if view.users:
        users = [(one.verb, presence_cell(one.user.presence), one.user.key) for one in view.users]
        screen.print()
        screen.print(table(["USED", "PRESENCE", "BY"], users))
    if view.untied:
        untied = [(one.verb, one.stated, one.tie.value, len(one.candidates), one.source) for one in view.untied]
        screen.print()
        screen.print(table(["NOT TIED", "STATED AS", "TIE", "CANDIDATES", "KEY"], untied))
