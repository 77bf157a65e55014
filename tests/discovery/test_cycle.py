"""What does one look record, whatever the source does?"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from structlog.testing import capture_logs

from collectors.contract import Failed, Forbidden
from discovery.cycle import TRIES, Cycle
from discovery.listener import Look
from graph.model import Document, Position, Statement
from graph.stores.memory import MemoryStore
from tests.discovery.worlds import (
    Clock,
    World,
    configmap,
    configured,
    names,
    outcomes,
    raising,
    service,
    statuses,
)


class Bench:
    """A world, a store, and a cycle between them."""

    def __init__(self, world: World, *, deadline: float = 5.0, in_memory: int = 5000, parallel: int = 4) -> None:
        self.world = world
        self.store = MemoryStore()
        self.clock = Clock()
        self.source = world.source(deadline=deadline, parallel=parallel)
        self.ledger = configured(self.store, self.source, clock=self.clock)
        self.cycle = Cycle(self.ledger, clock=self.clock, in_memory=in_memory)

    def look(self, stop: threading.Event | None = None) -> Look:
        return self.cycle.look(self.source, self.world, stop)

    @property
    def revision(self) -> int:
        return self.store.head().number


def shop() -> World:
    """Two configmaps and a service."""
    return World(documents={"configmaps": [configmap("a"), configmap("b")], "services": [service("cart")]})


def test_a_good_look_records_every_scope() -> None:
    """Each scope has a complete run, its documents are there, and the look says so."""
    bench = Bench(shop())
    look = bench.look()
    assert look.complete
    assert names(bench.store) == {"a", "b", "cart"}
    assert statuses(bench.store) == {"configmaps": "readable", "services": "readable"}
    assert {one.scope.name: (one.seen, one.opened) for one in look.scopes} == {"configmaps": (2, 2), "services": (1, 1)}


def test_a_quiet_world_makes_no_revision() -> None:
    """A second look at the same world only counts its runs."""
    bench = Bench(shop())
    bench.look()
    before = bench.revision
    assert bench.look().complete
    assert bench.revision == before
    assert outcomes(bench.store, "configmaps") == [("complete", 2)]


def test_scopes_that_cannot_be_listed_fail_one_and_all() -> None:
    """When the source cannot tell its scopes, each that is known has a failed run with the reason; nothing ends."""
    bench = Bench(shop())
    bench.look()
    bench.world.listing = raising(Failed("the cluster does not take connections"))
    look = bench.look()
    assert look.vain
    assert look.error == "the cluster does not take connections"
    assert [(one.scope.name, one.run.error) for one in look.scopes] == [
        ("configmaps", look.error),
        ("services", look.error),
    ]
    assert names(bench.store) == {"a", "b", "cart"}
    assert outcomes(bench.store, "services") == [("complete", 1), ("failed", 1)]


def test_a_source_that_never_answered_fails_as_a_whole() -> None:
    """Before any scope is known, the whole scope `*` carries the failure."""
    bench = Bench(World(listing=raising(Forbidden("token expired: log in again"))))
    assert bench.look().vain
    assert statuses(bench.store) == {"*": "never_read"}
    assert outcomes(bench.store, "*") == [("forbidden", 1)]


def test_a_source_that_lists_nothing_is_failing() -> None:
    """An empty list of scopes is no list: everything known would vanish by it."""
    bench = Bench(shop())
    bench.look()
    bench.world.kinds = {}
    assert bench.look().error is not None
    assert statuses(bench.store) == {"configmaps": "readable", "services": "readable"}


def test_a_scope_listed_twice_is_a_defect_of_the_collector() -> None:
    """Scopes must be unique by name; else the look fails and names the collector."""
    bench = Bench(shop())
    bench.world.listed = 2
    assert "'scripted' lists its scopes wrongly (configmaps, services)" in str(bench.look().error)


def test_one_scope_forbidden_from_the_first_day_stays_never_read() -> None:
    """The others complete; the forbidden one is never read, and says why."""
    world = shop()
    world.faults["services"] = raising(Forbidden("services is forbidden: grant list"))
    bench = Bench(world)
    look = bench.look()
    assert not look.complete
    assert not look.vain
    assert statuses(bench.store) == {"configmaps": "readable", "services": "never_read"}
    assert outcomes(bench.store, "services") == [("forbidden", 1)]


def test_one_failing_scope_harms_no_other_and_ends_nothing() -> None:
    """A cut page in one scope leaves what it had, while the other records its change."""
    bench = Bench(shop())
    bench.look()
    bench.world.after["configmaps"] = raising(Failed("the connection was cut"))
    bench.world.documents = {"configmaps": [], "services": []}
    bench.look()
    assert "a" in names(bench.store)
    bench.world.after.clear()
    bench.world.documents["configmaps"] = [configmap("a"), configmap("b")]
    assert bench.look().complete


def test_what_a_collector_should_not_raise_is_a_failed_run() -> None:
    """A defect in the collector fails the scope, says its type, and is logged with its traceback."""
    world = shop()
    world.faults["services"] = raising(ZeroDivisionError("division by zero"))
    bench = Bench(world)
    with capture_logs() as logged:
        [_, services] = bench.look().scopes
    assert services.run.outcome == "failed"
    assert "defect" in str(services.run.error)
    assert "ZeroDivisionError: division by zero" in str(services.run.error)
    [line] = logged
    assert (line["scope"], line["log_level"]) == ("services", "error")
    assert isinstance(line["exc_info"], ZeroDivisionError)


def test_even_an_exit_inside_a_collector_is_only_a_failed_run() -> None:
    """A library that calls sys.exit() ends a run, not Asbuilt."""
    world = shop()
    world.faults["services"] = raising(SystemExit(3))
    assert [one.run.outcome.value for one in Bench(world).look().scopes] == ["complete", "failed"]


def test_a_secret_in_a_message_is_withheld() -> None:
    """What a library puts in its messages is not shown where it looks like a secret."""
    world = shop()
    world.faults["services"] = raising(RuntimeError("bad request: Authorization: Bearer abcdefghijklmnopqrstuvwxyz"))
    reason = str(Bench(world).look().scopes[1].run.error)
    assert "abcdefg" not in reason
    assert "withheld" in reason


def test_doubted_endings_are_listed_again_at_once() -> None:
    """When more than half of a range would end, the second listing follows in the same look, and then they end."""
    bench = Bench(shop())
    bench.look()
    bench.world.observed.clear()
    bench.world.documents["configmaps"] = []
    look = bench.look()
    assert bench.world.observed.count("configmaps") == 2
    assert bench.world.observed.count("services") == 1
    assert names(bench.store) == {"cart"}
    [configmaps, _] = look.scopes
    assert (configmaps.runs, configmaps.ended, configmaps.doubted) == (2, 2, 0)


def test_a_doubt_is_settled_by_what_comes_back() -> None:
    """When the second listing has everything again, nothing ends."""
    bench = Bench(shop())
    bench.look()
    full = bench.world.documents["configmaps"]
    bench.world.documents["configmaps"] = []
    bench.world.after["configmaps"] = lambda: bench.world.documents.update(configmaps=full)
    bench.look()
    assert names(bench.store) == {"a", "b", "cart"}


def test_a_second_listing_follows_once_only() -> None:
    """Endings that come and go cannot keep a look busy: it lists a scope twice at most."""
    world = World(documents={"configmaps": [configmap(name) for name in "abcdef"]}, snapshot=False)
    bench = Bench(world)
    bench.look()
    bench.world.observed.clear()
    bench.world.documents["configmaps"] = [configmap(name) for name in "abcde"]
    bench.world.after["configmaps"] = lambda: world.documents.update(configmaps=[configmap(name) for name in "abcd"])
    look = bench.look()
    assert world.observed.count("configmaps") == 2
    assert (look.scopes[0].ended, look.scopes[0].doubted) == (1, 1)


def test_a_429_every_second_poll_of_a_quiet_world_makes_no_revision() -> None:
    """Throttling now and then shows in the runs only; and the source's wish to be left alone is passed on."""
    bench = Bench(shop())
    bench.look()
    before = bench.revision
    for _ in range(5):
        bench.world.faults["services"] = raising(Failed("429 Too Many Requests", retry_after=7.0))
        assert bench.look().retry_after == 7.0
        bench.world.faults.clear()
        assert bench.look().complete
    assert bench.revision == before
    assert statuses(bench.store)["services"] == "readable"


def test_failing_longer_than_stale_after_is_a_revision_and_recovery_another() -> None:
    """A scope counts as unreadable once it failed for longer than stale_after, and is healed by the next good run."""
    bench = Bench(shop())
    bench.look()
    bench.world.faults["services"] = raising(Failed("500"))
    bench.look()
    assert statuses(bench.store)["services"] == "readable"
    bench.clock.skip(200)
    before = bench.revision
    bench.look()
    assert (statuses(bench.store)["services"], bench.revision) == ("unreadable", before + 1)
    bench.world.faults.clear()
    bench.look()
    assert (statuses(bench.store)["services"], bench.revision) == ("readable", before + 2)


def test_what_is_not_read_by_the_deadline_has_failed() -> None:
    """A listing that hangs costs its own scope; the look ends at its deadline, and asks for a new connection."""
    world = shop()
    release = threading.Event()
    world.faults["services"] = lambda: void(release.wait(10))
    bench = Bench(world, deadline=0.3)
    began = time.monotonic()
    look = bench.look()
    release.set()
    assert time.monotonic() - began < 3
    assert look.stuck
    assert [(one.scope.name, one.run.outcome.value) for one in look.scopes] == [
        ("configmaps", "complete"),
        ("services", "failed"),
    ]
    assert "raise the deadline of source 'prod'" in str(look.scopes[1].run.error)


def test_scopes_that_hang_in_being_listed_fail_at_the_deadline() -> None:
    """A source that accepts connections and says nothing is a failing one."""
    world = shop()
    release = threading.Event()
    world.listing = lambda: void(release.wait(10))
    bench = Bench(world, deadline=0.2)
    look = bench.look()
    release.set()
    assert look.vain
    assert look.stuck
    assert "did not list its scopes within 0.2 s" in str(look.error)


def test_a_scope_that_was_overtaken_is_observed_again() -> None:
    """When another commit changes a document between planning and commit, the scope is read once more."""
    world = shop()
    bench = Bench(world)
    bench.look()
    world.documents["configmaps"] = [configmap("a", "2", labels="x"), configmap("b")]
    other = Cycle(bench.ledger, clock=bench.clock)

    def overtake() -> None:
        if world.observed.count("configmaps") == 2:
            other.look(bench.source, with_a("3"))

    world.after["configmaps"] = overtake
    look = bench.look()
    assert world.observed.count("configmaps") == 3
    assert look.complete
    assert names(bench.store) == {"a", "b", "cart"}


def test_being_overtaken_again_and_again_is_a_failed_run() -> None:
    """A scope is tried a bounded number of times, and then has failed with the reason."""
    world = shop()
    bench = Bench(world)
    bench.look()
    world.documents["configmaps"] = [configmap("a", "2", labels="x"), configmap("b")]
    other = Cycle(bench.ledger, clock=bench.clock)

    def overtake() -> None:
        other.look(bench.source, with_a(f"{100 + len(world.observed)}"))

    world.after["configmaps"] = overtake
    world.observed.clear()
    look = bench.look()
    assert world.observed.count("configmaps") == TRIES
    assert f"overtaken by other commits {TRIES} times" in str(look.scopes[0].run.error)


def test_a_first_load_through_a_file_is_the_same_first_load() -> None:
    """Spilling documents to a file makes no difference to what is known."""
    many: list[Document | Position] = [configmap(f"n{number}", labels=f"ü{number}") for number in range(50)]
    in_file, in_memory = (Bench(World(documents={"configmaps": many}), in_memory=size) for size in (3, 5000))
    in_file.look()
    in_memory.look()
    assert names(in_file.store) == names(in_memory.store)
    assert len(names(in_file.store)) == 50


def test_a_listing_that_begins_again_counts_from_there() -> None:
    """A second position drops what was observed before it, spilled or not."""
    world = World(documents={"configmaps": [configmap("old"), configmap("older"), Position(8), configmap("new")]})
    world.position = 7
    bench = Bench(world, in_memory=1)
    bench.look()
    assert names(bench.store) == {"new"}


def test_stopping_gives_up_what_is_not_committed() -> None:
    """Once told to stop, a look ends at once, records nothing more, and says that it was stopped."""
    world = shop()
    stop = threading.Event()
    world.faults["services"] = lambda: void(stop.wait(10))
    world.faults["configmaps"] = lambda: void(stop.wait(10))
    bench = Bench(world)
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    look = bench.look(stop)
    assert time.monotonic() - began < 2
    assert look.stopped
    assert not look.complete
    assert names(bench.store) == set()
    assert outcomes(bench.store, "services") == []


def test_a_commit_that_is_interrupted_leaves_nothing() -> None:
    """Stopping in the middle of a commit leaves the store as it was before it."""
    stop = threading.Event()
    world = World(kinds={"configmaps": "k8s.configmap"})

    def last() -> Sequence[Statement]:
        stop.set()  # the last document is mapped: planning is done, the commit comes next
        return configmap("z").statements

    world.documents["configmaps"] = [configmap("a"), Document("uid-z", "1", last)]
    bench = Bench(world)
    look = bench.look(stop)
    assert look.stopped
    assert names(bench.store) == set()


def test_no_more_scopes_are_read_side_by_side_than_allowed() -> None:
    """`parallel` bounds how many listings a source sees at once."""
    world = World(kinds={f"s{number}": "k8s.configmap" for number in range(12)})
    lock, busy, most = threading.Lock(), [0], [0]

    def enter() -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.01)
        with lock:
            busy[0] -= 1

    world.faults = dict.fromkeys(world.kinds, enter)
    Bench(world, parallel=3).look()
    assert most[0] == 3


def with_a(version: str) -> World:
    """The shop, its configmap `a` in another version."""
    world = shop()
    world.documents["configmaps"] = [configmap("a", version, labels=version), configmap("b")]
    return world


def void(_value: object) -> None:
    """Drop a value."""
