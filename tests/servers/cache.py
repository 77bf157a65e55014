"""Where does a server come from: the environment, what an earlier run left behind, or a build right now?"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.errors import ServerUnavailable
from tests.servers.progress import Progress

CACHE_VARIABLE = "ASBUILT_SERVERS_CACHE"
BUILD_VARIABLE = "ASBUILT_SERVERS_BUILD"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What gives one version of one server: the variable that names a ready one, and the build that makes it.

    `build` fills the empty folder it is given; `name` holds every version it depends on, for it is the cache's key.
    """

    name: str
    title: str
    variable: str | None
    build: Callable[[Path, Progress], None]


def cache_folder() -> Path:
    """Return the folder of what earlier runs built: `ASBUILT_SERVERS_CACHE`, else `~/.cache/asbuilt/servers`."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "asbuilt" / "servers"


def provide(recipe: Recipe) -> Path:
    """Return a folder that holds the server, taking the first of: the variable, the cache, a build.

    Raises ServerUnavailable, in one sentence, when none of the three gives it.
    """
    chosen = os.environ.get(recipe.variable) if recipe.variable else None
    if chosen:
        folder = Path(chosen).expanduser().absolute()
        if not folder.is_dir():
            raise ServerUnavailable(f"{recipe.variable} names {folder}, which is no folder; correct or unset it")
        return folder
    return cached(recipe.name, recipe.title, recipe.build)


def cached(name: str, title: str, build: Callable[[Path, Progress], None]) -> Path:
    """Return the cache entry `name`, built first where there is none.

    Of many test runs at once one builds and the others wait. The entry appears whole or not at all: it is built
    beside its place and moved there by one rename.
    """
    entry = cache_folder() / name
    if entry.is_dir():
        return entry
    if os.environ.get(BUILD_VARIABLE) == "never":
        raise ServerUnavailable(f"{title} is in no cache, and {BUILD_VARIABLE}=never forbids to build it")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerUnavailable(f"the cache folder cannot be made ({error}); set {CACHE_VARIABLE}") from error
    progress = Progress(title)
    with _alone(entry.with_name(f"{name}.lock"), progress):
        if not entry.is_dir():  # else another run published it while this one waited
            _publish(entry, build, progress)
    return entry


def _publish(entry: Path, build: Callable[[Path, Progress], None], progress: Progress) -> None:
    staging = Path(tempfile.mkdtemp(prefix=f".{entry.name}.", dir=entry.parent))
    try:
        build(staging, progress)
        staging.chmod(0o755)
        staging.rename(entry)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    progress.done(f"kept in {entry}")


@contextmanager
def _alone(lock: Path, progress: Progress) -> Iterator[None]:
    """Hold the file lock; the operating system releases it should this process die."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.report("another test run is building it; waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
