"""What does the discovery process tell about itself? Logs when something changes state; metrics for all the rest."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from structlog.typing import EventDict, WrappedLogger

from discovery.listener import Heard, Look, ScopeLook, Silence, WatchState
from discovery.reasons import safe_traceback
from discovery.source import Source
from graph.model import Outcome, Scope
from graph.record import Recorded

REGISTRY = CollectorRegistry()
"""A registry of its own: what other libraries count in this process is theirs to show."""

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_LAGS = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)

CYCLE_DURATION = Histogram(
    "asbuilt_cycle_duration_seconds",
    "How long one look at a source took",
    ["source"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
CYCLES_FAILED = Gauge(
    "asbuilt_cycles_failed_in_a_row",
    "Looks in a row in which nothing of the source could be read",
    ["source"],
    registry=REGISTRY,
)
RUN_DURATION = Histogram(
    "asbuilt_run_duration_seconds", "How long reading one scope took", ["source"], buckets=_SECONDS, registry=REGISTRY
)
RUNS = Counter("asbuilt_runs", "Runs, by how they ended", ["source", "outcome"], registry=REGISTRY)
DOCUMENTS_SEEN = Gauge(
    "asbuilt_documents_seen",
    "Documents that the last complete run of a scope showed",
    ["source", "scope"],
    registry=REGISTRY,
)
DOCUMENTS_CHANGED = Counter(
    "asbuilt_documents_changed", "Documents opened, revised or ended", ["source", "transition"], registry=REGISTRY
)
DOCUMENTS_DOUBTED = Gauge(
    "asbuilt_documents_doubted",
    "Documents whose ending waits for another listing",
    ["source", "scope"],
    registry=REGISTRY,
)
CHANGES = Counter("asbuilt_changes", "Changes of entities and relations", ["source"], registry=REGISTRY)
SCOPE_COMPLETE = Gauge(
    "asbuilt_scope_last_complete_timestamp_seconds",
    "End of the last complete run of a scope",
    ["source", "scope"],
    registry=REGISTRY,
)
SCOPES = Gauge("asbuilt_scopes", "Scopes that a source lists", ["source"], registry=REGISTRY)
DOCUMENTS_UNMAPPED = Gauge(
    "asbuilt_documents_unmapped", "Documents that could not be mapped", ["source", "scope"], registry=REGISTRY
)
WATCH_LIVE = Gauge(
    "asbuilt_watch_live", "Whether the watch of a scope tells of changes", ["source", "scope"], registry=REGISTRY
)
WATCH_EVENTS = Counter("asbuilt_watch_events", "Events heard from watches", ["source"], registry=REGISTRY)
WATCH_BATCHES = Counter("asbuilt_watch_batches", "Batches of events recorded", ["source"], registry=REGISTRY)
WATCH_RESTARTS = Counter(
    "asbuilt_watch_restarts", "Watches begun again, by why the last one ended", ["source", "reason"], registry=REGISTRY
)
WATCH_LAG = Histogram(
    "asbuilt_watch_lag_seconds",
    "From hearing the oldest event of a batch until it can be read",
    ["source"],
    buckets=_LAGS,
    registry=REGISTRY,
)
REVISION = Gauge("asbuilt_revision", "The newest revision", registry=REGISTRY)

log = structlog.get_logger("asbuilt.discovery")


class Telemetry(Silence):
    """Turns what happens in looks into metrics, and into a log line where a source or a scope changes its state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: dict[str, str] = {}
        self._scopes: dict[tuple[str, str], str] = {}
        self._polled: set[tuple[str, str]] = set()
        self._before: dict[str, dict[str, tuple[int, int, int, int]]] = {}

    def listed(self, source: Source, scopes: Sequence[Scope]) -> None:
        """Count the scopes, and forget those that are listed no longer."""
        SCOPES.labels(source.name).set(len(scopes))
        live = {scope.name for scope in scopes}
        with self._lock:
            for name in [scope for of, scope in self._scopes if of == source.name and scope not in live]:
                del self._scopes[source.name, name]
                for metric in (DOCUMENTS_SEEN, DOCUMENTS_DOUBTED, DOCUMENTS_UNMAPPED, SCOPE_COMPLETE):
                    metric.remove(source.name, name)

    def read(self, source: Source, look: ScopeLook, seconds: float) -> None:
        """Count a run, and say so where the scope's state is another than before."""
        name, scope = source.name, look.scope.name
        RUNS.labels(name, look.run.outcome.value).inc()
        RUN_DURATION.labels(name).observe(seconds)
        if look.complete:
            DOCUMENTS_SEEN.labels(name, scope).set(look.seen)
            SCOPE_COMPLETE.labels(name, scope).set(look.run.ended.timestamp())
        DOCUMENTS_DOUBTED.labels(name, scope).set(look.doubted)
        DOCUMENTS_UNMAPPED.labels(name, scope).set(look.unmapped)
        if look.mark is not None:
            REVISION.set(max(look.mark.number, 0))

    def looked(self, source: Source, look: Look) -> None:
        """Count a look, and say what is different about the source and its scopes."""
        if look.stopped:
            return
        if look.ended is not None:
            CYCLE_DURATION.labels(source.name).observe((look.ended - look.started).total_seconds())
        for one in look.scopes:
            _count_changes(source, one)
        failed = CYCLES_FAILED.labels(source.name)
        if look.vain:
            failed.inc()
        else:
            failed.set(0)
        with self._lock:
            self._tell_source(source, look)
            if look.error is None:
                for one in look.scopes:
                    self._tell_scope(source, one)

    def watching(self, source: Source, scope: Scope, state: WatchState, reason: str | None) -> None:
        """Count what ends a watch, and say so where a scope comes to be polled, or is watched after all."""
        key = (source.name, scope.name)
        told = log.bind(source=source.name, scope=scope.name)
        if state is WatchState.OVER:
            with suppress(KeyError):
                WATCH_LIVE.remove(*key)
            return
        WATCH_LIVE.labels(*key).set(state is WatchState.LIVE)
        if state is not WatchState.LIVE:
            WATCH_RESTARTS.labels(source.name, state.value).inc()
        with self._lock:
            was_polled = key in self._polled
            if state is WatchState.REFUSED:
                self._polled.add(key)
            elif state is WatchState.LIVE:
                self._polled.discard(key)
        if state is WatchState.REFUSED and not was_polled:
            told.warning("scope is polled, for it cannot be watched", reason=reason)
        elif state is WatchState.LIVE and was_polled:
            told.info("scope is watched")
        elif state is not WatchState.LIVE:
            told.debug("watch goes on anew", state=state.value, reason=reason)

    def heard(self, source: Source, heard: Heard) -> None:
        """Count a batch of a watch, and what it changed."""
        if heard.events:
            WATCH_BATCHES.labels(source.name).inc()
            WATCH_EVENTS.labels(source.name).inc(heard.events)
            WATCH_LAG.labels(source.name).observe(heard.lag)
        else:
            SCOPE_COMPLETE.labels(source.name, heard.scope.name).set_to_current_time()
        DOCUMENTS_UNMAPPED.labels(source.name, heard.scope.name).set(heard.unmapped)
        _count_changes(source, heard.recorded)
        if heard.recorded.mark is not None:
            REVISION.set(heard.recorded.mark.number)

    def _tell_source(self, source: Source, look: Look) -> None:
        """Say that a source fails or can be read, where that is news."""
        former = self._sources.get(source.name)
        state = "readable" if look.error is None else f"failing: {look.error}"
        self._sources[source.name] = state
        if state == former:
            return
        if look.error is not None:
            log.warning("source fails", source=source.name, type=source.plugin.type, reason=look.error)
        elif former is None:
            seen = sum(one.seen for one in look.scopes)
            log.info(
                "source is read", source=source.name, type=source.plugin.type, scopes=len(look.scopes), documents=seen
            )
        else:
            log.info("source recovered", source=source.name, type=source.plugin.type)

    def _tell_scope(self, source: Source, one: ScopeLook) -> None:
        """Say that a scope fails, is refused, recovers, or has endings in doubt, where that is news."""
        key = (source.name, one.scope.name)
        former = self._scopes.get(key, Outcome.COMPLETE.value)
        state = "doubted" if one.complete and one.doubted else one.run.outcome.value
        self._scopes[key] = state
        if state == former:
            return
        told = log.bind(source=source.name, scope=one.scope.name)
        if state == "doubted":
            told.warning("endings are doubted until another listing agrees", documents=one.doubted)
        elif not one.complete:
            told.warning("scope fails" if state == Outcome.FAILED else "scope is forbidden", reason=one.run.error)
        elif former == "doubted":
            told.info("doubt is settled", ended=one.ended)
        else:
            told.info("scope recovered", documents=one.seen)


def _count_changes(source: Source, one: ScopeLook | Recorded) -> None:
    CHANGES.labels(source.name).inc(one.total if isinstance(one, Recorded) else one.changes)
    for transition, count in (("opened", one.opened), ("revised", one.revised), ("ended", one.ended)):
        DOCUMENTS_CHANGED.labels(source.name, transition).inc(count)


def serve_metrics(host: str, port: int) -> None:
    """Show the metrics at http://host:port/metrics, from a daemon thread. Raise OSError where the port is taken."""
    start_http_server(port, addr=host, registry=REGISTRY)


def configure_logs(*, verbose: bool = False, errors_only: bool = False) -> None:
    """Log to standard error: for people at a terminal, as one JSON object per line anywhere else.

    errors_only: for a command that tells itself how things are; only defects are left to be logged.
    """
    level = logging.DEBUG if verbose else logging.ERROR if errors_only else logging.INFO
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
            _without_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Standard error as it is then: a progress display puts itself in its place.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a look that is late is a metric, not a line


def _without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write a traceback without the values of variables, and without a message that looks like a secret."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()[1]
    if isinstance(raised, BaseException):
        event["exception"] = safe_traceback(raised)
    return event
