"""Do the queries that docs/neo4j.md offers run as they stand, and say what the record says?"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner

from discovery.cli import commands
from graph.model import EntityVersion, Key, RelationVersion
from graph.store import EntityFilter, GraphReader
from tests.servers.neo4j_server import Neo4jServer
from tests.stores import empty_neo4j, neo4j_server

pytestmark = pytest.mark.server

PAGE = (Path(__file__).parents[2] / "docs" / "neo4j.md").read_text("utf-8")
QUERIES = dict(re.findall(r"^\*\*(.+?)\*\*\n\n```cypher\n(.+?)```$", PAGE, flags=re.MULTILINE | re.DOTALL))
NODE = "ip-10-0-1-11.eu-west-1.compute.internal"

Rows: TypeAlias = list[dict[str, Any]]


class Record:
    """What the record says, by the questions that a GraphReader answers."""

    def __init__(self, reader: GraphReader) -> None:
        self.reader = reader
        self.there = {one.key: one for one in reader.entities(EntityFilter(), 10_000)}
        self._ties: dict[str, list[RelationVersion]] = defaultdict(list)
        for tie in reader.relations(list(self.there), outgoing=True):
            if tie.source.key and tie.target.key:
                self._ties[tie.stated.verb].append(tie)

    def of(self, kind: str) -> list[EntityVersion]:
        """Give the entities of a kind, by key."""
        return [one for one in self.there.values() if one.kind == kind]

    def key(self, kind: str, name: str) -> Key:
        """Give the key of the one entity of that kind and name."""
        [found] = [one.key for one in self.of(kind) if one.name == name]
        return found

    def ties(self, verb: str, source: str = "", target: str = "") -> list[tuple[Key, Key, RelationVersion]]:
        """Give the relations of a verb between kinds (any, where none is named), with their ends."""
        pairs = [(Key(one.source.key or ""), Key(one.target.key or ""), one) for one in self._ties[verb]]
        return [one for one in pairs if source in ("", one[0].kind) and target in ("", one[1].kind)]

    def node_of(self) -> dict[Key, Key]:
        """Give the node that each pod runs on."""
        return {pod: node for pod, node, _ in self.ties("RUNS_ON", "k8s.pod", "k8s.node")}

    def ready(self) -> dict[Key, set[Key]]:
        """Give the ready pods of each service."""
        found: dict[Key, set[Key]] = {one.key: set() for one in self.of("k8s.service")}
        for service, pod, tie in self.ties("SELECTS", "k8s.service", "k8s.pod"):
            if tie.stated.attributes.get("ready"):
                found[service].add(pod)
        return found


def how_far(record: Record) -> Rows:
    """The newest revision, and nothing behind it."""
    return [{"revision": record.reader.mark.number, "behind": 0}]


def by_kind(record: Record) -> Rows:
    """The counts of the census."""
    return [{"kind": kind, "entities": count} for kind, count in sorted(record.reader.count().items()) if count]


def on_a_node(record: Record) -> Rows:
    """The pods of one node."""
    node = record.key("k8s.node", NODE)
    pods = [record.there[pod] for pod, its in record.node_of().items() if its == node]
    return [{"pod": pod.name, "phase": pod.attributes["phase"]} for pod in sorted(pods, key=lambda one: one.name)]


def images(record: Record) -> Rows:
    """The images of containers, and on how many nodes their pods run."""
    pod_of = {container: pod for container, pod, _ in record.ties("RUNS_ON", "k8s.container", "k8s.pod")}
    nodes: dict[tuple[str, str], set[Key]] = defaultdict(set)
    for container, image, tie in record.ties("USES_IMAGE"):
        node = record.node_of().get(pod_of[container])
        if node is not None:
            nodes[str(tie.stated.attributes["reference"]), str(image)].add(node)
    return [{"image": image, "key": key, "nodes": len(found)} for (image, key), found in sorted(nodes.items())]


def lost_with_a_node(record: Record) -> Rows:
    """The services with a pod on one node, and their ready pods elsewhere."""
    node, node_of, ready = record.key("k8s.node", NODE), record.node_of(), record.ready()
    hit = {service for service, pod, _ in record.ties("SELECTS", "k8s.service", "k8s.pod") if node_of.get(pod) == node}
    left = {service: {pod for pod in ready[service] if node_of.get(pod) != node} for service in hit}
    return [{"service": str(service), "left": len(pods)} for service, pods in sorted(left.items())]


def without_ready_pods(record: Record) -> Rows:
    """The services that select no ready pod."""
    empty = sorted(service for service, pods in record.ready().items() if not pods)
    return [{"service": str(key), "type": record.there[key].attributes.get("type")} for key in empty]


def users_of_a_config_map(record: Record) -> Rows:
    """Who mounts or uses one ConfigMap."""
    wanted = record.key("k8s.configmap", "catalog")
    users = {
        (str(user), verb) for verb in ("MOUNTS", "USES_CONFIG") for user, used, _ in record.ties(verb) if used == wanted
    }
    return [{"verb": verb, "user": user} for user, verb in sorted(users)]


def named_and_not_there(record: Record) -> Rows:
    """The relations that lead to what is not in force, images left out."""
    found = []
    for verb in {one.stated.verb for ties in record._ties.values() for one in ties}:
        for by, named, _ in record.ties(verb):
            if named not in record.there and named.kind != "container.image":
                found.append((str(named), str(by), verb))
    return [{"named": named, "verb": verb, "by": by} for named, by, verb in sorted(found)]


def routes(record: Record) -> Rows:
    """The nodes of the pods of the services that an Ingress routes to."""
    node_of = record.node_of()
    ends: dict[Key, set[str]] = defaultdict(set)
    for service, pod, _ in record.ties("SELECTS", "k8s.service", "k8s.pod"):
        if pod in node_of:
            ends[service].add(record.there[node_of[pod]].name)
    rows = [
        {
            "ingress": record.there[ingress].name,
            "host": tie.stated.attributes.get("host"),
            "path": tie.stated.attributes.get("path"),
            "service": record.there[service].name,
            "nodes": sorted(ends[service]),
        }
        for ingress, service, tie in record.ties("ROUTES_TO", "k8s.ingress", "k8s.service")
        if ends[service]
    ]
    columns = ("ingress", "host", "path", "service")
    return sorted(rows, key=lambda row: [(row[name] is None, row[name] or "") for name in columns])  # nulls come last


def in_one_zone(record: Record) -> Rows:
    """The Deployments whose pods run in one zone."""
    managed = {member: group for member, group, _ in record.ties("MANAGED_BY")}
    pods: dict[Key, list[Key]] = defaultdict(list)
    for pod in record.node_of():
        group = managed.get(managed[pod]) if pod in managed else None
        if group is not None and group.kind == "k8s.deployment":
            pods[group].append(pod)
    rows = []
    for deployment, members in sorted(pods.items()):
        zones = {record.there[record.node_of()[pod]].attributes["zone"] for pod in members}
        if len(zones) == 1:
            rows.append({"deployment": str(deployment), "pods": len(members), "zone": zones.pop()})
    return rows


def with_a_label(record: Record) -> Rows:
    """The pods with a label."""
    found = record.reader.entities(EntityFilter(kinds=frozenset({"k8s.pod"}), labels=(("team", "checkout"),)), 1_000)
    return [{"pod": name} for name in sorted(one.name for one in found)]


def in_a_namespace(record: Record) -> Rows:
    """The entities within a namespace, by kind."""
    place = record.key("k8s.namespace", "payments")
    names: dict[str, list[str]] = defaultdict(list)
    for one in record.reader.entities(EntityFilter(prefix=place), 10_000):
        if one.key != place:
            names[one.kind].append(one.name)
    return [{"kind": kind, "names": sorted(found)} for kind, found in sorted(names.items())]


EXPECTED: dict[str, Callable[[Record], Rows]] = {
    "How far does it follow the record?": how_far,
    "What is there, by class and kind?": by_kind,
    "What runs on a node?": on_a_node,
    "Which images run on which nodes?": images,
    "Which services would lose pods with a node, and how many ready ones would be left?": lost_with_a_node,
    "Which services have no ready pod?": without_ready_pods,
    "Who uses a ConfigMap?": users_of_a_config_map,
    "What is named, and is not there?": named_and_not_there,
    "Which nodes does each route from outside end on?": routes,
    "Which Deployments run in one zone only?": in_one_zone,
    "Which pods carry a label?": with_a_label,
    "What is in a namespace?": in_a_namespace,
}


@pytest.fixture(scope="module")
def server() -> Neo4jServer:
    """Give the server of this process."""
    return neo4j_server()


@pytest.fixture(scope="module")
def record(server: Neo4jServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """Read the bundled recording into the server as `asbuilt once` does, and wait until the current graph follows."""
    folder = tmp_path_factory.mktemp("cypher")
    store = empty_neo4j(folder)
    [once] = [one for one in commands if one.name == "once"]
    environment = {
        "ASBUILT_NEO4J_USER": server.user,
        "ASBUILT_NEO4J_PASSWORD": server.password,
        "KUBECONFIG": str(folder / "none"),
        "ASBUILT_CONFIG": str(folder / "asbuilt.yaml"),
    }
    (folder / "asbuilt.yaml").write_text("sources: {recording: {type: replay}}\n")
    done = CliRunner().invoke(once, ["--store", server.url], env=environment)
    assert done.exit_code == 0, done.output
    writer = store.writer()  # goes on where the other one left it
    until = time.monotonic() + 60
    while server.query("MATCH (s:AsbuiltStore) RETURN s.head - s.projected AS behind") != [{"behind": 0}]:
        assert time.monotonic() < until, "the current graph does not follow"
        time.sleep(0.2)
    with store.reader() as reader:
        yield Record(reader)
    writer.close()
    store.close()


def test_every_query_of_the_page_is_held() -> None:
    """Each has its heading and an answer to compare with, and there are ten and more."""
    assert PAGE.count("```cypher\n") == len(QUERIES)
    assert QUERIES.keys() == EXPECTED.keys()
    assert len(QUERIES) >= 10


@pytest.mark.parametrize("title", QUERIES)
def test_a_query_says_what_the_record_says(title: str, record: Record, server: Neo4jServer) -> None:
    """It gives rows, as many as the record and the same, in the order that it promises; lists in a cell have none."""
    rows = [
        {name: sorted(value) if isinstance(value, list) else value for name, value in row.items()}
        for row in server.query(QUERIES[title])
    ]
    assert rows
    assert rows == EXPECTED[title](record)


def test_every_thing_and_every_tie_is_drawn_and_nothing_else(record: Record, server: Neo4jServer) -> None:
    """Entities with their names and kinds, relations between two tied ends, and as Mentioned only what is not there."""
    drawn = server.query("MATCH (e:Entity) RETURN e.key AS key, e.kind AS kind, e.name AS name ORDER BY key")
    assert drawn == [{"key": str(key), "kind": one.kind, "name": one.name} for key, one in sorted(record.there.items())]
    verbs = server.query("MATCH ()-[r]->() RETURN type(r) AS verb, count(*) AS ties")
    assert {row["verb"]: row["ties"] for row in verbs} == {verb: len(ties) for verb, ties in record._ties.items()}
    named = [Key(row["key"]) for row in server.query("MATCH (m:Mentioned) RETURN m.key AS key")]
    assert named
    assert not record.there.keys() & set(named)


def test_every_label_and_property_of_the_page_is_there(record: Record, server: Neo4jServer) -> None:
    """A pod's labels and an attribute of each sort are as the page says."""
    [pod] = server.query(
        "MATCH (p:K8sPod) RETURN labels(p) AS labels, properties(p) AS properties ORDER BY p.key LIMIT 1"
    )
    assert set(pod["labels"]) == {"AsbuiltKey", "Entity", "Workload", "K8sPod"}
    version = record.there[Key(pod["properties"]["key"])]
    shown = pod["properties"]
    assert (shown["kind"], shown["name"]) == ("k8s.pod", version.name)
    assert isinstance(shown["pod_ips"], list)
    assert shown["pod_ips"] == version.attributes["pod_ips"]
    assert shown["ready"] is version.attributes["ready"]
    assert isinstance(shown["labels"], str)
    own = {name for name in shown if not name.startswith("_")} - {"key", "kind", "name", "incarnation"}
    assert own == set(version.attributes)
