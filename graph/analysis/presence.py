"""Is it there?

What its home said last, and beside that whether its home can be read. Derived when read, never stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graph.model import DocumentRef, EntityVersion, Interval, Key, RelationVersion, ScopeState, ScopeStatus, Transition
from graph.store import ChangeFilter, GraphReader


class Said(StrEnum):
    """What the home of a key said last."""

    PRESENT = "present"
    GONE = "gone"
    """Its home had it, and then a complete run did not."""
    MISSING = "missing"
    """It is named, and a complete run of its home that began later did not have it."""
    MENTIONED = "mentioned"
    """It is named; no home of it has been looked through since."""


class Doubt(StrEnum):
    """Why what was said last may not hold."""

    UNKNOWN = "unknown"
    """No scope that covers it can be read."""
    NEVER_READ = "never_read"
    """No scope that covers it was ever read."""
    DOUBTED = "doubted"
    """One listing lacked it; a second has not confirmed that."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Two facts about a key at a revision. since: when what was said began. doubt: beside any of it, and since when."""

    said: Said
    since: Interval | None = None
    doubt: Doubt | None = None
    doubt_since: datetime | None = None

    @property
    def certain(self) -> bool:
        """Tell whether a home that can be read said it."""
        return self.doubt is None and self.said is not Said.MENTIONED

    @property
    def absent(self) -> bool:
        """Tell whether a relation tied to it dangles."""
        return self.said in (Said.GONE, Said.MISSING)


def presences(
    reader: GraphReader, keys: Collection[Key], versions: Mapping[Key, EntityVersion] | None = None
) -> Mapping[Key, Presence]:
    """Give the presence of each key; what nobody ever named is left out.

    versions: the last version of each key, where it is at hand already.
    """
    versions = reader.latest(keys) if versions is None else versions
    unhad = [key for key in keys if key not in versions]
    named = _named_since(reader, unhad) if unhad else {}
    scopes = reader.scopes()
    in_force = {key: version for key, version in versions.items() if version.closed is None}
    doubted = reader.doubts({ref for version in in_force.values() for ref in version.evidence})
    found: dict[Key, Presence] = {}
    for key in sorted(set(keys)):
        homes = _homes(key, scopes)
        version = versions.get(key)
        if version is not None:
            said, since = _had(reader, version)
        elif key in named:
            said, since = _only_named(key, named[key], homes)
        else:
            continue
        doubt, doubt_since = _doubt(key, homes, version, doubted)
        found[key] = Presence(said, since, doubt, doubt_since)
    return found


def _homes(key: Key, scopes: Sequence[ScopeState]) -> list[ScopeState]:
    """Give the scopes that cover a key; of one under a name that nobody holds, those that could show who does."""
    name = key.configured_name
    if name is None:
        return [state for state in scopes if state.scope.covers(key)]
    return [state for state in scopes if name[0] in state.scope.states]


def presence(reader: GraphReader, key: Key) -> Presence | None:
    """Give the presence of one key, or None when nobody ever named it."""
    return presences(reader, [key]).get(key)


def _had(reader: GraphReader, version: EntityVersion) -> tuple[Said, Interval | None]:
    if version.closed is None:
        return Said.PRESENT, version.since
    wanted = ChangeFilter(subjects=frozenset({version.key}), words=frozenset({version.kind}))
    for recorded in reader.changes(wanted, limit=1):
        if recorded.change.transition is Transition.CLOSED:
            return Said.GONE, recorded.change.happened
    return Said.GONE, None


def _named_since(reader: GraphReader, keys: Collection[Key]) -> dict[Key, datetime]:
    """Tell since when relations in force have named keys (the end of the run that first did)."""
    wanted = set(keys)
    named: dict[Key, datetime] = {}
    for outgoing in (False, True):
        for relation in reader.relations(wanted, outgoing=outgoing):
            for key in wanted.intersection(relation.keys):
                named[key] = min(named.get(key, relation.since.end), relation.since.end)
    for key in wanted - named.keys():
        ends = [relation.since.end for relation in reader.unsettled(key)]
        if ends:
            named[key] = min(ends)
    return named


def _only_named(key: Key, named: datetime, homes: Sequence[ScopeState]) -> tuple[Said, Interval | None]:
    # What nothing contains has no place where it ought to be, and of a name that nobody holds no place is known.
    if key.container is not None and key.configured_name is None:
        for state in homes:
            if state.judged is not None and state.judged.start is not None and state.judged.start >= named:
                return Said.MISSING, None
    return Said.MENTIONED, Interval(None, named)


def _doubt(
    key: Key,
    homes: Sequence[ScopeState],
    version: EntityVersion | None,
    doubted: Mapping[DocumentRef, datetime],
) -> tuple[Doubt | None, datetime | None]:
    """Say whether what was said may not hold.

    One readable home is enough; of a name, each could be the one that shows it.
    """
    unread = [state for state in homes if state.status is not ScopeStatus.READABLE]
    if unread and (len(unread) == len(homes) or key.configured_name is not None):
        lost = [state.since for state in unread if state.status is not ScopeStatus.NEVER_READ]
        if lost:
            return Doubt.UNKNOWN, max(lost)
        return Doubt.NEVER_READ, min(state.since for state in unread)
    if not homes and version is not None and version.closed is None:
        return Doubt.UNKNOWN, None  # no scope covers it any more: nobody could say that it ended
    if version is not None and version.closed is None and version.evidence:
        marks = [doubted.get(ref) for ref in version.evidence]
        if all(marks):
            return Doubt.DOUBTED, max(mark for mark in marks if mark is not None)
    return None, None


def relation_presences(reader: GraphReader, relations: Sequence[RelationVersion]) -> Mapping[Key, Presence]:
    """Give the presence of every key at the ends of relations."""
    keys: dict[Key, None] = defaultdict()
    for relation in relations:
        keys |= dict.fromkeys((*relation.source.keys, *relation.target.keys))
    return presences(reader, list(keys))
