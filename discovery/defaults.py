"""What is read when nobody has configured anything? The cluster of the kubeconfig, if it answers; else a recording."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from collectors.contract import Collector
from discovery.config import SourceEntry, source_of
from discovery.reasons import reason_of
from discovery.registry import BrokenPlugin, Registry, UnknownType
from discovery.source import RESERVED, Source
from discovery.workers import Workers
from graph.model import Scope
from graph.store import SourceRecord

# This is the one place of discovery that names collectors: somebody has to say what comes first.
CLUSTER, RECORDING = "kubernetes", "replay"

PATIENCE = 8.0
"""Seconds that a cluster has to answer, until the recording is taken instead."""

_REPLAY_INTERVAL = 10.0


class NothingToRead(Exception):
    """Nothing is configured, and there is nothing that could be read in its place."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The sources that are read for want of a configuration, and the line that says so."""

    sources: tuple[Source, ...]
    said: str


def choose(registry: Registry, known: Iterable[SourceRecord] = (), patience: float = PATIENCE) -> Choice:
    """Decide what to read without a configuration.

    known: the sources of the store. One that it knows is kept even where it does not answer now, and is never swapped
    for the recording: what it stated would count as no longer configured.
    """
    real = {one.name for one in known if one.type != RECORDING and one.configured}
    context = current_context()
    if context is None:
        why = "no kubeconfig has a current context"
    else:
        cluster = _source(registry, CLUSTER, _named_after(context), {"context": context})
        if cluster.name in real:
            return Choice((cluster,), f"No asbuilt.yaml: reading the cluster of the current context, {context}.")
        failure = refusal(cluster, patience)
        if failure is None:
            return Choice((cluster,), f"No asbuilt.yaml: reading the cluster of the current context, {context}.")
        why = f"the cluster of the current context, {context}, does not answer ({failure})"
    if real:
        names = ", ".join(sorted(real))
        raise NothingToRead(
            f"There is no asbuilt.yaml, and {why}; but this store knows {names}."
            " Name the sources in asbuilt.yaml, or give another --store to replay the recording."
        )
    replay = replace(_source(registry, RECORDING, RECORDING, {}), interval=_REPLAY_INTERVAL)
    return Choice((replay,), f"No asbuilt.yaml, and {why}: replaying the recording that comes with Asbuilt.")


def _source(registry: Registry, type_: str, name: str, settings: dict[str, str]) -> Source:
    try:
        plugin = registry.plugin(type_)
    except (UnknownType, BrokenPlugin) as error:
        raise NothingToRead(f"There is no asbuilt.yaml, and {error}.") from error
    return source_of(name, SourceEntry(type=type_), plugin, plugin.settings.model_validate(settings))


def refusal(source: Source, patience: float) -> str | None:
    """Ask a source for its scopes; give the reason where it does not tell them in time, and None where it does."""
    collector = source.connect()

    def ask(one: Collector) -> Sequence[Scope]:
        try:
            return one.scopes()
        finally:
            one.close()

    asking = Workers[Collector, Sequence[Scope]](f"probe-{source.name}", ask, 1)
    asking.give(collector)
    finished = asking.take(time.monotonic() + patience, threading.Event())
    asking.dismiss()
    if finished is None:
        return f"nothing within {patience:g} s"
    return None if finished.error is None else reason_of(finished.error)


def current_context() -> str | None:
    """Read the name of the current context as kubectl does: of the files in KUBECONFIG, the first with one counts."""
    files = os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    for file in files.split(os.pathsep):
        context = _context_in(Path(file)) if file else None
        if context:
            return context
    return None


def _context_in(file: Path) -> str | None:
    try:
        tree = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError):
        return None
    context = tree.get("current-context") if isinstance(tree, dict) else None
    return context if isinstance(context, str) else None


def _named_after(context: str) -> str:
    """Make a name of a source of a context's, which may hold anything (an ARN, an address)."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", context).strip("._-")[:100] or CLUSTER
    return f"{name}-{CLUSTER}" if name in RESERVED or name == RECORDING else name
