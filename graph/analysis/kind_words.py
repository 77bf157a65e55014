"""Which kinds does a word mean that a person writes before a name?"""

from __future__ import annotations

from graph.model import KINDS

OTHERWISE = {
    "cj": "k8s.cronjob",
    "cm": "k8s.configmap",
    "crd": "k8s.customresourcedefinition",
    "deploy": "k8s.deployment",
    "ds": "k8s.daemonset",
    "ev": "k8s.event",
    "gc": "k8s.gatewayclass",
    "gtw": "k8s.gateway",
    "horizontalpodautoscaler": "k8s.hpa",
    "ing": "k8s.ingress",
    "limits": "k8s.limitrange",
    "netpol": "k8s.networkpolicy",
    "no": "k8s.node",
    "ns": "k8s.namespace",
    "pc": "k8s.priorityclass",
    "po": "k8s.pod",
    "poddisruptionbudget": "k8s.pdb",
    "pv": "k8s.persistentvolume",
    "pvc": "k8s.persistentvolumeclaim",
    "quota": "k8s.resourcequota",
    "rs": "k8s.replicaset",
    "sa": "k8s.serviceaccount",
    "sc": "k8s.storageclass",
    "sts": "k8s.statefulset",
    "svc": "k8s.service",
}
"""The short names of `kubectl api-resources` (Kubernetes 1.36, Gateway API 1.4), and the long ones of kinds that have
a short one here."""

_PLURALS = (("ies", "y"), ("es", ""), ("s", ""))


def kinds_meant(text: str) -> frozenset[str]:
    """Give the kinds of a name, or of the last part of one: `deployment` means k8s.deployment.

    So do `deployment.apps` and `deployments.apps`, which is how kubectl and the Kubernetes API write it, and `deploy`.
    """
    resource = text.partition(".")[0]
    singular = [resource.removesuffix(end) + instead for end, instead in _PLURALS if resource.endswith(end)]
    for word in (text, resource, *singular):
        if word in OTHERWISE:
            return frozenset({OTHERWISE[word]})
        if found := frozenset(kind for kind in KINDS if word in (kind, kind.rpartition(".")[2])):
            return found
    return frozenset({text})
