"""How does discovery run until it is told to stop, alone or with `serve` beside it?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import click

from discovery.commands import FINE, INCOMPLETE, Mistake, Setup
from discovery.config import MetricsSettings
from discovery.ledger import Ledger
from discovery.listener import Listener
from discovery.progress import shown_progress
from discovery.rendering import echo_table
from discovery.service import Service
from discovery.summary import show_summary, summary_of
from discovery.supervise import Companion, invoked_as, stopped_by_signals
from discovery.telemetry import serve_metrics
from graph.store import GraphStore

GLANCE = 0.2
"""Seconds between two glances at the stop event, at the first looks and at the other process."""

SERVE_STARTS_WITHIN = 30.0
"""Seconds that `serve` has until it answers."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where `serve` is to answer."""

    host: str
    port: int

    @property
    def exposed(self) -> bool:
        """Tell whether more than this machine can reach it."""
        try:
            return not ip_address(self.host.strip("[]")).is_loopback
        except ValueError:  # a name
            return self.host.lower() != "localhost"

    @property
    def reached_as(self) -> str:
        """Give the host by which this machine reaches it."""
        try:
            everywhere = ip_address(self.host).is_unspecified
        except ValueError:  # a name
            everywhere = False
        return "localhost" if everywhere else self.host

    @property
    def url(self) -> str:
        """Give it as people type it."""
        host = self.reached_as
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def discover(setup: Setup) -> int:
    """Look at the sources, each when it is due, until told to stop."""
    with stopped_by_signals() as stop, setup.opened() as store, _discovering(setup, store) as service:
        service.start()
        while not stop.wait(GLANCE):
            pass
    return FINE


def run(setup: Setup, address: Address) -> int:
    """Discover in this process and serve in another, with progress at first; when one dies, the other is stopped."""
    with ExitStack() as held:
        stop = held.enter_context(stopped_by_signals())
        store = held.enter_context(setup.opened())
        progress = ExitStack()
        listener = progress.enter_context(shown_progress())
        held.enter_context(progress)
        service = held.enter_context(_discovering(setup, store, listener))
        companion = Companion(_serve_arguments(setup, address))
        held.callback(companion.stop)
        service.start()
        _wait_for_first_looks(service, companion, stop)
        progress.close()
        answers = companion.answers(address.reached_as, address.port, "/healthz", SERVE_STARTS_WITHIN, stop)
        if not stop.is_set() and companion.exit_code is None:
            _tell(setup, store, address.url if answers else None)
        while companion.exit_code is None and not stop.wait(GLANCE):
            pass
        if not stop.is_set():
            click.echo(f"'serve' ended by itself (exit code {companion.exit_code}), so discovery stops too.", err=True)
            return companion.exit_code or INCOMPLETE
    return FINE


def _serve_arguments(setup: Setup, address: Address) -> list[str]:
    arguments = ["serve", "--store", str(setup.store), "--host", address.host, "--port", str(address.port)]
    for reference in setup.configuration.token_references():
        arguments += ["--token", reference]
    return arguments


@contextmanager
def _discovering(setup: Setup, store: GraphStore, listener: Listener | None = None) -> Iterator[Service]:
    """Take the store, note the sources and show the metrics, before anything is looked at; stop cleanly at the end."""
    ledger = Ledger(store)
    try:
        sources, said = setup.sources(ledger.sources())
        if said:
            click.echo(said, err=True)
        _show_metrics(setup.configuration.settings.metrics)
        service = Service(store, ledger, sources, listener=listener)
        service.configure()
        try:
            yield service
        finally:
            service.stop()
    finally:
        ledger.close()


def _show_metrics(metrics: MetricsSettings) -> None:
    if metrics.port is None:
        return
    try:
        serve_metrics(metrics.host, metrics.port)
    except OSError as error:
        place = f"{metrics.host}:{metrics.port}"
        raise Mistake(f"metrics cannot be shown on {place} ({error.strerror}): set another metrics.port") from None


def _wait_for_first_looks(service: Service, companion: Companion, stop: threading.Event) -> None:
    while not service.wait_for_first_looks(GLANCE):
        if stop.is_set() or companion.exit_code is not None:
            return


def _tell(setup: Setup, store: GraphStore, url: str | None) -> None:
    """Print what is known by now, and what one might ask."""
    with store.reader() as reader:
        summary = summary_of(reader)
    echo_table(lambda console: show_summary(console, summary, invoked_as(), setup.hint, url))
    if url is None:
        click.echo(f"'serve' does not answer yet after {SERVE_STARTS_WITHIN:g} s; its log above may say why.")
    click.echo("Asbuilt keeps looking until you press Ctrl-C.")
