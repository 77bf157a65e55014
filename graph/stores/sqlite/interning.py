"""Which number does a text have, or get? For the one writer, inside its transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from graph.model import AliasName, DocumentRef
from graph.stores.sqlite.lookup import REMEMBERED
from graph.stores.sqlite.rows import chunks, marks
from graph.stores.values import kind_of


class Interning:
    """Texts to numbers. What is remembered is forgotten when a transaction is undone: its numbers are given again."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._words: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._aliases: dict[AliasName, int] = {}
        self._next: dict[str, int] = {}

    def forget(self) -> None:
        """Forget everything."""
        self._words, self._keys, self._aliases, self._next = {}, {}, {}, {}

    def fresh(self, table: str) -> int:
        """Give the next number of a table."""
        number = self._next.get(table)
        if number is None:
            number = int(self._db.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])
        self._next[table] = number + 1
        return number

    def word(self, text: str) -> int:
        """Give the number of a word."""
        number = self._words.get(text)
        if number is None:
            row = self._db.execute("SELECT id FROM word WHERE text = ?", [text]).fetchone()
            number = int(row[0]) if row else self.fresh("word")
            if row is None:
                self._db.execute("INSERT INTO word VALUES (?, ?)", [number, text])
            self._words[text] = number
        return number

    def keys(self, texts: Iterable[str]) -> dict[str, int]:
        """Give the numbers of keys (and of whatever else a document is about)."""
        if len(self._keys) > REMEMBERED:
            self._keys = {}
        known = self._keys
        wanted = set(texts)
        by_kind: dict[int, list[str]] = {}
        for text in wanted - known.keys():
            by_kind.setdefault(self.word(kind_of(text)), []).append(text)
        for kind, unknown in by_kind.items():
            for portion in chunks(unknown):
                sql = f"SELECT text, id FROM key WHERE kind = ? AND text IN ({marks(len(portion))})"
                known.update(self._db.execute(sql, [kind, *portion]))
            new = [(self.fresh("key"), kind, text) for text in sorted(unknown) if text not in known]
            self._db.executemany("INSERT INTO key VALUES (?, ?, ?)", new)
            known.update((text, number) for number, _, text in new)
        return {text: known[text] for text in wanted}

    def aliases(self, names: Iterable[AliasName]) -> dict[AliasName, int]:
        """Give the numbers of aliases."""
        if len(self._aliases) > REMEMBERED:
            self._aliases = {}
        known = self._aliases
        wanted = set(names)
        by_type: dict[str, list[str]] = {}
        for name in wanted - known.keys():
            by_type.setdefault(name.type, []).append(name.value)
        for type_, values in by_type.items():
            word = self.word(type_)
            for portion in chunks(values):
                sql = f"SELECT value, id FROM alias WHERE type = ? AND value IN ({marks(len(portion))})"
                rows = self._db.execute(sql, [word, *portion])
                known.update((AliasName(type_, value), number) for value, number in rows)
            new = [(self.fresh("alias"), word, v) for v in sorted(values) if AliasName(type_, v) not in known]
            self._db.executemany("INSERT INTO alias VALUES (?, ?, ?)", new)
            known.update((AliasName(type_, value), number) for number, _, value in new)
        return {name: known[name] for name in wanted}

    def documents(self, refs: Iterable[DocumentRef]) -> dict[DocumentRef, int]:
        """Give the numbers of documents that are stored."""
        found: dict[DocumentRef, int] = {}
        by_source: dict[str, list[str]] = {}
        for ref in refs:
            by_source.setdefault(ref.source, []).append(ref.id)
        for source, names in by_source.items():
            for portion in chunks(names):
                sql = f"SELECT name, id FROM document WHERE source = ? AND name IN ({marks(len(portion))})"
                rows = self._db.execute(sql, [self.word(source), *portion])
                found.update((DocumentRef(source, name), number) for name, number in rows)
        return found

    def relations(self, ids: Iterable[str]) -> dict[str, int]:
        """Give the numbers of relations that are stored."""
        found: dict[str, int] = {}
        for portion in chunks(ids):
            sql = f"SELECT digest, id FROM relation WHERE digest IN ({marks(len(portion))})"
            known = self._db.execute(sql, [bytes.fromhex(id_) for id_ in portion])
            found.update((digest.hex(), number) for digest, number in known)
        return found

    def scope(self, source: str, name: str) -> int:
        """Give the number of a scope."""
        row = self._db.execute("SELECT id FROM scope WHERE source = ? AND name = ?", [source, name]).fetchone()
        if row is not None:
            return int(row[0])
        number = self.fresh("scope")
        self._db.execute("INSERT INTO scope VALUES (?, ?, ?)", [number, source, name])
        return number
