"""Who stops the servers when the test run that started them is killed? This process, which outlives it by a moment.

It is told of children and of their folders on its standard input (`+pid`, `-pid`, `+/folder`, `-/folder`). When that
ends, the run is gone, however it went: what is still registered is stopped or removed, the last first.
"""

import os
import shutil
import signal
import sys
import time


def main() -> None:
    """Follow the standard input to its end, then stop and remove all that was not taken off the list."""
    registered: list[str] = []
    for line in sys.stdin:
        name = line[1:].rstrip("\n")
        if line[0] == "+":
            registered.append(name)
        elif name in registered:
            registered.remove(name)
    for name in reversed(registered):
        if name.isdigit():
            stop(int(name), grace=3.0)
        else:
            shutil.rmtree(name, ignore_errors=True)


def stop(pid: int, *, grace: float) -> None:
    """End the process group `pid`: ask it, wait up to `grace` seconds, then kill it."""
    for number, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, 1.0)):
        end = time.monotonic() + wait
        try:
            os.killpg(pid, number)
            while time.monotonic() < end:
                os.killpg(pid, 0)
                time.sleep(0.05)
        except (ProcessLookupError, PermissionError):
            return


if __name__ == "__main__":
    main()
