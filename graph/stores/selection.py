"""Does a version, or a change, answer what was asked?

And how does one more run fold into the last? Shared by all stores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graph.model import EntityVersion, Key, RelationVersion, Run, RunFold
from graph.store import ChangeFilter, EntityFilter, RecordedChange


def matches_entity(version: EntityVersion, wanted: EntityFilter) -> bool:
    """Tell whether an entity is among those asked for."""
    if wanted.kinds and version.kind not in wanted.kinds:
        return False
    if not version.key.within(wanted.prefix) or version.key <= wanted.after:
        return False
    if wanted.name is not None and version.name != wanted.name:
        return False
    labels = version.attributes.get("labels")
    held = labels if isinstance(labels, Mapping) else {}
    return all(held.get(name) == value for name, value in wanted.labels)


def matches_change(recorded: RecordedChange, wanted: ChangeFilter) -> bool:
    """Tell whether a change is among those asked for."""
    change = recorded.change
    if recorded.revision <= wanted.after:
        return False
    if wanted.subjects and change.subject not in wanted.subjects and wanted.subjects.isdisjoint(recorded.named):
        return False
    if wanted.words and change.word not in wanted.words:
        return False
    if wanted.causes and change.cause not in wanted.causes and not any(f.cause in wanted.causes for f in change.fields):
        return False
    if wanted.prefix and not any(key.within(wanted.prefix) for key in recorded.named):
        return False
    return wanted.window is None or change.happened.overlaps(wanted.window)


def named_by(*versions: EntityVersion | RelationVersion | None) -> tuple[Key, ...]:
    """Give the entities that a change is about, by the versions before and after it, sorted."""
    keys: set[Key] = set()
    for version in versions:
        if isinstance(version, EntityVersion):
            keys.add(version.key)
        elif version is not None:
            keys |= {*version.source.keys, *version.target.keys}
    return tuple(sorted(keys))


def folded(last: RunFold | None, run: Run) -> tuple[RunFold, bool]:
    """Fold a run into the last fold of its scope, where outcome and error are the same; else begin one (and say so)."""
    error = run.error or None
    if last is None or last.outcome != run.outcome or last.error != error:
        fold = RunFold(
            run.scope.source, run.scope.name, run.outcome, error, run.started, run.ended, run.started, run.ended, 1, 0.0
        )
        return fold, True
    gap = max(last.longest_gap, (run.started - last.last_started).total_seconds())
    return (
        replace(last, last_started=run.started, last_ended=run.ended, count=last.count + 1, longest_gap=gap),
        False,
    )
