"""What can go wrong between a client and an API server, and which request does it meet?"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit


class Fault(StrEnum):
    """One way in which an answer fails."""

    FORBIDDEN = "403"
    UNAUTHORIZED = "401"
    GONE = "410"
    THROTTLED = "429"
    ERROR = "500"
    TIMEOUT = "timeout"
    """No answer at all, until the client gives up."""
    CUT = "cut"
    """The connection breaks in the middle of the body."""
    TRUNCATED = "truncated"
    """A complete answer by its length, whose JSON stops in the middle."""


REASONS = {
    Fault.FORBIDDEN: ("Forbidden", 'is forbidden: User "somebody" cannot list it'),
    Fault.UNAUTHORIZED: ("Unauthorized", "Unauthorized"),
    Fault.GONE: ("Expired", "The provided continue parameter is too old to display a consistent list result."),
    Fault.THROTTLED: ("TooManyRequests", "The server has received too many requests, please try again later."),
    Fault.ERROR: ("InternalError", "Internal error occurred: etcdserver: leader changed"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it passed: the verb in Kubernetes' sense, and which page of a listing it asked for."""

    method: str
    path: str
    query: dict[str, str]
    page: int

    @property
    def verb(self) -> str:
        """Return get, list, watch, or the lower-case HTTP method for what writes; `/apis` and its kind are get."""
        if self.method != "GET":
            return self.method.lower()
        if self.query.get("watch", "").lower() in ("1", "true"):
            return "watch"
        return "list" if COLLECTION.fullmatch(self.path) else "get"

    @property
    def resource(self) -> str | None:
        """Return the plural name of what is read, such as `pods`; None where the path names no resource."""
        found = COLLECTION.fullmatch(self.path) or OBJECT.fullmatch(self.path)
        return found["resource"] if found else None


ROOT = r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+)?"
COLLECTION = re.compile(rf"{ROOT}/(?P<resource>[a-z]+)")
OBJECT = re.compile(rf"{ROOT}/(?P<resource>[a-z]+)/[^/]+(?:/[a-z]+)?")


@dataclass(slots=True)
class Injection:
    """A fault and the requests that it meets; `hits` counts them."""

    fault: Fault
    path: re.Pattern[str]
    verb: str | None
    page: int | None
    times: int | None
    retry_after: int
    hits: int = 0

    def meets(self, request: Request) -> bool:
        """Tell whether this request is one of them, and the fault is not used up."""
        return (
            (self.times is None or self.hits < self.times)
            and self.path.fullmatch(request.path) is not None
            and self.verb in (None, request.verb)
            and self.page in (None, request.page)
        )


@dataclass(frozen=True, slots=True)
class Interlude:
    """What is done before one request is passed on."""

    act: Callable[[], object]
    path: re.Pattern[str]
    page: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to one request, as it passed: its body, as long as that was."""

    request: Request
    body: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Script:
    """What is to go wrong, what passed, and on which page each listing stands. Safe to use from many threads.

    older: the server is to tell what it serves as it did before Kubernetes 1.26.
    """

    injections: list[Injection] = field(default_factory=list)
    interludes: list[Interlude] = field(default_factory=list)
    passed: list[Request] = field(default_factory=list)
    answers: list[tuple[re.Pattern[str], list[Kept]]] = field(default_factory=list)
    older: bool = False
    _pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, method: str, target: str) -> tuple[Request, Injection | None]:
        """Record one request, and return it with the fault that meets it."""
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        with self._lock:
            request = Request(method, url.path, query, self._page(url.path, query.get("continue", "")))
            self.passed.append(request)
            for injection in self.injections:
                if injection.meets(request):
                    injection.hits += 1
                    return request, injection
        return request, None

    def interlude(self, request: Request) -> Callable[[], object]:
        """Give what is to be done before this request is passed on. Each is done once."""
        with self._lock:
            for one in self.interludes:
                if request.verb == "list" and request.page == one.page and one.path.fullmatch(request.path):
                    self.interludes.remove(one)
                    return one.act
        return lambda: None

    def keeping(self, request: Request) -> bytearray | None:
        """Give where the answer to this request is to be kept; None where it is not."""
        with self._lock:
            for path, kept in self.answers:
                if path.fullmatch(request.path):
                    kept.append(Kept(request))
                    return kept[-1].body
        return None

    def _page(self, path: str, token: str) -> int:
        """Count the pages of one listing; the same token again is the same page again."""
        page, last = self._pages.get(path, (1, ""))
        if not token:
            page = 1
        elif token != last:
            page += 1
        self._pages[path] = (page, token)
        return page


def status_body(injection: Injection, request: Request) -> bytes:
    """Return the Status object that a real server sends along with this error."""
    reason, message = REASONS[injection.fault]
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"{request.resource} {message}" if injection.fault is Fault.FORBIDDEN else message,
        "reason": reason,
        "code": int(injection.fault),
    }
    if injection.fault is Fault.FORBIDDEN:
        body["details"] = {"kind": request.resource}
    if injection.fault is Fault.THROTTLED:
        body["details"] = {"retryAfterSeconds": injection.retry_after}
    return json.dumps(body).encode()
