"""What is read of a cluster, as which kind, and what does each listing state?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from collectors.kubernetes.client import JSON, METADATA_ONLY
from collectors.kubernetes.custom.rows import VERBS_OF_ROWS
from collectors.kubernetes.custom.table import BUILT_IN, RESOURCE, Layout, Table
from collectors.kubernetes.mapping import (
    classes,
    cluster,
    config,
    endpoints,
    events,
    extension,
    gateway,
    network,
    node,
    pod,
    policy,
    rbac,
    releases,
    scaling,
    storage,
    workloads,
)
from collectors.kubernetes.mapping.custom import custom
from collectors.kubernetes.mapping.place import Object, Place
from collectors.kubernetes.mapping.stated import Mapper, stated
from graph.model import Statement

ANY_OBJECT = ("MANAGED_BY", "DECLARED_IN")
"""What any object may state: who owns it, and what declares it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API. The version is not in here: it is whatever the server serves."""

    plural: str
    group: str
    kind: str
    mapper: Mapper
    verbs: str
    """What its documents state beside what any object may: an owner, and what declares it."""
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
        return frozenset((self.kind, *self.also.split(), *self.verbs.split(), *ANY_OBJECT))

    @property
    def accept(self) -> str:
        """The media type to ask for."""
        return METADATA_ONLY if self.metadata_only else JSON

    @property
    def begins(self) -> str:
        """How the ids of its objects begin, where others are of the same kind."""
        return ""

    def read(self, place: Place, item: Object) -> Sequence[Statement]:
        """Map one of its objects."""
        return stated(self.kind, self.mapper, place, item)


@dataclass(frozen=True, slots=True)
class CustomResource(Resource):
    """A resource that somebody added to the cluster: read by its rows in the table, or without any."""

    layout: Layout = field(default_factory=lambda: Layout("", ""))

    @property
    def begins(self) -> str:
        """How the ids of its objects begin, where others are of the same kind."""
        named = ":".join(part for part in (self.layout.group, self.layout.kind) if part)
        return f"{named}:" if self.kind == RESOURCE else ""

    def read(self, place: Place, item: Object) -> Sequence[Statement]:
        """Map one of its objects."""
        return custom(self.layout, place, item)


def custom_resource(plural: str, layout: Layout, reason: str = "", *, namespaced: bool) -> CustomResource:
    """Describe a custom resource that a server serves, or might serve."""
    return CustomResource(
        plural,
        layout.group,
        layout.word,
        partial(custom, layout),
        " ".join(sorted(layout.verbs)),
        reason,
        namespaced=namespaced,
        layout=layout,
    )


_TEMPLATE = "USES_CONFIG MOUNTS RUNS_AS"
_ROUTE = "ROUTES_TO DEPENDS_ON"
_NETWORKING, _GATEWAY, _RBAC = "networking.k8s.io", "gateway.networking.k8s.io", "rbac.authorization.k8s.io"
_ADMISSION, _SOURCE = "admissionregistration.k8s.io", "source.toolkit.fluxcd.io"

_WORKLOADS = (
    Resource(
        "namespaces", "", "k8s.namespace", cluster.namespace, "PART_OF", "what divides the cluster", namespaced=False
    ),
    Resource(
        "nodes", "", "k8s.node", node.node, "PART_OF REALIZED_BY IN_ZONE IN_REGION", "the machines that pods run on",
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
)  # fmt: skip

_NETWORK = (
    Resource("services", "", "k8s.service", network.service, "DEPENDS_ON", "the names that traffic goes to"),
    Resource(
        "endpointslices", "discovery.k8s.io", "k8s.endpointslice", endpoints.endpointslice, "SELECTS DEPENDS_ON",
        "the pods behind each service, and their readiness",
    ),
    Resource(
        "ingresses", _NETWORKING, "k8s.ingress", network.ingress, "ROUTES_TO USES_CONFIG", "where traffic comes in"
    ),
    Resource(
        "ingressclasses", _NETWORKING, "k8s.ingressclass", classes.ingressclass, "", "who serves the ingresses",
        namespaced=False,
    ),
    Resource(
        "gatewayclasses", _GATEWAY, "k8s.gatewayclass", classes.gatewayclass, "", "who serves the gateways",
        namespaced=False,
    ),
    Resource("gateways", _GATEWAY, "k8s.gateway", gateway.gateway, "USES_CONFIG", "where traffic comes in"),
    Resource("httproutes", _GATEWAY, "k8s.httproute", gateway.httproute, _ROUTE, "which service a request goes to"),
    Resource("grpcroutes", _GATEWAY, "k8s.grpcroute", gateway.grpcroute, _ROUTE, "which service a call goes to"),
    Resource("tlsroutes", _GATEWAY, "k8s.tlsroute", gateway.tlsroute, _ROUTE, "which service a connection goes to"),
    Resource("tcproutes", _GATEWAY, "k8s.tcproute", gateway.tcproute, _ROUTE, "which service a connection goes to"),
    Resource(
        "referencegrants", _GATEWAY, "k8s.referencegrant", gateway.referencegrant, "",
        "which routes may lead into another namespace",
    ),
    Resource(
        "networkpolicies", _NETWORKING, "k8s.networkpolicy", policy.networkpolicy, "", "which traffic pods may have"
    ),
)  # fmt: skip

_CONFIGURATION = (
    Resource("configmaps", "", "k8s.configmap", config.configmap, "", "which configuration exists"),
    Resource(
        "secrets", "", "k8s.secret", config.secret, "", "which secrets and Helm releases exist: metadata only",
        also="helm.release", metadata_only=True,
    ),
    Resource(
        "serviceaccounts", "", "k8s.serviceaccount", config.serviceaccount, "USES_CONFIG ASSUMES",
        "the identities that pods run as",
    ),
    Resource("roles", _RBAC, "k8s.role", rbac.role, "", "what is allowed in a namespace"),
    Resource(
        "clusterroles", _RBAC, "k8s.clusterrole", rbac.clusterrole, "", "what is allowed anywhere", namespaced=False
    ),
    Resource(
        "rolebindings", _RBAC, "k8s.rolebinding", rbac.rolebinding, "GRANTS GRANTS_TO", "who is allowed it there"
    ),
    Resource(
        "clusterrolebindings", _RBAC, "k8s.clusterrolebinding", rbac.clusterrolebinding, "GRANTS GRANTS_TO",
        "who is allowed it anywhere", namespaced=False,
    ),
)  # fmt: skip

_STORAGE = (
    Resource(
        "storageclasses", "storage.k8s.io", "k8s.storageclass", storage.storageclass, "", "on which storage data lies",
        namespaced=False,
    ),
    Resource(
        "persistentvolumes", "", "k8s.persistentvolume", storage.persistentvolume,
        "USES_CONFIG REALIZED_BY IN_ZONE IN_REGION", "the disks behind claims, and their zones", namespaced=False,
    ),
    Resource(
        "persistentvolumeclaims", "", "k8s.persistentvolumeclaim", storage.persistentvolumeclaim,
        "USES_CONFIG BOUND_TO", "which data pods keep",
    ),
)  # fmt: skip

_POLICY = (
    Resource(
        "horizontalpodautoscalers", "autoscaling", "k8s.hpa", scaling.hpa, "SCALES", "what decides how many run"
    ),
    Resource("poddisruptionbudgets", "policy", "k8s.pdb", scaling.pdb, "", "how many may be missing"),
    Resource("resourcequotas", "", "k8s.resourcequota", policy.resourcequota, "LIMITS", "what a namespace may use"),
    Resource("limitranges", "", "k8s.limitrange", policy.limitrange, "LIMITS", "what one container may use"),
    Resource(
        "priorityclasses", "scheduling.k8s.io", "k8s.priorityclass", classes.priorityclass, "", "who gives way to whom",
        namespaced=False,
    ),
)  # fmt: skip

_EXTENSION = (
    Resource(
        "mutatingwebhookconfigurations", _ADMISSION, "k8s.mutatingwebhookconfiguration",
        extension.mutatingwebhookconfiguration, "ROUTES_TO", "who is asked at every write, and can break it",
        namespaced=False,
    ),
    Resource(
        "validatingwebhookconfigurations", _ADMISSION, "k8s.validatingwebhookconfiguration",
        extension.validatingwebhookconfiguration, "ROUTES_TO", "who is asked at every write, and can break it",
        namespaced=False,
    ),
    Resource(
        "apiservices", "apiregistration.k8s.io", "k8s.apiservice", extension.apiservice, "ROUTES_TO",
        "who answers for parts of the API", namespaced=False,
    ),
    Resource(
        "customresourcedefinitions", "apiextensions.k8s.io", "k8s.customresourcedefinition",
        extension.customresourcedefinition, "ROUTES_TO", "which resources others have added", namespaced=False,
    ),
    Resource("events", "events.k8s.io", "k8s.event", events.event, "REGARDS", "what controllers reported"),
)  # fmt: skip

_DELIVERY = (
    Resource(
        "applications", "argoproj.io", "argocd.application", releases.argocd_application, "", "what Argo CD applies"
    ),
    Resource(
        "kustomizations", "kustomize.toolkit.fluxcd.io", "flux.kustomization", releases.flux_kustomization,
        "DEPENDS_ON USES_CONFIG", "what Flux applies",
    ),
    Resource(
        "helmreleases", "helm.toolkit.fluxcd.io", "flux.helmrelease", releases.flux_helmrelease,
        "DEPENDS_ON USES_CONFIG", "what Flux installs by Helm",
    ),
    Resource(
        "gitrepositories", _SOURCE, "flux.gitrepository", releases.flux_gitrepository, "USES_CONFIG",
        "where Flux has it from",
    ),
    Resource(
        "ocirepositories", _SOURCE, "flux.ocirepository", releases.flux_ocirepository, "USES_CONFIG",
        "where Flux has it from",
    ),
    Resource(
        "helmrepositories", _SOURCE, "flux.helmrepository", releases.flux_helmrepository, "USES_CONFIG",
        "where Flux has it from",
    ),
)  # fmt: skip

RESOURCES = (
    *_WORKLOADS, *_NETWORK, *_CONFIGURATION, *_STORAGE, *_POLICY, *_EXTENSION, *_DELIVERY,
)  # fmt: skip
"""Every resource that has code of its own, containers of things before the things. Each is read where it is served."""

_TABLE = Table()

CUSTOM = tuple(
    custom_resource(row.plural, _TABLE.layout(*row.names), row.reason, namespaced=not row.cluster_wide)
    for row in BUILT_IN
)
"""Every custom resource that has a row of its own, read where it is served. What else is served is found out there."""

CLUSTER_STATES = frozenset({"k8s.cluster"})

STATES = CLUSTER_STATES.union(*(resource.states for resource in (*RESOURCES, *CUSTOM)), {RESOURCE}, VERBS_OF_ROWS)
"""Every kind and verb that some scope of a cluster may state."""

PERMISSIONS = {
    "get namespaces/kube-system": "the cluster's identity is the uid of this namespace (else set cluster_uid)",
    "get /version, /api, /apis": "what the server is, and which versions it serves; every account may by default",
    "list *.<group of a custom resource>": "what others have added to the cluster; max_custom_kinds: 0 leaves it out",
} | {f"list {resource.name}": resource.reason for resource in (*RESOURCES, *CUSTOM)}
"""What the account needs, and why. Nothing else is ever asked for."""
