"""How do two processes live and die together? `run` is discovery in this one, and `serve` in another beside it."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from multiprocessing import get_context, parent_process
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C, SIGTERM or a closed terminal sets. A second one ends the process the hard way."""
    stop = threading.Event()

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    former = {number: signal.signal(number, ask_to_stop) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def invoked_as() -> str:
    """Give what to type to call `asbuilt` again: its name where the shell finds it, else the way to it."""
    return "asbuilt" if shutil.which("asbuilt") else os.path.relpath(sys.argv[0])


class Companion:
    """Another process of Asbuilt's, `asbuilt` with some arguments, which never outlives this one."""

    def __init__(self, arguments: Sequence[str]) -> None:
        # spawn: a fresh interpreter, for this one has threads, and perhaps an open store.
        self._process = get_context("spawn").Process(target=be, args=(list(arguments),), daemon=True)
        self._process.start()

    @property
    def exit_code(self) -> int | None:
        """Give its exit code (negative: the signal that ended it); None while it lives."""
        return self._process.exitcode

    def stop(self, seconds: float = 5.0) -> None:
        """Ask it to end, and end it where it does not within so many seconds."""
        self._process.terminate()
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()

    def answers(self, host: str, port: int, path: str, seconds: float, stop: threading.Event) -> bool:
        """Wait until it answers over HTTP; tell whether it does within so many seconds, and while it lives."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.exit_code is None and not stop.is_set():
            connection = http.client.HTTPConnection(host, port, timeout=1.0)
            try:
                connection.request("GET", path)
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return self.exit_code is None
            except (OSError, http.client.HTTPException):
                pass  # not yet
            finally:
                connection.close()
            stop.wait(0.1)
        return False


def be(arguments: list[str]) -> None:
    """Be `asbuilt` with these arguments, in the new process: find the command as its script would, and run it."""
    os.setsid()  # Ctrl-C reaches the first process alone, which then stops this one in order
    threading.Thread(target=_end_with_parent, daemon=True).start()
    [script] = entry_points(group="console_scripts", name="asbuilt")
    sys.argv = ["asbuilt", *arguments]
    sys.exit(script.load()())


def _end_with_parent() -> None:
    """End once the first process is gone, even where it was killed and could stop nobody."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
