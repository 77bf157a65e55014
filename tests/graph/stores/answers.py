"""What does a reader answer to every question that there is? Written down, so that two stores can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graph.hops import Hop, hops_of
from graph.model import AliasName, Cause, DocumentRef, Interval, Key
from graph.store import ChangeFilter, EntityFilter, GraphReader, RecordedChange
from graph.stores.memory import MemoryStore
from graph.terms import Term, terms_of

ALL = 100_000


@dataclass(slots=True)
class Universe:
    """All that a history ever named: what to ask about."""

    keys: set[Key] = field(default_factory=set)
    ties: set[str] = field(default_factory=set)
    names: set[AliasName] = field(default_factory=set)
    refs: set[DocumentRef] = field(default_factory=set)
    terms: set[Term] = field(default_factory=set)

    @classmethod
    def of(cls, store: MemoryStore) -> Universe:
        """Read it from the reference store."""
        tables = store.tables
        keys = {*tables.entities, *tables.tied, Key("k8s.cluster/never"), Key("unknown.kind/x")}
        versions = [span.value for history in tables.entities.values() for span in history]
        terms = {one for version in versions for one in terms_of(version)}
        begun = {one._replace(text=one.text[:2]) for one in terms}
        names = {*tables.claims, AliasName("ip", "none")}
        return cls(keys, {*tables.relations, "00" * 16}, names, {*tables.documents}, terms | begun)


def numbered(changes: list[RecordedChange]) -> list[RecordedChange]:
    """Give changes without their place in their revision, which only has to grow."""
    return [replace(one, sequence=0) for one in changes]


def told_hops(reader: GraphReader, keys: Sequence[Key], *, outgoing: bool) -> list[Hop]:
    """Give hops by what they say, with ids for what the reader knows the ties by; they must be what `links` says."""
    hops = reader.hops(keys, outgoing=outgoing)
    ids = reader.ids({one.tie for one in hops})
    told = sorted(one._replace(tie=ids[one.tie]) for one in hops)
    assert told == sorted(hops_of(reader.links(keys, outgoing=outgoing), outgoing=outgoing))
    running = [one for one in told if one.verb == "RUNS_ON"]
    assert len(running) == len(reader.hops(keys, outgoing=outgoing, verbs=["RUNS_ON"]))
    return told


def answers(reader: GraphReader, universe: Universe) -> dict[str, Any]:
    """Ask everything."""
    keys = sorted(universe.keys)
    said: dict[str, Any] = {"mark": reader.mark}
    said["entities"] = reader.entities(EntityFilter(), ALL)
    said["latest"] = dict(reader.latest(keys))
    for prefix in (False, True):
        found = reader.found(sorted(universe.terms), 3, prefix=prefix)
        said[f"found by prefix {prefix}"] = {one: list(had) for one, had in found.items()}
    said["found of a kind"] = {
        one: list(had) for one, had in reader.found(sorted(universe.terms), 2, kinds=["k8s.pod", "vcs.file"]).items()
    }
    said["versions"] = {key: list(reader.versions(key)) for key in keys}
    said["outgoing"] = list(reader.relations(keys, outgoing=True))
    said["incoming"] = list(reader.relations(keys, outgoing=False))
    said["each"] = {key: list(reader.relations([key], outgoing=False, verbs=["RUNS_ON"])) for key in keys}
    said["untied"] = {
        (key, outgoing): list(reader.untied(key, outgoing=outgoing)) for key in keys for outgoing in (True, False)
    }
    said["unsettled"] = {key: list(reader.unsettled(key)) for key in keys}
    said["ties"] = dict(reader.latest_ties(universe.ties))
    said["links"] = [list(reader.links(keys, outgoing=outgoing)) for outgoing in (True, False)]
    said["running"] = list(reader.links(keys, outgoing=True, verbs=["RUNS_ON"]))
    said["hops"] = [told_hops(reader, keys, outgoing=outgoing) for outgoing in (True, False)]
    said["claims"] = {name: list(held) for name, held in reader.claims(universe.names).items()}
    said["documents"] = dict(reader.documents(universe.refs))
    said["doubts"] = dict(reader.doubts(universe.refs))
    said["scopes"] = list(reader.scopes())
    said["folds"] = list(reader.folds())
    said["sources"] = list(reader.sources())
    said["count"] = dict(reader.count())
    said["changes"] = numbered(list(reader.changes(ChangeFilter(), ALL)))
    return said


def pages(reader: GraphReader, size: int) -> list[RecordedChange]:
    """Read all changes page by page."""
    found: list[RecordedChange] = []
    before = None
    while page := reader.changes(ChangeFilter(), size, before):
        found += page
        before = (page[-1].revision, page[-1].sequence)
    return found


def filters(universe: Universe, reader: GraphReader) -> list[ChangeFilter]:
    """Make filters of changes: by each key, word, cause, container, and some windows."""
    instants = sorted({one.happened.end for one in (change.change for change in reader.changes(ChangeFilter(), ALL))})
    marks = [instants[len(instants) // 3], instants[-1]] if instants else []
    wanted = [ChangeFilter(subjects=frozenset({key})) for key in sorted(universe.keys)]
    wanted += [
        ChangeFilter(subjects=frozenset(universe.ties)),
        ChangeFilter(subjects=frozenset(sorted(universe.keys)[:3])),
    ]
    wanted += [ChangeFilter(words=frozenset({word})) for word in ("k8s.pod", "RUNS_ON", "k8s.node")]
    wanted += [ChangeFilter(causes=frozenset({cause})) for cause in Cause]
    wanted += [
        ChangeFilter(prefix=range_) for range_ in ("k8s.cluster/one", "k8s.cluster/one/k8s.namespace", "k8s.cluster")
    ]
    for mark in marks:
        window = Interval(mark, instants[-1])
        wanted += [ChangeFilter(window=window), ChangeFilter(window=Interval(None, mark))]
        wanted += [ChangeFilter(window=window, causes=frozenset({"world"}), words=frozenset({"k8s.pod"}))]
        wanted += [ChangeFilter(window=Interval(mark, mark), prefix="k8s.cluster/one")]
    return wanted


def selections(universe: Universe) -> list[EntityFilter]:
    """Make filters of entities."""
    keys = sorted(universe.keys)
    middle = keys[len(keys) // 2]
    return [
        EntityFilter(kinds=frozenset({"k8s.pod"})),
        EntityFilter(kinds=frozenset({"k8s.pod", "k8s.node", "nothing.else"}), after=middle),
        EntityFilter(prefix="k8s.cluster/one/k8s.namespace/shop"),
        EntityFilter(prefix="k8s.cluster/one/k8s.namespace/sho"),
        EntityFilter(prefix="k8s.cluster/one", after=middle),
        EntityFilter(labels=(("v", "1"),)),
        EntityFilter(labels=(("v", "1"), ("twin", "2"))),
        EntityFilter(name="a"),
        EntityFilter(name="n1", kinds=frozenset({"k8s.node"})),
        EntityFilter(name="n1", kinds=frozenset({"k8s.pod"})),
    ]
