"""Who are we to the cluster right now: what does a file, a program or an issuer of tokens say at this moment?

Credentials live shorter than a process that watches for weeks: each kind is looked at again in time, and once more when
the cluster refuses it. Nothing is ever written back to a kubeconfig.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from collectors.contract import Failed
from collectors.kubernetes.certificates import spoken

FILE_HOLDS = 60.0
"""Seconds for which a token from a file is taken as it was read, as Kubernetes' own clients do."""

BEFOREHAND = timedelta(seconds=10)
"""How long before its end a credential counts as over: a request takes its time."""

PATIENCE = 60.0
"""Seconds that a login program may take."""

_SENDABLE = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
"""What a header can carry: visible letters of ASCII (RFC 9110), with single spaces between."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are, for now: a header, or a client certificate with its key. Never shown."""

    header: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    until: datetime | None = None

    @property
    def sendable(self) -> bool:
        """Tell whether the header can be sent. One that cannot must not be tried: the refusal would show it."""
        return self.header is None or _SENDABLE.fullmatch(self.header) is not None

    @property
    def over(self) -> bool:
        """Tell whether these have run out, as far as they say."""
        return self.until is not None and datetime.now(UTC) >= self.until - BEFOREHAND


class Login(Protocol):
    """Where credentials come from. One thread at a time asks."""

    def credentials(self) -> Credentials:
        """Give what is good now. Raise Failed where there is nothing."""
        ...


class FromConfiguration:
    """What the official client holds: a token or password of the kubeconfig, or a pod's ServiceAccount, re-read."""

    def __init__(self, configuration: Any) -> None:
        self._configuration = configuration

    def credentials(self) -> Credentials:
        bearer = self._configuration.auth_settings().get("BearerToken")
        header = " ".join(bearer["value"].split()) if bearer and bearer["value"] else None
        return Credentials(header, until=expiry_of(header or ""))


class FromFile:
    """A token that somebody else keeps fresh in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: Credentials | None = None
        self._again = 0.0

    def credentials(self) -> Credentials:
        if self._read is None or self._read.over or time.monotonic() >= self._again:
            try:
                token = self._path.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Failed(
                    f"the token file {self._path} cannot be read ({type(error).__name__}); correct tokenFile in the"
                    " kubeconfig, or see to whoever writes it"
                ) from None
            if not token:
                raise Failed(f"the token file {self._path} is empty; see to whoever writes it")
            self._read, self._again = bearer(token), time.monotonic() + FILE_HOLDS
        return self._read


class FromProgram:
    """An exec plugin of a kubeconfig: a program that prints credentials (client.authentication.k8s.io).

    It is run without a terminal, and again when what it printed is over. What it writes to its standard error is not
    repeated, for nobody knows what it holds.
    """

    def __init__(self, entry: Mapping[str, Any], cluster: Mapping[str, Any], folder: Path) -> None:
        """Take the `exec` entry of a user, the cluster that the program may ask about, and the kubeconfig's folder."""
        self._entry = entry
        self._cluster = cluster
        self._folder = folder
        self._printed: Credentials | None = None

    def credentials(self) -> Credentials:
        if self._printed is None or self._printed.over:
            self._printed = self._read(self._run())
        return self._printed

    @property
    def _name(self) -> str:
        return f"the login program {self._entry.get('command')}"

    def _run(self) -> str:
        if self._entry.get("interactiveMode") == "Always":
            raise Failed(f"{self._name} wants a person at a terminal (interactiveMode: Always); use a token instead")
        environment = os.environ | self._told_by_name()
        environment["KUBERNETES_EXEC_INFO"] = json.dumps(self._told())
        command = str(self._entry.get("command") or "")
        found = (
            str(self._folder / command) if os.sep in command else shutil.which(command, path=environment.get("PATH"))
        )
        if not found or not Path(found).exists():
            raise Failed(f"{self._name} is not installed; install it, or correct exec.command in the kubeconfig")
        try:
            ended = subprocess.run(
                [found, *map(str, self._entry.get("args") or ())],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{self._name} printed nothing within {PATIENCE:g} s, and was ended; log in by hand") from None
        except OSError as error:
            raise Failed(f"{self._name} cannot be run ({type(error).__name__}); correct its permissions") from None
        except ValueError:
            raise Failed(
                f"{self._name} cannot be run: its arguments or its env have a zero byte; correct exec"
            ) from None
        if ended.returncode != 0:
            raise Failed(
                f"{self._name} ended with {ended.returncode}; log in again, or run kubectl with this context to see why"
            )
        return ended.stdout.decode(errors="replace")

    def _told_by_name(self) -> dict[str, str]:
        try:
            return {str(one["name"]): str(one["value"]) for one in self._entry.get("env") or ()}
        except (KeyError, TypeError):
            raise Failed(
                f"{self._name} cannot be run: exec.env in the kubeconfig is no list of name and value; correct it"
            ) from None

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {"interactive": False}
        if self._entry.get("provideClusterInfo"):
            told["cluster"] = dict(self._cluster)
        return {"apiVersion": self._entry.get("apiVersion"), "kind": "ExecCredential", "spec": told}

    def _read(self, printed: str) -> Credentials:
        try:
            answer = json.loads(printed)
            status, version = answer["status"], answer["apiVersion"]
            token, certificate, key = (status.get(name) for name in ("token", "clientCertificateData", "clientKeyData"))
            until = status.get("expirationTimestamp")
            over = datetime.fromisoformat(until) if until else None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Failed(f"{self._name} printed no ExecCredential; see that it is the right program") from None
        if version != self._entry.get("apiVersion"):
            raise Failed(
                f"{self._name} speaks another version ({version}) than exec.apiVersion in the kubeconfig"
                f" ({self._entry.get('apiVersion')}); correct the one or update the other"
            )
        if not token and not (certificate and key):
            raise Failed(f"{self._name} printed neither a token nor a certificate with its key; log in again")
        if over is not None and over.tzinfo is None:
            over = over.replace(tzinfo=UTC)
        return Credentials(f"Bearer {str(token).strip()}" if token else None, certificate, key, over)


def expiry_of(token: str) -> datetime | None:
    """Read the end of a JSON Web Token; None where the token is something else, or says none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def ended_on(credentials: Credentials) -> str:
    """Say when credentials ended, if they have and say so; else nothing."""
    if credentials.until is None or credentials.until > datetime.now(UTC):
        return ""
    return f"the token expired on {spoken(credentials.until)}; log in again, or renew it"


def bearer(token: str) -> Credentials:
    """Make credentials of a token, good until it says that it ends."""
    return Credentials(f"Bearer {token}", until=expiry_of(token))
