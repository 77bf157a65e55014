"""What is read where nobody has configured anything?"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from collectors.contract import Failed, SourceSettings
from discovery.defaults import NothingToRead, choose, current_context
from discovery.registry import Registry
from graph.store import SourceRecord
from tests.discovery.worlds import World, plugin_of, raising


class ContextSettings(SourceSettings, frozen=True):
    """What the collector of clusters may be told."""

    context: str | None = None


CLUSTER = World()


def connected(source: str, settings: SourceSettings) -> World:
    """Connect to the cluster, whatever it is called."""
    CLUSTER.name = source
    return CLUSTER


REGISTRY = Registry(
    {"kubernetes": lambda: plugin_of(connected, ContextSettings), "replay": lambda: World("replay").plugin}
)


@pytest.fixture(autouse=True)
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubeconfig with a current context, whose cluster answers."""
    CLUSTER.listing = None
    file = tmp_path / "config"
    file.write_text("apiVersion: v1\ncurrent-context: admin@prod/eu\n")
    monkeypatch.setenv("KUBECONFIG", str(file))
    return file


def known(name: str, type_: str = "kubernetes") -> SourceRecord:
    """A source that the store remembers."""
    return SourceRecord(name, type_, None, configured=True)


def test_a_cluster_that_answers_is_read_under_the_name_of_its_context() -> None:
    """The name is made plain, the context itself is handed to the collector, and a line says so."""
    choice = choose(REGISTRY)
    [source] = choice.sources
    assert source.name == "admin-prod-eu"
    assert isinstance(source.settings, ContextSettings)
    assert source.settings.context == "admin@prod/eu"
    assert "admin@prod/eu" in choice.said


def test_a_cluster_that_does_not_answer_gives_way_to_the_recording() -> None:
    """The reason is said in the same line."""
    CLUSTER.listing = raising(Failed("it does not take connections"))
    choice = choose(REGISTRY)
    assert [source.name for source in choice.sources] == ["replay"]
    assert "does not answer (it does not take connections): replaying" in choice.said


def test_a_cluster_that_says_nothing_gives_way_in_time() -> None:
    """Nobody waits for a cluster longer than the patience of the start."""
    hang = threading.Event()

    def listing() -> None:
        hang.wait(5)

    CLUSTER.listing = listing
    assert "nothing within 0.2 s" in choose(REGISTRY, patience=0.2).said
    hang.set()


def test_without_a_context_the_recording_is_played(kubeconfig: Path) -> None:
    """No kubeconfig, an unreadable one, and one without a current context are all the same."""
    for text in ("apiVersion: v1\n", "\tno yaml", "- a list\n"):
        kubeconfig.write_text(text)
        assert current_context() is None
    kubeconfig.unlink()
    assert "no kubeconfig has a current context" in choose(REGISTRY).said


def test_of_several_kubeconfigs_the_first_context_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kubectl does it."""
    for name, text in (("one", "clusters: []\n"), ("two", "current-context: b\n"), ("three", "current-context: c\n")):
        (tmp_path / name).write_text(text)
    files = (tmp_path / name for name in ("absent", "one", "two", "three"))
    monkeypatch.setenv("KUBECONFIG", ":".join(str(file) for file in files))
    assert current_context() == "b"


def test_a_cluster_that_the_store_knows_is_never_swapped_for_the_recording() -> None:
    """It stays configured while it does not answer; else all that it stated would count as configured no longer."""
    CLUSTER.listing = raising(Failed("it does not take connections"))
    assert [source.name for source in choose(REGISTRY, [known("admin-prod-eu")]).sources] == ["admin-prod-eu"]


def test_a_store_of_real_sources_is_not_filled_with_the_recording(kubeconfig: Path) -> None:
    """Where the store knows others, and nothing answers, the user is asked instead."""
    kubeconfig.unlink()
    with pytest.raises(NothingToRead, match=r"this store knows staging\. Name the sources in asbuilt\.yaml"):
        choose(REGISTRY, [known("staging")])
    assert choose(REGISTRY, [known("replay", "replay")]).sources[0].name == "replay"
