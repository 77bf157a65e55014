"""What of a value that a row keeps is a secret by its name, and is taken out of it?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from collectors.contract import named_like_a_secret
from collectors.kubernetes.mapping.secrecy import REMOVED, holds_the_object

VALUES = frozenset({"value", "values", "default", "plain", "plaintext", "inline", "text", "raw", "data", "stringData"})
"""How a field is called that holds what another names: the one beside it, or the one that it stands under."""

_NAMES = ("name", "key", "header")
"""How a field is called that names what stands beside it."""

_HARMLESS = re.compile(r"(?:Names?|Refs?|Kind|Namespace|Type)$")
_PLAIN = frozenset({"name", "names", "namespace", "kind", "type", "group", "apiVersion", "apiGroup"})


def names_a_secret(step: str) -> bool:
    """Tell whether what stands under a name is a secret itself, and not only the name of one."""
    return named_like_a_secret(step) and not _HARMLESS.search(step)


def leads_to_a_secret(path: tuple[str, ...]) -> bool:
    """Tell whether the last step of a path is named like a secret, or gives the value of a step that is."""
    *around, last = path
    return (
        names_a_secret(last)
        or holds_the_object(last)
        or (last in VALUES and any(names_a_secret(one) for one in around))
    )


def is_named_so(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry says in one of its fields that its value is a secret."""
    return any(isinstance(entry.get(word), str) and names_a_secret(entry[word]) for word in _NAMES)


def without_secrets(value: Any, *, secret: bool = False) -> Any:
    """Give a value without the texts in it that are secrets: by the name that they stand under, or beside.

    secret: whether it stands under such a name itself. What names something there (`name`, `secretRef`) stays.
    """
    if isinstance(value, dict):
        named = is_named_so(value)
        manifest = value.get("kind") == "Secret"
        return {
            name: without_secrets(
                inner,
                secret=names_a_secret(name)
                or holds_the_object(name)
                or (named and name in VALUES)
                or (manifest and name in ("data", "stringData"))
                or (secret and name not in _PLAIN and not _HARMLESS.search(name)),
            )
            for name, inner in value.items()
        }
    if isinstance(value, list):
        before = ["", *value]
        return [
            without_secrets(inner, secret=secret or _asks_for_one(one))
            for one, inner in zip(before, value, strict=False)
        ]
    return REMOVED if secret and isinstance(value, str) else value


def _asks_for_one(argument: Any) -> bool:
    """Tell whether an argument of a program says that the next one is a secret: `--password`."""
    return (
        isinstance(argument, str) and argument.startswith("-") and "=" not in argument and named_like_a_secret(argument)
    )
