"""Which store does the configuration here name, for who asks a question and reads nothing else of it?

Who collects reads all of that file, and holds it to its form (`asbuilt check`). Here only the place counts: an answer
from another store than the one that is written to would look right, and be wrong.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from graph.stores.location import STORE_VARIABLE, Location, NoLocation, default_location, placed

FILE = "asbuilt.yaml"
"""Read from the working directory, unless --config or ASBUILT_CONFIG names another."""

VARIABLE = "ASBUILT_CONFIG"
"""The environment variable that names another file."""


def usual_location(environment: Mapping[str, str] | None = None) -> Location:
    """Give where the store is, if no command is told: as the environment says, else as configured, else as ever.

    Raise NoLocation where what is configured cannot be read, or is no place for a store.
    """
    found = os.environ if environment is None else environment
    usual = default_location(found)
    return usual if found.get(STORE_VARIABLE) else _configured(found) or usual


def _configured(environment: Mapping[str, str]) -> Location | None:
    named = environment.get(VARIABLE)
    file = Path(named).expanduser() if named else Path(FILE)
    if not named and not file.exists():
        return None
    store = _section(file)
    if store is None:
        return None
    url, path = (store.get(name) for name in ("url", "path"))
    if not all(one is None or isinstance(one, str) for one in (url, path)):
        raise NoLocation(f"{file}: store.url and store.path are texts: run `asbuilt check`, or give --store")
    return placed(url, path, file.parent)


def _section(file: Path) -> Mapping[str, Any] | None:
    """Read what the file says of the store. It may say nothing."""
    try:
        read = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        told = f"{file}, which says where the store is, cannot be read ({type(error).__name__})"
        raise NoLocation(f"{told}: run `asbuilt check`, or give --store") from None
    store = read.get("store") if isinstance(read, Mapping) else None
    if store is not None and not isinstance(store, Mapping):
        raise NoLocation(f"{file}: `store` has to hold url or path: run `asbuilt check`, or give --store")
    return store
