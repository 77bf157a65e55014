"""Does a label selector of Kubernetes mean a thing that carries these labels?

The reference is LabelSelector of meta/v1: `matchLabels` and `matchExpressions` must all hold. An empty selector means
everything. `NotIn` and `DoesNotExist` also mean what lacks the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.model import Value

Labels = Mapping[str, str]


def texts(value: Value) -> dict[str, str]:
    """Give the labels in a value: none, where it is no map."""
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, Mapping) else {}


def selects(selector: Mapping[str, Value], labels: Labels) -> bool:
    """Tell whether a selector means what carries these labels. What it does not understand means nothing."""
    if not texts(selector.get("matchLabels")).items() <= labels.items():
        return False
    expressions = selector.get("matchExpressions") or ()
    if not isinstance(expressions, Sequence) or isinstance(expressions, str):
        return False
    return all(isinstance(one, Mapping) and _holds(one, labels) for one in expressions)


def _holds(expression: Mapping[str, Value], labels: Labels) -> bool:
    held = labels.get(str(expression.get("key")))
    values = expression.get("values")
    wanted = {str(value) for value in values} if isinstance(values, Sequence) and not isinstance(values, str) else set()
    match expression.get("operator"):
        case "In":
            return held in wanted
        case "NotIn":
            return held not in wanted
        case "Exists":
            return held is not None
        case "DoesNotExist":
            return held is None
        case _:
            return False
