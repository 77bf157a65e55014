"""What stands in the small cluster that questions are asked about? A shop, with everything on the way to its pods."""

from __future__ import annotations

from dataclasses import dataclass, field

from graph.model import Document, Entity, Key, KeyEnd, Relation, Scope
from graph.store import GraphStore
from graph.stores.memory import MemoryStore
from tests.graph.world import World, alias_end, document, entity, exclusive, forever, tie

CLUSTER = Key.of(("k8s.cluster", "c1"))
SHOP = CLUSTER.child("k8s.namespace", "shop")
SERVICE = SHOP.child("k8s.service", "cart")
INGRESS = SHOP.child("k8s.ingress", "shop")
DEPLOYMENT = SHOP.child("k8s.deployment", "cart")
REPLICASET = SHOP.child("k8s.replicaset", "rs1")
CRONJOB = SHOP.child("k8s.cronjob", "report")
JOB = SHOP.child("k8s.job", "job1")
CONFIG = SHOP.child("k8s.configmap", "cart-config")
ACCOUNT = SHOP.child("k8s.serviceaccount", "cart")
NODE = CLUSTER.child("k8s.node", "n1")
IMAGE = Key.of(("container.image", "sha256:abc"))
SLICE = SHOP.child("k8s.endpointslice", "cart-x")

STATES = {
    "cluster": ["k8s.cluster", "k8s.namespace", "PART_OF"],
    "nodes": ["k8s.node", "REALIZED_BY", "PART_OF"],
    "services": ["k8s.service"],
    "ingresses": ["k8s.ingress", "ROUTES_TO"],
    "endpointslices": ["k8s.endpointslice", "SELECTS", "MANAGED_BY"],
    "deployments": ["k8s.deployment", "MANAGED_BY", "USES_CONFIG", "MOUNTS", "RUNS_AS"],
    "replicasets": ["k8s.replicaset", "MANAGED_BY", "USES_CONFIG", "MOUNTS", "RUNS_AS"],
    "cronjobs": ["k8s.cronjob", "MANAGED_BY"],
    "jobs": ["k8s.job", "MANAGED_BY"],
    "statefulsets": ["k8s.statefulset", "MANAGED_BY"],
    "daemonsets": ["k8s.daemonset", "MANAGED_BY"],
    "configmaps": ["k8s.configmap"],
    "secrets": ["k8s.secret"],
    "serviceaccounts": ["k8s.serviceaccount"],
    "pods": ["k8s.pod", "k8s.container", "MANAGED_BY", "RUNS_ON", "USES_IMAGE", "USES_CONFIG", "MOUNTS", "RUNS_AS"],
}
SCOPES = {name: Scope("prod", name, frozenset(states), CLUSTER) for name, states in STATES.items()}


def pod_key(uid: str) -> Key:
    """Name a pod of the shop."""
    return SHOP.child("k8s.pod", uid)


def pod(
    uid: str, *, owner: Key = REPLICASET, version: str = "1", ready: bool = True, image: str = "cart:1"
) -> Document:
    """Make the document of a pod with one container."""
    key = pod_key(uid)
    container = key.child("k8s.container", "app")
    named = Entity(
        key,
        f"cart-{uid}",
        uid,
        {"node": "n1", "phase": "Running", "ready": ready},
        (exclusive("k8s.pod.name", f"{SHOP}/cart-{uid}"), forever("k8s.uid", uid)),
    )
    return document(
        f"pod-{uid}",
        version,
        named,
        tie(key, "MANAGED_BY", owner, controller=True),
        tie(key, "RUNS_ON", NODE),
        tie(key, "USES_CONFIG", CONFIG, uses=["env"]),
        tie(key, "RUNS_AS", ACCOUNT),
        entity(container, image=image, ready=ready, state="running", role="container"),
        tie(container, "RUNS_ON", key),
        tie(container, "USES_IMAGE", IMAGE, reference=image),
    )


def endpoints(*uids: str, version: str = "1") -> Document:
    """Make the EndpointSlice of the service, which names pods by their uid."""
    ties = [tie(SERVICE, "SELECTS", pod_key(uid), "IPv4", ready=True, zone="eu-1a") for uid in uids]
    return document(
        "slice", version, entity(SLICE, endpoints_total=len(uids)), tie(SLICE, "MANAGED_BY", SERVICE), *ties
    )


def routed() -> Document:
    """Make the ingress that leads to the service."""
    route: Relation = tie(
        INGRESS, "ROUTES_TO", SERVICE, "shop.example.com /cart", host="shop.example.com", path="/cart", port=80
    )
    return document("ingress", "1", entity(INGRESS, load_balancer=["edge.example.com"]), route)


@dataclass(slots=True)
class Shop:
    """The cluster `prod`, read once."""

    store: GraphStore = field(default_factory=MemoryStore)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.store)

    def configure(self, *more: str) -> Shop:
        """Configure the cluster, and other sources that will not answer."""
        self.world.configure("prod", *more)
        self.world.scopes("prod", *SCOPES.values())
        return self

    def read(self, name: str, *documents: Document) -> Shop:
        """Read one of its scopes completely."""
        self.world.read(SCOPES[name], *documents)
        return self

    def forbid(self, name: str) -> Shop:
        """Be refused one of its scopes."""
        self.world.forbid(SCOPES[name])
        return self

    def read_all(self, *uids: str) -> Shop:
        """Read everything, with these pods, each an endpoint of the service."""
        machine = tie(NODE, "REALIZED_BY", alias_end("aws.ec2.instance.id", "i-0abc", "aws.ec2.instance"))
        created = "2026-02-01T00:00:00Z"
        self.read("cluster", document("c", "1", entity(CLUSTER)), document("ns", "1", entity(SHOP)))
        self.read("nodes", document("n1", "1", entity(NODE, zone="eu-1a", ready=True, created_at=created), machine))
        service = entity(
            SERVICE, incarnation="s1", created_at=created, labels={"app": "cart"}, load_balancer=["lb.example.com"]
        )
        self.read("services", document("service", "1", service))
        self.read("ingresses", routed())
        uses = tie(DEPLOYMENT, "USES_CONFIG", CONFIG)
        self.read("deployments", document("deployment", "1", entity(DEPLOYMENT, incarnation="d1", replicas=2), uses))
        owned = tie(REPLICASET, "MANAGED_BY", KeyEnd(DEPLOYMENT, "d1"), controller=True)
        self.read("replicasets", document("rs", "1", entity(REPLICASET, replicas=2), owned))
        self.read("cronjobs", document("cronjob", "1", entity(CRONJOB, schedule="0 3 * * *")))
        self.read("jobs", document("job", "1", entity(JOB), tie(JOB, "MANAGED_BY", CRONJOB, controller=True)))
        self.read("configmaps", document("config", "1", entity(CONFIG)), document("other", "1", entity(_OTHER)))
        self.read("serviceaccounts", document("account", "1", entity(ACCOUNT)))
        for name in ("statefulsets", "daemonsets", "secrets"):
            self.read(name)
        self.read("pods", *(pod(uid) for uid in uids))
        return self.read("endpointslices", endpoints(*uids))


_OTHER = SHOP.child("k8s.configmap", "other")


def shop(*uids: str, store: GraphStore | None = None) -> Shop:
    """Make the shop, configured and read, with these pods."""
    made = Shop(store) if store is not None else Shop()
    return made.configure().read_all(*(uids or ("p1", "p2")))
