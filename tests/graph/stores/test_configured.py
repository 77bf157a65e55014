"""Is a question answered from the store that the configuration beside it names?"""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.stores.configured import usual_location
from graph.stores.location import NoLocation, Server


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of our own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", ["", "sources: {}", "store:", "store: {}", "- a list"])
def test_where_it_names_none_the_store_is_where_it_ever_is(here: Path, text: str) -> None:
    """Nor is a file needed."""
    usual = here / "data" / "asbuilt" / "asbuilt.db"
    environment = {"XDG_DATA_HOME": str(here / "data")}
    assert usual_location(environment) == usual
    (here / "asbuilt.yaml").write_text(text)
    assert usual_location(environment) == usual


def test_a_path_begins_at_the_file_that_names_it(here: Path) -> None:
    """Here, or elsewhere where the environment names the file; the environment's own store goes before both."""
    (here / "asbuilt.yaml").write_text("store: {path: mine.db}")
    assert usual_location({}) == Path("mine.db")
    (here / "there").mkdir()
    (here / "there" / "b.yaml").write_text("store: {path: its.db}")
    named = {"ASBUILT_CONFIG": str(here / "there" / "b.yaml")}
    assert usual_location(named) == here / "there" / "its.db"
    assert usual_location(named | {"ASBUILT_STORE": "/data/a.db"}) == Path("/data/a.db")


def test_a_server_is_named_by_its_address(here: Path) -> None:
    """As `store.url` says it."""
    (here / "asbuilt.yaml").write_text("store: {url: 'bolt://graph:7687'}")
    assert usual_location({}) == Server("bolt://graph:7687")


@pytest.mark.parametrize(
    "text", ["store: mine.db", "store: {path: [a]}", "store: {path: 'a", "store: {url: 'bolt://a@b'}"]
)
def test_what_cannot_be_read_is_no_reason_to_answer_from_elsewhere(here: Path, text: str) -> None:
    """It is refused; nothing of what stands there is repeated."""
    (here / "asbuilt.yaml").write_text(text)
    with pytest.raises(NoLocation) as refused:
        usual_location({})
    assert "a@b" not in str(refused.value)


def test_a_file_that_is_named_has_to_be_there(here: Path) -> None:
    """Else nobody knows which store was meant."""
    with pytest.raises(NoLocation, match="cannot be read"):
        usual_location({"ASBUILT_CONFIG": str(here / "none.yaml")})
