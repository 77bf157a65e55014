"""How is the whole of Asbuilt set before a real API server?

Collector, cycle, embedded store and API, as `run` wires them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.kubernetes import plugin
from discovery.ledger import Ledger
from discovery.listener import Look
from discovery.service import Service
from discovery.source import PARALLEL, Source
from graph.store import ChangeFilter
from graph.stores.sqlite import SqliteStore
from tests.histories.witness import Witness, witness

NAME = "prod"


@dataclass
class Rig:
    """One cluster, one store, and somebody who asks the API."""

    store: SqliteStore
    source: Source
    service: Service
    says: Witness

    def look(self) -> Look:
        """Look at the cluster once, as discovery does."""
        return self.service.look(self.source)

    @property
    def head(self) -> int:
        """The newest revision."""
        return self.store.head().number

    @property
    def now(self) -> datetime:
        """The instant of the newest revision."""
        return self.store.head().instant

    def closed_since(self, revision: int) -> list[str]:
        """Give what was closed after a revision, whatever the cause."""
        with self.store.reader() as reader:
            recorded = reader.changes(ChangeFilter(), 100_000)
        return [one.change.subject for one in recorded if one.revision > revision and one.change.transition == "closed"]

    def keys(self) -> set[str]:
        """Give the keys of all entities in force, as the API lists them."""
        found: set[str] = set()
        answer = self.says.ask("entities", limit="1000")
        while True:
            found |= {one["key"] for one in answer["data"]}
            if not answer["cursor"]:
                return found
            answer = self.says.ask("entities", limit="1000", cursor=answer["cursor"])


@contextmanager
def rig(kubeconfig: Path, folder: Path, *, stale_after: float = 3600.0, **settings: Any) -> Iterator[Rig]:
    """Set everything up over an empty store, and take it down."""
    validated = plugin.settings.model_validate({"kubeconfig": str(kubeconfig), **settings})
    source = Source(NAME, plugin, validated, stale_after=stale_after, parallel=settings.get("parallel", PARALLEL))
    store = SqliteStore(folder / "asbuilt.db")
    ledger = Ledger(store)
    service = Service(store, ledger, [source])
    service.configure()
    with witness(store) as says:
        yield Rig(store, source, service, says)
    service.stop()
    ledger.close()
    store.close()
