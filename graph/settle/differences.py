"""What differs between two versions, why, and when did it happen?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from graph.model import (
    CREATED,
    Cause,
    Entity,
    EntityVersion,
    FieldChange,
    Holding,
    Interval,
    Knowledge,
    RelationVersion,
    Resolved,
    Statement,
    Tie,
    Value,
)
from graph.model.canonical import end_text, flattened, same, subject_of
from graph.model.kinds import counts_as_state, passes
from graph.model.times import instant_or_none
from graph.plan import EndReason, Mapped


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document as it was or is: the source's token, the mapping that read it, and what it states."""

    version: str
    mapping: int
    statements: tuple[Statement, ...]

    def by_subject(self) -> dict[str, Statement]:
        """Give the statements by what they are about."""
        return {subject_of(statement): statement for statement in self.statements}

    @property
    def created(self) -> datetime | None:
        """The source's own creation time of the document's subject, if it gives one."""
        first = self.statements[0] if self.statements else None
        return instant_or_none(first.attributes.get(CREATED)) if isinstance(first, Entity) else None


@dataclass(frozen=True, slots=True)
class Delta:
    """One document before and after. before None: opened. after None: ended, for a reason.

    stored: what is written of the new version. position: what an ending leaves behind, where the source has positions.
    had: the start of the last run that had a document whose ending was doubted.
    """

    source: str
    id: str
    before: DocumentState | None
    after: DocumentState | None
    stored: Mapped | None = None
    reason: EndReason | None = None
    position: int | None = None
    had: datetime | None = None

    @property
    def told(self) -> int | None:
        """The position at which the source said so, where it has positions."""
        return self.position if self.stored is None else self.stored.position


Fills = Callable[[int], Knowledge | None]
"""What a version of a source's mapping fills; None where nobody declared it."""


def _nobody_declared(_: int) -> Knowledge | None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of a commit, from which causes and times follow.

    window: from the start of the last run that had the old to the end of the first that has the new. first_look: this
    is the scope's first complete run. first_read: when the source was first read completely. cause: what all of it is
    due to, where that is known beforehand (a rule, a person). knowledge: what each version of the mapping fills.
    """

    window: Interval
    first_look: bool = False
    first_read: datetime | None = None
    cause: Cause | None = None
    knowledge: Fills = _nobody_declared

    @property
    def arrival(self) -> Interval:
        """When what appears can have come: at any time before, where nobody had looked for it."""
        return Interval(None, self.window.end) if self.first_look else self.window

    def appearance(self, created: datetime | None) -> Cause:
        """Tell why something is seen for the first time, or no longer."""
        if self.cause is not None:
            return self.cause
        if not self.first_look:
            return Cause.WORLD
        young = created is not None and self.first_read is not None and created >= self.first_read
        return Cause.WORLD if young else Cause.FIRST_LOOK

    def both_know(self, before: int, after: int, word: str, name: str | None) -> bool:
        """Tell whether two mappings both fill an attribute (or the word as such).

        What nobody declared counts as known.
        """
        if before == after:
            return True
        pair = [self.knowledge(version) for version in (before, after)]
        known = [one for one in pair if one is not None]
        if len(known) < 2:
            return True
        fill = [word in one.fields if name is None else one.knows(word, name) for one in known]
        return all(fill) or not any(fill)


def cause_of(context: Context, delta: Delta, word: str, name: str | None) -> Cause:
    """Tell why an attribute differs, or (with no name) why a statement came or went within a document that stayed."""
    if delta.before is None:
        return context.appearance(delta.after.created if delta.after else None)
    if delta.after is None:
        return context.cause or (Cause.EXPIRED if passes(word) else Cause.WORLD)
    if context.cause is not None:
        return context.cause
    if delta.before.version and delta.before.version == delta.after.version:
        return Cause.MAPPING
    known = context.both_know(delta.before.mapping, delta.after.mapping, word, name)
    return Cause.WORLD if known else Cause.MAPPING


CauseOf = Callable[[str | None], Cause]
"""The cause of a differing attribute by its name, or of something about the whole."""


def _differing(word: str, old: Mapping[str, Value], new: Mapping[str, Value], cause: CauseOf) -> list[FieldChange]:
    before, after = flattened(old), flattened(new)
    return [
        FieldChange(name, before.get(name), after.get(name), cause(name), counts_as_state(word, name))
        for name in sorted(before.keys() | after.keys())
        if not same(before.get(name), after.get(name))
    ]


def _alias_values(version: EntityVersion) -> dict[str, Value]:
    values: dict[str, list[str]] = {}
    for alias in version.aliases:
        if alias.holding is not Holding.FOREVER:  # those for good come and go with the incarnation
            values.setdefault(alias.type, []).append(alias.value)
    return {type_: sorted(held) for type_, held in values.items()}


def entity_differences(old: EntityVersion, new: EntityVersion, cause: CauseOf) -> tuple[FieldChange, ...]:
    """List the fields in which two versions of an entity differ, sorted by name."""
    fields = _differing(new.kind, old.attributes, new.attributes, cause)
    if old.name != new.name:
        fields.append(FieldChange("name", old.name, new.name, cause("name")))
    if old.incarnation != new.incarnation:
        fields.append(FieldChange("incarnation", old.incarnation, new.incarnation, cause("incarnation")))
    before, after = _alias_values(old), _alias_values(new)
    fields += [
        FieldChange(f"aliases.{type_}", before.get(type_), after.get(type_), cause("aliases"), state=True)
        for type_ in before.keys() | after.keys()
        if before.get(type_) != after.get(type_)
    ]
    return tuple(sorted(fields, key=lambda one: one.name))


def _meaning(end: Resolved) -> Value:
    """Say what an end means: a key, several, or nothing yet."""
    if end.tie is Tie.TIED:
        return end.keys[0]
    return list(end.keys) or None


def relation_differences(old: RelationVersion, new: RelationVersion, cause: CauseOf) -> tuple[FieldChange, ...]:
    """List the fields in which two versions of a relation differ, sorted by name."""
    fields = _differing(new.verb, old.stated.attributes, new.stated.attributes, cause)
    for name, before, after in (("source", old.source, new.source), ("target", old.target, new.target)):
        if (before.tie, before.keys) != (after.tie, after.keys):
            fields.append(FieldChange(name, _meaning(before), _meaning(after), Cause.RESOLUTION))
    for name, left, right in (
        ("source", old.stated.source, new.stated.source),
        ("target", old.stated.target, new.stated.target),
    ):
        if end_text(left) != end_text(right):  # the ends that identify it are the same, so the incarnation differs
            fields.append(FieldChange(f"{name}_incarnation", end_text(left), end_text(right), cause(None)))
    if old.stated.method != new.stated.method:
        fields.append(FieldChange("method", old.stated.method, new.stated.method, cause(None)))
    if old.stated.confidence != new.stated.confidence:
        fields.append(FieldChange("confidence", old.stated.confidence, new.stated.confidence, cause(None)))
    return tuple(sorted(fields, key=lambda one: one.name))
