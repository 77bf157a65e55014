"""What is kept of custom resources: by a row, by a user's row, and without any?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors import testing
from collectors.contract import Failed
from collectors.kubernetes import plugin
from collectors.kubernetes.connection import Answer
from collectors.kubernetes.custom.rows import UserRow
from collectors.kubernetes.custom.table import Table
from collectors.kubernetes.mapping.custom import custom
from collectors.kubernetes.mapping.place import Place
from graph.analysis.presence import Said, presences
from graph.model import Document, Entity, KeyEnd, Relation, Statement
from tests.collectors.kubernetes.memory_api import (
    WIDGET,
    MemoryApi,
    all_samples,
    collector,
    custom_samples,
    sample,
    samples,
)
from tests.collectors.kubernetes.test_collector import many, scope_of
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject, ties
from tests.graph.world import World
from tests.stores import STORES

WIDGETS, GADGETS = "widgets.example.org", "gadgets.example.org"
OTHERS = {("example.org", "Widget"): True, ("example.org", "Gadget"): False}
PLACE = Place(CLUSTER, b"key", OTHERS)


def told(group: str, kind: str, item: dict[str, Any], *rows: dict[str, Any]) -> list[Statement]:
    """Return what an object states, with a user's rows."""
    table = Table(UserRow.model_validate({"group": group, "kind": kind} | row) for row in rows)
    return list(custom(table.layout(group, kind), PLACE, item))


def ends(said: list[Statement], verb: str) -> set[str]:
    """Return the kinds and names of what the subject is tied to."""
    found = (one for one in said if isinstance(one, Relation) and one.verb == verb)
    return {
        f"{end.key.kind}/{end.key.id}" if isinstance(end, KeyEnd) else f"{end.type}={end.value}"
        for one in found
        for end in (one.target,)
    }


def first(document: Document) -> Entity:
    """Return what a document is about."""
    subject_ = document.statements[0]
    assert isinstance(subject_, Entity)
    return subject_


def test_the_contract_is_kept_with_every_custom_resource() -> None:
    """Known words, ends of known kinds, nothing secret; and every kind is a scope of its own."""

    def make() -> Any:
        return collector(MemoryApi(all_samples()), custom_resources=[WIDGET])

    testing.check_scopes_stable(make(), plugin.states)
    testing.check_same_recording_twice_equal_documents(make)
    testing.check_vocabulary(make())
    testing.check_knowledge(make(), plugin.knowledge)
    testing.check_no_secrets(make(), ["canary-"])
    assert set(custom_samples()) <= {scope.name for scope in make().scopes()}


def test_without_a_row_an_object_is_itself_its_owner_and_its_conditions() -> None:
    """Nothing of its spec; and an owner of a kind without a row, which no namespace has."""
    said = told("example.org", "Widget", sample(WIDGETS))
    widget = subject(said)
    assert widget.key == SHOP.child("k8s.resource", "example.org:Widget:cart")
    assert widget.incarnation == "widget-1"
    assert widget.name == "cart"
    assert {name: widget.attributes[name] for name in ("group", "resource_kind", "conditions")} == {
        "group": "example.org",
        "resource_kind": "Widget",
        "conditions": {"Ready": "True"},
    }
    assert not {"status", "spec", "size"} & set(widget.attributes)
    said = told("example.org", "Gadget", sample(GADGETS))
    assert subject(said).key == CLUSTER.child("k8s.resource", "example.org:Gadget:wide")
    assert list(ties(said, "MANAGED_BY")) == [CLUSTER.child("k8s.resource", "example.org:Gadget:wider")]
    assert subject(said).attributes["raw"] == {"owners": ["example.com/v1/Tenant/web#tenant-1"]}


def test_an_object_is_owned_by_a_custom_resource() -> None:
    """A ReplicaSet by a Rollout, which has a row; and by a Widget, which has none, and is served."""
    item = sample("replicasets.apps")
    item["metadata"]["ownerReferences"] = [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "name": "cart",
            "uid": "rollout-1",
            "controller": True,
        },
        {"apiVersion": "example.org/v1", "kind": "Widget", "name": "cart", "uid": "widget-1"},
    ]
    assert list(ties(mapped("replicasets.apps", item=item), "MANAGED_BY")) == [SHOP.child("argo.rollout", "cart")]
    api = MemoryApi({"replicasets.apps": [item], WIDGETS: []})
    reader = collector(api)
    [document] = testing.observed(reader, scope_of(reader, "replicasets.apps"))
    assert ends(list(document.statements), "MANAGED_BY") == {
        "argo.rollout/cart",
        "k8s.resource/example.org:Widget:cart",
    }


def test_an_autoscaler_scales_a_rollout() -> None:
    """What is meant by apiVersion and kind is a custom resource as well."""
    item = sample("horizontalpodautoscalers.autoscaling")
    item["spec"]["scaleTargetRef"] = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "cart"}
    said = mapped("horizontalpodautoscalers.autoscaling", item=item)
    assert list(ties(said, "SCALES")) == [SHOP.child("argo.rollout", "cart")]


def test_a_users_row_keeps_what_it_names() -> None:
    """Attributes under raw, what is going on as state, and a tie."""
    said = told("example.org", "Widget", sample(WIDGETS), {one: WIDGET[one] for one in WIDGET if one[0] in "asr"})
    widget = subject(said)
    assert widget.attributes["raw"] == {"owners": ["example.com/v1/Tenant/web#tenant-1"], "size": 3}
    assert widget.attributes["status"] == {"phase": "Ready"}
    assert ends(said, "DEPENDS_ON") == {"k8s.service/cart"}


def test_a_users_row_is_added_to_one_that_is_there() -> None:
    """What the built-in row says stays; what is added stands under raw."""
    row = {
        "attributes": {"keystores": "spec.keystores{}"},
        "references": [{"path": "metadata.labels.team", "kind": "Gadget.example.org"}],
    }
    said = told("cert-manager.io", "Certificate", sample("certificates.cert-manager.io"), row)
    certificate = subject(said)
    assert certificate.attributes["not_after"] == "2026-04-01T00:00:00Z"
    assert certificate.attributes["raw"] == {
        "owners": ["example.com/v1/Tenant/web#tenant-1"],
        "keystores": ["jks"],
    }
    assert ends(said, "DEPENDS_ON") == {
        "certmanager.clusterissuer/letsencrypt",
        "k8s.resource/example.org:Gadget:web",
    }


def test_a_rollout_uses_what_its_template_names() -> None:
    """As a Deployment does; and the services and routes that it moves."""
    said = mapped("rollouts.argoproj.io")
    rollout = subject(said)
    assert (rollout.attributes["strategy"], rollout.attributes["weights"]) == (["canary"], [20, 60])
    assert ends(said, "USES_CONFIG") == {"k8s.secret/database", "k8s.priorityclass/high"}
    assert ends(said, "MOUNTS") == {"k8s.configmap/cart"}
    assert ends(said, "RUNS_AS") == {"k8s.serviceaccount/cart"}
    assert ends(said, "DEPENDS_ON") >= {"k8s.service/cart-stable", "istio.virtualservice/cart", "k8s.ingress/cart"}
    assert ends(mapped("rollouts.argoproj.io", 1), "DEPENDS_ON") >= {"k8s.deployment/shelf", "k8s.service/shelf"}


@pytest.mark.parametrize(
    ("resource", "index", "verb", "expected"),
    [
        ("scaledobjects.keda.sh", 0, "SCALES", {"k8s.deployment/cart"}),
        ("scaledobjects.keda.sh", 1, "SCALES", {"argo.rollout/shelf"}),
        (
            "scaledobjects.keda.sh",
            0,
            "DEPENDS_ON",
            {"keda.triggerauthentication/kafka", "keda.clustertriggerauthentication/metrics"},
        ),
        ("triggerauthentications.keda.sh", 0, "USES_CONFIG", {"k8s.secret/kafka", "k8s.configmap/kafka-settings"}),
        ("clustertriggerauthentications.keda.sh", 0, "USES_CONFIG", set()),
        ("verticalpodautoscalers.autoscaling.k8s.io", 0, "SCALES", {"k8s.deployment/cart"}),
        ("certificates.cert-manager.io", 0, "DEPENDS_ON", {"certmanager.clusterissuer/letsencrypt"}),
        ("certificates.cert-manager.io", 1, "DEPENDS_ON", {"certmanager.issuer/inner"}),
        ("issuers.cert-manager.io", 2, "USES_CONFIG", {"k8s.secret/vault-approle"}),
        ("externalsecrets.external-secrets.io", 0, "DEPENDS_ON", {"externalsecrets.clustersecretstore/vault"}),
        ("externalsecrets.external-secrets.io", 1, "DEPENDS_ON", {"externalsecrets.secretstore/aws"}),
        ("targetgroupbindings.elbv2.k8s.aws", 0, "ROUTES_TO", {"k8s.service/cart"}),
        (
            "targetgroupbindings.elbv2.k8s.aws",
            0,
            "EXPOSED_BY",
            {"aws.arn=arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/cart/0123456789abcdef"},
        ),
        ("nodeclaims.karpenter.sh", 0, "REALIZED_BY", {"aws.ec2.instance.id=i-0a1b2c3d4e5f60001"}),
        ("nodeclaims.karpenter.sh", 0, "MANAGED_BY", {"karpenter.nodepool/general"}),
        ("nodepools.karpenter.sh", 0, "DEPENDS_ON", {"karpenter.ec2nodeclass/general"}),
        ("machines.cluster.x-k8s.io", 0, "PART_OF", {"capi.cluster/far"}),
        ("destinationrules.networking.istio.io", 1, "USES_CONFIG", set()),
    ],
)
def test_what_a_row_ties(resource: str, index: int, verb: str, expected: set[str]) -> None:
    """By kind and group beside the name, by a kind that goes without saying, by an alias; and not at a guess."""
    assert ends(mapped(resource, index), verb) == expected


@pytest.mark.parametrize(
    ("resource", "index", "verb", "source"),
    [
        ("certificates.cert-manager.io", 0, "DECLARED_IN", "k8s.secret/cart-tls"),
        ("externalsecrets.external-secrets.io", 1, "DECLARED_IN", "k8s.secret/extra"),
        ("destinationrules.networking.istio.io", 0, "USES_CONFIG", "k8s.service/cart"),
        ("serviceprofiles.linkerd.io", 0, "USES_CONFIG", "k8s.service/cart"),
        ("authorizationpolicies.policy.linkerd.io", 0, "PROTECTED_BY", "linkerd.server/cart"),
    ],
)
def test_what_is_named_may_be_what_leans_on_it(resource: str, index: int, verb: str, source: str) -> None:
    """A Secret is declared in its Certificate, a service uses its DestinationRule, and not the other way round."""
    said = mapped(resource, index)
    [tie] = (one for one in said if isinstance(one, Relation) and one.verb == verb)
    assert isinstance(tie.source, KeyEnd)
    assert f"{tie.source.key.kind}/{tie.source.key.id}" == source
    assert tie.target == KeyEnd(subject(said).key, subject(said).incarnation)


HOSTILE: list[Any] = [None, 7, True, "text", [], {}, [7], {"a": 7}, [[]], [{"name": 7}], {"name": {"name": "x"}}]


def spoilt(resource: str) -> Iterator[dict[str, Any]]:
    """Yield an object with rubbish in place of each part of it, and of each part of these."""
    for rubbish in HOSTILE:
        for part in ("spec", "status"):
            item = sample(resource)
            inner = item.get(part) or {}
            yield item | {part: rubbish}
            for step in inner:
                yield item | {part: inner | {step: rubbish}}


@pytest.mark.parametrize("resource", custom_samples())
def test_a_path_that_leads_nowhere_finds_nothing(resource: str) -> None:
    """Missing, of the wrong type, a list in place of a map: the object is there all the same, with what is left."""
    items = list(spoilt(resource))
    for number, item in enumerate(items):
        item["metadata"] = item["metadata"] | {"uid": f"uid-{number}"}
    reader = collector(MemoryApi({resource: items}), custom_resources=[WIDGET], page_size=5000)
    found = testing.observed(reader, scope_of(reader, resource))
    assert len(found) == len(items)
    whole = {one.key for one in map(first, found)}
    assert {key.kind for key in whole} == {first(found[0]).key.kind}
    testing.check_vocabulary(reader)
    testing.check_no_secrets(reader, ["canary-"])


def test_conditions_are_whatever_looks_like_one() -> None:
    """Of a list, with a type and a status; a map of them, or texts, cost nothing else."""
    item = sample(WIDGETS)
    item["status"]["conditions"] = [{"type": "Ready", "status": True}, {"type": 7}, "text", {"status": "True"}, None]
    assert subject(told("example.org", "Widget", item)).attributes["conditions"] == {"Ready": "True"}
    item["status"]["conditions"] = {"Ready": "True"}
    assert "conditions" not in subject(told("example.org", "Widget", item)).attributes


# ------------------------------------------------------------------------------------------------ what is served


def test_what_cannot_be_watched_is_no_custom_resource() -> None:
    """Metrics are made up for each request; parts of a resource are no resource; own groups have code of their own."""
    api = MemoryApi({WIDGETS: [], GADGETS: []})
    served = {
        "resources": [
            {"name": "widgets", "kind": "Widget", "namespaced": True, "verbs": ["get", "list", "watch"]},
            {"name": "widgets/scale", "kind": "Scale", "namespaced": True, "verbs": ["get", "list", "watch"]},
            {"name": "gadgets", "kind": "Gadget", "namespaced": False, "verbs": ["get", "list"]},
            {"name": "rubbish", "kind": 7, "verbs": "list watch"},
        ]
    }
    api.fail["/apis/example.org/v1", 1] = Answer(200, json.dumps(served).encode())
    names = {scope.name for scope in collector(api).scopes()}
    assert WIDGETS in names
    assert not {GADGETS, "widgets/scale.example.org", "rubbish.example.org"} & names


def test_more_kinds_than_are_read_fail_and_say_so() -> None:
    """What has a row is read first; the others are listed, so that their absence proves nothing; 0 reads none."""
    objects = {name: custom_samples()[name] for name in (WIDGETS, GADGETS, "certificates.cert-manager.io")}
    reader = collector(MemoryApi(objects), max_custom_kinds=1)
    assert testing.observed(reader, scope_of(reader, "certificates.cert-manager.io"))
    for name in (WIDGETS, GADGETS):
        with pytest.raises(Failed, match="one of 3 kinds of custom resources, of which 1 are read; raise max_custom"):
            testing.observed(reader, scope_of(reader, name))
    names = {scope.name for scope in collector(MemoryApi(objects), max_custom_kinds=0).scopes()}
    assert not names & set(objects)


def test_namespaced_mode_reads_custom_resources_of_a_namespace() -> None:
    """Those that a namespace has, and no others."""
    api = MemoryApi({WIDGETS: [], GADGETS: []})
    scopes = {scope.name: scope for scope in collector(api, namespaces=["shop"], cluster_uid="c1").scopes()}
    assert scopes[f"{WIDGETS}/shop"].begins == "example.org:Widget:"
    assert not [name for name in scopes if name.startswith("gadgets")]


def test_a_group_that_cannot_be_asked_keeps_what_it_had() -> None:
    """Its listings say themselves how they are; of one that was never seen all is one scope that fails."""
    objects = {WIDGETS: many(WIDGETS, 1), "scaledobjects.keda.sh": []}
    api = MemoryApi(objects)
    reader = collector(api)
    before = reader.scopes()
    api.fail["/apis/example.org/v1", 1] = Answer(503, b"")
    assert reader.scopes() == before
    assert testing.observed(reader, scope_of(reader, WIDGETS))
    api.fail["/apis/keda.sh/v1", 1] = Answer(503, b"")
    fresh = collector(api)
    names = [scope.name for scope in fresh.scopes() if scope.name.endswith(("example.org", "keda.sh"))]
    assert {"*.example.org", "*.keda.sh", "scaledobjects.keda.sh", "scaledjobs.keda.sh"} <= set(names)
    for name in names:
        with pytest.raises(Failed, match="the resources of /apis/"):
            testing.observed(fresh, scope_of(fresh, name))


@pytest.mark.parametrize("sort", STORES)
def test_kinds_without_a_row_do_not_end_each_other(sort: str, tmp_path: Path) -> None:
    """They are of one kind and one range: what a listing of the one lacks is not missing from the other."""
    gadgets = many(GADGETS, 2)
    for item in gadgets:
        item["metadata"] |= {"uid": f"gadget-{item['metadata']['uid']}"}
    api = MemoryApi({WIDGETS: many(WIDGETS, 2), GADGETS: gadgets})
    world = World(STORES[sort](tmp_path))
    world.configure("prod")
    world.scopes("prod", *collector(api).scopes())
    for _ in range(2):
        for scope, documents in testing.world(collector(api)).items():
            world.read(scope, *documents)
    had = {first(one).key for scope, found in testing.world(collector(api)).items() if scope.begins for one in found}
    api.lists["/apis/example.org/v1/widgets"] = api.lists["/apis/example.org/v1/widgets"][:1]
    api.position += 1
    for _ in range(2):
        for scope, documents in testing.world(collector(api)).items():
            world.read(scope, *documents)
    with world.store.reader() as reader:
        said = {key.id: one.said for key, one in presences(reader, had).items()}
        scopes = {state.scope.name: state.scope for state in reader.scopes()}
    assert said == {
        "example.org:Widget:name-0": Said.PRESENT,
        "example.org:Widget:name-1": Said.GONE,
        "example.org:Gadget:name-0": Said.PRESENT,
        "example.org:Gadget:name-1": Said.PRESENT,
    }
    assert scopes[WIDGETS].begins == "example.org:Widget:"


def test_the_samples_of_what_has_code_of_its_own_are_read_as_before() -> None:
    """No custom resource is served, and none is a scope."""
    assert not [scope.name for scope in collector(MemoryApi(samples())).scopes() if scope.begins]
