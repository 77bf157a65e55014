"""Is a source known as it is now whose history was turned back, so that its positions have gone back?"""

from __future__ import annotations

import pytest

from collectors.contract import Failed
from discovery import watch as watch_module
from discovery import watching
from discovery.cycle import Cycle
from discovery.listener import WatchState
from graph.model import Ended, Position
from graph.stores.memory import MemoryStore
from tests.discovery.telling import Telling, discovering
from tests.discovery.worlds import Clock, World, configmap, configured, names, raising


def test_it_is_compared_anew() -> None:
    """Restored from an older state, the source counts on from there: what it shows is so, whatever was told before.

    A token is no proof either: the same one may have been given twice.
    """
    world = World(documents={"configmaps": [configmap(name, f"9{name}") for name in "abcd"]}, position=100)
    store, source = MemoryStore(), world.source()
    cycle = Cycle(configured(store, source, clock=Clock()))
    assert cycle.look(source, world).complete
    world.position = 60
    world.documents["configmaps"] = [configmap("a", "9a", labels="other"), configmap("b", "50"), configmap("c", "9c")]
    look = cycle.look(source, world)
    assert (look.scopes[0].revised, look.scopes[0].ended) == (1, 1)
    assert names(store) == {"a", "b", "c"}
    revision = store.head().number
    cycle.look(source, world)
    assert store.head().number == revision
    world.position = 61
    world.documents["configmaps"] = [configmap("b", "61", labels="new"), configmap("c", "9c")]
    look = cycle.look(source, world)
    assert (look.scopes[0].revised, look.scopes[0].ended) == (1, 1)
    assert names(store) == {"b", "c"}


def test_it_is_watched_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing tells it by its position; the watch from the old one would wait for what never comes."""
    monkeypatch.setattr(watch_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(watching, "BATCH", 0.02)
    world = Telling(documents={"configmaps": [configmap("a", "1"), configmap("b", "2")]}, position=10)
    with discovering(world) as running:
        running.live()
        world.tell(configmap("c"))
        running.shows("a", "b", "c")
        world.refusal = raising(Failed("down"))
        world.break_with(Failed("cut"))
        running.is_(WatchState.CUT)
        with world.happened:
            world.history.clear()
            world.position, world.documents["configmaps"] = 5, [configmap("a", "1"), configmap("b", "2")]
        running.service.due("prod")
        running.is_(WatchState.OUTDATED)
        world.refusal = None
        running.shows("a", "b")
        running.live()
        world.tell(configmap("d"), Ended("uid-a", Position(0)))
        running.shows("b", "d")
        assert world.connections[-1] == 5
