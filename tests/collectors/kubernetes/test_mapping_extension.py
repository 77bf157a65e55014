"""What does the mapping make of webhooks, aggregated APIs, resource definitions, external names and Events?"""

import pytest

from graph.model import AliasEnd, Method, statements_text
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject, ties

ADMISSION = "admissionregistration.k8s.io"
EVENTS = "events.events.k8s.io"


def service(namespace: str, name: str) -> str:
    """Give the key of a service."""
    return CLUSTER.child("k8s.namespace", namespace).child("k8s.service", name)


def test_webhooks_lead_to_the_services_that_are_asked() -> None:
    """The slot is the webhook's name; what is asked by URL has no service; what breaks writes is data."""
    said = mapped(f"mutatingwebhookconfigurations.{ADMISSION}")
    [tie] = ties(said, "ROUTES_TO").values()
    assert (tie.slot, tie.attributes) == ("inject.mesh.example.com", {"port": 443, "path": "/inject"})
    assert list(ties(said, "ROUTES_TO")) == [service("mesh", "injector")]
    webhooks = subject(said).attributes["webhooks"]
    assert isinstance(webhooks, dict)
    webhook = webhooks["inject.mesh.example.com"]
    assert isinstance(webhook, dict)
    assert webhook["failure_policy"] == "Fail"
    assert webhook["namespace_selector"] == {"matchLabels": {"mesh": "enabled"}}
    validating = mapped(f"validatingwebhookconfigurations.{ADMISSION}")
    assert {name: tie.attributes for name, tie in ties(validating, "ROUTES_TO").items()} == {
        service("policy", "gate"): {"port": 8443, "path": "/check"}
    }


def test_an_api_service_leads_to_who_answers_for_it() -> None:
    """One without a service is the API server's own."""
    said = mapped("apiservices.apiregistration.k8s.io")
    assert list(ties(said, "ROUTES_TO")) == [service("kube-system", "metrics-server")]
    assert subject(said).attributes["available"] == "False"
    assert not ties(mapped("apiservices.apiregistration.k8s.io", 1), "ROUTES_TO")


def test_a_definition_leads_to_its_converter_and_keeps_no_schema() -> None:
    """Versions with what they are; the schema of a large operator is megabytes."""
    said = mapped("customresourcedefinitions.apiextensions.k8s.io")
    assert {name: tie.slot for name, tie in ties(said, "ROUTES_TO").items()} == {
        service("tenants", "converter"): "conversion"
    }
    assert subject(said).attributes["versions"] == [
        {"name": "v1", "served": True, "storage": True},
        {"name": "v1beta1", "served": False, "storage": False, "deprecated": True},
    ]
    assert "openAPIV3Schema" not in statements_text(said)


def test_an_external_name_is_depended_on() -> None:
    """By DNS name, in small letters and without a last dot; a service of the cluster by key."""
    [far] = ties(mapped("services", 2), "DEPENDS_ON").values()
    assert isinstance(far.target, AliasEnd)
    assert (far.target.name.type, far.target.value, far.method) == ("dns.name", "legacy.example.com", Method.DNS)
    assert list(ties(mapped("services", 3), "DEPENDS_ON")) == [service("bank", "payments")]


def test_an_event_regards_its_objects() -> None:
    """By uid where that is one: the kubelet gives a node's name, and for a static pod a hash, in its place."""
    said = mapped(EVENTS)
    assert {name: tie.slot for name, tie in ties(said, "REGARDS").items()} == {
        SHOP.child("k8s.pod", "pod-1"): "",
        CLUSTER.child("k8s.node", "node-1"): "related",
    }
    [node] = (tie for tie in ties(said, "REGARDS").values() if tie.slot)
    assert not isinstance(node.target, AliasEnd)
    assert node.target.incarnation is None
    [static] = ties(mapped(EVENTS, 1), "REGARDS").values()
    system = CLUSTER.child("k8s.namespace", "kube-system")
    assert static.target == AliasEnd("k8s.pod.name", f"{system}/etcd-node-1", ("k8s.pod",))
    assert not ties(mapped(EVENTS, 2), "REGARDS")
    assert subject(mapped(EVENTS, 2)).attributes["regarding"] == "Tenant/shop/web"


def test_a_note_is_free_text_and_redacted_as_such() -> None:
    """Credentials in a URL leave their place; a text that looks secret goes whole."""
    assert subject(mapped(EVENTS)).attributes["note"] == (
        "Back-off pulling image from https://[removed]@registry.example.com/cart"
    )
    assert subject(mapped(EVENTS, 1)).attributes["note"] == "[removed]"


@pytest.mark.parametrize(("count", "least"), [(1, 1), (9, 1), (10, 10), (99, 10), (100, 100), (4711, 1000)])
def test_how_often_an_event_came_is_a_lower_bound(count: int, least: int) -> None:
    """So a container that fails for a day makes four versions, and not three hundred."""
    item = sample(EVENTS)
    item["series"] |= {"count": count, "lastObservedTime": "2027-01-01T00:00:00.000000Z"}
    assert subject(mapped(EVENTS, item=item)).attributes["count_at_least"] == least
    del item["series"]
    item["deprecatedCount"] = count
    assert subject(mapped(EVENTS, item=item)).attributes["count_at_least"] == least
