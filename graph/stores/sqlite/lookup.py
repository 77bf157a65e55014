"""Which text does a number stand for? Looked up in portions, and remembered: committed numbers keep their meaning."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from graph.model import DocumentRef, Key
from graph.stores.sqlite.rows import chunks, marks

REMEMBERED = 50_000
"""Texts of a kind that are remembered; then it begins anew."""


class Lookup:
    """Numbers to texts. Shared by the readers of a store, in any number of threads."""

    def __init__(self) -> None:
        self._words: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._keys: dict[int, Key] = {}
        self._key_numbers: dict[str, int] = {}
        self._refs: dict[int, DocumentRef] = {}

    def word(self, db: sqlite3.Connection, number: int) -> str:
        """Give the word of a number."""
        if number not in self._words:
            self._load_words(db)
        return self._words[number]

    def number(self, db: sqlite3.Connection, word: str) -> int | None:
        """Give the number of a word; None where nobody ever used it."""
        if word not in self._numbers:
            self._load_words(db)
        return self._numbers.get(word)

    def numbers(self, db: sqlite3.Connection, words: Iterable[str]) -> list[int]:
        """Give the numbers of those words that somebody used."""
        wanted = set(words)
        if not wanted <= self._numbers.keys():
            self._load_words(db)
        return sorted(self._numbers[word] for word in wanted if word in self._numbers)

    def _load_words(self, db: sqlite3.Connection) -> None:
        for number, text in db.execute("SELECT id, text FROM word"):
            self._words[number] = text
            self._numbers[text] = number

    def keys(self, db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Key]:
        """Give keys by number: these, and any others that are remembered."""
        if len(self._keys) > REMEMBERED:
            self._keys, self._key_numbers = {}, {}
        known, key_numbers = self._keys, self._key_numbers
        for portion in chunks({number for number in numbers if number not in known}):
            for number, text in db.execute(f"SELECT id, text FROM key WHERE id IN ({marks(len(portion))})", portion):
                known[number] = key = Key(text)
                key_numbers[key] = number
        return known

    def refs(self, db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, DocumentRef]:
        """Give documents by number."""
        if len(self._refs) > REMEMBERED:
            self._refs = {}
        known = self._refs
        wanted = set(numbers)
        for portion in chunks(wanted - known.keys()):
            rows = db.execute(f"SELECT id, source, name FROM document WHERE id IN ({marks(len(portion))})", portion)
            for number, source, name in rows.fetchall():
                known[number] = DocumentRef(self.word(db, source), name)
        return {number: known[number] for number in wanted}

    def key_numbers(self, db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, int]:
        """Give the numbers of those keys that somebody named."""
        known = self._key_numbers
        found: dict[str, int] = {}
        unknown: set[str] = set()
        for key in keys:
            number = known.get(key)
            if number is None:
                unknown.add(key)
            else:
                found[key] = number
        by_kind: dict[int, list[str]] = {}
        for key in unknown:
            kind = self.number(db, key.rsplit("/", 2)[-2]) if "/" in key else None
            if kind is not None:
                by_kind.setdefault(kind, []).append(key)
        for kind, texts in by_kind.items():
            for portion in chunks(texts):
                sql = f"SELECT text, id FROM key WHERE kind = ? AND text IN ({marks(len(portion))})"
                found.update(db.execute(sql, [kind, *portion]))
        return found

    def key_of_each(self, db: sqlite3.Connection, numbers: Sequence[int]) -> list[Key]:
        """Give the key of each number, in their order."""
        try:
            return list(map(self._keys.__getitem__, numbers))
        except KeyError:
            return list(map(self.keys(db, numbers).__getitem__, numbers))

    def number_of_each(self, db: sqlite3.Connection, keys: AbstractSet[str]) -> list[int]:
        """Give the numbers of those keys that somebody named, in whatever order."""
        try:
            return list(map(self._key_numbers.__getitem__, keys))
        except KeyError:
            return list(self.key_numbers(db, keys).values())

    def document_numbers(self, db: sqlite3.Connection, refs: Iterable[DocumentRef]) -> dict[int, DocumentRef]:
        """Give the numbers of those documents that were ever stored."""
        found: dict[int, DocumentRef] = {}
        by_source: dict[str, list[str]] = {}
        for ref in refs:
            by_source.setdefault(ref.source, []).append(ref.id)
        for source, names in by_source.items():
            of = self.number(db, source)
            for portion in chunks(names):
                sql = f"SELECT id, name FROM document WHERE source = ? AND name IN ({marks(len(portion))})"
                found.update((number, DocumentRef(source, name)) for number, name in db.execute(sql, [of, *portion]))
        return found
