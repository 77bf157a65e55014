"""Does a collector keep its promises? The contract as checks that anyone can run, under any test runner.

Each check takes a collector, or a callable that makes a fresh one, and raises AssertionError with what is wrong. A
collector that passes all of them can be trusted with the absence of things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from typing import Any, TypeAlias

from collectors.contract import Collector, CollectorError, Watching, looks_secret
from graph.model import VERBS, Document, Ended, Entity, Key, KeyEnd, Knowledge, Position, Relation, Scope, Statement
from graph.model.canonical import end_text, statement_record, statements_text
from graph.model.kinds import check_word

World: TypeAlias = Mapping[Scope, list[Document]]
"""Every scope with its documents, in the order in which they came."""

Make: TypeAlias = Callable[[], Collector]
"""Makes a fresh collector that reads the same world as the last one."""


def observed(collector: Collector, scope: Scope) -> list[Document]:
    """Read one scope to the end, as discovery does: a second position forgets what came before it."""
    documents: list[Document] = []
    for item in collector.observe(scope):
        if isinstance(item, Position):
            documents.clear()
        else:
            documents.append(item)
    return documents


def world(collector: Collector) -> World:
    """Read every scope to the end."""
    return {scope: observed(collector, scope) for scope in collector.scopes()}


def check_scopes_stable(collector: Collector, states: frozenset[str] | None = None) -> None:
    """Check that scopes come in a stable order under unique names, and state something that the plugin declares."""
    first, second = list(collector.scopes()), list(collector.scopes())
    assert first == second, "two calls of scopes() in a quiet world give different scopes"
    names = [scope.name for scope in first]
    assert len(set(names)) == len(names), f"scope names are not unique: {sorted(names)}"
    for scope in first:
        assert scope.states, f"{scope.name} states nothing"
        for word in scope.states:
            check_word(word)
        if states is not None:
            assert scope.states <= states, f"{scope.name} states {scope.states - states}, which the plugin does not"
        if scope.range:
            Key.parse(scope.range)


def check_position_first(collector: Collector) -> None:
    """Check that a position, where a scope has one, comes before the documents it holds for."""
    for scope in collector.scopes():
        items = list(collector.observe(scope))
        if any(isinstance(item, Position) for item in items):
            assert isinstance(items[0], Position), f"{scope.name} yields documents before its position"


def check_same_recording_twice_equal_documents(make: Make) -> None:
    """Check that the same answers of the source give the same documents, byte for byte and in the same order."""
    first, second = written(world(make())), written(world(make()))
    assert list(first) == list(second), "the same recording gives different scopes"
    for scope, documents in first.items():
        assert documents == second[scope], f"{scope.name}: the same recording gives different documents"


def check_vocabulary(collector: Collector) -> None:
    """Check that every document states its subject first, inside its scope, and only declared words."""
    for scope, documents in world(collector).items():
        ids = [document.id for document in documents]
        assert len(set(ids)) == len(ids), f"{scope.name}: two documents have one id"
        for document in documents:
            statements = document.statements
            assert statements, f"{scope.name}: document {document.id} states nothing"
            _check_subject(scope, document.id, statements[0])
            for statement in statements:
                _check_statement(scope, statement)


def check_no_secrets(collector: Collector, canaries: Iterable[str] = ()) -> None:
    """Check that no text of any document looks like a secret, or holds one of the values planted in the source."""
    planted = tuple(canaries)
    for scope, documents in world(collector).items():
        for document in documents:
            for statement in document.statements:
                for text in _texts(statement_record(statement)):
                    assert not looks_secret(text), (
                        f"{scope.name}: document {document.id} holds what looks like a secret"
                    )
                    found = [canary for canary in planted if canary in text]
                    assert not found, f"{scope.name}: document {document.id} holds a planted secret"


def check_failure_at_each_page_raises(failing: Callable[[int], Collector], scope_name: str, pages: int) -> None:
    """Check that a listing which fails at any page raises, and that it passes when nothing fails.

    failing: makes a collector whose source fails from the given page of that scope on; page 0 for never.
    """
    assert _documents_of(failing(0), scope_name), f"{scope_name} has no documents: a failure would not be seen"
    for page in range(1, pages + 1):
        collector = failing(page)
        with suppress(CollectorError):
            documents = _documents_of(collector, scope_name)
            raise AssertionError(f"{scope_name}: a failure at page {page} gave a world of {len(documents)} documents")


def check_watch_begins(collector: Watching) -> None:
    """Check that a watch of every scope with a position says first from where on it tells; or says that it does not."""
    for scope in collector.scopes():
        since = next((item for item in collector.observe(scope) if isinstance(item, Position)), None)
        if since is None:
            continue
        with suppress(CollectorError), closing(_watched(collector, scope, since)) as events:
            first = next(events)
            assert first == since, f"{scope.name}: a watch from {since} begins with {first}"


def check_watch_agrees(collector: Watching, scope: Scope, change: Callable[[], None]) -> None:
    """Check that a watch from one listing on tells all that the next listing shows differently, and not less.

    change: changes something in the scope.
    """
    since, before = _listed(collector, scope)
    with closing(_watched(collector, scope, since)) as events:
        assert next(events) == since, f"{scope.name}: a watch does not begin with its position"
        change()
        until, after = _listed(collector, scope)
        assert before != after, f"{scope.name}: nothing was changed, so nothing is proved"
        for event in events:
            if before == after:
                return
            position = _apply(scope, before, event)
            assert position <= until or before == after, f"{scope.name}: a watch left out what a listing shows"
            if before == after:
                return
    raise AssertionError(f"{scope.name}: a watch ended before it had told what a listing shows")


def check_only_reads(requests: Iterable[str]) -> None:
    """Check the verbs (or HTTP methods) that reached the source: only list, get and watch are ever called."""
    wrong = {verb.lower() for verb in requests} - {"get", "list", "watch", "head"}
    assert not wrong, f"the collector asked for more than reading: {sorted(wrong)}"


def check_knowledge(collector: Collector, knowledge: Knowledge) -> None:
    """Check that the plugin's knowledge names every attribute that the mapping fills."""
    for scope, documents in world(collector).items():
        for document in documents:
            for statement in document.statements:
                word = word_of(statement)
                unknown = [name for name in statement.attributes if not knowledge.knows(word, name)]
                assert not unknown, f"{scope.name}: {word} is filled with {unknown}, which its knowledge does not name"


def written(observed_world: World) -> dict[Scope, list[tuple[str, str, str]]]:
    """Give a world as (id, version, canonical statements), so that two can be compared."""
    return {
        scope: [(document.id, document.version, statements_text(document.statements)) for document in documents]
        for scope, documents in observed_world.items()
    }


def word_of(statement: Statement) -> str:
    """Give the kind of an entity, or the verb of a relation."""
    return statement.kind if isinstance(statement, Entity) else statement.verb


def _watched(collector: Watching, scope: Scope, since: Position) -> Any:
    """Watch, by what can be closed; so the connection is not left to the garbage."""
    return collector.watch(scope, since)


def _listed(collector: Collector, scope: Scope) -> tuple[Position, dict[str, str]]:
    """List a scope: its position, and what each document states."""
    position = None
    documents: dict[str, str] = {}
    for item in collector.observe(scope):
        if isinstance(item, Position):
            position = item
            documents.clear()
        else:
            documents[item.id] = statements_text(item.statements)
    assert position is not None, f"{scope.name} has no position, and cannot be watched from it"
    return position, documents


def _apply(scope: Scope, documents: dict[str, str], event: Document | Ended | Position) -> Position:
    """Apply one event of a watch to a listing, and give its position."""
    if isinstance(event, Position):
        return event
    if isinstance(event, Ended):
        documents.pop(event.id, None)
        return event.position
    assert event.version.isdigit(), f"{scope.name}: the version of a watched document is no position: {event.version}"
    documents[event.id] = statements_text(event.statements)
    return Position(int(event.version))


def _documents_of(collector: Collector, scope_name: str) -> list[Document]:
    scopes = {scope.name: scope for scope in collector.scopes()}
    assert scope_name in scopes, f"there is no scope {scope_name}"
    return observed(collector, scopes[scope_name])


def _check_subject(scope: Scope, id_: str, subject: Statement) -> None:
    assert word_of(subject) in scope.states, f"{scope.name}: the subject of document {id_} is no {sorted(scope.states)}"
    if isinstance(subject, Entity):
        assert scope.covers(subject.key), f"{scope.name}: the subject of document {id_} lies outside {scope.range}"


def _check_statement(scope: Scope, statement: Statement) -> None:
    word = word_of(statement)
    assert word in scope.states, f"{scope.name}: {word} is stated, and not among what the scope states"
    check_word(word, statement.attributes)
    if isinstance(statement, Entity):
        Key.parse(statement.key)
        assert statement.name, f"{scope.name}: {statement.key} has no name"
    else:
        _check_relation(scope, statement)


def _check_relation(scope: Scope, relation: Relation) -> None:
    text = f"{scope.name}: {end_text(relation.source)} {relation.verb} {end_text(relation.target)}"
    assert 0 < relation.confidence <= 1, f"{text} has a confidence of {relation.confidence}"
    verb = VERBS[relation.verb]
    ends = (relation.source, relation.target)
    for end in ends:
        kinds = (end.key.kind,) if isinstance(end, KeyEnd) else end.kinds
        assert kinds, f"{text} has an end of no kind"
        for kind in kinds:
            check_word(kind)
        assert not verb.ends or verb.ends & set(kinds), f"{text}: {relation.verb} does not tie {kinds}"
    if verb.local:
        roots = {end.key.root if isinstance(end, KeyEnd) else None for end in ends}
        assert len(roots) == 1, f"{text}: {relation.verb} is local, and its ends have different roots"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
