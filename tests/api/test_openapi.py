"""Does the description tell a stranger, and a program, how to ask?"""

from typing import Any

import pytest
from pydantic import TypeAdapter

from api.app import create_app
from api.schemas import changes, diff, entities, graph, relations, resolve, sources, traversal, where
from api.schemas.envelope import Envelope, enveloped
from graph.stores.memory import MemoryStore


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """Give the OpenAPI document."""
    return create_app(MemoryStore(), tokens=()).openapi()


def test_it_is_openapi_31(described: dict[str, Any]) -> None:
    """The version that has JSON Schema whole."""
    assert described["openapi"].startswith("3.1")


def test_every_question_has_a_summary_a_description_and_an_example(described: dict[str, Any]) -> None:
    """An example of the envelope for each route under /v1; its problems as problem documents."""
    for path, item in described["paths"].items():
        asked = item["get"]
        assert asked["summary"].endswith("?")
        assert asked["description"]
        if path.startswith("/v1"):
            example = asked["responses"]["200"]["content"]["application/json"]["example"]
            assert set(example) == set(enveloped(None)), "nulls included"
            assert list(asked["responses"]["404"]["content"]) == ["application/problem+json"]
            assert list(asked["responses"]["422"]["content"]) == ["application/problem+json"]


def test_every_parameter_is_described(described: dict[str, Any]) -> None:
    """`at` is a parameter of every question, and of one about two revisions `from` and `to` are."""
    for path, item in described["paths"].items():
        parameters = item["get"].get("parameters", [])
        assert all(one.get("description") for one in parameters), path
        names = {one["name"] for one in parameters}
        when = {"from", "to"} if path.endswith("/diff") else {"at"}
        assert (when <= names) == path.startswith("/v1"), path


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (tuple[entities.ListedEntity, ...], entities.LIST_EXAMPLE),
        (entities.Entity, entities.ENTITY_EXAMPLE),
        (tuple[relations.Relation, ...], relations.EXAMPLE),
        (tuple[changes.Change, ...], changes.CHANGES_EXAMPLE),
        (tuple[changes.Version, ...], changes.VERSIONS_EXAMPLE),
        (tuple[sources.Source, ...], sources.EXAMPLE),
        (where.Where, where.EXAMPLE),
        (traversal.Impact, traversal.IMPACT_EXAMPLE),
        (traversal.Dependencies, traversal.DEPENDENCIES_EXAMPLE),
        (graph.Neighbourhood, graph.GRAPH_EXAMPLE),
        (graph.Route, graph.PATH_EXAMPLE),
        (resolve.Resolution, resolve.EXAMPLE),
        (diff.GraphDiff, diff.GRAPH_DIFF_EXAMPLE),
        (diff.EntityDiff, diff.ENTITY_DIFF_EXAMPLE),
    ],
)
def test_every_example_is_what_an_answer_looks_like(model: Any, example: Any) -> None:
    """Read as the model and written again, an example is itself: no member missing, none too many."""
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    assert adapter.dump_python(adapter.validate_python(example), mode="json") == example
    whole = Envelope[Any].model_validate(enveloped(example)).model_dump(mode="json")
    assert whole == enveloped(example)
