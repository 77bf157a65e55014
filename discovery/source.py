"""What is one configured source? Its collector, its settings, and how it is to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from collectors.contract import Collector, Plugin, SourceSettings, Watching
from graph.model import Document, Knowledge, Position, Scope
from graph.record import Reading
from graph.register import OURS

STALE_INTERVALS = 3
"""How many intervals a scope may fail, by default, until it counts as unreadable."""

PARALLEL = 4
"""How many scopes are read side by side, where neither configuration nor collector says otherwise."""

RESERVED = OURS
"""Names that no configured source may have."""


@dataclass(frozen=True, slots=True)
class Source:
    """One configured source. Instants in seconds. parallel: how many of its scopes are read side by side.

    watch: whether to hear of changes as they happen, where its collector can.
    """

    name: str
    plugin: Plugin
    settings: SourceSettings
    interval: float = 60.0
    stale_after: float = 180.0
    deadline: float = 600.0
    parallel: int = PARALLEL
    watch: bool = True

    @property
    def knowledge(self) -> Knowledge:
        """What its mapping fills, under a version that is another one where settings shape the mapping."""
        declared, shaping = self.plugin.knowledge, self.settings.shaping()
        return replace(declared, version=declared.version + (crc32(shaping.encode()) << 16)) if shaping else declared

    def connect(self) -> Collector:
        """Make its collector. Whatever goes wrong with that is raised once it is asked for its scopes, and not here."""
        return _Connected(self)

    def reading(self, *, sample: int = 0, watched: bool = False) -> Reading:
        """Give the circumstances under which its runs are recorded. watched: what is recorded proves no absence."""
        return Reading(self.plugin.type, self.knowledge, self.stale_after, sample=sample, watched=watched)


def as_watching(collector: Collector) -> Watching | None:
    """Give a collector as one that watches, if its source tells of changes."""
    made = collector.made if isinstance(collector, _Connected) else collector
    return made if isinstance(made, Watching) else None


class _Connected:
    """A collector that is made when its scopes are first asked for, in a thread that may fail, and be waited for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._collector: Collector | None = None

    def scopes(self) -> Sequence[Scope]:
        return self._made().scopes()

    def observe(self, scope: Scope) -> Iterator[Position | Document]:
        return self._made().observe(scope)

    @property
    def made(self) -> Collector:
        """The collector itself."""
        return self._made()

    def close(self) -> None:
        if self._collector is not None:
            self._collector.close()

    def _made(self) -> Collector:
        if self._collector is None:
            self._collector = self._source.plugin.connect(self._source.name, self._source.settings)
        return self._collector
