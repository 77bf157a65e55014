"""Which commands are there? Those that entry points contribute, gathered into one; the questions are api's own."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click

from api.commands.changes import changes
from api.commands.diff import diff
from api.commands.entities import list_
from api.commands.graph import graph, path
from api.commands.history import history
from api.commands.impact import dependencies, impact
from api.commands.relations import relations
from api.commands.resolve import resolve
from api.commands.serve import serve
from api.commands.show import show
from api.commands.sources import sources
from api.commands.where import where

commands: list[click.Command] = [
    *(serve, list_, resolve, show, where, relations, graph, path, dependencies, impact),
    *(history, diff, changes, sources),
]
"""What the entry point `api` of the group `asbuilt.commands` names."""

_GROUP = "asbuilt.commands"
_BROKEN = (
    ImportError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""How loading a module fails."""


class Gathered(click.Group):
    """All commands in one. Its help is the list of them, the questions first, and fits a screen of 34 lines."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage, with the two options that there are."""
        formatter.write_usage(ctx.command_path, "[--version] [--help] COMMAND [OPTIONS]")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands: what people ask, then what keeps the record."""
        asked = {command.name for command in commands if command is not serve}
        for heading, wanted in (("Questions", True), ("Keeping the record", False)):
            named = [(name, self.commands[name]) for name in sorted(self.commands) if (name in asked) is wanted]
            with formatter.section(heading):
                formatter.write_dl([(name, command.get_short_help_str(60)) for name, command in named])


def contributed(entry: EntryPoint) -> tuple[list[click.Command], str | None]:
    """Load the commands of one entry point; where that fails, say so instead, for the others must go on."""
    try:
        return list(entry.load()), None
    except _BROKEN as error:  # what is wrong with one package must not take the other's commands along
        reason = f"{type(error).__name__}: {error}"
        return [], f"the commands of '{entry.name}' cannot be loaded ({reason}): reinstall what brings {entry.value}"


def gathered() -> click.Group:
    """Gather all commands into one."""
    group = Gathered(
        "asbuilt",
        help="What exists in running systems, since when, and according to whom.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
        epilog="`asbuilt COMMAND --help` tells more; docs/reference.md has the exit codes.",
    )
    for entry in sorted(entry_points(group=_GROUP), key=lambda one: one.name):
        found, complaint = contributed(entry)
        for command in found:
            group.add_command(command)
        if complaint is not None:
            click.echo(complaint, err=True)
    return group


def main() -> None:
    """Run the command line."""
    click.version_option(package_name="asbuilt")(gathered())(prog_name="asbuilt")
