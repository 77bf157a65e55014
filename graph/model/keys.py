"""What is a thing called, so that everybody who meets it mints the same name?

A key is a path of (kind, id) pairs, from what contains the thing down to the thing:
`k8s.cluster/9f2c/k8s.namespace/shop/k8s.service/cart`. The last kind is the kind of the thing, what stands before the
last pair is the key of its container, and a range is the key that everything inside it begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_RESERVED = re.compile(r"[%/#?|\s\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"%([0-9A-F]{2})")


class MalformedKey(ValueError):
    """The text is not a path of kind/id pairs."""

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is not a key: write kind/id pairs, such as k8s.cluster/<uid>/k8s.node/<name>")


def _escape(text: str) -> str:
    escaped = _RESERVED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), text)
    return "%40" + escaped[1:] if escaped.startswith("@") else escaped


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    return re.sub(
        r"(?:%[0-9A-F]{2})+", lambda run: bytes.fromhex(run.group().replace("%", "")).decode(errors="replace"), text
    )


class Key(str):
    """The natural, immutable identity of an entity, as text.

    Being text, it sorts, hashes, compares and travels as JSON without conversion. Ids are percent-escaped where they
    hold `%`, `/`, `#`, `?`, `|` or white space. An id that begins with `@` is a configured name, not an identity:
    whoever knows a cluster only by the name in its configuration mints `k8s.cluster/@prod/...`, and the name resolves
    as an exclusive alias of the cluster for all that it contains.
    """

    __slots__ = ()

    @classmethod
    def of(cls, *pairs: tuple[str, str]) -> Key:
        """Make a key of (kind, id) pairs, container first. Ids are given plain and escaped here."""
        if not pairs or not all(kind and id_ for kind, id_ in pairs):
            raise MalformedKey("/".join(f"{kind}/{id_}" for kind, id_ in pairs))
        return cls("/".join(f"{kind}/{_escape(id_)}" for kind, id_ in pairs))

    @classmethod
    def by_name(cls, kind: str, name: str) -> Key:
        """Make the key of a root thing that is known only by its configured name."""
        return cls(f"{kind}/@{_escape(name)}")

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a key from text, or raise MalformedKey."""
        parts = text.split("/")
        if len(parts) % 2 or not all(parts) or any(_RESERVED.search(_ESCAPED.sub("", part)) for part in parts):
            raise MalformedKey(text)
        return cls(text)

    def child(self, kind: str, id_: str) -> Key:
        """Name a thing that this one contains."""
        if not id_:
            raise MalformedKey(f"{self}/{kind}/{id_}")
        return Key(f"{self}/{kind}/{_escape(id_)}")

    @property
    def kind(self) -> str:
        """The kind of the thing."""
        return self.rsplit("/", 2)[-2]

    @property
    def id(self) -> str:
        """The id of the thing within its container, unescaped."""
        return _unescape(self.rsplit("/", 1)[-1])

    @property
    def container(self) -> Key | None:
        """The key of what contains the thing; None for what nothing contains."""
        parts = self.rsplit("/", 2)
        return Key(parts[0]) if len(parts) == 3 else None

    @property
    def root(self) -> Key:
        """The first pair: the outermost thing that contains this one, or the thing itself."""
        return Key("/".join(self.split("/", 2)[:2]))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The (kind, id) pairs, container first, ids unescaped."""
        parts = self.split("/")
        return tuple((parts[index], _unescape(parts[index + 1])) for index in range(0, len(parts), 2))

    def within(self, range_: str) -> bool:
        """Tell whether a range holds this key. The empty range holds every key."""
        return not range_ or (self.startswith(range_) and self[len(range_) : len(range_) + 1] in ("", "/"))

    @property
    def configured_name(self) -> tuple[str, str] | None:
        """The (root kind, configured name) when the key is minted under a name; None when under an identity."""
        if "/@" not in self:  # asked of every end of every relation
            return None
        kind, _, rest = self.partition("/")
        name = rest.split("/", 1)[0]
        return (kind, _unescape(name[1:])) if name.startswith("@") else None

    def under(self, holder: Key) -> Key:
        """Give this key with its root replaced by the thing that the root's name turned out to mean."""
        return Key(holder + self[len(self.root) :])


def _could_name(minted: str, other: str) -> bool:
    """Tell whether a range under a configured name could mean one under an identity of the same root kind."""
    kind, _, rest = minted.partition("/")
    return rest.startswith("@") and other.partition("/")[0] == kind


def meet(left: str, right: str) -> bool:
    """Tell whether two ranges could hold a key in common: one is inside the other."""
    if not left or not right or _could_name(left, right) or _could_name(right, left):
        return True
    short, long = sorted((left, right), key=len)
    return Key(long).within(short)


def meets_any(range_: str, others: Iterable[str]) -> bool:
    """Tell whether a range meets at least one of the others."""
    return any(meet(range_, other) for other in others)
