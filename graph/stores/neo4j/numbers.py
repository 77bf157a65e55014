"""Which number does a key have, and which key does a number stand for?

Relations tie numbers: an index of them is a small fraction of one of the texts.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from graph.model import Key
from graph.stores.neo4j.connection import Ask, Row
from graph.stores.neo4j.written import Written

REMEMBERED = 500_000
"""Keys that are remembered; then it begins anew."""

_BY_NUMBER = "MATCH (k:AsbuiltKey) WHERE k._number IN $wanted RETURN k.key, k._number"
_BY_KEY = "MATCH (k:AsbuiltKey) WHERE k.key IN $wanted RETURN k.key, k._number"


class Lookup:
    """Numbers to keys, and keys to numbers. Shared by the readers of a store, in any number of threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._keys: dict[int, Key] = {}
        self._numbers: dict[str, int] = {}

    def keys(self, ask: Ask, numbers: Iterable[int]) -> dict[int, Key]:
        """Give keys by number."""
        wanted, known = set(numbers), self._keys
        found = {number: known[number] for number in wanted if number in known}
        if len(found) < len(wanted):
            learned = self._learn(ask(_BY_NUMBER, wanted=list(wanted - found.keys())))
            found.update((number, key) for key, number in learned)
        return found

    def numbers(self, ask: Ask, keys: Collection[str]) -> dict[str, int]:
        """Give the numbers of those keys that somebody named."""
        wanted, known = set(keys), self._numbers
        found = {key: known[key] for key in wanted if key in known}
        if len(found) < len(wanted):
            found.update(self._learn(ask(_BY_KEY, wanted=[str(key) for key in wanted - found.keys()])))
        return found

    def _learn(self, rows: Iterable[Row]) -> list[tuple[Key, int]]:
        learned = [(Key(text), number) for text, number in rows]
        with self._guard:
            if len(self._keys) > REMEMBERED:
                self._keys, self._numbers = {}, {}  # who reads the former ones goes on with them
            self._keys.update((number, key) for key, number in learned)
            self._numbers.update(learned)
        return learned


class Interning:
    """Keys to numbers, for the one writer. What is new is written with the step that needs it."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self._known: dict[str, int] = {}
        self._next: int | None = None
        self._new: list[list[str | int]] = []

    def keys(self, ask: Ask, texts: Iterable[str]) -> dict[str, int]:
        """Give the numbers of keys, new ones included."""
        wanted = set(texts)
        unknown = [str(text) for text in wanted if text not in self._known]
        found = {text: self._known[text] for text in wanted if text in self._known}
        if unknown:
            stored = self._written.among("key", unknown)
            if stored:
                found.update((text, number) for text, number in ask(_BY_KEY, wanted=stored))
            new = sorted(text for text in unknown if text not in found)
            first = self._fresh(ask, len(new))
            made = [(text, first + place) for place, text in enumerate(new)]
            self._new += [[text, number] for text, number in made]
            self._written.add("key", new)
            found.update(made)
            if len(self._known) > REMEMBERED and not self._new:
                self._known = {}
            self._known.update((text, found[text]) for text in unknown)
        return found

    def _fresh(self, ask: Ask, count: int) -> int:
        if self._next is None:
            rows = ask("MATCH (k:AsbuiltKey) WHERE k._number > 0 RETURN k._number ORDER BY k._number DESC LIMIT 1")
            self._next = int(rows[0][0]) + 1 if rows else 1
        first = self._next
        self._next += count
        return first

    def take_new(self) -> list[list[str | int]]:
        """Give the keys that no step has written yet, as [key, number]; the next step writes them."""
        new, self._new = self._new, []
        return new
