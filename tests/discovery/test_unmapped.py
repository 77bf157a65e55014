"""What does a document that cannot be mapped cost? Only itself; and it is said."""

from __future__ import annotations

from graph.model import Document
from tests.discovery.test_cycle import Bench, shop
from tests.discovery.worlds import names, service, statuses, unmappable


def test_a_new_document_that_cannot_be_mapped_costs_only_itself_and_is_said() -> None:
    """The others are recorded; but nothing stands for it, so its scope proves no absence, and its run has failed."""
    world = shop()
    world.documents["services"].append(Document("broken", "1", unmappable))
    bench = Bench(world)
    look = bench.look()
    assert [one.run.outcome.value for one in look.scopes] == ["complete", "failed"]
    assert "could not be mapped" in str(look.scopes[1].run.error)
    assert "broken" in str(look.scopes[1].run.error)
    assert look.scopes[1].unmapped == 1
    assert names(bench.store) == {"a", "b", "cart"}
    assert statuses(bench.store) == {"configmaps": "readable", "services": "never_read"}
    world.documents["services"] = [Document("broken", "1", unmappable), service("till")]
    bench.look()
    assert names(bench.store) == {"a", "b", "cart", "till"}  # what is not listed ends only where all could be mapped
    world.documents["services"] = [service("till")]
    assert bench.look().complete
    bench.look()
    assert names(bench.store) == {"a", "b", "till"}


def test_a_known_document_that_cannot_be_mapped_any_more_stands_as_it_was() -> None:
    """It does not end, the others go on and end, and the run says which one it is."""
    world = shop()
    world.documents["services"] = [service(name) for name in ("cart", "till", "shelf")]
    bench = Bench(world)
    bench.look()
    world.documents["services"] = [Document("svc-cart", "2", unmappable), service("till")]
    look = bench.look()
    assert look.complete
    assert names(bench.store) == {"a", "b", "cart", "till"}
    assert "svc-cart" in str(look.scopes[1].run.error)
    world.documents["services"] = [service("cart", "3"), service("till")]
    look = bench.look()
    assert look.scopes[1].run.error is None
    assert names(bench.store) == {"a", "b", "cart", "till"}
