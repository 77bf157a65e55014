"""What does an API server tell as it happens? One connection of a watch: lines of JSON, each an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from secrets import SystemRandom
from typing import Any
from urllib.parse import urlencode

import orjson

from collectors.contract import CollectorError, Failed, Outdated, Unwatchable
from collectors.kubernetes.client import METADATA_ONLY, Client, Wanted

ONE_BY_ONE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""How a watch asks for metadata only: its events hold objects one by one, and no list."""

LASTS = (300, 600)
"""Seconds after which the server is asked to end a connection: somewhere between, so that not all end at once."""

LONGEST = 64 * 1024 * 1024
"""Bytes that one event may have: far beyond any object, and a bound on what a stream without lines can take."""

_random = SystemRandom()


class Watch:
    """One open connection that tells of changes after a position."""

    def __init__(self, client: Client, wanted: Wanted, since: int, silence: float) -> None:
        """Ask, and raise what the refusal means where the server does not begin to tell."""
        query = {
            "watch": "1",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": _random.randint(*LASTS),
        }
        joint = "&" if "?" in wanted.path else "?"
        self._what = f"{wanted.what}, watch"
        self._metadata_only = wanted.accept == METADATA_ONLY
        accept = ONE_BY_ONE if self._metadata_only else wanted.accept
        self._stream = client.open(wanted, f"{wanted.path}{joint}{urlencode(query)}", accept, self._what, silence)

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the type and the object of each event, to the end of the connection. Raise CollectorError."""
        for line in _lines(self._stream.chunks(), self._what):
            type_, object_ = self._decoded(line)
            if type_ == "ERROR":
                raise _said(self._what, object_)
            if self._metadata_only and object_.get("kind") != "PartialObjectMetadata":
                raise Unwatchable(f"{self._what}: the server sent more than metadata, which was thrown away unread")
            yield type_, object_

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def _decoded(self, line: bytes) -> tuple[str, dict[str, Any]]:
        try:
            event = orjson.loads(line)
            type_, object_ = event["type"], event["object"]
            if not isinstance(type_, str) or not isinstance(object_, dict):
                raise TypeError
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Failed(
                f"{self._what}: a line of {len(line)} bytes that is no event; it is asked again from the last one"
            ) from None
        return type_, object_


def _lines(chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """Put lines together from what comes. Raise Failed where the end comes in the middle of one."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = b"".join([*held, end])
            held.clear()
            size = 0
            if line.strip():
                yield line
        if rest:
            held.append(rest)
            size += len(rest)
        if size > LONGEST:
            raise Failed(f"{what}: {size} bytes without the end of an event; check what stands in between")
    if held:
        raise Failed(f"{what}: cut in the middle of an event; it is asked again from the last whole one")


def _said(what: str, status: dict[str, Any]) -> CollectorError:
    """Say what an event of the type ERROR means, by its code."""
    code, details = status.get("code"), status.get("details")
    if code == 410:
        return Outdated(f"{what}: the server has forgotten what came after the last event (410); it is listed again")
    after = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    reason = status.get("reason")
    told = f"{code} {reason}" if isinstance(reason, str) and reason.isalnum() else str(code)
    return Failed(
        f"{what}: the server ended it with an error ({told}); it is asked again from the last event",
        retry_after=float(after) if isinstance(after, int) else None,
    )
