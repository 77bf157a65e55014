"""What is a change or a difference about, in names that people give, and where does that stand?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graph.model import KINDS, Key, MalformedKey
from graph.store import GraphReader

if TYPE_CHECKING:
    from graph.analysis.changes import ChangedRelation

_NAMESPACE = "k8s.namespace"


class Subjects:
    """Entities and ends of relations, asked for all at once, with what contains them."""

    def __init__(self, reader: GraphReader, keys: Iterable[str]) -> None:
        wanted = {one for text in keys for one in _with_containers(text)}
        self._names = {key: version.name for key, version in reader.latest(wanted).items()}

    def entity(self, text: str) -> str:
        """Tell an entity: `Container app of Pod cart-1 in shop`. What is no key is given as it is."""
        around = _with_containers(text)[1:-1]  # the outermost, a cluster or an account, is in the key
        outer = [f"in {one.id}" if one.kind == _NAMESPACE else f"of {self._titled(one)}" for one in around]
        return " ".join([self._titled(text), *outer])

    def relation(self, tie: ChangedRelation) -> str:
        """Tell a relation: both ends around its verb, and the slot where it has one."""
        slot = f" [{tie.slot}]" if tie.slot else ""
        target = self._titled(tie.target) if _beside(tie.source, tie.target) else self.entity(tie.target)
        return f"{self.entity(tie.source)} {tie.verb} {target}{slot}"

    def _titled(self, text: str) -> str:
        key = _key(text)
        if key is None:
            return text
        kind = KINDS.get(key.kind)
        return f"{kind.title if kind else key.kind} {self._names.get(key) or key.id}"


def _key(text: str) -> Key | None:
    if "=" in text.partition("/")[0]:  # an alias, as `type=value`
        return None
    try:
        return Key.parse(text)
    except MalformedKey:
        return None


def _with_containers(text: str) -> list[Key]:
    """Give a key and what contains it, from the inside out; nothing for what is no key."""
    found = []
    key = _key(text)
    while key is not None:
        found.append(key)
        key = key.container
    return found


def _beside(source: str, target: str) -> bool:
    """Tell whether two ends stand in the same thing, so that it is said once."""
    one, other = _key(source), _key(target)
    return one is not None and other is not None and one.container is not None and one.container == other.container
