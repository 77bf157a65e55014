"""What do the rules conclude now? One step, from the revision that a rule last looked at to the newest.

    since the last step                    looked at                              committed
    no revision                            nothing                                the run alone: no revision
    changes, of no premise                 these changes                          the run alone: no revision
    changes of premises                    these, and the anchors they bear on    what differs about those anchors
    too many, or there was no last step    every anchor, from scratch             what differs

How far a rule has looked is not stored. The first step after a start begins from scratch, which makes no revision where
nothing differs, and so puts right whatever another version of the rule, a crash or a person did in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from graph.correlate.rule import Rule
from graph.correlate.rules import RULES
from graph.model import (
    Cause,
    Document,
    Key,
    Knowledge,
    Outcome,
    RevisionMark,
    Run,
    Scope,
    fingerprint,
    relation_id,
    statements_text,
)
from graph.plan import DocumentChanges, Ending, EndReason, plan
from graph.record import Reading, Recorded, fresh_state, record, write_documents
from graph.register import ASBUILT
from graph.store import ChangeFilter, GraphReader, GraphStore, GraphWriter, RecordedChange, SourceRecord

TYPE = "rules"
"""The type of the source `asbuilt`."""

MOST = 20_000
"""Changes of premises beyond which looking at everything is the shorter way: a first load, most of all."""

_FIRST_PAGE, _LARGEST_PAGE = 64, 2_000
"""Pages of changes grow from one to the other, so that a step reads about as many changes as there are."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """What one step of a rule came to. anchors: how many were looked at. whole: whether that was from scratch."""

    anchors: int
    whole: bool
    recorded: Recorded


class Engine:
    """Runs rules over a store, through its one writer. Not safe for threads: whoever has the writer's turn calls it."""

    def __init__(self, store: GraphStore, writer: GraphWriter, rules: Sequence[Rule] = RULES) -> None:
        self.rules = tuple(rules)
        self._store = store
        self._writer = writer
        self._looked: dict[str, RevisionMark] = {}
        self._cleared = False

    def conclude(self, rule: Rule, now: datetime, stale_after: float) -> Concluded:
        """Bring one rule's conclusions up to the newest revision, and note the run. What a rule raises passes through.

        stale_after: seconds after which a rule that only fails counts as unreadable.
        """
        if not self._cleared:
            self._clear(now)
        head = self._store.head()
        scope = scope_of(rule)
        with self._store.reader(head) as reader:
            touched = self._touched(rule, reader)
            anchors = set(rule.every(reader)) if touched is None else touched
            changes = DocumentChanges()
            if touched is None or touched:
                changes = self._planned(rule, reader, anchors, whole=touched is None)
        with self._writer.stage(head.number) as stage:
            run = Run(scope, now, now, Outcome.COMPLETE)
            recorded = record(stage, run, changes, _reading(rule.version, stale_after), now)
        self._looked[rule.name] = head
        return Concluded(len(anchors), touched is None, recorded)

    def fail(self, rule: Rule, reason: str, now: datetime, stale_after: float) -> Recorded:
        """Note that a rule could not conclude, and why. What it concluded before stands; it begins from scratch."""
        self._looked.pop(rule.name, None)
        scope = scope_of(rule)
        with self._writer.stage() as stage:
            if stage.state(scope) is None:
                stage.write_state(fresh_state(scope, now, stale_after), scope)
                stage.publish(now)
        with self._writer.stage() as stage:
            run = Run(scope, now, now, Outcome.FAILED, reason)
            return record(stage, run, None, _reading(rule.version, stale_after), now)

    def _touched(self, rule: Rule, now: GraphReader) -> set[Key] | None:
        """Give the anchors that the changes since the last step bear on; None where every anchor is to be looked at."""
        since = self._looked.get(rule.name)
        if since is None:
            return None
        changes = [] if since == now.mark else _changes(rule, since, now)
        if not changes:
            return None if changes is None else set()
        with self._store.reader(since) as before:
            return set(rule.anchors(changes, before, now))

    def _planned(self, rule: Rule, now: GraphReader, anchors: Collection[Key], *, whole: bool) -> DocumentChanges:
        """Compare what is concluded now with what was. No doubt about endings: a rule sees all of the graph."""
        scope = scope_of(rule)
        known = {
            id_: one
            for id_, one in self._writer.known(scope)[0].items()
            if _rule_of(id_) == rule.name and (whole or _anchor_of(id_) in anchors)
        }
        changes = plan(known, _documents(rule, now, anchors), scope=scope, mapping=rule.version)
        lacking = sorted({*changes.missed, *(one.id for one in changes.ended)})
        changes.ended = [Ending(id_, EndReason.SAID) for id_ in lacking]
        changes.missed, changes.doubted = [], False
        return changes

    def _clear(self, now: datetime) -> None:
        """End what rules concluded that there are no longer."""
        names = {rule.name for rule in self.rules}
        with self._writer.stage() as stage:
            gone = [state.scope for state in stage.states(ASBUILT) if state.scope.name not in names]
            source = stage.source(ASBUILT) or SourceRecord(ASBUILT, TYPE, None, configured=True)
            for scope in gone:
                ids = sorted(id_ for id_ in stage.covered(scope) if _rule_of(id_) == scope.name)
                changes = DocumentChanges(ended=[Ending(id_, EndReason.SAID) for id_ in ids])
                run = Run(scope, now, now, Outcome.COMPLETE)
                write_documents(stage, run, changes, _reading(0, 0.0), source)
                stage.write_state(None, scope)
            if gone:
                stage.publish(now)
        self._cleared = True


def scope_of(rule: Rule) -> Scope:
    """Give the scope of a rule: its verbs, anywhere."""
    return Scope(ASBUILT, rule.name, rule.states)


def _reading(version: int, stale_after: float) -> Reading:
    return Reading(TYPE, Knowledge(version, {}), stale_after, cause=Cause.RULE)


def _changes(rule: Rule, since: RevisionMark, now: GraphReader) -> list[RecordedChange] | None:
    """Give what differs in a rule's premises since a revision, newest first; None where that is too much."""
    wanted = ChangeFilter(words=rule.premises)
    found: list[RecordedChange] = []
    limit, before = _FIRST_PAGE, None
    while page := now.changes(wanted, limit, before):
        later = [one for one in page if one.revision > since.number]
        found += (one for one in later if not _concluded(one))
        if len(later) < limit:
            break
        if len(found) > MOST:
            return None
        limit, before = min(2 * limit, _LARGEST_PAGE), (page[-1].revision, page[-1].sequence)
    return found


def _concluded(change: RecordedChange) -> bool:
    """Tell whether only rules said so: no rule reads another's conclusions."""
    return bool(change.evidence) and all(ref.source == ASBUILT for ref in change.evidence)


def _documents(rule: Rule, now: GraphReader, anchors: Collection[Key]) -> Iterator[Document]:
    """Make a document of each conclusion: one tie. Its version is its own content, so that what stays is not touched.

    Its id is its anchor, its rule and the id of its tie, with spaces between, which none of them holds.
    """
    for anchor, tie in rule.conclusions(anchors, now):
        text = statements_text((tie,))
        yield Document(f"{anchor} {rule.name} {relation_id(tie)}", fingerprint(text), partial(tuple, (tie,)))


def _anchor_of(id_: str) -> str:
    return id_.split(" ", 1)[0]


def _rule_of(id_: str) -> str:
    return id_.split(" ", 2)[1]
