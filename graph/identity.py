"""Which entity does this alias mean? Claims in, keys out; it never guesses.

holding      whose claims count         the alias means
forever      all that ever were         every key that ever claimed it
exclusive    those in force             for each kind: who was seen taking it last; and everybody who was seen with it
                                        again after that, which makes it ambiguous
shared       those in force             every holder
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.model import Alias, AliasEnd, AliasName, Holding, Interval, Key, KeyEnd
from graph.model.statements import End
from graph.model.versions import Resolved, Tie


@dataclass(frozen=True, slots=True)
class Claim:
    """A holder's statement of an alias.

    taken: from the start of the last run that did not have it (None: nobody had looked) to the end of the first that
    had.
    """

    alias: Alias
    key: Key
    source: str
    document: str
    taken: Interval
    in_force: bool = True

    @property
    def kind(self) -> str:
        """The kind of the holder."""
        return self.key.kind


Seen = Callable[[Claim], datetime | None]
"""The start of the last complete run that had the claim's document; None when there was none since it was taken."""


def _together(claims: Sequence[Claim], seen: Seen) -> set[Key]:
    """Give who holds an exclusive alias among claims of one kind.

    Who already had it when its source was first looked at was not seen taking it, however late that look was.
    """
    by_key: dict[Key, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_key[claim.key].append(claim)
    if len(by_key) == 1:
        return set(by_key)
    took = {key: min(claim.taken.end for claim in mine) for key, mine in by_key.items()}
    watched = {key for key, mine in by_key.items() if any(claim.taken.start is not None for claim in mine)}
    last = max(took[key] for key in (watched or took))
    takers = {key for key in (watched or took) if took[key] == last}
    for key, mine in by_key.items():
        looks = [*(claim.taken.end for claim in mine), *(at for at in map(seen, mine) if at is not None)]
        if key not in takers and max(looks) >= last:
            takers.add(key)
    return takers


def holders(claims: Iterable[Claim], kinds: Iterable[str], seen: Seen) -> tuple[Key, ...]:
    """Give the keys that an alias means among holders of some kinds (any kind, where none are named), sorted."""
    wanted = set(kinds)
    exclusive: dict[str, list[Claim]] = defaultdict(list)
    found: set[Key] = set()
    for claim in claims:
        if wanted and claim.kind not in wanted:
            continue
        if claim.alias.holding is Holding.FOREVER or (claim.in_force and claim.alias.holding is Holding.SHARED):
            found.add(claim.key)
        elif claim.in_force and claim.alias.holding is Holding.EXCLUSIVE:
            exclusive[claim.kind].append(claim)
    for rivals in exclusive.values():
        found |= _together(rivals, seen)
    return tuple(sorted(found))


def contested(claims: Iterable[Claim]) -> bool:
    """Tell whether several holders of a kind claim an exclusive alias, so that who is seen with it again matters."""
    by_kind: dict[str, set[Key]] = defaultdict(set)
    for claim in claims:
        if claim.in_force and claim.alias.holding is Holding.EXCLUSIVE:
            by_kind[claim.kind].add(claim.key)
    return any(len(keys) > 1 for keys in by_kind.values())


def cited(end: End) -> AliasName | None:
    """Give the alias that an end leans on: its own, or that of the configured name that its key is minted under."""
    if isinstance(end, AliasEnd):
        return end.name
    name = end.key.configured_name
    return None if name is None else name_alias(*name)


def name_alias(kind: str, name: str) -> AliasName:
    """Give the alias by which things of a kind hold their configured name."""
    return AliasName(f"{kind}.name", name)


def resolve(end: End, claims: Iterable[Claim], seen: Seen) -> Resolved:
    """Settle an end by the claims of the alias that it cites.

    A key is itself. A key under a configured name means the same path under the one holder of that name; as long as
    nobody holds it, the key as minted stands, and is mentioned only.
    """
    if isinstance(end, KeyEnd):
        name = end.key.configured_name
        roots = () if name is None else holders(claims, (name[0],), seen)
        if len(roots) > 1:
            return Resolved(Tie.AMBIGUOUS, tuple(end.key.under(root) for root in roots), end.incarnation)
        key = end.key.under(roots[0]) if roots else end.key
        return Resolved(Tie.TIED, (key,), end.incarnation)
    keys = holders(claims, end.kinds, seen)
    if not keys:
        return Resolved(Tie.OPEN)
    return Resolved(Tie.TIED if len(keys) == 1 else Tie.AMBIGUOUS, keys)
