"""Does a check name what is missing to the letter, and does it notice what would be read twice?"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collectors.contract import Forbidden, SourceSettings
from discovery import cli
from discovery.checking import doubled
from discovery.config import InvalidConfiguration, parse
from discovery.registry import Registry
from tests.discovery.worlds import World, configmap, plugin_of, raising

LINE = '- {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]}  # ' + "in the ClusterRole " * 12


class Parts(SourceSettings, frozen=True):
    """Settings of an entry that may be several systems."""

    parts: list[str] | None = None
    reads: str = "configmaps services"


class House:
    """Sources that are configured, each a world of its own, and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: dict[tuple[str, str], Forbidden] = {}
        self.registry = Registry(
            {"scripted": lambda: replace(plugin_of(self.connect, Parts), each=each, manifest=manifest)}
        )

    def connect(self, source: str, settings: SourceSettings) -> World:
        assert isinstance(settings, Parts)
        kinds = {"configmaps": "k8s.configmap", "services": "k8s.service"}
        world = World(
            source, {"configmaps": [configmap("a")]}, kinds={one: kinds[one] for one in settings.reads.split()}
        )
        for (refusing, scope), error in self.faults.items():
            if refusing == source:
                world.faults[scope] = raising(error)
        return world

    def run(self, command: str, sources: str, *arguments: str) -> Result:
        path = self.folder / "asbuilt.yaml"
        path.write_text(f"sources:\n{sources}")
        [found] = [one for one in cli.commands if one.name == command]
        return CliRunner().invoke(found, [*arguments, "--config", str(path)])


def each(settings: SourceSettings) -> Mapping[str, SourceSettings]:
    """Tell parts apart; one of them cannot be."""
    assert isinstance(settings, Parts)
    if settings.parts == ["lost"]:
        raise ValueError("there is no map of the parts")
    return {one: settings.model_copy(update={"parts": None}) for one in settings.parts or ()}


def manifest(settings: SourceSettings, account: str | None, without: Collection[str], beside: Collection[str]) -> str:
    """Write what was asked for; one thing cannot be left out."""
    if "life" in without:
        raise ValueError("nothing can be left out by that name")
    return f"for {account} without {sorted(without)} with {sorted(beside)}\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose collector is the only one installed."""
    house = House(tmp_path)
    monkeypatch.setattr(Registry, "installed", classmethod(lambda _: house.registry))
    return house


def test_the_line_that_would_allow_it_is_printed_whole(house: House) -> None:
    """Once, however many scopes want it, never broken by the width of a terminal, and with where it comes from."""
    for scope in ("configmaps", "services"):
        house.faults["prod", scope] = Forbidden("not allowed", grant=LINE)
    result = house.run("check", "  prod: {type: scripted}\n")
    assert result.exit_code == 1
    assert result.stdout.count(LINE) == 1
    assert "prod is to be granted (all of it: asbuilt permissions prod):" in result.stdout
    told = json.loads(house.run("check", "  prod: {type: scripted}\n", "--output", "json").stdout)
    assert [one["grant"] for one in told["findings"]] == [LINE, LINE]


def test_a_refusal_that_names_no_line_is_followed_by_all_permissions(house: House) -> None:
    """As the collector lists them."""
    house.faults["prod", "services"] = Forbidden("no")
    house.registry = Registry(
        {"scripted": lambda: replace(plugin_of(house.connect, Parts), permissions={"list services": "the names"})}
    )
    assert "list services: the names" in house.run("check", "  prod: {type: scripted}\n").stdout


def test_sources_that_read_the_same_are_told(house: House) -> None:
    """Once for each pair; a part of the other's counts, another part does not. It is no failure."""
    one, part = "  one: {type: scripted}\n", "  part: {type: scripted, reads: services}\n"
    rest = "  rest: {type: scripted, reads: configmaps}\n"
    result = house.run("check", one + part)
    assert result.exit_code == 0
    assert "part reads nothing of k8s.cluster/c1 that one does not read: all of it is asked for twice." in result.stdout
    told = json.loads(house.run("check", one + part + rest, "--output", "json").stdout)["doubled"]
    assert [(each["source"], each["by"]) for each in told] == [("part", "one"), ("rest", "one")]
    assert json.loads(house.run("check", part + rest, "--output", "json").stdout)["doubled"] == []
    twins = json.loads(house.run("check", one + one.replace("one", "two"), "--output", "json").stdout)["doubled"]
    assert [(each["source"], each["by"]) for each in twins] == [("one", "two")]
    assert doubled([]) == []


def test_an_entry_may_be_several_sources(house: House) -> None:
    """Each has a name that begins with the entry's, and everything that is set for it."""
    text = "sources: {prod: {type: scripted, interval: 5m, parts: [east, west]}, dev: {type: scripted}}"
    sources = parse(text, Path("asbuilt.yaml"), house.registry).sources
    assert [(one.name, one.interval) for one in sources] == [("prod.east", 300.0), ("prod.west", 300.0), ("dev", 60.0)]
    assert {one.settings for one in sources} == {Parts()}
    assert house.run("check", "  prod: {type: scripted, parts: [east, west]}\n", "prod.west").exit_code == 0


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ("prod: {type: scripted, parts: [lost]}", "sources.prod: there is no map of the parts"),
        ("prod: {type: scripted, parts: [a/b]}", "sources.prod: would be a source prod.a/b, which cannot be"),
        (
            "prod: {type: scripted, parts: [a]}, prod.a: {type: scripted}",
            "sources.prod: would be a source prod.a, which cannot be",
        ),
    ],
)
def test_an_entry_that_cannot_be_several_is_a_mistake(house: House, sources: str, words: str) -> None:
    """With its place, as every mistake."""
    with pytest.raises(InvalidConfiguration, match=words):
        parse(f"sources: {{{sources}}}", Path("asbuilt.yaml"), house.registry)


def test_permissions_are_written_for_one_source(house: House) -> None:
    """As its collector writes them, and nothing else on standard output."""
    one = "  one: {type: scripted}\n"
    two = one.replace("one", "two")
    assert house.run("permissions", one).stdout == "for None without [] with []\n"
    asked = ("two", "--account", "a/b", "--without", "x", "--without", "y", "--with", "z.w")
    assert house.run("permissions", one + two, *asked).stdout == "for a/b without ['x', 'y'] with ['z.w']\n"
    for arguments, words in (
        ((), "name one source, for each has permissions of its own: one, two"),
        (("three",), "there is no source three"),
        (("one", "--without", "life"), "nothing can be left out by that name"),
    ):
        result = house.run("permissions", one + two, *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr


def test_a_collector_that_writes_no_manifest_says_what_it_needs(house: House) -> None:
    """By name, for a person to grant by hand."""
    house.registry = Registry(
        {"scripted": lambda: replace(plugin_of(house.connect, Parts), permissions={"list services": "the names"})}
    )
    result = house.run("permissions", "  one: {type: scripted}\n")
    assert result.exit_code == 2
    assert "no manifest can be written for one; its permissions: list services: the names" in result.stderr
