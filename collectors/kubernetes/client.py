"""What did the API server say: a complete page, a refusal, or something that cannot be used?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from collectors.contract import CollectorError, Failed, Forbidden, Outdated, Unwatchable
from collectors.kubernetes.connection import Answer, Stream, Wire
from collectors.kubernetes.grants import wanting

JSON = "application/json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""No fallback beside it: a server that cannot leave the values out must refuse (406)."""


class Expired(CollectorError):
    """The listing's instant was compacted away (410): what was read of it cannot be completed, so begin again."""


class NotFound(Failed):
    """There is no such path (404)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: in words, for errors; the permission that it takes; the path; and the media type."""

    what: str
    permission: str
    path: str
    accept: str = JSON


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: raw objects, the instant it shows, and where it goes on ("" at the end)."""

    items: list[Any]
    position: int
    continue_: str


class Client:
    """Asks by GET, and turns every answer but a complete one into an error that names what failed and what to do."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def read(self, wanted: Wanted) -> dict[str, Any]:
        """Read one JSON object, or raise CollectorError."""
        return self._decoded(wanted, self._answer(wanted, wanted.path, wanted.what), wanted.what)

    def find(self, wanted: Wanted) -> dict[str, Any] | None:
        """Read one object, or give None where the server itself says that there is none of that name."""
        answer = self._answer(wanted, wanted.path, wanted.what, named=wanted.path.rpartition("/")[2])
        return self._decoded(wanted, answer, wanted.what) if answer.status == 200 else None

    def page(self, wanted: Wanted, *, limit: int, continue_: str, number: int) -> Page:
        """Read one page. Raise Expired when a later page's instant is gone, any other CollectorError when it failed.

        Never asks with resourceVersion=0, which may be answered from a cache that lags behind
        (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).
        """
        query = {"limit": limit, "continue": continue_} if continue_ else {"limit": limit}
        what = f"{wanted.what}, page {number}"
        joint = "&" if "?" in wanted.path else "?"
        answer = self._answer(wanted, f"{wanted.path}{joint}{urlencode(query)}", what, expires=bool(continue_))
        return _page_of(wanted, self._decoded(wanted, answer, what), what)

    def open(self, wanted: Wanted, path: str, accept: str, what: str, silence: float) -> Stream:
        """Begin an answer that goes on. Raise Outdated, Forbidden, Unwatchable or Failed, by what is said instead."""
        try:
            stream = self._wire.stream(path, accept, silence)
        except Failed as error:
            raise Failed(f"{what}: {error}", retry_after=error.retry_after) from error
        if stream.status == 200:
            return stream
        stream.close()
        if stream.status == 401:  # a token that has run out, most of all; whether it is more than that, a listing tells
            self._wire.forget()
            raise Failed(f"{what}: the cluster does not take these credentials (401); they are loaded anew")
        if stream.status == 410:
            raise Outdated(f"{what}: the server has forgotten what came after that position (410); it is listed again")
        if stream.status in (400, 404, 405, 406):
            raise Unwatchable(f"{what}: the server does not tell of changes here ({stream.status}); it is listed")
        raise _refusal(wanted, Answer(stream.status, b"", stream.retry_after), what)

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def _answer(self, wanted: Wanted, path: str, what: str, *, expires: bool = False, named: str = "") -> Answer:
        try:
            answer = self._wire.fetch(path, wanted.accept)
        except Failed as error:
            raise Failed(f"{what}: {error}", retry_after=error.retry_after) from error
        if answer.status == 200 or (named and _says_there_is_none(answer, named)):
            return answer
        if answer.status == 410 and expires:
            raise Expired(f"{what}: the listing's instant is gone")
        if answer.status == 401:
            self._wire.forget()
        raise _refusal(wanted, answer, what)

    def _decoded(self, wanted: Wanted, answer: Answer, what: str) -> dict[str, Any]:
        try:
            decoded = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise Failed(
                f"{what}: {len(answer.body)} bytes that are no complete JSON; if this stays, look at what stands"
                " between here and the API server"
            ) from None
        if not isinstance(decoded, dict):
            raise Failed(f"{what}: JSON of the wrong shape, no object; check that this address is an API server")
        return decoded


def _says_there_is_none(answer: Answer, name: str) -> bool:
    """Tell the API server's own word that it has no object of a name from a 404 of whatever stands before it."""
    try:
        said = orjson.loads(answer.body) if answer.status == 404 else None
        return said is not None and (said["kind"], said["reason"], said["details"]["name"]) == (
            "Status",
            "NotFound",
            name,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return False


def _page_of(wanted: Wanted, decoded: dict[str, Any], what: str) -> Page:
    metadata, items = decoded.get("metadata"), decoded.get("items")
    # `items: null` is how Go writes an empty list of metadata; a listing without `items` is none.
    if not isinstance(metadata, dict) or "items" not in decoded or not isinstance(items, list | None):
        raise Failed(
            f"{what}: the answer is no listing (no `items`); check what stands between here and the API server"
        )
    if wanted.accept == METADATA_ONLY and decoded.get("kind") != "PartialObjectMetadataList":
        raise Failed(
            f"{what}: the server sent more than metadata, which was thrown away unread; it needs Kubernetes 1.15"
        )
    try:
        return Page(items or [], int(metadata["resourceVersion"]), metadata.get("continue") or "")
    except (KeyError, TypeError, ValueError):
        raise Failed(
            f"{what}: the listing has no metadata.resourceVersion that is a number; the next poll reads again"
        ) from None


def _refusal(wanted: Wanted, answer: Answer, what: str) -> CollectorError:
    status, retry_after = answer.status, answer.retry_after
    if status == 401:
        hint = answer.hint or "log in again, or renew the token"
        return Forbidden(f"{what}: the cluster does not take these credentials (401); {hint}")
    if status == 403:
        told = f"{what}: not allowed (403); grant {wanted.permission} to the account that reads"
        return Forbidden(told, grant=wanting(wanted.path))
    if status == 404:
        return NotFound(f"{what}: the server has no such path (404); the next poll asks again what it serves")
    if status == 406:
        return Failed(f"{what}: the server cannot send this without values (406); it needs Kubernetes 1.15 or newer")
    if status == 410:
        return Failed(f"{what}: the listing's instant is gone (410); the next poll begins again")
    if status == 429:
        return Failed(
            f"{what}: the server asks for fewer requests (429); it is left alone first", retry_after=retry_after
        )
    if status >= 500:
        return Failed(f"{what}: the server failed ({status}); the next poll tries again", retry_after=retry_after)
    return Failed(f"{what}: an answer that no listing has (status {status}); check the address of the cluster")
