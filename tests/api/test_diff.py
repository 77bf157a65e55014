"""Does the API compare two states as they were known, say what could not be seen at either, and refuse what is none?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import commands
from graph.model import text_of
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from tests.api.asking import client, data, problem
from tests.graph.analysis.shop import DEPLOYMENT, SERVICE, Shop, endpoints, pod, pod_key, shop
from tests.graph.world import document, entity


class Story:
    """The shop at two revisions: pods forbidden at the first of them, another endpoint and more replicas after."""

    def __init__(self, made: Shop) -> None:
        made.world.pass_(minutes=5)
        made.forbid("pods")
        self.first = made.store.head().number
        made.world.pass_(minutes=5)
        made.read("pods", pod("p1"))
        made.read("endpointslices", endpoints("p9", version="2"))
        made.read("deployments", document("deployment", "2", entity(DEPLOYMENT, incarnation="d1", replicas=4)))
        made.forbid("services")
        self.last = made.store.head().number
        self.made = made


@pytest.fixture
def story() -> Story:
    """A story over the reference store."""
    return Story(shop("p1", store=MemoryStore()))


@pytest.fixture
def ask(story: Story) -> TestClient:
    """Ask about it."""
    return client(story.made.store)


def test_the_graph_is_compared(story: Story, ask: TestClient) -> None:
    """Rows with what differs, the earlier revision, and the counts; the envelope is of the later."""
    answer = ask.get(f"/v1/graph/diff?from=revision:{story.first}")
    found = data(answer)
    assert found["from"]["revision"] == story.first
    assert answer.json()["revision"] == story.last
    told = {(row["word"], row["difference"]) for row in found["rows"]}
    assert told == {
        ("SELECTS", "added"),
        ("SELECTS", "removed"),
        ("USES_CONFIG", "removed"),
        ("k8s.deployment", "changed"),
    }
    [deployment] = [row for row in found["rows"] if row["word"] == "k8s.deployment"]
    assert [(one["name"], one["old"], one["new"]) for one in deployment["fields"]] == [("replicas", 2, 4)]
    assert found["tally"]["changed"] == 1
    assert found["within"] is None


def test_what_could_not_be_seen_is_said_of_both(story: Story, ask: TestClient) -> None:
    """Pods could not be read then, services cannot now: each stands with its revision."""
    for path in ("/v1/graph/diff", f"/v1/entities/{SERVICE}/diff"):
        answer = ask.get(f"{path}?from=revision:{story.first}")
        then = {gap["scope"] for gap in data(answer)["from"]["freshness"]["gaps"] if gap["scope"]}
        now = {gap["scope"] for gap in answer.json()["freshness"]["gaps"] if gap["scope"]}
        assert (then, now) == ({"pods"}, {"services"}), path


def test_an_entity_is_compared(story: Story, ask: TestClient) -> None:
    """Its fields, its presence then and now, and its relations."""
    found = data(ask.get(f"/v1/entities/{DEPLOYMENT}/diff?from=revision:{story.first}"))
    assert found["entity"]["difference"] == "changed"
    assert [one["name"] for one in found["entity"]["fields"]] == ["replicas"]
    assert found["entity"]["before"]["presence"]["said"] == found["entity"]["after"]["presence"]["said"] == "present"
    assert [(row["word"], row["difference"]) for row in found["relations"]] == [("USES_CONFIG", "removed")]
    pod = data(ask.get(f"/v1/entities/{pod_key('p9')}/diff?from=revision:{story.first}"))
    assert pod["entity"]["before"] is None
    assert pod["entity"]["after"]["presence"]["said"] == "mentioned"


def test_what_stands_around_an_entity_is_compared(story: Story, ask: TestClient) -> None:
    """Within one step of the service the endpoints differ; the Deployment is not there."""
    found = data(ask.get(f"/v1/graph/diff?from=revision:{story.first}&root={SERVICE}&depth=1"))
    assert {row["word"] for row in found["rows"]} == {"SELECTS"}
    assert found["within"] == {"earlier": 4, "later": 4, "cut": False}


def test_it_is_narrowed(story: Story, ask: TestClient) -> None:
    """By kind, verb and cause; what is left out for its cause is counted."""
    for query, words in (
        ("kinds=k8s.deployment", {"k8s.deployment"}),
        ("verbs=selects,", {"SELECTS"}),
        ("verbs=SELECTS&kinds=k8s.deployment,k8s.pod", {"SELECTS", "k8s.deployment"}),
        ("cause=mapping", set()),
    ):
        found = data(ask.get(f"/v1/graph/diff?from=revision:{story.first}&{query}"))
        assert {row["word"] for row in found["rows"]} == words, query
        assert found["tally"]["hidden"] == (0 if words else 4), query


def test_pages_are_the_whole(story: Story, ask: TestClient) -> None:
    """One row at a time, at the revisions where the list began, whatever is committed meanwhile."""
    path = f"/v1/graph/diff?from=revision:{story.first}"
    whole = data(ask.get(path))["rows"]
    rows, cursor = [], ""
    while True:
        answer = ask.get(f"{path}&limit=1{cursor}")
        rows += data(answer)["rows"]
        assert answer.json()["truncated"] is (answer.json()["cursor"] is not None)
        if not answer.json()["truncated"]:
            break
        cursor = f"&cursor={answer.json()['cursor']}"
        story.made.world.pass_(minutes=1)
        story.made.read("endpointslices", endpoints(f"q{len(rows)}", version=f"9{len(rows)}"))
    assert rows == whole


def test_instants_are_those_of_revisions(story: Story, ask: TestClient) -> None:
    """`from` and `to` are about when something was known: an instant means the newest revision not after it."""
    marks = [story.made.store.revision(number) for number in (story.first, story.last)]
    by_instant = f"from={text_of(marks[0].instant)}&to={text_of(marks[1].instant)}"
    by_number = f"from=revision:{story.first}&to=revision:{story.last}"
    assert data(ask.get(f"/v1/graph/diff?{by_instant}")) == data(ask.get(f"/v1/graph/diff?{by_number}"))
    nothing = data(ask.get(f"/v1/graph/diff?from=revision:{story.last}&to=revision:{story.last}"))
    assert nothing["rows"] == []
    assert set(nothing["tally"].values()) == {0}


def test_a_copy_that_is_still_good_is_not_sent_again(story: Story, ask: TestClient) -> None:
    """A comparison has a tag, and another one for another `from`."""
    path = f"/v1/graph/diff?from=revision:{story.first}"
    tag = ask.get(path).headers["etag"]
    assert ask.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert ask.get("/v1/graph/diff?from=revision:1", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("query", "type_", "status", "said"),
    [
        ("from=revision:9&to=revision:4", "invalid-request", 422, "exchange them"),
        ("from=2026-03-01T12:00:00Z&to=2026-03-01T11:00:00Z", "invalid-request", 422, "exchange them"),
        ("to=revision:4", "invalid-request", 422, "from"),
        ("from=yesterday", "invalid-request", 422, "from='yesterday'"),
        ("from=revision:1&to=soon", "invalid-request", 422, "to='soon'"),
        ("from=revision:999", "no-such-revision", 404, "999"),
        ("from=2020-01-01T00:00:00Z", "not-yet-observed", 404, "before the first look"),
        ("from=revision:1&at=revision:2", "invalid-request", 422, "no such parameter"),
        ("from=revision:1&cause=magic", "invalid-request", 422, "magic"),
        ("from=revision:1&root=nothing", "malformed-key", 400, "nothing"),
        ("from=revision:1&depth=11&root=a/b", "invalid-request", 422, "depth"),
    ],
)
def test_what_cannot_be_compared_is_a_problem(ask: TestClient, query: str, type_: str, status: int, said: str) -> None:
    """Each with a sentence: backwards, without a beginning, no instant, before the first look."""
    document = problem(ask.get(f"/v1/graph/diff?{query}"), type_, status)
    assert said in json.dumps(document)


def test_what_nobody_named_then_or_now_is_a_problem(story: Story, ask: TestClient) -> None:
    """What one of the two revisions knows is an answer; what neither does is none."""
    story.made.read("services")
    path = f"/v1/entities/{pod_key('nobody')}/diff?from=revision:{story.first}"
    problem(ask.get(path), "never-seen", 404)
    problem(ask.get(f"/v1/graph/diff?from=revision:{story.first}&root={pod_key('nobody')}"), "never-seen", 404)


# ---------------------------------------------------------------------------------------------------- commands


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A story in a file."""
    path = tmp_path_factory.mktemp("store") / "asbuilt.db"
    story = Story(shop("p1", store=SqliteStore(path)))
    assert story.first == FIRST
    story.made.world.writer.close()
    story.made.store.close()
    return path


@pytest.fixture
def api(path: Path) -> Iterator[TestClient]:
    """Ask the API over the same store."""
    with TestClient(create_app(location=path, tokens=())) as asked:
        yield asked


def run(path: Path, *arguments: str) -> Result:
    """Run `asbuilt diff`."""
    [command] = [one for one in commands if one.name == "diff"]
    return CliRunner().invoke(command, [*arguments, "--store", str(path)])


FIRST = 18
SAME = [
    (["--from", f"revision:{FIRST}"], f"/v1/graph/diff?from=revision:{FIRST}"),
    (
        ["--from", f"revision:{FIRST}", "--cause", "any", "--state"],
        f"/v1/graph/diff?from=revision:{FIRST}&cause=any&state=true",
    ),
    (["k8s.service/cart", "--from", f"revision:{FIRST}"], f"/v1/entities/{SERVICE}/diff?from=revision:{FIRST}"),
    (
        [SERVICE, "--depth", "2", "--verb", "selects", "--from", f"revision:{FIRST}", "--to", "revision:20"],
        f"/v1/graph/diff?from=revision:{FIRST}&to=revision:20&root={SERVICE}&depth=2&verbs=SELECTS",
    ),
]


@pytest.mark.parametrize(("arguments", "question"), SAME, ids=lambda one: "" if isinstance(one, str) else " ".join(one))
def test_json_is_the_envelope_of_the_api(path: Path, api: TestClient, arguments: list[str], question: str) -> None:
    """Byte for byte: a program may ask either."""
    result = run(path, *arguments, "--output", "json")
    assert result.exit_code == 0, result.output
    assert result.stdout.rstrip("\n") == api.get(question).text


def test_a_table_says_it_to_people(path: Path) -> None:
    """What differs, with what it is compared, and what could not be seen then and now."""
    told = run(path, "--from", f"revision:{FIRST}").stdout
    for words in (
        "replicas: 2 → 4",
        "Service cart in shop SELECTS Pod",
        "removed",
        f"(revision {FIRST})",
        "Then: Not seen: pods",
    ):
        assert words in told, words
    assert f"  {DEPLOYMENT}\n" in told
    assert "Not seen: services" in told
    one = run(path, "k8s.deployment/cart", "--from", f"revision:{FIRST}").stdout
    for words in ("changed", "present, incarnation d1", "replicas: 2 → 4 (world", "USES_CONFIG"):
        assert words in one, words
    around = run(path, "k8s.service/cart", "--depth", "1", "--from", f"revision:{FIRST}").stdout
    assert "Within reach, itself included: 4 things then, 4 things now." in around
    before = run(path, "k8s.service/cart", "--depth", "1", "--from", "revision:1").stdout
    assert "Within reach, itself included: 0 things then, 4 things now." in before
    nothing = run(path, "--from", f"revision:{FIRST}", "--cause", "mapping").stdout
    assert "Nothing of that kind differs." in nothing
    assert "Not shown: 4 different for other causes (--cause any)." in nothing


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--from"),
        (["--from", "revision:9", "--to", "revision:4"], 2, "exchange them"),
        (["--from", "revision:1", "--depth", "1"], 2, "needs KEY"),
        (["k8s.service/cart", "--from", "revision:1", "--state"], 2, "add --depth"),
        (["k8s.service/absent", "--from", "revision:1"], 4, "asbuilt resolve"),
        (["--from", "2020-01-01T00:00:00Z"], 4, "first look"),
    ],
)
def test_no_answer_is_a_sentence_and_a_code(path: Path, arguments: list[str], code: int, said: str) -> None:
    """2 for a mistake, 4 for what nobody saw."""
    result = run(path, *arguments)
    assert result.exit_code == code, result.output
    assert said in result.stderr
