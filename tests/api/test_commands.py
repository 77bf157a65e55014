"""Does the command line say the same as the API, to people and to programs, and end with the documented codes?"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import commands, contributed, gathered
from graph.stores.sqlite import SqliteStore
from tests.graph.analysis.shop import CLUSTER, DEPLOYMENT, NODE, SERVICE, SHOP, Shop, endpoints, pod_key, shop


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store with the shop in it: read once, then pods forbidden and another endpoint named."""
    path = tmp_path_factory.mktemp("store") / "asbuilt.db"
    made: Shop = shop("p1", store=SqliteStore(path))
    made.world.pass_(minutes=14)
    made.forbid("pods")
    made.read("endpointslices", endpoints("p9", version="2"))
    made.world.writer.close()
    made.store.close()
    return path


@pytest.fixture
def api(path: Path) -> Iterator[TestClient]:
    """Ask the API over the same store."""
    with TestClient(create_app(location=path, tokens=())) as client:
        yield client


def run(path: Path, *arguments: str) -> Result:
    """Run one of api's commands over a store."""
    [name, *rest] = arguments
    [command] = [one for one in commands if one.name == name]
    return CliRunner().invoke(command, [*rest, "--store", str(path)])


SAME = [
    (["list"], "/v1/entities"),
    (["list", "--kind", "k8s.pod", "--limit", "1"], "/v1/entities?kind=k8s.pod&limit=1"),
    (["list", "--class", "Network", "--label", "app:cart"], "/v1/entities?class=Network&label=app:cart"),
    (["show", SERVICE], f"/v1/entities/{SERVICE}"),
    (["show", "k8s.service/cart"], f"/v1/entities/{SERVICE}"),
    (["resolve", "cart"], "/v1/resolve?q=cart"),
    (
        ["resolve", "app=cart", "--kind", "k8s.service", "--limit", "1"],
        "/v1/resolve?q=app%3Dcart&kind=k8s.service&limit=1",
    ),
    (["where", "k8s.service/cart"], f"/v1/entities/{SERVICE}/where"),
    (["where", DEPLOYMENT], f"/v1/entities/{DEPLOYMENT}/where"),
    (["relations", SERVICE, "--verb", "selects"], f"/v1/entities/{SERVICE}/relations?verb=SELECTS"),
    (["history", DEPLOYMENT], f"/v1/entities/{DEPLOYMENT}/versions"),
    (["changes"], "/v1/changes"),
    (["changes", "--within", "k8s.namespace/shop"], f"/v1/changes?within={SHOP}"),
    (["list", "--within", f"{SHOP}/"], f"/v1/entities?within={SHOP}"),
    (["list", "--within", "c1", "--kind", "k8s.pod"], f"/v1/entities?within={CLUSTER}&kind=k8s.pod"),
    (["changes", "--cause", "any", "--entity", SERVICE], f"/v1/changes?cause=any&entity={SERVICE}"),
    (["impact", "k8s.node/n1"], f"/v1/entities/{NODE}/impact"),
    (["impact", NODE, "--depth", "1", "--limit", "1"], f"/v1/entities/{NODE}/impact?depth=1&limit=1"),
    (["dependencies", "k8s.service/cart"], f"/v1/entities/{SERVICE}/dependencies"),
    (["dependencies", SERVICE, "--most", "2"], f"/v1/entities/{SERVICE}/dependencies?most=2"),
    (["graph", "k8s.service/cart", "--depth", "2"], f"/v1/graph?root={SERVICE}&depth=2"),
    (
        ["graph", SERVICE, "--verb", "selects", "--kind", "k8s.pod", "--direction", "out"],
        f"/v1/graph?root={SERVICE}&verbs=selects&kinds=k8s.pod&direction=out",
    ),
    (["path", "k8s.service/cart", "k8s.node/n1"], f"/v1/path?from={SERVICE}&to={NODE}"),
    (["path", NODE, SERVICE, "--directed"], f"/v1/path?from={NODE}&to={SERVICE}&directed=true"),
    (["sources"], "/v1/sources"),
    (["sources", "--at", "revision:5"], "/v1/sources?at=revision:5"),
    (["where", SERVICE, "--at", "2026-03-01T10:05:00Z"], f"/v1/entities/{SERVICE}/where?at=2026-03-01T10:05:00Z"),
]


@pytest.mark.parametrize(
    ("arguments", "question"), SAME, ids=lambda one: one if isinstance(one, str) else " ".join(one)
)
def test_json_is_the_envelope_of_the_api(path: Path, api: TestClient, arguments: list[str], question: str) -> None:
    """Byte for byte: a program may ask either."""
    found = run(path, *arguments, "--output", "json")
    assert found.exit_code == 0, found.stderr
    assert found.stdout.encode() == api.get(question).content + b"\n"


@pytest.mark.parametrize(
    ("arguments", "question"), SAME, ids=lambda one: one if isinstance(one, str) else " ".join(one)
)
def test_a_table_says_as_of_when_and_what_could_not_be_seen(path: Path, arguments: list[str], question: str) -> None:
    """Under every table, and where it shows nothing."""
    found = run(path, *arguments)
    assert found.exit_code == 0, found.stderr
    assert "(revision " in found.stdout
    assert any(one in found.stdout for one in ("Not seen: ", "Not collected: ", "Everything that could have added"))


def test_where_says_it_in_its_first_line(path: Path) -> None:
    """One endpoint named, and since when pods cannot be read."""
    first = run(path, "where", "k8s.service/cart").stdout.splitlines()[0]
    assert first == "cart: one endpoint named, pods unreadable since 2026-03-01T10:14:15Z"


def test_changes_can_be_told_apart_and_followed_up(path: Path) -> None:
    """By the names that people give, with what contains them, the slot, the revision and the key."""
    told = run(path, "changes", "--cause", "any").stdout
    [container] = [line for line in told.splitlines() if "  Container app of Pod cart-p1 in shop  " in line]
    assert container.endswith(f"  {pod_key('p1').child('k8s.container', 'app')}")
    assert container.split()[0].isdecimal()
    assert "Pod cart-p1 in shop RUNS_AS ServiceAccount cart " in told
    assert "Ingress shop in shop ROUTES_TO Service cart [shop.example.com /cart]" in told
    assert " shop.example.com /cart " in run(path, "relations", "k8s.ingress/shop").stdout
    assert " shop.example.com /cart " in run(path, "graph", "k8s.ingress/shop").stdout
    assert "k8s.pod/cart-p1" in run(path, "path", "k8s.configmap/cart-config", "k8s.node/n1").stdout
    assert "shop/cart" in run(path, "where", "k8s.node/n1").stdout


@pytest.mark.parametrize("columns", [40, 100])
def test_no_key_and_no_instant_is_folded(path: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """However narrow the screen: it may scroll, but they are there to be copied."""
    monkeypatch.setattr("api.commands.tables._screen_width", lambda: columns)
    assert any(line.endswith(f" {SERVICE}") for line in run(path, "list").stdout.splitlines())
    assert "2026-03-01T10:00:01Z" in run(path, "changes", "--cause", "any").stdout
    for line in run(path, "changes", "--cause", "any").stdout.splitlines():
        assert line == line.rstrip()
    assert f" {NODE}\n" in run(path, "show", NODE).stdout


def test_a_name_is_not_written_with_a_capital(path: Path) -> None:
    """A sentence begins with one, but not a parameter or a file."""
    assert run(path, "list", "--at", "yesterday").stderr.startswith("at='yesterday' is neither")
    assert run(path, "show", "nonsense").stderr.startswith("Nothing in force")


def test_what_was_cut_is_said_with_the_option_that_shows_it(path: Path) -> None:
    """And so that one relation is one."""
    found = run(path, "graph", "k8s.deployment/cart").stdout
    assert "more than one relation away (--depth)." in found
    assert "There is more" not in found
    assert " (--limit)." in run(path, "graph", "k8s.service/cart", "--limit", "2").stdout
    assert "There is more: raise --limit" in run(path, "resolve", "cart", "--limit", "1").stdout


def test_an_empty_table_shows_its_gaps(path: Path) -> None:
    """Nothing answers, and pods cannot be read."""
    found = run(path, "list", "--kind", "k8s.pod", "--name", "nothing")
    assert found.stdout.startswith("No entity in force")
    assert "Not seen: pods of prod: not readable since" in found.stdout


def test_a_cursor_goes_on(path: Path) -> None:
    """The cursor under a table gives the next page."""
    first = run(path, "list", "--limit", "3").stdout
    [line] = [line for line in first.splitlines() if line.startswith("There is more")]
    second = run(path, "list", "--limit", "3", "--cursor", line.rsplit(" ", 1)[1])
    assert second.exit_code == 0
    assert second.stdout.splitlines()[1] not in first


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "cart"], 2, "could be"),
        (["graph", SERVICE, "--at", "2026-02-28t00:00:00z"], 4, "first look"),
        (["list", "--at", "yesterday"], 2, "2026-03-01T10:00:00Z"),
        (["list", "--at", "revision:999"], 2, "the newest is"),
        (["list", "--class", "Nonsense"], 2, "the classes are"),
        (["list", "--kind", "k8s.pods"], 2, "'k8s.pods': k8s.pod"),
        (["graph", "k8s.service/cart", "--verb", "SELECT"], 2, "SELECTS may be meant"),
        (["list", "--cursor", "x"], 2, "cursor"),
        (["changes", "--from", "then"], 2, "write an instant"),
        (["changes", "--from", "2999-03-01T10:00:00Z"], 2, "still to come"),
        (["show", NODE, "--at", "2999-03-01T10:00:00Z"], 2, "still to come"),
        (["diff", "--from", "2999-03-01T10:00:00Z"], 2, "still to come"),
        (["show", "nothing.of/this/kind/x"], 4, "no source ever stated"),
        (["show", "nonsense"], 4, "asbuilt resolve"),
        (["show", "k8s.node/ghost"], 4, "no whole key"),
        (["show", ""], 2, "empty"),
        (["path", "", "k8s.service/cart"], 2, "empty"),
        (["changes", "--entity", ""], 2, "empty"),
        (["list", "--within", ""], 2, "empty"),
        (["list", "--within", "nonsense"], 4, "asbuilt resolve"),
        (["list", "--within", "shop"], 2, "could be"),
        (["changes", "--within", CLUSTER.child("k8s.namespace", "ghost")], 4, "no source ever stated"),
        (["show", CLUSTER.child("k8s.node", "ghost")], 4, "no source ever stated"),
        (["show", pod_key("ghost")], 4, "cannot be read"),
        (["show", NODE, "--at", "2026-02-15T00:00:00Z"], 4, "created at 2026-02-01T00:00:00Z"),
        (["show", "k8s.node/n1", "--at", "revision:2"], 4, "nobody had looked"),
    ],
)
def test_no_answer_is_a_sentence_and_a_code(path: Path, arguments: list[str], code: int, said: str) -> None:
    """On standard error, with the next step, and never a traceback; for programs the problem document."""
    found = run(path, *arguments)
    assert (found.exit_code, found.stdout) == (code, "")
    assert said.lower() in found.stderr.lower()
    assert "Traceback" not in found.stderr
    document = json.loads(run(path, *arguments, "--output", "json").stderr)
    assert document["type"].startswith("/problems/")


def test_candidates_are_listed(path: Path) -> None:
    """Who means one of several is told which."""
    assert f"  {SERVICE}\n" in run(path, "show", "cart").stderr


def test_candidates_that_are_not_all_listed_are_said_to_be_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who means one of very many is told that there are others."""
    assert "could be 3 things" in run(path, "show", "cart").stderr
    monkeypatch.setattr("graph.analysis.names._CANDIDATES", 1)
    assert "could be more than 1 things, of which these are the first" in run(path, "show", "cart").stderr


def test_no_store_is_a_sentence_and_a_code(tmp_path: Path) -> None:
    """A question never makes a store, and says how one is made."""
    for wrong in (tmp_path / "none.db", tmp_path):
        found = run(wrong, "sources")
        assert found.exit_code == 3
        assert "asbuilt once" in found.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("this is no store" * 1000)
    found = run(tmp_path / "text.db", "sources")
    assert (found.exit_code, "Traceback" in found.stderr) == (3, False), found.stderr


def test_help_fits_a_screen() -> None:
    """34 lines of 80 columns, whatever is contributed."""
    lines = CliRunner().invoke(gathered(), ["--help"], prog_name="asbuilt").stdout.splitlines()
    assert len(lines) <= 34
    assert max(len(line) for line in lines) <= 80
    for command in commands:
        assert any(line.startswith(f"  {command.name} ") for line in lines)
    assert not [line for line in lines if line.endswith("...")]  # what a command does is told whole


def test_help_comes_at_once() -> None:
    """Nothing is imported before it is needed: under half a second, the best of three."""
    best = min(timed([sys.executable, "-c", "from api.cli import main; main()", "--help"]) for _ in range(3))
    assert best < 0.5


def timed(arguments: list[str]) -> float:
    """Run a command, and give the seconds that it took."""
    begun = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True)
    return time.perf_counter() - begun


def test_a_module_that_cannot_be_loaded_names_itself() -> None:
    """Its commands are missing; those of the others are not."""
    found, complaint = contributed(EntryPoint("broken", "no.such.module:commands", "asbuilt.commands"))
    assert found == []
    assert complaint is not None
    assert "'broken'" in complaint
    assert "no.such.module" in complaint
