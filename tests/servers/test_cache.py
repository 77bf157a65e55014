"""Does a server come from the variable, the cache or a build, in this order, and only ever whole?"""

import threading
from pathlib import Path

import pytest

from tests.servers.cache import BUILD_VARIABLE, CACHE_VARIABLE, Recipe, cached, provide
from tests.servers.errors import ServerUnavailable
from tests.servers.progress import Progress


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the cache in the test's own folder, and allow to build."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(BUILD_VARIABLE, raising=False)
    return tmp_path / "cache"


def write(target: Path, progress: Progress) -> None:
    """Build something."""
    progress.report("writing")
    (target / "program").write_text("built")


def refuse(target: Path, progress: Progress) -> None:
    """Fail in the middle."""
    write(target, progress)
    raise ServerUnavailable("no network")


def test_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the environment names is used, and nothing is built."""
    monkeypatch.setenv("TEST_ASSETS", str(tmp_path))
    assert provide(Recipe("x-1", "x", "TEST_ASSETS", refuse)) == tmp_path


def test_a_variable_that_names_no_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped folder gets a sentence, not a build."""
    monkeypatch.setenv("TEST_ASSETS", str(tmp_path / "absent"))
    with pytest.raises(ServerUnavailable, match="which is no folder"):
        provide(Recipe("x-1", "x", "TEST_ASSETS", write))


def test_what_was_built_is_found_again(cache: Path) -> None:
    """A second run builds nothing."""
    assert cached("x-1", "x", write) == cache / "x-1"
    assert (cached("x-1", "x", refuse) / "program").read_text() == "built"


def test_a_failed_build_leaves_nothing_behind(cache: Path) -> None:
    """No half of a server is ever taken for one."""
    with pytest.raises(ServerUnavailable, match="no network"):
        cached("x-1", "x", refuse)
    assert [path.name for path in cache.iterdir()] == ["x-1.lock"]


def test_building_can_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not want to wait gets a skip that says why."""
    monkeypatch.setenv(BUILD_VARIABLE, "never")
    with pytest.raises(ServerUnavailable, match="forbids to build"):
        cached("x-1", "x", write)


def test_of_many_runs_one_builds() -> None:
    """The others wait for it and use what it made."""
    builds, gate = [], threading.Barrier(4)

    def build(target: Path, progress: Progress) -> None:
        builds.append(target)
        write(target, progress)

    def run() -> None:
        gate.wait()
        cached("x-1", "x", build)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
