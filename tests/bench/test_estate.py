"""Is the estate that the benchmark loads of the size, the seed and the shapes that it says?"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from itertools import pairwise

import pytest

from graph.model import AliasEnd, Document, Entity, Key, Relation
from graph.model.canonical import relation_id
from graph.model.kinds import check_word
from graph.plan import mapped_document
from tests.bench.estate import Estate
from tests.bench.shapes import CALLED, LARGEST_WORKLOAD, PARETO, pareto, unit, zipf

SIZE = 1_500


@pytest.fixture(scope="module")
def estate() -> Estate:
    """An estate that every test of this file may read."""
    return Estate(SIZE, seed=7)


def _texts(estate: Estate) -> dict[str, str]:
    whole = estate.scopes[0]
    return {one.id: mapped_document(one, whole, 1, None).text for one in estate.everything()}


def _relations(document: Document) -> list[Relation]:
    return [one for one in document.statements if isinstance(one, Relation)]


@pytest.mark.parametrize("size", [200, 201, 777, SIZE])
def test_exact(size: int) -> None:
    """An estate has exactly as many entities as asked for, each by a document of its own."""
    documents = list(Estate(size, seed=3).everything())
    keys = {document.statements[0].key for document in documents if isinstance(document.statements[0], Entity)}
    assert len(documents) == len({document.id for document in documents}) == len(keys) == size


def test_four_relations(estate: Estate) -> None:
    """Each document states one entity and four relations, of which no other document states any."""
    seen: set[str] = set()
    for document in estate.everything():
        first, *rest = document.statements
        assert isinstance(first, Entity)
        ids = {relation_id(one) for one in rest if isinstance(one, Relation)}
        assert len(rest) == len(ids) == 4
        assert seen.isdisjoint(ids)
        seen |= ids


def test_covered(estate: Estate) -> None:
    """Each document is covered by the scope that it is read in, which states all that it says."""
    for scope in estate.scopes:
        for document in estate.documents(scope):
            first = document.statements[0]
            assert isinstance(first, Entity)
            assert scope.covers(first.key)
            assert {one.verb for one in _relations(document)} <= scope.states


def test_vocabulary(estate: Estate) -> None:
    """Keys, kinds, verbs and attributes are those of the vocabulary."""
    for document in estate.everything():
        for one in document.statements:
            if isinstance(one, Entity):
                Key.parse(one.key)
                check_word(one.kind, one.attributes)
            else:
                check_word(one.verb, one.attributes)
                assert isinstance(one.target, AliasEnd) or Key.parse(one.target.key)


def test_seeded(estate: Estate) -> None:
    """The same seed makes the same estate, and another seed another."""
    assert _texts(estate) == _texts(Estate(SIZE, seed=7))
    assert _texts(estate).keys() != _texts(Estate(SIZE, seed=8)).keys()


def test_ties_hold(estate: Estate) -> None:
    """What is read is tied to what is read: every end of a kind that the estate has is there."""
    kinds = {
        document.statements[0].kind for document in estate.everything() if isinstance(document.statements[0], Entity)
    }
    keys, aliases, named, cited = set(), set(), set(), set()
    for document in estate.everything():
        for one in document.statements:
            if isinstance(one, Entity):
                keys.add(one.key)
                aliases |= {alias.name for alias in one.aliases}
            elif isinstance(one.target, AliasEnd):
                cited.add(one.target.name)
            elif one.target.key.kind in kinds:
                named.add(one.target.key)
    assert len(named - keys) <= 1, "but for the one image that the first is built from"
    assert cited <= aliases


def test_changed(estate: Estate) -> None:
    """A round changes about the share that it is asked to, and leaves the number of documents as it was."""
    before, after = _texts(estate), _texts(estate.changed(0.05))
    ended, new = before.keys() - after.keys(), after.keys() - before.keys()
    revised = {id_ for id_ in before.keys() & after.keys() if before[id_] != after[id_]}
    assert len(before) == len(after)
    assert ended
    assert len(ended) == len(new)
    assert 0.03 < (len(revised) + len(ended)) / SIZE < 0.08


def test_tokens_move(estate: Estate) -> None:
    """A document whose statements differ from those of an earlier round has another token, and no other has."""
    rounds = [{one.id: one for one in estate.changed(0.1, number).everything()} for number in range(4)]
    for earlier, later in pairwise(rounds):
        for id_ in earlier.keys() & later.keys():
            same = earlier[id_].statements == later[id_].statements
            assert (earlier[id_].version == later[id_].version) == same


def test_workloads() -> None:
    """Pods of a workload are heavy-tailed with the exponent named, and have the mean that it leads to."""
    sizes = [pareto(unit(1, number), LARGEST_WORKLOAD) for number in range(30_000)]
    for size in (10, 100, 1000):
        bound = LARGEST_WORKLOAD**-PARETO
        above = (size**-PARETO - bound) / (1 - bound)
        assert sum(one >= size for one in sizes) / len(sizes) == pytest.approx(above, rel=0.15)
    assert 25 < statistics.mean(sizes) < 32
    assert statistics.median(sizes) <= 3


def test_calls() -> None:
    """Services are called by rank as Zipf has it: ten times the rank, a tenth to the power of the exponent."""
    calls = Counter(zipf(unit(1, number), 5_000, CALLED) for number in range(200_000))
    first, second = (sum(calls[rank] for rank in range(low, 2 * low)) / low for low in (20, 200))
    assert math.log10(first / second) == pytest.approx(CALLED, abs=0.08)


def test_hot_services() -> None:
    """In an estate, a twentieth of the services takes a third of the calls or more."""
    estate = Estate(20_000, seed=2)
    scope = next(one for one in estate.scopes if one.name == "service")
    called = Counter(
        str(one.target) for document in estate.documents(scope) for one in _relations(document) if one.verb == "CALLS"
    )
    hottest = sum(count for _, count in called.most_common(len(estate.pods) // 20))
    assert hottest > called.total() / 3
