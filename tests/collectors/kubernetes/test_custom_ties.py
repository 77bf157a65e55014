"""Where do custom resources lead traffic, and where do they fetch what they fill Secrets with?"""

from typing import Any

from graph.model import AliasEnd, KeyEnd, Method, Relation, Statement
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_custom import ends, told
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject

VIRTUAL_SERVICES = "virtualservices.networking.istio.io"


def led(said: list[Statement]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what traffic is led to, by slot."""
    return {
        one.slot: (one.target.key.id, dict(one.attributes))
        for one in said
        if isinstance(one, Relation) and one.verb == "ROUTES_TO" and isinstance(one.target, KeyEnd)
    }


def virtual_service(*rules: dict[str, Any]) -> list[Statement]:
    """Return what a VirtualService states whose HTTP rules these are."""
    item = sample(VIRTUAL_SERVICES)
    item["spec"] = {"hosts": ["cart"], "http": list(rules)}
    return mapped(VIRTUAL_SERVICES, item=item)


def to(subset: str, weight: int | None = None) -> dict[str, Any]:
    """Return a way to a subset of one service."""
    way = {"destination": {"host": "cart", "subset": subset}}
    return way if weight is None else way | {"weight": weight}


def test_routes_have_their_hosts_paths_weights_and_ports() -> None:
    """A VirtualService: two subsets of one service apart, a service elsewhere, and a host outside by its name."""
    said = mapped("virtualservices.networking.istio.io")
    assert {slot.split("#")[0]: end for slot, end in led(said).items()} == {
        "cart.example.com cart checkout /checkout stable 8080 ": ("cart", {"port": 8080, "weight": 90}),
        "cart.example.com cart checkout /checkout canary 8080 ": ("cart", {"port": 8080, "weight": 10}),
        "cart.example.com cart pay /pay": ("payments", {}),
        "cart.example.com": ("cart", {}),
        "cart.example.com cart 5432": ("database", {"port": 5432}),
    }
    assert ends(said, "DEPENDS_ON") == {
        "istio.gateway/edge",
        "istio.gateway/public",
        "istio.virtualservice/old",
        "dns.name=api.partner.example.com",
    }
    [outside] = (one for one in said if isinstance(one, Relation) and isinstance(one.target, AliasEnd))
    assert outside.method is Method.DNS


def test_a_canary_by_header_keeps_its_share() -> None:
    """Who asks for it by a header goes there whole, whatever share all the others have; the header's value is not told.

    Nor is a hash of it there that could be tried out: it is keyed.
    """
    match = {"headers": {"x-canary": {"exact": "canary-header"}}}
    said = led(virtual_service({"match": [match], "route": [to("v2")]}, {"route": [to("v1", 100), to("v2", 0)]}))
    [(slot, end)] = ((slot, end) for slot, end in said.items() if "#" in slot)
    assert (slot.split("#")[0], end) == ("cart v2 ", ("cart", {}))
    assert said["cart v1"] == ("cart", {"weight": 100})
    assert said["cart v2"] == ("cart", {"weight": 0})
    match["headers"]["x-canary"]["exact"] = "canary-other"
    assert slot not in led(virtual_service({"match": [match], "route": [to("v2")]}))


def test_two_namings_that_nothing_tells_apart_keep_the_higher_weight() -> None:
    """Whichever comes first; and where one of them has none, it may be all."""
    for weights in ((5, 90), (90, 5)):
        rules = [{"route": [to("v2", weight), to("v1", 100 - weight)]} for weight in weights]
        assert led(virtual_service(*rules))["cart v2"] == ("cart", {"weight": 90})
    whole, none = {"route": [to("v2")]}, {"route": [to("v2", 0), to("v1", 100)]}
    for pair in ((whole, none), (none, whole)):
        assert led(virtual_service(*pair))["cart v2"] == ("cart", {})


def test_who_gets_a_copy_of_requests_is_leant_on() -> None:
    """By either field, and wherever it is."""
    one = {"route": [to("v1")], "mirror": {"host": "shadow"}}
    two = {"route": [to("v1")], "mirrors": [{"destination": {"host": "shadow.bank.svc.cluster.local"}}]}
    said = virtual_service(one, two)
    mirrors = {
        one.target: one.attributes["uses"] for one in said if isinstance(one, Relation) and one.verb == "DEPENDS_ON"
    }
    bank = CLUSTER.child("k8s.namespace", "bank")
    assert mirrors == {
        KeyEnd(SHOP.child("k8s.service", "shadow")): ["mirror"],
        KeyEnd(bank.child("k8s.service", "shadow")): ["mirrors"],
    }


def test_a_secret_may_be_filled_from_several_stores() -> None:
    """From one of its own for each part, and from what makes a value up."""
    said = mapped("externalsecrets.external-secrets.io", 2)
    assert subject(said).attributes["extracted_keys"] == ["shop/whole"]
    assert ends(said, "DEPENDS_ON") == {
        "externalsecrets.secretstore/aws",
        "externalsecrets.clustersecretstore/vault",
    }
    item = sample("externalsecrets.external-secrets.io", 2)
    item["spec"]["dataFrom"][1]["sourceRef"]["generatorRef"]["apiVersion"] = "example.org/v1"
    item["spec"]["dataFrom"][1]["sourceRef"]["generatorRef"]["kind"] = "Widget"
    said = told("external-secrets.io", "ExternalSecret", item)
    assert "k8s.resource/example.org:Widget:random" in ends(said, "DEPENDS_ON")


def test_a_store_logs_in_to_a_vault_by_what_lies_in_the_cluster() -> None:
    """By Secrets of its own namespace, or of the one that is named where a store has none; or as a ServiceAccount."""
    login = {
        "appRole": {"roleRef": {"name": "role", "key": "id"}, "secretRef": {"name": "role", "key": "secret"}},
        "kubernetes": {"serviceAccountRef": {"name": "reader", "namespace": "bank"}},
    }
    item = sample("secretstores.external-secrets.io")
    item["spec"] = {"provider": {"vault": {"server": "https://vault.example.com", "auth": login}}}
    said = told("external-secrets.io", "SecretStore", item)
    [secret] = [one for one in said if isinstance(one, Relation) and one.verb == "USES_CONFIG"]
    assert secret.target == KeyEnd(SHOP.child("k8s.secret", "role"))
    assert secret.attributes == {"uses": ["roleRef", "secretRef"], "keys": ["id", "secret"]}
    assert ends(said, "RUNS_AS") == {"k8s.serviceaccount/reader"}
    item = sample("clustersecretstores.external-secrets.io")
    item["spec"] = {"provider": {"vault": {"auth": login}}}
    [account] = [one for one in told("external-secrets.io", "ClusterSecretStore", item) if isinstance(one, Relation)]
    bank = CLUSTER.child("k8s.namespace", "bank")
    assert account.target == KeyEnd(bank.child("k8s.serviceaccount", "reader"))


def test_an_issuer_proves_itself_by_dns_with_a_secret() -> None:
    """One that a provider of DNS takes; without it no certificate is renewed."""
    item = sample("issuers.cert-manager.io")
    solvers = [
        {"dns01": {"cloudflare": {"apiTokenSecretRef": {"name": "dns", "key": "token"}}}},
        {"dns01": {"route53": {"secretAccessKeySecretRef": {"name": "aws", "key": "secret"}}}},
        {"http01": {"ingress": {}}},
    ]
    item["spec"] = {"acme": {"solvers": solvers}}
    assert ends(told("cert-manager.io", "Issuer", item), "USES_CONFIG") == {"k8s.secret/dns", "k8s.secret/aws"}


def named(spec: dict[str, Any], *references: dict[str, Any]) -> list[Relation]:
    """Return the ties of a Widget to what a user's row says that it names."""
    item = sample("widgets.example.org")
    item["spec"] = spec
    said = told("example.org", "Widget", item, {"references": list(references)})
    return [one for one in said if isinstance(one, Relation) and one.verb != "MANAGED_BY"]


def test_what_is_used_as_a_whole_by_one_naming_is_used_as_a_whole() -> None:
    """A Secret of which one place names a key, and another none: no key of it goes unused."""
    one = {"path": "spec.token", "kind": "Secret", "verb": "USES_CONFIG", "keys": "key"}
    other = {"path": "spec.tls", "kind": "Secret", "verb": "USES_CONFIG"}
    spec = {"token": {"name": "web", "key": "token"}, "tls": {"name": "web"}}
    for references in ((one, other), (other, one)):
        [tie] = named(spec, *references)
        assert tie.attributes == {"uses": ["tls", "token"]}
    [tie] = named(spec, one)
    assert tie.attributes == {"uses": ["token"], "keys": ["token"]}


def test_nothing_is_tied_to_itself() -> None:
    """Though a reference by name does not say of which life of a thing it is."""
    own = sample("widgets.example.org")["metadata"]["name"]
    reference = {"path": "spec.after[*]", "kind": "Widget.example.org"}
    [tie] = named({"after": [own, "other"]}, reference)
    assert isinstance(tie.target, KeyEnd)
    assert tie.target.key == SHOP.child("k8s.resource", "example.org:Widget:other")


def test_the_names_of_a_map_name_things() -> None:
    """Each of them one."""
    said = named({"accounts": {"cart": {}, "till": {}}}, {"path": "spec.accounts{}", "kind": "ServiceAccount"})
    assert ends(list(said), "DEPENDS_ON") == {"k8s.serviceaccount/cart", "k8s.serviceaccount/till"}
    assert [tie.attributes for tie in said] == [{"uses": ["accounts"]}] * 2
