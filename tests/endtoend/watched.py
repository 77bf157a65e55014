"""How is a real cluster discovered as `asbuilt discover` does, and what is known of it at each moment?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from collectors.kubernetes import plugin
from discovery.ledger import Ledger
from discovery.listener import Heard, Silence, WatchState
from discovery.service import Service
from discovery.source import Source
from graph.model import Scope
from graph.store import ChangeFilter, EntityFilter
from graph.stores.sqlite import SqliteStore
from tests.histories.witness import Witness, witness
from tests.servers.kubernetes import ControlPlane

NAME = "prod"
SPACE = "watched"
MAPS = f"/api/v1/namespaces/{SPACE}/configmaps"
WITHIN = 60.0
HOUR = 3600.0


class Ears(Silence):
    """Notes how the watch of each scope goes on."""

    def __init__(self) -> None:
        self.states: dict[str, list[WatchState]] = {}
        self.reasons: list[str] = []
        self.heard_events = 0

    def watching(self, source: Source, scope: Scope, state: WatchState, reason: str | None) -> None:
        self.states.setdefault(scope.name, []).append(state)
        self.reasons += [reason] if reason else []

    def heard(self, source: Source, heard: Heard) -> None:
        self.heard_events += heard.events


@dataclass
class Watched:
    """A cluster that is discovered, and what is known of it."""

    plane: ControlPlane
    store: SqliteStore
    ears: Ears
    service: Service
    says: Witness

    def until(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + WITHIN
        while not holds():
            assert time.monotonic() < end, f"{what}; the watches: {self.ears.states} {self.ears.reasons[-5:]}"
            time.sleep(0.02)

    def until_none(self, lacking: Callable[[], set[str]], what: str) -> None:
        """Wait until nothing is lacking any more."""
        end = time.monotonic() + WITHIN
        while lack := lacking():
            last = {name: self.ears.states.get(name, [])[-3:] for name in lack}
            assert time.monotonic() < end, f"{what}: {last} {self.ears.reasons[-5:]}"
            time.sleep(0.1)

    def live(self, *names: str) -> None:
        """Wait until the watches of some scopes are live: of configmaps, where none is named."""
        for name in names or ("configmaps",):
            self.until(partial(self._is_live, name), f"{name} is not watched")

    def closed_since(self, revision: int) -> list[str]:
        """Give what was closed after a revision, whatever the cause."""
        with self.store.reader() as reader:
            recorded = reader.changes(ChangeFilter(after=revision), 100_000)
        return [one.change.subject for one in recorded if one.change.transition == "closed"]

    def _is_live(self, name: str) -> bool:
        return self.ears.states.get(name, [])[-1:] == [WatchState.LIVE]

    def shows(self, *expected: str) -> None:
        """Wait until exactly these configmaps are known, beside what a namespace is born with."""
        self.until(lambda: self.maps() == set(expected), f"not {expected}")

    def maps(self) -> set[str]:
        """The configmaps that are known of the namespace."""
        with self.store.reader() as reader:
            found = reader.entities(EntityFilter(kinds=frozenset({"k8s.configmap"})), 10_000)
        return {one.name for one in found if f"/{SPACE}/" in one.key} - {"kube-root-ca.crt"}

    def runs(self, name: str = "configmaps") -> list[tuple[str, int, str | None]]:
        """The folded runs of a scope."""
        with self.store.reader() as reader:
            return [(fold.outcome, fold.count, fold.error) for fold in reader.folds(scope=name)]

    def make(self, name: str) -> None:
        """Make a configmap."""
        self.plane.api.request("POST", MAPS, {"metadata": {"name": name}})

    def unmake(self, name: str) -> None:
        """Delete one."""
        self.plane.api.request("DELETE", f"{MAPS}/{name}")


@contextmanager
def discovered(
    plane: ControlPlane,
    folder: Path,
    kubeconfig: Path,
    *,
    interval: float = HOUR,
    stale_after: float | None = None,
    **settings: Any,
) -> Iterator[Watched]:
    """Discover a cluster as `asbuilt discover` does."""
    validated = plugin.settings.model_validate({"kubeconfig": str(kubeconfig), **settings})
    source = Source(NAME, plugin, validated, interval, stale_after or 3 * interval, parallel=8)
    store, ears = SqliteStore(folder / "asbuilt.db"), Ears()
    ledger = Ledger(store)
    service = Service(store, ledger, [source], listener=ears)
    service.configure()
    service.start()
    try:
        assert service.wait_for_first_looks(WITHIN)
        with witness(store) as says:
            yield Watched(plane, store, ears, service, says)
    finally:
        service.stop()
        store.close()
