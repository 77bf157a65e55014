"""What does the mapping make of services, endpoints, ingresses, configuration and identities?"""

import pytest

from collectors.kubernetes.mapping.network import NAMED_OUTSIDE
from graph.model import Alias, AliasEnd, Holding, KeyEnd, Method, Relation
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject, ties


def test_a_cluster_ip_is_an_exclusive_alias_and_none_is_none() -> None:
    """A headless and an external service hold no address."""
    assert Alias("ip", f"{CLUSTER}|10.96.0.20", Holding.EXCLUSIVE) in subject(mapped("services")).aliases
    headless, external = subject(mapped("services", 1)), subject(mapped("services", 2))
    assert headless.attributes["headless"] is True
    assert external.attributes["external_name"] == "Legacy.example.com."
    assert not [alias for entity in (headless, external) for alias in entity.aliases if alias.type == "ip"]


def test_whom_a_service_lets_in_is_kept() -> None:
    """From where, by which addresses of nobody's, and whether before it is ready; in any order."""
    service = subject(mapped("services")).attributes
    assert service["load_balancer_source_ranges"] == ["192.0.2.0/24", "198.51.100.0/24"]
    assert service["external_ips"] == ["203.0.113.9"]
    assert service["publish_not_ready_addresses"] is True
    assert "publish_not_ready_addresses" not in subject(mapped("services", 1)).attributes


@pytest.mark.parametrize("ending", ["svc", "svc.cluster.local"])
def test_the_host_of_a_pod_is_of_its_service(ending: str) -> None:
    """A pod of a StatefulSet is found by the service that names it, which has to be there for that."""
    item = sample("services", 2)
    item["spec"]["externalName"] = f"db-0.db.shop.{ending}"
    assert list(ties(mapped("services", item=item), "DEPENDS_ON")) == [SHOP.child("k8s.service", "db")]
    item["spec"]["externalName"] = f"more.db-0.db.shop.{ending}"
    [far] = ties(mapped("services", item=item), "DEPENDS_ON").values()
    assert isinstance(far.target, AliasEnd)


def test_a_slice_ties_its_service_to_pods_by_uid() -> None:
    """R6: readiness from the endpoint, several endpoints of one pod merged; an endpoint without a pod only counted."""
    said = mapped("endpointslices.discovery.k8s.io")
    [tie] = ties(said, "SELECTS").values()
    assert tie.source == KeyEnd(SHOP.child("k8s.service", "cart"))
    assert tie.target == KeyEnd(SHOP.child("k8s.pod", "pod-1"))
    assert (tie.slot, tie.method) == ("IPv4", Method.SELECTOR)
    assert tie.attributes == {
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "zone": "eu-west-1a",
        "ready": True,
        "serving": True,
        "terminating": True,
        "addresses": ["10.244.1.8", "10.244.1.9"],
    }
    assert subject(said).attributes["endpoints_total"] == 3
    assert subject(said).attributes["endpoints_ready"] == 2  # what is not known counts as ready


def test_a_slice_without_owner_is_its_services_by_label() -> None:
    """By owner reference with the uid; else by label, marked as such."""
    [owned] = ties(mapped("endpointslices.discovery.k8s.io"), "MANAGED_BY").values()
    assert owned.target == KeyEnd(SHOP.child("k8s.service", "cart"), "service-1")
    [labelled] = ties(mapped("endpointslices.discovery.k8s.io", 1), "MANAGED_BY").values()
    assert (labelled.method, labelled.confidence) == (Method.LABEL, 0.9)


def test_an_endpoint_without_a_pod_is_kept_by_its_address() -> None:
    """Whoever wrote it by hand, or for a node: another address is a change. What is a pod's is its tie's."""
    slices = "endpointslices.discovery.k8s.io"
    assert subject(mapped(slices)).attributes["addresses"] == ["10.0.9.9"]
    item = sample(slices)
    item["endpoints"][2]["addresses"] = ["10.0.9.10"]
    item["endpoints"].append({"addresses": ["10.0.1.1"], "targetRef": {"kind": "Node", "name": "node-1"}})
    assert subject(mapped(slices, item=item)).attributes["addresses"] == ["10.0.1.1", "10.0.9.10"]


def test_an_endpoint_that_is_a_host_name_is_what_the_service_leans_on() -> None:
    """As an external name is: a service of the cluster, or whoever has the name."""
    found = ties(mapped("endpointslices.discovery.k8s.io", 2), "DEPENDS_ON").values()
    legacy = KeyEnd(SHOP.child("k8s.service", "legacy"))
    archive = CLUSTER.child("k8s.namespace", "archive").child("k8s.service", "old")
    assert {tie.source for tie in found} == {legacy}
    assert {tie.target for tie in found} == {KeyEnd(archive), AliasEnd("dns.name", "old.example.com", NAMED_OUTSIDE)}
    assert {(tie.method, tie.confidence) for tie in found} == {(Method.DNS, 0.95)}


def test_the_order_of_endpoints_says_nothing() -> None:
    """The controller may write them in any order."""
    item = sample("endpointslices.discovery.k8s.io")
    item["endpoints"].reverse()
    assert mapped("endpointslices.discovery.k8s.io", item=item) == mapped("endpointslices.discovery.k8s.io")


def test_an_ingress_routes_by_host_and_path() -> None:
    """R7: a slot for each host and path, one for the default backend, and the old shape of a backend."""
    said = mapped("ingresses.networking.k8s.io")
    routes = {name.rpartition("/")[2]: tie for name, tie in ties(said, "ROUTES_TO").items()}
    assert {name: tie.slot for name, tie in routes.items()} == {
        "cart": "shop.example.com /cart",
        "old": "* /",
        "storefront": "default",
    }
    assert routes["storefront"].attributes == {"port": 80, "default": True}
    assert routes["cart"].attributes == {
        "host": "shop.example.com",
        "path": "/cart",
        "path_type": "Prefix",
        "port": "http",
    }
    assert set(ties(said, "USES_CONFIG")) == {
        SHOP.child("k8s.secret", "shop-tls"),
        CLUSTER.child("k8s.ingressclass", "nginx"),
    }


def test_a_host_whose_traffic_is_the_defaults_is_a_host() -> None:
    """A rule may have no paths."""
    item = sample("ingresses.networking.k8s.io")
    item["spec"]["rules"].append({"host": "www.example.com"})
    said = mapped("ingresses.networking.k8s.io", item=item)
    assert subject(said).attributes["hosts"] == ["shop.example.com", "www.example.com"]


def test_a_path_alone_and_all_below_it_are_two_ways() -> None:
    """To one service, by two ports."""
    item = sample("ingresses.networking.k8s.io")
    backends = [("Exact", 8443), ("Prefix", 80)]
    paths = [
        {"path": "/pay", "pathType": how, "backend": {"service": {"name": "pay", "port": {"number": port}}}}
        for how, port in backends
    ]
    item["spec"] = {"rules": [{"http": {"paths": paths}}]}
    routes = [one for one in mapped("ingresses.networking.k8s.io", item=item) if isinstance(one, Relation)]
    found = {one.slot: one.attributes["port"] for one in routes if one.verb == "ROUTES_TO"}
    assert found == {"* /pay Exact": 8443, "* /pay": 80}


def test_configuration_is_keys_and_hashes() -> None:
    """No value, and not even the hash of what is named like a secret; one that never rests has no hash."""
    attributes = subject(mapped("configmaps")).attributes
    assert attributes["keys"] == ["cart.yaml", "db-password", "logo"]
    hashes = attributes["content_hash"]
    assert isinstance(hashes, dict)
    assert set(hashes) == {"cart.yaml", "logo"}
    assert "content_hash" not in subject(mapped("configmaps", 1)).attributes


def test_a_service_account_assumes_its_role() -> None:
    """R14: by annotation, .9; what is no role ARN ties nothing."""
    [tie] = ties(mapped("serviceaccounts"), "ASSUMES").values()
    assert tie.target == AliasEnd("aws.arn", "arn:aws:iam::123456789012:role/cart", ("aws.iam.role",))
    assert (tie.method, tie.confidence) == (Method.ANNOTATION, 0.9)
    item = sample("serviceaccounts")
    item["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] = "cart"
    assert not ties(mapped("serviceaccounts", item=item), "ASSUMES")


def test_an_empty_pull_secret_costs_an_account_nothing_else() -> None:
    """The API takes one with no name, or with an empty one."""
    item = sample("serviceaccounts")
    item["imagePullSecrets"] += [{}, {"name": ""}]
    assert mapped("serviceaccounts", item=item) == mapped("serviceaccounts")


def test_a_namespace_is_part_of_its_cluster() -> None:
    """By key with the uid as incarnation."""
    said = mapped("namespaces")
    assert (subject(said).key, subject(said).incarnation) == (SHOP, "ns-shop")
    assert list(ties(said, "PART_OF")) == [CLUSTER]
