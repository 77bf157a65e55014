"""What does it come to in words, for somebody who reads one line at night?

It never says 'no pods' while pods cannot be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.analysis.placement import PodView
from graph.analysis.presence import Doubt, Presence, Said
from graph.analysis.reach import CONTAINED, POD, Reach
from graph.analysis.words import counted, moment, presence_words
from graph.model import KINDS, Key, ScopeState, ScopeStatus
from graph.model.keys import meet
from graph.register import WHOLE


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether all that could show something can be read; if not, what cannot, and since when (None: never yet)."""

    clear: bool
    what: str = ""
    since: datetime | None = None

    @property
    def words(self) -> str:
        """Say what cannot be seen."""
        return f"{self.what} unreadable since {moment(self.since)}" if self.since else f"{self.what} never read"


CLEAR = Sight(clear=True)


def sight_of_kind(states: Sequence[ScopeState], kind: str, range_: str, what: str) -> Sight:
    """Tell whether the absence of a kind in a range can be seen.

    One readable scope that covers all of it is enough, where no other source could show what that one does not.
    """
    could = [state for state in states if kind in state.scope.states and meet(state.scope.range, range_)]
    unread = [state for state in could if state.status is not ScopeStatus.READABLE]
    whole = [state for state in could if state.status is ScopeStatus.READABLE and Key(range_).within(state.scope.range)]
    if whole:
        seeing = {state.scope.source for state in whole}
        unread = [state for state in unread if state.scope.name != WHOLE and state.scope.source not in seeing]
    return _blind(unread, what) if unread or not whole else CLEAR


def sight_of_ties(states: Sequence[ScopeState], verbs: Collection[str], range_: str) -> Sight:
    """Tell whether the absence of a tie can be seen: every scope that states such ties must be readable.

    A source that was never reached could hold anything. It is a gap of every answer; a line about a cluster that other
    sources read does not repeat it.
    """
    could = [
        state
        for state in states
        if state.scope.name != WHOLE
        and not state.scope.states.isdisjoint(verbs)
        and meet(state.scope.range, range_)
        and state.status is not ScopeStatus.READABLE
        and not _subsumed(state, states)
    ]
    return _blind(could, ", ".join(dict.fromkeys(state.scope.name for state in could))) if could else CLEAR


def _subsumed(state: ScopeState, states: Sequence[ScopeState]) -> bool:
    """Tell whether a readable scope of the same source shows all that an unreadable one would."""
    return any(
        other.status is ScopeStatus.READABLE
        and other.scope.source == state.scope.source
        and other.scope.shows_all_of(state.scope)
        for other in states
    )


def _blind(states: Sequence[ScopeState], what: str) -> Sight:
    lost = [state.since for state in states if state.status is not ScopeStatus.NEVER_READ]
    return Sight(False, what, min(lost) if lost else None)


def summary(
    key: Key, there: Presence | None, reach: Reach, pods: Sequence[PodView], states: Sequence[ScopeState]
) -> str:
    """Say in one line where a thing runs."""
    parts = []
    if there is None or not (there.said is Said.PRESENT and there.certain):
        kind = KINDS.get(key.kind)
        parts.append(f"{kind.title if kind else key.kind} {presence_words(there)}")
    if not reach.applies:
        parts.append("nothing that is read runs behind it")
        return "; ".join(parts)
    if key.kind == POD:
        parts.extend(_placed(pods))
        return "; ".join(parts) or "present"
    range_ = _range_of(key)
    if not pods:
        parts.append(_none(reach, states, range_))
    parts.extend(_groups(key, pods))
    contained = key.kind in CONTAINED
    unseen = sight_of_kind(states, POD, range_, "pods") if contained else sight_of_ties(states, reach.by, range_)
    if not unseen.clear and any(_state(pod) != "unseen" for pod in pods):
        parts.append(f"there may be more: {unseen.words}")
    if reach.truncated:
        parts.append(f"only the first {len(pods)} are looked at")
    if reach.untied:
        parts.append(
            f"{counted(len(reach.untied), 'tie')} that {'leads' if len(reach.untied) == 1 else 'lead'} to no one thing"
        )
    return "; ".join(parts)


def _range_of(key: Key) -> str:
    """Give the range that pods behind a thing are in: its namespace, its cluster, or anywhere."""
    outer: Key | None = key
    while outer is not None:
        if outer.kind == "k8s.namespace":
            return outer
        outer = outer.container
    return key.root if key.root.kind == "k8s.cluster" else ""


def _none(reach: Reach, states: Sequence[ScopeState], range_: str) -> str:
    pods = sight_of_kind(states, POD, range_, "pods")
    if not pods.clear:
        return f"pods unknown: {pods.words}"
    ties = sight_of_ties(states, reach.by, range_)
    return "no pods" if ties.clear else f"pods unknown: {ties.words}"


def _placed(pods: Sequence[PodView]) -> list[str]:
    pod = pods[0]
    where = f"on node {pod.node}" if pod.node else "on no node that is known"
    ready = {True: "ready", False: "not ready", None: ""}[pod.ready]
    return [", ".join(part for part in (where, pod.zone or "", ready) if part)]


def _state(pod: PodView) -> str:
    """Tell which group a pod belongs to: unseen, doubted, present, absent, or only named."""
    there = pod.presence
    if there is None or there.doubt in (Doubt.UNKNOWN, Doubt.NEVER_READ):
        return "unseen"
    if there.doubt is Doubt.DOUBTED:
        return "doubted"
    if there.said is Said.PRESENT:
        return "present"
    return "absent" if there.absent else "named"


def _groups(key: Key, pods: Sequence[PodView]) -> list[str]:
    """Say how many pods are certainly there, only named, in doubt, gone."""
    noun = "endpoint" if key.kind in ("k8s.service", "k8s.ingress", "k8s.endpointslice") else "pod"
    groups: dict[str, list[PodView]] = defaultdict(list)
    for pod in pods:
        groups[_state(pod)].append(pod)
    parts = []
    if present := groups["present"]:
        nodes = len({pod.node for pod in present if pod.node})
        on = f" on {counted(nodes, 'node')}" if nodes else ""
        parts.append(f"{counted(len(present), 'pod')}{on}, {sum(pod.ready is True for pod in present)} ready")
    if unseen := groups["unseen"]:
        parts.append(f"{counted(len(unseen), noun)} named, {_unseen_since(unseen)}")
    if doubted := groups["doubted"]:
        parts.append(f"{counted(len(doubted), 'pod')} in doubt: missed by one listing")
    if absent := groups["absent"]:
        parts.append(f"{counted(len(absent), noun)} named, but gone or missing")
    if named := groups["named"]:
        parts.append(f"{counted(len(named), noun)} named, not looked for yet")
    return parts


def _unseen_since(pods: Sequence[PodView]) -> str:
    since = [pod.presence.doubt_since for pod in pods if pod.presence and pod.presence.doubt is Doubt.UNKNOWN]
    known = [instant for instant in since if instant is not None]
    return f"pods unreadable since {moment(min(known))}" if known else "pods never read"
