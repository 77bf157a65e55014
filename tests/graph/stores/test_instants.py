"""Do instants of every age go out of a store and into another, as texts that sort as they do?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from graph.model import instant_of, text_of
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from graph.transfer.export import exported, imported, proved
from tests.graph.histories import NODES, SHOP
from tests.graph.world import World, document, entity


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2, max_size=2))
def test_a_text_is_the_instant_and_sorts_as_it(instants: list[datetime]) -> None:
    """From the year 1 to 9999, microseconds included."""
    texts = [text_of(instant) for instant in instants]
    assert [instant_of(text) for text in texts] == instants
    assert (texts[0] < texts[1]) is (instants[0] < instants[1])


def test_a_backup_of_what_was_created_in_the_year_1_can_be_read(tmp_path: Path) -> None:
    """It is how programs in Go write that an instant was never set."""
    world = World(MemoryStore())
    world.configure("kube")
    world.scopes("kube", NODES)
    node = SHOP.root.child("k8s.node", "n")
    world.read(NODES, document("n", "1", entity(node, created_at="0001-01-01T00:00:00Z")))
    lines = list(exported(world.store))
    assert proved(lines) == len(lines) - 2
    store = SqliteStore(tmp_path / "asbuilt.db")
    store.writer().restore(imported(lines))
    assert list(exported(store)) == lines
    with store.reader() as reader:
        assert reader.latest([node])[node].since.start == datetime(1, 1, 1, tzinfo=UTC)
    store.close()
