"""Which custom resources does a cluster for tests have, in the shape of the real ones?

Each is a part of the schema that its project publishes: names, types and nesting are theirs. Whatever is left out is
pruned by the API server, so that a field that the real resource does not have cannot be read by mistake. The sources:

    gateway.networking.k8s.io   kubernetes-sigs/gateway-api, config/crd/{standard,experimental}
    argoproj.io                 argoproj/argo-cd, manifests/crds/application-crd.yaml
    *.toolkit.fluxcd.io         fluxcd/{kustomize,helm,source}-controller, api/
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from tests.servers.errors import RequestRefused
from tests.servers.kube_api import KubeApi, Manifest
from tests.servers.kubernetes import ControlPlane

TEXT, NUMBER, FLAG = "string", "integer", "boolean"
LABELS: dict[str, Any] = {"*": TEXT}
CONDITIONS = [{"type": TEXT, "status": TEXT, "reason": TEXT, "message": TEXT, "lastTransitionTime": TEXT}]
SELECTOR = {"matchLabels": LABELS, "matchExpressions": [{"key": TEXT, "operator": TEXT, "values": [TEXT]}]}
PARENT = {"group": TEXT, "kind": TEXT, "namespace": TEXT, "name": TEXT, "sectionName": TEXT, "port": NUMBER}
BACKEND = {"group": TEXT, "kind": TEXT, "namespace": TEXT, "name": TEXT, "port": NUMBER, "weight": NUMBER}
FILTER: dict[str, Any] = {"type": TEXT, "requestMirror": {"backendRef": BACKEND}}
HEADER = {"type": TEXT, "name": TEXT, "value": TEXT}
ROUTE_STATUS = {"parents": [{"parentRef": PARENT, "controllerName": TEXT, "conditions": CONDITIONS}]}
HTTP_MATCH = {"path": {"type": TEXT, "value": TEXT}, "method": TEXT, "headers": [HEADER], "queryParams": [HEADER]}
GRPC_MATCH = {"method": {"type": TEXT, "service": TEXT, "method": TEXT}, "headers": [HEADER]}
REFERENCE = {"apiVersion": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT}
KUBECONFIG = {"secretRef": {"name": TEXT, "key": TEXT}}
VALUES_FROM = [{"kind": TEXT, "name": TEXT, "valuesKey": TEXT, "targetPath": TEXT, "optional": FLAG}]
ARTIFACT = {"artifact": {"revision": TEXT, "digest": TEXT, "url": TEXT}, "conditions": CONDITIONS}
ARGO_SOURCE = {
    "repoURL": TEXT,
    "path": TEXT,
    "targetRevision": TEXT,
    "chart": TEXT,
    "ref": TEXT,
    "helm": {"releaseName": TEXT, "valueFiles": [TEXT], "values": TEXT},
}


def _route(*, hosts: bool = True, **rule: Any) -> dict[str, Any]:
    backend = BACKEND | ({"filters": rule["filters"]} if "filters" in rule else {})
    spec: dict[str, Any] = {"parentRefs": [PARENT], "rules": [{"name": TEXT, "backendRefs": [backend], **rule}]}
    return {"spec": spec | ({"hostnames": [TEXT]} if hosts else {}), "status": ROUTE_STATUS}


_GATEWAY: dict[str, Any] = {
    "spec": {
        "gatewayClassName": TEXT,
        "listeners": [
            {
                "name": TEXT,
                "hostname": TEXT,
                "port": NUMBER,
                "protocol": TEXT,
                "tls": {
                    "mode": TEXT,
                    "certificateRefs": [{"group": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT}],
                },
                "allowedRoutes": {"namespaces": {"from": TEXT, "selector": SELECTOR}},
            }
        ],
    },
    "status": {"addresses": [{"type": TEXT, "value": TEXT}], "conditions": CONDITIONS},
}
_GRANT: dict[str, Any] = {
    "spec": {
        "from": [{"group": TEXT, "kind": TEXT, "namespace": TEXT}],
        "to": [{"group": TEXT, "kind": TEXT, "name": TEXT}],
    }
}
_CLASS: dict[str, Any] = {
    "spec": {"controllerName": TEXT, "parametersRef": {"group": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT}},
    "status": {"conditions": CONDITIONS},
}
_APPLICATION: dict[str, Any] = {
    "spec": {
        "project": TEXT,
        "source": ARGO_SOURCE,
        "sources": [ARGO_SOURCE],
        "destination": {"server": TEXT, "name": TEXT, "namespace": TEXT},
        "syncPolicy": {"automated": {"prune": FLAG, "selfHeal": FLAG}},
    },
    "status": {
        "sync": {"status": TEXT, "revision": TEXT, "revisions": [TEXT]},
        "health": {"status": TEXT},
        "operationState": {"phase": TEXT, "startedAt": TEXT, "finishedAt": TEXT},
    },
}
_KUSTOMIZATION: dict[str, Any] = {
    "spec": {
        "interval": TEXT,
        "path": TEXT,
        "prune": FLAG,
        "suspend": FLAG,
        "targetNamespace": TEXT,
        "sourceRef": REFERENCE,
        "dependsOn": [{"name": TEXT, "namespace": TEXT}],
        "decryption": {"provider": TEXT, "secretRef": {"name": TEXT}},
        "postBuild": {"substitute": LABELS, "substituteFrom": [{"kind": TEXT, "name": TEXT, "optional": FLAG}]},
        "kubeConfig": KUBECONFIG,
    },
    "status": {"lastAppliedRevision": TEXT, "lastAttemptedRevision": TEXT, "conditions": CONDITIONS},
}
_HELM_RELEASE: dict[str, Any] = {
    "spec": {
        "interval": TEXT,
        "chart": {"spec": {"chart": TEXT, "version": TEXT, "sourceRef": REFERENCE}},
        "chartRef": REFERENCE,
        "releaseName": TEXT,
        "targetNamespace": TEXT,
        "storageNamespace": TEXT,
        "suspend": FLAG,
        "dependsOn": [{"name": TEXT, "namespace": TEXT}],
        "valuesFrom": VALUES_FROM,
        "values": {"*": None},
        "kubeConfig": KUBECONFIG,
    },
    "status": {
        "lastAttemptedRevision": TEXT,
        "history": [{"name": TEXT, "chartName": TEXT, "chartVersion": TEXT, "status": TEXT, "version": NUMBER}],
        "conditions": CONDITIONS,
    },
}


def _repository(**spec: Any) -> dict[str, Any]:
    common = {"interval": TEXT, "url": TEXT, "suspend": FLAG, "secretRef": {"name": TEXT}}
    return {"spec": common | spec, "status": ARTIFACT}


_GATEWAY_API, _FLUX_SOURCE = "gateway.networking.k8s.io", "source.toolkit.fluxcd.io"

_DEFINED: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    (_GATEWAY_API, "v1", "GatewayClass", "gatewayclasses", _CLASS),
    (_GATEWAY_API, "v1", "Gateway", "gateways", _GATEWAY),
    (_GATEWAY_API, "v1", "HTTPRoute", "httproutes", _route(matches=[HTTP_MATCH], filters=[FILTER])),
    (_GATEWAY_API, "v1", "GRPCRoute", "grpcroutes", _route(matches=[GRPC_MATCH], filters=[FILTER])),
    (_GATEWAY_API, "v1alpha2", "TLSRoute", "tlsroutes", _route()),
    (_GATEWAY_API, "v1alpha2", "TCPRoute", "tcproutes", _route(hosts=False)),
    (_GATEWAY_API, "v1beta1", "ReferenceGrant", "referencegrants", _GRANT),
    ("argoproj.io", "v1alpha1", "Application", "applications", _APPLICATION),
    ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", _KUSTOMIZATION),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases", _HELM_RELEASE),
    (_FLUX_SOURCE, "v1", "GitRepository", "gitrepositories", _repository(ref={"branch": TEXT, "tag": TEXT})),
    (_FLUX_SOURCE, "v1beta2", "OCIRepository", "ocirepositories", _repository(ref={"tag": TEXT, "digest": TEXT})),
    (_FLUX_SOURCE, "v1", "HelmRepository", "helmrepositories", _repository(type=TEXT)),
)


def definitions() -> list[Manifest]:
    """Give the CustomResourceDefinitions. Those of one group are served in different versions, as in real clusters."""
    return [definition(*row, namespaced=row[2] != "GatewayClass") for row in _DEFINED]


def define(plane: ControlPlane) -> None:
    """Define them in a cluster, and return once each is served."""
    define_all(plane, definitions())


def define_all(plane: ControlPlane, wanted: Sequence[Manifest]) -> None:
    """Define custom resources in a cluster, and return once each is served."""
    plane.apply(wanted)
    for spec in [one["spec"] for one in wanted]:
        path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        plane.wait_for(partial(served, plane.api, path), what=f"{path} to be served")


def served(api: KubeApi, path: str) -> bool:
    """Tell whether a resource that was just defined can be listed."""
    try:
        return api.read(path) is not None
    except RequestRefused as error:
        if error.status not in (429, 503):  # its storage is being made
            raise
        return False


def definition(
    group: str, version: str, kind: str, plural: str, shape: dict[str, Any], *, namespaced: bool = True
) -> Manifest:
    """Write the definition of a custom resource, of which the API server prunes what the shape does not have."""
    offered = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _schema(shape)},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/4530"},
        },
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced" if namespaced else "Cluster",
            "versions": [offered],
        },
    }


def _schema(shape: Any) -> Manifest:
    """Write a shape as OpenAPI: a list of one, a map of fields, a map of any (`*`), or a type."""
    if isinstance(shape, list):
        return {"type": "array", "items": _schema(shape[0])}
    if shape == {"*": None}:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    if isinstance(shape, dict) and "*" in shape:
        return {"type": "object", "additionalProperties": _schema(shape["*"])}
    if isinstance(shape, dict):
        return {"type": "object", "properties": {name: _schema(inner) for name, inner in shape.items()}}
    return {"type": shape}
