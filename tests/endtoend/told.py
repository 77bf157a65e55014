"""What does the API tell of the objects of one kind in a namespace: which are there, and how did those that ended?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.histories.witness import Witness

_LAST = re.compile(r"[^/:]+\Z")
"""The name of an object within its key."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one kind in one namespace."""

    says: Witness
    kind: str
    space: str

    def uids(self) -> dict[str, str]:
        """Give the uid of each object that is there, by name."""
        listed = self.says.ask("entities", kind=self.kind, limit="1000")["data"]
        return {one["name"]: one["incarnation"] for one in listed if self._ours(one["key"])}

    def key(self, name: str) -> str:
        """Give the key of the object that has a name."""
        listed = self.says.ask("entities", kind=self.kind, limit="1000")["data"]
        (key,) = (one["key"] for one in listed if one["name"] == name and self._ours(one["key"]))
        return str(key)

    def ends(self) -> list[tuple[str, str, str]]:
        """Give what was ever ended or replaced, oldest first: name, transition and cause."""
        changes = self.says.changes(kind=self.kind, limit="1000")
        return [
            (_LAST.findall(one["subject"])[0], one["transition"], one["cause"])
            for one in reversed(changes)
            if self._ours(one["subject"]) and one["transition"] in ("closed", "replaced")
        ]

    def _ours(self, key: str) -> bool:
        return f"/{self.space}/" in key
