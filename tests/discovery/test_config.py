"""Is a configuration read whole, and is every mistake in it found in its place?"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from collectors.contract import SourceSettings
from discovery.config import Configuration, InvalidConfiguration, SourceEntry, load, parse
from discovery.registry import Registry
from graph.stores.location import Server
from tests.discovery.worlds import World, plugin_of


class Login(SourceSettings, frozen=True):
    """Settings with a secret, a path to one, and a common setting that the collector wants to know too."""

    address: str = "http://localhost"
    password: SecretStr | None = None
    kubeconfig: str | None = None
    parallel: int = Field(default=9, ge=1)


def connected(source: str, settings: SourceSettings) -> World:
    """Connect to a world of that name."""
    return World(source)


REGISTRY = Registry({"scripted": lambda: plugin_of(connected, Login)})


def parsed(text: str, folder: Path = Path()) -> Configuration:
    """Validate a text as the file asbuilt.yaml of a folder."""
    return parse(text, folder / "asbuilt.yaml", REGISTRY)


def problems(text: str, folder: Path = Path()) -> list[str]:
    """Give what is wrong with a text, line by line."""
    with pytest.raises(InvalidConfiguration) as caught:
        parsed(text, folder)
    return str(caught.value).splitlines()


def test_a_whole_configuration_is_read() -> None:
    """Every section, with durations as people write them, and what is derived from them."""
    configuration = parsed(
        """
store: {path: graph.db}
api: {host: 0.0.0.0, port: 9000}
metrics: {port: 9100}
sources:
  prod:
    type: scripted
    interval: 2m
    deadline: 90
    address: http://prod
""",
        Path("/etc/asbuilt"),
    )
    [source] = configuration.sources
    assert (source.name, source.interval, source.stale_after, source.deadline) == ("prod", 120, 360, 90)
    assert source.parallel == 9
    assert isinstance(source.settings, Login)
    assert source.settings.address == "http://prod"
    assert configuration.settings.api.port == 9000
    assert configuration.location() == Path("/etc/asbuilt/graph.db")
    assert configuration.location("other.db") == Path("other.db")


def test_a_common_setting_reaches_the_collector_that_declares_it() -> None:
    """`parallel` is the source's and, where the collector has it too, the collector's."""
    [source] = parsed("sources:\n  prod: {type: scripted, parallel: 2}\n").sources
    assert isinstance(source.settings, Login)
    assert (source.parallel, source.settings.parallel) == (2, 2)


def test_all_mistakes_are_told_at_once_each_in_its_place() -> None:
    """One reading finds every mistake, in the order of the file, as file:line:column."""
    found = problems(
        """\
stoer: {}
api:
  port: 99999
sources:
  prod:
    type: scripted
    interval: soon
    adress: http://x
  test:
    type: kubernets
  other:
    interval: 10
"""
    )
    assert [line.split(": ", 2)[:2] for line in found] == [
        ["asbuilt.yaml:1:1", "stoer"],
        ["asbuilt.yaml:3:9", "api.port"],
        ["asbuilt.yaml:7:15", "sources.prod.interval"],
        ["asbuilt.yaml:8:5", "sources.prod.adress"],
        ["asbuilt.yaml:10:11", "sources.test.type"],
        ["asbuilt.yaml:11:3", "sources.other.type"],
    ]
    assert "known: api, metrics, sources, store" in found[0]
    assert "90s, 5m or 2h" in found[2]
    assert "known: address, deadline, interval, kubeconfig, parallel, password, stale_after, type" in found[3]
    assert "no collector of type 'kubernets'; installed: scripted" in found[4]
    assert "is missing" in found[5]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("sources:\n  a: {type: scripted\n", "asbuilt.yaml:3:1"),
        ("\tstore: x\n", "asbuilt.yaml:1:1"),
        ("api: {}\napi: {}\n", "asbuilt.yaml:2:1"),
        ("- a\n- b\n", "asbuilt.yaml:1:1"),
        ("just words\n", "asbuilt.yaml:1:1"),
        ("sources: []\n", "asbuilt.yaml:1:1"),
        ("sources:\n  a: word\n", "asbuilt.yaml:2:6"),
        ("sources:\n  a:\n", "asbuilt.yaml:2:3"),
    ],
)
def test_what_is_no_configuration_says_where(text: str, place: str) -> None:
    """Broken YAML, a name given twice, and values of another shape are found where they stand."""
    assert problems(text)[0].startswith(place)


def test_a_duplicate_name_does_not_show_its_values() -> None:
    """The message about a name given twice repeats neither value, for one could be a secret."""
    assert "hunter2" not in "".join(problems("password: hunter2\npassword: hunter3\n"))


def test_an_empty_file_is_a_configuration() -> None:
    """Nothing said means defaults."""
    assert parsed("").sources == ()
    assert parsed("# nothing yet\n").settings.api.port == 8000


@pytest.mark.parametrize("line", ["password: hunter2", "api_key: hunter2", "password: [hunter2]", "password: {env: 7}"])
def test_a_literal_secret_is_refused_with_the_way_to_say_it(line: str) -> None:
    """Under a secret's name only a reference may stand; the message tells how, and does not repeat the value."""
    found = problems(f"sources:\n  prod:\n    type: scripted\n    {line}\n")
    assert "write {env: NAME}" in found[0]
    assert found[0].startswith("asbuilt.yaml:4:")
    assert "hunter2" not in "".join(found)


def test_a_value_that_looks_like_a_secret_is_refused_anywhere() -> None:
    """A token under an innocent name, or in a URL, is found by its looks."""
    found = problems("sources:\n  prod: {type: scripted, address: 'http://me:hunter2@prod'}\n")
    assert "looks like a secret" in found[0]
    assert "hunter2" not in found[0]


def test_a_path_to_secrets_is_no_secret() -> None:
    """A kubeconfig is named by its path, which may stand in the file."""
    [source] = parsed("sources:\n  prod: {type: scripted, kubeconfig: ~/.kube/prod}\n").sources
    assert isinstance(source.settings, Login)
    assert source.settings.kubeconfig == "~/.kube/prod"


def test_references_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret comes from the environment, or from a file beside the configuration."""
    monkeypatch.setenv("PROD_PASSWORD", "hunter2")
    monkeypatch.setenv("API_TOKEN", "hunter3")
    (tmp_path / "token").write_text("hunter4\n")
    configuration = parsed(
        "api:\n  tokens: [{file: token}, {env: API_TOKEN}]\n"
        "sources:\n  prod: {type: scripted, password: {env: PROD_PASSWORD}}\n",
        tmp_path,
    )
    [source] = configuration.sources
    assert isinstance(source.settings, Login)
    assert source.settings.password == SecretStr("hunter2")
    assert configuration.token_references() == [f"file:{tmp_path}/token", "env:API_TOKEN"]
    assert "hunter" not in repr(configuration)


def test_references_to_nothing_are_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unset variable, a missing file and an empty one are each told in their place."""
    monkeypatch.delenv("NOWHERE", raising=False)
    (tmp_path / "empty").write_text("")
    found = problems("api:\n  tokens:\n    - env: NOWHERE\n    - file: absent\n    - file: empty\n", tmp_path)
    assert len(found) == 3
    assert "the environment variable NOWHERE is not set" in found[0]
    assert f"{tmp_path}/absent cannot be read (FileNotFoundError)" in found[1]
    assert "is empty" in found[2]


def test_names_that_asbuilt_keeps_are_refused() -> None:
    """`people` and `asbuilt` are sources of their own."""
    assert "keeps for itself" in problems("sources:\n  people: {type: scripted}\n")[0]


def test_a_source_name_is_plain() -> None:
    """A name stands in keys, metrics and commands, and so has no spaces or slashes."""
    assert problems("sources:\n  'a b': {type: scripted}\n")[0].startswith("asbuilt.yaml:2:3: sources.a b")


def test_merged_settings_count_as_written() -> None:
    """YAML anchors work, and a mistake in what was merged is found at its source's name."""
    text = "sources:\n  prod: &all {interval: 5m, type: scripted}\n  test: {<<: *all, deadline: 1m}\n"
    assert [(one.interval, one.deadline) for one in parsed(text).sources] == [(300, 600), (300, 60)]
    assert problems(text.replace("5m", "5 parsecs"))[1].startswith("asbuilt.yaml:3:3: sources.test: is no duration")


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """A missing file is a mistake where the user named it, and no configuration where not."""
    with pytest.raises(InvalidConfiguration, match="does not exist: correct --config"):
        load(str(tmp_path / "absent.yaml"), REGISTRY)


def test_without_a_file_defaults_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No asbuilt.yaml in the working directory is a valid, empty configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("ASBUILT_STORE", raising=False)
    configuration = load(None, REGISTRY)
    assert configuration.file is None
    assert configuration.location() == tmp_path / "asbuilt" / "asbuilt.db"
    (tmp_path / "asbuilt.yaml").write_text("api: {port: 9}\n")
    assert load(None, REGISTRY).settings.api.port == 9


def test_the_example_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/asbuilt.example.yaml can be copied and used, and shows every common setting."""
    monkeypatch.setenv("ASBUILT_TOKEN", "any")
    file = Path(__file__).parents[2] / "docs" / "asbuilt.example.yaml"
    configuration = load(str(file), Registry.installed())
    names = [source.name for source in configuration.sources]
    assert names == ["production", "staging", "branches.east", "branches.west", "recording"]
    words = file.read_text("utf-8")
    assert all(f"{name}:" in words for name in SourceEntry.model_fields)


def test_the_store_may_be_a_server() -> None:
    """`store.url` names one; what is given on the command line goes before it."""
    configuration = parsed("store: {url: 'bolt+s://db:7687'}\n")
    assert configuration.location() == Server("bolt+s://db:7687")
    assert configuration.location("other.db") == Path("other.db")
    assert parsed("store: {path: graph.db}\n").location("neo4j://db") == Server("neo4j://db")


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("{url: 'bolt://db', path: graph.db}", "keep one of them"),
        ("{url: graph.db}", "a file goes under path"),
        ("{path: 'bolt://db'}", "goes under url"),
        ("{url: 'http://db'}", "no store has an address that begins with http://"),
        ("{url: 'bolt://neo4j:hunter2@db'}", "looks like a secret"),
        ("{url: 'bolt://neo4j@db'}", "ASBUILT_NEO4J_PASSWORD_FILE"),
    ],
)
def test_one_place_and_no_login_in_it(store: str, said: str) -> None:
    """A file and a server at once, each in the other's place, another scheme, and a login are mistakes."""
    [found] = problems(f"store: {store}\n")
    assert found.startswith("asbuilt.yaml:1:")
    assert said in found
    assert "hunter2" not in found
