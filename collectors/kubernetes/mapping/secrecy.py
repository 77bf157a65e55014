"""How is a value made fit to be kept? What looks secret leaves its place, not its trace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from collectors.contract import looks_secret, named_like_a_secret

REMOVED = "[removed]"
LONGEST_ANNOTATION = 256

_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")

DROPPED_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",  # the object again, with the values of Secrets
        # What moves in a quiet world:
        "autoscaling.alpha.kubernetes.io/conditions",
        "autoscaling.alpha.kubernetes.io/current-metrics",
        "cluster-autoscaler.kubernetes.io/last-updated",
        "control-plane.alpha.kubernetes.io/leader",
        "endpoints.kubernetes.io/last-change-trigger-time",
        "node.alpha.kubernetes.io/ttl",
    }
)


@lru_cache(maxsize=16_384)  # images, labels and names repeat across an estate
def clean_text(text: str) -> str:
    """Give a text without credentials in URLs, or `[removed]` where it still looks secret."""
    if "://" in text:
        text = _USERINFO.sub(f"{REMOVED}@", text)
    return REMOVED if looks_secret(text) else text


def clean(value: Any) -> Any:
    """Give a value with every text in it cleaned: itself, where nothing looks secret. Raise TypeError for no JSON."""
    return _cleaned(value) if _is_unclean(value) else value


def _is_unclean(value: Any) -> bool:
    kind = type(value)
    if kind is str:
        return len(value) > 7 and clean_text(value) != value
    if kind is dict:  # plain loops: every value of a first load comes by here
        for name, inner in value.items():
            if type(name) is not str:
                raise TypeError("a name that is no text")
            if _is_unclean(inner) or _is_unclean(name):
                return True
    elif kind is list or kind is tuple:
        for inner in value:
            if _is_unclean(inner):
                return True
    return False


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(name): _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return value


def kept_annotations(annotations: Mapping[str, Any]) -> dict[str, str]:
    """Keep the annotations that are short, quiet and nobody's secret."""
    return {
        name: value
        for name, value in sorted(annotations.items())
        if name not in DROPPED_ANNOTATIONS
        and isinstance(value, str)
        and len(value) <= LONGEST_ANNOTATION
        and not named_like_a_secret(name)
        and not looks_secret(_USERINFO.sub("", value))
    }
