"""Which custom resources does the whole estate have besides those of definitions.py, in the shape of the real ones?

The files that each is a part of are named beside the rows of the product's table, and here for what has no row:

    monitoring.coreos.com       prometheus-operator/prometheus-operator, pkg/apis/monitoring/v1
    secrets-store.csi.x-k8s.io  kubernetes-sigs/secrets-store-csi-driver, apis/v1
    promotions.example.com      our own, with a service that converts between its versions and does not exist
"""

from __future__ import annotations

from typing import Any

from tests.servers.definitions import CONDITIONS, LABELS, NUMBER, SELECTOR, TEXT, define_all, definition, definitions
from tests.servers.kubernetes import ControlPlane

STATUS: dict[str, Any] = {"conditions": CONDITIONS}
TYPED: dict[str, Any] = {"apiVersion": TEXT, "group": TEXT, "kind": TEXT, "name": TEXT}
ANY: dict[str, Any] = {"*": None}
KEY: dict[str, Any] = {"name": TEXT, "namespace": TEXT, "key": TEXT}
NAMED: dict[str, Any] = {"name": TEXT}
DESTINATION: dict[str, Any] = {"host": TEXT, "subset": TEXT, "port": {"number": NUMBER}}
ROUTE: dict[str, Any] = {"destination": DESTINATION, "weight": NUMBER}
WIDE = frozenset({"ClusterIssuer", "ClusterSecretStore", "NodePool", "NodeClaim", "EC2NodeClass", "Campaign"})

_ROLLOUT: dict[str, Any] = {
    "spec": {
        "replicas": NUMBER,
        "selector": SELECTOR,
        "template": ANY,
        "workloadRef": TYPED,
        "strategy": {
            "blueGreen": {"activeService": TEXT, "previewService": TEXT},
            "canary": {
                "stableService": TEXT,
                "canaryService": TEXT,
                "trafficRouting": {
                    "nginx": {"stableIngress": TEXT},
                    "istio": {
                        "virtualService": {"name": TEXT, "routes": [TEXT]},
                        "destinationRule": {"name": TEXT, "canarySubsetName": TEXT, "stableSubsetName": TEXT},
                    },
                },
                "steps": [ANY],
            },
        },
    },
    "status": STATUS,
}
_VIRTUAL_SERVICE: dict[str, Any] = {
    "spec": {
        "hosts": [TEXT],
        "gateways": [TEXT],
        "http": [
            {
                "name": TEXT,
                "match": [{"uri": {"prefix": TEXT, "exact": TEXT}, "headers": ANY, "port": NUMBER, "gateways": [TEXT]}],
                "route": [ROUTE],
                "mirror": DESTINATION,
                "mirrors": [{"destination": DESTINATION}],
                "delegate": {"name": TEXT, "namespace": TEXT},
            }
        ],
        "tcp": [{"route": [ROUTE]}],
    }
}
_TRIGGER: dict[str, Any] = {"type": TEXT, "metadata": LABELS, "authenticationRef": {"name": TEXT, "kind": TEXT}}
_TRIGGER_AUTHENTICATION: dict[str, Any] = {
    "spec": {
        "secretTargetRef": [{"parameter": TEXT, "name": TEXT, "key": TEXT}],
        "configMapTargetRef": [{"parameter": TEXT, "name": TEXT, "key": TEXT}],
    }
}
_AWS: dict[str, Any] = {
    "service": TEXT,
    "region": TEXT,
    "auth": {
        "secretRef": {"accessKeyIDSecretRef": KEY, "secretAccessKeySecretRef": KEY},
        "jwt": {"serviceAccountRef": {"name": TEXT, "namespace": TEXT}},
    },
}
_VAULT: dict[str, Any] = {
    "server": TEXT,
    "auth": {
        "appRole": {"roleRef": KEY, "secretRef": KEY},
        "kubernetes": {"serviceAccountRef": {"name": TEXT, "namespace": TEXT}},
    },
}
_PROVIDERS: dict[str, Any] = {"spec": {"provider": {"aws": _AWS, "vault": _VAULT}}}
_ISSUER: dict[str, Any] = {
    "spec": {
        "acme": {
            "server": TEXT,
            "privateKeySecretRef": NAMED,
            "solvers": [{"dns01": {"cloudflare": {"apiTokenSecretRef": KEY}}}],
        },
        "ca": {"secretName": TEXT},
    },
    "status": STATUS,
}
_STORE: dict[str, Any] = {"name": TEXT, "kind": TEXT}
_EXTERNAL_SECRET: dict[str, Any] = {
    "spec": {
        "refreshInterval": TEXT,
        "secretStoreRef": {"name": TEXT, "kind": TEXT},
        "target": NAMED,
        "data": [{"secretKey": TEXT, "remoteRef": {"key": TEXT}, "sourceRef": {"storeRef": _STORE}}],
        "dataFrom": [{"extract": {"key": TEXT}, "sourceRef": {"storeRef": _STORE, "generatorRef": TYPED}}],
    },
    "status": STATUS,
}
_TARGETS: dict[str, Any] = {"serviceRef": {"name": TEXT, "port": TEXT}, "targetGroupARN": TEXT, "targetType": TEXT}
_SCALED: dict[str, Any] = {
    "scaleTargetRef": {"apiVersion": TEXT, "kind": TEXT, "name": TEXT},
    "minReplicaCount": NUMBER,
    "maxReplicaCount": NUMBER,
    "triggers": [_TRIGGER],
}
_CERTIFICATE: dict[str, Any] = {"secretName": TEXT, "dnsNames": [TEXT], "issuerRef": TYPED}
_ISTIO_GATEWAY: dict[str, Any] = {
    "selector": LABELS,
    "servers": [{"hosts": [TEXT], "port": {"number": NUMBER, "name": TEXT, "protocol": TEXT}}],
}
_ENTRY: dict[str, Any] = {"hosts": [TEXT], "location": TEXT, "resolution": TEXT}

ADDED: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("argoproj.io", "v1alpha1", "Rollout", "rollouts", _ROLLOUT),
    (
        "autoscaling.k8s.io",
        "v1",
        "VerticalPodAutoscaler",
        "verticalpodautoscalers",
        {"spec": {"targetRef": TYPED, "updatePolicy": {"updateMode": TEXT}}, "status": STATUS},
    ),
    ("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects", {"spec": _SCALED, "status": STATUS}),
    ("keda.sh", "v1alpha1", "TriggerAuthentication", "triggerauthentications", _TRIGGER_AUTHENTICATION),
    ("networking.istio.io", "v1", "VirtualService", "virtualservices", _VIRTUAL_SERVICE),
    (
        "networking.istio.io",
        "v1",
        "DestinationRule",
        "destinationrules",
        {"spec": {"host": TEXT, "subsets": [{"name": TEXT, "labels": LABELS}]}},
    ),
    ("networking.istio.io", "v1", "Gateway", "gateways", {"spec": _ISTIO_GATEWAY}),
    ("networking.istio.io", "v1", "ServiceEntry", "serviceentries", {"spec": _ENTRY}),
    (
        "cert-manager.io",
        "v1",
        "Certificate",
        "certificates",
        {"spec": _CERTIFICATE, "status": STATUS | {"notAfter": TEXT}},
    ),
    ("cert-manager.io", "v1", "Issuer", "issuers", _ISSUER),
    ("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers", _ISSUER),
    ("external-secrets.io", "v1", "ExternalSecret", "externalsecrets", _EXTERNAL_SECRET),
    ("external-secrets.io", "v1", "SecretStore", "secretstores", _PROVIDERS),
    ("external-secrets.io", "v1", "ClusterSecretStore", "clustersecretstores", _PROVIDERS),
    ("elbv2.k8s.aws", "v1beta1", "TargetGroupBinding", "targetgroupbindings", {"spec": _TARGETS}),
    (
        "karpenter.sh",
        "v1",
        "NodePool",
        "nodepools",
        {"spec": {"template": {"spec": {"nodeClassRef": TYPED}}}, "status": STATUS},
    ),
    (
        "karpenter.sh",
        "v1",
        "NodeClaim",
        "nodeclaims",
        {"spec": {"nodeClassRef": TYPED}, "status": STATUS | {"nodeName": TEXT, "providerID": TEXT}},
    ),
    ("karpenter.k8s.aws", "v1", "EC2NodeClass", "ec2nodeclasses", {"spec": {"amiFamily": TEXT, "role": TEXT}}),
    (
        "monitoring.coreos.com",
        "v1",
        "ServiceMonitor",
        "servicemonitors",
        {"spec": {"selector": SELECTOR, "endpoints": [{"port": TEXT}]}},
    ),
    ("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass", "secretproviderclasses", {"spec": {"provider": TEXT}}),
    ("promotions.example.com", "v1", "Promotion", "promotions", {"spec": {"discount": NUMBER, "code": TEXT}}),
    ("promotions.example.com", "v1", "Campaign", "campaigns", {"spec": {"budget": NUMBER}}),
)
CONVERSION: dict[str, Any] = {
    "strategy": "Webhook",
    "webhook": {
        "conversionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": "platform", "name": "absent-converter", "path": "/convert"}},
    },
}
"""Of one version only, there is nothing to convert: so the service is named, and never asked."""


def define_whole(plane: ControlPlane) -> None:
    """Define everything that the whole estate has, and return once each is served."""
    added = [definition(*row, namespaced=row[2] not in WIDE) for row in ADDED]
    for one in added:
        if one["spec"]["names"]["kind"] == "Promotion":
            one["spec"]["conversion"] = CONVERSION
    define_all(plane, [*definitions(), *added])
