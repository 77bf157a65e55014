"""By which ties does a path lead, who says so, and how is it told to a person?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.analysis.evidence import Evidence, Witnesses
from graph.analysis.labels import Label
from graph.analysis.placement import Thing
from graph.analysis.presence import Presence, presences
from graph.model import KINDS, VERBS, EntityVersion, Key, RelationVersion
from graph.store import GraphReader


@dataclass(frozen=True, slots=True)
class TieView:
    """A tie that paths lead along; each stands once in an answer.

    weight: how strongly harm travels by its verb. last_seen: the end of the last complete run, of the scopes that cover
    its evidence, that a revision took notice of.
    """

    id: str
    verb: str
    slot: str
    source: Thing
    target: Thing
    method: str
    confidence: float
    weight: float
    evidence: tuple[Evidence, ...]
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Stride:
    """One step of a path: by which tie, to what, and how surely it is come to by then.

    relation: None where it lies, by its key, in what the step came from.
    """

    relation: str | None
    to: Key
    confidence: float


class Surroundings:
    """The things and ties that a page of an answer names, asked for all at once."""

    def __init__(self, reader: GraphReader, keys: Iterable[Key], ids: Iterable[str] = ()) -> None:
        ties = reader.latest_ties(set(ids))
        wanted = {*keys, *(key for tie in ties.values() for key in tie.keys)}
        self._ties: Mapping[str, RelationVersion] = dict(sorted(ties.items()))
        self._versions: Mapping[Key, EntityVersion] = reader.latest(wanted)
        self._there: Mapping[Key, Presence] = presences(reader, wanted, self._versions)
        self._witnesses = Witnesses(reader, {ref for tie in ties.values() for ref in tie.evidence})
        self._seen = {
            (state.scope.source, state.scope.name): state.judged.end
            for state in reader.scopes()
            if state.judged is not None
        }

    def thing(self, key: Key) -> Thing:
        """Name a thing, with its presence."""
        version = self._versions.get(key)
        return Thing(key, key.kind, version.name if version else key.id, self._there.get(key))

    def ties(self) -> tuple[TieView, ...]:
        """Describe the ties, ordered by id."""
        return tuple(self._tie(tie) for tie in self._ties.values())

    def _tie(self, tie: RelationVersion) -> TieView:
        source, target = tie.keys
        evidence = self._witnesses.of_relation(tie)
        seen = [self._seen.get((one.source, scope)) for one in evidence for scope in one.scopes]
        verb = VERBS.get(tie.verb)
        return TieView(
            tie.id,
            tie.verb,
            tie.stated.slot,
            self.thing(source),
            self.thing(target),
            tie.stated.method.value,
            tie.stated.confidence,
            verb.weight if verb else 0.0,
            evidence,
            max((one for one in seen if one is not None), default=None),
        )

    def told(self, label: Label) -> str:
        """Tell the last step of a path in words, from the tie's source to its target."""
        if label.arc is None or label.before is None:
            return ""
        ends = (label.before.key, label.key) if label.arc.crossing.forward else (label.key, label.before.key)
        source, target = map(self.titled, ends)
        if label.tie is None:
            return f"{source} lies in {target}"
        words = verb_words(label.arc.crossing.verb)
        return f"{source} {words.removesuffix(f' {target.split()[0].lower()}')} {target}"  # uses Image, not uses image

    def titled(self, key: Key) -> str:
        """Name a thing with its kind, as a person would."""
        kind = KINDS.get(key.kind)
        return f"{kind.title if kind else key.kind} {self.thing(key).name}"


def verb_words(verb: str) -> str:
    """Write a verb as a person would say it: `runs on`, `is managed by`."""
    words = verb.lower().replace("_", " ")
    said = words.split()[0].endswith("s") or words in ("deployed", "can access")
    return words if said else f"is {words}"


def strides(label: Label, ids: Mapping[int | str, str]) -> tuple[Stride, ...]:
    """Give the steps of a path, from the root on. ids: of the relations, by what the reader knows the ties by."""
    steps = [one for one in reversed([*label.path()]) if one.arc is not None]
    return tuple(Stride(ids[one.tie] if one.tie is not None else None, one.key, one.p) for one in steps)


def named_by(labels: Sequence[Label]) -> tuple[set[Key], set[int | str]]:
    """Give the keys and the ties that the paths to some things name."""
    along = [one for label in labels for one in label.path()]
    return {one.key for one in along}, {one.tie for one in along if one.tie is not None}
