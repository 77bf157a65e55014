"""Does a small page of differences cost few looks, however much changed in between? Counted, not timed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graph.analysis.diff import Wanted, differences
from graph.store import ChangeFilter, RecordedChange
from graph.stores.memory import MemoryStore
from graph.stores.memory.reader import MemoryReader
from tests.graph.histories import CLUSTER, NODES
from tests.graph.world import World, document, entity

CROWD = 2_000


@pytest.mark.parametrize("limit", [1, 10, 1_000])
def test_a_page_of_any_size_looks_through_what_is_hidden_in_few_portions(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only state differs, not asked for, all is looked through; each portion is a journey to a server."""
    world = World(MemoryStore())
    world.configure("kube")
    world.scopes("kube", NODES)
    for version in "12":
        world.pass_(seconds=60)
        nodes = [CLUSTER.child("k8s.node", f"n{number}") for number in range(CROWD)]
        world.read(NODES, *(document(node.id, version, entity(node, conditions={"Ready": version})) for node in nodes))
    looked: list[int] = []
    changes = MemoryReader.changes

    def counted(
        reader: MemoryReader, chosen: ChangeFilter, most: int, before: tuple[int, int] | None = None
    ) -> Sequence[RecordedChange]:
        looked.append(most)
        return changes(reader, chosen, most, before)

    monkeypatch.setattr(MemoryReader, "changes", counted)
    head = world.store.head()
    with world.store.reader(world.store.revision(head.number - 1)) as earlier, world.store.reader() as later:
        found = differences(earlier, later, Wanted(), limit)
    assert (found.rows, found.tally.state, found.following) == ((), CROWD, None)
    assert len(looked) < 40
