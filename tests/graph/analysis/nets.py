"""How is a small net of things and ties put into a store, so that traversals can be compared with brute force?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from graph.model import Entity, Key, KeyEnd, Method, Relation, Scope, Value
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.world import EVERYTHING, World, document

SCOPE = Scope("net", "all", EVERYTHING)


def thing(name: str, kind: str = "service") -> Key:
    """Name a thing that nothing contains."""
    return Key.of((kind, name))


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie between two things."""

    source: Key
    verb: str
    target: Key
    confidence: float = 1.0
    slot: str = ""
    attributes: dict[str, Value] = field(default_factory=dict, hash=False, compare=False)

    def stated(self) -> Relation:
        """State it."""
        return Relation(
            KeyEnd(self.source),
            self.verb,
            KeyEnd(self.target),
            self.slot,
            self.attributes,
            Method.EXPLICIT_REF,
            self.confidence,
        )


def net(
    ties: Iterable[Tie],
    *,
    store: GraphStore | None = None,
    unready: Iterable[Key] = (),
    attributes: dict[Key, dict[str, Value]] | None = None,
) -> World:
    """Put ties into a store, and the things at their ends, which are ready but for some."""
    world = World(store if store is not None else MemoryStore())
    world.configure("net")
    world.scopes("net", SCOPE)
    read(world, ties, unready=unready, attributes=attributes)
    return world


def read(
    world: World,
    ties: Iterable[Tie],
    *,
    unready: Iterable[Key] = (),
    attributes: dict[Key, dict[str, Value]] | None = None,
    without: Iterable[Key] = (),
) -> None:
    """Read the net anew: what is at its ends, without some that are no longer there, and its ties."""
    stated, idle, more = list(ties), set(unready), attributes or {}
    keys = {key for one in stated for key in (one.source, one.target)} - set(without)
    by_source: dict[Key, list[Relation]] = {}
    for one in stated:
        by_source.setdefault(one.source, []).append(one.stated())
    documents = []
    for key in sorted(keys | by_source.keys()):
        said: dict[str, Value] = {"ready": key not in idle} if key.kind in ("k8s.pod", "k8s.node") else {}
        own = [Entity(key, key.id, None, {**said, **more.get(key, {})})] if key in keys else []
        version = f"{world.now.timestamp()}"
        documents.append(document(f"d-{key}", version, *own, *by_source.get(key, ())))
    world.read(SCOPE, *documents)
    world.read(SCOPE, *documents)
