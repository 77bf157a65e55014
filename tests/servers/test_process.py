"""Is a child server awaited, explained when it fails, and gone when the test run is, however that ended?"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers.errors import NotInTime, ServerDied
from tests.servers.process import Child, free_port, wait_for, without_proxies

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(600)",
]
PARENT = """
import os, sys, time
from tests.servers.process import Child, make_folder
folder = make_folder("test")
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], log=folder / "log")
print(child.pid, folder, flush=True)
time.sleep(600)
"""


def test_a_server_that_dies_says_its_last_words(tmp_path: Path) -> None:
    """The end of its log is in the error."""
    child = Child("talker", [sys.executable, "-c", "raise SystemExit('no such port')"], log=tmp_path / "log")
    with pytest.raises(ServerDied, match="talker ended with code 1:\nno such port"):
        child.wait_ready(lambda: False)
    child.stop()


def test_a_server_that_is_late_is_told(tmp_path: Path) -> None:
    """A deadline ends the waiting."""
    child = Child("sleeper", SLEEPER, log=tmp_path / "log")
    with pytest.raises(ServerDied, match="not ready after 0 s"):
        child.wait_ready(lambda: False, timeout=0.2)
    child.stop()
    assert not child.alive


def test_a_server_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """SIGTERM first, then what cannot be ignored."""
    child = Child("stubborn", [*STUBBORN[:1], "-u", *STUBBORN[1:]], log=tmp_path / "log")
    child.wait_ready(lambda: "deaf" in (tmp_path / "log").read_text())
    child.stop(grace=0.2)
    assert not child.alive


def test_children_end_with_a_run_that_was_killed() -> None:
    """Also SIGKILL, which no handler sees, leaves no server and no folder behind."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid, folder = int((words := parent.stdout.readline().split())[0]), Path(words[1])
        assert running(pid)
        assert folder.is_dir()
        time.sleep(0.2)  # the guardian has read its line
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: not running(pid) and not folder.exists(), what="the end of the orphan", timeout=10)


def running(pid: int) -> bool:
    """Tell whether the process runs; a zombie that nobody reaps does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_waiting_ends_with_what_was_seen() -> None:
    """The first true look is the answer; a late one names what was awaited."""
    looks = iter([0, 0, 7])
    assert wait_for(lambda: next(looks), what="seven") == 7
    with pytest.raises(NotInTime, match="the moon did not come within 0 s; last seen: 0"):
        wait_for(lambda: 0, what="the moon", timeout=0.1)


def test_ports_and_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A free port is one of the loopback's; no child of ours is told of a proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere:3128")
    assert 0 < free_port() < 65536
    assert "HTTPS_PROXY" not in without_proxies()
