"""How is a value made fit to be kept? What looks secret leaves its place, not its trace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from collectors.contract import looks_secret, named_like_a_secret

REMOVED = "[removed]"
LONGEST_ANNOTATION = 256
LONGEST_VALUE = 4096
"""Characters of the longest value of a ConfigMap that may be shown."""
DEEPEST = 100
"""How deep a value that is kept may be nested: far beyond any real one, and far below what cannot be written."""

_IN_URL = re.compile(
    r"(?<=://)(?:[^\s/?#]+@"
    r"|(?!\[)[^\s/?#@:]*:(?!\d+(?:[/?#]|$))[^\s@]*@)"  # a password with a slash in it, which should have been escaped
)
_LOGIN = re.compile(r"(?<![^\s\"'`=,(;/])[^\s/@:\"'`=,(;]*:[^\s/@]+@(?!sha\d+:)(?=[^\s/@:(]+[/:(])")
"""A login before a host, without a scheme: `shop:hunter22@registry.example.com/shop/cart:1.2.0`."""
_QUERY = re.compile(r"(://[^\s?#\"'<>]*)(?:\?[^\s\"'<>]+|#[^\s\"'<>]*=[^\s\"'<>]*)")
"""What stands behind the path of an address: where tokens and signatures are."""
_WORD = re.compile(r"[A-Za-z0-9+_=-]{20,}")
_DIGEST = re.compile(r"\b[0-9a-f]{32,}\b", re.IGNORECASE)
_PASS = re.compile(r"pass(?![a-z])", re.IGNORECASE)
"""`DB_PASS`, `requirepass`: too much of what is no secret ends so for it to decide about names."""

_KEYED = re.compile(r"(?:key|salt|cookie|hmac|(?<![a-z])(?:pin|otp))[\"']?(?:\s*[=:]|$)", re.IGNORECASE)
"""`db.key=`, `session_cookie`: much of what is called so is no secret, and some is."""

DROPPED_ANNOTATIONS = frozenset(
    {
        # What moves in a quiet world:
        "autoscaling.alpha.kubernetes.io/conditions",
        "autoscaling.alpha.kubernetes.io/current-metrics",
        "cluster-autoscaler.kubernetes.io/last-updated",
        "control-plane.alpha.kubernetes.io/leader",
        "endpoints.kubernetes.io/last-change-trigger-time",
        "node.alpha.kubernetes.io/ttl",
    }
)

_OBJECT_AGAIN = re.compile(r"last-?applied|objectset\.rio\.cattle\.io/applied|kapp\.k14s\.io/original", re.IGNORECASE)
_OBJECT = re.compile(r"\bapiVersion\b|\bstringData\b")
"""What a text has in it that holds an object, be it as JSON or YAML."""
_SECRET_OBJECT = re.compile(r"\bkind\\*[\"']?\s*:\s*\\*[\"']?Secret\b|\bstringData\\*[\"']?\s*:")
_CODE = re.compile(r"-snippet$")
"""How annotations end that are a piece of a web server's configuration: headers with tokens in them, and anything."""


def holds_the_object(annotation: str) -> bool:
    """Tell whether an annotation holds the object again as somebody applied it, with the values of Secrets."""
    return _OBJECT_AGAIN.search(annotation) is not None


def looks_random(text: str) -> bool:
    """Tell whether a word in a text is made of letters and digits as only chance makes them."""
    return len(text) > 19 and any(_is_random(word) for word in _WORD.findall(text))


def without_random(text: str) -> str:
    """Give a text without such words."""
    return _WORD.sub(lambda found: REMOVED if _is_random(found[0]) else found[0], text)


def _is_random(word: str) -> bool:
    """Tell by how often its letters and digits take turns: seldom in names, also where these are put together."""
    sorts = ["a" if one.islower() else "A" if one.isupper() else "0" if one.isdigit() else "-" for one in word]
    if min(sorts.count("a"), sorts.count("A"), 2 * sorts.count("0")) < 2:
        return False
    return sum(one != other and "-" not in (one, other) for one, other in pairwise(sorts)) > 0.35 * len(word)


@lru_cache(maxsize=16_384)  # images, labels and names repeat across an estate
def clean_text(text: str) -> str:
    """Give a text without credentials in addresses, or `[removed]` where it still looks secret."""
    if "://" in text:
        text = _QUERY.sub(rf"\1?{REMOVED}", _IN_URL.sub(f"{REMOVED}@", text))
        text = without_random(text)
    if "@" in text:
        text = _LOGIN.sub(f"{REMOVED}@", text)
    return REMOVED if looks_secret(text) or _SECRET_OBJECT.search(text) else text


def clean(value: Any) -> Any:
    """Give a value with every text in it cleaned: itself, where nothing looks secret.

    Raise TypeError for what is no JSON, and ValueError for what is nested too deeply.
    """
    return _cleaned(value) if _is_unclean([value], 0) else value


def _is_unclean(value: Any, depth: int) -> bool:
    """Tell whether a map or a list has something unclean in it. To its end, for all of it must be JSON."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    unclean, entries = False, value
    if type(value) is dict:  # plain loops: every value of a first load comes by here
        entries = value.values()
        for name in value:
            if type(name) is not str:
                raise TypeError("a name that is no text")
            if len(name) > 7 and clean_text(name) != name:
                unclean = True
    for entry in entries:
        kind = type(entry)
        if kind is str:
            if len(entry) > 7 and clean_text(entry) != entry:
                unclean = True
        elif (kind is dict or kind is list or kind is tuple) and _is_unclean(entry, depth + 1):
            unclean = True
    return unclean


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(name): _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return value


def kept_annotations(annotations: Mapping[str, Any]) -> dict[str, str]:
    """Keep the annotations that are short, quiet and nobody's secret."""
    return {name: value for name, value in sorted(annotations.items()) if _may_be_named(name) and _may_be_noted(value)}


@lru_cache(maxsize=4_096)
def _may_be_named(name: str) -> bool:
    if name in DROPPED_ANNOTATIONS or _CODE.search(name):
        return False
    return not named_like_a_secret(name) and not holds_the_object(name)


def _may_be_noted(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_ANNOTATION:
        return False
    text = _IN_URL.sub("", value) if "://" in value else value  # a login is taken out, and the rest may stay
    return not looks_secret(text) and not looks_random(text) and not _OBJECT.search(text)


def may_be_shown(key: str, value: Any) -> bool:
    """Tell whether a value of a ConfigMap may be kept in clear, where that was asked for.

    Strict: a text that has a word for a secret in it anywhere, or anything that could be one, is not shown.
    """
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_VALUE
        and not any(named_like_a_secret(text) or _PASS.search(text) or _KEYED.search(text) for text in (key, value))
        and clean_text(value) == value
        and not looks_random(value)
        and not _DIGEST.search(value)
    )
