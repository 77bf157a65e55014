"""What does the mapping make of pods, their containers and the workloads that want them?"""

from functools import reduce
from typing import Any

from collectors.kubernetes.mapping.place import Object, Place
from collectors.kubernetes.resources import CUSTOM, RESOURCES
from graph.model import Alias, AliasEnd, Entity, Holding, Key, KeyEnd, Method, Relation, Statement
from tests.collectors.kubernetes.memory_api import sample

CLUSTER = Key.of(("k8s.cluster", "c1"))
SHOP = CLUSTER.child("k8s.namespace", "shop")
PLACE = Place(CLUSTER, b"key")
READ = {each.name: each for each in (*RESOURCES, *CUSTOM)}


def mapped(resource: str, index: int = 0, item: Object | None = None) -> list[Statement]:
    """Return what a sample, or an object of one's own, states."""
    return list(READ[resource].read(PLACE, sample(resource, index) if item is None else item))


def subject(statements: list[Statement]) -> Entity:
    """Return the entity that a document is about."""
    assert isinstance(statements[0], Entity)
    return statements[0]


def ties(statements: list[Statement], verb: str) -> dict[str, Relation]:
    """Return the relations of a verb by the text of their target."""
    found = [said for said in statements if isinstance(said, Relation) and said.verb == verb]
    named = {said.target.key if isinstance(said.target, KeyEnd) else said.target.value: said for said in found}
    assert len(named) == len(found)
    return {str(name): said for name, said in named.items()}


def containers(statements: list[Statement]) -> dict[str, Any]:
    """Return the attributes of the containers by name."""
    found = (said for said in statements if isinstance(said, Entity) and said.kind == "k8s.container")
    return {said.name: said.attributes for said in found}


def test_a_pod_is_keyed_by_uid_and_its_name_is_an_exclusive_alias() -> None:
    """Key by namespace and uid; aliases: uid for good, name and addresses while it has them."""
    pod = subject(mapped("pods"))
    assert pod.key == SHOP.child("k8s.pod", "pod-1")
    assert pod.incarnation is None
    assert set(pod.aliases) == {
        Alias("k8s.uid", "pod-1", Holding.FOREVER),
        Alias("k8s.pod.name", f"{SHOP}/cart-7d9-abcde", Holding.EXCLUSIVE),
        Alias("ip", f"{CLUSTER}|10.244.1.9", Holding.EXCLUSIVE),
        Alias("ip", f"{CLUSTER}|fd00::9", Holding.EXCLUSIVE),
    }


def test_an_address_that_is_not_its_own_is_no_alias() -> None:
    """A pod on its node's network and a pod that is over hold no address."""
    assert not [alias for alias in subject(mapped("pods", 1)).aliases if alias.type == "ip"]
    assert not [alias for alias in subject(mapped("pods", 2)).aliases if alias.type == "ip"]


def test_a_pod_is_tied_to_its_controller_by_uid_and_to_its_node_by_name() -> None:
    """R4 and R5; an owner of a kind that is not known stays in raw."""
    said = mapped("pods")
    managed = ties(said, "MANAGED_BY")
    assert list(managed) == [SHOP.child("k8s.replicaset", "rs-1")]
    assert managed[SHOP.child("k8s.replicaset", "rs-1")].attributes == {"controller": True}
    assert subject(said).attributes["raw"] == {"owners": ["example.com/v1/Tenant/web#tenant-1"]}
    assert KeyEnd(CLUSTER.child("k8s.node", "node-1")) in [
        each.target for each in said if isinstance(each, Relation) and each.verb == "RUNS_ON"
    ]


def test_a_static_pod_runs_on_its_node_and_is_no_member_of_it() -> None:
    """The kubelet makes the node its owner; the node would else be a group that fails with its static pods."""
    said = mapped("pods", 3)
    assert not ties(said, "MANAGED_BY")
    assert list(ties(said, "RUNS_ON")) == [CLUSTER.child("k8s.node", "node-1"), subject(said).key]
    assert subject(said).attributes["raw"] == {"owners": ["v1/Node/node-1#node-1-uid"]}


def test_every_way_to_use_configuration_is_stated_once_with_all_its_ways() -> None:
    """Variables, envFrom and pull secrets are USES_CONFIG, volumes MOUNTS; ways of one pair merge."""
    said = mapped("pods")
    uses = {name.rpartition("/")[2]: tie.attributes for name, tie in ties(said, "USES_CONFIG").items()}
    assert uses == {
        "cart": {"uses": ["env"], "optional": True, "keys": ["mode"]},
        "cart-overrides": {"uses": ["envFrom"], "optional": True},
        "database": {"uses": ["env", "envFrom"]},
        "registry": {"uses": ["imagePullSecrets"]},
        "share-login": {"uses": ["volume credentials"]},
    }
    mounts = {name.rpartition("/")[2]: tie.attributes for name, tie in ties(said, "MOUNTS").items()}
    assert mounts == {
        "cart": {"uses": ["volume"], "keys": ["cart.yaml"], "path": ["/etc/cart"]},
        "cart-tls": {"uses": ["volume"], "optional": True, "path": ["/etc/tls"]},
        "kube-root-ca.crt": {"uses": ["projected"], "keys": ["ca.crt"], "path": ["/etc/bundle"]},
        "extra": {"uses": ["projected"], "path": ["/etc/bundle"]},
        "cart-data": {"uses": ["volume"], "path": ["/data"]},
        "cart-7d9-abcde-cache": {"uses": ["ephemeral volume"], "path": ["/cache"]},
    }


def test_a_volume_that_fetches_secrets_names_where_these_are_said() -> None:
    """The SecretProviderClass of its namespace, where the cluster has such; a template keeps its name anyhow."""
    volumes = [
        {"name": "vault", "csi": {"driver": driver, "volumeAttributes": {"secretProviderClass": "cart"}}}
        for driver in ("secrets-store.csi.k8s.io", "other.example.com")
    ]
    served = Place(CLUSTER, b"key", {("secrets-store.csi.x-k8s.io", "SecretProviderClass"): True})
    for resource, spec in (("pods", ("spec",)), ("deployments.apps", ("spec", "template", "spec"))):
        for volume, place, named in (
            (volumes[0], served, True),
            (volumes[1], served, False),
            (volumes[0], PLACE, False),
        ):
            item = sample(resource)
            reduce(dict.__getitem__, spec, item)["volumes"] = [volume]
            key = SHOP.child("k8s.resource", "secrets-store.csi.x-k8s.io:SecretProviderClass:cart")
            assert list(ties(list(READ[resource].read(place, item)), "MOUNTS")) == ([key] if named else [])


def test_a_template_keeps_what_its_volumes_are_made_of() -> None:
    """The class of fetched secrets and the image of a volume of it; not what else a driver is told."""
    item = sample("deployments.apps")
    told = {"secretProviderClass": "cart", "token": "canary-volume"}
    item["spec"]["template"]["spec"]["volumes"] = [
        {"name": "vault", "csi": {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": told}},
        {"name": "model", "image": {"reference": "registry.example.com/model:3", "pullPolicy": "Always"}},
    ]
    assert subject(mapped("deployments.apps", item=item)).attributes["volumes"] == {
        "vault": {"type": "csi", "driver": "secrets-store.csi.k8s.io", "secretProviderClass": "cart"},
        "model": {"type": "image", "reference": "registry.example.com/model:3"},
    }


def test_a_pod_runs_as_its_service_account_or_the_default_one() -> None:
    """The default where none is named; a static pod has none."""
    assert list(ties(mapped("pods"), "RUNS_AS")) == [SHOP.child("k8s.serviceaccount", "cart")]
    assert list(ties(mapped("pods", 1), "RUNS_AS")) == [SHOP.child("k8s.serviceaccount", "default")]
    assert not ties(mapped("pods", 3), "RUNS_AS")


def test_only_a_registry_digest_is_an_image() -> None:
    """R17: by the digest that runs; the id of an image's configuration is no digest, and no tie is made of it."""
    said = mapped("pods")
    images = ties(said, "USES_IMAGE")
    assert set(images) == {f"container.image/sha256:{digit * 64}" for digit in "12"}
    tie = images[f"container.image/sha256:{'1' * 64}"]
    assert (tie.method, tie.attributes) == (Method.DIGEST, {"reference": "registry.example.com/shop/cart:1.2.0"})
    assert "image_digest" not in containers(said)["debug"]


def test_containers_say_what_they_are_and_how_they_do() -> None:
    """Role, configuration and condition of each container."""
    found = containers(mapped("pods"))
    roles = {name: attributes["role"] for name, attributes in found.items()}
    assert roles == {"cart": "container", "migrate": "init", "proxy": "sidecar", "debug": "ephemeral"}
    cart = found["cart"]
    assert cart["state"] == "waiting"
    assert cart["reason"] == "CrashLoopBackOff"
    assert cart["restarts"] == 3
    assert cart["last_terminated"] == {"reason": "OOMKilled", "exit_code": 137, "finished_at": "2026-01-31T10:00:00Z"}
    assert cart["env_names"] == ["DATABASE_PASSWORD", "MODE", "PLAIN"]
    assert cart["probes"]["readiness"] == {"type": "httpGet", "path": "/ready", "port": "http", "period": 5}
    assert found["migrate"]["exit_code"] == 0


def test_a_command_is_a_hash_that_moves_with_it() -> None:
    """Equal commands have equal hashes; another command, another split, and another key do not."""
    item = sample("pods")
    before = containers(mapped("pods"))["cart"]["command_hash"]
    assert containers(mapped("pods", item=item))["cart"]["command_hash"] == before
    item["spec"]["containers"][0]["args"] = ["--listen=:9090"]
    assert containers(mapped("pods", item=item))["cart"]["command_hash"] != before
    item["spec"]["containers"][0] |= {"command": ["/cart", "--listen=:8080"], "args": []}
    assert containers(mapped("pods", item=item))["cart"]["command_hash"] != before
    assert Place(CLUSTER, b"other").hashed("a") != PLACE.hashed("a")


def test_what_moves_in_a_quiet_world_is_not_there() -> None:
    """Heartbeats, resourceVersion, managedFields and condition times change nothing."""
    for resource in ("pods", "nodes"):
        item = sample(resource)
        item["metadata"] |= {"resourceVersion": "99", "managedFields": [], "generation": 7}
        for condition in item["status"]["conditions"]:
            condition |= {"lastHeartbeatTime": "2027-01-01T00:00:00Z", "message": "other"}
        assert mapped(resource, item=item) == mapped(resource)


def test_named_workloads_carry_their_uid_as_incarnation() -> None:
    """A Deployment deleted and applied again has the same key and another incarnation."""
    item = sample("deployments.apps")
    item["metadata"]["uid"] = "deployment-2"
    first, second = subject(mapped("deployments.apps")), subject(mapped("deployments.apps", item=item))
    assert first.key == second.key == SHOP.child("k8s.deployment", "cart")
    assert (first.incarnation, second.incarnation) == ("deployment-1", "deployment-2")


def test_a_template_says_what_its_pods_will_use() -> None:
    """Workloads are tied to configuration and identity by themselves, so that it shows with no pod left."""
    for resource in ("deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch"):
        said = mapped(resource)
        assert set(ties(said, "RUNS_AS")) == {SHOP.child("k8s.serviceaccount", "cart")}
        assert SHOP.child("k8s.secret", "database") in ties(said, "USES_CONFIG")
        assert SHOP.child("k8s.configmap", "cart") in ties(said, "MOUNTS")
        templates = subject(said).attributes["containers"]
        assert isinstance(templates, dict)
        assert set(templates) == {"cart"}


def test_owners_of_named_kinds_are_ends_with_incarnation() -> None:
    """ReplicaSet to Deployment, Job to CronJob: key by name, incarnation by uid."""
    managed = ties(mapped("replicasets.apps"), "MANAGED_BY").values()
    assert [tie.target for tie in managed] == [KeyEnd(SHOP.child("k8s.deployment", "cart"), "deployment-1")]
    managed = ties(mapped("jobs.batch"), "MANAGED_BY").values()
    assert [tie.target for tie in managed] == [KeyEnd(SHOP.child("k8s.cronjob", "reindex"), "cronjob-1")]


def test_absent_counts_are_zero() -> None:
    """The API leaves zeros out; the difference from three to nothing is three to zero."""
    item = sample("deployments.apps") | {"status": {}}
    assert subject(mapped("deployments.apps", item=item)).attributes["ready_replicas"] == 0


def test_a_node_is_realized_by_its_instance() -> None:
    """R1: by the instance id at the end of providerID; a Fargate node has none."""
    said = mapped("nodes")
    [tie] = ties(said, "REALIZED_BY").values()
    assert tie.target == AliasEnd("aws.ec2.instance.id", "i-0a1b2c3d4e5f60001", ("aws.ec2.instance",))
    assert Alias("ip", f"{CLUSTER}|10.0.0.7", Holding.SHARED) in subject(said).aliases
    item = sample("nodes")
    item["spec"]["providerID"] = "aws:///eu-west-1a/1b2c3d/fargate-ip-10-0-0-9.eu-west-1.compute.internal"
    assert not ties(mapped("nodes", item=item), "REALIZED_BY")
