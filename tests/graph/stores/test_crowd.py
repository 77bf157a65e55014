"""Are ten thousand things of one label, and a hub of very many relations, all right in every store, and no dearer?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from graph.analysis.spread import Cut, Why
from graph.store import EntityFilter
from graph.stores.memory import MemoryStore
from tests.graph.stores.crowd import CROWD, FEW, HUBS, SAME, SMALL, Hub, hub, looked_at
from tests.graph.stores.estate import NODE, SHOP
from tests.stores import STORES


@pytest.fixture(scope="module", params=[5_000, pytest.param(100_000, marks=pytest.mark.long)])
def size(request: pytest.FixtureRequest) -> int:
    """How many relations the hub has."""
    return int(request.param)


@pytest.fixture(scope="module", params=sorted(STORES))
def sort(request: pytest.FixtureRequest) -> str:
    """Which store it is."""
    return str(request.param)


@cache
def _reference(size: int) -> Hub:
    """Fill the reference once: it says what is right."""
    return hub(MemoryStore(), size)


@pytest.fixture(scope="module")
def crowd(sort: str, size: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub in each store."""
    if sort == "memory":
        yield _reference(size)
        return
    store = STORES[sort](tmp_path_factory.mktemp("crowd"))
    yield hub(store, size)
    store.close()


@pytest.mark.parametrize("ended", [False, True], ids=["before", "after"])
def test_a_crowd_is_answered_as_the_reference_answers(crowd: Hub, ended: bool) -> None:
    """Resolve, list, impact, neighbourhood, changes and relations of a crowd: the same in every store, as of both."""
    said = crowd.told(ended=ended)
    for name, answer in _reference(crowd.size).told(ended=ended).items():
        assert said[name] == answer, name


@pytest.mark.parametrize("ended", [False, True], ids=["before", "after"])
def test_what_a_crowd_cuts_is_said(crowd: Hub, ended: bool) -> None:
    """Whatever of a crowd is not shown is counted, exactly, and what is shown comes first by key."""
    left, few = crowd.size - ended, FEW - ended
    said = crowd.told(ended=ended)
    assert said["harmed"].reached == 2000
    assert said["harmed"].cuts == (Cut(Why.LIMIT, 2000, left - 2000),)
    assert (said["harmed by few"].reached, said["harmed by few"].cuts) == (few, ())
    assert len(said["around"].nodes) == 50
    assert said["around"].cuts == (Cut(Why.LIMIT, 50, left - 49),)
    assert not said["resolved"].complete
    assert len(said["tied"]) == left
    assert said["counted"] == {"k8s.node": 2, "k8s.pod": left + few}
    first, second, more = said["listed"]
    keys = [one.key for one in (*first, *second)]
    in_order = sorted([HUBS.child("k8s.pod", f"p{number:06}") for number in range(2 - ended)])
    in_order += [SHOP.child("k8s.pod", f"p{number:06}") for number in range(200)]
    assert (keys, more) == (in_order[:200], True)
    page, later = said["changed"]
    assert (len(page), len(later)) == (100, 100)
    assert page[0].transition == ("closed" if ended else "opened")
    shown, follow = said["related"]
    assert (len(shown), follow) == (100, True)


def test_one_relation_of_a_hub_ends_as_cheaply_as_one_of_a_few(crowd: Hub) -> None:
    """A commit costs what changes, however many relations its things have: counted in statements, steps or rows."""
    of_hub, of_few = crowd.work
    if not isinstance(crowd.store, MemoryStore):
        assert of_few.statements > 0
        assert of_few.steps > 0
    assert of_hub.statements <= of_few.statements * 1.1 + 2
    assert of_hub.steps <= of_few.steps * 1.5 + 10


def test_a_relation_of_a_hub_is_read_as_cheaply_as_one_of_a_few(crowd: Hub) -> None:
    """What is read for each relation does not grow with their number, now and as of before."""
    for mark in (crowd.before, crowd.store.head()):
        of_hub, of_few = looked_at(crowd, mark)
        assert of_hub <= of_few * 1.5


def test_the_last_page_of_a_crowd_is_whole(crowd: Hub) -> None:
    """Paging by a label from the last key but two ends with these two, and nothing follows."""
    last = [SHOP.child("k8s.pod", f"p{number:06}") for number in range(crowd.size - 5, crowd.size - 2)]
    with crowd.store.reader() as reader:
        found = reader.entities(EntityFilter(labels=SAME.labels, after=last[0]), 10)
        among = reader.links([NODE, SMALL], outgoing=False, verbs=["RUNS_ON"])
    assert [one.key for one in found] == last[1:]
    assert len(among) == crowd.size + FEW - 2
    assert CROWD.covers(last[0])
