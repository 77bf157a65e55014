"""Who may ask? Whoever is on this machine; or, once there are tokens, whoever has one."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TOKENS_VARIABLE = "ASBUILT_TOKENS"
"""References to tokens, separated by commas, for a server that is started by other means than `asbuilt serve`."""

READER = "reader"
"""The one role there is: may ask every question."""

_SHORTEST = 16


class TokensRefused(ValueError):
    """The tokens, or the lack of them, do not allow serving. The message has the next step."""


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """One token, of which only a hash is kept."""

    digest: bytes
    role: str = READER


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def token_from(reference: str, environment: Mapping[str, str] | None = None) -> Token:
    """Read a token by reference, `env:NAME` or `file:PATH`, or raise TokensRefused. A token itself is not taken."""
    scheme, _, place = reference.partition(":")
    if scheme == "env" and place:
        secret = (os.environ if environment is None else environment).get(place, "")
        found = f"the environment variable {place}"
    elif scheme == "file" and place:
        found = f"the file {place}"
        try:
            secret = Path(place).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise TokensRefused(f"the token in {found} cannot be read: correct --token") from None
    else:
        raise TokensRefused("a token is given by reference: write --token env:NAME or --token file:PATH")
    secret = secret.strip()
    if len(secret) < _SHORTEST:
        raise TokensRefused(f"{found} holds no token of at least {_SHORTEST} characters: put a random one there")
    return Token(_digest(secret))


def tokens_from(references: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[Token, ...]:
    """Read all tokens, or raise TokensRefused."""
    return tuple(token_from(one.strip(), environment) for one in references if one.strip())


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach what is served on a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_exposure(host: str, tokens: Sequence[Token]) -> None:
    """Raise TokensRefused when others could reach the server and it asks nobody for a token."""
    if not tokens and not is_loopback(host):
        raise TokensRefused(
            f"serving on {host} would let anybody who reaches it read everything: give a token with --token env:NAME"
            " (or file:PATH), or serve on 127.0.0.1"
        )


def role_of(secret: str, tokens: Sequence[Token]) -> str | None:
    """Give the role of who has a token, or None. Takes the same time whatever is wrong with it."""
    digest, role = _digest(secret), None
    for token in tokens:
        if hmac.compare_digest(digest, token.digest):
            role = token.role
    return role


def may_be_this_machine(host_header: str) -> bool:
    """Tell whether a Host header is an address or a bare name.

    A web page that makes its own name point to 127.0.0.1 (DNS rebinding) needs a name with a dot in it.
    """
    host = host_header.rsplit(":", 1)[0] if not host_header.endswith("]") else host_header
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host.rstrip(".") or host.endswith(".localhost")
    return True
