"""What must a collector promise, so that the absence of a thing can be trusted?

A collector lists what there is to read as scopes, and reads one scope at a time to the end, or raises. Exhausting the
iterator of `observe` IS the proof that the listing was complete; there is no other way to say so, and a shorter list
is a lie. Collectors write nothing, remember nothing between runs but their connection, and guess nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

from graph.model import Document, Ended, Knowledge, Position, Scope


class CollectorError(Exception):
    """A scope, or a whole source, could not be read. The message names the situation and the next step."""


class Forbidden(CollectorError):
    """The source answered, and refused: missing permission, or credentials it does not take."""

    def __init__(self, message: str, *, grant: str = "") -> None:
        super().__init__(message)
        self.grant = grant
        """The line of what `Plugin.manifest` writes that would allow it, where the collector can name it."""


class Failed(CollectorError):
    """The source did not answer, or its answer could not be used: time-out, cut page, 5xx, rubbish."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the source asked to be left alone, if it did."""


class Outdated(CollectorError):
    """A watch cannot go on from its position, for the source has forgotten what came after it: list again."""


class Unwatchable(CollectorError):
    """The source does not tell of changes in a scope, whatever the account may do: list it, again and again."""


@runtime_checkable
class Collector(Protocol):
    """One configured source, ready to be read. Blocking; each call has a time-out of its own."""

    def scopes(self) -> Sequence[Scope]:
        """List what there is to read now: unique names, stable order. Raise CollectorError when that cannot be told.

        What the source has and the collector cannot look into is listed all the same: reading it fails.
        """
        ...

    def observe(self, scope: Scope) -> Iterator[Position | Document]:
        """Read one scope to the end, or raise CollectorError. The position comes first, where the source has one.

        A second position means: the source made the collector begin again (410 Expired in mid-listing), and what was
        observed before it counts no longer, for it belongs to another instant.
        """
        ...

    def close(self) -> None:
        """Let go of connections. A closed collector is not used again."""
        ...


@runtime_checkable
class Watching(Collector, Protocol):
    """A collector whose source also tells of changes as they happen."""

    def watch(self, scope: Scope, since: Position) -> Iterator[Document | Ended | Position]:
        """Yield what changed in a scope after a position, for as long as the source keeps telling.

        The first item is `since` again: the connection stands, and from here on nothing is left out. The version of a
        document is its position, and positions never go back. A later Position says: all up to here was told. When
        the iterator ends, the source only ended this connection, and telling goes on from the last position heard. It
        raises Outdated where the source has forgotten what came after `since`, Forbidden or Unwatchable where it tells
        nobody, or not this account, and Failed for everything else.
        """
        ...


class SourceSettings(BaseModel, extra="forbid", frozen=True):
    """What every source may set. A collector's own settings derive from this."""

    def shaping(self) -> str:
        """Give, as text, what of these settings decides what is made of one and the same object: nothing, here.

        Where it changes, every object is mapped anew, and what differs by that is not said to be the world's doing.
        """
        return ""


SettingsType: TypeAlias = type[SourceSettings]


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an entry point of the group `asbuilt.collectors` names.

    type: the word in the configuration. settings: validates the source's part of the configuration. states: every kind
    and verb that its scopes may state; so a source that never answered is a gap in every answer about these. knowledge:
    what this version of the mapping fills. connect: makes the collector, without touching the network.
    """

    type: str
    settings: SettingsType
    states: frozenset[str]
    knowledge: Knowledge
    connect: Connect
    permissions: Mapping[str, str] = field(default_factory=dict)
    """What the collector must be allowed, and why: permission to reason."""
    manifest: Manifest | None = None
    """Writes these permissions in the source's own form, ready to apply, where it has one."""
    each: Each | None = None
    """Tells the systems apart that one entry of the configuration names, where it may name several."""


class Connect(Protocol):
    """Make a collector for the source of that name. No connection yet: that belongs to `scopes`."""

    def __call__(self, source: str, settings: SourceSettings) -> Collector:
        """Connect nothing, open nothing; only keep what was configured."""
        ...


class Each(Protocol):
    """Give the settings of each system that an entry names, by a short name; none where the entry is one system."""

    def __call__(self, settings: SourceSettings) -> Mapping[str, SourceSettings]:
        """Tell them apart without connecting to any. Raise ValueError, in words, where that cannot be."""
        ...


class Manifest(Protocol):
    """Write what allows an account to read a source as configured. Raise ValueError, in words, where that cannot be."""

    def __call__(
        self, settings: SourceSettings, account: str | None, without: Collection[str], beside: Collection[str]
    ) -> str:
        """Write it. account: who is to read, else one that the manifest makes.

        without: what is not to be read. beside: what is to be read too, though the collector does not know of it.
        """
        ...


# --------------------------------------------------------------------------------------------- what no value may be

_SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|(?:api|access|private|signing|encryption|license)[-_.]?key|auth(?!or)"
    r"|(?:^|[-_./])authorization$|(?<![a-z])pass(?![a-z])|dsn|conn(?:ection)?[-_.]?str|htpasswd|kubeconfig|\.(?:pem|key|p12|pfx|jks)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}"  # a JSON Web Token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # an AWS access key id
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{10,}"
    r"|\b(?:bearer|basic) [\w+/=.~-]{12,}"
    r"|(?:passw(?:or)?d|passphrase|secret|token|(?:api|access|account|private|signing)[-_]?key|(?<![a-z])pass|pwd)"
    r"\\*[\"']?\s*[=:]\s*\\*[\"']?(?!/)[^\s\"',;&\\]{4,}"  # in JSON within JSON, quotes have backslashes before them
    r"|(?<!\S)--?[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key)\s+[^\s-]\S{3,}"  # an argument of a program
    r"|://[^/\s@]*:[^/\s@]+@",  # credentials in a URL
    re.IGNORECASE,
)


def named_like_a_secret(name: str) -> bool:
    """Tell whether the name of a variable, key or annotation says that its value is nobody's business."""
    return _SECRET_NAME.search(name) is not None


def looks_secret(text: str) -> bool:
    """Tell whether a value looks like a password, a token, a private key or a URL with credentials in it."""
    return len(text) > 7 and _SECRET_VALUE.search(text) is not None
