"""Does a watch of the collector tell all that the server tells, and raise on whatever goes wrong?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collectors import testing
from collectors.contract import CollectorError, Failed, Forbidden, Outdated, Unwatchable, Watching
from collectors.kubernetes import plugin, watching
from collectors.kubernetes.resources import RESOURCES
from graph.model import Document, Ended, Position
from tests.collectors.kubernetes.memory_api import (
    MemoryApi,
    MemoryStream,
    Silent,
    bookmark,
    collector,
    event,
    sample,
    samples,
)

PODS, SECRETS = "/api/v1/pods", "/api/v1/secrets"
SINCE = Position(100)


def pod(uid: str, position: int) -> dict[str, Any]:
    """A pod as it was at a position."""
    item = sample("pods")
    item["metadata"] |= {"uid": uid, "resourceVersion": str(position)}
    return item


def watched(api: MemoryApi, name: str = "pods") -> Iterator[Document | Ended | Position]:
    """Watch a scope from its listing on."""
    reader = collector(api)
    scope = next(scope for scope in reader.scopes() if scope.name == name)
    return reader.watch(scope, SINCE)


def telling(*script: bytes | Exception | Silent, status: int = 200, path: str = PODS) -> MemoryApi:
    """An API whose watch of the pods tells this, once."""
    api = MemoryApi(samples())
    api.streams[path] = [MemoryStream(script, status)]
    return api


def test_events_become_documents_endings_and_positions() -> None:
    """In the order in which they come, after the position that is watched from; cut where chunks happen to be cut."""
    lines = event("ADDED", pod("a", 101)) + event("MODIFIED", pod("a", 102)) + event("DELETED", pod("b", 103))
    lines += b"\n" + bookmark(110)
    api = telling(*(lines[at : at + 7] for at in range(0, len(lines), 7)))
    told = list(watched(api))
    assert told[0] == SINCE
    assert [(one.id, one.version) for one in told[1:3] if isinstance(one, Document)] == [("a", "101"), ("a", "102")]
    assert told[3:] == [Ended("b", Position(103)), Position(110)]
    first = told[1]
    assert isinstance(first, Document)
    assert first.statements[0].attributes["phase"] == "Running"


def test_it_asks_for_bookmarks_and_for_an_end() -> None:
    """From the position that it is given; with a time after which the server ends the connection in order."""
    api = telling()
    list(watched(api))
    [(path, accept)] = api.watched
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    seconds = int(query.pop("timeoutSeconds"))
    assert query == {"watch": "1", "resourceVersion": "100", "allowWatchBookmarks": "true"}
    assert watching.LASTS[0] <= seconds <= watching.LASTS[1]
    assert accept == "application/json"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, Failed, "401"),
        (403, Forbidden, "grant 'watch' on pods of API group ''"),
        (404, Unwatchable, "404"),
        (405, Unwatchable, "405"),
        (410, Outdated, "410"),
        (429, Failed, "429"),
        (500, Failed, "500"),
        (504, Failed, "504"),
    ],
)
def test_a_refused_watch_says_what_that_means(status: int, kind: type[CollectorError], words: str) -> None:
    """Whether to list anew, to poll, or to ask again."""
    with pytest.raises(kind) as caught:
        list(watched(telling(status=status)))
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert str(caught.value).startswith("pods, watch: ")


def gone(code: int, **more: object) -> bytes:
    """An event of the type ERROR."""
    return event("ERROR", {"kind": "Status", "code": code, "reason": "Expired", "message": "canary", **more})


FAULTS: dict[str, tuple[list[bytes | Exception | Silent], type[CollectorError]]] = {
    "410 as an event": ([gone(410)], Outdated),
    "500 as an event": ([gone(500)], Failed),
    "429 as an event": ([gone(429, details={"retryAfterSeconds": 7})], Failed),
    "an error without a code": ([event("ERROR", {})], Failed),
    "cut in the middle of a line": ([event("ADDED", pod("x", 105))[:40]], Failed),
    "broken off": ([event("ADDED", pod("x", 105))[:40], Failed("cut the connection")], Failed),
    "rubbish": ([b"<html>not here</html>\n"], Failed),
    "half of two lines": ([event("ADDED", pod("x", 105))[:40] + b"\n"], Failed),
    "no object": ([b'{"type": "ADDED"}\n'], Failed),
    "no identity": ([event("ADDED", {"metadata": {"resourceVersion": "105"}})], Failed),
    "a position that is none": ([event("ADDED", {"metadata": {"uid": "x", "resourceVersion": "y"}})], Failed),
    "an unknown type": ([event("EXPLODED", pod("x", 105))], Failed),
    "a history turned back": ([bookmark(50)], Outdated),
    "silence": ([Failed("was silent for too long")], Failed),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_told_before_a_fault_counts_and_the_fault_raises(fault: str) -> None:
    """Never an end in order, which would say that telling only paused; and no word of the server's own message."""
    script, kind = FAULTS[fault]
    told = watched(telling(event("ADDED", pod("a", 101)), *script))
    assert [one.id for one in islice(told, 2) if isinstance(one, Document)] == ["a"]
    with pytest.raises(kind) as caught:
        next(told)
    assert type(caught.value) is kind
    assert "canary" not in str(caught.value)
    assert getattr(caught.value, "retry_after", None) == (7.0 if fault.startswith("429") else None)


def test_an_event_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that never comes to a line does not fill the memory."""
    monkeypatch.setattr(watching, "LONGEST", 1000)
    with pytest.raises(Failed, match="without the end of an event"):
        list(watched(telling(*[b"x" * 100] * 20)))


def test_values_of_secrets_are_not_watched() -> None:
    """Metadata one by one; a server that sends more is not listened to."""
    meta = {"kind": "PartialObjectMetadata", "metadata": sample("secrets")["metadata"] | {"resourceVersion": "101"}}
    api = telling(
        event("ADDED", meta), event("MODIFIED", sample("secrets") | {"data": {"a": "Y2FuYXJ5"}}), path=SECRETS
    )
    told = watched(api, "secrets")
    assert isinstance(list(islice(told, 2))[1], Document)
    with pytest.raises(Unwatchable, match="more than metadata"):
        next(told)
    assert api.watched[0][1] == "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


def test_the_cluster_itself_is_not_watched() -> None:
    """Its version and identity are read at every look."""
    with pytest.raises(Unwatchable):
        list(watched(MemoryApi(samples()), "cluster"))


def test_another_cluster_behind_the_same_address_is_not_watched() -> None:
    """Whoever answers is asked who he is once the connection stands."""
    api = telling(event("ADDED", pod("a", 101)))
    reader = collector(api)
    scope = next(scope for scope in reader.scopes() if scope.name == "pods")
    api.uid = "another"
    with pytest.raises(Failed, match="another cluster answers here"):
        list(reader.watch(scope, SINCE))


def test_closing_ends_every_watch() -> None:
    """Whoever waits for the next event waits no longer."""
    api = telling(Silent())
    reader = collector(api)
    scope = next(scope for scope in reader.scopes() if scope.name == "pods")
    raised: list[BaseException] = []

    def hear() -> None:
        try:
            list(reader.watch(scope, SINCE))
        except Failed as error:
            raised.append(error)

    hearing = threading.Thread(target=hear, daemon=True)
    hearing.start()
    until = time.monotonic() + 5
    while not api.open and time.monotonic() < until:
        time.sleep(0.01)
    reader.close()
    hearing.join(5)
    assert raised


def test_the_contract_of_watching_is_kept() -> None:
    """A watch begins with its position, and tells what the next listing shows differently."""
    api = MemoryApi(samples())
    reader = collector(api)
    assert isinstance(reader, Watching)
    testing.check_watch_begins(reader)
    scope = next(scope for scope in reader.scopes() if scope.name == "pods")
    new = pod("new", 150)
    api.streams[PODS] = [MemoryStream([event("ADDED", new), Silent()])]

    def change() -> None:
        api.position = 200
        api.lists[PODS] = [*samples()["pods"], json.loads(json.dumps(new))]

    testing.check_watch_agrees(reader, scope, change)


def test_every_resource_names_the_permission_to_watch_it() -> None:
    """Beside the permission to list it."""
    assert {f"{verb} {each.name}" for verb in ("list", "watch") for each in RESOURCES} <= plugin.permissions.keys()
