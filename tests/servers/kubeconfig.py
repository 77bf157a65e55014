"""How does a client reach an API server: what a kubeconfig says, read and written?"""

import base64
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.servers.errors import ServerUnavailable


@dataclass(frozen=True, slots=True)
class Access:
    """One way into one API server: its address, who vouches for it, and who we are there (token or certificate)."""

    server: str
    authority: str | None = None  # PEM
    token: str | None = None
    certificate: str | None = None  # PEM
    private_key: str | None = None  # PEM

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context: this authority and no other, and our certificate if we have one."""
        context = ssl.create_default_context(cadata=self.authority)
        if self.certificate and self.private_key:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as chain:
                chain.write(f"{self.certificate}\n{self.private_key}")
                chain.flush()
                context.load_cert_chain(chain.name)
        return context


def write_kubeconfig(path: Path, access: Access, *, context: str = "asbuilt-test", namespace: str = "default") -> Path:
    """Write the one-context kubeconfig for `access` to `path`, readable by its owner only, and return the path."""
    cluster: dict[str, Any] = {"server": access.server}
    if access.authority and access.server.startswith("https:"):
        cluster["certificate-authority-data"] = _encode(access.authority)
    user: dict[str, Any] = {}
    if access.token:
        user["token"] = access.token
    if access.certificate and access.private_key:
        user["client-certificate-data"] = _encode(access.certificate)
        user["client-key-data"] = _encode(access.private_key)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": cluster}],
        "users": [{"name": context, "user": user}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context, "namespace": namespace}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))  # JSON is YAML
    return path


def read_kubeconfig(path: Path) -> Access:
    """Return the access that the current context of `path` gives; ServerUnavailable for what needs a helper program."""
    document = YAML(typ="safe", pure=True).load(path.read_text())
    context = _named(document, "contexts", document.get("current-context"))["context"]
    cluster = _named(document, "clusters", context["cluster"])["cluster"]
    user = _named(document, "users", context["user"])["user"]
    if "exec" in user or "auth-provider" in user:
        raise ServerUnavailable(f"{path} logs in by a helper program; name one with a token or a certificate")
    token = user.get("token")
    if "tokenFile" in user:
        token = (path.parent / user["tokenFile"]).read_text().strip()
    return Access(
        server=cluster["server"].rstrip("/"),
        authority=_pem(cluster, "certificate-authority", path),
        token=token,
        certificate=_pem(user, "client-certificate", path),
        private_key=_pem(user, "client-key", path),
    )


def _named(document: Mapping[str, Any], section: str, name: str | None) -> Mapping[str, Any]:
    for entry in document.get(section) or ():
        if entry["name"] == name:
            found: Mapping[str, Any] = entry
            return found
    raise ServerUnavailable(f"the kubeconfig has no {section[:-1]} {name!r}")


def _pem(section: Mapping[str, Any], field: str, path: Path) -> str | None:
    if f"{field}-data" in section:
        return base64.b64decode(section[f"{field}-data"]).decode()
    if field in section:
        return (path.parent / str(section[field])).read_text()
    return None


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
