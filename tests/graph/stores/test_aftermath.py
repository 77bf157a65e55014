"""Does what follows a revision let those go first who commit, and not for ever?"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from graph.stores.neo4j import aftermath
from graph.stores.neo4j.aftermath import Aftermath
from graph.stores.neo4j.connection import Database, Login
from graph.stores.neo4j.numbers import Lookup


@pytest.fixture
def following() -> Iterator[Aftermath]:
    """Give one that has nothing to do, so that its server is never asked."""
    database = Database("bolt://127.0.0.1:1", Login("nobody", ""))
    made = Aftermath(database, Lookup())
    yield made
    made.close()
    database.close()


def waiting(following: Aftermath) -> threading.Event:
    """Let a portion begin beside this; give what is set once it was let through."""
    through = threading.Event()

    def begin() -> None:
        following._gives_way()
        through.set()

    threading.Thread(target=begin, daemon=True).start()
    return through


def test_where_nobody_commits_it_goes_on_at_once(following: Aftermath) -> None:
    """Nothing is waited for."""
    assert waiting(following).wait(5)


def test_it_waits_for_a_commit_and_for_the_next_one(following: Aftermath, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that begins soon after another is let by as well; then it is its turn."""
    monkeypatch.setattr(aftermath, "_PATIENCE", 600.0)
    monkeypatch.setattr(aftermath, "_QUIET", 0.2)
    with following.second():
        through = waiting(following)
        assert not through.wait(0.1)
    with following.second():
        assert not through.wait(0.4)
    assert through.wait(5)


def test_commits_without_end_hold_it_up_for_some_seconds_only(
    following: Aftermath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a commit takes, each portion waits for it no longer than that."""
    monkeypatch.setattr(aftermath, "_PATIENCE", 0.1)
    with following.second():
        assert waiting(following).wait(5)


def test_who_closes_does_not_wait_for_commits_that_cannot_come(
    following: Aftermath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is done at once."""
    monkeypatch.setattr(aftermath, "_PATIENCE", 600.0)
    monkeypatch.setattr(aftermath, "_QUIET", 600.0)
    with following.second():
        pass
    through = waiting(following)
    assert not through.wait(0.1)
    following.close()
    assert through.wait(5)
