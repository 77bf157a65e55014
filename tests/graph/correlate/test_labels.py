"""Does a label selector mean what Kubernetes says that it means?"""

import pytest

from graph.correlate.labels import selects
from graph.model import Value

LABELS = {"app": "cart", "tier": "web"}


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ({}, True),
        ({"matchLabels": {"app": "cart"}}, True),
        ({"matchLabels": {"app": "cart", "tier": "web"}}, True),
        ({"matchLabels": {"app": "cart", "zone": "a"}}, False),
        ({"matchLabels": {"app": "pay"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["pay", "cart"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["pay"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["pay"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["cart"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "cart"}, "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, False),
        ({"matchExpressions": "rubbish"}, False),
        ({"matchExpressions": ["rubbish"]}, False),
    ],
)
def test_every_operator_and_all_of_them_together(selector: dict[str, Value], meant: bool) -> None:
    """Absence satisfies NotIn and DoesNotExist; an empty selector means all; what is not understood means nothing."""
    assert selects(selector, LABELS) is meant
