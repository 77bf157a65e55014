"""Which cluster is read, with which credentials, and how gently?"""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from collectors.contract import SourceSettings
from collectors.kubernetes.custom.rows import UserRow
from collectors.kubernetes.custom.table import BUILT_IN
from collectors.kubernetes.mapping.place import KINDS_BY_NAME

NamespaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
ContextName = Annotated[str, StringConstraints(min_length=1)]

_OPEN = frozenset(row.names for row in BUILT_IN)
"""Kinds that have a row, to which another may add."""


def _custom(row: UserRow) -> UserRow:
    """Refuse a row for what is read by code of its own, and state where only what there is a word for can be kept."""
    if row.names in KINDS_BY_NAME and row.names not in _OPEN:
        raise ValueError(f"{row.kind}.{row.group} is read already, by code of its own: remove this row")
    if row.names in _OPEN and row.state:
        raise ValueError(f"{row.kind}.{row.group} has a row of its own, to which state cannot be added: remove state")
    for reference in row.references:
        if reference.kind and "." not in reference.kind and ("", reference.kind) not in KINDS_BY_NAME:
            groups = sorted({group for group, kind in KINDS_BY_NAME if kind == reference.kind} - {""})
            meant = " or ".join(f"{reference.kind}.{group}" for group in groups or ["example.com"])
            raise ValueError(f"{reference.kind} alone is no kind that is read: write it with its group, as {meant}")
    return row


CustomRow = Annotated[UserRow, AfterValidator(_custom)]


class KubernetesSettings(SourceSettings, frozen=True):
    """What may be set for a cluster. Nothing is needed where a kubeconfig's current context is the cluster."""

    kubeconfig: str | None = None
    """Path of the kubeconfig; else what KUBECONFIG names, else ~/.kube/config."""
    context: str | None = None
    """The context in it; else its current one."""
    contexts: list[ContextName] | Literal["*"] | None = Field(default=None, min_length=1)
    """Several contexts in it, each a source of its own; "*" is all that it has when Asbuilt starts."""
    in_cluster: bool = False
    """Use the ServiceAccount of the pod that this runs in."""
    namespaces: list[NamespaceName] | None = Field(default=None, min_length=1)
    """Read only these namespaces, each with rights of its own; else the whole cluster."""
    cluster_uid: str | None = Field(default=None, min_length=1)
    """The uid of the namespace kube-system, for who may not read it."""
    page_size: int = Field(default=500, ge=1, le=10_000)
    """Objects asked for in one page."""
    connect_timeout: float = Field(default=5.0, gt=0)
    """Seconds until a connection must stand."""
    read_timeout: float = Field(default=60.0, gt=0)
    """Seconds that the server may be silent."""
    watch_silence: float = Field(default=130.0, gt=0)
    """Seconds that a watch may be silent until its connection counts as dead; bookmarks come every minute or two."""
    parallel: int = Field(default=4, ge=1, le=64)
    """Scopes read side by side."""
    hash_key: SecretStr | None = None
    """Key of the hashes of commands and ConfigMap values; else the cluster's uid, which is no secret."""
    configmap_values: list[NamespaceName] = Field(default_factory=list)
    """Namespaces of whose ConfigMaps the values are kept, but for what could be a secret; else hashes only."""

    max_custom_kinds: int = Field(default=500, ge=0)
    """How many kinds of custom resources are read; those with a row come first, and 0 reads none."""
    custom_resources: list[CustomRow] = Field(default_factory=list)
    """What is kept of custom resources, beside what is known of them already: a row for each kind."""

    def shaping(self) -> str:
        """Give the rows, and whose values are kept: who changes these wants every object read anew."""
        rows: list[object] = [row.model_dump(mode="json", exclude_defaults=True) for row in self.custom_resources]
        if self.configmap_values:
            rows.append(sorted(set(self.configmap_values)))
        return orjson.dumps(rows, option=orjson.OPT_SORT_KEYS).decode() if rows else ""

    @model_validator(mode="after")
    def _one_way_in(self) -> KubernetesSettings:
        if self.in_cluster and (self.kubeconfig or self.context or self.contexts):
            raise ValueError("in_cluster excludes kubeconfig, context and contexts: set one or the other")
        if self.contexts and (self.context or self.cluster_uid):
            raise ValueError("contexts excludes context and cluster_uid: give each cluster an entry of its own")
        if self.contexts and len(set(self.contexts)) < len(self.contexts):
            raise ValueError("contexts names one of them twice: remove one")
        if self.namespaces and len(set(self.namespaces)) < len(self.namespaces):
            raise ValueError("namespaces names one of them twice: remove one")
        rows = [row.names for row in self.custom_resources]
        if len(set(rows)) < len(rows):
            raise ValueError("custom_resources has two rows for one kind: make one of them")
        return self
