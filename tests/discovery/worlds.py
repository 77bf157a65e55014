"""What does a source look like that does exactly what a test says? Collectors in memory, with faults at will."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from collectors.contract import Connect, Plugin, SourceSettings
from discovery.ledger import Ledger
from discovery.source import Source
from graph.model import Document, Entity, Key, Knowledge, Position, Scope, Statement
from graph.store import GraphStore

CLUSTER = Key.of(("k8s.cluster", "c1"))
START = datetime(2026, 1, 31, 10, tzinfo=UTC)


class Clock:
    """A clock that moves one second whenever it is read, and further when told."""

    def __init__(self) -> None:
        self.now = START
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            self.now += timedelta(seconds=1)
            return self.now

    def skip(self, seconds: float) -> None:
        with self._lock:
            self.now += timedelta(seconds=seconds)


def configmap(name: str, version: str = "1", **attributes: str) -> Document:
    """A document of the kind configmap, in namespace shop."""
    key = CLUSTER.child("k8s.namespace", "shop").child("k8s.configmap", name)
    return Document(f"uid-{name}", version, lambda: [Entity(key, name, f"uid-{name}", dict(attributes))])


def service(name: str, version: str = "1") -> Document:
    """A document of the kind service, in namespace shop."""
    key = CLUSTER.child("k8s.namespace", "shop").child("k8s.service", name)
    return Document(f"svc-{name}", version, lambda: [Entity(key, name, f"svc-{name}")])


def scope(source: str, name: str, kind: str, *, snapshot: bool = True) -> Scope:
    """A scope over one kind of the cluster."""
    return Scope(source, name, frozenset({kind}), CLUSTER, snapshot=snapshot)


@dataclass
class World:
    """What a source holds: documents per scope, and what goes wrong with each (called before the first document)."""

    name: str = "prod"
    documents: dict[str, list[Document | Position]] = field(default_factory=dict)
    faults: dict[str, Callable[[], None]] = field(default_factory=dict)
    after: dict[str, Callable[[], None]] = field(default_factory=dict)
    listing: Callable[[], None] | None = None
    kinds: dict[str, str] = field(default_factory=lambda: {"configmaps": "k8s.configmap", "services": "k8s.service"})
    snapshot: bool = True
    observed: list[str] = field(default_factory=list)
    closed: int = 0
    position: int | None = None
    listed: int = 1

    def scopes(self) -> Sequence[Scope]:
        if self.listing is not None:
            self.listing()
        scopes = [scope(self.name, one, kind, snapshot=self.snapshot) for one, kind in self.kinds.items()]
        return scopes * self.listed

    def observe(self, scope: Scope) -> Iterator[Position | Document]:
        self.observed.append(scope.name)
        if scope.name in self.faults:
            self.faults[scope.name]()
        if self.position is not None:
            yield Position(self.position)
        yield from list(self.documents.get(scope.name, ()))
        if scope.name in self.after:
            self.after[scope.name]()

    def close(self) -> None:
        self.closed += 1

    @property
    def plugin(self) -> Plugin:
        """The world as a plugin of type `scripted`."""

        def connect(source: str, settings: SourceSettings) -> World:
            return self

        return plugin_of(connect)

    def source(self, deadline: float = 5.0, interval: float = 60.0, parallel: int = 4) -> Source:
        """The world as a configured source."""
        return Source(self.name, self.plugin, SourceSettings(), interval, 3 * interval, deadline, parallel)


def plugin_of(connect: Connect, settings: type[SourceSettings] = SourceSettings) -> Plugin:
    """A plugin that connects to a world."""
    knowledge = Knowledge(1, {"k8s.configmap": frozenset({"labels"}), "k8s.service": frozenset()})
    return Plugin("scripted", settings, frozenset({"k8s.configmap", "k8s.service"}), knowledge, connect)


def unmappable() -> Sequence[Statement]:
    """A mapping that raises, which none should."""
    raise KeyError("spec")


def raising(error: BaseException) -> Callable[[], None]:
    """A fault that raises."""

    def raise_it() -> None:
        raise error

    return raise_it


def names(store: GraphStore) -> set[str]:
    """The names of the entities in force."""
    from graph.store import EntityFilter

    with store.reader() as reader:
        return {one.name for one in reader.entities(EntityFilter(), 10_000)}


def statuses(store: GraphStore) -> dict[str, str]:
    """The status of each scope, by name."""
    with store.reader() as reader:
        return {state.scope.name: state.status.value for state in reader.scopes()}


def outcomes(store: GraphStore, scope: str) -> list[tuple[str, int]]:
    """The folded runs of a scope: outcome and count, oldest first."""
    with store.reader() as reader:
        return [(fold.outcome, fold.count) for fold in reader.folds(scope=scope)]


def configured(store: GraphStore, *sources: Source, clock: Clock | None = None) -> Ledger:
    """A ledger over a store, with these sources configured."""
    ledger = Ledger(store, clock or Clock())
    ledger.configure(sources)
    return ledger
