"""Does docs/reference.md name everything that a user can set, call, type or graph?"""

import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points

import click
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector
from pydantic import BaseModel

from tests.structure.checkout import ROOT

REFERENCE = ROOT / "docs" / "reference.md"


@pytest.fixture(scope="module")
def sections() -> dict[str, set[str]]:
    """Return what the reference names: for each `## Section`, everything `in backticks`."""
    parts = re.split(r"^## (.+)$", REFERENCE.read_text("utf-8"), flags=re.MULTILINE)
    return {title: set(re.findall(r"`([^`\n]+)`", text)) for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_setting_is_documented(sections: dict[str, set[str]]) -> None:
    """Every field of `discovery.config.Settings`, by its dotted path, stands under Settings."""
    settings = import_module("discovery.config").Settings
    expected = set(setting_paths(settings))
    assert expected
    assert expected <= sections["Settings"], sorted(expected - sections["Settings"])


def test_every_route_is_documented(sections: dict[str, set[str]]) -> None:
    """Every method and path that the API publishes stands under Routes, and no other does."""
    application = import_module("api.app").create_app()
    assert isinstance(application, FastAPI)
    expected = {f"{method.upper()} {path}" for path, item in application.openapi()["paths"].items() for method in item}
    documented = {name for name in sections["Routes"] if re.match(r"(GET|PUT|POST|PATCH|DELETE) /", name)}
    assert expected
    assert expected <= documented, sorted(expected - documented)
    unpublished = {"GET /docs", "GET /openapi.json", "GET /metrics"}  # served, but no part of their own description
    assert documented - unpublished <= expected, sorted(documented - expected)


def test_every_command_is_documented(sections: dict[str, set[str]]) -> None:
    """Every command that an entry point contributes stands under Commands, and no other does."""
    expected = {f"asbuilt {name}" for name in command_names()}
    documented = {" ".join(re.split(r" [A-Z\[-]", name)[0].split()) for name in sections["Commands"]}
    documented = {name for name in documented if name.startswith("asbuilt ")}
    assert expected
    assert documented == expected, sorted(documented ^ expected)


def test_every_metric_is_documented(sections: dict[str, set[str]]) -> None:
    """Every metric of `discovery.telemetry` stands under Metrics, by the name that Prometheus sees."""
    expected = set(metric_names(vars(import_module("discovery.telemetry"))))
    assert expected
    assert expected <= sections["Metrics"], sorted(expected - sections["Metrics"])


def setting_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted path of every leaf; `[]` stands for an entry of a list, `*` for a name of a mapping."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        nested = list(nested_models(field.annotation, path))
        if not nested:
            yield path
        for deeper, inner in nested:
            yield from setting_paths(inner, f"{deeper}.")


def nested_models(annotation: object, path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the models inside an annotation, each with the path that leads to it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield path, annotation
        return
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        steps = [(path, argument) for argument in arguments]
    elif origin is typing.Annotated:
        steps = [(path, arguments[0])]
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        steps = [(f"{path}.*", arguments[1])]
    elif isinstance(origin, type) and issubclass(origin, Iterable):
        steps = [(f"{path}[]", argument) for argument in arguments]
    else:
        steps = []
    for deeper, argument in steps:
        yield from nested_models(argument, deeper)


def command_names() -> Iterator[str]:
    """Yield the name of every contributed command, groups spelled out."""
    for entry in entry_points(group="asbuilt.commands"):
        contributed = entry.load()
        if callable(contributed) and not isinstance(contributed, click.Command):
            contributed = contributed()
        commands = contributed.values() if isinstance(contributed, Mapping) else contributed
        for command in [commands] if isinstance(commands, click.Command) else commands:
            yield from spelled_out(command, "")


def spelled_out(command: click.Command, prefix: str) -> Iterator[str]:
    """Yield a command's name, or those of the commands in a group."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from spelled_out(inner, f"{prefix}{command.name} ")
    else:
        yield f"{prefix}{command.name}"


def metric_names(names: Mapping[str, object]) -> Iterator[str]:
    """Yield the names of the metrics among a module's values, those in its registries too."""
    for value in names.values():
        if isinstance(value, MetricWrapperBase | CollectorRegistry):
            described: Collector | CollectorRegistry = value
            for metric in described.collect():
                if metric.name.startswith("asbuilt_"):
                    yield f"{metric.name}_total" if metric.type == "counter" else metric.name
