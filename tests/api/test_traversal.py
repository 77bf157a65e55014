"""Do impact, dependencies, neighbourhood and path answer over HTTP and on the command line as they promise?"""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import commands
from graph.model import Key
from graph.stores.sqlite import SqliteStore
from tests.api.asking import client, data, problem
from tests.graph.analysis.nets import Tie, net, thing
from tests.graph.analysis.shop import CLUSTER, INGRESS, NODE, SERVICE, SHOP, Shop, pod, pod_key, shop


@pytest.fixture
def made() -> Shop:
    """Make the shop with three pods."""
    return shop("p1", "p2", "p3")


def test_impact_names_what_is_harmed_with_effect_members_path_and_reason(made: Shop) -> None:
    """A pod is lost: its container with it, its groups are short of one of three, and the way in is at risk."""
    found = data(client(made.store).get(f"/v1/entities/{pod_key('p1')}/impact"))
    assert (found["reached"], found["effects"]) == (5, {"at_risk": 1, "degraded": 3, "outage": 1})
    [service] = [one for one in found["affected"] if one["key"] == SERVICE]
    counted = {"of": "ready members", "left": 2, "all": 3, "lost": 1, "at_risk": 0}
    assert service["effect"] == "degraded"
    assert {name: value for name, value in service["members"].items() if value is not None} == counted
    assert service["reason"] == "Service cart selects Pod cart-p1; 2 of 3 ready members are left"
    [step] = service["path"]
    [relation] = [one for one in found["relations"] if one["id"] == step["relation"]]
    assert (relation["verb"], relation["source"]["key"], relation["target"]["key"]) == (
        "SELECTS",
        SERVICE,
        pod_key("p1"),
    )
    assert relation["evidence"][0]["document"] == "slice"
    assert relation["last_seen"].endswith("Z")
    assert relation["target"]["presence"]["said"] == "present"


def test_what_lies_in_a_namespace_is_named_without_a_relation(made: Shop) -> None:
    """The step that leads there has none, for the key says it."""
    found = data(client(made.store).get(f"/v1/entities/{SHOP}/impact"))
    [service] = [one for one in found["affected"] if one["key"] == SERVICE]
    assert service["path"] == [{"relation": None, "to": SERVICE, "confidence": 1.0}]
    assert (service["effect"], service["reason"]) == ("outage", "Service cart lies in Namespace shop")
    assert found["relations"] == []


def test_dependencies_name_what_is_needed(made: Shop) -> None:
    """The service needs each of its pods as one of three, and their node."""
    found = data(client(made.store).get(f"/v1/entities/{SERVICE}/dependencies"))
    needed = {one["key"]: one for one in found["needed"]}
    assert needed[pod_key("p1")]["one_of"] == 3
    assert needed[NODE]["confidence"] == 1.0
    assert INGRESS not in needed


def test_a_long_answer_goes_on_where_the_page_ended(made: Shop) -> None:
    """Page by page the same things as in one, at the revision where it began."""
    ask = client(made.store)
    whole = [one["key"] for one in data(ask.get(f"/v1/entities/{NODE}/impact"))["affected"]]
    seen: list[str] = []
    cursor = ""
    while True:
        page = ask.get(f"/v1/entities/{NODE}/impact?limit=3{cursor}").json()
        seen += [one["key"] for one in page["data"]["affected"]]
        assert page["data"]["reached"] == len(whole)
        assert page["truncated"] == (page["cursor"] is not None)
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
        made.world.pass_(minutes=1)
        made.read("pods", pod("p1", version="9"))
    assert seen == whole


def test_every_cut_is_said_and_makes_the_answer_truncated(made: Shop) -> None:
    """At the number of things, and at the depth."""
    ask = client(made.store)
    few = ask.get(f"/v1/entities/{NODE}/impact?most=2").json()
    assert few["truncated"]
    assert [one["why"] for one in few["data"]["cuts"]] == ["limit"]
    assert few["data"]["reached"] == 2
    near = ask.get(f"/v1/entities/{NODE}/impact?depth=1").json()
    assert (near["truncated"], [one["why"] for one in near["data"]["cuts"]]) == (True, ["depth"])
    graph = ask.get(f"/v1/graph?root={SERVICE}&depth=3&limit=2").json()
    assert graph["truncated"]
    assert "limit" in [one["why"] for one in graph["data"]["cuts"]]


def test_all_of_them_are_as_of_a_revision(made: Shop) -> None:
    """What was asked at an earlier revision stays as it was, byte for byte."""
    ask = client(made.store)
    at = f"at=revision:{made.store.head().number}"
    asked = [
        f"/v1/entities/{NODE}/impact?{at}",
        f"/v1/entities/{SERVICE}/dependencies?{at}",
        f"/v1/graph?root={SERVICE}&depth=2&{at}",
        f"/v1/path?from={INGRESS}&to={NODE}&{at}",
    ]
    before = [data(ask.get(one)) for one in asked]
    made.world.pass_(minutes=10)
    made.read("pods", pod("p9"))
    made.read("endpointslices")
    made.read("endpointslices")
    assert [data(ask.get(one)) for one in asked] == before
    assert data(ask.get(f"/v1/path?from={INGRESS}&to={NODE}"))["hops"] is None


def test_an_unreadable_scope_is_a_gap_of_each(made: Shop) -> None:
    """Pods cannot be read: what depends on this may not be shown."""
    made.world.pass_(minutes=10)
    made.forbid("pods")
    ask = client(made.store)
    for path in (
        f"/v1/entities/{NODE}/impact",
        f"/v1/entities/{SERVICE}/dependencies",
        f"/v1/graph?root={SERVICE}",
        f"/v1/path?from={INGRESS}&to={NODE}",
    ):
        assert [gap["scope"] for gap in ask.get(path).json()["freshness"]["gaps"]] == ["pods"], path


NEVER = CLUSTER.child("k8s.node", "never")


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/entities/{NEVER}/impact",
        f"/v1/entities/{NEVER}/dependencies",
        f"/v1/graph?root={NEVER}",
        f"/v1/path?from={NEVER}&to={NODE}",
        f"/v1/path?from={NODE}&to={NEVER}",
    ],
)
def test_what_was_never_seen_is_no_answer(made: Shop, path: str) -> None:
    """Neither at the beginning nor at the end of a path; and unknown where its home cannot be read."""
    ask = client(made.store)
    assert problem(ask.get(path), "never-seen", 404)["key"] == NEVER
    made.world.pass_(minutes=10)
    made.forbid("nodes")
    assert problem(ask.get(path), "unknown", 404)["gaps"]


def test_a_parameter_that_is_none_is_refused(made: Shop) -> None:
    """A depth beyond the bound, a direction that there is not, a root that is no key."""
    ask = client(made.store)
    for path in (f"/v1/graph?root={NODE}&depth=99", f"/v1/graph?root={NODE}&direction=up", "/v1/graph"):
        problem(ask.get(path), "invalid-request", 422)
    problem(ask.get("/v1/graph?root=nonsense"), "malformed-key", 400)
    problem(ask.get(f"/v1/path?from={NODE}&to=nonsense"), "malformed-key", 400)


def test_kinds_and_verbs_are_repeated_or_written_with_commas(made: Shop) -> None:
    """The same question either way, and so the same answer."""
    ask = client(made.store)
    commas = ask.get(f"/v1/graph?root={SERVICE}&depth=2&verbs=SELECTS,RUNS_ON&kinds=k8s.pod,k8s.node")
    repeated = ask.get(f"/v1/graph?root={SERVICE}&depth=2&verbs=runs_on&verbs=selects&kinds=k8s.node&kinds=k8s.pod")
    assert commas.content == repeated.content
    assert [one["kind"] for one in data(commas)["nodes"]] == ["k8s.service", *["k8s.pod"] * 3, "k8s.node"]


def run(tmp_path: Path, *arguments: str) -> Result:
    """Run a command over a store with the shop in it."""
    path = tmp_path / "asbuilt.db"
    if not path.exists():
        made = shop("p1", "p2", "p3", store=SqliteStore(path))
        made.world.writer.close()
        made.store.close()
    [command] = [one for one in commands if one.name == arguments[0]]
    return CliRunner().invoke(command, [*arguments[1:], "--store", str(path)])


def lines(found: Result) -> list[list[str]]:
    """Give the words of each line."""
    assert found.exit_code == 0, found.stderr
    return [line.split() for line in found.stdout.splitlines() if line]


def test_people_read_what_is_harmed_and_what_was_left_out(tmp_path: Path) -> None:
    """The effect, k of n, how surely, and why; then the cuts."""
    pod_found = [" ".join(line) for line in lines(run(tmp_path, "impact", pod_key("p1")))]
    assert pod_found[0] == "cart-p1: harm reaches 5 things (1 at_risk, 3 degraded, 1 outage)"
    why = "Service cart selects Pod cart-p1; 2 of 3 ready members are left"
    assert f"degraded k8s.service cart 2/3 0.33 1 present {why}" in pod_found
    few = run(tmp_path, "impact", pod_key("p1"), "--most", "2").stdout
    assert re.search("Left out: at least .* beyond the first 2 .--most.[.]", few)
    needed = lines(run(tmp_path, "dependencies", "k8s.service/cart"))
    assert needed[0][:3] == ["cart:", "needs", "13"]  # three containers, and their image


def test_what_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    """Its ending finds it, and nobody takes it for something that is there."""
    made = shop("p1", store=SqliteStore(tmp_path / "asbuilt.db"))
    for _ in range(3):
        made.world.pass_(minutes=1)
        made.read("configmaps")
    made.world.writer.close()
    made.store.close()
    for name, does in (("impact", "harm reaches"), ("dependencies", "needs")):
        [command] = [one for one in commands if one.name == name]
        found = CliRunner().invoke(command, ["k8s.configmap/cart-config", "--store", str(tmp_path / "asbuilt.db")])
        assert re.match(f"cart-config \\(gone since 2026-03-01T10:0[0-9:]+Z\\): {does} ", found.stdout), found.output


def test_what_is_short_of_its_minimum_says_so(tmp_path: Path) -> None:
    """Over HTTP with who keeps it; on the command line beside k of n."""
    zk, node, budget = thing("zk", "k8s.statefulset"), thing("n1", "k8s.node"), thing("zk", "k8s.pdb")
    pods = [thing(f"zk-{number}", "k8s.pod") for number in range(3)]
    ties = [*(Tie(one, "MANAGED_BY", zk) for one in pods), *(Tie(one, "RUNS_ON", node) for one in pods[:2])]
    store = SqliteStore(tmp_path / "asbuilt.db")
    world = net([*ties, Tie(budget, "GUARDS", zk)], store=store, attributes={budget: {"min_available": 2}})
    [found] = [one for one in data(client(store).get(f"/v1/entities/{node}/impact"))["affected"] if one["key"] == zk]
    kept = {"at_risk": 0, "minimum": 2, "kept_by": budget, "min_replicas": None, "scaled_by": None}
    assert found["members"] == {"of": "ready members", "left": 1, "all": 3, "lost": 2, **kept}
    world.writer.close()
    store.close()
    drawn = [" ".join(line) for line in lines(run(tmp_path, "impact", node))]
    [row] = [line for line in drawn if line.startswith("degraded k8s.statefulset zk")]
    assert row.startswith("degraded k8s.statefulset zk 1/3 <2 1.00 2 present Pod zk-0 is managed by")


def test_people_read_a_path_and_a_neighbourhood(tmp_path: Path) -> None:
    """Each step with its direction; each thing with how far it is."""
    found = lines(run(tmp_path, "path", "k8s.ingress/shop", "k8s.node/n1"))
    assert found[1][:3] == ["k8s.ingress/shop", "-ROUTES_TO->", "k8s.service/cart"]
    back = lines(run(tmp_path, "path", "k8s.node/n1", "k8s.ingress/shop"))
    assert back[3][:3] == ["k8s.service/cart", "<-ROUTES_TO-", "k8s.ingress/shop"]
    none = run(tmp_path, "path", "k8s.node/n1", "k8s.ingress/shop", "--directed")
    assert "No path was found." in none.stdout
    around = lines(run(tmp_path, "graph", "k8s.service/cart"))
    assert around[1][:3] == ["0", "k8s.service", "cart"]
    assert any(
        "k8s.ingress/shop ROUTES_TO k8s.service/cart shop.example.com /cart 1" in " ".join(line) for line in around
    )
    assert run(tmp_path, "path", "k8s.node/n1", str(Key("k8s.node/n9"))).exit_code == 4
