"""Which commands does discovery bring to `asbuilt`? Reading: once, on trial, or for as long as it runs.

Exit codes: 0 all well; 1 something could not be read; 2 a mistake in usage or configuration; 3 no store to work with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_CONFIG = click.option(
    "--config",
    metavar="PATH",
    envvar="ASBUILT_CONFIG",
    help="Configuration file; else asbuilt.yaml, where there is one.",
)
_STORE = click.option(
    "--store", metavar="STORE", envvar="ASBUILT_STORE", help="Where the graph is: a file, or bolt://host:7687 (Neo4j)."
)
_OUTPUT = click.option("--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
_VERBOSE = click.option("--verbose", is_flag=True, help="Log more.")


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorated(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


@click.command()
@_options(_CONFIG, _STORE, _VERBOSE)
@click.option("--host", metavar="HOST", help="Address to serve on; else api.host of the configuration.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to serve on; else api.port of the configuration.")
@click.pass_context
def run(
    ctx: click.Context, config: str | None, store: str | None, host: str | None, port: int | None, *, verbose: bool
) -> None:
    """Start `discover` and `serve` as two processes on one store."""
    from discovery import running
    from discovery.commands import Setup, in_sentences
    from discovery.telemetry import configure_logs

    configure_logs(verbose=verbose)
    with in_sentences():
        setup = Setup.to_read(config, store)
        api = setup.configuration.settings.api
        ctx.exit(running.run(setup, running.Address(host or api.host, port or api.port)))


@click.command()
@_options(_CONFIG, _STORE, _VERBOSE)
@click.pass_context
def discover(ctx: click.Context, config: str | None, store: str | None, *, verbose: bool) -> None:
    """Read the sources, each when it is due, until stopped."""
    from discovery import running
    from discovery.commands import Setup, in_sentences
    from discovery.telemetry import configure_logs

    configure_logs(verbose=verbose)
    with in_sentences():
        ctx.exit(running.discover(Setup.to_read(config, store)))


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@_options(_CONFIG, _STORE, _OUTPUT, _VERBOSE)
@click.pass_context
def once(
    ctx: click.Context, sources: tuple[str, ...], config: str | None, store: str | None, output: str, *, verbose: bool
) -> None:
    """Read every source once, and end. With names: these sources only."""
    from discovery import looking
    from discovery.commands import Setup, in_sentences
    from discovery.telemetry import configure_logs

    configure_logs(verbose=verbose, errors_only=True)
    with in_sentences():
        ctx.exit(looking.once(Setup.to_read(config, store), sources, as_json=output == "json"))


@click.command(short_help="Show what reading would change; write nothing.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@_options(_CONFIG, _STORE, _OUTPUT, _VERBOSE)
@click.option("--limit", type=click.IntRange(min=0), default=200, show_default=True, help="Rows of the table; 0: all.")
@click.pass_context
def plan(
    ctx: click.Context,
    sources: tuple[str, ...],
    config: str | None,
    store: str | None,
    output: str,
    limit: int,
    *,
    verbose: bool,
) -> None:
    """Read every source once and print what would change; write nothing."""
    from discovery import looking
    from discovery.commands import Setup, in_sentences
    from discovery.telemetry import configure_logs

    configure_logs(verbose=verbose, errors_only=True)
    with in_sentences():
        ctx.exit(looking.plan(Setup.to_read(config, store), sources, as_json=output == "json", limit=limit))


@click.command(short_help="Try the configuration, and which scopes can be read.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@_options(_CONFIG, _OUTPUT)
@click.pass_context
def check(ctx: click.Context, sources: tuple[str, ...], config: str | None, output: str) -> None:
    """Validate the configuration, and try which scopes can be read."""
    from discovery import looking
    from discovery.commands import Setup, in_sentences
    from discovery.telemetry import configure_logs

    configure_logs(errors_only=True)
    with in_sentences():
        ctx.exit(looking.check_all(Setup.to_read(config, None), sources, as_json=output == "json"))


@click.command(short_help="Write the permissions that a source needs, ready to apply.")
@click.argument("source", required=False)
@_options(_CONFIG)
@click.option("--account", metavar="NAMESPACE/NAME", help="Who is to read; else an account that the manifest makes.")
@click.option("--without", metavar="RESOURCE", multiple=True, help="Leave this out, as `secrets`; may be repeated.")
@click.option("--with", "beside", metavar="RESOURCE", multiple=True, help="Add this, as `widgets.example.com`.")
def permissions(
    source: str | None, config: str | None, account: str | None, without: tuple[str, ...], beside: tuple[str, ...]
) -> None:
    """Write the permissions that SOURCE needs, and no others, in its own form: for a cluster, manifests to apply."""
    from discovery import looking
    from discovery.commands import Setup, in_sentences

    with in_sentences():
        looking.permissions(Setup.to_read(config, None), source, account, without=without, beside=beside)


@click.command()
@click.argument("source")
@click.option("--scope", help="Retire this scope of it only.")
@click.option("--yes", is_flag=True, help="Do it: what the source stated is ended, on your word.")
@_options(_CONFIG, _STORE)
@click.pass_context
def retire(
    ctx: click.Context, source: str, scope: str | None, config: str | None, store: str | None, *, yes: bool
) -> None:
    """End what a source stated that is read no longer."""
    from discovery import looking
    from discovery.commands import Setup, in_sentences

    with in_sentences():
        ctx.exit(looking.retire(Setup.of(config, store), source, scope, yes=yes))


@click.command("export", short_help="Write all that the store keeps to a file.")
@click.argument("file", default="-")
@_options(_CONFIG, _STORE)
def export(file: str, config: str | None, store: str | None) -> None:
    """Write everything that the store keeps to FILE (.gz: compressed), or to standard output."""
    from discovery import transferring
    from discovery.commands import Setup, in_sentences

    with in_sentences(), Setup.of(config, store).opened(create=False) as opened:
        transferring.export(opened, file)


@click.command("import", short_help="Fill an empty store from an export.")
@click.argument("file")
@_options(_CONFIG, _STORE)
def import_(file: str, config: str | None, store: str | None) -> None:
    """Fill an empty store with what `asbuilt export` wrote to FILE."""
    from discovery import transferring
    from discovery.commands import Setup, in_sentences

    with in_sentences():
        setup = Setup.of(config, store)
        records = transferring.check(file)
        with setup.opened() as opened:
            transferring.import_(opened, file, records)


commands = [run, discover, once, plan, check, permissions, retire, export, import_]
