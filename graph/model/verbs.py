"""Which verbs are there? Direction of harm and weight as data, so that they can be tuned by replaying history."""

from __future__ import annotations

from graph.model.vocabulary import Harm, Verb, counted


def _verb(name: str, inverse: str, harm: Harm, weight: float, **row: str | bool) -> Verb:
    """Make one row of the table. Words: configuration, state, ends, part, whole. The others are marks."""
    attributes = counted(str(row.get("configuration", "")), str(row.get("state", "")))
    ends = frozenset(str(row.get("ends", "")).split())
    return Verb(
        name,
        inverse,
        harm,
        weight,
        attributes,
        local=bool(row.get("local")),
        ends=ends,
        to_group=bool(row.get("to_group")),
        pooled=bool(row.get("pooled")),
        ways=bool(row.get("ways")),
        part=str(row.get("part", "")),
        whole=str(row.get("whole", "")),
        passing=bool(row.get("passing")),
    )


_REALIZED = (
    "k8s.node k8s.cluster k8s.persistentvolume k8s.service karpenter.nodeclaim capi.machine"
    " aws.ec2.instance aws.eks.cluster aws.ebs.volume aws.efs.file_system aws.efs.access_point aws.elbv2.load_balancer"
)

_ALL = (
    _verb("PART_OF", "HAS_PART", Harm.TO_SOURCE, 0.9, local=True),
    _verb("MANAGED_BY", "MANAGES", Harm.TO_SOURCE, 1.0, configuration="controller", to_group=True, local=True),
    _verb("OWNED_BY", "OWNER_OF", Harm.NONE, 0.0),
    _verb("RUNS_ON", "RUNS", Harm.TO_SOURCE, 1.0, local=True, part="k8s.container", whole="k8s.pod"),
    _verb("REALIZED_BY", "REALIZES", Harm.BOTH, 1.0, ends=_REALIZED),
    _verb("INSTANCE_OF", "HAS_INSTANCE", Harm.TO_SOURCE, 0.95, to_group=True),
    _verb("IN_ZONE", "ZONE_OF", Harm.TO_SOURCE, 1.0),
    _verb("IN_REGION", "REGION_OF", Harm.TO_SOURCE, 1.0),
    _verb("IN_ACCOUNT", "ACCOUNT_OF", Harm.TO_SOURCE, 1.0),
    _verb(
        "ROUTES_TO",
        "ROUTED_FROM",
        Harm.TO_SOURCE,
        1.0,
        configuration="host path path_type method port weight default cross_namespace",
        local=True,
        ways=True,
    ),
    _verb(
        "SELECTS",
        "SELECTED_BY",
        Harm.TO_SOURCE,
        1.0,
        configuration="ports zone",
        state="ready serving terminating addresses",
        pooled=True,
        local=True,
    ),
    _verb("EXPOSED_BY", "EXPOSES", Harm.BOTH, 0.95),
    _verb("RESOLVES_TO", "RESOLVED_FROM", Harm.TO_SOURCE, 0.95, configuration="weight"),
    _verb("MOUNTS", "MOUNTED_BY", Harm.TO_SOURCE, 0.9, configuration="optional path uses keys", local=True),
    _verb("USES_CONFIG", "CONFIGURES", Harm.TO_SOURCE, 0.9, configuration="optional uses keys", local=True),
    _verb("BOUND_TO", "BINDS", Harm.BOTH, 1.0, local=True),
    _verb("ATTACHED_TO", "HAS_ATTACHED", Harm.BOTH, 0.9),
    _verb("PROTECTED_BY", "PROTECTS", Harm.TO_SOURCE, 0.6),
    _verb("ALLOWED_BY", "ALLOWS", Harm.TO_SOURCE, 0.9, local=True),
    _verb("RUNS_AS", "IDENTITY_OF", Harm.TO_SOURCE, 0.7, local=True),
    _verb("ASSUMES", "ASSUMED_BY", Harm.TO_SOURCE, 0.7, ends="k8s.serviceaccount aws.iam.role"),
    _verb("CAN_ACCESS", "ACCESSIBLE_TO", Harm.TO_SOURCE, 0.3),
    _verb("GRANTS", "GRANTED_BY", Harm.TO_SOURCE, 0.3, local=True),
    _verb("GRANTS_TO", "GRANTED_THROUGH", Harm.TO_TARGET, 0.3, local=True),
    _verb("SCALES", "SCALED_BY", Harm.TO_TARGET, 0.7),
    _verb("LIMITS", "LIMITED_BY", Harm.TO_TARGET, 0.7, local=True),
    _verb("GUARDS", "GUARDED_BY", Harm.TO_TARGET, 0.7, local=True),
    _verb("REGARDS", "REGARDED_BY", Harm.NONE, 0.0, passing=True),
    _verb("DEPENDS_ON", "DEPENDENCY_OF", Harm.TO_SOURCE, 0.8, configuration="uses"),
    _verb("CALLS", "CALLED_BY", Harm.TO_SOURCE, 0.9),
    _verb(
        "USES_IMAGE", "USED_BY", Harm.TO_SOURCE, 1.0, configuration="reference", ends="k8s.container container.image"
    ),
    _verb("VARIANT_OF", "HAS_VARIANT", Harm.BOTH, 1.0),
    _verb("TAGGED_AS", "TAG_OF", Harm.TO_SOURCE, 1.0),
    _verb("BUILT_BY", "BUILT", Harm.TO_SOURCE, 0.9),
    _verb("BUILT_FROM", "SOURCE_OF", Harm.TO_SOURCE, 0.9),
    _verb("DEPLOYED", "DEPLOYED_BY", Harm.TO_TARGET, 1.0),
    _verb("DEPLOYED_TO", "HAS_DEPLOYMENT", Harm.TO_TARGET, 1.0),
    _verb("DECLARED_IN", "DECLARES", Harm.TO_SOURCE, 0.9),
    _verb("MAPS_TO", "MAPPED_FROM", Harm.BOTH, 0.95),
)

VERBS = {verb.name: verb for verb in _ALL}
"""Every verb by its name. Numbers are starting values of our own."""
