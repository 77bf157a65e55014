"""Which attributes does this version of the mapping fill, kind by kind and verb by verb?"""

from __future__ import annotations

from collectors.kubernetes.resources import STATES
from graph.model import KINDS, VERBS, Knowledge

VERSION = 6
"""Counts up when the mapping makes something else of the same object, so that this does not look like the world's."""

_NOT_FILLED = {
    "k8s.cluster": "labels raw",
    "k8s.container": "labels raw created_at",
    "k8s.pod": "containers init_containers volumes",  # its containers and its ties say them
    "k8s.secret": "type",  # is not metadata
    "helm.release": "labels raw created_at",  # is known by labels of Secrets alone
}
"""Of what the vocabulary has, what this mapping leaves out."""


def _fields(word: str) -> frozenset[str]:
    declared = KINDS.get(word) or VERBS[word]
    return frozenset(declared.attributes) - frozenset(_NOT_FILLED.get(word, "").split())


KNOWLEDGE = Knowledge(VERSION, {word: _fields(word) for word in sorted(STATES)})
"""A test holds it against what the mapping really fills, both ways."""
