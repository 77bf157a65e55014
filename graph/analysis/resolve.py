"""Which entities does a text mean, how well does each answer to it, and by what?

Nothing is chosen: all that it could mean are given, the likeliest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.analysis.forms import Forms, How, Sought, forms
from graph.analysis.names import under_identity
from graph.analysis.presence import Presence, presences
from graph.analysis.ranking import Level, Match, Score, former, matched, score
from graph.identity import holders
from graph.model import KINDS, Alias, EntityVersion, Holding, Key, Question
from graph.store import EntityFilter, GraphReader
from graph.terms import LONGEST, carried

CONSIDERED = 200
"""Entities that one reading of the text may bring to the ranking; that there are more is said."""

SCANNED = 10_000
"""Keys that are looked through for those in a place."""


@dataclass(frozen=True, slots=True)
class MatchedBy:
    """By what an entity was found.

    what: `key`, `name`, `id`, `incarnation`, the type of an alias, or an attribute. text: as it stands there. held:
    whether it is so at the revision. until: else the revision that ended it; None where another has taken an exclusive
    alias that it still states.
    """

    what: str
    text: str
    how: How
    held: bool
    until: int | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """One entity that a text could mean."""

    key: Key
    kind: str
    class_: str | None
    name: str
    presence: Presence
    matched_by: MatchedBy
    score: Score


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a text could mean, the likeliest first.

    considered: how many entities were ranked. complete: whether these are all that there are.
    """

    text: str
    meanings: tuple[Meaning, ...]
    considered: int
    complete: bool

    @property
    def truncated(self) -> bool:
        """Tell whether there is more than is given."""
        return not self.complete or self.considered > len(self.meanings)


def about(kinds: Collection[str] = ()) -> tuple[Question, ...]:
    """Say what a text could mean: anything, or anything of some kinds."""
    return (Question(frozenset(kinds)),)


def resolve(reader: GraphReader, text: str, *, kinds: Collection[str] = (), limit: int = 20) -> Resolution:
    """Find what a text could mean, and rank it.

    What begins with the text is looked for only where too few things are called just that.
    """
    text = text.strip()
    asked = _under_identities(reader, forms(text))
    search = _Search(reader, asked, frozenset(kinds))
    search.look(exact=True)
    if len(search.found) < limit:
        search.look(exact=False)
    ranked = _ranked(search, text)
    meanings = _told(reader, ranked[:limit], asked)
    return Resolution(text, meanings, len(ranked), search.complete)


def _under_identities(reader: GraphReader, asked: Forms) -> Forms:
    keys = dict.fromkeys([*asked.keys, *(under_identity(reader, key) for key in asked.keys)])
    return Forms(tuple(keys), asked.labels, asked.sought)


class _Search:
    """The entities that could be meant, with the first way in which each was come upon."""

    def __init__(self, reader: GraphReader, asked: Forms, kinds: frozenset[str]) -> None:
        self.reader = reader
        self.asked = asked
        self.kinds = kinds
        self.found: dict[Key, Sought | None] = {}
        self.complete = True

    def look(self, *, exact: bool) -> None:
        """Look for what is called just that, or else for what begins with it."""
        if exact:
            for key in presences(self.reader, self.asked.keys):
                self._add(key, None)
            if self.asked.labels:
                self._labelled()
        groups: dict[tuple[frozenset[str], bool], list[Sought]] = defaultdict(list)
        for one in self.asked.sought:
            kinds = one.kinds & self.kinds if one.kinds and self.kinds else one.kinds or self.kinds
            if (one.how is How.PREFIX) is not exact and (kinds or not (one.kinds or self.kinds)):
                groups[kinds, bool(one.within)].append(one)
        for (kinds, placed), group in groups.items():
            limit = SCANNED if placed else CONSIDERED
            had = self.reader.found({one.term for one in group}, limit + 1, prefix=not exact, kinds=kinds)
            for one in group:
                self._take(one, [key for _, key in had.get(one.term, ())], limit)

    def _take(self, sought: Sought, keys: list[Key], limit: int) -> None:
        """Take what one reading of the text brought, as far as it may be considered."""
        self.complete &= len(keys) <= limit
        allowed = list(dict.fromkeys(key for key in keys[:limit] if sought.allows(key)))
        self.complete &= len(allowed) <= CONSIDERED
        for key in allowed[:CONSIDERED]:
            if len(sought.text) <= LONGEST or self._had(key, sought):
                self._add(key, sought)

    def _had(self, key: Key, sought: Sought) -> bool:
        """Tell whether a thing ever carried all of a text of which only the beginning stands in a term."""
        versions = self.reader.versions(key)
        return any(sought.matches(one.field, one.text) for version in versions for one in carried(version))

    def _labelled(self) -> None:
        """Take what has all of the labels now: of what had them once, there may be any number."""
        some = self.reader.entities(EntityFilter(self.kinds, labels=self.asked.labels), CONSIDERED + 1)
        self.complete &= len(some) <= CONSIDERED
        for version in some[:CONSIDERED]:
            self._add(version.key, None)

    def _of_kind(self, key: Key) -> bool:
        return not self.kinds or key.kind in self.kinds

    def _add(self, key: Key, sought: Sought | None) -> None:
        if self._of_kind(key):
            self.found.setdefault(key, sought)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A candidate in its place. match: of its last version; None where only an earlier one had what was sought."""

    key: Key
    version: EntityVersion | None
    sought: Sought | None
    match: Match | None
    score: Score


def _ranked(search: _Search, text: str) -> list[_Ranked]:
    """Rank all candidates."""
    versions = search.reader.latest(search.found)
    held = _held(search.reader, versions, search.asked)
    ranked = []
    for key, sought in search.found.items():
        version = versions.get(key)
        match = matched(version, search.asked, held) if version is not None else None
        if match is not None and not _as_good(match, sought):
            match = None
        if match is None and sought is None and version is not None:
            continue
        shown = match or _supposed(key, sought)
        ranked.append(_Ranked(key, version, sought, match, score(shown, key, version, text)))
    return sorted(ranked, key=lambda one: (_descending(one.score), one.key))


def _as_good(match: Match, sought: Sought | None) -> bool:
    """Tell whether a match is as good as what the candidate was found by, and not its beginning only."""
    return match.how is not How.PREFIX or (sought is not None and sought.how is How.PREFIX)


def _descending(one: Score) -> tuple[int, ...]:
    return -one.match, -one.letters, -one.there, -one.class_, -one.depth


def _supposed(key: Key, sought: Sought | None) -> Match:
    """Give the match of what is only named, or was once what was sought."""
    if sought is None:
        return Match(Level.KEY, "key", key, How.EXACT)
    return Match(former(sought.how), sought.field.value, "", sought.how)


def _held(reader: GraphReader, versions: Mapping[Key, EntityVersion], asked: Forms) -> frozenset[tuple[Alias, Key]]:
    """Tell who holds each exclusive alias that matched: whoever was seen taking it last."""
    cited: dict[Alias, set[Key]] = defaultdict(set)
    for key, version in versions.items():
        match = matched(version, asked)
        if match is not None and match.alias is not None and match.alias.holding is Holding.EXCLUSIVE:
            cited[match.alias].add(key)
    claims = reader.claims({alias.name for alias in cited}) if cited else {}
    return frozenset(
        (alias, key)
        for alias, keys in cited.items()
        for key in keys.intersection(holders(claims.get(alias.name, ()), (), lambda _: None))
    )


def _told(reader: GraphReader, ranked: Sequence[_Ranked], asked: Forms) -> tuple[Meaning, ...]:
    """Tell of candidates whether each is there, and by what it was found."""
    there = presences(reader, [one.key for one in ranked])
    return tuple(
        Meaning(
            one.key,
            one.key.kind,
            KINDS[one.key.kind].class_ if one.key.kind in KINDS else None,
            one.version.name if one.version is not None else one.key.id,
            there[one.key],
            _matched_by(reader, one, asked),
            one.score,
        )
        for one in ranked
    )


def _matched_by(reader: GraphReader, one: _Ranked, asked: Forms) -> MatchedBy:
    """Say by what a candidate was found: by its last version, or by the last one that had what was sought."""
    if one.version is None:
        return MatchedBy("key", one.key, How.EXACT, held=True, until=None)
    if one.match is not None:
        held = one.version.closed is None and one.match.level not in (Level.FORMER, Level.FORMER_PREFIX)
        return MatchedBy(one.match.what, one.match.text, one.match.how, held=held, until=one.version.closed)
    version, match = next(_earlier(reader, one, asked))
    return MatchedBy(match.what, match.text, match.how, held=False, until=version.closed)


def _earlier(reader: GraphReader, one: _Ranked, asked: Forms) -> Iterator[tuple[EntityVersion, Match]]:
    """Give the versions that had what was sought, newest first."""
    for version in reversed(reader.versions(one.key)):
        match = matched(version, asked)
        if match is not None and _as_good(match, one.sought):
            yield version, match
