"""What can a document say? That a thing exists, or that two things are tied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from graph.model.keys import Key

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"
"""What an attribute may hold: JSON."""

Attributes: TypeAlias = Mapping[str, Value]

CREATED = "created_at"
"""The attribute, of any kind, that holds the source's own creation time (RFC 3339)."""


class Holding(StrEnum):
    """How an alias belongs to its holder."""

    FOREVER = "forever"
    """ARN, i-..., uid, digest: never given to another thing, and resolves for good."""
    EXCLUSIVE = "exclusive"
    """An IP in a network, a DNS name, a pod's name: one holder of a kind at an instant."""
    SHARED = "shared"
    """Any number of holders at once."""


@dataclass(frozen=True, slots=True, order=True)
class AliasName:
    """The citation of an alias: its type and value.

    A value that is unique only in a network begins with that network.
    """

    type: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Alias:
    """Another identifier of a thing, as its holder states it."""

    type: str
    value: str
    holding: Holding

    @property
    def name(self) -> AliasName:
        """What others cite it by."""
        return AliasName(self.type, self.value)


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """An end of a relation that is named by key, with the incarnation where it is known."""

    key: Key
    incarnation: str | None = None


@dataclass(frozen=True, slots=True)
class AliasEnd:
    """An end of a relation that is named by an alias, and the kinds that are meant by it."""

    type: str
    value: str
    kinds: tuple[str, ...]

    @property
    def name(self) -> AliasName:
        """The alias that it cites."""
        return AliasName(self.type, self.value)


End: TypeAlias = KeyEnd | AliasEnd


class Method(StrEnum):
    """How somebody came to know a relation (strongest first, in each group)."""

    PROVIDER_ID = "provider_id"
    EXPLICIT_REF = "explicit_ref"
    DIGEST = "digest"
    ANNOTATION = "annotation"
    SELECTOR = "selector"
    DNS = "dns"
    IP = "ip"
    OBSERVED = "observed"
    DECLARED = "declared"
    ASSERTED = "asserted"
    LABEL = "label"
    NAME = "name"
    HEURISTIC = "heuristic"


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing in the world, as one document states it."""

    key: Key
    name: str
    incarnation: str | None = None
    attributes: Attributes = field(default_factory=dict)
    aliases: tuple[Alias, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of the thing, which its key carries."""
        return self.key.kind


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed, typed tie: *source* verb *target*, and a slot where one pair can be tied twice."""

    source: End
    verb: str
    target: End
    slot: str = ""
    attributes: Attributes = field(default_factory=dict)
    method: Method = Method.EXPLICIT_REF
    confidence: float = 1.0


Statement: TypeAlias = Entity | Relation


@dataclass(frozen=True, slots=True)
class Document:
    """One object as its source returned it.

    id: unique in its source (for Kubernetes the uid). version: the source's own token, or "" where it has none; a
    document whose token did not move is not mapped at all. read: maps the object to its statements, when somebody needs
    them. The first statement is about the document's subject: the entity (or the tie) by which a scope covers the
    document.
    """

    id: str
    version: str
    read: Callable[[], Sequence[Statement]] = field(repr=False, compare=False)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Map the object to what it says."""
        return tuple(self.read())
