"""Does every store answer as the reference does, whatever happened before?"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.graph.stores.machine_alphabet import Alphabet
from tests.stores import NEO4J, STORES

OTHERS = sorted(STORES.keys() - {"memory"})


def agreement(name: str) -> type[Alphabet]:
    """Make the machine for one store."""
    return type(f"Agreement_{name}", (Alphabet,), {"make": staticmethod(STORES[name])})


def examples(name: str, number: int) -> int:
    """Say how many histories one store lives through: of one on a server, a tenth."""
    return max(1, number // 10) if name == NEO4J else number


@pytest.mark.parametrize("name", OTHERS)
def test_a_store_answers_as_the_reference_does(name: str) -> None:
    """On random histories, every answer at every revision is the reference's."""
    run_state_machine_as_test(
        agreement(name), settings=settings(max_examples=examples(name, 10), stateful_step_count=20, deadline=None)
    )


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_a_store_answers_as_the_reference_does_for_long(name: str) -> None:
    """On many long random histories, every answer at every revision is the reference's."""
    run_state_machine_as_test(
        agreement(name), settings=settings(max_examples=examples(name, 1500), stateful_step_count=60, deadline=None)
    )
