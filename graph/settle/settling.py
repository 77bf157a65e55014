"""Which entities and relations are different now that these documents are? Only what they touch is looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from graph.identity import Claim, cited, resolve
from graph.model import (
    CREATED,
    AliasName,
    Cause,
    Change,
    DocumentRef,
    Entity,
    EntityVersion,
    Interval,
    Key,
    Relation,
    RelationVersion,
    Resolved,
    Statement,
    Transition,
)
from graph.model.canonical import flattened, same, statement_record
from graph.model.changes import weightiest
from graph.model.times import instant_or_none
from graph.settle.differences import (
    CauseOf,
    Context,
    Delta,
    DocumentState,
    cause_of,
    entity_differences,
    relation_differences,
)
from graph.settle.merge import merged_entity, merged_relation

V = TypeVar("V", EntityVersion, RelationVersion)


@dataclass(frozen=True, slots=True)
class Standing(Generic[V]):
    """A subject as it stands: now, this commit included, and before this commit. None: not in force.

    made: the change that an earlier batch of this commit made of it, which the next batch puts right.
    """

    now: V | None
    before: V | None
    made: Change | None = None


class Present(Protocol):
    """What settling reads: the graph as it stands, documents and claims of this commit included."""

    @property
    def revision(self) -> int:
        """The number of the commit in the making."""
        ...

    def entities(self, keys: Collection[Key]) -> Mapping[Key, Standing[EntityVersion]]:
        """Give how entities stand. What was never in force may be left out."""
        ...

    def relations(self, ids: Collection[str]) -> Mapping[str, Standing[RelationVersion]]:
        """Give how relations stand. What was never in force may be left out."""
        ...

    def statements(self, refs: Collection[DocumentRef]) -> Mapping[DocumentRef, DocumentState]:
        """Give documents in force, this commit's included."""
        ...

    def claims(self, names: Collection[AliasName]) -> Mapping[AliasName, Sequence[Claim]]:
        """Give all claims of some aliases, this commit's included."""
        ...

    def citing(self, names: Collection[AliasName]) -> Collection[str]:
        """Give the ids of the relations in force that cite one of the aliases."""
        ...

    def seen(self, claim: Claim) -> datetime | None:
        """Give the start of the last complete run that had the document of a claim."""
        ...


@dataclass(frozen=True, slots=True)
class Settled(Generic[V]):
    """A subject settled: how it stood before the commit, what it is now (None: no more), and what that changes."""

    subject: str
    before: V | None
    after: V | None
    change: Change | None


@dataclass(slots=True)
class ChangeSet:
    """What a commit does to entities and relations."""

    entities: list[Settled[EntityVersion]] = field(default_factory=list)
    relations: list[Settled[RelationVersion]] = field(default_factory=list)

    @property
    def changes(self) -> list[Change]:
        """The changes, entities first, each in order of subject."""
        made = (*(one.change for one in self.entities), *(one.change for one in self.relations))
        return [change for change in made if change is not None]


@dataclass(slots=True)
class _Touched:
    """What the deltas of one batch say about one subject."""

    deltas: list[Delta] = field(default_factory=list)
    new: list[tuple[DocumentRef, Statement]] = field(default_factory=list)
    differing: list[tuple[Statement | None, Statement | None]] = field(default_factory=list)
    """For each delta, what it stated of the subject before, and what it states now."""

    def speakers(self, name: str | None) -> list[Delta]:
        """Give the deltas that explain a differing attribute: those that differ in it themselves, else all."""
        if name is None:
            return self.deltas
        mine = [
            delta for delta, (old, new) in zip(self.deltas, self.differing, strict=True) if _differs(name, old, new)
        ]
        return mine or self.deltas

    @property
    def created(self) -> datetime | None:
        """The source's own creation time of what states the subject now."""
        return next((one.after.created for one in self.deltas if one.after is not None), None)

    @property
    def last_had(self) -> datetime | None:
        """The start of the last run that had what ended after a doubt."""
        return min((one.had for one in self.deltas if one.had is not None), default=None)


def _differs(name: str, old: Statement | None, new: Statement | None) -> bool:
    if old is None or new is None:
        return False
    before, after = flattened(old.attributes), flattened(new.attributes)
    return not same(before.get(name), after.get(name))


def _same_statement(left: Statement | None, right: Statement | None) -> bool:
    if left is None or right is None:
        return left is right
    return same(statement_record(left), statement_record(right))


def _touched(deltas: Iterable[Delta]) -> tuple[dict[str, _Touched], set[AliasName]]:
    """Find the subjects whose statements differ, and the aliases whose claims do."""
    touched: dict[str, _Touched] = defaultdict(_Touched)
    names: set[AliasName] = set()
    for delta in deltas:
        ref = DocumentRef(delta.source, delta.id)
        old = delta.before.by_subject() if delta.before else {}
        new = delta.after.by_subject() if delta.after else {}
        for subject in old.keys() | new.keys():
            before, after = old.get(subject), new.get(subject)
            if _same_statement(before, after):
                continue
            entry = touched[subject]
            entry.deltas.append(delta)
            entry.differing.append((before, after))
            if after is not None:
                entry.new.append((ref, after))
            held = [set(side.aliases) if isinstance(side, Entity) else set() for side in (before, after)]
            names |= {alias.name for alias in held[0] ^ held[1]}
    return touched, names


def _reborn(before: str | None, after: str | None) -> bool:
    """Tell whether a thing has another life: learning its incarnation, or losing sight of it, is none."""
    return None not in (before, after) and before != after


class _Settlement:
    """One batch on its way from documents to versions."""

    def __init__(self, present: Present, context: Context) -> None:
        self.present = present
        self.context = context

    def _stated(
        self, touched: Mapping[str, _Touched], standing: Mapping[str, V | None]
    ) -> dict[str, list[tuple[DocumentRef, Statement]]]:
        """Give all that is stated now about each subject, by the batch and by documents that it does not touch."""
        spoken = {s: {DocumentRef(d.source, d.id) for d in entry.deltas} for s, entry in touched.items()}
        others = {
            subject: [ref for ref in version.evidence if ref not in spoken[subject]]
            for subject, version in standing.items()
            if version is not None and subject in touched
        }
        documents = self.present.statements({ref for refs in others.values() for ref in refs})
        indexed = {ref: state.by_subject() for ref, state in documents.items()}
        stated = {subject: list(entry.new) for subject, entry in touched.items()}
        for subject, refs in others.items():
            for ref in refs:
                statement = indexed.get(ref, {}).get(subject)
                if statement is not None:
                    stated[subject].append((ref, statement))
        return stated

    def _causes(self, entry: _Touched | None, word: str, made: Change | None) -> CauseOf:
        """Say why a field differs. What an earlier batch of this commit found of it stands."""
        told: dict[str | None, Cause] = {one.name: one.cause for one in made.fields} if made else {}
        if made is not None and made.transition is not Transition.REVISED:
            told[None] = made.cause
        if entry is None:
            return lambda name: told.get(name, Cause.RESOLUTION)

        def cause(name: str | None) -> Cause:
            causes = {cause_of(self.context, delta, word, name) for delta in entry.speakers(name)}
            return weightiest(causes | ({told[name]} if name in told else set()))

        return cause

    def entities(self, touched: Mapping[str, _Touched]) -> list[Settled[EntityVersion]]:
        standing = self.present.entities([Key(key) for key in touched])
        now = {str(key): one.now for key, one in standing.items()}
        stated = self._stated(touched, now)
        settled = []
        for subject in sorted(touched):
            stood = standing.get(Key(subject), Standing(None, None))
            before = stood.before
            after = self._entity(subject, stated[subject], before)
            causes = self._causes(touched[subject], Key(subject).kind, stood.made)
            change = self._entity_change(subject, causes, before, after, self._window(touched[subject]))
            settled.append(Settled(subject, before, after, change))
        return settled

    def _entity(
        self, subject: str, stated: Sequence[tuple[DocumentRef, Statement]], before: EntityVersion | None
    ) -> EntityVersion | None:
        mine = [(ref, statement) for ref, statement in stated if isinstance(statement, Entity)]
        if not mine:
            return None
        one = merged_entity(mine)
        evidence = tuple(sorted(ref for ref, _ in mine))
        window = self.context.arrival if before is None else self.context.window
        since = window.narrowed_to(instant_or_none(one.attributes.get(CREATED)))
        if before is not None and not _reborn(before.incarnation, one.incarnation):
            since = before.since
        aliases = tuple(sorted(one.aliases))
        return EntityVersion(
            Key(subject), one.name, one.incarnation, one.attributes, aliases, evidence, since, self.present.revision
        )

    def _entity_change(
        self,
        subject: str,
        causes: CauseOf,
        before: EntityVersion | None,
        after: EntityVersion | None,
        window: Interval,
    ) -> Change | None:
        word = Key(subject).kind
        if before is None or after is None:
            if before is after:
                return None
            opened = before is None
            asked = None if before is None else instant_or_none(before.attributes.get("deletion_requested_at"))
            happened = after.since if after is not None else window.no_earlier_than(asked)
            transition = Transition.OPENED if opened else Transition.CLOSED
            return Change(subject, word, transition, causes(None), (), happened)
        fields = entity_differences(before, after, causes)
        if not fields:
            return None
        replaced = _reborn(before.incarnation, after.incarnation)
        transition = Transition.REPLACED if replaced else Transition.REVISED
        cause = weightiest({one.cause for one in fields})
        return Change(subject, word, transition, cause, fields, after.since if replaced else window)

    def relations(
        self, touched: Mapping[str, _Touched], names: Collection[AliasName]
    ) -> list[Settled[RelationVersion]]:
        citing = sorted(set(self.present.citing(names)) - touched.keys()) if names else []
        standing = self.present.relations([*touched, *citing])
        now = {id_: one.now for id_, one in standing.items()}
        stated = self._stated(touched, now)
        drafts: dict[str, tuple[Relation, tuple[DocumentRef, ...]] | None] = {}
        for subject in touched:
            mine = [(ref, one) for ref, one in stated[subject] if isinstance(one, Relation)]
            evidence = tuple(sorted(ref for ref, _ in mine))
            drafts[subject] = (merged_relation(mine), evidence) if mine else None
        for subject in citing:
            version = now.get(subject)
            if version is not None:
                drafts[subject] = (version.stated, version.evidence)
        ends = self._resolve([draft[0] for draft in drafts.values() if draft is not None])
        settled = []
        for subject in sorted(drafts):
            stood = standing.get(subject, Standing(None, None))
            after = self._relation(subject, drafts[subject], stood, ends, touched.get(subject))
            change = self._relation_change(subject, touched.get(subject), stood, after)
            before = stood.before
            settled.append(Settled(subject, before, after, change))
        return settled

    def _resolve(self, relations: Sequence[Relation]) -> dict[int, tuple[Resolved, Resolved]]:
        """Resolve both ends of each relation, by its identity in memory, with one look-up for all cited aliases."""
        cites = [(one, cited(one.source), cited(one.target)) for one in relations]
        names = {name for _, *both in cites for name in both if name is not None}
        claims = self.present.claims(names) if names else {}
        return {
            id(one): (
                resolve(one.source, claims.get(source, ()) if source else (), self.present.seen),
                resolve(one.target, claims.get(target, ()) if target else (), self.present.seen),
            )
            for one, source, target in cites
        }

    def _relation(
        self,
        subject: str,
        draft: tuple[Relation, tuple[DocumentRef, ...]] | None,
        stood: Standing[RelationVersion],
        ends: Mapping[int, tuple[Resolved, Resolved]],
        entry: _Touched | None,
    ) -> RelationVersion | None:
        if draft is None:
            return None
        stated, evidence = draft
        source, target = ends[id(stated)]
        former = stood.before or stood.now
        since = former.since if former is not None else self._relation_window(entry)
        return RelationVersion(subject, stated, source, target, evidence, since, self.present.revision)

    def _relation_window(self, entry: _Touched | None) -> Interval:
        return self.context.arrival.no_earlier_than(entry.created if entry is not None else None)

    def _window(self, entry: _Touched | None) -> Interval:
        """Say when it happened: a doubt that was confirmed goes back to the last run that had the thing."""
        had = entry.last_had if entry is not None else None
        window = self.context.window
        return window if had is None or had > window.end else Interval(had, window.end)

    def _relation_change(
        self, subject: str, entry: _Touched | None, stood: Standing[RelationVersion], after: RelationVersion | None
    ) -> Change | None:
        before = stood.before
        version = after or before
        if version is None:
            return None
        causes = self._causes(entry, version.verb, stood.made)
        window = self._window(entry)
        if before is None or after is None:
            transition = Transition.OPENED if before is None else Transition.CLOSED
            happened = after.since if after is not None else window
            return Change(subject, version.verb, transition, causes(None), (), happened)
        fields = relation_differences(before, after, causes)
        if not fields:
            return None
        cause = weightiest({one.cause for one in fields})
        return Change(subject, version.verb, Transition.REVISED, cause, fields, window)


def settle(present: Present, deltas: Sequence[Delta], context: Context) -> ChangeSet:
    """Settle what a batch of changed documents touches.

    `present` must already hold the batch's documents and claims. Entities come first; relations follow, and those that
    cite an alias whose claims the batch changed. Settling in several batches, in any order, ends in the same present.
    """
    touched, names = _touched(deltas)
    ties = {subject: entry for subject, entry in touched.items() if "/" not in subject}
    things = {subject: entry for subject, entry in touched.items() if "/" in subject}
    settlement = _Settlement(present, context)
    return ChangeSet(settlement.entities(things), settlement.relations(ties, names))


def resettle(present: Present, names: Collection[AliasName], context: Context) -> ChangeSet:
    """Settle again the relations that cite some aliases, because somebody was seen with them again."""
    changes = ChangeSet(relations=_Settlement(present, context).relations({}, names))
    changes.relations = [one for one in changes.relations if one.change is not None]
    return changes


def unchanged(settled: Settled[V]) -> bool:
    """Tell whether a settled subject is what it was, evidence included: nothing need be written."""
    if settled.before is None or settled.after is None:
        return settled.before is settled.after
    return settled.change is None and settled.before.evidence == settled.after.evidence and _alike(settled)


def _alike(settled: Settled[V]) -> bool:
    before, after = settled.before, settled.after
    if before is None or after is None:
        return False
    return replace(after, opened=before.opened, closed=before.closed) == before
