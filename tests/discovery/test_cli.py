"""Do the commands say what they did, to people and to programs, and end with the right code?"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from collectors.contract import Failed, Forbidden, SourceSettings
from discovery import cli
from discovery.registry import Registry
from graph.stores.sqlite import SqliteStore
from tests.discovery.worlds import World, configmap, names, plugin_of, raising, service


class Bench:
    """A folder with a configuration and a store, a world to read, and the command line."""

    def __init__(self, folder: Path) -> None:
        self.world = World(documents={"configmaps": [configmap("a"), configmap("b")], "services": [service("cart")]})
        self.store = folder / "graph.db"
        self.config = folder / "asbuilt.yaml"
        self.config.write_text("store: {path: graph.db}\nsources:\n  prod: {type: scripted}\n")

    def connect(self, source: str, settings: SourceSettings) -> World:
        self.world.name = source
        return self.world

    def run(self, *arguments: str) -> Result:
        [command] = [one for one in cli.commands if one.name == arguments[0]]
        return CliRunner().invoke(command, [*arguments[1:], "--config", str(self.config)])

    def names(self) -> set[str]:
        store = SqliteStore(self.store)
        found = names(store)
        store.close()
        return found


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose collector is the only one installed."""
    bench = Bench(tmp_path)
    registry = Registry({"scripted": lambda: plugin_of(bench.connect)})
    monkeypatch.setattr(Registry, "installed", classmethod(lambda _: registry))
    monkeypatch.delenv("ASBUILT_STORE", raising=False)
    return bench


def test_once_reads_and_tells(bench: Bench) -> None:
    """What was opened stands in the table, scope by scope, with the revision; all is well, so 0."""
    result = bench.run("once")
    assert result.exit_code == 0, result.output
    assert "configmaps" in result.stdout
    assert "revision" in result.stdout
    assert bench.names() == {"a", "b", "cart"}
    quiet = bench.run("once")
    assert "2 scopes read, nothing changed." in quiet.stdout


def test_once_in_json(bench: Bench) -> None:
    """Programs get every scope with its outcome and numbers, and nothing else on standard output."""
    data = json.loads(bench.run("once", "--output", "json").stdout)
    [look] = data["looks"]
    assert look["complete"]
    assert {one["scope"]: one["opened"] for one in look["scopes"]} == {"configmaps": 2, "services": 1}


def test_once_ends_with_1_when_it_could_not_see_everything(bench: Bench) -> None:
    """A refused scope is told with its reason, ends nothing, and makes the code 1."""
    bench.run("once")
    bench.world.faults["services"] = raising(Forbidden("services is forbidden: grant list on services"))
    result = bench.run("once")
    assert result.exit_code == 1
    assert "prod/services: services is forbidden: grant list on services" in result.stdout
    assert "1 of 2 scopes could not be read, and nothing in them was ended" in result.stdout
    assert "cart" in bench.names()


def test_once_of_a_source_that_is_not_there(bench: Bench) -> None:
    """A misspelled source is a mistake, with those that there are."""
    result = bench.run("once", "prood")
    assert result.exit_code == 2
    assert "there is no source prood; configured: prod" in result.output


def test_a_bad_configuration_is_a_mistake(bench: Bench) -> None:
    """Every mistake with its place, code 2, no traceback."""
    bench.config.write_text("sources:\n  prod: {type: scripted, interval: soon}\nstoer: 1\n")
    result = bench.run("once")
    assert result.exit_code == 2
    assert "asbuilt.yaml:2:36: sources.prod.interval: is no duration" in result.output
    assert "asbuilt.yaml:3:1: stoer" in result.output


def test_a_store_that_is_taken_is_told(bench: Bench) -> None:
    """Code 3, and who has it."""
    holder = SqliteStore(bench.store)
    writer = holder.writer()
    result = bench.run("once")
    writer.close()
    holder.close()
    assert result.exit_code == 3
    assert "already writes" in result.output


def test_a_file_that_is_no_store_is_told(bench: Bench) -> None:
    """Code 3, a sentence, and the file is left alone."""
    bench.store.write_text("this is no database, and long enough to be looked at as one" * 20)
    before = bench.store.read_bytes()
    for command in ("once", "plan"):
        result = bench.run(command)
        assert result.exit_code == 3, result.output
        assert isinstance(result.exception, SystemExit)
    assert bench.store.read_bytes() == before


def test_plan_shows_and_writes_nothing(bench: Bench) -> None:
    """The change set has transition, subject, fields and cause; the store is what it was."""
    bench.run("once")
    dump = contents(bench.store)
    bench.world.documents["configmaps"] = [configmap("a", "2", immutable="true"), configmap("c")]
    result = bench.run("plan", "--output", "json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    told = {(one["transition"], one["subject"].rsplit("/", 1)[-1]): one for one in data["changes"]}
    assert set(told) == {("revised", "a"), ("closed", "b"), ("opened", "c")}
    assert told["revised", "a"]["fields"] == [
        {"name": "immutable", "old": None, "new": "true", "cause": "world", "state": False}
    ]
    assert contents(bench.store) == dump
    table = bench.run("plan", "--limit", "1")
    assert "3 changes planned" in table.stdout
    assert "... and 2 more" in table.stdout
    assert contents(bench.store) == dump
    assert bench.names() == {"a", "b", "cart"}


def test_plan_works_while_another_process_writes(bench: Bench) -> None:
    """It needs no right to write."""
    bench.run("once")
    holder = SqliteStore(bench.store)
    writer = holder.writer()
    result = bench.run("plan")
    writer.close()
    holder.close()
    assert result.exit_code == 0, result.output
    assert "0 changes planned" in result.stdout


def test_plan_on_no_store_makes_none(bench: Bench) -> None:
    """A first plan shows everything as opened, and leaves no file behind."""
    result = bench.run("plan")
    assert "3 changes planned" in result.stdout
    assert not bench.store.exists()


def test_check_tells_what_can_be_read(bench: Bench) -> None:
    """A line per scope; what is refused or fails makes the code 1; no store is touched."""
    assert bench.run("check").exit_code == 0
    bench.world.faults["services"] = raising(Forbidden("not yours"))
    result = bench.run("check", "--output", "json")
    assert result.exit_code == 1
    assert [(one["scope"], one["verdict"], one["reason"]) for one in json.loads(result.stdout)["findings"]] == [
        ("configmaps", "readable", None),
        ("services", "forbidden", "not yours"),
    ]
    bench.world.listing = raising(Failed("no route"))
    assert "no route" in bench.run("check").stdout
    assert not bench.store.exists()


def test_retire_takes_a_persons_word(bench: Bench) -> None:
    """Without --yes nothing happens; with it what the source stated is ended."""
    bench.run("once")
    asked = bench.run("retire", "prod", "--scope", "services")
    assert asked.exit_code == 2
    assert "add --yes" in asked.output
    assert bench.names() == {"a", "b", "cart"}
    done = bench.run("retire", "prod", "--scope", "services", "--yes")
    assert done.exit_code == 0, done.output
    assert "1 documents ended" in done.output
    assert bench.names() == {"a", "b"}


def test_retire_of_what_is_not_there(bench: Bench) -> None:
    """No store is 3; an unknown source or scope is 2, with those that there are."""
    assert bench.run("retire", "prod", "--yes").exit_code == 3
    bench.run("once")
    assert "it knows: prod" in bench.run("retire", "test", "--yes").output
    assert "it has: configmaps, services" in bench.run("retire", "prod", "--scope", "pods", "--yes").output


def test_a_source_configured_no_longer_keeps_what_it_stated(bench: Bench) -> None:
    """Taking a source out of the configuration ends nothing; its scopes have vanished."""
    bench.run("once")
    bench.config.write_text("store: {path: graph.db}\nsources:\n  other: {type: scripted}\n")
    bench.world.documents = {}
    bench.run("once")
    assert "cart" in bench.names()
    store = SqliteStore(bench.store)
    with store.reader() as reader:
        states = {(state.scope.source, state.scope.name): state.status.value for state in reader.scopes()}
    store.close()
    assert states["prod", "services"] == "vanished"
    assert states["other", "services"] == "readable"


def test_every_command_explains_itself() -> None:
    """Each has a line of help, and help needs no store and no configuration."""
    for command in cli.commands:
        assert isinstance(command, click.Command)
        result = CliRunner().invoke(command, ["--help"])
        assert result.exit_code == 0
        assert command.get_short_help_str()


def contents(store: Path) -> list[str]:
    """Everything in a store, as SQL."""
    with sqlite3.connect(store) as db:
        dump = list(db.iterdump())
    db.close()
    return dump


@pytest.mark.parametrize("written", ["", "sources:", "sources: {}", "store: {path: graph.db}"])
@pytest.mark.parametrize("command", ["run", "discover", "once", "plan", "check", "permissions"])
def test_a_file_without_sources_is_a_mistake(bench: Bench, written: str, command: str) -> None:
    """The recording is for whoever has no file; nothing is made."""
    bench.config.write_text(written)
    result = bench.run(command)
    assert result.exit_code == 2, result.output
    assert f"{bench.config} names no sources: add one" in result.stderr
    assert not bench.store.exists()


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        ("api: {host: 0.0.0.0}", 2, "asbuilt run would not serve on 0.0.0.0, where others could read everything"),
        ("api: {host: 0.0.0.0, tokens: [{env: A_TOKEN}]}", 0, ""),
        ("api: {host: localhost}", 0, ""),
        ("store: {path: asbuilt.yaml/graph.db}", 3, "asbuilt.yaml is a file: give another --store"),
        ("store: {path: new/folder/graph.db}", 0, ""),
    ],
)
def test_check_says_what_run_would_refuse(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, written: str, code: int, said: str
) -> None:
    """With its exit code, beside the scopes; nothing is written to find out."""
    monkeypatch.setenv("A_TOKEN", "a-token-of-some-length")
    monkeypatch.delenv("ASBUILT_TOKENS", raising=False)
    bench.config.write_text(f"{written}\nsources:\n  prod: {{type: scripted}}\n")
    result = bench.run("check")
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert bool(result.stderr) == bool(said)
    assert "configmaps" in result.stdout
    assert list(bench.config.parent.iterdir()) == [bench.config]


def test_check_says_where_nothing_may_be_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As access tells, without trying."""
    monkeypatch.setattr("graph.stores.opening.os.access", lambda _path, _mode: False)
    result = bench.run("check")
    assert result.exit_code == 3, result.output
    assert "graph.db cannot be written, for" in result.stderr
