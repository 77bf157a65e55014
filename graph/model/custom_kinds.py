"""Which kinds do the resources have that others add to a cluster, and how does each attribute count?"""

from __future__ import annotations

from graph.model.kubernetes_kinds import META, TEMPLATE
from graph.model.vocabulary import Kind

_MACHINES = "ready_replicas available_replicas status_replicas conditions"

CUSTOM = (
    Kind.of("k8s.resource", "Extension", "Resource", f"{META} group resource_kind", "status conditions"),
    Kind.of(
        "k8s.vpa",
        "Policy",
        "VerticalPodAutoscaler",
        f"{META} target update_mode min_replicas policies recommenders",
        "conditions",
    ),
    Kind.of(
        "keda.scaledobject",
        "Policy",
        "KEDA ScaledObject",
        f"{META} target min_replicas max_replicas idle_replicas polling_interval cooldown_period triggers",
        "hpa paused_replicas conditions",
    ),
    Kind.of(
        "keda.scaledjob",
        "Policy",
        "KEDA ScaledJob",
        f"{META} min_replicas max_replicas polling_interval triggers {TEMPLATE}",
        "conditions",
    ),
    Kind.of("keda.triggerauthentication", "Config", "KEDA TriggerAuthentication", f"{META} pod_identity"),
    Kind.of("keda.clustertriggerauthentication", "Config", "KEDA ClusterTriggerAuthentication", f"{META} pod_identity"),
    Kind.of(
        "argo.rollout",
        "Workload",
        "Argo Rollout",
        f"{META} replicas selector strategy weights paused {TEMPLATE}",
        "ready_replicas available_replicas updated_replicas status_replicas phase conditions",
    ),
    Kind.of(
        "istio.virtualservice",
        "Network",
        "Istio VirtualService",
        f"{META} hosts gateways export_to routes",
        "conditions",
    ),
    Kind.of(
        "istio.destinationrule", "Network", "Istio DestinationRule", f"{META} host subsets export_to", "conditions"
    ),
    Kind.of("istio.gateway", "Network", "Istio Gateway", f"{META} selector hosts ports credentials", "conditions"),
    Kind.of(
        "istio.serviceentry",
        "Network",
        "Istio ServiceEntry",
        f"{META} hosts addresses ports location resolution export_to",
        "conditions",
    ),
    Kind.of("linkerd.serviceprofile", "Network", "Linkerd ServiceProfile", f"{META} routes opaque_ports"),
    Kind.of("linkerd.server", "Policy", "Linkerd Server", f"{META} pod_selector port protocol access_policy"),
    Kind.of("linkerd.authorizationpolicy", "Policy", "Linkerd AuthorizationPolicy", f"{META} target"),
    Kind.of(
        "certmanager.certificate",
        "Config",
        "Certificate",
        f"{META} common_name dns_names secret issuer duration renew_before",
        "not_before not_after renewal_at revision conditions",
    ),
    Kind.of("certmanager.issuer", "Config", "Issuer", f"{META} type server vault", "conditions"),
    Kind.of("certmanager.clusterissuer", "Config", "ClusterIssuer", f"{META} type server vault", "conditions"),
    Kind.of(
        "externalsecrets.externalsecret",
        "Config",
        "ExternalSecret",
        f"{META} store refresh_policy refresh_interval creation_policy remote_keys extracted_keys",
        "conditions",
    ),
    Kind.of(
        "externalsecrets.secretstore", "Config", "SecretStore", f"{META} provider service region role", "conditions"
    ),
    Kind.of(
        "externalsecrets.clustersecretstore",
        "Config",
        "ClusterSecretStore",
        f"{META} provider service region role",
        "conditions",
    ),
    Kind.of(
        "k8s.targetgroupbinding",
        "Network",
        "TargetGroupBinding",
        f"{META} target_group target_type ip_address_type vpc shared node_selector",
    ),
    Kind.of(
        "karpenter.nodepool",
        "Compute",
        "Karpenter NodePool",
        f"{META} requirements taints expire_after disruption limits weight replicas",
        "nodes resources conditions",
    ),
    Kind.of(
        "karpenter.nodeclaim",
        "Compute",
        "Karpenter NodeClaim",
        f"{META} nodepool requirements taints",
        "node provider_id image_id capacity allocatable conditions",
    ),
    Kind.of(
        "karpenter.ec2nodeclass",
        "Compute",
        "Karpenter EC2NodeClass",
        f"{META} ami_family ami_terms subnet_terms security_group_terms role instance_profile",
        "conditions",
    ),
    Kind.of("capi.cluster", "Cluster", "Cluster API Cluster", f"{META} paused", "phase conditions"),
    Kind.of(
        "capi.machinedeployment",
        "Compute",
        "Cluster API MachineDeployment",
        f"{META} cluster replicas version",
        _MACHINES,
    ),
    Kind.of("capi.machineset", "Compute", "Cluster API MachineSet", f"{META} cluster replicas version", _MACHINES),
    Kind.of(
        "capi.machine",
        "Compute",
        "Cluster API Machine",
        f"{META} cluster version failure_domain provider_id",
        "node phase certificates_expire_at conditions",
    ),
)
"""Every kind of a row of the table of custom resources, and the one of what has none."""
