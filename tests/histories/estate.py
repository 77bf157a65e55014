"""What do the sources of the nine histories look like? A small cluster, and the systems beside it, as documents."""

from __future__ import annotations

from graph.model import Document, Key, Scope, Value
from tests.graph.world import alias_end, document, entity, exclusive, forever, tie

CLUSTER = Key.of(("k8s.cluster", "9f2c"))
SHOP = CLUSTER.child("k8s.namespace", "shop")
SERVICE = SHOP.child("k8s.service", "cart")
DEPLOYMENT = SHOP.child("k8s.deployment", "cart")
CONFIG = SHOP.child("k8s.configmap", "cart-settings")
NODE = CLUSTER.child("k8s.node", "n1")
IMAGE = Key.of(("container.image", "sha256:" + "5b" * 32))
REGION = Key.of(("cloud.account", "123456789012"), ("cloud.region", "eu-west-1"))

CLUSTERS = Scope("prod", "cluster", frozenset({"k8s.cluster"}), CLUSTER)
POD_WORDS = {"k8s.pod", "k8s.container", "RUNS_ON", "MANAGED_BY", "USES_CONFIG", "USES_IMAGE"}
PODS = Scope("prod", "pods", frozenset(POD_WORDS), CLUSTER)
SHOP_PODS = Scope("prod", "pods/shop", frozenset(POD_WORDS), SHOP, within=SHOP)
SLICES = Scope("prod", "endpointslices", frozenset({"k8s.endpointslice", "SELECTS"}), CLUSTER)
SERVICES = Scope("prod", "services", frozenset({"k8s.service"}), CLUSTER)
NODES = Scope("prod", "nodes", frozenset({"k8s.node", "REALIZED_BY"}), CLUSTER)
CONFIGS = Scope("prod", "configmaps", frozenset({"k8s.configmap"}), CLUSTER)
DEPLOYMENTS = Scope("prod", "deployments", frozenset({"k8s.deployment", "USES_CONFIG"}), CLUSTER)
NAMESPACES = Scope("prod", "namespaces", frozenset({"k8s.namespace"}), CLUSTER)
INSTANCES = Scope("aws", "instances", frozenset({"aws.ec2.instance"}), REGION, snapshot=False)
TARGETS = Scope("targets", "targets", frozenset({"aws.elbv2.load_balancer", "RESOLVES_TO"}), REGION, snapshot=False)
REGISTRY = Scope("registry", "images", frozenset({"container.image"}), "container.image", snapshot=False)
MANIFESTS = Scope("git", "manifests", frozenset({"vcs.file", "DECLARED_IN"}), "vcs.repository/deploy")


def pod_key(uid: str, namespace: Key = SHOP) -> Key:
    """Give the key of a pod."""
    return namespace.child("k8s.pod", uid)


def cluster(name: str = "prod") -> Document:
    """Show the cluster under its configured name."""
    return document("cluster", "1", entity(CLUSTER, exclusive("k8s.cluster.name", name)))


def service() -> Document:
    """Show the service."""
    return document("service", "1", entity(SERVICE, incarnation="service", type="ClusterIP"))


def endpoints(*pods: str, version: str = "1") -> Document:
    """Show the service's EndpointSlice, naming pods by uid."""
    ties = (tie(SERVICE, "SELECTS", pod_key(uid), "IPv4", ready=True) for uid in pods)
    return document("slice", version, entity(SHOP.child("k8s.endpointslice", "cart-x"), incarnation="slice"), *ties)


def pod(uid: str, version: str = "1", *, name: str = "", image: str = "cart:1", **attributes: Value) -> Document:
    """Show a pod with one container, its image by digest, its node and its configuration."""
    key = pod_key(uid)
    container = key.child("k8s.container", "app")
    alias = exclusive("k8s.pod.name", f"{SHOP}/{name or uid}")
    return document(
        uid,
        version,
        entity(key, alias, incarnation=uid, phase="Running", node="n1", **attributes),
        entity(container, image=image),
        tie(container, "USES_IMAGE", IMAGE, reference=image),
        tie(key, "RUNS_ON", NODE),
        tie(key, "USES_CONFIG", CONFIG, uses=["envFrom"]),
    )


def config(version: str = "1", **attributes: Value) -> Document:
    """Show the ConfigMap."""
    return document("config", version, entity(CONFIG, incarnation="config", keys=["a"], **attributes))


def deployment(uid: str, name: str = "cart", created: str = "2026-03-01T09:00:00Z", replicas: int = 1) -> Document:
    """Show a Deployment in one of its lives."""
    key = SHOP.child("k8s.deployment", name)
    return document(uid, "1", entity(key, incarnation=uid, created_at=created, replicas=replicas))


def node(version: str = "1") -> Document:
    """Show the node, which names its instance by id."""
    end = alias_end("aws.ec2.instance.id", "i-0abc", "aws.ec2.instance")
    return document("n1", version, entity(NODE, incarnation="n1"), tie(NODE, "REALIZED_BY", end))


def instance_key(id_: str) -> Key:
    """Give the key of an instance."""
    return REGION.child("aws.ec2.instance", id_)


def instance(id_: str, ip: str) -> Document:
    """Show an instance with an address."""
    aliases = (forever("aws.ec2.instance.id", id_), exclusive("ip", f"vpc-1|{ip}"))
    return document(id_, "", entity(instance_key(id_), *aliases, private_ip=ip))


BALANCER = REGION.child("aws.elbv2.load_balancer", "front")


def target(ip: str) -> Document:
    """Show a load balancer that sends to an address."""
    end = alias_end("ip", f"vpc-1|{ip}", "aws.ec2.instance")
    return document("front", "", entity(BALANCER), tie(BALANCER, "RESOLVES_TO", end))


def image() -> Document:
    """Show the image, as its registry has it."""
    return document("image", "1", entity(IMAGE, repository="registry.example/cart"))


def manifest(name: str = "prod") -> Document:
    """Show a manifest that declares the Deployment of a cluster known by its configured name."""
    file = Key.of(("vcs.repository", "deploy"), ("vcs.file", "cart.yaml"))
    declared = Key.by_name("k8s.cluster", name).child("k8s.namespace", "shop").child("k8s.deployment", "cart")
    return document("cart.yaml", "1", entity(file, path="cart.yaml"), tie(declared, "DECLARED_IN", file))


FILE = Key.of(("vcs.repository", "deploy"), ("vcs.file", "cart.yaml"))
