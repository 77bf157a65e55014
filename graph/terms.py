"""By which texts is an entity found, and when are two texts the same?

Every store keeps the terms of each version, so that a name, an address or a label leads to the same keys in each. A
term says where to look; what is so is told from the version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from ipaddress import ip_address
from typing import NamedTuple
from unicodedata import normalize

from graph.model import Alias, Entity, EntityVersion, Value

LONGEST = 200
"""Characters of a text that stand in a term. Of a longer text the rest is compared with the version."""


class Field(StrEnum):
    """Where in an entity a text stands."""

    NAME = "name"
    IDENTIFIER = "identifier"
    """What it alone is called: the id in its key, its incarnation, its aliases."""
    LABEL = "label"
    """A label or tag, as `name=value`."""
    IMAGE = "image"
    """References and digests of images."""
    ADDRESS = "address"
    """What it is reached by, or leads to: IP addresses, DNS names, URLs, provider ids."""


class Term(NamedTuple):
    """A folded text in a field, at most LONGEST characters of it."""

    field: Field
    text: str


class Carried(NamedTuple):
    """A text that an entity carries. what: the type of the alias, the attribute, or `name`, `id`, `incarnation`."""

    field: Field
    what: str
    text: str
    alias: Alias | None = None


def folded(text: str) -> str:
    """Write a text as it is compared: compatibility forms and case are no difference (NFKC, case folding)."""
    if text.isascii():
        return text.lower()
    same = normalize("NFKC", normalize("NFKC", text).casefold())
    return same.encode(errors="replace").decode()


def term(field: Field, text: str) -> Term:
    """Make the term of a text."""
    return Term(field, folded(text)[:LONGEST])


def terms_of(version: Entity | EntityVersion) -> tuple[Term, ...]:
    """Give the terms by which an entity's version is found, each once. Only a name may be empty."""
    texts = dict.fromkeys((field, text) for field, _, text, _ in carried(version) if text or field is Field.NAME)
    return tuple(dict.fromkeys(term(*one) for one in texts))


def carried(version: Entity | EntityVersion) -> Iterator[Carried]:
    """Give every text by which an entity's version can be asked for. An alias is no address beside."""
    attributes = version.attributes
    yield Carried(Field.NAME, "name", version.name)
    identifiers = set()
    for one in _identifiers(version):
        identifiers.add(one.text)
        yield one
    for name in ("labels", "tags"):
        labels = attributes.get(name)
        if isinstance(labels, Mapping):
            for label, value in labels.items():
                yield Carried(Field.LABEL, name, f"{label}={value}")
    yield from _images(version)
    for name in _ADDRESSES:
        for text in _texts(attributes[name]) if name in attributes else ():
            written = address(text)
            if written not in identifiers:
                yield Carried(Field.ADDRESS, name, written)
    provider_id = attributes.get("provider_id")
    if isinstance(provider_id, str):
        for text in (provider_id, provider_id.rpartition("/")[2]):
            yield Carried(Field.ADDRESS, "provider_id", text)


def _identifiers(version: Entity | EntityVersion) -> Iterator[Carried]:
    """Give what an entity alone is called. A name with its place is left out: it is found by its name, and its key."""
    key = version.key
    container = f"{key.container or ''}/"
    for alias in version.aliases:
        text = alias.value.rpartition("|")[2]  # what stands before is the network that it is unique in
        if not text.startswith(container):
            yield Carried(Field.IDENTIFIER, alias.type, address(text) if alias.type == "ip" else text, alias)
    if key.id != version.name:
        yield Carried(Field.IDENTIFIER, "id", key.id)
    if version.incarnation:
        yield Carried(Field.IDENTIFIER, "incarnation", version.incarnation)


_ADDRESSES = (
    "pod_ips",
    "cluster_ips",
    "external_name",
    "addresses",
    "hosts",
    "load_balancer",
    "private_ip",
    "public_ip",
    "dns_name",
    "url",
)
"""Attributes, of whatever kind, that hold addresses."""


def _texts(value: Value) -> Iterator[str]:
    """Give the addresses in a value: a text, several, or mappings that hold one as `address`."""
    for one in [value] if isinstance(value, str | Mapping) else value if isinstance(value, Sequence) else ():
        text = one.get("address") if isinstance(one, Mapping) else one
        if isinstance(text, str):
            yield text


def _images(version: Entity | EntityVersion) -> Iterator[Carried]:
    attributes = version.attributes
    stated = [(name, attributes[name]) for name in ("image", "image_digest") if name in attributes]
    for name in ("containers", "init_containers"):
        containers = attributes.get(name)
        if isinstance(containers, Mapping):
            stated += [(name, one.get("image")) for one in containers.values() if isinstance(one, Mapping)]
    repository, tags = attributes.get("repository"), attributes.get("tags")
    if isinstance(repository, str):
        named = tags if isinstance(tags, Sequence) and not isinstance(tags, str) else ()
        stated += [("repository", one) for one in (repository, *(f"{repository}:{tag}" for tag in named))]
    for name, reference in stated:
        for text in references(reference) if isinstance(reference, str) else ():
            yield Carried(Field.IMAGE, name, text)


_LIBRARY = re.compile(r"^(?:index\.)?docker\.io/(?:library/)?")
"""What is left out of a reference when the registry is the one that is meant where none is named."""


def references(text: str) -> tuple[str, ...]:
    """Write a reference to an image as it is compared: whole, without its registry and path, and its digest apart."""
    whole, digest = reference_of(text)
    return tuple(dict.fromkeys(one for one in (whole, whole.rpartition("/")[2], digest) if one))


def reference_of(text: str) -> tuple[str, str]:
    """Part a reference to an image into registry, path and tag, and its digest."""
    named, _, digest = text.partition("@") if "@" in text else ("", "", text) if _DIGEST.match(text) else (text, "", "")
    return _LIBRARY.sub("", named), digest


_DIGEST = re.compile(r"^sha(?:256|512):[0-9a-fA-F]+$")

_COPIED = re.compile(r"^[\w.+-]+@([\w.-]+):(?!\d+(?:/|$))(.+)$", re.ASCII)
"""An address as git and scp write it: user@host:path."""

_AUTHORITY = re.compile(r"^(?:[^@/]*@)?(\[[0-9a-fA-F:.%]+\]|[^/:]*)(?::\d*)?(/.*)?$", re.DOTALL)


def address(text: str) -> str:
    """Write an IP address, a DNS name or a URL as it is compared.

    Scheme, user, port, query, a last slash or dot, and `.git` make no difference.
    """
    if ":" not in text and "/" not in text:
        return _host(text)
    copied = _COPIED.match(text)
    if copied:
        return _place(copied[1], f"/{copied[2].lstrip('/')}")
    try:
        return _ip(text)
    except ValueError:
        pass
    parts = _AUTHORITY.match(re.split(r"[?#]", text.partition("://")[2] if "://" in text else text, maxsplit=1)[0])
    return _place(parts[1], parts[2] or "") if parts else text


def _place(host: str, path: str) -> str:
    return _host(host) + path.rstrip("/").removesuffix(".git")


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return _ip(text[1:-1])
        except ValueError:
            return text
    return _DUALSTACK.sub("", text.rstrip("."))


def _ip(text: str) -> str:
    """Write an IP address in its shortest form, and one of IPv4 that stands in IPv6 (RFC 4291, 2.5.5.2) as itself."""
    found = ip_address(text)
    return str(getattr(found, "ipv4_mapped", None) or found)


_DUALSTACK = re.compile(r"^dualstack\.", re.IGNORECASE)
"""What some load balancers' names begin with where they stand for both kinds of address."""
