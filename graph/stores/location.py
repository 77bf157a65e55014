"""Where is the store: in which file, or at which server? One answer for whoever writes it and whoever reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

STORE_VARIABLE = "ASBUILT_STORE"
"""The environment variable that names another store."""

_FILE = "sqlite"
_SERVER = ("bolt", "neo4j", "bolt+s", "neo4j+s")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)


class NoLocation(ValueError):
    """What was given is no place for a store.

    The message does not repeat it: there may be a password in it.
    """


@dataclass(frozen=True, slots=True)
class Server:
    """A Neo4j server, by its address."""

    url: str

    def __str__(self) -> str:
        """Write it as it was given."""
        return self.url


Location: TypeAlias = Path | Server
"""Where a store is."""


def location_of(text: str) -> Location:
    """Read what somebody gave: a path, `sqlite:///path`, or the address of a Neo4j server. Raise NoLocation."""
    found = _SCHEME.fullmatch(text)
    scheme, rest = (found[1].lower(), found[2]) if found else ("", "")
    if scheme == _FILE:
        return _file(rest)
    if scheme in _SERVER:
        return _server(scheme, rest)
    if rest.startswith("//"):
        known = ", ".join(f"{one}://host:7687" for one in _SERVER)
        raise NoLocation(f"no store has an address that begins with {scheme}://: give a path, or one of {known}")
    return Path(text).expanduser()


def _file(rest: str) -> Path:
    if not rest.startswith("///") or not rest.strip("/"):
        raise NoLocation(f"no file is named like that: write {_FILE}:///var/lib/asbuilt.db, or just a path")
    return Path("/" + unquote(rest.lstrip("/")))


def _server(scheme: str, rest: str) -> Server:
    if "@" in rest:
        raise NoLocation(
            f"a login in an address is seen by whoever lists the processes or reads a log: write {scheme}://host:7687,"
            " and set ASBUILT_NEO4J_USER and ASBUILT_NEO4J_PASSWORD_FILE (or ASBUILT_NEO4J_PASSWORD)"
        )
    if not _is_address(rest):
        raise NoLocation(f"a Neo4j server is named by its address and nothing else: write {scheme}://host:7687")
    return Server(f"{scheme}:{rest.rstrip('/')}")


def _is_address(rest: str) -> bool:
    """Tell whether what follows a scheme is // and a host, perhaps with a port."""
    try:
        parts = urlsplit(rest)
        host, port = parts.hostname, parts.port
    except ValueError:  # how it says that a port, or what stands in brackets, is none
        return False
    return bool(host) and port != 0 and not (parts.path.strip("/") or parts.query or parts.fragment)


def placed(url: str | None, path: str | None, folder: Path) -> Location | None:
    """Read what a configuration says: an address, or a path that begins at its folder. None: it says nothing."""
    if url:
        return location_of(url)
    place = location_of(path) if path else None
    return folder / place if isinstance(place, Path) else place


def default_location(environment: Mapping[str, str] | None = None) -> Location:
    """Give where the store is, if nobody says otherwise: $ASBUILT_STORE, or asbuilt/asbuilt.db among the user's data.

    The data folder is $XDG_DATA_HOME, or ~/.local/share (the XDG Base Directory Specification, which ignores relative
    paths). Raise NoLocation where the variable names none.
    """
    found = os.environ if environment is None else environment
    if named := found.get(STORE_VARIABLE):
        return location_of(named)
    data = Path(found.get("XDG_DATA_HOME", ""))
    folder = data if data.is_absolute() else Path.home() / ".local" / "share"
    return folder / "asbuilt" / "asbuilt.db"
