"""How is a child server started, awaited and stopped, and what remains of it when the test run dies?"""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tests.servers import guardian
from tests.servers.errors import NotInTime, ServerDied

LAST_LINES = 15
TICK = 0.05

Seen = TypeVar("Seen")


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on now; another may take it before its user does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(look: Callable[[], Seen], *, what: str, timeout: float = 30.0, tick: float = TICK) -> Seen:
    """Return what `look` returns as soon as it is true; raise NotInTime, with `what` and the last look, when late."""
    end = time.monotonic() + timeout
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise NotInTime(f"{what} did not come within {timeout:.0f} s; last seen: {seen!r}"[:2000])
        time.sleep(tick)


class Child:
    """One running server: its process, its log, and how it is stopped.

    It leads a process group of its own, so that Ctrl-C reaches the test run and not the server, and it never outlives
    the test run: it is stopped at the interpreter's exit, and by the guardian when there is no such exit.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start `command`, its output going to the file `log`; without `environment` it sees no proxy settings."""
        self.name = name
        self.log = log
        seen = environment if environment is not None else without_proxies()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=seen, start_new_session=True
            )
        _running.append(self)
        _guardian.tell(f"+{self.pid}")

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def wait_ready(self, ready: Callable[[], bool], *, timeout: float = 60.0) -> None:
        """Return once `ready` says so; raise ServerDied with the last lines of the log if it dies or is late first."""
        end = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise ServerDied(f"{self.name} ended with code {self._process.returncode}:\n{self.last_lines()}")
            if time.monotonic() > end:
                raise ServerDied(f"{self.name} was not ready after {timeout:.0f} s:\n{self.last_lines()}")
            time.sleep(TICK)

    def last_lines(self, count: int = LAST_LINES) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def stop(self, *, grace: float = 10.0) -> None:
        """Ask the server to end, wait up to `grace` seconds, then kill it; a server that has ended is left alone."""
        if self.alive:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """End the server at once (SIGKILL): it finishes nothing, and says goodbye to nobody."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        if self in _running:
            _running.remove(self)
            _guardian.tell(f"-{self.pid}")


def make_folder(name: str) -> Path:
    """Make a temporary folder for what a server keeps; it never outlives the test run."""
    folder = Path(tempfile.mkdtemp(prefix=f"asbuilt-{name}-"))
    _folders.append(folder)
    _guardian.tell(f"+{folder}")
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder that `make_folder` made, with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder in _folders:
        _folders.remove(folder)
        _guardian.tell(f"-{folder}")


def without_proxies() -> dict[str, str]:
    """Return the environment without proxy settings: what talks over loopback must not go through one."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


class _Guardian:
    """The process that outlives a killed test run, started with the first child."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def tell(self, message: str) -> None:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-S", "-E", guardian.__file__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    start_new_session=True,
                )
            if self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.write(f"{message}\n")
                    self._process.stdin.flush()

    def dismiss(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()


_running: list[Child] = []
_folders: list[Path] = []
_guardian = _Guardian()


@atexit.register
def _stop_all() -> None:
    for child in reversed(list(_running)):
        child.stop()
    for folder in _folders:
        remove_folder(folder)
    _guardian.dismiss()
