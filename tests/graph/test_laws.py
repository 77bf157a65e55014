"""Do the laws of the memory hold on random histories?"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.identity import Claim
from graph.model import (
    AliasName,
    DocumentRef,
    EntityVersion,
    Interval,
    Key,
    Outcome,
    RelationVersion,
    Run,
    Scope,
    Transition,
    canonical,
    statements_from,
    statements_text,
)
from graph.model.canonical import flattened, statement_record
from graph.record import record
from graph.settle import Context, Delta, DocumentState, Standing, settle
from graph.store import ChangeFilter, EntityFilter, GraphReader, Stage
from graph.stores.memory import MemoryStore
from graph.stores.memory.reader import MemoryReader
from graph.stores.memory.tables import Tables
from tests.graph.histories import SCOPES, SHOP_PODS, Script, histories, play
from tests.graph.world import World

ALL = 10_000


def dump(reader: GraphReader, *, instants: bool = True) -> dict[str, Any]:
    """Write down all that a reader answers, comparable."""
    entities = reader.entities(EntityFilter(), ALL)
    keys = {one.key for one in entities}
    relations = {
        one.id: one for outgoing in (True, False) for one in reader.relations(_named(reader), outgoing=outgoing)
    }
    fields: dict[str, Any] = {
        "entities": {
            one.key: (one.name, one.incarnation, canonical(one.attributes), one.aliases, one.evidence)
            for one in entities
        },
        "relations": {
            id_: (repr(statement_record(one.stated)), one.source, one.target, one.evidence)
            for id_, one in sorted(relations.items())
        },
    }
    if instants:
        fields["since"] = {one.key: (one.since, one.opened, one.closed) for one in entities}
        fields["versions"] = {key: reader.versions(key) for key in sorted(keys)}
        fields["changes"] = reader.changes(ChangeFilter(), ALL)
        fields["scopes"] = reader.scopes()
    return fields


def _named(reader: GraphReader) -> set[Key]:
    """Give every key that an entity or a relation of any version names."""
    assert isinstance(reader, MemoryReader)
    return {*reader._tables.entities, *reader._tables.tied}


def tables(world: World) -> Tables:
    """Give what the reference store holds."""
    assert isinstance(world.store, MemoryStore)
    return world.store.tables


@dataclass
class Scratch:
    """The graph as if all documents in force arrived at once: nothing settled yet."""

    stage: Stage
    documents: Mapping[DocumentRef, DocumentState]
    revision: int = 1

    def entities(self, keys: Collection[Key]) -> Mapping[Key, Standing[EntityVersion]]:
        return {}

    def relations(self, ids: Collection[str]) -> Mapping[str, Standing[RelationVersion]]:
        return {}

    def statements(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, DocumentState]:
        return {ref: self.documents[ref] for ref in refs if ref in self.documents}

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        return self.stage.claims(names)

    def citing(self, names: Collection[AliasName]) -> Collection[str]:
        return ()

    def seen(self, claim: Claim) -> datetime | None:
        return self.stage.seen(claim)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_settling_step_by_step_gives_what_settling_from_scratch_gives(script: Script) -> None:
    """After any history, the present is that of all documents in force settled at once, in any order."""
    world = play(script, World(MemoryStore()))
    with world.store.reader() as reader, world.writer.stage() as stage:
        documents = {
            ref: DocumentState(page.known.version, page.known.mapping, statements_from(page.text))
            for ref, page in tables(world).present_documents()
        }
        deltas = [Delta(ref.source, ref.id, None, state) for ref, state in documents.items()]
        random.Random(script.seed).shuffle(deltas)
        settled = settle(Scratch(stage, documents), deltas, Context(Interval(None, world.now)))
        present = dump(reader, instants=False)
    fresh = {
        "entities": {
            one.subject: (v.name, v.incarnation, canonical(v.attributes), v.aliases, v.evidence)
            for one in settled.entities
            if (v := one.after) is not None
        },
        "relations": {
            one.subject: (repr(statement_record(tied.stated)), tied.source, tied.target, tied.evidence)
            for one in sorted(settled.relations, key=lambda settled: settled.subject)
            if (tied := one.after) is not None
        },
    }
    assert present["entities"] == fresh["entities"]
    assert present["relations"] == fresh["relations"]


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_past_never_changes(script: Script) -> None:
    """What was answered as of a revision is answered as of that revision for ever."""
    answers: dict[int, Any] = {}

    def ask(world: World) -> None:
        with world.store.reader() as reader:
            answers.setdefault(reader.mark.number, dump(reader))

    world = play(script, World(MemoryStore()), after_each=ask)
    for number, answer in answers.items():
        with world.store.reader(world.store.revision(number)) as reader:
            assert dump(reader) == answer


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_quiet_world_plans_nothing(script: Script) -> None:
    """Reading the same world twice more plans nothing, commits nothing, and makes no revision."""
    world = play(script, World(MemoryStore()))
    world.pass_(hours=1)  # a clock that went back has caught up
    for _ in range(3):  # what was doubted is confirmed, what was contested is settled
        script.read_all(world)
    head = world.store.head()
    script.read_all(world)
    assert world.store.head() == head


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_present_is_what_the_sources_show(script: Script) -> None:
    """Once every scope has been read again, the documents in force state exactly what the sources show."""
    world = play(script, World(MemoryStore()))
    for _ in range(3):
        script.read_all(world)
    shown = {
        (scope.source, one.id): statements_text(one.statements)
        for scope in SCOPES
        if not (script.vanished and scope is SHOP_PODS)
        for one in script.documents(scope)
    }
    pages = tables(world).present_documents()
    assert {(ref.source, ref.id): page.text for ref, page in pages} == shown


@settings(max_examples=100, deadline=None)
@given(histories())
def test_replaying_all_changes_gives_the_present(script: Script) -> None:
    """From nothing, opening, revising, replacing and closing as the changes say ends in the present."""
    world = play(script, World(MemoryStore()))
    held: dict[str, dict[str, Any]] = {}
    with world.store.reader() as reader:
        for recorded in reversed(reader.changes(ChangeFilter(), ALL)):
            change = recorded.change
            if change.transition is Transition.CLOSED:
                assert held.pop(change.subject, None) is not None
                continue
            if "/" not in change.subject:
                held.setdefault(change.subject, {})
                continue
            versions = {one.opened: one for one in reader.versions(Key(change.subject))}
            version = versions[recorded.revision]
            if change.transition is Transition.OPENED:
                assert change.subject not in held
                held[change.subject] = flattened(version.attributes)
                continue
            state = held[change.subject]
            for one in change.fields:
                if one.name in {"incarnation", "name"} or one.name.startswith("aliases."):
                    continue
                assert state.get(one.name) == one.old
                state.pop(one.name, None)
                if one.new is not None:
                    state[one.name] = one.new
        present = {one.key: flattened(one.attributes) for one in reader.entities(EntityFilter(), ALL)}
        ties = {id_ for id_ in held if "/" not in id_}
        assert {key: state for key, state in held.items() if "/" in key} == present
        assert ties == set(dump(reader)["relations"])


@settings(max_examples=60, deadline=None)
@given(histories(), st.permutations(SCOPES))
def test_the_order_of_arrival_is_irrelevant(script: Script, order: Sequence[Scope]) -> None:
    """Looks that began and ended at the same instants give the same present, in whatever order they are committed."""

    def present(arrival: Sequence[Scope]) -> dict[str, Any]:
        lived = deepcopy(script)
        world = play(lived, World(MemoryStore()))
        world.pass_(hours=1)
        started, ended = world.now, world.pass_(seconds=1)
        for scope in arrival:
            if lived.vanished and scope is SHOP_PODS:
                continue
            changes, base = world.planned(scope, lived.documents(scope))
            with world.writer.stage(base) as stage:
                record(stage, Run(scope, started, ended, Outcome.COMPLETE), changes, world.reading, ended)
        with world.store.reader() as reader:
            return dump(reader, instants=False)

    assert present(order) == present(SCOPES)
