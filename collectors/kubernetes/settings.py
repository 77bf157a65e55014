"""Which cluster is read, with which credentials, and how gently?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, model_validator

from collectors.contract import SourceSettings

NamespaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]


class KubernetesSettings(SourceSettings, frozen=True):
    """What may be set for a cluster. Nothing is needed where a kubeconfig's current context is the cluster."""

    kubeconfig: str | None = None
    """Path of the kubeconfig; else what KUBECONFIG names, else ~/.kube/config."""
    context: str | None = None
    """The context in it; else its current one."""
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

    @model_validator(mode="after")
    def _one_way_in(self) -> KubernetesSettings:
        if self.in_cluster and (self.kubeconfig or self.context):
            raise ValueError("in_cluster excludes kubeconfig and context: set one or the other")
        if self.namespaces and len(set(self.namespaces)) < len(self.namespaces):
            raise ValueError("namespaces names one of them twice: remove one")
        return self
