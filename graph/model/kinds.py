"""Which kinds are there, and which attribute of each is configuration, and which is state?

Names follow OpenTelemetry's entity types where one exists. Attributes that move in a quiet world (resourceVersion,
heartbeats, counters, managedFields) are named nowhere: they are neither stored nor compared.
"""

from __future__ import annotations

from collections.abc import Iterable

from graph.model.custom_kinds import CUSTOM
from graph.model.kubernetes_kinds import KUBERNETES
from graph.model.verbs import VERBS
from graph.model.vocabulary import Counts, Kind, UnknownWord

_ELSEWHERE = (
    Kind.of("container.image", "Artifact", "Image", "repository tags architecture os size media_type"),
    Kind.of(
        "aws.ec2.instance",
        "Compute",
        "EC2 instance",
        "type image_id private_ip public_ip zone vpc subnet tags",
        "state",
    ),
    Kind.of("aws.ebs.volume", "Data", "EBS volume", "type zone size tags", "state"),
    Kind.of("aws.efs.file_system", "Data", "EFS file system", "tags", "state"),
    Kind.of("aws.efs.access_point", "Data", "EFS access point", "tags", "state"),
    Kind.of("aws.rds.instance", "Data", "RDS instance", "engine engine_version zone tags", "state"),
    Kind.of("aws.rds.cluster", "Data", "RDS cluster", "engine engine_version tags", "state"),
    Kind.of("dns.record", "Network", "DNS record", "type values"),
    Kind.of("aws.elbv2.load_balancer", "Network", "Load balancer", "dns_name scheme type tags", "state"),
    Kind.of("aws.elbv2.target_group", "Network", "Target group", "protocol port target_type vpc tags", "state"),
    Kind.of("aws.iam.role", "Identity", "IAM role", "path tags"),
    Kind.of("cloud.account", "Failure domain", "Account"),
    Kind.of("cloud.region", "Failure domain", "Region"),
    Kind.of("cloud.availability_zone", "Failure domain", "Zone"),
    Kind.of("vcs.repository", "Code", "Repository", "url default_branch visibility"),
    Kind.of("vcs.file", "Code", "File", "path content_hash commit"),
    Kind.of("vcs.commit", "Code", "Commit", "message author committed_at"),
    Kind.of("service", "Logical", "Service", "namespace version tier criticality"),
    Kind.of("team", "Organisation", "Team", "email channel"),
)

KINDS = {kind.name: kind for kind in (*KUBERNETES, *CUSTOM, *_ELSEWHERE)}
"""Every kind by its name."""


def passes(word: str) -> bool:
    """Tell whether things of a kind, or ties of a verb, are kept by their source only for a while."""
    declared = KINDS.get(word) or VERBS.get(word)
    return declared is not None and declared.passing


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
