"""Does every answer lean on all that could have added to it, the homes of what it shows included?"""

from __future__ import annotations

import pytest

from graph.model import Document, Key, Scope
from tests.graph.world import World, alias_end, document, entity, exclusive, tie
from tests.histories.estate import (
    BALANCER,
    CLUSTER,
    CLUSTERS,
    DEPLOYMENT,
    DEPLOYMENTS,
    FILE,
    IMAGE,
    INSTANCES,
    MANIFESTS,
    NAMESPACES,
    NODE,
    NODES,
    PODS,
    REGISTRY,
    SERVICE,
    SERVICES,
    SHOP,
    SHOP_PODS,
    SLICES,
    TARGETS,
    cluster,
    deployment,
    endpoints,
    instance,
    instance_key,
    manifest,
    node,
    pod,
    pod_key,
    service,
    target,
)
from tests.histories.witness import Witness

BY_NAME = "k8s.cluster/@prod"


def far(world: World, *readable: Scope) -> None:
    """Configure the cluster beside the cloud, the registry and the targets, which are forbidden from the first day."""
    world.configure("prod", "aws", "registry", "targets")
    world.scopes("prod", *readable)
    for scope in (INSTANCES, REGISTRY, TARGETS):
        world.scopes(scope.source, scope)
        world.forbid(scope)


def test_an_open_end_leans_on_whoever_could_hold_its_alias(world: World, says: Witness) -> None:
    """The node names its instance, and the cloud was forbidden from the first day: that nobody holds it is a gap."""
    far(world, NODES)
    world.read(NODES, node())
    assert says.ties(NODE, "REALIZED_BY") == [("open", None, None)]
    assert "aws/instances never_read" in says.gaps(f"entities/{NODE}/relations")
    assert "aws/instances never_read" in says.gaps(f"entities/{NODE}/relations", verb="REALIZED_BY")
    gaps = says.ask(f"entities/{NODE}/relations")["freshness"]["gaps"]
    assert all(gap["source"] for gap in gaps), "nothing is said of kinds that nobody states"


def test_a_row_that_says_unknown_names_the_gap(world: World, says: Witness) -> None:
    """The instance was read, and then forbidden; the registry is forbidden too, and nobody asks about it here."""
    far(world, NODES)
    world.read(NODES, node())
    world.read(INSTANCES, instance("i-0abc", "10.0.0.5"))
    world.forbid(INSTANCES)
    assert says.ties(NODE, "REALIZED_BY") == [("tied", instance_key("i-0abc"), "present, unknown")]
    gaps = says.gaps(f"entities/{NODE}/relations", verb="REALIZED_BY")
    assert gaps == ["aws/instances unreadable", "targets/targets never_read"]


def test_relations_lean_on_the_homes_beside_them_in_their_root(world: World, says: Witness) -> None:
    """A balancer is tied to an instance of its account, by a verb that may tie anything."""
    far(world, SERVICES)
    world.read(TARGETS, target("10.0.0.5"))
    world.read(INSTANCES, instance("i-0abc", "10.0.0.5"))
    world.forbid(INSTANCES)
    assert says.ties(BALANCER, "RESOLVES_TO") == [("tied", instance_key("i-0abc"), "present, unknown")]
    assert says.gaps(f"entities/{BALANCER}/relations", verb="RESOLVES_TO") == ["aws/instances unreadable"]


def test_relations_lean_on_the_homes_of_what_they_are_tied_to_elsewhere(world: World, says: Witness) -> None:
    """A file declares a Deployment, and Deployments were never read; a service names a balancer nobody was shown."""
    world.configure("git", "prod", "targets")
    world.scopes("git", MANIFESTS)
    world.scopes("prod", CLUSTERS, DEPLOYMENTS, SERVICES)
    world.scopes("targets", TARGETS)
    world.read(MANIFESTS, manifest())
    world.read(CLUSTERS, cluster())
    world.forbid(DEPLOYMENTS)
    assert says.ties(FILE, "DECLARED_IN") == [("tied", DEPLOYMENT, "mentioned, never_read")]
    assert says.gaps(f"entities/{FILE}/relations", verb="DECLARED_IN") == ["prod/deployments never_read"]
    end = alias_end("dns", "front.example", "aws.elbv2.load_balancer")
    exposing = Scope("prod", "services", SERVICES.states | {"EXPOSED_BY"}, CLUSTER)
    world.scopes("prod", CLUSTERS, DEPLOYMENTS, exposing)
    world.read(exposing, document("service", "1", entity(SERVICE), tie(SERVICE, "EXPOSED_BY", end)))
    world.forbid(TARGETS)
    assert says.ties(SERVICE, "EXPOSED_BY") == [("open", None, None)]
    assert says.gaps(f"entities/{SERVICE}/relations", verb="EXPOSED_BY") == ["targets/targets never_read"]


def test_where_leans_on_the_homes_of_what_it_shows(world: World, says: Witness) -> None:
    """Instance, image and balancer belong to other systems; each of them forbidden is a gap of the answer."""
    far(world, PODS, NODES, SERVICES, SLICES)
    world.read(SERVICES, service())
    world.read(PODS, pod("u"))
    world.read(SLICES, endpoints("u"))
    world.read(NODES, node())
    path = f"entities/{SERVICE}/where"
    assert says.gaps(path) == ["aws/instances never_read", "registry/images never_read", "targets/targets never_read"]
    world.read(INSTANCES, instance("i-0abc", "10.0.0.5"))
    world.forbid(INSTANCES)
    assert says.ask(path)["data"]["nodes"][0]["instance"]["presence"]["doubt"] == "unknown"
    assert "aws/instances unreadable" in says.gaps(path)
    unstated = [gap["effect"] for gap in says.ask(path)["freshness"]["gaps"] if not gap["source"]]
    assert not [effect for effect in unstated if "cloud.availability_zone" in effect]


def test_a_place_under_a_configured_name_is_the_place(world: World, says: Witness) -> None:
    """Listed, or looked through for changes: the same rows, whichever way the cluster is called."""
    world.configure("prod")
    world.scopes("prod", CLUSTERS, PODS)
    world.read(CLUSTERS, cluster())
    world.read(PODS, pod("u"))
    assert len(says.ask("entities", within=BY_NAME)["data"]) == 3
    for within, place in ((BY_NAME, CLUSTER), (f"{BY_NAME}/k8s.namespace/shop", SHOP)):
        listed = says.ask("entities", within=within)["data"]
        assert listed == says.ask("entities", within=place)["data"]
        changed = says.changes(within=within, cause="any")
        assert changed == says.changes(within=place, cause="any")
        assert listed
        assert changed
    world.forbid(PODS)
    assert says.gaps("entities", within=BY_NAME) == ["prod/pods unreadable"]
    assert says.gaps("changes", within=BY_NAME) == ["prod/pods unreadable"]


def test_a_line_about_a_cluster_says_that_there_may_be_more(world: World, says: Witness) -> None:
    """Pods of one namespace can be read, those of the cluster never could; the namespace itself is whole."""
    world.configure("prod")
    world.scopes("prod", CLUSTERS, NAMESPACES, PODS, SHOP_PODS, NODES)
    world.read(CLUSTERS, cluster())
    world.read(NAMESPACES, document("shop", "1", entity(SHOP)))
    world.read(NODES, node())
    world.read(SHOP_PODS, pod("u"))
    world.forbid(PODS)
    line = says.ask(f"entities/{CLUSTER}/where")["data"]["summary"]
    assert line == "one pod on one node, 0 ready; there may be more: pods never read"
    assert "more" not in says.ask(f"entities/{SHOP}/where")["data"]["summary"]
    world.read(PODS, pod("u"))
    world.pass_(minutes=1)
    world.forbid(PODS)
    line = says.ask(f"entities/{CLUSTER}/where")["data"]["summary"]
    assert "; there may be more: pods unreadable since 2026-03-01T10:01:" in line


def test_one_source_does_not_see_for_another(world: World, says: Witness) -> None:
    """What a twin of the cluster's source could have shown is not seen because the cluster's source shows nothing."""
    twins = [Scope("twin", one.name, one.states, CLUSTER) for one in (PODS, SLICES)]
    world.configure("prod", "twin")
    world.scopes("prod", PODS, SLICES, SERVICES)
    world.scopes("twin", *twins)
    world.read(SERVICES, service())
    world.read(PODS)
    world.read(SLICES)
    for one in twins:
        world.read(one)
    assert says.ask(f"entities/{SERVICE}/where")["data"]["summary"] == "no pods"
    world.forbid(twins[1])
    line = says.ask(f"entities/{SERVICE}/where")["data"]["summary"]
    assert line.startswith("pods unknown: endpointslices unreadable since ")
    world.forbid(twins[0])
    line = says.ask(f"entities/{SERVICE}/where")["data"]["summary"]
    assert line.startswith("pods unknown: pods unreadable since ")


def test_what_any_unread_home_could_have_is_unknown(world: World, says: Witness) -> None:
    """One of two registries was never readable: nobody says that an image was never seen."""
    other = Scope("registry2", "images", REGISTRY.states, "container.image", snapshot=False)
    ghost = Key.of(("container.image", "sha256:" + "77" * 32))
    world.configure("registry", "registry2")
    world.scopes("registry", REGISTRY)
    world.scopes("registry2", other)
    world.read(REGISTRY)
    world.forbid(other)
    assert says.refused(f"entities/{ghost}").endswith("/unknown")
    world.read(other)
    assert says.refused(f"entities/{ghost}").endswith("/never-seen")


def test_a_source_that_reads_a_namespace_sees_for_itself(world: World, says: Witness) -> None:
    """The pods of the cluster are forbidden, those of the namespace are not: it had no such pod."""
    world.configure("prod")
    world.scopes("prod", PODS, SHOP_PODS)
    world.read(SHOP_PODS)
    world.forbid(PODS)
    assert says.refused(f"entities/{pod_key('ghost')}").endswith("/never-seen")
    elsewhere = pod_key("ghost", CLUSTER.child("k8s.namespace", "bank"))
    assert says.refused(f"entities/{elsewhere}").endswith("/unknown")


def words(says: Witness, within: str, **query: str) -> set[str]:
    """Tell what changed in a place, whatever made it change."""
    return {one["word"] for one in says.changes(None, within=within, cause="any", **query)}


def test_the_relations_of_a_place_change_with_it(world: World, says: Witness) -> None:
    """A tie is of every place that an end of it is in: of its pod, its namespace, its cluster, and its node."""
    world.configure("prod", "aws")
    world.scopes("prod", NODES, PODS)
    world.scopes("aws", INSTANCES)
    world.read(NODES, node())
    world.read(PODS, pod("u"))
    ties = {"RUNS_ON", "USES_CONFIG", "USES_IMAGE"}
    for within in (CLUSTER, SHOP, pod_key("u")):
        assert ties <= words(says, within)
    assert words(says, NODE) == {"k8s.node", "REALIZED_BY", "RUNS_ON"}
    assert words(says, IMAGE) == {"USES_IMAGE"}
    assert words(says, SHOP, kind="RUNS_ON") == {"RUNS_ON"}
    assert words(says, SHOP, **{"from": "2026-03-01T10:00:00Z"}) >= ties
    assert words(says, INSTANCES.range) == set()
    world.read(INSTANCES, instance("i-0abc", "10.0.0.5"))
    assert words(says, INSTANCES.range) == {"aws.ec2.instance", "REALIZED_BY"}
    world.forbid(INSTANCES)
    assert "aws/instances unreadable" in says.gaps("changes", within=NODE)


def test_a_tie_that_comes_to_mean_another_changes_both_places(world: World, says: Witness) -> None:
    """What it meant before and what it means after: both are told, and nothing else is."""
    taken = Scope("prod", "configmaps", frozenset({"k8s.configmap", "USES_CONFIG"}), CLUSTER)
    first, second = (SHOP.child("k8s.configmap", name) for name in ("a", "b"))
    user = document("user", "1", entity(DEPLOYMENT), tie(DEPLOYMENT, "USES_CONFIG", alias_end("made.up", "x")))

    def held(by: Key) -> list[Document]:
        other = second if by == first else first
        return [document(by.id, "1", entity(by, exclusive("made.up", "x"))), document(other.id, "0", entity(other))]

    world.configure("prod")
    world.scopes("prod", taken, DEPLOYMENTS)
    world.read(DEPLOYMENTS, user)
    world.read(taken, *held(first))
    assert words(says, first) == {"k8s.configmap", "USES_CONFIG"}
    assert words(says, second) == {"k8s.configmap"}
    world.pass_(minutes=1)
    world.read(taken, *held(second))
    assert len(says.changes(within=first, kind="USES_CONFIG", cause="any")) == 2
    assert len(says.changes(within=second, kind="USES_CONFIG", cause="any")) == 1
    assert len(says.changes(within=SHOP, kind="USES_CONFIG", cause="any")) == 3


@pytest.mark.parametrize("verb", ["CALLS", "DEPENDS_ON"])
def test_pages_go_past_a_thing_that_is_tied_to_itself(world: World, says: Witness, verb: str) -> None:
    """The tie shows twice, once from each side, and a page goes on from the side that it ended with."""
    scope = Scope("mesh", "services", frozenset({"service", verb}), "service")
    one, next_, last = (Key.of(("service", name)) for name in "mnz")
    world.configure("mesh")
    world.scopes("mesh", scope)
    world.read(scope, document("m", "1", entity(one), tie(one, verb, one), tie(one, verb, next_), tie(last, verb, one)))
    path = f"entities/{one}/relations"
    whole = says.ask(path)["data"]
    assert [(row["direction"], row["other"]["key"]) for row in whole] == [
        ("out", one),
        ("out", next_),
        ("in", one),
        ("in", last),
    ]
    pages, answer = [], says.ask(path, limit="1")
    while answer["cursor"]:
        pages += answer["data"]
        assert len(pages) < len(whole)
        answer = says.ask(path, limit="1", cursor=answer["cursor"])
    assert pages + answer["data"] == whole


def test_the_place_of_a_deployment_that_was_only_declared(world: World, says: Witness) -> None:
    """The cluster was never read: what is declared in it changed within it all the same."""
    world.configure("git", "prod")
    world.scopes("git", MANIFESTS)
    world.read(MANIFESTS, manifest())
    assert words(says, BY_NAME) == {"DECLARED_IN"}
    world.scopes("prod", CLUSTERS, DEPLOYMENTS)
    world.read(CLUSTERS, cluster())
    world.read(DEPLOYMENTS, deployment("d"))
    assert words(says, SHOP) == {"DECLARED_IN", "k8s.deployment"}
