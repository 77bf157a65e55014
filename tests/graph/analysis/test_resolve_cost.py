"""Does a question about a crowd cost what it shows, and not the crowd? Counted, not timed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from graph.analysis.resolve import CONSIDERED, resolve
from graph.model import EntityVersion
from graph.stores.sqlite import SqliteStore
from graph.stores.sqlite.decode import Decoder
from tests.graph.analysis import crowd as c
from tests.graph.analysis.crowd import stated
from tests.graph.world import World

CROWD = 10_000
STATEMENTS = 80
LONG = "x" * 65_536


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Ten thousand with one label and one name, each fiftieth with an attribute of 64 KB."""
    with closing(SqliteStore(tmp_path_factory.mktemp("crowd") / "asbuilt.db")) as made:
        world = World(made)
        world.scopes("any", c.EVERYTHING)
        attributes: dict[str, Any] = {"labels": {"app": "same"}}
        world.read(
            c.EVERYTHING,
            *(
                stated(
                    c.SHOP.child("k8s.configmap", f"{number:05}"),
                    "same",
                    **attributes,
                    **({"raw": {"text": LONG}} if number % 50 == 0 else {}),
                )
                for number in range(CROWD)
            ),
            stated(c.DEPLOYMENT, "same"),
        )
        world.writer.close()
        yield made


@pytest.mark.parametrize(
    "text", ["same", "sam", "app=same", "app=sa", "app=same,app=same", "deployment/same", "shop/same"]
)
def test_a_crowd_is_looked_at_no_further_than_it_is_ranked(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """However many answer to a text: few statements, and no more versions read than are considered."""
    statements: list[str] = []
    read: list[int] = []
    entities = Decoder.entities

    def counted(decoder: Decoder, rows: Sequence[Any], revision: int) -> list[EntityVersion]:
        read.append(len(rows))
        return entities(decoder, rows, revision)

    monkeypatch.setattr(Decoder, "entities", counted)
    with store.reader() as reader:
        db = reader._db
        assert isinstance(db, sqlite3.Connection)
        db.set_trace_callback(statements.append)
        found = resolve(reader, text)
        db.set_trace_callback(None)
    assert found.meanings
    assert len(statements) <= STATEMENTS + (2 * CONSIDERED if "app=same" in text else 0)
    assert sum(read) <= 5 * CONSIDERED
    if text == "deployment/same":
        assert [one.key for one in found.meanings] == [c.DEPLOYMENT]
    else:
        assert not found.complete
