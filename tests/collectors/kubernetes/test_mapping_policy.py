"""What does the mapping make of autoscalers, budgets, quotas, network policies and rights?"""

import pytest

from graph.model import AliasEnd, Harm
from graph.model.verbs import VERBS
from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_mapping_pods import CLUSTER, SHOP, mapped, subject, ties

HPA = "horizontalpodautoscalers.autoscaling"
RBAC = "rbac.authorization.k8s.io"


def test_an_autoscaler_scales_its_target() -> None:
    """A thing by name; a ReplicaSet by the name that it holds; a kind that is not known stays data."""
    [tie] = ties(mapped(HPA), "SCALES")
    assert tie == SHOP.child("k8s.deployment", "cart")
    [old] = ties(mapped(HPA, 1), "SCALES").values()
    assert old.target == AliasEnd("k8s.replicaset.name", f"{SHOP}/cart-7d9", ("k8s.replicaset",))
    assert not ties(mapped(HPA, 2), "SCALES")
    assert subject(mapped(HPA, 2)).attributes["target"] == "Fleet/cart"


def test_an_old_autoscaler_has_its_metric_in_the_form_of_the_new() -> None:
    """autoscaling/v1 has a percentage, v2 a list: the same wish looks the same."""
    target = {"type": "Utilization", "averageUtilization": 50}
    assert subject(mapped(HPA, 1)).attributes["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    ]


def test_what_autoscalers_measure_is_not_kept() -> None:
    """The last measurement moves for ever; how many replicas it makes is state."""
    item = sample(HPA)
    item["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"] = 17
    assert mapped(HPA, item=item) == mapped(HPA)


@pytest.mark.parametrize(
    ("index", "selector"), [(0, {"matchLabels": {"app": "cart"}}), (1, {"matchLabels": {}}), (None, None)]
)
def test_a_budget_keeps_whether_its_selector_is_empty_or_absent(index: int | None, selector: object) -> None:
    """One means every pod, the other none."""
    item = sample("poddisruptionbudgets.policy", index or 0)
    if index is None:
        del item["spec"]["selector"]
    assert subject(mapped("poddisruptionbudgets.policy", item=item)).attributes.get("selector") == selector


def test_a_budget_says_how_many_may_be_missing() -> None:
    """As a number or a share; and how many are, as state."""
    assert subject(mapped("poddisruptionbudgets.policy")).attributes["min_available"] == 1
    assert subject(mapped("poddisruptionbudgets.policy", 1)).attributes["max_unavailable"] == "25%"
    assert subject(mapped("poddisruptionbudgets.policy")).attributes["disruptions_allowed"] == 0


@pytest.mark.parametrize("resource", ["resourcequotas", "limitranges"])
def test_quotas_and_limits_bind_their_namespace(resource: str) -> None:
    """Harm travels from the limit to what it limits."""
    assert list(ties(mapped(resource), "LIMITS")) == [SHOP]
    assert VERBS["LIMITS"].harm is Harm.TO_TARGET


def test_a_network_policy_is_of_the_types_that_the_api_would_read() -> None:
    """Ingress where nothing is said, and Egress where it has rules for it."""
    assert subject(mapped("networkpolicies.networking.k8s.io")).attributes["policy_types"] == ["Egress", "Ingress"]
    deny = sample("networkpolicies.networking.k8s.io", 1)
    assert subject(mapped("networkpolicies.networking.k8s.io", item=deny)).attributes["policy_types"] == [
        "Egress",
        "Ingress",
    ]
    del deny["spec"]["egress"]
    assert subject(mapped("networkpolicies.networking.k8s.io", item=deny)).attributes["policy_types"] == ["Ingress"]


def test_a_binding_grants_a_role_to_accounts() -> None:
    """A role of the namespace or of the cluster; accounts of its own namespace or another; others as data."""
    said = mapped(f"rolebindings.{RBAC}")
    assert list(ties(said, "GRANTS")) == [SHOP.child("k8s.role", "reader")]
    assert set(ties(said, "GRANTS_TO")) == {
        SHOP.child("k8s.serviceaccount", "cart"),
        CLUSTER.child("k8s.namespace", "ci").child("k8s.serviceaccount", "robot"),
        CLUSTER.child("k8s.namespace", "ci"),
    }
    subjects = subject(said).attributes["subjects"]
    assert isinstance(subjects, list)
    assert {"kind": "Group", "name": "web"} in subjects
    assert list(ties(mapped(f"rolebindings.{RBAC}", 1), "GRANTS")) == [CLUSTER.child("k8s.clusterrole", "view")]
    far = mapped(f"clusterrolebindings.{RBAC}")
    assert list(ties(far, "GRANTS")) == [CLUSTER.child("k8s.clusterrole", "monitoring")]
    [prometheus] = ties(far, "GRANTS_TO")
    assert prometheus == CLUSTER.child("k8s.namespace", "monitoring").child("k8s.serviceaccount", "prometheus")


def test_a_right_of_all_accounts_of_a_namespace_is_granted_to_the_namespace() -> None:
    """By the group that they are to the API server. That of the whole cluster is data: the cluster needs no such."""
    item = sample(f"clusterrolebindings.{RBAC}")
    item["subjects"] = [
        {"kind": "Group", "apiGroup": RBAC, "name": name}
        for name in (
            "system:serviceaccounts:shop",
            "system:serviceaccounts",
            "system:serviceaccounts:",
            "system:masters",
        )
    ]
    said = mapped(f"clusterrolebindings.{RBAC}", item=item)
    assert list(ties(said, "GRANTS_TO")) == [SHOP]
    subjects = subject(said).attributes["subjects"]
    assert isinstance(subjects, list)
    assert len(subjects) == 4


def test_a_template_needs_its_priority_class_and_a_pod_does_not() -> None:
    """What the class says is written into a pod when it is made."""
    high = CLUSTER.child("k8s.priorityclass", "high")
    assert ties(mapped("deployments.apps"), "USES_CONFIG")[high].attributes == {"uses": ["priorityClassName"]}
    assert high not in ties(mapped("pods"), "USES_CONFIG")
    assert subject(mapped("pods")).attributes["priority_class"] == "high"


def test_pods_and_templates_keep_how_they_are_placed() -> None:
    """Constraints as data, in the words of the API."""
    for resource in ("pods", "deployments.apps"):
        attributes = subject(mapped(resource)).attributes
        assert attributes["runtime_class"] == "gvisor"
        assert attributes["node_selector"] == {"disk": "ssd"}
        [spread] = attributes["topology_spread"] if isinstance(attributes["topology_spread"], list) else []
        assert isinstance(spread, dict)
        assert spread["topologyKey"] == "topology.kubernetes.io/zone"
    assert subject(mapped("deployments.apps")).attributes["pod_labels"] == {"app": "cart"}
    assert subject(mapped("deployments.apps")).attributes["host_network"] is True
    assert "host_network" not in subject(mapped("pods")).attributes
    assert subject(mapped("pods", 1)).attributes["host_network"] is True
    assert subject(mapped("priorityclasses.scheduling.k8s.io")).attributes["value"] == 1000
