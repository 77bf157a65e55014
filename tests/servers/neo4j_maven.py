"""How do the jars of a Maven project, and of all that it depends on, come here whole over a network that falters?"""

import shutil
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import Artifact, MavenContext, PythonResolver
from jgo.parse import Endpoint

from tests.servers.errors import ServerUnavailable
from tests.servers.progress import Progress

SCOPES = ("compile", "runtime")
AT_ONCE = 8
ATTEMPTS = 3
PAUSE_SECONDS = 1.0


def fetch(coordinates: str, target: Path, progress: Progress) -> None:
    """Fill the folder `target` with the jars of `coordinates`, joined by `+`, and of all that they depend on.

    Raises ServerUnavailable when Maven Central does not give them.
    """
    repository = target / "repository"  # never ~/.m2: what is kept there is not ours to lean on
    resolver = _Persistent(progress)
    context = MavenContext(resolver, repo_cache=repository)
    wanted = [context.create_dependency(each) for each in Endpoint.parse(coordinates).coordinates]
    try:
        given, others = resolver.resolve(wanted)
        artifacts = [each.artifact for each in (*given, *(other for other in others if other.scope in SCOPES))]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for count, jar in enumerate(pool.map(Artifact.resolve, artifacts), 1):
                jar.rename(target / jar.name)
                progress.report(f"fetched {count} of {len(artifacts)} jars")
    except (OSError, RuntimeError) as error:  # what requests and jgo raise
        reason = str(error)[:300]
        raise ServerUnavailable(f"Maven Central does not give {coordinates}, is there a network? {reason}") from error
    shutil.rmtree(repository)


class _Persistent(PythonResolver):
    """A resolver that fetches a file again when the network failed, and never leaves half of one."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._read = 0

    def download(self, artifact: Artifact) -> Path | None:
        """Return the file once it is whole."""
        for attempt in range(1, ATTEMPTS):
            try:
                return self._download_whole(artifact)
            except (OSError, RuntimeError):
                time.sleep(attempt * PAUSE_SECONDS)
        return self._download_whole(artifact)

    def _download_whole(self, artifact: Artifact) -> Path | None:
        try:
            found = super().download(artifact)
            self._look_at(found)
        except (OSError, RuntimeError, zipfile.BadZipFile) as error:
            if artifact.cached_path:
                artifact.cached_path.unlink(missing_ok=True)
            raise RuntimeError(f"{artifact}: {error}") from error
        return found

    def _look_at(self, found: Path | None) -> None:
        """Count a project's description; raise BadZipFile for a jar that arrived broken."""
        if found and found.suffix == ".pom":
            self._read += 1
            self._progress.report(f"read what {self._read} projects depend on")
        elif found and found.suffix == ".jar":
            with zipfile.ZipFile(found) as jar:
                if broken := jar.testzip():
                    raise zipfile.BadZipFile(f"{broken} is damaged")
