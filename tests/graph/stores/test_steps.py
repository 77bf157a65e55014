"""Does a file of an earlier schema become one of today, with all that it has?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.model import Key
from graph.store import EntityFilter, StoreError
from graph.stores.sqlite import SqliteStore
from graph.stores.sqlite.schema import STEPS, Step
from graph.terms import Field, term
from tests.graph.stores.answers import Universe, answers
from tests.graph.stores.estate import A1, A2, B1, N1, NODES, POD, PODS
from tests.graph.world import World

TERM_OF_STEP_1 = """
DROP TABLE term;
CREATE TABLE term (text TEXT, key INTEGER, PRIMARY KEY (text, key)) WITHOUT ROWID;
INSERT INTO term SELECT DISTINCT 'n' || name, key FROM entity_version;
PRAGMA user_version = 1;
"""
"""Makes of a file of today one of the first schema: the table of terms as it was then."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of the first schema, with a short history."""
    path = tmp_path / "asbuilt.db"
    with closing(SqliteStore(path)) as store:
        world = World(store)
        world.read(PODS, A1, B1)
        world.read(NODES, N1)
        world.read(PODS, A2)
        world.read(PODS, A2)
        world.writer.close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(TERM_OF_STEP_1)
    return path


def asked() -> Universe:
    """Ask for the terms of the short history, and for some that nobody had."""
    terms = {term(Field.NAME, name) for name in ("a", "b", "n1", "none")}
    terms |= {term(Field.LABEL, label) for label in ("app=cart", "tier=web", "app=")}
    terms |= {term(Field.IDENTIFIER, ip) for ip in ("10.0.0.1", "10.0.0.2")}
    return Universe(terms=terms)


def told(path: Path) -> Iterator[dict[str, Any]]:
    """Answer everything at every revision."""
    with closing(SqliteStore(path)) as store:
        for revision in range(store.head().number + 1):
            with store.reader(store.revision(revision)) as reader:
                yield answers(reader, asked())


def test_a_file_of_the_first_schema_answers_as_one_of_today(path: Path, tmp_path: Path) -> None:
    """Once it was opened for writing, terms are found by what every version had, and since which revision."""
    with closing(SqliteStore(path)) as store:
        with pytest.raises(StoreError, match="has not been prepared by this Asbuilt yet"):
            store.head()
        store.writer().close()
        with store.reader() as reader:
            address = term(Field.IDENTIFIER, "10.0.0.1")
            assert reader.found([address], 9) == {address: [("10.0.0.1", POD)]}
            assert [one.key for one in reader.entities(EntityFilter(labels=(("app", "cart"),)), 9)] == [POD]
        with store.reader(store.revision(1)) as reader:
            assert not reader.found([term(Field.IDENTIFIER, "10.0.0.2"), term(Field.NAME, "n1")], 9)
    fresh = tmp_path / "fresh.db"
    with closing(SqliteStore(fresh)) as store:
        world = World(store)
        world.read(PODS, A1, B1)
        world.read(NODES, N1)
        world.read(PODS, A2)
        world.read(PODS, A2)
        world.writer.close()
    assert list(told(path)) == list(told(fresh))
    tables = []
    for file in (path, fresh):
        with closing(sqlite3.connect(file)) as db:
            tables.append(db.execute("SELECT * FROM term").fetchall())
            assert db.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert tables[0] == tables[1]


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is taken whole or not at all, and again the next time."""

    def fails(db: sqlite3.Connection) -> None:
        assert db.execute("SELECT count(*) FROM term").fetchone() == (0,)
        raise MemoryError

    with monkeypatch.context() as patched, closing(SqliteStore(path)) as store:
        patched.setattr("graph.stores.sqlite.file.STEPS", (STEPS[0], Step(STEPS[1].script, fails)))
        with pytest.raises(MemoryError):
            store.writer()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert [row[1] for row in db.execute("PRAGMA table_info(term)")] == ["text", "key"]
    with closing(SqliteStore(path)) as store:
        store.writer().close()
        with store.reader() as reader:
            assert isinstance(reader.entities(EntityFilter(name="a"), 9)[0].key, Key)
