"""Which kinds does a Kubernetes cluster have, and what delivers to it, and how does each attribute count?"""

from __future__ import annotations

from graph.model.vocabulary import Kind

META = "annotations finalizers deletion_requested_at"
_PLACEMENT = (
    "service_account node_selector tolerations affinity topology_spread priority_class host_network runtime_class"
)
TEMPLATE = f"{_PLACEMENT} containers init_containers volumes pod_labels"
_ROUTE = f"{META} hosts parents rules"

KUBERNETES = (
    Kind.of("k8s.cluster", "Cluster", "Cluster", "version platform"),
    Kind.of("k8s.namespace", "Cluster", "Namespace", META, "phase", holds=True),
    Kind.of(
        "k8s.node",
        "Cluster",
        "Node",
        f"{META} provider_id instance_type zone region pod_cidrs taints unschedulable capacity allocatable addresses"
        " architecture os os_image kernel_version kubelet_version container_runtime_version",
        "conditions ready",
    ),
    Kind.of(
        "k8s.pod",
        "Workload",
        "Pod",
        f"{META} {_PLACEMENT} node qos_class restart_policy",
        "phase ready pod_ip pod_ips reason conditions",
    ),
    Kind.of(
        "k8s.container",
        "Workload",
        "Container",
        "image image_digest role requests limits ports env_names probes command_hash",
        "ready state restarts reason exit_code last_terminated",
    ),
    Kind.of(
        "k8s.replicaset",
        "Workload",
        "ReplicaSet",
        f"{META} replicas selector {TEMPLATE}",
        "ready_replicas available_replicas status_replicas",
    ),
    Kind.of(
        "k8s.deployment",
        "Workload",
        "Deployment",
        f"{META} replicas selector strategy paused {TEMPLATE}",
        "ready_replicas available_replicas updated_replicas status_replicas conditions",
    ),
    Kind.of(
        "k8s.statefulset",
        "Workload",
        "StatefulSet",
        f"{META} replicas selector strategy service_name volume_claims claim_retention {TEMPLATE}",
        "ready_replicas available_replicas updated_replicas status_replicas current_revision update_revision",
    ),
    Kind.of(
        "k8s.daemonset",
        "Workload",
        "DaemonSet",
        f"{META} selector strategy {TEMPLATE}",
        "desired ready_replicas available_replicas updated_replicas",
    ),
    Kind.of(
        "k8s.job",
        "Workload",
        "Job",
        f"{META} parallelism completions backoff_limit suspend {TEMPLATE}",
        "active succeeded failed conditions started_at completed_at",
    ),
    Kind.of(
        "k8s.cronjob",
        "Workload",
        "CronJob",
        f"{META} schedule time_zone suspend concurrency_policy {TEMPLATE}",
        "last_scheduled_at last_successful_at active",
    ),
    Kind.of(
        "k8s.service",
        "Network",
        "Service",
        f"{META} type cluster_ips external_name ports selector session_affinity headless external_traffic_policy"
        " load_balancer_class load_balancer_source_ranges external_ips publish_not_ready_addresses",
        "load_balancer",
    ),
    Kind.of(
        "k8s.endpointslice",
        "Network",
        "EndpointSlice",
        f"{META} address_type ports service addresses",
        "endpoints_ready endpoints_total",
    ),
    Kind.of("k8s.ingress", "Network", "Ingress", f"{META} class hosts tls rules default_backend", "load_balancer"),
    Kind.of("k8s.configmap", "Config", "ConfigMap", f"{META} keys content_hash values immutable"),
    Kind.of("k8s.secret", "Config", "Secret", f"{META} type"),
    Kind.of("k8s.serviceaccount", "Identity", "ServiceAccount", f"{META} automount_token role_arn"),
    Kind.of("k8s.ingressclass", "Network", "IngressClass", f"{META} controller parameters default"),
    Kind.of("k8s.gatewayclass", "Network", "GatewayClass", f"{META} controller parameters", "conditions"),
    Kind.of("k8s.gateway", "Network", "Gateway", f"{META} class hosts listeners", "load_balancer conditions"),
    Kind.of("k8s.httproute", "Network", "HTTPRoute", _ROUTE, "conditions"),
    Kind.of("k8s.grpcroute", "Network", "GRPCRoute", _ROUTE, "conditions"),
    Kind.of("k8s.tlsroute", "Network", "TLSRoute", _ROUTE, "conditions"),
    Kind.of("k8s.tcproute", "Network", "TCPRoute", f"{META} parents rules", "conditions"),
    Kind.of("k8s.referencegrant", "Network", "ReferenceGrant", f"{META} from to"),
    Kind.of("k8s.networkpolicy", "Policy", "NetworkPolicy", f"{META} pod_selector policy_types ingress egress"),
    Kind.of(
        "k8s.pdb",
        "Policy",
        "PodDisruptionBudget",
        f"{META} min_available max_unavailable selector unhealthy_pod_eviction",
        "current_healthy desired_healthy expected_pods disruptions_allowed conditions",
    ),
    Kind.of(
        "k8s.hpa",
        "Policy",
        "HorizontalPodAutoscaler",
        f"{META} target min_replicas max_replicas metrics behavior",
        "current_replicas desired_replicas last_scaled_at conditions",
    ),
    Kind.of("k8s.resourcequota", "Policy", "ResourceQuota", f"{META} hard scopes scope_selector", "used"),
    Kind.of("k8s.limitrange", "Policy", "LimitRange", f"{META} limits"),
    Kind.of("k8s.priorityclass", "Policy", "PriorityClass", f"{META} value default preemption_policy description"),
    Kind.of("k8s.role", "Identity", "Role", f"{META} rules"),
    Kind.of("k8s.clusterrole", "Identity", "ClusterRole", f"{META} rules aggregates"),
    Kind.of("k8s.rolebinding", "Identity", "RoleBinding", f"{META} role subjects"),
    Kind.of("k8s.clusterrolebinding", "Identity", "ClusterRoleBinding", f"{META} role subjects"),
    Kind.of(
        "k8s.persistentvolume",
        "Data",
        "PersistentVolume",
        f"{META} storage_class access_modes capacity reclaim_policy volume_mode type driver volume_handle claim"
        " node_affinity zones region",
        "phase reason",
    ),
    Kind.of(
        "k8s.persistentvolumeclaim",
        "Data",
        "PersistentVolumeClaim",
        f"{META} storage_class access_modes requested volume_mode volume data_source",
        "phase capacity conditions",
    ),
    Kind.of(
        "k8s.storageclass",
        "Data",
        "StorageClass",
        f"{META} provisioner parameters reclaim_policy binding_mode allow_expansion default",
    ),
    Kind.of("k8s.mutatingwebhookconfiguration", "Extension", "MutatingWebhookConfiguration", f"{META} webhooks"),
    Kind.of("k8s.validatingwebhookconfiguration", "Extension", "ValidatingWebhookConfiguration", f"{META} webhooks"),
    Kind.of(
        "k8s.apiservice",
        "Extension",
        "APIService",
        f"{META} group version service insecure group_priority version_priority",
        "available",
    ),
    Kind.of(
        "k8s.customresourcedefinition",
        "Extension",
        "CustomResourceDefinition",
        f"{META} group resource resource_kind scope versions conversion",
        "conditions",
    ),
    Kind.of(
        "k8s.event",
        "Observability",
        "Event",
        META,
        "reason type note action regarding field_path reporter reporting_instance first_at count_at_least",
        passing=True,
    ),
    Kind.of("helm.release", "Deploy", "Helm release", "", "revision status revisions"),
    Kind.of(
        "argocd.application",
        "Deploy",
        "Argo CD Application",
        f"{META} project sources destination sync_policy",
        "sync health revisions phase finished_at",
    ),
    Kind.of(
        "flux.kustomization",
        "Deploy",
        "Flux Kustomization",
        f"{META} source path target_namespace prune suspend",
        "applied_revision attempted_revision conditions",
    ),
    Kind.of(
        "flux.helmrelease",
        "Deploy",
        "Flux HelmRelease",
        f"{META} chart version source release_name target_namespace storage_namespace suspend values_hash",
        "applied_revision attempted_revision conditions",
    ),
    Kind.of("flux.gitrepository", "Deploy", "Flux GitRepository", f"{META} url ref suspend", "revision conditions"),
    Kind.of("flux.ocirepository", "Deploy", "Flux OCIRepository", f"{META} url ref suspend", "revision conditions"),
    Kind.of("flux.helmrepository", "Deploy", "Flux HelmRepository", f"{META} url suspend", "revision conditions"),
)
"""Every kind that a cluster's own objects are. Nested data (rules, selectors, affinity) keeps the API's words."""
