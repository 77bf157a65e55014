"""Does the documentation say what the code makes of each kind, and is each kind seen in a recorded example?"""

import pytest

from collectors.kubernetes.custom.table import BUILT_IN
from collectors.kubernetes.mapping.place import BY_UID, CLUSTER_WIDE, KINDS_BY_NAME
from collectors.kubernetes.resources import CUSTOM, RESOURCES, Resource
from graph.model import KINDS, Entity
from graph.model.kubernetes_kinds import TEMPLATE as TEMPLATE_WORDS
from graph.model.vocabulary import Counts
from tests.collectors.kubernetes import table
from tests.collectors.kubernetes.memory_api import CUSTOM_NAMES, all_samples, custom_samples, samples


def test_the_page_is_what_the_code_makes() -> None:
    """Write it anew by `.venv/bin/python -m tests.collectors.kubernetes.table`."""
    assert table.PAGE.read_text("utf-8") == table.page()


EVERY = (*RESOURCES, *CUSTOM)
TEMPLATE = set(TEMPLATE_WORDS.split())


@pytest.mark.parametrize("resource", EVERY, ids=[each.name for each in EVERY])
def test_every_kind_has_a_recorded_example(resource: Resource) -> None:
    """One that is mapped, and not only stated to be what could not be."""
    assert all_samples().get(resource.name), f"add an object of {resource.name} to samples.yaml or custom_samples.yaml"
    stated = {
        one.kind
        for one in table.examples()
        if isinstance(one, Entity) and "unmapped" not in str(one.attributes.get("raw"))
    }
    assert {resource.kind, *resource.also.split()} <= stated


def test_no_example_is_of_nothing() -> None:
    """An example of a resource that is not read would be one that nobody looks at."""
    assert set(samples()) == {resource.name for resource in RESOURCES}
    assert set(custom_samples()) == set(CUSTOM_NAMES)


def test_every_kind_can_be_referred_to() -> None:
    """What is read can be minted from a reference, and stands where the listing says that it does."""
    read = {resource.kind: resource for resource in EVERY}
    assert read.keys() == set(KINDS_BY_NAME.values())
    assert {kind for kind, resource in read.items() if not resource.namespaced} == CLUSTER_WIDE
    assert BY_UID <= read.keys() <= KINDS.keys()
    assert {group for group, _ in KINDS_BY_NAME} == {resource.group for resource in EVERY}


def test_every_row_has_words_for_what_it_keeps() -> None:
    """A kind in the vocabulary, its attributes, and each of them as state where the row says that it is."""
    for row in BUILT_IN:
        declared = KINDS[row.word].attributes
        assert {name for name in row.attributes if declared[name] is not Counts.CONFIGURATION} == set(), row.word
        assert {name for name in row.state if declared[name] is not Counts.STATE} == set(), row.word
        kept = {*row.attributes, *row.state}
        told = {name for name in declared if name not in table.EVERYWHERE and name != "conditions"}
        assert told - kept <= (TEMPLATE if row.pods else set()), row.word
