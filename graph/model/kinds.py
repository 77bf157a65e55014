"""Which kinds are there, and which attribute of each is configuration, and which is state?

Names follow OpenTelemetry's entity types where one exists. Attributes that move in a quiet world (resourceVersion,
heartbeats, counters, managedFields) are named nowhere: they are neither stored nor compared.
"""

from __future__ import annotations

from collections.abc import Iterable

from graph.model.statements import CREATED
from graph.model.verbs import VERBS
from graph.model.vocabulary import Counts, Kind, UnknownWord

_EVERYWHERE = {CREATED: Counts.CONFIGURATION, "raw": Counts.CONFIGURATION, "labels": Counts.CONFIGURATION}


def _kind(name: str, class_: str, title: str, configuration: str = "", state: str = "") -> Kind:
    attributes = dict.fromkeys(configuration.split(), Counts.CONFIGURATION) | dict.fromkeys(state.split(), Counts.STATE)
    return Kind(name, class_, title, _EVERYWHERE | attributes)


_META = "annotations finalizers deletion_requested_at"
_POD_TEMPLATE = "containers init_containers service_account node_selector tolerations affinity priority_class volumes"

_KUBERNETES = (
    _kind("k8s.cluster", "Cluster", "Cluster", "version platform"),
    _kind("k8s.namespace", "Cluster", "Namespace", _META, "phase"),
    _kind(
        "k8s.node",
        "Cluster",
        "Node",
        f"{_META} provider_id instance_type zone region pod_cidrs taints unschedulable capacity allocatable addresses"
        " architecture os os_image kernel_version kubelet_version container_runtime_version",
        "conditions ready",
    ),
    _kind(
        "k8s.pod",
        "Workload",
        "Pod",
        f"{_META} {_POD_TEMPLATE} node host_network qos_class restart_policy",
        "phase ready pod_ip pod_ips reason conditions",
    ),
    _kind(
        "k8s.container",
        "Workload",
        "Container",
        "image image_digest role requests limits ports env_names probes command_hash",
        "ready state restarts reason exit_code last_terminated",
    ),
    _kind(
        "k8s.replicaset",
        "Workload",
        "ReplicaSet",
        f"{_META} replicas selector {_POD_TEMPLATE}",
        "ready_replicas available_replicas status_replicas",
    ),
    _kind(
        "k8s.deployment",
        "Workload",
        "Deployment",
        f"{_META} replicas selector strategy paused {_POD_TEMPLATE}",
        "ready_replicas available_replicas updated_replicas status_replicas conditions",
    ),
    _kind(
        "k8s.statefulset",
        "Workload",
        "StatefulSet",
        f"{_META} replicas selector strategy service_name volume_claims {_POD_TEMPLATE}",
        "ready_replicas available_replicas updated_replicas status_replicas current_revision update_revision",
    ),
    _kind(
        "k8s.daemonset",
        "Workload",
        "DaemonSet",
        f"{_META} selector strategy {_POD_TEMPLATE}",
        "desired ready_replicas available_replicas updated_replicas",
    ),
    _kind(
        "k8s.job",
        "Workload",
        "Job",
        f"{_META} parallelism completions backoff_limit suspend {_POD_TEMPLATE}",
        "active succeeded failed conditions started_at completed_at",
    ),
    _kind(
        "k8s.cronjob",
        "Workload",
        "CronJob",
        f"{_META} schedule time_zone suspend concurrency_policy {_POD_TEMPLATE}",
        "last_scheduled_at last_successful_at active",
    ),
    _kind(
        "k8s.service",
        "Network",
        "Service",
        f"{_META} type cluster_ips external_name ports selector session_affinity headless external_traffic_policy"
        " load_balancer_class",
        "load_balancer",
    ),
    _kind(
        "k8s.endpointslice",
        "Network",
        "EndpointSlice",
        f"{_META} address_type ports service",
        "endpoints_ready endpoints_total",
    ),
    _kind("k8s.ingress", "Network", "Ingress", f"{_META} class hosts tls rules default_backend", "load_balancer"),
    _kind("k8s.configmap", "Config", "ConfigMap", f"{_META} keys content_hash immutable"),
    _kind("k8s.secret", "Config", "Secret", f"{_META} type"),
    _kind("k8s.serviceaccount", "Identity", "ServiceAccount", f"{_META} automount_token role_arn"),
)

_ELSEWHERE = (
    _kind("container.image", "Artifact", "Image", "repository tags architecture os size media_type"),
    _kind(
        "aws.ec2.instance",
        "Compute",
        "EC2 instance",
        "type image_id private_ip public_ip zone vpc subnet tags",
        "state",
    ),
    _kind("aws.elbv2.load_balancer", "Network", "Load balancer", "dns_name scheme type tags", "state"),
    _kind("aws.iam.role", "Identity", "IAM role", "path tags"),
    _kind("cloud.account", "Failure domain", "Account"),
    _kind("cloud.region", "Failure domain", "Region"),
    _kind("cloud.availability_zone", "Failure domain", "Zone"),
    _kind("vcs.repository", "Code", "Repository", "url default_branch visibility"),
    _kind("vcs.file", "Code", "File", "path content_hash commit"),
    _kind("vcs.commit", "Code", "Commit", "message author committed_at"),
    _kind("service", "Logical", "Service", "namespace version tier criticality"),
    _kind("team", "Organisation", "Team", "email channel"),
)

KINDS = {kind.name: kind for kind in (*_KUBERNETES, *_ELSEWHERE)}
"""Every kind by its name."""


def counts_as_state(word: str, attribute: str) -> bool:
    """Tell whether an attribute of a kind or verb is state.

    What the vocabulary does not know counts as configuration.
    """
    declared = KINDS.get(word) or VERBS.get(word)
    return declared is not None and declared.attributes.get(attribute.split(".", 1)[0]) is Counts.STATE


def check_word(word: str, attributes: Iterable[str] = ()) -> None:
    """Raise UnknownWord unless a kind or verb and all of the attributes are in the vocabulary."""
    declared = KINDS.get(word) or VERBS.get(word)
    if declared is None:
        raise UnknownWord(word, "verb" if word.isupper() else "kind")
    for attribute in attributes:
        if attribute not in declared.attributes:
            raise UnknownWord(attribute, f"attribute of {word}")
