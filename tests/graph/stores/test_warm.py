"""Does the writer know what is in the store, also where it does not ask again?"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from graph.plan import Known, mapped_document
from graph.store import GraphStore, StoreError
from graph.stores.neo4j.known import known_in
from graph.stores.sqlite import SqliteStore, writer
from graph.stores.warm import WarmKnown
from tests.graph.stores.estate import A1, A2, B1, NODES, PODS
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
    assert warm.given(PODS) == ({}, 4)
    warm.published(none_read, 6, {"kube": ()})
    assert warm.given(PODS) == ({}, 6)


def test_a_scope_is_never_said_to_be_known_as_of_a_revision_that_only_another_has_seen() -> None:
    """One is read while a revision is published, and kept before the first is put right."""
    warm = WarmKnown()
    warm.keep(PODS, {}, 4, warm.commits)
    warm.keep(NODES, {}, 5, warm.commits)
    assert (warm.given(PODS), warm.given(NODES)) == (({}, 4), ({}, 5))
    warm.published(none_read, 5, {"kube": {"a"}})
    assert (warm.given(PODS), warm.given(NODES)) == (({}, 5), ({}, 5))


def test_whatever_the_reading_of_a_commit_ends_with_nothing_outdated_is_kept() -> None:
    """Also where it is an error that nobody foresaw."""
    warm = WarmKnown()
    warm.keep(PODS, {}, 4, warm.commits)

    def read(source: str, ids: Collection[str]) -> Mapping[str, Known]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        warm.published(read, 5, {"kube": {"a"}})
    assert warm.given(PODS) is None


def test_what_was_read_before_a_document_changed_is_not_kept() -> None:
    """Whichever document it was: nobody has looked whether it is of this scope."""
    warm = WarmKnown()
    before = warm.commits
    warm.published(none_read, 5, {"kube": {"a"}})
    warm.keep(PODS, {}, 5, before)
    assert warm.given(PODS) is None


def test_a_scope_is_read_once_however_many_revisions_come_meanwhile() -> None:
    """What is watched elsewhere makes one after the other: who waited for a moment without would wait for ever."""
    revisions, asked = count(1), list[dict[str, Any]]()

    def ask(query: str, **values: Any) -> list[list[Any]]:
        if "s.head" in query:
            return [[next(revisions)]]
        asked.append(values)
        return []

    assert known_in(ask, PODS) == ({}, 1)
    assert {values["revision"] for values in asked} == {1}


def test_a_commit_stands_though_what_it_changed_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails right after: nothing is raised, and nothing outdated is said to be known."""
    world = World(SqliteStore(tmp_path / "asbuilt.db"))
    world.read(PODS, A1, B1)
    assert len(world.writer.known(PODS)[0]) == 2

    def failing(*_: object) -> object:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "known_of", failing)
        recorded = world.read(PODS, A2)
    assert recorded.mark is not None
    known, base = world.writer.known(PODS)
    assert base == 2
    assert [one.fingerprint for one in known.values()] == [mapped_document(A2, PODS, 1, None).fingerprint]
    world.writer.close()
    world.store.close()
