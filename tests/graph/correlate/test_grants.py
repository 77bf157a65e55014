"""Does a ReferenceGrant allow the routes that it names, and no others?"""

from __future__ import annotations

import pytest

from graph.correlate.grants import Grants
from graph.model import Document, Key, Scope, Value
from graph.stores.memory import MemoryStore
from tests.graph.correlate.cluster import BANK, CLUSTER, SHOP, Estate
from tests.graph.world import World, document, entity, tie

ROUTES = Scope("prod", "httproutes", frozenset({"k8s.httproute", "ROUTES_TO", "DEPENDS_ON"}), CLUSTER)
GRANTS = Scope("prod", "referencegrants", frozenset({"k8s.referencegrant"}), CLUSTER)
GROUP = "gateway.networking.k8s.io"
FROM_SHOP: dict[str, Value] = {"group": GROUP, "kind": "HTTPRoute", "namespace": "shop"}
ANY_SERVICE: dict[str, Value] = {"group": "", "kind": "Service"}


@pytest.fixture
def estate() -> Estate:
    """A cluster whose route `cart` leads to a service of its own namespace, and to one of another."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", ROUTES, GRANTS)
    world.read(ROUTES, route("cart", SHOP.child("k8s.service", "cart"), BANK.child("k8s.service", "pay")))
    return Estate(world, (Grants(),))


def route(name: str, *services: Key) -> Document:
    """Show a route of namespace shop."""
    key = SHOP.child("k8s.httproute", name)
    ties = [tie(key, "ROUTES_TO", service) for service in services]
    return document(name, str(services), entity(key, incarnation=name), *ties)


def grant(from_: dict[str, Value], to: dict[str, Value], namespace: Key = BANK) -> Document:
    """Show a ReferenceGrant."""
    said: dict[str, Value] = {"from": [from_], "to": [to]}
    stated = entity(namespace.child("k8s.referencegrant", "shop"), incarnation=f"{namespace.id}-shop", **said)
    return document(f"{namespace.id}-shop", f"{from_}{to}", stated)


def allowed(estate: Estate) -> set[tuple[str, str]]:
    """Give (route, service) of each tie that is allowed."""
    keys = [SHOP.child("k8s.httproute", name) for name in ("cart", "late")]
    with estate.world.store.reader() as reader:
        ties = reader.relations(keys, outgoing=True, verbs=("ALLOWED_BY",))
    return {(tie.source.key.id, tie.stated.slot) for tie in ties if tie.source.key is not None}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (grant(FROM_SHOP, ANY_SERVICE), True),
        (grant(FROM_SHOP, {**ANY_SERVICE, "name": "pay"}), True),
        (grant(FROM_SHOP, {**ANY_SERVICE, "name": "other"}), False),
        (grant(FROM_SHOP, {"group": "", "kind": "Secret"}), False),
        (grant({**FROM_SHOP, "namespace": "ci"}, ANY_SERVICE), False),
        (grant({**FROM_SHOP, "kind": "GRPCRoute"}, ANY_SERVICE), False),
        (grant({**FROM_SHOP, "group": ""}, ANY_SERVICE), False),
        (grant(FROM_SHOP, ANY_SERVICE, SHOP), False),
    ],
)
def test_a_grant_names_kind_namespace_and_service(estate: Estate, shown: Document, expected: bool) -> None:
    """All of it must fit, and it must stand where the service stands; a tie within a namespace needs none."""
    estate.world.read(GRANTS, shown)
    estate.conclude()
    assert allowed(estate) == ({("cart", "pay")} if expected else set())


def test_a_copy_of_requests_needs_a_grant_and_a_parent_does_not(estate: Estate) -> None:
    """Both are leant on: the slot tells them apart."""
    key, pay, card = SHOP.child("k8s.httproute", "late"), *(BANK.child("k8s.service", name) for name in ("pay", "card"))
    ties = (tie(key, "DEPENDS_ON", pay, slot="mirror"), tie(key, "DEPENDS_ON", card, slot="80"))
    estate.world.read(ROUTES, route("cart"), document("late", "1", entity(key, incarnation="late"), *ties))
    estate.world.read(GRANTS, grant(FROM_SHOP, ANY_SERVICE))
    estate.conclude()
    assert allowed(estate) == {("late", "pay")}


def test_it_follows_grants_and_routes(estate: Estate) -> None:
    """A grant that comes, goes or differs, and a route that comes, each by itself."""
    estate.conclude()
    assert allowed(estate) == set()
    estate.world.read(GRANTS, grant(FROM_SHOP, ANY_SERVICE))
    estate.conclude()
    assert allowed(estate) == {("cart", "pay")}
    pay = BANK.child("k8s.service", "pay")
    estate.world.read(ROUTES, route("cart", SHOP.child("k8s.service", "cart"), pay), route("late", pay))
    estate.conclude()
    assert allowed(estate) == {("cart", "pay"), ("late", "pay")}
    estate.world.read(GRANTS, grant({**FROM_SHOP, "namespace": "ci"}, ANY_SERVICE))
    estate.conclude()
    assert allowed(estate) == set()
