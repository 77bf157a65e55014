"""What does `asbuilt discover` do, as a process of its own, and what does that cost?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def discovering(
    kubeconfig: Path, folder: Path, port: int, *, timing: str = "interval: 15s, stale_after: 90s"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `asbuilt discover` over a cluster, with its defaults but for timing. Its store is `a.db` in the folder."""
    (folder / "asbuilt.yaml").write_text(
        f"store: {{path: a.db}}\nmetrics: {{port: {port}}}\nsources:\n"
        f"  bench: {{type: kubernetes, kubeconfig: '{kubeconfig}', {timing}}}\n"
    )
    command = [str(Path(sys.executable).with_name("asbuilt")), "discover", "--config", str(folder / "asbuilt.yaml")]
    with (folder / "discover.log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)
            print((folder / "discover.log").read_text()[-2000:], file=sys.stderr)


def metric(port: int, name: str) -> float:
    """Sum a metric over its labels; 0 while nobody shows it."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return 0.0
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE))


def cpu_of(pid: int) -> float:
    """Give the CPU seconds of a process, user and system."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def peak_of(pid: int) -> int:
    """Give the most megabytes that a process has had resident."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(dict(line.split(":", 1) for line in lines)["VmHWM"].split()[0]) // 1024
