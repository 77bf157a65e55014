"""What does a crowd cost: ten thousand things of one label, all tied to one hub?"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from graph.store import GraphReader
from tests.bench.loads import Figures
from tests.bench.places import Place, followed, opened
from tests.graph.stores.crowd import QUESTIONS, hub
from tests.graph.stores.estate import NODE


def crowd(place: Place, size: int) -> Figures:
    """Fill a store with a hub of so many relations, let one end, and ask each question of it, once to warm up."""
    with opened(place) as store:
        began = time.perf_counter()
        made = hub(store, size, counting=False)
        filled = time.perf_counter() - began
        with closing(store.writer()):  # which goes on with what the one before it was closed in
            followed(place)
        figures = {"filled": filled, "ended": made.seconds}
        with store.reader() as reader, store.reader(made.before) as earlier:
            for name, ask in QUESTIONS.items():
                figures[name] = _seconds(ask, reader)
            figures["as_of"] = _seconds(lambda one: one.links([NODE], outgoing=False), earlier)
    return figures


def _seconds(ask: Callable[[GraphReader], object], reader: GraphReader) -> float:
    ask(reader)
    began = time.perf_counter()
    ask(reader)
    return time.perf_counter() - began
