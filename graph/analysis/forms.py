"""What could a text name? Read from its form alone: a key, an address, an image, labels, a place and a name.

A text of several forms is taken for all of them, and nothing is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from graph.analysis.kind_words import kinds_meant
from graph.model import Key, MalformedKey
from graph.terms import Field, Term, address, folded, reference_of, term


class How(StrEnum):
    """How much of what an entity carries the text has to be."""

    EXACT = "exact"
    """All of it."""
    PART = "part"
    """All of it, and it is only a part of what was asked for: the host of a URL."""
    PREFIX = "prefix"
    """Its beginning."""


@dataclass(frozen=True, slots=True)
class Sought:
    """One thing that a text could be: folded, in a field, of some kinds, inside what ends in these ids or pairs."""

    field: Field
    text: str
    how: How = How.EXACT
    kinds: frozenset[str] = frozenset()
    within: tuple[str, ...] = ()

    @property
    def term(self) -> Term:
        """The term to look for."""
        return term(self.field, self.text)

    def allows(self, key: Key) -> bool:
        """Tell whether a key is of these kinds, and in this place."""
        if self.kinds and key.kind not in self.kinds:
            return False
        return not self.within or _ends_in(key.container, self.within)

    def matches(self, field: Field, text: str) -> bool:
        """Tell whether a text that an entity carries is what is sought."""
        if field is not self.field:
            return False
        same = folded(text)
        return same == self.text or (self.how is How.PREFIX and same.startswith(self.text))


def _ends_in(container: Key | None, parts: tuple[str, ...]) -> bool:
    """Tell whether the path of a container ends in these parts, or in things of these ids."""
    if container is None:
        return False
    path = f"/{folded(container)}"
    ids = tuple(folded(id_) for _, id_ in container.pairs)
    return path.endswith("/" + "/".join(parts)) or ids[-len(parts) :] == parts


@dataclass(frozen=True, slots=True)
class Forms:
    """All that a text could be. keys: whole keys. labels: a set, of which a thing must have all."""

    keys: tuple[Key, ...]
    labels: tuple[tuple[str, str], ...]
    sought: tuple[Sought, ...]


def forms(text: str) -> Forms:
    """Read a text in every form that it has."""
    text = text.strip()
    labels = _labels(text)
    if labels:
        return Forms((), labels, tuple(_labelled(labels)))
    sought = [*_called(text), *_images(text), *_addresses(text), *_endings(text)]
    return Forms(tuple(_keys(text)), (), tuple(dict.fromkeys(sought)))


_LABEL = re.compile(r"\s*([^\s=,:]+)\s*==?\s*([^=,]*?)\s*")


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    """Read a set of labels: `name=value`, separated by commas; nothing where a part is none."""
    parts = [_LABEL.fullmatch(part) for part in text.split(",")]
    return tuple((part[1], part[2]) for part in parts if part) if all(parts) else ()


def _labelled(labels: tuple[tuple[str, str], ...]) -> Iterator[Sought]:
    """Look for one label by its term; several are asked for together."""
    if len(labels) == 1:
        whole = folded("=".join(labels[0]))
        yield from (Sought(Field.LABEL, whole, how) for how in (How.EXACT, How.PREFIX))


def _keys(text: str) -> Iterator[Key]:
    """Give the keys that a text is, or that a digest is the id of."""
    with suppress(MalformedKey):
        yield Key.parse(text)
    digest = text.rpartition("@")[2].lower()
    if _DIGEST.fullmatch(digest):
        yield Key.of(("container.image", digest))
    elif _HEX.fullmatch(digest):
        yield Key.of(("container.image", f"sha256:{digest}"))


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_HEX = re.compile(r"[0-9a-f]{64}")


def _called(text: str) -> Iterator[Sought]:
    """Take a text for a name or an identifier: uid, ARN, `i-...`, SHA. An alias may be given with its network."""
    for one in dict.fromkeys((text, text.rpartition("|")[2])):
        if one:
            yield Sought(Field.NAME, folded(one))
            yield Sought(Field.IDENTIFIER, folded(one))
    if not _is_address(text):
        yield Sought(Field.NAME, folded(text), How.PREFIX)
        yield Sought(Field.IDENTIFIER, folded(text), How.PREFIX)
    if arn := _ARN.fullmatch(text):
        within = tuple(part for part in (arn[2], folded(arn[1])) if part)
        yield Sought(Field.IDENTIFIER, folded(arn[3]), within=within)
        yield Sought(Field.NAME, folded(arn[3]), within=within)


_ARN = re.compile(r"arn:[^:]*:[^:]*:([^:]*):([^:]*):(?:.*[:/])?([^:/]+)", re.IGNORECASE)


def _images(text: str) -> Iterator[Sought]:
    """Take a text for a reference to an image, or its digest."""
    if any(mark in text for mark in ("://", " ", "=")):
        return
    whole, digest = reference_of(text)
    for one in (whole, digest):
        if one:
            yield Sought(Field.IMAGE, folded(one))
    if whole and not digest and not _is_address(text):
        yield Sought(Field.IMAGE, folded(whole), How.PREFIX)
    if digest and len(digest) < _FULL:
        yield Sought(Field.IMAGE, folded(digest), How.PREFIX)


_FULL = len("sha256:") + 64
"""Characters of a digest that is not cut."""


def _addresses(text: str) -> Iterator[Sought]:
    """Take a text for an address. Of a URL, also what it leads through: what contains it, and its host."""
    whole = folded(address(text))
    if not whole or any(mark.isspace() for mark in whole):
        return
    yield Sought(Field.ADDRESS, whole)
    yield Sought(Field.IDENTIFIER, whole)
    yield Sought(Field.ADDRESS, folded(text))  # a provider id, which is compared as it is
    if _is_address(text):
        return
    yield Sought(Field.ADDRESS, whole, How.PREFIX)
    parts = whole.split("/")
    host = parts[0]
    for length in range(min(len(parts) - 1, _DEPTH), 0, -1):
        yield Sought(Field.ADDRESS, "/".join(parts[:length]), How.PART)
    if _DNS.fullmatch(host):
        yield Sought(Field.ADDRESS, f"*.{host.partition('.')[2]}", How.PART)
        yield Sought(Field.NAME, host)
    if inside := _CLUSTER_NAME.fullmatch(host):
        yield Sought(Field.NAME, inside[1], kinds=_SERVICE, within=(inside[2],) if inside[2] else ())


_DEPTH = 12
"""Parts of a URL's path that are looked through for what contains it."""

_DNS = re.compile(r"[^./\s:]+(?:\.[^./\s:]+)+")
_CLUSTER_NAME = re.compile(r"([^.\s]+)(?:\.([^.]+)(?:\.svc(?:\..*)?)?)?")
"""What a cluster's own DNS calls a service: <name>.<namespace>.svc, and the cluster's domain.

What comes after the name may be left out by who asks inside: first the domain, then .svc, then the namespace.
"""
_SERVICE = frozenset({"k8s.service"})


def _is_address(text: str) -> bool:
    """Tell whether a text is an IP address, of which another is no continuation."""
    try:
        ip_address(address(text))
    except ValueError:
        return False
    return True


def _endings(text: str) -> Iterator[Sought]:
    """Take a text for the ending of a key, or a place and a name: `kind/name`, `shop/name`, `shop/kind/name`."""
    parts = tuple(folded(part) for part in text.strip("/").split("/"))
    if len(parts) < 2 or not all(parts) or "://" in text:
        return
    *place, kind, name = parts
    ways = [(kinds_meant(kind), tuple(place)), (frozenset[str](), (*place, kind))]
    for how in (How.EXACT, How.PREFIX):
        for kinds, within in ways:
            for field in (Field.NAME, Field.IDENTIFIER):
                yield Sought(field, name, how, kinds, within)
