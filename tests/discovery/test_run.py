"""Do the real commands, as processes of their own, start, tell, stop and die as they should?"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

ASBUILT = Path(sys.executable).with_name("asbuilt")
START_WITHIN = 60.0

pytestmark = pytest.mark.skipif(not ASBUILT.exists(), reason="asbuilt is not installed beside this Python")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No cluster, no configuration, and a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASBUILT_")}
    return {**kept, "KUBECONFIG": str(tmp_path / "none"), "XDG_DATA_HOME": str(tmp_path / "data")}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def running(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command that stays; end it whatever happens."""
    process = subprocess.Popen(
        [ASBUILT, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """Read what a process says, until a line has the wanted words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if wanted in line:
            return said
    raise AssertionError(f"'{wanted}' was never said:\n{said}")


def answers(port: int) -> bool:
    """Tell whether the server answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def eventually_silent(port: int) -> bool:
    """Wait until the server answers no more."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not answers(port):
            return True
        time.sleep(0.05)
    return False


def test_once_reads_the_recording(tmp_path: Path, environment: dict[str, str]) -> None:
    """Without configuration or cluster the recording is read, which is said; a second look finds nothing new."""
    looks = []
    for _ in range(2):
        done = subprocess.run(
            [ASBUILT, "once", "--output", "json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "replaying the recording that comes with Asbuilt" in done.stderr
        looks += json.loads(done.stdout)["looks"]
    assert [look["complete"] for look in looks] == [True, True]
    first, second = (sum(scope["opened"] for scope in look["scopes"]) for look in looks)
    assert first > 100
    assert second == 0
    assert (tmp_path / "data" / "asbuilt" / "asbuilt.db").exists()


@pytest.mark.slow
def test_a_question_is_answered_from_the_store_that_is_configured(tmp_path: Path, environment: dict[str, str]) -> None:
    """And not from the one that everybody has, which is another record."""
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "asbuilt.yaml").write_text("store: {path: mine.db}\nsources: {demo: {type: replay}}\n")
    told = []
    for command in (["once"], ["list", "--kind", "k8s.node", "--output", "json"]):
        done = subprocess.run(
            [ASBUILT, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert json.loads(told[1])["data"]
    assert (folder / "mine.db").exists()
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_run_tells_what_it_knows_and_stops_when_asked(tmp_path: Path, environment: dict[str, str]) -> None:
    """The server answers, a key and three commands are shown that work, and SIGINT stops both within seconds."""
    port = free_port()
    with running(tmp_path, environment, "run", "--port", str(port), "--store", "graph.db") as process:
        said = read_until(process, "until you press Ctrl-C")
        assert answers(port)
        assert f"http://127.0.0.1:{port}/docs" in said
        commands = [line.split() for line in said.splitlines() if line.startswith("  ") and "--store" in line]
        assert [command[1] for command in commands] == ["where", "changes", "sources"]
        for command in commands:
            tried = subprocess.run(
                [ASBUILT, *command[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert tried.returncode == 0, tried.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert eventually_silent(port)


@pytest.mark.slow
def test_nothing_outlives_a_killed_run(tmp_path: Path, environment: dict[str, str]) -> None:
    """After kill -9 of the one the other ends too, and the store can be written again."""
    port = free_port()
    with running(tmp_path, environment, "run", "--port", str(port), "--store", "graph.db") as process:
        read_until(process, "until you press Ctrl-C")
        process.kill()
        assert eventually_silent(port)
    done = subprocess.run(
        [ASBUILT, "once", "--store", "graph.db"], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_run_stops_when_the_server_cannot_serve(tmp_path: Path, environment: dict[str, str]) -> None:
    """A port that is taken stops discovery too, and both say why."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [ASBUILT, "run", "--port", str(port), "--store", "graph.db"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=START_WITHIN,
            check=False,
        )
    assert done.returncode not in (0, None)
    assert "'serve' ended by itself" in done.stderr
    assert "Try:" not in done.stdout


@pytest.mark.slow
def test_discover_holds_the_store_until_it_is_stopped(tmp_path: Path, environment: dict[str, str]) -> None:
    """A second writer is refused with a sentence and code 3; SIGTERM ends the first with 0; metrics are served."""
    port = free_port()
    (tmp_path / "asbuilt.yaml").write_text(
        f"metrics: {{port: {port}}}\nsources:\n  recording: {{type: replay, interval: 1s}}\n"
    )
    with running(tmp_path, environment, "discover", "--store", "graph.db") as process:
        read_until(process, "source is read")
        second = subprocess.run(
            [ASBUILT, "discover", "--store", "graph.db"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 3
        assert f"process {process.pid} already writes to graph.db" in second.stderr
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b'asbuilt_runs_total{outcome="complete",source="recording"}' in answer.read()
        process.terminate()
        assert process.wait(10) == 0
