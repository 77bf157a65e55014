"""What did a controller report, and of which object?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.place import BY_UID, KINDS_BY_NAME, Object, Place, group_of, present
from collectors.kubernetes.mapping.secrecy import REMOVED, without_random
from graph.model import Relation, Statement

LONGEST_NOTE = 1024
"""Characters of a note that are kept: the most that events.k8s.io allows. The older API allowed any number."""

_HARMLESS = r"HTTP probe failed with statuscode|Get \W+https?:|dial tcp|timeout: failed to connect|service unhealthy \("
_PRINTED = (
    re.compile(rf"^(\w+ probe (?:failed|warning|errored)[^:\n]*: )(?!{_HARMLESS}).+", re.DOTALL),
    re.compile(r"((?:Exec|HTTP) lifecycle hook \().+", re.DOTALL),
    re.compile(r"(exec:? \\?\").+", re.DOTALL),
)
"""What a program printed, and with which arguments it was called: the kubelet puts both into its notes."""

_STATIC = re.compile(r"[0-9a-f]{32}")
"""What the kubelet gives as the uid of a static pod: a hash, and not the uid of the pod in the API."""


def event(place: Place, item: Object) -> Iterator[Statement]:
    """State an Event and the objects that it is about. How often it came is kept as a lower bound: 1, 10, 100, ...

    When it last came is not kept, nor the number itself: these move for as long as what it reports goes on.
    """
    regarding, related = item.get("regarding") or {}, item.get("related") or {}
    source = place.of("k8s.event", item)
    old = item.get("deprecatedSource") or {}
    attributes = present(
        reason=item.get("reason"),
        type=item.get("type"),
        note=_note(item.get("note") or ""),
        action=item.get("action"),
        regarding=_named(regarding),
        field_path=regarding.get("fieldPath"),
        reporter=item.get("reportingController") or old.get("component"),
        reporting_instance=item.get("reportingInstance") or old.get("host"),
        first_at=item.get("eventTime") or item.get("deprecatedFirstTimestamp"),
        count_at_least=_magnitude(item),
    )
    yield entity(place, "k8s.event", item, attributes)
    yield from owners(place, source, item)
    for slot, reference in (("", regarding), ("related", related)):
        if reference.get("name"):
            group, kind = group_of(reference.get("apiVersion") or ""), reference.get("kind") or ""
            uid = _uid(KINDS_BY_NAME.get((group, kind)), reference)
            end = place.referred(group, kind, reference.get("namespace") or "", reference["name"], uid)
            if end is not None:
                yield Relation(source, "REGARDS", end, slot)


def _uid(kind: str | None, reference: Object) -> str | None:
    """Give the uid that is really one: the kubelet gives a node's name as its uid, and a hash as a static pod's."""
    uid = reference.get("uid")
    hashed = kind in BY_UID and isinstance(uid, str) and _STATIC.fullmatch(uid)
    return None if not uid or hashed or uid == reference["name"] else uid


def _note(text: str) -> str:
    """Give a note without what a program printed, its arguments, and what looks as only chance makes it."""
    for printed in _PRINTED:
        text = printed.sub(rf"\g<1>{REMOVED}", text)
    return without_random(text)[:LONGEST_NOTE]


def _named(reference: Object) -> str:
    parts = (reference.get("kind"), reference.get("namespace"), reference.get("name"))
    return "/".join(part for part in parts if part)


def _magnitude(item: Object) -> int:
    count: Any = (item.get("series") or {}).get("count") or item.get("deprecatedCount") or 1
    return int(10 ** (len(str(int(count))) - 1))
