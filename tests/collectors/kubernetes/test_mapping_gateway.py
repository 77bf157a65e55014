"""What does the mapping make of Gateways, their routes, and what is allowed to cross namespaces?"""

from typing import Any

import pytest

from graph.model import KeyEnd, Relation
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject, ties

GROUP = "gateway.networking.k8s.io"
HTTP = f"httproutes.{GROUP}"
BANK = CLUSTER.child("k8s.namespace", "bank")
SECTIONS = ["shop/edge https", "shop/edge http"]


def test_a_gateway_has_a_class_addresses_and_certificates() -> None:
    """Certificates may lie in another namespace, and need not be Secrets."""
    said = mapped(f"gateways.{GROUP}")
    gateway = subject(said).attributes
    assert gateway["class"] == "public"
    assert gateway["hosts"] == ["*.example.com"]
    assert gateway["load_balancer"] == ["edge-1.elb.eu-west-1.amazonaws.com"]
    assert gateway["conditions"] == {"Programmed": "True"}
    assert gateway["listeners"] == {
        "https": {
            "host": "*.example.com",
            "port": 443,
            "protocol": "HTTPS",
            "tls": "Terminate",
            "routes_from": "Selector",
            "routes_selector": {"matchLabels": {"public": "yes"}},
        }
    }
    assert {name: tie.attributes["uses"] for name, tie in ties(said, "USES_CONFIG").items()} == {
        CLUSTER.child("k8s.gatewayclass", "public"): ["gatewayClassName"],
        SHOP.child("k8s.secret", "wildcard"): ["tls"],
        CLUSTER.child("k8s.namespace", "infra").child("k8s.secret", "shared"): ["tls"],
    }


def test_a_route_leads_by_host_match_and_port_with_weights() -> None:
    """A tie for each of them; weights of one backend add up; the first rule for a match is the one that counts."""
    routes = [one for one in mapped(HTTP) if isinstance(one, Relation) and one.verb == "ROUTES_TO"]
    found = {
        (one.slot.split("#")[0], one.target.key.id): one.attributes for one in routes if isinstance(one.target, KeyEnd)
    }
    assert len(found) == len(routes) == 10
    for host in ("shop.example.com", "www.example.com"):
        told = {"host": host, "path": "/cart", "path_type": "PathPrefix", "method": "GET", "port": 80}
        assert found[f"{host} GET /cart :80", "cart"] == told | {"weight": 90}
        assert found[f"{host} GET /cart :80", "cart-next"] == told | {"weight": 11}
        assert found[f"{host} /cart Exact ", "cart"] == {
            "host": host,
            "path": "/cart",
            "path_type": "Exact",
            "port": 80,
            "weight": 90,
        }
        assert found[f"{host} :443", "pay"] == {"host": host, "port": 443, "weight": 1, "cross_namespace": True}
    assert not [name for _, name in found if name in ("never", "far")]
    assert BANK.child("k8s.service", "pay") in {one.target.key for one in routes if isinstance(one.target, KeyEnd)}


def test_another_weight_is_another_version_of_the_same_tie() -> None:
    """What tells ties apart does not hold the weight, so that a canary is one tie that differs."""
    item = sample(HTTP)
    item["spec"]["rules"][0]["backendRefs"][0]["weight"] = 50
    before, after = (
        [one for one in said if isinstance(one, Relation)] for said in (mapped(HTTP), mapped(HTTP, 0, item))
    )
    assert [(one.target, one.slot) for one in before] == [(one.target, one.slot) for one in after]
    assert [one.attributes for one in before] != [one.attributes for one in after]


def test_a_route_depends_on_its_parents_and_says_what_they_made_of_it() -> None:
    """A Gateway by section, a service by port, each once; and why a backend is not in effect."""
    said = mapped(HTTP)
    parents = ties(said, "DEPENDS_ON")
    assert {name: tie.slot for name, tie in parents.items()} == {
        SHOP.child("k8s.gateway", "edge"): "https",
        SHOP.child("k8s.service", "cart"): "80",
    }
    conditions = subject(said).attributes["conditions"]
    assert conditions == {"edge": {"Accepted": "True", "ResolvedRefs": "False RefNotPermitted"}}


@pytest.mark.parametrize(
    ("parents", "names"),
    [
        ([{"name": "edge"}, {"name": "inner"}], ["edge", "inner"]),
        ([{"name": "edge", "sectionName": "https"}, {"name": "edge", "sectionName": "http"}], SECTIONS),
        (
            [{"name": "edge"}, {"name": "edge", "namespace": "bank"}, {"name": "edge", "port": 80}],
            ["shop/edge", "bank/edge", "shop/edge :80"],
        ),
        ([{"name": "cart"}, {"name": "cart", "group": "", "kind": "Service"}], ["shop/cart", "Service shop/cart"]),
    ],
)
def test_what_one_parent_says_is_not_what_another_says(parents: list[dict[str, Any]], names: list[str]) -> None:
    """Two listeners of one Gateway, or two Gateways of one name; in whatever order they answer."""
    item = sample(HTTP)
    for order in (1, -1):
        item["status"]["parents"] = [
            {"parentRef": parent, "conditions": [{"type": "Accepted", "status": "True" if at else "False"}]}
            for at, parent in enumerate(parents)
        ][::order]
        conditions = subject(mapped(HTTP, item=item)).attributes["conditions"]
        said = {name: {"Accepted": "True" if at else "False "} for at, name in enumerate(names)}
        assert conditions == said


def test_two_controllers_may_answer_for_one_parent() -> None:
    """Each by its name."""
    item = sample(HTTP)
    item["status"]["parents"] = [
        {"parentRef": {"name": "edge"}, "controllerName": name, "conditions": []}
        for name in ("a.example/c", "b.example/c")
    ]
    conditions = subject(mapped(HTTP, item=item)).attributes["conditions"]
    assert conditions == {"shop/edge a.example/c": {}, "shop/edge b.example/c": {}}


def test_who_gets_a_copy_is_leant_on() -> None:
    """By a rule or by one of its backends, wherever that is, once each; and nothing that is no service."""
    item = sample(HTTP)
    copies: list[dict[str, Any]] = [
        {"name": "shadow", "port": 80},
        {"name": "shadow", "port": 81},
        {"name": "shadow", "namespace": "bank", "port": 80},
        {"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "far", "port": 80},
    ]
    filters = [{"type": "RequestMirror", "requestMirror": {"backendRef": one}} for one in copies]
    item["spec"]["rules"][0]["filters"] = filters[:2]
    item["spec"]["rules"][0]["backendRefs"][0]["filters"] = filters[2:]
    found = {
        str(tie.target): tie for tie in mapped(HTTP, item=item) if isinstance(tie, Relation) and tie.slot == "mirror"
    }
    assert {tie.target for tie in found.values()} == {
        KeyEnd(SHOP.child("k8s.service", "shadow")),
        KeyEnd(BANK.child("k8s.service", "shadow")),
    }
    assert all((tie.verb, tie.attributes["uses"]) == ("DEPENDS_ON", ["requestMirror"]) for tie in found.values())


@pytest.mark.parametrize("plural", ["tcproutes", "tlsroutes"])
def test_each_rule_without_matches_leads_somewhere(plural: str) -> None:
    """Nothing says that the first is the one that counts; what they say twice is said once."""
    item = sample(f"{plural}.{GROUP}")
    rule = {"backendRefs": [{"name": "late", "port": 5432}]}
    item["spec"]["rules"] += [rule, rule]
    routes = ties(mapped(f"{plural}.{GROUP}", item=item), "ROUTES_TO")
    assert SHOP.child("k8s.service", "late") in routes
    assert len(routes) == 2


def test_other_routes_lead_by_what_they_have() -> None:
    """GRPC by service and method, TLS by host, TCP by port alone."""
    slots = {}
    for plural in ("grpcroutes", "tlsroutes", "tcproutes"):
        [tie] = ties(mapped(f"{plural}.{GROUP}"), "ROUTES_TO").values()
        slots[plural] = tie.slot
    assert slots == {
        "grpcroutes": "rates.example.com /rates.v1.Rates/Get Exact :9000",
        "tlsroutes": "db.example.com :5432",
        "tcproutes": "* :5672",
    }


def test_an_ingress_and_a_gateway_name_their_classes() -> None:
    """By name, in the cluster; the class says who serves it."""
    assert CLUSTER.child("k8s.ingressclass", "nginx") in ties(mapped("ingresses.networking.k8s.io"), "USES_CONFIG")
    ingress = subject(mapped("ingressclasses.networking.k8s.io"))
    assert (ingress.key, ingress.attributes["controller"]) == (
        CLUSTER.child("k8s.ingressclass", "nginx"),
        "k8s.io/ingress-nginx",
    )
    assert ingress.attributes["default"] is True
    assert subject(mapped(f"gatewayclasses.{GROUP}")).attributes["controller"] == "example.com/gateway"


def test_a_grant_keeps_who_may_refer_to_what() -> None:
    """As data: whom it allows is a matter of two documents."""
    said = mapped(f"referencegrants.{GROUP}")
    assert subject(said).attributes["to"] == [{"group": "", "kind": "Service", "name": "pay"}]
    assert not [one for one in said if isinstance(one, Relation)]
