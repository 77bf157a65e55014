"""Does a spool give back what it was given, wherever it kept it?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.spool import Interrupted, Spool
from graph.plan import Keeper, Mapped

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
documents = st.builds(
    Mapped,
    id=texts,
    version=texts,
    mapping=st.integers(0, 9),
    position=st.none() | st.integers(0, 2**60),
    fingerprint=texts,
    text=texts,
    subject=texts,
    incarnation=st.none() | texts,
)


@given(st.lists(documents | st.none(), max_size=40), st.integers(0, 12), st.integers(0, 60))
def test_a_spool_is_a_list(actions: list[Mapped | None], in_memory: int, text_in_memory: int) -> None:
    """Whatever is appended, and cleared (None) in between, a spool holds what a list would, each time it is read."""
    spool: Keeper = Spool(in_memory, text_in_memory=text_in_memory)
    model: list[Mapped] = []
    for action in actions:
        for keeper in (spool, model):
            if action is None:
                keeper.clear()
            else:
                keeper.append(action)
    assert len(spool) == len(model)
    assert list(spool) == model
    assert list(spool) == model


@given(st.lists(st.integers(0, 300)), st.integers(0, 500))
def test_a_spool_holds_little_text(sizes: list[int], text_in_memory: int) -> None:
    """However long documents are, no more of their text is in memory than is allowed."""
    spool = Spool(text_in_memory=text_in_memory)
    for number, size in enumerate(sizes):
        spool.append(Mapped(str(number), "1", 1, None, "", "x" * size, "", None))
        assert spool.held <= text_in_memory
    assert [len(one.text) for one in spool] == sizes
    spool.close()


def test_a_spool_can_be_interrupted() -> None:
    """Once asked to stop, it hands out no more, so that the commit which reads it is left."""
    answers = iter([False, False, True])
    spool = Spool(2, lambda: next(answers))
    for number in range(5):
        spool.append(Mapped(str(number), "1", 1, None, "", "[]", "", None))
    read = iter(spool)
    assert [next(read).id, next(read).id] == ["0", "1"]
    with pytest.raises(Interrupted):
        next(read)


def test_closing_leaves_nothing() -> None:
    """A closed spool has let go of its file and what was in it."""
    spool = Spool(0)
    spool.append(Mapped("1", "1", 1, None, "", "[]", "", None))
    spool.close()
    assert len(spool) == 0
    assert list(spool) == []
