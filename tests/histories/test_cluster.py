"""Does the record hold when pods, Deployments and listings of one cluster come, go and are hidden?

Histories a, d, e, g, h, i.
"""

from __future__ import annotations

from graph.model import Document, ScopeState
from tests.graph.world import World, document, entity, everything_known
from tests.histories.estate import (
    CLUSTER,
    CONFIG,
    CONFIGS,
    DEPLOYMENT,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    SERVICE,
    SERVICES,
    SHOP,
    SHOP_PODS,
    SLICES,
    config,
    deployment,
    endpoints,
    pod,
    pod_key,
    service,
)
from tests.histories.witness import Witness


def test_a_a_pod_recreated_while_pods_cannot_be_read_is_never_no_pods(world: World, says: Witness) -> None:
    """`where` of its service says: one endpoint named, pods unreadable since t."""
    world.configure("prod")
    world.scopes("prod", PODS, SLICES, SERVICES)
    world.read(SERVICES, service())
    world.read(PODS, pod("uid-1", name="cart-1"), pod("uid-9", name="other"))
    world.read(SLICES, endpoints("uid-1"))
    before = world.now

    hidden = world.pass_(minutes=4)
    world.forbid(PODS)
    world.read(SLICES, endpoints("uid-2", version="2"))
    during = world.now
    world.pass_(minutes=1)
    world.read(PODS, pod("uid-2", name="cart-1"), pod("uid-9", name="other"))
    after = world.now

    where = f"entities/{SERVICE}/where"
    then = says.ask(where, during)
    assert then["data"]["summary"].startswith("one endpoint named, pods unreadable since 2026-03-01T10:04:03Z")
    assert [one["key"] for one in then["data"]["pods"]] == [pod_key("uid-2")]
    assert says.gaps(where, during) == ["prod/pods unreadable"]
    assert hidden.strftime("%H:%M") in then["freshness"]["gaps"][0]["effect"]
    assert says.presence(pod_key("uid-2"), during) == "mentioned, unknown"
    assert says.presence(pod_key("uid-1"), during) == "present, unknown"

    for instant, uid in ((before, "uid-1"), (after, "uid-2")):
        assert [one["key"] for one in says.ask(where, instant)["data"]["pods"]] == [pod_key(uid)]
        assert says.gaps(where, instant) == []
        assert says.presence(pod_key(uid), instant) == "present"
    assert says.presence(pod_key("uid-1"), after) == "gone"
    gone = says.ask(f"entities/{pod_key('uid-1')}", after)["data"]["presence"]["since"]
    assert gone["start"] < "2026-03-01T10:01"  # the last look that had it
    assert gone["end"] > "2026-03-01T10:05"  # the first that had it no more


def test_d_applied_again_between_two_polls_is_replaced_and_four_at_once_without_doubt(
    world: World, says: Witness
) -> None:
    """Same key, new incarnation; replacements are neither counted nor doubted."""
    names = ("cart", "pay", "mail", "ship")
    world.configure("prod")
    world.scopes("prod", DEPLOYMENTS)
    world.read(DEPLOYMENTS, *(deployment(f"{name}-1", name) for name in names))
    first = world.now
    world.pass_(minutes=1)
    reborn = world.now.replace(second=30).isoformat()
    world.read(
        DEPLOYMENTS, deployment("cart-2", created=reborn), *(deployment(f"{name}-1", name) for name in names[1:])
    )
    second = world.now
    changes = says.changes(entity=DEPLOYMENT)
    assert [(one["transition"], one["cause"]) for one in changes] == [("replaced", "world")]
    assert changes[0]["happened"]["start"] == "2026-03-01T10:01:30.000000Z" or changes[0]["happened"]["start"] < reborn
    assert says.ask(f"entities/{DEPLOYMENT}", first)["data"]["incarnation"] == "cart-1"
    assert says.ask(f"entities/{DEPLOYMENT}", second)["data"]["incarnation"] == "cart-2"

    world.pass_(minutes=1)
    recorded = world.read(DEPLOYMENTS, *(deployment(f"{name}-3", name, world.now.isoformat()) for name in names))
    assert recorded.missed == 0
    assert [one["transition"] for one in says.changes(limit="4")] == ["replaced"] * 4
    assert all(says.presence(SHOP.child("k8s.deployment", name)) == "present" for name in names)
    versions = says.ask(f"entities/{DEPLOYMENT}/versions")["data"]
    assert sorted(one["incarnation"] for one in versions) == ["cart-1", "cart-2", "cart-3"]


def test_e_a_namespaced_and_a_clusterwide_listing_show_the_same_pods(world: World, says: Witness) -> None:
    """Two listings of a document are one pod, and a listing lost costs only what it alone saw."""
    elsewhere = pod_key("uid-9")
    world.configure("prod")
    world.scopes("prod", PODS, SHOP_PODS)
    world.read(PODS, pod("uid-1"), pod("uid-2"), pod("uid-9"))
    head = world.store.head()
    assert world.read(SHOP_PODS, pod("uid-1"), pod("uid-2"), pod("uid-9")).total == 0
    assert world.store.head().number == head.number + 1  # a first complete run is known of, and changes nothing else
    opened = says.changes(entity=elsewhere, cause="first_look", kind="k8s.pod")
    assert [one["transition"] for one in opened] == ["opened"]

    world.pass_(minutes=1)
    world.forbid(PODS)
    assert says.presence(pod_key("uid-1")) == "present"  # the namespaced listing still shows it
    world.scopes("prod", SHOP_PODS)  # the cluster-wide listing is no longer configured
    world.read(SHOP_PODS, pod("uid-1"), pod("uid-2"))
    assert says.presence(pod_key("uid-1")) == "present"
    assert says.presence(elsewhere) == "gone"
    assert says.gaps(f"entities/{pod_key('uid-1')}") == ["prod/pods vanished"]


def test_e_what_only_the_vanished_listing_saw_is_unknown_until_its_namespace_is_gone(
    world: World, says: Witness
) -> None:
    """Nobody can see it, so nobody says that it ended; but nothing outlives what it is in."""
    world.configure("prod")
    world.scopes("prod", SHOP_PODS, NAMESPACES)
    world.read(NAMESPACES, _namespace("shop"), _namespace("bank"))
    world.read(SHOP_PODS, pod("uid-1"))
    world.scopes("prod", NAMESPACES)
    assert says.presence(pod_key("uid-1")) == "present, unknown"
    world.pass_(minutes=1)
    world.read(NAMESPACES, _namespace("bank"))
    world.scopes("prod", NAMESPACES)
    assert says.presence(pod_key("uid-1")) == "gone"


def _namespace(name: str) -> Document:
    return document(f"ns-{name}", "1", entity(CLUSTER.child("k8s.namespace", name), incarnation=f"ns-{name}"))


def test_e_a_listing_that_was_never_read_leaves_no_gap_when_it_vanishes(world: World, says: Witness) -> None:
    """Nothing was ever known of it: once its source says that there is no such listing, nothing is unknown."""
    world.configure("prod")
    world.scopes("prod", PODS, SERVICES)
    world.read(PODS, pod("uid-1", name="cart-1"))
    world.forbid(SERVICES)
    assert says.gaps("entities") == ["prod/services never_read"]
    before = world.now
    world.pass_(minutes=1)
    world.scopes("prod", PODS)
    assert says.gaps("entities") == []
    assert says.gaps("entities", before) == ["prod/services never_read"]


def test_g_a_mapping_that_learns_a_field_looks_like_no_change_of_the_world(world: World, says: Witness) -> None:
    """In the very cycle in which one pod's image changes: one change of the world, and the rest is the mapping's."""
    world.configure("prod")
    world.scopes("prod", PODS)
    world.knowledge = everything_known(1, lacking=[("k8s.pod", "qos_class")])
    world.read(PODS, *(pod(f"uid-{n}") for n in range(5)))
    world.pass_(minutes=1)
    world.knowledge = everything_known(2)
    learned = [pod(f"uid-{n}", qos_class="Burstable") for n in range(1, 5)]
    world.read(PODS, pod("uid-0", "2", image="cart:2", qos_class="Burstable"), *learned)

    container = pod_key("uid-0").child("k8s.container", "app")
    worldly = {one["subject"]: [f["name"] for f in one["fields"]] for one in says.changes() if not one["relation"]}
    assert worldly == {container: ["image"]}
    mapped = says.changes(cause="mapping")
    assert {one["subject"] for one in mapped if not one["relation"]} == {pod_key(f"uid-{n}") for n in range(5)}
    assert all([f["name"] for f in one["fields"]] == ["qos_class"] for one in mapped if not one["relation"])


def test_h_a_deleted_configmap_is_still_one_step_from_its_pods(world: World, says: Witness) -> None:
    """Ten minutes before its pods fail: gone, and tied to them all the same."""
    other = deployment("d-1")
    world.configure("prod")
    world.scopes("prod", PODS, CONFIGS, DEPLOYMENTS)
    world.read(CONFIGS, config(), *_more_configs())
    world.read(PODS, pod("uid-1"), pod("uid-2"))
    world.read(DEPLOYMENTS, other)
    world.pass_(minutes=5)
    world.read(CONFIGS, *_more_configs())
    world.pass_(minutes=10)
    world.read(PODS, pod("uid-1", "2", reason="CrashLoop"), pod("uid-2", "2", reason="CrashLoop"))

    assert says.presence(CONFIG) == "gone"
    assert says.ties(pod_key("uid-1"), "USES_CONFIG") == [("tied", CONFIG, "gone")]
    assert says.ask(f"entities/{pod_key('uid-1')}/relations", verb="USES_CONFIG")["data"][0]["other"]["dangling"]
    users = {key for _, key, _ in says.ties(CONFIG, "USES_CONFIG")}
    assert users == {pod_key("uid-1"), pod_key("uid-2")}
    used = says.ask(f"entities/{pod_key('uid-1')}/where")["data"]["config"]
    assert [(one["config"]["key"], one["dangling"]) for one in used] == [(CONFIG, True)]


def _more_configs() -> list[Document]:
    return [document(f"cm-{n}", "1", entity(SHOP.child("k8s.configmap", f"cm-{n}"))) for n in range(3)]


def test_i_a_cluster_that_never_answered_is_a_gap_in_every_answer(world: World, says: Witness) -> None:
    """From its configuration alone it stands as one scope, never read."""
    world.configure("prod", "dark")
    world.scopes("prod", PODS, SERVICES)
    world.read(SERVICES, service())
    world.read(PODS, pod("uid-1"))
    dark = next(one for one in _states(world) if one.scope.source == "dark").scope
    world.fail(dark, error="connection refused: is the API server up?")

    paths = ["entities", f"entities/{SERVICE}", f"entities/{SERVICE}/relations", f"entities/{SERVICE}/where"]
    paths += [f"entities/{SERVICE}/versions", "changes", "sources"]
    for path in paths:
        gaps = [gap for gap in says.ask(path)["freshness"]["gaps"] if gap["source"] == "dark"]
        assert [gap["status"] for gap in gaps] == ["never_read"], path
        assert "connection refused" in gaps[0]["effect"]
    assert says.presence(SERVICE) == "present"
    assert says.refused("entities/k8s.cluster/other/k8s.node/n7") == "/problems/unknown"


def _states(world: World) -> list[ScopeState]:
    with world.store.reader() as reader:
        return list(reader.scopes())
