"""Does a text lead to what it means, over HTTP and on the command line, with what could not be seen?"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands.resolve import resolve
from graph.stores.sqlite import SqliteStore
from tests.api.asking import client, data, problem
from tests.graph.analysis.shop import SCOPES, SERVICE, SHOP, Shop, pod_key, shop
from tests.graph.world import World, document, entity


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store: the shop, one of its pods gone, and pods forbidden since."""
    path = tmp_path_factory.mktemp("store") / "asbuilt.db"
    made: Shop = shop("p1", "p2", store=SqliteStore(path))
    made.forbid("pods")
    made.world.writer.close()
    made.store.close()
    return path


@pytest.fixture
def made() -> Shop:
    """The shop, in memory."""
    return shop("p1", "p2")


def run(path: Path, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(resolve, [*arguments, "--store", str(path)])


def test_a_name_is_resolved_with_everything_that_has_it(made: Shop) -> None:
    """Ranked, each with presence and by what it was found, leaning on whatever could have had it."""
    answer = client(made.store).get("/v1/resolve", params={"q": "cart-p1"})
    (first,) = data(answer)["meanings"]
    assert (first["key"], first["presence"]["said"]) == (pod_key("p1"), "present")
    assert first["matched_by"] == {"what": "name", "text": "cart-p1", "how": "exact", "held": True, "until": None}
    assert {one["scope"] for one in answer.json()["freshness"]["scopes"]} == set(SCOPES)
    assert not answer.json()["truncated"]


def test_kinds_narrow_what_is_leant_on(made: Shop) -> None:
    """An answer about services leans on what states services."""
    answer = client(made.store).get("/v1/resolve", params={"q": "cart", "kind": "k8s.service"})
    assert [one["key"] for one in data(answer)["meanings"]] == [SERVICE]
    assert [one["scope"] for one in answer.json()["freshness"]["scopes"]] == ["services"]


def test_a_resolution_is_cut_and_said_to_be_cut(made: Shop) -> None:
    """The limit is kept, and how many there are is told."""
    answer = client(made.store).get("/v1/resolve", params={"q": "cart", "limit": 2})
    assert len(data(answer)["meanings"]) == 2
    assert data(answer)["considered"] > 2
    assert answer.json()["truncated"]
    assert answer.json()["cursor"] is None


def test_it_is_resolved_as_of_then(made: Shop) -> None:
    """What came later is not known at an earlier revision; nothing found is an answer."""
    made.read("services", document("new", "1", entity(SHOP.child("k8s.service", "new"))))
    assert len(data(client(made.store).get("/v1/resolve?q=new"))["meanings"]) == 1
    assert data(client(made.store).get("/v1/resolve?q=new&at=revision:9"))["meanings"] == []


@pytest.mark.parametrize(
    ("query", "parameter"), [("", "q"), ("q=%20", "q"), ("q=a&limit=101", "limit"), ("q=a&x=1", "x")]
)
def test_a_question_that_is_none_is_refused(made: Shop, query: str, parameter: str) -> None:
    """The parameter and what is expected of it are named."""
    document_ = problem(client(made.store).get(f"/v1/resolve?{query}"), "invalid-request", 422)
    assert document_["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("text", ["%00", "%ff", "%ed%a0%80", "*", "'", "%", "%F0%9F%98%80", "x" * 4096])
def test_any_text_can_be_asked_for(made: Shop, text: str) -> None:
    """No text makes the question fail."""
    assert data(client(made.store).get(f"/v1/resolve?q={text}"))["meanings"] == []


def test_the_table_says_by_what_each_was_found(path: Path) -> None:
    """And what could not be seen stands under it."""
    shown = run(path, "cart-p1")
    assert shown.exit_code == 0
    assert "name cart-p1" in shown.output
    assert str(pod_key("p1")) in shown.output
    assert "Not seen: pods of prod" in shown.output


def test_the_table_says_that_it_is_cut(path: Path) -> None:
    """How many there are, and what narrows it."""
    shown = run(path, "cart", "--limit", "1")
    assert "These are 1 of " in shown.output
    assert "--kind" in shown.output


def test_nothing_found_is_said_with_what_could_not_be_seen(path: Path) -> None:
    """It is an answer, and no proof while pods cannot be read. Bytes that are no text are asked for as well."""
    for text in ("cart-p9", "\udcff"):
        shown = run(path, text)
        assert shown.exit_code == 0
        assert "Nothing that was ever read answers to that" in shown.output
        assert "Not seen: pods of prod" in shown.output
    assert run(path, " ").exit_code == 2


def test_what_a_thing_was_called_before_is_said_with_until_when(tmp_path: Path) -> None:
    """So that nobody takes a former name for one of today."""
    made = Shop(SqliteStore(tmp_path / "asbuilt.db")).configure()
    made.read("services", document("s", "1", entity(SERVICE, labels={"app": "old"})))
    made.read("services", document("s", "2", entity(SERVICE, labels={"app": "new"})))
    head = made.store.head().number
    assert isinstance(made.world, World)
    made.world.writer.close()
    made.store.close()
    assert f"labels app=old, until revision {head}" in run(tmp_path / "asbuilt.db", "app=old").output
