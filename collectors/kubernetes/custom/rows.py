"""What does a row of the table of custom resources say, and which mistakes in one are refused?"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from collectors.kubernetes.custom.paths import AROUND, EACH, NAMES, ROOT, steps
from collectors.kubernetes.custom.taken import leads_to_a_secret
from graph.model import KINDS, VERBS

VERBS_OF_ROWS = frozenset(
    {
        "DECLARED_IN",
        "DEPENDS_ON",
        "EXPOSED_BY",
        "GUARDS",
        "LIMITS",
        "MOUNTS",
        "PART_OF",
        "PROTECTED_BY",
        "ROUTES_TO",
        "RUNS_AS",
        "SCALES",
        "USES_CONFIG",
    }
)
"""What a row may say that one thing is to another. A built-in row may also say REALIZED_BY."""

_RESERVED = ("owners", "unmapped")


def _value_path(path: str) -> str:
    told = tuple(step for step in steps(path) if step != EACH)
    if told[-1] != NAMES and leads_to_a_secret(told):
        raise ValueError(f"'{path}' leads to what is named like a secret, which is not kept: leave it out")
    return path


def _path(path: str) -> str:
    steps(path)
    return path


def _relative(path: str) -> str:
    steps(path.removeprefix(AROUND).removeprefix(ROOT))
    return path


def _slot(path: str) -> str:
    _value_path(path.removeprefix(AROUND).removeprefix(ROOT))
    return path


def _pattern(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError("needs one group, which gives the value: such as aws://.*/(i-[0-9a-f]+)")
    return pattern


def _attribute(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"'{name}' is no name for an attribute: write it in small letters, as min_replicas")
    if name in _RESERVED:
        raise ValueError(f"'{name}' is a name that Asbuilt keeps for itself: choose another")
    return name


def _kind_name(kind: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*(\.[a-z0-9][a-z0-9.-]*)?", kind):
        raise ValueError(f"'{kind}' is no kind: write it as in Secret, or Certificate.cert-manager.io with its group")
    return kind


def _group(group: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+", group):
        raise ValueError(f"'{group}' is no group that somebody could add: write it whole, without version: example.com")
    return group


def _plain_kind(kind: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", kind):
        raise ValueError(f"'{kind}' is no kind: write it as its objects do, such as Tenant")
    return kind


Path = Annotated[str, AfterValidator(_path)]
ValuePath = Annotated[str, AfterValidator(_value_path)]
Relative = Annotated[str, AfterValidator(_relative)]
SlotPath = Annotated[str, AfterValidator(_slot)]
Pattern = Annotated[str, AfterValidator(_pattern)]
AttributeName = Annotated[str, AfterValidator(_attribute)]
KindName = Annotated[str, AfterValidator(_kind_name)]
"""A Kind as kubectl has it: `Secret`, `Certificate.cert-manager.io`."""


class Reference(BaseModel, extra="forbid", frozen=True):
    """What an object names, and what that is to it."""

    path: Path
    """Where the name stands, or what holds it."""
    kind: KindName | None = None
    """The kind that is named."""
    typed: bool = False
    """The kind, and its group, may stand beside the name."""
    form: Literal["name", "path", "host"] = "name"
    """How it is named: plainly, as `namespace/name`, or by host name, which means a service."""
    alias: str | None = None
    """The type of the alias that is named, for what is not in the cluster."""
    to: tuple[str, ...] = ()
    """Which kinds the alias may mean."""
    pattern: Pattern | None = None
    """What of the text is the name: its one group."""
    name: Relative | None = None
    """Where the name stands in what the path leads to; `name` by default."""
    default: Relative | None = None
    """Where the name stands when the path leads nowhere."""
    namespace: Relative | None = None
    """Where the namespace stands; else it is the object's own."""
    verb: str = "DEPENDS_ON"
    reverse: bool = False
    """It is what is named that has the tie, to the object."""
    slot: tuple[SlotPath, ...] = ()
    """What tells two ties to one thing apart."""
    port: Relative | None = None
    weight: Relative | None = None
    keys: Relative | None = None
    optional: Relative | None = None
    skip: tuple[str, ...] = ()
    """Names that mean nothing."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.verb not in VERBS:
            raise ValueError(f"verb {self.verb} is none; known: {', '.join(sorted(VERBS_OF_ROWS))}")
        if self.alias is None and self.kind is None and not self.typed and self.form != "host":
            raise ValueError("does not say what is named: add kind, typed, alias, or form: host")
        if self.alias is not None and (self.kind or self.typed or self.form != "name"):
            raise ValueError("names an alias and a kind: keep one of them")
        if (self.alias is None) == bool(self.to) or not set(self.to) <= KINDS.keys():
            raise ValueError("to takes the kinds that an alias may mean, such as aws.ec2.instance")
        if self.alias is not None and VERBS[self.verb].local:
            raise ValueError(f"{self.verb} ties things of one cluster, and an alias may lead elsewhere: use DEPENDS_ON")
        return self


class Row(BaseModel, extra="forbid", frozen=True):
    """What is kept of the objects of one kind, whatever the version."""

    group: Annotated[str, AfterValidator(_group)]
    kind: Annotated[str, AfterValidator(_plain_kind)]
    attributes: dict[AttributeName, ValuePath] = Field(default_factory=dict)
    """What is configured, by name."""
    state: dict[AttributeName, ValuePath] = Field(default_factory=dict)
    """What is going on, by name."""
    pods: Path | None = None
    """Where the template of its pods stands, if it has one."""
    references: tuple[Reference, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """The group and the Kind."""
        return self.group, self.kind


class UserRow(Row, frozen=True):
    """A row of a configuration."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        for reference in self.references:
            if reference.verb not in VERBS_OF_ROWS:
                raise ValueError(f"verb {reference.verb} is not for rows; use {', '.join(sorted(VERBS_OF_ROWS))}")
        if both := self.attributes.keys() & self.state.keys():
            raise ValueError(f"'{min(both)}' stands under attributes and under state: keep one of them")
        return self


class BuiltInRow(Row, frozen=True):
    """A row that Asbuilt brings: with a kind of its own in the vocabulary."""

    word: str
    plural: str
    cluster_wide: bool = False
    reason: str
    """Why it is read."""
