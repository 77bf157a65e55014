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
    made = Aftermath(database, Lookup(), 1)
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


def test_nothing_is_swept_while_somebody_reads_what_would_be(
    following: Aftermath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for who reads already; whoever begins to read meanwhile waits for it."""
    swept, going_on, begun = threading.Event(), threading.Event(), threading.Event()

    def sweeping(_: Database, __: int) -> None:
        swept.set()
        going_on.wait(5)

    def read() -> None:
        with following.unswept():
            begun.set()

    monkeypatch.setattr(aftermath, "sweep", sweeping)
    with following.unswept():
        threading.Thread(target=following._sweep, args=[1], daemon=True).start()
        assert not swept.wait(0.2)
    assert swept.wait(5)
    threading.Thread(target=read, daemon=True).start()
    assert not begun.wait(0.2)
    going_on.set()
    assert begun.wait(5)


def test_it_outlives_an_error_that_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python shows the error; what is due next is done."""
    shown: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: shown.append(what.exc_type.__name__))
    done = threading.Event()

    def sweeping(_: Database, __: int) -> None:
        if not shown:
            raise KeyError("what nobody foresaw")

    monkeypatch.setattr(aftermath, "newest", lambda _: 1)
    monkeypatch.setattr(aftermath, "sweep", sweeping)
    monkeypatch.setattr(aftermath, "project", lambda *_: done.set())
    database = Database("bolt://127.0.0.1:1", Login("nobody", ""))
    monkeypatch.setattr(database, "reading", lambda work: work(None))
    made = Aftermath(database, Lookup(), 1)
    made.due()
    assert made.settled(5)
    made._thread.join(5)
    assert shown == ["KeyError"]
    made.due()
    assert done.wait(5)
    made.close()
    database.close()
