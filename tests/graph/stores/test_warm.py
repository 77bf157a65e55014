"""Does the writer know what is in the store, also where it does not ask again?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graph.plan import Known
from graph.store import GraphStore, StoreError
from graph.stores.warm import WarmKnown
from tests.graph.stores.estate import A1, A2, B1, PODS
from tests.graph.world import World


def test_what_a_new_writer_knows_is_as_of_the_newest_revision(store: GraphStore, world: World) -> None:
    """Asked twice before its first commit, it names the same revision, and what was planned is not overtaken."""
    world.read(PODS, A1, B1)
    world.read(PODS, A2, B1)
    world.writer.close()
    again = World(store, now=world.now)
    assert [again.writer.known(PODS)[1] for _ in range(2)] == [2, 2]
    recorded = again.read(PODS, A1, B1)
    assert recorded.mark is not None
    assert recorded.mark.number == 3
    again.writer.close()


def test_what_cannot_be_read_after_a_commit_is_no_longer_kept() -> None:
    """The commit stands, so nothing is raised; the scope is read anew when it is asked for."""
    warm = WarmKnown()
    warm.keep(PODS, {}, 4, warm.commits)
    assert warm.given(PODS) == ({}, 4)

    def read(source: str, ids: Collection[str]) -> Mapping[str, Known]:
        raise StoreError("the server is away: start it")

    warm.published(read, 5, {"kube": {"a"}})
    assert warm.given(PODS) is None


def test_what_was_read_before_something_was_forgotten_is_not_kept() -> None:
    """It may be outdated by then."""
    warm = WarmKnown()
    before = warm.commits
    warm.forget()
    warm.keep(PODS, {}, 4, before)
    assert warm.given(PODS) is None


def none_read(source: str, ids: Collection[str]) -> Mapping[str, Known]:
    """Stand for a store that has nothing of what is asked."""
    return {}


def test_a_look_that_found_nothing_new_outdates_nothing_that_is_read_meanwhile() -> None:
    """Many scopes are looked at side by side: each commits, and most change nothing."""
    warm = WarmKnown()
    before = warm.commits
    warm.published(none_read, 5, {"kube": ()})
    warm.keep(PODS, {}, 4, before)
    assert warm.given(PODS) == ({}, 5)


def test_what_was_read_before_a_document_changed_is_not_kept() -> None:
    """Whichever document it was: nobody has looked whether it is of this scope."""
    warm = WarmKnown()
    before = warm.commits
    warm.published(none_read, 5, {"kube": {"a"}})
    warm.keep(PODS, {}, 5, before)
    assert warm.given(PODS) is None
