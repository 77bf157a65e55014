"""What do kinds, verbs and attributes look like in people's own Cypher?"""

from __future__ import annotations

import re
from typing import Any

from graph.model import KINDS, Attributes, Value
from graph.stores.values import dumped

_WORDS = re.compile(r"[A-Za-z0-9]+")
_RESERVED = frozenset({"key", "kind", "name", "incarnation", "slot", "method", "confidence"})
_LARGEST = 1 << 63


def kind_label(kind: str) -> str:
    """Give the label of a kind: `k8s.pod` is `K8sPod`, `aws.ec2.instance` is `AwsEc2Instance`.

    Cypher takes none that begins with a digit: `3scale.product` is `Kind3scaleProduct`.
    """
    label = "".join(word[0].upper() + word[1:] for word in _WORDS.findall(kind)) or "Unnamed"
    return f"Kind{label}" if label[0].isdigit() else label


def class_label(kind: str) -> str:
    """Give the label of the class of a kind: `Workload`, `Network`; `Other` where the vocabulary has no such kind."""
    declared = KINDS.get(kind)
    return kind_label(declared.class_) if declared is not None else "Other"


def type_of(verb: str) -> str:
    """Give the type of a relation: its verb, and nothing that Cypher could take for more."""
    type_ = "_".join(_WORDS.findall(verb)).upper() or "TIED_TO"
    return f"TIED_{type_}" if type_[0].isdigit() else type_


def properties(attributes: Attributes) -> dict[str, Any]:
    """Write attributes as properties: texts, numbers, and lists of them as they are; all else as one JSON text."""
    return {
        f"attribute_{name}" if name in _RESERVED or name.startswith("_") else name: _property(value)
        for name, value in attributes.items()
        if value is not None
    }


def _property(value: Value) -> Any:
    if isinstance(value, str | bool | float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return value
    if isinstance(value, list | tuple) and value:
        sorts = {type(one) for one in value}
        if len(sorts) == 1 and sorts <= {str, bool, float}:
            return list(value)
        if sorts == {int} and all(abs(one) < _LARGEST for one in value if isinstance(one, int)):
            return list(value)
    return dumped(value)
