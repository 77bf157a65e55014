"""Where is the store, if nobody says otherwise? One answer for whoever writes it and whoever reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STORE_VARIABLE = "ASBUILT_STORE"
"""The environment variable that names another file."""


def default_store(environment: Mapping[str, str] | None = None) -> Path:
    """Give the path of the embedded store: $ASBUILT_STORE, or asbuilt/asbuilt.db in the user's data folder.

    The data folder is $XDG_DATA_HOME, or ~/.local/share (the XDG Base Directory Specification, which ignores relative
    paths).
    """
    found = os.environ if environment is None else environment
    if named := found.get(STORE_VARIABLE):
        return Path(named).expanduser()
    data = Path(found.get("XDG_DATA_HOME", ""))
    folder = data if data.is_absolute() else Path.home() / ".local" / "share"
    return folder / "asbuilt" / "asbuilt.db"
