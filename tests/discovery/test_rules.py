"""Do the rules conclude after each look, and can what they do harm a look?"""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from discovery.ledger import Ledger
from discovery.service import Service
from graph.correlate import Engine
from graph.correlate.selector import Selector
from graph.model import Document, Entity, Key, Scope, Value
from graph.plan import Known
from graph.store import GraphReader, GraphStore, StoreError
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from tests.discovery.worlds import CLUSTER, Clock, World, outcomes

SHOP = CLUSTER.child("k8s.namespace", "shop")
CART = SHOP.child("k8s.service", "cart")


def _shown(key: Key, version: str = "1", **attributes: Value) -> Document:
    return Document(f"{key.kind}-{key.id}", version, lambda: [Entity(key, key.id, attributes=attributes)])


def _pod(uid: str) -> Document:
    return _shown(SHOP.child("k8s.pod", uid), labels={"app": "cart"}, phase="Running", ready=True)


class Bench:
    """A cluster without slices, and discovery over it."""

    def __init__(self, store: GraphStore) -> None:
        self.store = store
        self.world = World(kinds={"services": "k8s.service", "pods": "k8s.pod"})
        self.world.documents = {"services": [_shown(CART, selector={"app": "cart"})], "pods": [_pod("p1")]}
        clock = Clock()
        self.ledger = Ledger(store, clock)
        self.service = Service(store, self.ledger, [self.world.source()], clock=clock)
        self.service.configure()

    def selected(self) -> set[str]:
        """The ids of the pods that the service selects."""
        with self.store.reader() as reader:
            ties = reader.relations([CART], outgoing=True, verbs=("SELECTS",))
        return {one.target.key.id for one in ties if one.target.key is not None}


@pytest.fixture
def bench() -> Bench:
    """Over the reference store."""
    return Bench(MemoryStore())


def test_after_each_look_the_rules_have_concluded(bench: Bench) -> None:
    """What a look shows is concluded from by its end; a quiet look makes no revision."""
    bench.service.look_at_all()
    assert bench.selected() == {"p1"}
    bench.world.documents["pods"].append(_pod("p2"))
    bench.service.look_at_all()
    assert bench.selected() == {"p1", "p2"}
    head = bench.store.head()
    bench.service.look_at_all()
    assert bench.store.head() == head
    assert outcomes(bench.store, "selector") == [("complete", 3)]
    with bench.store.reader() as reader:
        patience = {one.stale_after for one in reader.scopes() if one.scope.source == "asbuilt"}
    assert patience == {180.0}  # as patient as the most patient source


def test_another_process_goes_on_where_this_one_ended(tmp_path: Path) -> None:
    """Configuring again leaves the rules alone, and concluding from scratch changes nothing."""
    store = SqliteStore(tmp_path / "asbuilt.db")
    first = Bench(store)
    first.service.look_at_all()
    head = store.head()
    first.service.stop()
    second = Bench(store)
    assert [one.name for one in second.ledger.sources()] == ["prod"]  # what Asbuilt is itself is no configured source
    second.service.look_at_all()
    assert second.selected() == {"p1"}
    assert store.head() == head
    second.service.stop()
    store.close()


class Broken(Selector):
    """A rule with a defect."""

    def every(self, now: GraphReader) -> list[Key]:
        raise KeyError("labels")


def test_a_rule_with_a_defect_is_a_failed_run_and_harms_no_look(bench: Bench) -> None:
    """The look is recorded, the defect is logged with its traceback, and the rule stands as never read."""
    bench.ledger._engine = Engine(bench.store, bench.ledger._writer, (Broken(),))
    with capture_logs() as logged:
        [look] = bench.service.look_at_all()
    assert look.complete
    [line] = (one for one in logged if one["log_level"] == "error")
    assert (line["rule"], line["exc_info"]) == ("selector", True)
    with bench.store.reader() as reader:
        [fold] = reader.folds("asbuilt")
        [state] = (one for one in reader.scopes() if one.scope.source == "asbuilt")
    assert (fold.outcome, fold.error) == ("failed", "has a defect (KeyError): report it, with the log")
    assert state.status == "never_read"


def test_what_goes_wrong_with_the_store_is_raised(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from a look: then nothing can be recorded at all, not even that."""

    def known(scope: Scope) -> tuple[dict[str, Known], int]:
        raise StoreError(f"{scope.name} cannot be read: the disk is full")

    monkeypatch.setattr(bench.ledger._writer, "known", known)
    with pytest.raises(StoreError, match="the disk is full"):
        bench.ledger.conclude(60.0)
