"""Which things are there to be asked for by whatever text? One of each sort, and some that share a name."""

from __future__ import annotations

from graph.model import KINDS, VERBS, Alias, Document, Entity, Holding, Key, Scope, Value
from graph.store import GraphStore
from tests.graph.world import World, document, exclusive, forever, tie

CLUSTER = Key.of(("k8s.cluster", "9f2c"))
SHOP, BANK = CLUSTER.child("k8s.namespace", "shop"), CLUSTER.child("k8s.namespace", "bank")
SERVICE, OTHER = SHOP.child("k8s.service", "cart"), BANK.child("k8s.service", "cart")
DEPLOYMENT = SHOP.child("k8s.deployment", "cart")
CONFIG = SHOP.child("k8s.configmap", "cart")
POD = SHOP.child("k8s.pod", "41d0-aa")
CONTAINER = POD.child("k8s.container", "app")
NODE = CLUSTER.child("k8s.node", "ip-10-1-0-1.eu-west-1.compute.internal")
INGRESS, WILD = SHOP.child("k8s.ingress", "edge"), SHOP.child("k8s.ingress", "wild")
INSTANCE = Key.of(("cloud.account", "123456789012"), ("cloud.region", "eu-west-1"), ("aws.ec2.instance", "i-0abc123"))
ROLE = Key.of(("cloud.account", "123456789012"), ("aws.iam.role", "reader"))
BALANCER = INSTANCE.container.child("aws.elbv2.load_balancer", "edge") if INSTANCE.container else INSTANCE
REPOSITORY = Key.of(("vcs.repository", "gitlab.example.com:7"))
SHA = "3f786850e387550fdab836ed7e6dc881de23001b"
COMMIT = REPOSITORY.child("vcs.commit", SHA)
DIGEST = f"sha256:{'5b0f' * 16}"
IMAGE = Key.of(("container.image", DIGEST))
NEVER = CLUSTER.child("k8s.node", "n9")

READ = 3
"""The revision that has all of them: the first two have the source, and its scope."""

EVERYTHING = Scope("any", "everything", frozenset({*KINDS, *VERBS}), "")


def stated(key: Key, name: str, *aliases: Alias, **attributes: Value) -> Document:
    """Make a document that states one thing."""
    return document(key, repr((name, aliases, attributes)), Entity(key, name, None, attributes, aliases))


def ip(address: str) -> Alias:
    """Make an address in the cluster's network, which one thing has at an instant."""
    return exclusive("ip", f"{CLUSTER}|{address}")


def things() -> list[Document]:
    """State one of each sort."""
    container = Entity(
        CONTAINER, "app", None, {"image": "registry.example.com/shop/cart:1.2", "image_digest": DIGEST, "role": "x"}
    )
    labels: Value = {"app": "cart", "tier": "web"}
    return [
        stated(CLUSTER, "prod", exclusive("k8s.cluster.name", "prod")),
        stated(SHOP, "shop"),
        stated(BANK, "bank"),
        stated(SERVICE, "cart", forever("k8s.uid", "0d9c-3c7e"), ip("10.9.0.1"), labels=labels),
        stated(OTHER, "cart", ip("10.9.0.2"), labels={"app": "cart"}),
        stated(DEPLOYMENT, "cart", forever("k8s.uid", "d001"), containers={"app": {"image": "shop/cart:1.2"}}),
        stated(CONFIG, "cart"),
        document(
            POD,
            "1",
            Entity(
                POD,
                "Cart-7f-x",
                None,
                {"pod_ips": ["10.0.0.7"], "labels": labels},
                (forever("k8s.uid", POD.id), ip("10.0.0.7"), exclusive("k8s.pod.name", f"{SHOP}/Cart-7f-x")),
            ),
            container,
            tie(CONTAINER, "USES_IMAGE", IMAGE),
            tie(POD, "RUNS_ON", NEVER),
        ),
        stated(
            NODE,
            NODE.id,
            Alias("ip", f"{CLUSTER}|10.1.0.1", Holding.SHARED),
            provider_id="aws:///eu-west-1a/i-0abc123",
            addresses=[{"type": "InternalIP", "address": "10.1.0.1"}, {"type": "ExternalIP", "address": "203.0.113.9"}],
        ),
        stated(INGRESS, "edge", hosts=["shop.example.com"], load_balancer=["dualstack.Edge-1.elb.example.com"]),
        stated(WILD, "wild", hosts=["*.wild.example.com"]),
        stated(
            INSTANCE,
            "worker",
            forever("arn", "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc123"),
            private_ip="10.1.0.1",
        ),
        stated(ROLE, "reader"),
        stated(BALANCER, "edge", dns_name="edge-1.elb.example.com"),
        stated(REPOSITORY, "cart", url="https://gitlab.example.com/shop/cart.git"),
        stated(COMMIT, SHA[:8], message="Fix"),
    ]


def crowd(store: GraphStore) -> World:
    """Read all of them into a store."""
    world = World(store)
    world.configure("any")
    world.scopes("any", EVERYTHING)
    world.read(EVERYTHING, *things())
    return world
