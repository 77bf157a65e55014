"""What is said when there is no answer? Every problem, by its stable type, with the next step."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import PROBLEMS
from api.questions.cursors import opened, sealed
from api.questions.relations import what_it_is_tied_to
from graph.model import Key, RevisionMark, Scope
from graph.store import StoreError
from graph.stores.memory import MemoryStore
from tests.api.asking import client, problem
from tests.graph.analysis.shop import CLUSTER, NODE, SERVICE, SHOP, Shop, shop
from tests.graph.world import document, entity
from tests.structure.checkout import ROOT

GHOST = CLUSTER.child("k8s.node", "ghost")


def test_what_nobody_ever_named_was_never_seen() -> None:
    """Its home can be read, and nobody names it: 404, whichever section is asked for."""
    ask = client(shop().store)
    for suffix in ("", "/relations", "/versions", "/where"):
        document = problem(ask.get(f"/v1/entities/{GHOST}{suffix}"), "never-seen", 404)
        assert document["key"] == GHOST


def test_what_its_home_cannot_tell_is_unknown() -> None:
    """Nobody named it, but its home is forbidden: nobody says that it was never seen, and the gap is named."""
    made = shop()
    made.forbid("nodes")
    document = problem(client(made.store).get(f"/v1/entities/{GHOST}"), "unknown", 404)
    assert [gap["scope"] for gap in document["gaps"]] == ["nodes"]
    assert "403: may not list" in document["gaps"][0]["effect"]


def test_before_the_first_look_nobody_had_looked() -> None:
    """The instant lies before the first revision: the source's own creation time is given, if it gave one."""
    ask = client(shop().store)
    document = problem(ask.get(f"/v1/entities/{NODE}?at=2026-02-15T00:00:00Z"), "not-yet-observed", 404)
    assert document["created_at"] == "2026-02-01T00:00:00Z"
    assert document["first_recorded"] == "2026-03-01T10:00:00.000000Z"
    problem(ask.get("/v1/entities?at=2026-02-15T00:00:00Z"), "not-yet-observed", 404)
    problem(ask.get("/v1/changes?at=revision:0"), "not-yet-observed", 404)


def test_before_the_first_look_at_its_scope_nobody_had_looked_either() -> None:
    """The store has revisions, but the nodes were not read yet at that one."""
    made = shop()
    document = problem(client(made.store).get(f"/v1/entities/{NODE}?at=revision:2"), "not-yet-observed", 404)
    assert document["created_at"] == "2026-02-01T00:00:00Z"
    assert document["first_seen_revision"] > 2


def test_an_empty_store_says_how_to_begin() -> None:
    """Nothing was recorded yet."""
    document = problem(client(MemoryStore()).get("/v1/entities"), "not-yet-observed", 404)
    assert "asbuilt once" in document["detail"]


@pytest.mark.parametrize("path", ["k8s.node", "k8s.node/n1/extra", "k8s.node//x", "/"])
def test_what_is_no_key_is_refused_with_an_example(path: str) -> None:
    """A key is a path of pairs."""
    document = problem(client(shop().store).get(f"/v1/entities/{path}"), "malformed-key", 400)
    assert "k8s.cluster/" in document["detail"]


def test_a_key_with_an_escape_gone_wrong_is_refused() -> None:
    """A space belongs escaped into a key."""
    problem(client(shop().store).get("/v1/entities/k8s.node/a%20b"), "malformed-key", 400)
    problem(client(shop().store).get("/v1/changes?entity=nonsense"), "malformed-key", 400)


@pytest.mark.parametrize("question", ["changes", "entities"])
def test_a_place_that_is_none_is_refused(question: str) -> None:
    """Nobody takes a place that was mistyped for one in which nothing is, or nothing happened."""
    ask = client(shop().store)
    assert ask.get(f"/v1/{question}?within={SHOP}").status_code == 200
    for wrong in ("shop", f"{SHOP}/", ""):
        problem(ask.get(f"/v1/{question}?within={wrong}"), "malformed-key", 400)
    for unknown in ("k8s.namespace/shop", CLUSTER.child("k8s.namespace", "ghost")):
        document = problem(ask.get(f"/v1/{question}?within={unknown}"), "never-seen", 404)
        assert document["key"] == unknown


def test_a_place_that_nobody_states_is_one_where_something_is_or_a_scope_looks() -> None:
    """Not every account may read what contains the things that it reads."""
    made = Shop().configure().read("nodes", document("n1", "1", entity(NODE)))
    ask = client(made.store)
    assert [row["key"] for row in ask.get(f"/v1/entities?within={CLUSTER}").json()["data"]] == [NODE]
    made = Shop().configure().read("nodes")
    assert client(made.store).get(f"/v1/entities?within={CLUSTER}").json()["data"] == []


def test_a_cursor_to_a_place_that_the_list_does_not_have_is_refused() -> None:
    """The list is not begun again."""
    made = shop("p1", "p2")
    ask = client(made.store)
    path = f"/v1/entities/{SERVICE}/relations?limit=1"
    place = opened(ask.get(path).json()["cursor"], what_it_is_tied_to(SERVICE, limit=1).digest)
    assert place is not None
    assert ask.get(f"{path}&cursor={sealed(place)}").status_code == 200
    for wrong in ("out:none", str(place.position).partition(":")[2], 7):
        document = problem(ask.get(f"{path}&cursor={sealed(replace(place, position=wrong))}"), "foreign-cursor", 400)
        assert "begin again" in document["detail"]


def test_a_revision_that_is_not_there_is_named_beside_the_newest() -> None:
    """The newest one helps on."""
    made = shop()
    for number in ("9999", "9" * 23, "9" * 5000):
        document = problem(client(made.store).get(f"/v1/sources?at=revision:{number}"), "no-such-revision", 404)
        assert document["newest"] == made.store.head().number
        assert len(document["detail"]) < 80
    assert client(made.store).get("/v1/sources?at=revision:0003").json()["revision"] == 3


@pytest.mark.parametrize(
    "query",
    [
        "entities?at=yesterday",
        "entities?at=2026-03-01T10:00:00",
        "entities?at=revision:-1",
        "entities?at=0001-01-01T00:00:00%2B10:00",
        "entities?limit=0",
        "entities?limit=100000",
        "entities?label=app",
        "entities?class=Nonsense",
        "entities?fields=nonsense",
        "entities?nonsense=1",
        "entities?kind=k8s.deploymnt",
        "resolve?q=cart&kind=deployment",
        "changes?kind=k8s.pods",
        "changes?verb=SELECT",
        f"entities/{SERVICE}/relations?verb=SELECT",
        f"graph?root={SERVICE}&kinds=k8s.pod,k8s.nodes",
        f"graph?root={SERVICE}&verbs=SELECT",
        f"path?from={SERVICE}&to={NODE}&verbs=SELECT",
        "graph/diff?from=revision:1&kinds=k8s.pods",
        "graph/diff?from=revision:1&verbs=SELECT",
        "changes?cause=nonsense",
        "changes?class=nonsense",
        "entities?at=2999-03-01T10:00:00Z",
        "graph/diff?from=2999-03-01T10:00:00Z",
        "graph/diff?from=revision:1&to=2999-03-01T10:00:00Z",
        "changes?from=2999-03-01T10:00:00Z",
        "changes?from=then",
        "changes?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
        f"entities/{SERVICE}/relations?direction=up",
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(query: str) -> None:
    """422, with the parameter and what is expected of it: also for one that the question does not have."""
    document = problem(client(shop().store).get(f"/v1/{query}"), "invalid-request", 422)
    [error] = document["errors"]
    assert error["parameter"] in query
    assert error["message"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=k8s.deploymnt", "'k8s.deploymnt': k8s.deployment"),
        ("kind=Deployment", "k8s.deployment may be meant"),
        ("kind=pods", "k8s.pod may be meant"),
        ("kind=nonsense", "such as k8s.deployment"),
        ("verb=SELECT", "SELECTS may be meant; the verbs are ALLOWED_BY, "),
        ("verb=NONSENSE", "the verbs are ALLOWED_BY, "),
    ],
)
def test_an_unknown_word_is_refused_with_what_could_be_meant(query: str, said: str) -> None:
    """An empty list would say that there is none of it."""
    document = problem(client(shop().store).get(f"/v1/changes?{query}"), "invalid-request", 422)
    assert said in document["detail"]


def test_a_word_that_a_source_states_is_none_that_nobody_knows() -> None:
    """A collector may bring kinds and verbs that are not in the vocabulary."""
    made = shop()
    made.world.configure("other")
    made.world.scopes("other", Scope("other", "things", frozenset({"other.thing", "FOLLOWS"})))
    ask = client(made.store)
    for query in ("entities?kind=other.thing", "changes?kind=other.thing&verb=FOLLOWS"):
        assert ask.get(f"/v1/{query}").json()["data"] == []


def test_what_is_still_to_come_is_no_answer_about_now() -> None:
    """A local time written as UTC is the usual cause; the end of a window, and a clock a little before, do no harm."""
    ask = client(shop().store)
    for query in ("entities?at", "changes?from"):
        document = problem(ask.get(f"/v1/{query}=2999-03-01T10:00:00Z"), "invalid-request", 422)
        assert "is still to come" in document["detail"]
        assert "local time" in document["detail"]
        soon = (datetime.now(UTC) + timedelta(seconds=30)).isoformat().replace("+", "%2B")
        assert ask.get(f"/v1/{query}={soon}").status_code == 200
    assert ask.get("/v1/changes?to=2999-03-01T10:00:00Z").status_code == 200


def test_what_was_recorded_by_a_clock_that_goes_before_is_found_by_its_time() -> None:
    """The store's newest instant is never still to come."""
    made = shop()
    made.world.pass_(minutes=60 * 24 * 365 * 100)
    made.read("nodes")
    ahead = made.store.head().instant.isoformat().replace("+", "%2B")
    assert client(made.store).get(f"/v1/entities?at={ahead}").json()["revision"] == made.store.head().number
    problem(client(made.store).get("/v1/entities?at=2999-03-01T10:00:00Z"), "invalid-request", 422)


def test_other_paths_and_methods_are_problems_too() -> None:
    """Not a page of the framework's."""
    ask = client(shop().store)
    problem(ask.get("/v2/entities"), "no-such-route", 404)
    answer = ask.post("/v1/entities")
    problem(answer, "method-refused", 405)
    assert answer.headers["allow"] == "GET"


def test_a_store_that_is_not_there_is_a_503_with_the_next_step(tmp_path: Path) -> None:
    """Once the store is there, the same server answers."""
    ask = TestClient(create_app(location=tmp_path / "none.db", tokens=()))
    for path in ("/v1/entities", "/readyz"):
        answer = ask.get(path)
        assert "asbuilt once" in problem(answer, "store-unavailable", 503)["detail"]
        assert answer.headers["retry-after"] == "5"
    assert ask.get("/healthz").status_code == 200


def test_a_store_that_fails_is_a_503() -> None:
    """What the store says is said on."""

    class Broken(MemoryStore):
        def head(self) -> RevisionMark:
            raise StoreError("the disk is gone: mount it again")

    document = problem(client(Broken()).get("/v1/sources"), "store-unavailable", 503)
    assert document["detail"] == "the disk is gone: mount it again"


def test_a_defect_is_a_problem_that_tells_nothing_of_the_inside() -> None:
    """The log has the details, and the asker a sentence."""

    class Defective(MemoryStore):
        def head(self) -> RevisionMark:
            raise ZeroDivisionError("secret")

    ask = TestClient(create_app(Defective(), tokens=()), raise_server_exceptions=False)
    assert "secret" not in str(problem(ask.get("/v1/sources"), "internal", 500))


def test_every_problem_is_documented() -> None:
    """Types are stable: the reference lists each, with its status."""
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    for one in PROBLEMS:
        assert f"| `{one.type}` | {one.status} | {one.meaning} |" in text
    assert len({one.type for one in PROBLEMS}) == len(PROBLEMS)


def test_keys_are_kept_as_text() -> None:
    """What a problem names as key can be asked for again."""
    made = Shop().configure()
    document = problem(client(made.store).get(f"/v1/entities/{SERVICE}"), "unknown", 404)
    assert Key.parse(document["key"]) == SERVICE
