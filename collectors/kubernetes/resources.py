"""What is read of a cluster, as which kind, and what does each listing state?"""

from __future__ import annotations

from dataclasses import dataclass

from collectors.kubernetes.client import JSON, METADATA_ONLY
from collectors.kubernetes.mapping import cluster, config, endpoints, network, node, pod, workloads
from collectors.kubernetes.mapping.stated import Mapper


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API. The version is not in here: it is whatever the server serves."""

    plural: str
    group: str
    kind: str
    mapper: Mapper
    verbs: str
    reason: str
    also: str = ""
    """Other kinds that its documents state."""
    namespaced: bool = True
    metadata_only: bool = False

    @property
    def name(self) -> str:
        """Its name as kubectl has it: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def states(self) -> frozenset[str]:
        """The kinds and verbs that its documents state."""
        return frozenset((self.kind, *self.also.split(), *self.verbs.split()))

    @property
    def accept(self) -> str:
        """The media type to ask for."""
        return METADATA_ONLY if self.metadata_only else JSON


_TEMPLATE = "MANAGED_BY USES_CONFIG MOUNTS RUNS_AS"

RESOURCES = (
    Resource(
        "namespaces", "", "k8s.namespace", cluster.namespace, "PART_OF MANAGED_BY", "what divides the cluster",
        namespaced=False,
    ),
    Resource(
        "nodes", "", "k8s.node", node.node, "PART_OF MANAGED_BY REALIZED_BY", "the machines that pods run on",
        namespaced=False,
    ),
    Resource(
        "pods", "", "k8s.pod", pod.pod, f"{_TEMPLATE} RUNS_ON USES_IMAGE", "what runs, where, and from which image",
        also="k8s.container",
    ),
    Resource("replicasets", "apps", "k8s.replicaset", workloads.replicaset, _TEMPLATE, "the versions of deployments"),
    Resource("deployments", "apps", "k8s.deployment", workloads.deployment, _TEMPLATE, "what is meant to run"),
    Resource("statefulsets", "apps", "k8s.statefulset", workloads.statefulset, _TEMPLATE, "what is meant to run"),
    Resource("daemonsets", "apps", "k8s.daemonset", workloads.daemonset, _TEMPLATE, "what is meant to run"),
    Resource("jobs", "batch", "k8s.job", workloads.job, _TEMPLATE, "what runs to an end"),
    Resource("cronjobs", "batch", "k8s.cronjob", workloads.cronjob, _TEMPLATE, "what runs by the clock"),
    Resource("services", "", "k8s.service", network.service, "MANAGED_BY", "the names that traffic goes to"),
    Resource(
        "endpointslices", "discovery.k8s.io", "k8s.endpointslice", endpoints.endpointslice, "MANAGED_BY SELECTS",
        "the pods behind each service, and their readiness",
    ),
    Resource(
        "ingresses", "networking.k8s.io", "k8s.ingress", network.ingress, "MANAGED_BY ROUTES_TO USES_CONFIG",
        "where traffic comes in",
    ),
    Resource("configmaps", "", "k8s.configmap", config.configmap, "MANAGED_BY", "which configuration exists"),
    Resource(
        "secrets", "", "k8s.secret", config.secret, "MANAGED_BY", "which secrets exist: metadata only",
        metadata_only=True,
    ),
    Resource(
        "serviceaccounts", "", "k8s.serviceaccount", config.serviceaccount, "MANAGED_BY USES_CONFIG ASSUMES",
        "the identities that pods run as",
    ),
)  # fmt: skip
"""Every resource that is read, containers of things before the things."""

CLUSTER_STATES = frozenset({"k8s.cluster"})

STATES = CLUSTER_STATES.union(*(resource.states for resource in RESOURCES))
"""Every kind and verb that some scope of a cluster may state."""

PERMISSIONS = {
    "get namespaces/kube-system": "the cluster's identity is the uid of this namespace (else set cluster_uid)",
    "get /version, /api, /apis": "what the server is, and which versions it serves; every account may by default",
} | {f"list {resource.name}": resource.reason for resource in RESOURCES}
"""What the account needs, and why. Nothing else is ever asked for."""
