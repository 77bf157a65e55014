"""Who claims which alias, and which of them is claimed twice? Kept up as documents come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from graph.identity import Claim, contested
from graph.model import AliasName, DocumentRef, Holding, Interval, Key, Scope
from graph.settle import Delta
from graph.stores.claims import claim_changes
from graph.stores.neo4j.commit import Commit, Write
from graph.stores.neo4j.encode import alias_text, ref_text
from graph.stores.neo4j.reader import claims_of
from graph.stores.neo4j.written import Written
from graph.stores.values import microseconds, microseconds_or_none

_CLOSE = (
    "UNWIND $rows AS row MATCH (c:AsbuiltClaim) USING INDEX c:AsbuiltClaim(alias) WHERE c.alias = row[0] "
    "AND c.ref = row[1] AND c.key = row[2] AND c.holding = row[3] AND c.closed IS NULL "
    "SET c.closed = $revision, c:AsbuiltClosing"
)
_CREATE = (
    "UNWIND $rows AS row CREATE (c:AsbuiltClaim {alias: row[0], type: row[1], value: row[2], holding: row[3], "
    "key: row[4], ref: row[5], taken_start: row[6], taken_end: row[7], number: row[8], opened: $revision})"
)
_CONTEST = "UNWIND $rows AS row MERGE (x:AsbuiltContested {alias: row[0]}) SET x.type = row[1], x.value = row[2]"
_SETTLE = "UNWIND $rows AS row MATCH (x:AsbuiltContested {alias: row[0]}) DELETE x"


class Claims:
    """The claims of one commit."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._sequence = commit.revision << 32
        self.later: list[Write] = []
        """What the last step writes."""

    def accept(self, deltas: Sequence[Delta], taken: Interval) -> list[Write]:
        """Say what is written of claims: those that documents make no longer, and those that they make anew."""
        closed, created = [], []
        exclusive: list[Claim] = []
        start, end = microseconds_or_none(taken.start), microseconds(taken.end)
        for delta in deltas:
            ref = DocumentRef(delta.source, delta.id)
            dropped, added = claim_changes(ref, delta, taken)
            by = ref_text(ref)
            closed += [[alias_text(alias.name), by, str(key), alias.holding.value] for alias, key in dropped]
            for claim in added:
                self._sequence += 1
                alias = claim.alias
                stated = [alias_text(alias.name), alias.type, alias.value, alias.holding.value, str(claim.key), by]
                created.append([*stated, start, end, self._sequence])
                if alias.holding is Holding.EXCLUSIVE:
                    exclusive.append(claim)
        writes: list[Write] = [(_CLOSE, closed), (_CREATE, created)]
        if exclusive:
            writes.append((_CONTEST, self._disputed(exclusive)))
        self._commit.written.add("alias", (str(row[0]) for row in created))
        return writes

    def _disputed(self, added: Sequence[Claim]) -> list[list[str]]:
        """Give the aliases that several may claim from now on. One too many costs a look, no more."""
        names = claimed_before(self._commit.written, {claim.alias.name for claim in added})
        former = claims_of(self._commit.read, names, self._commit.revision)
        keys: dict[AliasName, set[Key]] = defaultdict(set)
        for name, claims in former.items():
            keys[name] |= {claim.key for claim in claims if claim.in_force}
        for claim in added:
            keys[claim.alias.name].add(claim.key)
        return [[alias_text(n), n.type, n.value] for n, held in sorted(keys.items()) if len(held) > 1]

    def contested(self, scope: Scope) -> set[AliasName]:
        """Give the contested aliases that a document covered by the scope claims."""
        rows = self._commit.read("MATCH (x:AsbuiltContested) RETURN x.type, x.value")
        if not rows:
            return set()
        claims = claims_of(self._commit.read, [AliasName(*row) for row in rows], self._commit.revision)
        disputed: dict[AliasName, list[Claim]] = {}
        for name, every in claims.items():
            standing = [claim for claim in every if claim.in_force]
            if contested(standing):
                disputed[name] = standing
        settled = [AliasName(*row) for row in rows if AliasName(*row) not in disputed]
        self.later = [(_SETTLE, [[alias_text(name)] for name in settled])]
        subjects = self._subjects(scope.source, disputed)
        return {
            name
            for name, standing in disputed.items()
            if any(one.source == scope.source and _covers(scope, subjects.get(one.document)) for one in standing)
        }

    def _subjects(self, source: str, disputed: dict[AliasName, list[Claim]]) -> dict[str, str]:
        ids = {one.document for standing in disputed.values() for one in standing if one.source == source}
        rows = self._commit.read(
            "MATCH (v:AsbuiltDocument) WHERE v.last_ref IN $wanted AND v.superseded IS NULL AND v.closed IS NULL "
            "RETURN v.name, v.subject",
            wanted=[ref_text(DocumentRef(source, id_)) for id_ in ids],
        )
        return dict(rows)


def claimed_before(written: Written, names: Collection[AliasName]) -> list[AliasName]:
    """Give those of some aliases that anybody may have claimed so far."""
    by_text = {alias_text(name): name for name in names}
    return [by_text[text] for text in written.among("alias", by_text)]


def _covers(scope: Scope, subject: str | None) -> bool:
    return bool(subject) and scope.covers(Key(subject))
