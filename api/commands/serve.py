"""How is the graph served over HTTP?"""

from __future__ import annotations

import socket
import sys

import click

from api.commands.options import MISTAKE, store_option


@click.command(short_help="Answer over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option(
    "--token",
    "references",
    multiple=True,
    help="Who may ask: env:NAME or file:PATH. May be repeated. Required beyond this machine.",
)
@store_option
def serve(*, host: str, port: int, references: tuple[str, ...], store: str | None) -> None:
    """Answer over HTTP: the questions under /v1, to read and try at /docs."""
    import os

    from api.auth import TOKENS_VARIABLE, TokensRefused, check_exposure, tokens_from
    from api.errors import InvalidRequest
    from api.stores import place_of

    try:
        location = place_of(store)
        tokens = tokens_from(references or os.environ.get(TOKENS_VARIABLE, "").split(","))
        check_exposure(host, tokens)
        listening = _listening(host, port)
    except (InvalidRequest, TokensRefused, OSError) as error:
        click.echo(f"Not served: {error}", err=True)
        sys.exit(MISTAKE)
    import uvicorn

    from api.app import create_app
    from graph.garbage import look_seldom

    app = create_app(location=location, tokens=tokens)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Asbuilt answers on http://{shown}:{listening.getsockname()[1]} (questions: /docs)", err=True)
    config = uvicorn.Config(app, log_level="warning", server_header=False)
    look_seldom()
    uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """Take the port before anything else is started, so that a taken one is a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(
            f"{host} port {port} cannot be listened on ({error.strerror}): choose another with --port"
        ) from None
