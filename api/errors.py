"""Why is there no answer? Each situation with a stable type, its status, and the next step (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """A question that has no answer. The message names the situation and the next step.

    type: the stable last part of the problem's URI. extensions: further members of the problem document.
    """

    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something is wrong in Asbuilt itself"
    status: ClassVar[int] = 500
    meaning: ClassVar[str] = "A defect: the log of the server has the details."

    def __init__(self, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extensions: Mapping[str, Any] = extensions

    def document(self) -> dict[str, Any]:
        """Give the problem document: `application/problem+json`."""
        return {
            "type": f"/problems/{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extensions,
        }


class NeverSeen(Problem):
    """No source ever stated it, nothing names it, and what would have it can be read."""

    type = "never-seen"
    title = "Nothing is known by this key"
    status = 404
    meaning = "No version exists, and no relation in force names it; what would have it can be read."


class Unknown(Problem):
    """Nobody named it, but what would have it could not be read."""

    type = "unknown"
    title = "It cannot be told whether this exists"
    status = 404
    meaning = "Nobody named it, and no scope that could have it can be read; `gaps` says since when and why."


class NotYetObserved(Problem):
    """The instant lies before the first look."""

    type = "not-yet-observed"
    title = "Nobody had looked yet"
    status = 404
    meaning = "`at` lies before the first look. `created_at` gives the source's own creation time, where it gave one."


class MalformedKeyAsked(Problem):
    """The path is no key."""

    type = "malformed-key"
    title = "This is not a key"
    status = 400
    meaning = "A key is a path of kind/id pairs; `%` in it is written `%25` in a URL."


class NoSuchRevisionAsked(Problem):
    """There is no revision of that number."""

    type = "no-such-revision"
    title = "There is no such revision"
    status = 404
    meaning = "The store has no revision of that number; `newest` gives the last one."


class InvalidRequest(Problem):
    """A parameter is not what it should be."""

    type = "invalid-request"
    title = "A parameter is not what it should be"
    status = 422
    meaning = "`errors` names each parameter and what is expected of it."


class ForeignCursor(Problem):
    """The cursor belongs to another question."""

    type = "foreign-cursor"
    title = "This cursor belongs to another question"
    status = 400
    meaning = "A cursor continues the very question that gave it: the same path and parameters."


class Ambiguous(Problem):
    """Several keys end in what was given. The command line alone takes endings."""

    type = "ambiguous"
    title = "Several things could be meant"
    status = 400
    meaning = "`candidates` lists them; name one by its whole key."


class Unauthorized(Problem):
    """No token, or one that is not known."""

    type = "unauthorized"
    title = "A token is needed"
    status = 401
    meaning = "Send `Authorization: Bearer <token>` with one of the tokens that the server was started with."


class HostRefused(Problem):
    """Without tokens only this machine may ask, and a web page's host name is not this machine."""

    type = "host-refused"
    title = "This host name is not answered"
    status = 421
    meaning = (
        "A server without tokens answers to addresses and bare names only, so that no web page can ask in your name."
    )


class NoSuchRoute(Problem):
    """There is no such path."""

    type = "no-such-route"
    title = "There is no such path"
    status = 404
    meaning = "/docs lists what there is."


class MethodRefused(Problem):
    """The path takes another method."""

    type = "method-refused"
    title = "This path takes another method"
    status = 405
    meaning = "Everything here is read with GET."


class StoreUnavailable(Problem):
    """The store cannot be read."""

    type = "store-unavailable"
    title = "The store cannot be read"
    status = 503
    meaning = "There is no store yet, or it cannot be opened; `detail` has the next step."


PROBLEMS: tuple[type[Problem], ...] = (
    NeverSeen,
    Unknown,
    NotYetObserved,
    MalformedKeyAsked,
    NoSuchRevisionAsked,
    InvalidRequest,
    ForeignCursor,
    Ambiguous,
    Unauthorized,
    HostRefused,
    NoSuchRoute,
    MethodRefused,
    StoreUnavailable,
    Problem,
)
"""Every problem there is."""
