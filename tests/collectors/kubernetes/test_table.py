"""Does the documentation say what the code makes of each kind, and is each kind seen in a recorded example?"""

import pytest

from collectors.kubernetes.mapping.place import BY_UID, CLUSTER_WIDE, KINDS_BY_NAME
from collectors.kubernetes.resources import RESOURCES, Resource
from graph.model import KINDS, Entity
from tests.collectors.kubernetes import table
from tests.collectors.kubernetes.memory_api import samples


def test_the_page_is_what_the_code_makes() -> None:
    """Write it anew by `.venv/bin/python -m tests.collectors.kubernetes.table`."""
    assert table.PAGE.read_text("utf-8") == table.page()


@pytest.mark.parametrize("resource", RESOURCES, ids=[each.name for each in RESOURCES])
def test_every_kind_has_a_recorded_example(resource: Resource) -> None:
    """One that is mapped, and not only stated to be what could not be."""
    assert samples().get(resource.name), f"add an object of {resource.name} to samples.yaml"
    stated = {
        one.kind
        for one in table.examples()
        if isinstance(one, Entity) and "unmapped" not in str(one.attributes.get("raw"))
    }
    assert {resource.kind, *resource.also.split()} <= stated


def test_no_example_is_of_nothing() -> None:
    """An example of a resource that is not read would be one that nobody looks at."""
    assert set(samples()) == {resource.name for resource in RESOURCES}


def test_every_kind_can_be_referred_to() -> None:
    """What is read can be minted from a reference, and stands where the listing says that it does."""
    read = {resource.kind: resource for resource in RESOURCES}
    assert read.keys() == set(KINDS_BY_NAME.values())
    assert {kind for kind, resource in read.items() if not resource.namespaced} == CLUSTER_WIDE
    assert BY_UID <= read.keys() <= KINDS.keys()
    assert {group for group, _ in KINDS_BY_NAME} == {resource.group for resource in RESOURCES}
