"""Which settings are secrets, and what are they? A configuration names where a secret is kept, and never holds one."""

from __future__ import annotations

import os
import re
import typing
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from collectors.contract import looks_secret, named_like_a_secret
from discovery.marks import Path

_PLACE = re.compile(r"(?:config|file|path|dir|name|user|id|url|uri|endpoint|mode|type|timeout)$", re.IGNORECASE)
"""Names that say where something is, or how it is used, and so hold no secret themselves."""

HOW = "write {env: NAME} to take it from the environment, or {file: path} to read it from a file"

Complain = Callable[[Path, str], None]


class NoSecret(Exception):
    """A reference leads to nothing."""


def declares_secret(annotation: object) -> bool:
    """Tell whether a type says that its value is a secret."""
    if annotation in (SecretStr, SecretBytes):
        return True
    return any(declares_secret(inner) for inner in typing.get_args(annotation))


def secret_names(model: type[BaseModel]) -> frozenset[str]:
    """List the fields that a model declares as secrets, by every name that they may be given."""
    fields = model.model_fields.items()
    return frozenset(
        given for name, field in fields if declares_secret(field.annotation) for given in (name, field.alias) if given
    )


def resolved(data: Any, path: Path, declared: frozenset[str], folder: FilePath, complain: Complain) -> Any:
    """Give data with each reference replaced by the secret that it names.

    A literal where a secret belongs, or that looks like one, is complained about and left out; so is a reference to
    nothing.
    """
    if isinstance(data, Mapping):
        kept = {}
        for name, value in data.items():
            deeper = (*path, name)
            if _is_secret(name, declared):
                kept[name] = _secret(value, deeper, folder, complain)
            else:
                kept[name] = resolved(value, deeper, declared, folder, complain)
        return kept
    if isinstance(data, list):
        return [resolved(value, (*path, index), declared, folder, complain) for index, value in enumerate(data)]
    if isinstance(data, str) and looks_secret(data):
        complain(path, f"looks like a secret, and no secret belongs in this file: {HOW}")
        return None
    return data


def _is_secret(name: str, declared: frozenset[str]) -> bool:
    return name in declared or (named_like_a_secret(name) and not _PLACE.search(name))


def _secret(value: Any, path: Path, folder: FilePath, complain: Complain) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_secret(one, (*path, index), folder, complain) for index, one in enumerate(value)]
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, place),) = value.items()
        if kind in ("env", "file") and isinstance(place, str) and place:
            try:
                return _from_environment(place) if kind == "env" else _from_file(place, folder)
            except NoSecret as error:
                complain((*path, kind), str(error))
                return None
    complain(path, f"is a secret, and no secret belongs in this file: {HOW}")
    return None


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise NoSecret(f"the environment variable {name} is not set: export it before asbuilt starts")
    return value


def _from_file(name: str, folder: FilePath) -> str:
    place = folder / FilePath(name).expanduser()
    try:
        text = place.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoSecret(
            f"{place} cannot be read ({type(error).__name__}): correct the path or its permissions"
        ) from None
    if not text:
        raise NoSecret(f"{place} is empty: write the secret into it")
    return text
