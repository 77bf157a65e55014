"""What is a hub with a crowd on it, and how much work does a store do when it is asked or changed?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from graph.analysis.changes import changes
from graph.analysis.impact import impact
from graph.analysis.listing import entities
from graph.analysis.neighbourhood import Surrounding, neighbourhood
from graph.analysis.relations import relations
from graph.analysis.resolve import resolve
from graph.model import Document, Key, RevisionMark, Scope
from graph.store import ChangeFilter, EntityFilter, GraphReader, GraphStore
from graph.stores.neo4j import connection
from graph.stores.sqlite import SqliteStore
from tests.graph.stores.estate import CLUSTER, NODE, NODES, PODS, SHOP
from tests.graph.world import World, document, entity, tie

FEW = 100
SMALL = CLUSTER.child("k8s.node", "small")
"""A node with few pods, beside the hub."""

FEWER, HUBS, SMALLS = (CLUSTER.child("k8s.namespace", name) for name in ("few", "of-hub", "of-small"))
CROWD, BESIDE, OF_HUB, OF_SMALL = (
    Scope("kube", f"pods/{within.id}", PODS.states, within) for within in (SHOP, FEWER, HUBS, SMALLS)
)
SAME = EntityFilter(labels=(("app", "same"),))


def pods(within: Key, node: Key, count: int, app: str) -> list[Document]:
    """Let so many pods of one label run on a node."""
    keys = [within.child("k8s.pod", f"p{number:06}") for number in range(count)]
    return [document(key, "1", entity(key, labels={"app": app}), tie(key, "RUNS_ON", node)) for key in keys]


@dataclass(slots=True)
class Hub:
    """A store with a hub of so many pods, before and after one of them ended.

    work: of ending it, and one of a few. seconds: of ending it.
    """

    store: GraphStore
    size: int
    before: RevisionMark
    work: tuple[Work, Work]
    seconds: float
    _told: dict[bool, dict[str, Any]] = field(default_factory=dict)

    def told(self, *, ended: bool) -> dict[str, Any]:
        """Give the answers before or after it, asked for once."""
        if ended not in self._told:
            with self.store.reader(None if ended else self.before) as reader:
                self._told[ended] = answers(reader)
        return self._told[ended]


@dataclass(slots=True)
class Work:
    """What a store did: how many statements it ran, and how many steps (sqlite) or rows (Neo4j) these took."""

    statements: int = 0
    steps: int = 0


def hub(store: GraphStore, size: int, *, counting: bool = True) -> Hub:
    """Fill a store, and let one pod of the hub end, and one of the small node, counting what that takes or not."""
    world = World(store)
    world.configure("kube")
    world.scopes("kube", CROWD, BESIDE, OF_HUB, OF_SMALL, NODES)
    world.read(NODES, document("n", "1", entity(NODE)), document("s", "1", entity(SMALL)))
    world.read(CROWD, *pods(SHOP, NODE, size - 2, "same"))
    world.read(BESIDE, *pods(FEWER, SMALL, FEW - 2, "few"))
    world.read(OF_HUB, *pods(HUBS, NODE, 2, "same"))
    world.read(OF_SMALL, *pods(SMALLS, SMALL, 2, "few"))
    before = store.head()
    work = [Work(), Work()]
    began = 0.0
    for measured, scope, one in zip(work, (OF_SMALL, OF_HUB), ((SMALLS, SMALL), (HUBS, NODE)), strict=True):
        began = time.perf_counter()
        with measuring(store, getattr(world.writer, "_db", None), measured) if counting else nullcontext():
            world.read(scope, *pods(*one, 2, "few" if scope is OF_SMALL else "same")[:1])
    seconds = time.perf_counter() - began
    world.writer.close()
    return Hub(store, size, before, (work[1], work[0]), seconds)


@contextmanager
def measuring(store: GraphStore, db: Any, work: Work) -> Iterator[None]:
    """Count what a store does: a server's rows, or the steps of one connection. The reference counts nothing."""
    if isinstance(store, SqliteStore):

        def stepped() -> int:
            work.steps += 1
            return 0

        def ran(_: str) -> None:
            work.statements += 1

        db.set_trace_callback(ran)
        db.set_progress_handler(stepped, 1)
        yield
        db.set_trace_callback(None)
        db.set_progress_handler(None, 1)
        return
    asking = connection._asking

    def counted(tx: Any) -> Callable[..., list[list[Any]]]:
        ask = asking(tx)

        def asked(query: str, **values: Any) -> list[list[Any]]:
            rows = ask(query, **values)
            work.statements += 1
            work.steps += len(rows)
            return rows

        return asked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_asking", counted)
        yield


def _listed(reader: GraphReader) -> object:
    """List two pages by the label."""
    first, more = entities(reader, SAME, 100)
    second, _ = entities(reader, EntityFilter(labels=SAME.labels, after=first[-1].key), 100)
    return first, second, more


def _changed(reader: GraphReader) -> object:
    """List two pages of what changed about the hub."""
    page, place = changes(reader, ChangeFilter(subjects=frozenset({NODE})), 100)
    later, _ = changes(reader, ChangeFilter(subjects=frozenset({NODE})), 100, before=place)
    return page, later


QUESTIONS: dict[str, Callable[[GraphReader], object]] = {
    "resolved": lambda reader: resolve(reader, "app=same"),
    "listed": _listed,
    "harmed": lambda reader: impact(reader, NODE),
    "around": lambda reader: neighbourhood(reader, NODE, Surrounding(most=50)),
    "changed": _changed,
    "related": lambda reader: relations(reader, NODE, limit=100),
    "tied": lambda reader: [one.id for one in reader.links([NODE], outgoing=False)],
}
"""What a crowd makes hard, by its size or because it is cut."""


def answers(reader: GraphReader) -> dict[str, Any]:
    """Ask all of that, and what stands beside the crowd."""
    said: dict[str, Any] = {name: ask(reader) for name, ask in QUESTIONS.items()}
    said |= {"mark": reader.mark, "counted": reader.count(), "harmed by few": impact(reader, SMALL)}
    return said | {"named": list(reader.relations([SMALL], outgoing=False))}


def looked_at(hub: Hub, mark: RevisionMark, nodes: Sequence[Key] = (NODE, SMALL)) -> list[float]:
    """Give the steps (or rows) that each link of some nodes costs at a revision."""
    costs = []
    for node in nodes:
        work = Work()
        with hub.store.reader(mark) as reader, measuring(hub.store, getattr(reader, "_db", None), work):
            found = len(reader.links([node], outgoing=False))
        costs.append(work.steps / found)
    return costs
