"""According to whom? The documents that state a thing, their versions, and the scopes that cover them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from graph.model import DocumentRef, EntityVersion, Key, RelationVersion, Scope
from graph.store import GraphReader


@dataclass(frozen=True, slots=True)
class Evidence:
    """One document that states something.

    document: its id in its source. version: its version there, None where it is no longer in force. scopes: the names
    of the scopes of that source that cover what it states.
    """

    source: str
    document: str
    version: str | None
    scopes: tuple[str, ...]


class Witnesses:
    """The documents behind a page of answers, asked for all at once."""

    def __init__(self, reader: GraphReader, refs: Collection[DocumentRef]) -> None:
        self._documents = reader.documents(set(refs))
        self._scopes = [state.scope for state in reader.scopes()]

    def of_entity(self, version: EntityVersion) -> tuple[Evidence, ...]:
        """Give the evidence of an entity: its homes are the scopes that cover it."""
        return self._of(version.evidence, version.kind, [version.key])

    def of_relation(self, relation: RelationVersion) -> tuple[Evidence, ...]:
        """Give the evidence of a relation: the scopes that state its verb where one of its ends is."""
        return self._of(relation.evidence, relation.verb, relation.keys)

    def _of(self, refs: Iterable[DocumentRef], word: str, keys: Collection[Key]) -> tuple[Evidence, ...]:
        found = []
        for ref in sorted(refs):
            document = self._documents.get(ref)
            scopes = sorted(
                scope.name
                for scope in self._scopes
                if scope.source == ref.source
                and word in scope.states
                and any(_shown(scope, word, key) for key in keys or (Key(""),))
            )
            found.append(Evidence(ref.source, ref.id, document.version if document else None, tuple(scopes)))
        return tuple(found)


def _shown(scope: Scope, word: str, key: Key) -> bool:
    """Tell whether a thing of that kind, or a tie of that verb at it, can have been shown by a scope."""
    return scope.covers(key) if key and key.kind == word else key.within(scope.range)
