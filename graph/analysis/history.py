"""What was this thing before, and which changes made each of its versions?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from graph.model import Alias, Attributes, Cause, EntityVersion, FieldChange, Interval, Key, Transition
from graph.store import ChangeFilter, GraphReader, RecordedChange


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The change that made a version, or ended it. recorded: the instant of its revision."""

    revision: int
    recorded: datetime
    happened: Interval
    transition: Transition
    cause: Cause
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of an entity: in force from the revision that opened it until the one that closed it.

    made_by: the change that opened it. ended_by: the change that closed it, where no other version followed at once.
    """

    opened: int
    closed: int | None
    name: str
    incarnation: str | None
    attributes: Attributes
    aliases: tuple[Alias, ...]
    since: Interval
    made_by: MadeBy | None
    ended_by: MadeBy | None


def versions(
    reader: GraphReader, key: Key, *, limit: int | None = None, before: int | None = None
) -> tuple[tuple[VersionView, ...], bool]:
    """Give the versions of an entity, newest first, and whether older ones follow. before: opened earlier than that."""
    known = [one for one in reversed(reader.versions(key)) if before is None or one.opened < before]
    page = known if limit is None else known[:limit]
    if not page:
        return (), False
    newest = max(page[0].opened, page[0].closed or 0)
    wanted = ChangeFilter(subjects=frozenset({key}), words=frozenset({key.kind}))
    # Each version was opened by one change, and closed by at most one more.
    changes = reader.changes(wanted, limit=2 * len(page) + 1, before=(newest + 1, 0))
    by_revision = {recorded.revision: recorded for recorded in reversed(changes)}
    return tuple(_view(one, by_revision) for one in page), len(page) < len(known)


def _view(version: EntityVersion, by_revision: dict[int, RecordedChange]) -> VersionView:
    made = by_revision.get(version.opened)
    ended = by_revision.get(version.closed) if version.closed is not None else None
    return VersionView(
        opened=version.opened,
        closed=version.closed,
        name=version.name,
        incarnation=version.incarnation,
        attributes=version.attributes,
        aliases=tuple(sorted(version.aliases)),
        since=version.since,
        made_by=_made(made) if made is not None else None,
        ended_by=_made(ended) if ended is not None and ended.change.transition is Transition.CLOSED else None,
    )


def _made(recorded: RecordedChange) -> MadeBy:
    change = recorded.change
    return MadeBy(recorded.revision, recorded.instant, change.happened, change.transition, change.cause, change.fields)
