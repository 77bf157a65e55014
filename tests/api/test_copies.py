"""Is an asker's copy still good, does a list go on where it stopped, and does the past stay as it was?"""

import pytest
from fastapi.testclient import TestClient

from graph.model import text_of
from tests.api.asking import client, data, problem
from tests.api.test_routes import EVERY
from tests.graph.analysis.shop import CONFIG, DEPLOYMENT, SERVICE, SHOP, Shop, endpoints, pod, shop
from tests.graph.world import document, entity


def pages(ask: TestClient, path: str) -> list[object]:
    """Follow the cursors of a list to its end."""
    rows: list[object] = []
    joint = "&" if "?" in path else "?"
    cursor = ""
    while True:
        answer = ask.get(f"{path}{joint}{cursor}").json()
        rows += answer["data"]
        assert answer["truncated"] == (answer["cursor"] is not None)
        if answer["cursor"] is None:
            return rows
        cursor = f"cursor={answer['cursor']}"


@pytest.mark.parametrize("path", EVERY)
def test_a_good_copy_is_not_sent_again(path: str) -> None:
    """If-None-Match with the tag of the last answer is a 304 without a body, weak or among others."""
    ask = client(shop().store)
    tag = ask.get(path).headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        again = ask.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert ask.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_tag_changes_with_revision_run_and_question() -> None:
    """A revision, a mere run of a scope that is leaned on, and another question each make another tag."""
    made = shop("p1")
    ask = client(made.store)
    path = f"/v1/entities/{SERVICE}"
    tags = [ask.get(path).headers["etag"], ask.get(f"{path}/where").headers["etag"]]
    number = made.store.head().number
    made.world.pass_(seconds=30)
    service = data(ask.get(path))
    made.read("services", document("service", "1", entity(SERVICE)))
    assert made.store.head().number == number
    tags.append(ask.get(path).headers["etag"])
    assert data(ask.get(path)) == service
    made.read("endpointslices", endpoints("p2", version="2"))
    tags.append(ask.get(path).headers["etag"])
    assert len(set(tags)) == len(tags)


def test_freshness_of_the_newest_revision_tells_of_the_last_run() -> None:
    """A quiet world makes no revision, but was read all the same: hours after the last change, it is fresh."""
    made = shop("p1")
    ask = client(made.store)
    number = made.store.head().number
    for _ in range(3):
        made.world.pass_(hours=1)
        made.read("services", document("service", "1", entity(SERVICE)))
    answer = ask.get(f"/v1/entities/{SERVICE}").json()
    assert answer["revision"] == number
    [scope] = answer["freshness"]["scopes"]
    assert scope["last_complete"] == text_of(made.world.now)
    assert scope["at_most_before"] is None
    made.read("endpointslices", endpoints("p2", version="2"))
    [scope] = ask.get(f"/v1/entities/{SERVICE}?at=revision:{number}").json()["freshness"]["scopes"]
    assert scope["at_most_before"] >= 3600


def test_a_run_that_an_answer_does_not_lean_on_leaves_its_copy_good() -> None:
    """Reading ConfigMaps again says nothing new of a service."""
    made = shop("p1")
    ask = client(made.store)
    tag = ask.get(f"/v1/entities/{SERVICE}").headers["etag"]
    made.world.pass_(seconds=30)
    made.read(
        "configmaps",
        document("config", "1", entity(CONFIG)),
        document("other", "1", entity(SHOP.child("k8s.configmap", "other"))),
    )
    assert ask.get(f"/v1/entities/{SERVICE}", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/v1/entities",
        f"/v1/entities/{SERVICE}/relations",
        f"/v1/entities/{DEPLOYMENT}/versions",
        "/v1/changes?cause=any",
    ],
)
def test_pages_are_the_whole(path: str) -> None:
    """Following cursors gives what one large page gives, while others commit in between."""
    made = shop(*(f"p{number}" for number in range(5)))
    for number in range(3):
        made.world.pass_(minutes=1)
        made.read("deployments", document("deployment", f"v{number}", entity(DEPLOYMENT, replicas=number)))
    ask = client(made.store)
    joint = "&" if "?" in path else "?"
    whole = data(ask.get(f"{path}{joint}limit=1000"))
    assert pages(ask, f"{path}{joint}limit=2") == whole


def test_a_list_goes_on_at_the_revision_where_it_began() -> None:
    """What was committed between two pages is in neither."""
    made = shop("p1", "p2", "p3")
    ask = client(made.store)
    first = ask.get("/v1/entities?kind=k8s.pod&limit=2").json()
    made.read("pods", pod("p1"), pod("p2"), pod("p3"), pod("p4"))
    second = ask.get(f"/v1/entities?kind=k8s.pod&limit=2&cursor={first['cursor']}").json()
    assert second["revision"] == first["revision"]
    assert len(second["data"]) == 1


def test_a_cursor_of_another_question_is_refused() -> None:
    """Also one that is none, or holds something else."""
    ask = client(shop().store)
    cursor = ask.get("/v1/entities?limit=1").json()["cursor"]
    problem(ask.get(f"/v1/entities?limit=2&cursor={cursor}"), "foreign-cursor", 400)
    problem(ask.get(f"/v1/changes?cursor={cursor}"), "foreign-cursor", 400)
    for wrong in ("x", "", "WzFd", "bnVsbA", "%F0%9F%92%A5"):
        problem(ask.get(f"/v1/entities?limit=1&cursor={wrong}"), "foreign-cursor", 400)


@pytest.mark.parametrize("path", EVERY)
def test_the_same_revision_gives_the_same_answer(path: str) -> None:
    """Asked twice: the same bytes. Asked again after later commits: the same data, for the past does not change."""
    made = shop("p1", "p2")
    made.world.pass_(minutes=5)
    made.read("pods", pod("p1", version="2", ready=False), pod("p2"))
    number = made.store.head().number
    ask = client(made.store)
    when = "&to" if "/diff?" in path else "&at" if "?" in path else "?at"
    first, second = (ask.get(f"{path}{when}=revision:{number - 1}") for _ in range(2))
    assert first.content == second.content
    instant = first.json()["as_of"]
    change(made)
    for at in (f"revision:{number - 1}", instant):
        assert data(ask.get(f"{path}{when}={at}")) == data(first)
    if path != "/v1/sources":
        assert ask.get(path).json()["revision"] > number


def change(made: Shop) -> None:
    """Let much happen to the shop, and forbid a part of it."""
    made.world.pass_(minutes=5)
    made.read("pods", pod("p2", version="3"), pod("p3"))
    made.read("endpointslices", endpoints("p2", "p3", version="2"))
    made.read("services")
    made.read("services")
    made.forbid("pods")


def test_an_instant_means_the_newest_revision_not_after_it() -> None:
    """Offsets are understood, and a plus sign that a URL made a space."""
    made = shop("p1")
    ask = client(made.store)
    number = made.store.head().number
    instant = made.store.head().instant
    made.world.pass_(minutes=1)
    made.read("endpointslices", endpoints("p2", version="2"))
    for at in (instant.isoformat(), "2026-03-01T11:00:20+01:00", "2026-03-01T11:00:20 01:00"):
        assert ask.get("/v1/sources", params={"at": at}).json()["revision"] == number
