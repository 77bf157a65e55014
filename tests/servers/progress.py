"""How far is what takes minutes? One line on the terminal, refreshed where there is one."""

import os
import sys
import time
from typing import TextIO

REFRESH_TERMINAL = 0.2
REFRESH_PLAIN = 15.0


class Progress:
    """Show the state of one long piece of work on standard error.

    Writes to the stream that Python started with, so that a test runner which replaced `sys.stderr` does not swallow
    it. On a terminal one line is rewritten; elsewhere (CI) a line appears every fifteen seconds.
    """

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        """Begin the work called `title`; nothing is written before the first report."""
        self._title = title
        self._stream = stream or sys.__stderr__ or sys.stderr
        self._terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()
        self._shown = float("-inf")
        self._open = False

    def report(self, state: str) -> None:
        """Show `state`, unless the last one was shown a moment ago."""
        now = time.monotonic()
        if now - self._shown >= (REFRESH_TERMINAL if self._terminal else REFRESH_PLAIN):
            self._shown = now
            self._write(state)

    def done(self, state: str) -> None:
        """Show the last state, whenever the one before was shown, and end the line."""
        self._write(state)
        if self._open:
            self._stream.write("\n")
            self._open = False
        self._stream.flush()

    def _write(self, state: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        line = f"{self._title}: {state} ({minutes}:{seconds:02d})"
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line[:150]}")
            self._open = True
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()
