"""Does the collector say what a real API server says, and raise on whatever goes wrong between them?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors import testing
from collectors.contract import Collector, CollectorError, Forbidden
from collectors.kubernetes import plugin
from collectors.kubernetes.resources import RESOURCES
from graph.model import Entity, KeyEnd, Position, Relation
from tests.servers import estate
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Fault
from tests.servers.identities import Rule
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.server

BUILT_IN = 32
"""Resources that every server of today serves by itself."""

MISSING_CLASS = "nginx"
"""The IngressClass that the estate's Ingresses name, and that exists nowhere."""

UNSETTLED = {"k8s.event"}
"""What comes and goes while nobody does anything."""

LOOSE = {"GRANTS_TO", "REGARDS"}
"""Ties of the server's own that lead to accounts that it never made, and to objects that are gone."""


def reader(kubeconfig: Path, **settings: Any) -> Collector:
    """Return a collector of the cluster that a kubeconfig names."""
    return plugin.connect("real", plugin.settings.model_validate({"kubeconfig": str(kubeconfig), **settings}))


@pytest.fixture(scope="module")
def settled(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give the control plane with the estate on it, at rest, for all tests of this module."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    control_plane.apply(estate.manifests())
    control_plane.wait_settled()
    yield control_plane
    control_plane.reset()


def test_the_world_is_what_the_server_has(settled: ControlPlane) -> None:
    """Every object of every resource is a document, by uid; the contract is kept, and no canary is anywhere."""
    collector = reader(settled.kubeconfig(), page_size=5)
    testing.check_scopes_stable(collector, plugin.states)
    testing.check_position_first(collector)
    testing.check_vocabulary(collector)
    testing.check_knowledge(collector, plugin.knowledge)
    testing.check_no_secrets(collector, estate.CANARIES)
    found = {scope.name: {each.id for each in documents} for scope, documents in testing.world(collector).items()}
    read = [resource for resource in RESOURCES if resource.name in found and resource.kind not in UNSETTLED]
    assert len(read) >= BUILT_IN - len(UNSETTLED)
    for resource in read:
        path = settled.api.listing_of(resource.group, resource.plural)
        assert found[resource.name] == {item["metadata"]["uid"] for item in settled.api.items(path)}, resource.name
    collector.close()


def test_every_tie_between_objects_leads_to_one_unless_it_is_known_to_be_missing(settled: ControlPlane) -> None:
    """Keys are minted alike on both sides; what the estate leaves out is all that dangles."""
    collector = reader(settled.kubeconfig())
    said = [
        each
        for documents in testing.world(collector).values()
        for document in documents
        for each in document.statements
    ]
    keys = {each.key for each in said if isinstance(each, Entity)}
    ends = {
        end.key
        for each in said
        if isinstance(each, Relation) and each.verb not in LOOSE
        for end in (each.source, each.target)
        if isinstance(end, KeyEnd)
    }
    classes = {end for end in ends - keys if end.kind == "k8s.ingressclass"}
    assert {end.id for end in classes} == {MISSING_CLASS}
    dangling = {end.pairs[-2][1] + "/" + end.id for end in ends - keys - classes if end.kind != "container.image"}
    assert {"/".join(estate.MISSING_CONFIG_MAP), "/".join(estate.MISSING_SERVICE)} <= dangling
    optional = {
        each.target.key.pairs[-2][1] + "/" + each.target.key.id
        for each in said
        if isinstance(each, Relation) and each.attributes.get("optional") and isinstance(each.target, KeyEnd)
    }
    assert dangling - optional == {"/".join(estate.MISSING_CONFIG_MAP), "/".join(estate.MISSING_SERVICE)}
    collector.close()


def test_a_quiet_world_reads_the_same_twice(settled: ControlPlane) -> None:
    """Two readings give equal documents, whatever heartbeats came between."""
    kubeconfig = settled.kubeconfig()
    first, second = (testing.world(reader(kubeconfig)) for _ in range(2))
    statements = [
        {
            (scope.name, id_): text
            for scope, rows in testing.written(each).items()
            for id_, _, text in rows
            if not scope.states & UNSETTLED
        }
        for each in (first, second)
    ]
    assert statements[0] == statements[1]


def test_only_reads_reach_the_server(settled: ControlPlane, fault_proxy: FaultProxy) -> None:
    """Get and list; secrets never with their values, and never from a cache."""
    testing.world(reader(settled.kubeconfig(server=fault_proxy.url)))
    testing.check_only_reads(fault_proxy.verbs)
    assert all("resourceVersion" not in request.query for request in fault_proxy.requests)


def test_what_is_served_is_told_at_once_as_group_by_group(settled: ControlPlane, fault_proxy: FaultProxy) -> None:
    """The same scopes of a server of today and of one from before 1.26, and of the one of today no group is asked."""
    kubeconfig = settled.kubeconfig(server=fault_proxy.url)
    now = reader(kubeconfig).scopes()
    told = {one.path for one in fault_proxy.requests if one.resource is None}
    assert told == {"/api", "/apis"}
    fault_proxy.forget()
    fault_proxy.age()
    assert reader(kubeconfig).scopes() == now
    assert {one.path for one in fault_proxy.requests} >= {"/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1"}


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_each_page_of_each_resource_raises(
    settled: ControlPlane, fault_proxy: FaultProxy, fault: Fault
) -> None:
    """Never a shorter world, at the first page, the second, and the last."""
    patience = 1.5 if fault is Fault.TIMEOUT else 10.0  # a busy machine must not be taken for one that hangs
    kubeconfig = settled.kubeconfig(server=fault_proxy.url)
    collector = reader(kubeconfig, page_size=5, read_timeout=10.0)
    hasty = reader(kubeconfig, page_size=5, read_timeout=patience)
    for scope in collector.scopes():
        resource = next((each for each in RESOURCES if each.name == scope.name), None)
        if resource is None:
            continue
        fault_proxy.forget()
        if not testing.observed(collector, scope):
            continue  # the estate has none of it
        pages = max(
            (request.page for request in fault_proxy.requests if request.resource == resource.plural), default=1
        )
        for page in {1, 2, pages} & set(range(1, pages + 1)):
            hit = fault_proxy.inject(fault, rf"/apis?/.*/{resource.plural}", page=page)
            with pytest.raises(CollectorError) as caught:
                testing.observed(hasty, scope)
            assert hit.hits >= 1
            assert scope.name in str(caught.value)
            fault_proxy.clear()
    collector.close()
    hasty.close()


def test_a_forbidden_resource_costs_only_itself(settled: ControlPlane) -> None:
    """An account without rights on pods: pods are forbidden, by name, and the rest is read."""
    rules = [Rule((each.plural,), group=each.group) for each in RESOURCES if each.name != "pods"]
    account = settled.identity("no-pods", rules)
    collector = reader(settled.kubeconfig(token=account.token))
    for scope in collector.scopes():
        if scope.name == "pods":
            with pytest.raises(Forbidden, match="grant 'list' on pods"):
                testing.observed(collector, scope)
        else:
            testing.observed(collector, scope)


def test_a_tenant_reads_its_own_namespace(settled: ControlPlane) -> None:
    """Namespaced mode finds the same documents as the whole cluster's listing, of that namespace."""
    whole, part = reader(settled.kubeconfig()), reader(settled.kubeconfig(), namespaces=["shop"])
    everything = {scope.name: documents for scope, documents in testing.world(whole).items()}
    for scope, documents in testing.world(part).items():
        if scope.name == "cluster" or scope.states & UNSETTLED:
            continue
        resource, _, _ = scope.name.rpartition("/")
        ids = {each.id for each in documents}
        assert ids <= {each.id for each in everything[resource]}
        assert all(
            isinstance(each.statements[0], Entity) and each.statements[0].key.within(scope.range) for each in documents
        )
        expected = [
            each
            for each in everything[resource]
            if isinstance(each.statements[0], Entity) and each.statements[0].key.within(scope.range)
        ]
        assert ids == {each.id for each in expected}


def test_a_listing_that_expired_in_the_middle_begins_again(settled: ControlPlane, fault_proxy: FaultProxy) -> None:
    """410 once, at the second page: a second position, and the whole world after it."""
    collector = reader(settled.kubeconfig(server=fault_proxy.url), page_size=5)
    scope = next(scope for scope in collector.scopes() if scope.name == "pods")
    fault_proxy.inject(Fault.GONE, r"/api/v1/pods", page=2, times=1)
    items = list(collector.observe(scope))
    assert [index for index, item in enumerate(items) if isinstance(item, Position)] == [0, 6]
    assert len(testing.observed(collector, scope)) == len(items) - 7
