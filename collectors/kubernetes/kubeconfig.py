"""Which server is reached, and as whom: what do a kubeconfig and its context say, or the pod that this runs in?"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubernetes.client import Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config_from_dict
from kubernetes.config.kube_config import KubeConfigMerger

from collectors.contract import CollectorError, Failed, SourceSettings
from collectors.kubernetes.issuer import FromIssuer
from collectors.kubernetes.login import FromConfiguration, FromFile, FromProgram, Login
from collectors.kubernetes.proxies import is_address, login_to, of_environment
from collectors.kubernetes.settings import KubernetesSettings

# The official client's types end here.
_from_dict: Callable[..., None] = load_kube_config_from_dict
_in_cluster: Callable[..., None] = load_incluster_config
_merging: Callable[[str], Any] = KubeConfigMerger

_OURS = ("tokenFile", "exec", "auth-provider")
"""How a user may log in that the official client reads once, or without a word where it fails."""

_BESIDE = frozenset({"client-certificate", "client-key"})
"""Files that a user's entry names from where it stands itself, which may be another file than the cluster's."""

KEPT = 64
"""Connections that are kept for the next request: one for each of the most readers that a source may have."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one server: the official client's configuration, and where credentials come from."""

    configuration: Any
    login: Login
    acting: tuple[tuple[str, str], ...] = ()
    """Headers that say as whom this user acts, where the kubeconfig has that (`as`)."""


def way_to(settings: KubernetesSettings) -> Way:
    """Load the configuration. Raise Failed, in words, where it is not there or cannot be used."""
    configuration: Any = Configuration()
    configuration.proxy = None  # what the environment says is looked at below, once the host is known
    acting: tuple[tuple[str, str], ...] = ()
    try:
        if settings.in_cluster:
            _in_cluster(client_configuration=configuration)
            login: Login = FromConfiguration(configuration)
        else:
            login, acting = _by_kubeconfig(settings, configuration)
    except CollectorError:
        raise
    except ConfigException as error:
        said = str(error).partition("{")[0].rstrip(". /")  # it may go on with the whole entry, its token included
        raise Failed(f"{place_of(settings)}: {said}; {_other_way(settings)}") from None
    except Exception as error:  # a kubeconfig is foreign text, and the loader lets any error through
        raise Failed(f"{place_of(settings)} cannot be read ({type(error).__name__}); check it with kubectl") from error
    if not is_address(configuration.host):
        raise Failed(f"{place_of(settings)}: its server is no address; write it whole, as https://cluster.example:6443")
    if configuration.proxy is None:
        configuration.proxy = of_environment(configuration.host)
    if configuration.proxy:
        try:
            configuration.proxy_headers = login_to(configuration.proxy)
        except Failed as error:
            raise Failed(f"{place_of(settings)}: {error}") from None
    configuration.connection_pool_maxsize = KEPT  # what is over is closed, with a warning each time
    return Way(configuration, login, acting)


def each_cluster(settings: SourceSettings) -> Mapping[str, SourceSettings]:
    """Give the settings of each cluster that `contexts` names, by a name made of its context's; none where it is unset.

    Raise ValueError, in words, where that cannot be told.
    """
    if not isinstance(settings, KubernetesSettings) or settings.contexts is None:
        return {}
    try:
        contexts = contexts_of(settings.kubeconfig) if settings.contexts == "*" else settings.contexts
    except Failed as error:
        raise ValueError(str(error)) from None
    if not contexts:
        raise ValueError(f"{place_of(settings)} has no context; set kubeconfig to a file that has some")
    found: dict[str, SourceSettings] = {}
    for context in contexts:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", context).strip("._-")
        if not name or name in found:
            raise ValueError(f"no name of its own can be made of the context {context}: give it an entry of its own")
        found[name] = settings.model_copy(update={"context": context, "contexts": None})
    return found


def contexts_of(kubeconfig: str | None) -> tuple[str, ...]:
    """List the contexts of a kubeconfig, in its order. Raise Failed where it cannot be read."""
    settings = KubernetesSettings(kubeconfig=kubeconfig)
    try:
        merged = _merging(_files(settings)).config
        if merged is None:
            raise Failed(f"{place_of(settings)}: there is no such file; {_other_way(settings)}")
        return tuple(_names(merged.value, "contexts"))
    except Failed:
        raise
    except Exception as error:  # as above
        raise Failed(f"{place_of(settings)} cannot be read ({type(error).__name__}); check it with kubectl") from error


def place_of(settings: KubernetesSettings) -> str:
    """Say where the configuration of a source is, for a sentence."""
    if settings.in_cluster:
        return "the ServiceAccount of this pod"
    where = settings.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return f"kubeconfig {where}" + (f", context {settings.context}" if settings.context else "")


def _other_way(settings: KubernetesSettings) -> str:
    if settings.in_cluster:
        return "run where a pod has a ServiceAccount with its token mounted, or set kubeconfig instead of in_cluster"
    return "set kubeconfig and context, or in_cluster"


def _by_kubeconfig(settings: KubernetesSettings, configuration: Any) -> tuple[Login, tuple[tuple[str, str], ...]]:
    merger = _merging(_files(settings))
    merged = merger.config
    if merged is None:
        raise Failed(f"{place_of(settings)}: there is no such file; {_other_way(settings)}")
    # As kubectl has it: of several files the first that names a current context decides.
    current = (str(file["current-context"]) for file in merger.config_files.values() if file.get("current-context"))
    context = settings.context or next(current, "")
    known = _names(merged.value, "contexts")
    if context not in known:
        asked = f"has no context {context}" if context else "has no current context"
        raise Failed(
            f"kubeconfig {_files(settings)} {asked}; set context to one that it has: {', '.join(known) or 'none'}"
        )
    chosen = merged["contexts"].get_with_name(context)["context"]
    name = chosen.safe_get("user")
    user = merged["users"].get_with_name(name, safe=True) if name else None
    if name and user is None:  # without one the cluster would take us for nobody, and be asked to grant that everything
        raise Failed(
            f"kubeconfig {_files(settings)} has no user {name}, as which its context {context} logs in; add it"
        )
    found = user.value.get("user") if user is not None else None
    entry: dict[str, Any] = found if isinstance(found, dict) else {}
    ours = {name: entry.pop(name) for name in _OURS if name in entry}
    folder = Path(user.path).absolute().parent if user is not None and user.path else Path()
    for field in _BESIDE.intersection(entry):  # the loader takes these to lie beside the cluster's entry
        entry[field] = str(folder / str(entry[field]))
    # persist_config=False: a refreshed token is kept in memory, and nobody's kubeconfig is rewritten.
    _from_dict(merged, context, configuration, persist_config=False)
    cluster = merged["clusters"].get_with_name(chosen["cluster"])
    ours = {name: value for name, value in ours.items() if value}
    login = _login(ours, entry, _told_of(cluster), folder) or FromConfiguration(configuration)
    return login, tuple(_acting(entry))


def _acting(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the headers by which a user acts as another one (Kubernetes: User impersonation)."""
    for field, header in (("as", "impersonate-user"), ("as-uid", "impersonate-uid")):
        if entry.get(field):
            yield header, str(entry[field])
    for group in entry.get("as-groups") or ():
        yield "impersonate-group", str(group)
    for name, values in (entry.get("as-user-extra") or {}).items():
        for value in values:
            yield f"impersonate-extra-{quote(str(name).lower(), safe='')}", str(value)


def _login(ours: Mapping[str, Any], entry: Mapping[str, Any], cluster: Mapping[str, Any], folder: Path) -> Login | None:
    """Choose among the ways to log in, as kubectl does: a token goes before a program."""
    if "tokenFile" in ours:
        return FromFile(folder / Path(ours["tokenFile"]).expanduser())
    if entry.get("token"):
        return None
    if "auth-provider" in ours:
        name = ours["auth-provider"].get("name")
        if name != "oidc":
            raise Failed(
                f"the kubeconfig logs in by auth-provider {name}, which Kubernetes has given up; log in anew with its"
                " successor, an exec plugin"
            )
        return FromIssuer(ours["auth-provider"].get("config") or {}, folder)
    return FromProgram(ours["exec"], cluster, folder) if "exec" in ours else None


def _told_of(cluster: Any) -> dict[str, Any]:
    """Give of a cluster's entry what a login program may be told (client.authentication.k8s.io, Cluster)."""
    entry = dict(cluster.value.get("cluster") or {})
    authority = entry.pop("certificate-authority", None)
    if authority and "certificate-authority-data" not in entry:
        text = (Path(cluster.path).absolute().parent / authority).read_bytes()
        entry["certificate-authority-data"] = base64.b64encode(text).decode()
    for extension in entry.pop("extensions", None) or ():
        if extension.get("name") == "client.authentication.k8s.io/exec":
            entry["config"] = extension.get("extension")
    return entry


def _files(settings: KubernetesSettings) -> str:
    return str(Path(settings.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config").expanduser())


def _names(config: Mapping[str, Any], section: str) -> list[str]:
    return [str(one.value["name"]) for one in config[section]]
