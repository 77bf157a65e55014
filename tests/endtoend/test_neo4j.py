"""Do the real commands serve, on a real Neo4j, whom they serve on a file?"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from graph.store import StoreError
from graph.stores.location import location_of
from graph.stores.neo4j import Login, Neo4jStore
from tests.discovery.test_run import ASBUILT, answers, free_port, read_until, running
from tests.servers.neo4j_server import Neo4jServer
from tests.stores import neo4j_server

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not ASBUILT.exists(), reason="asbuilt is not installed beside this Python"),
]

QUESTIONS = [
    ["list", "--limit", "1000"],
    ["impact", "k8s.node/ip-10-0-1-11.eu-west-1.compute.internal"],
    ["resolve", "shop/cart"],
    ["changes", "--cause", "any", "--limit", "1000"],
]


class Desk:
    """A folder, an empty server, and the command line with the login in its environment."""

    def __init__(self, folder: Path, server: Neo4jServer) -> None:
        self.folder = folder
        self.server = server
        self.url = server.url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ASBUILT_")}
        self.environment = {
            **kept,
            "KUBECONFIG": str(folder / "none"),
            "XDG_DATA_HOME": str(folder / "data"),
            "ASBUILT_NEO4J_USER": server.user,
            "ASBUILT_NEO4J_PASSWORD": server.password,
        }

    def run(
        self, *arguments: str, code: int = 0, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, which must be this code. more: what the environment has besides."""
        done = subprocess.run(
            [ASBUILT, *arguments],
            cwd=self.folder,
            env={**self.environment, **(more or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert self.server.password not in done.stdout + done.stderr
        return done


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose server has nothing in it, no schema either; it is left so."""
    server = neo4j_server()
    server.wipe()
    yield Desk(tmp_path, server)
    server.wipe()


def test_what_is_recorded_is_answered_exported_and_imported(desk: Desk) -> None:
    """Every answer and every byte of an export is the same on Neo4j as on a file, and so it is after the way back."""
    desk.run("once", "--store", desk.url)
    desk.run("export", "neo4j.jsonl", "--store", desk.url)
    desk.run("import", "neo4j.jsonl", "--store", "file.db")
    desk.run("export", "file.jsonl", "--store", "file.db")
    exported = (desk.folder / "file.jsonl").read_bytes()
    assert exported == (desk.folder / "neo4j.jsonl").read_bytes()
    for question in QUESTIONS:
        there, here = (desk.run(*question, "--output", "json", "--store", one) for one in (desk.url, "file.db"))
        assert there.stdout == here.stdout, question
        assert len(there.stdout) > 500, question
    assert "0 changes planned" in desk.run("plan", "--store", desk.url).stdout
    assert "is not empty" in desk.run("import", "file.jsonl", "--store", desk.url, code=3).stderr
    desk.server.wipe()
    desk.run("import", "file.jsonl", "--store", desk.url)
    desk.run("export", "again.jsonl", "--store", desk.url)
    assert (desk.folder / "again.jsonl").read_bytes() == exported


def test_run_writes_and_serves_on_one_server(desk: Desk) -> None:
    """One process holds the lease and the other answers; a second writer is refused; a stopped one lets go at once."""
    port = free_port()
    (desk.folder / "asbuilt.yaml").write_text(
        f"store: {{url: '{desk.url}'}}\nsources:\n  recording: {{type: replay, interval: 1s}}\n"
    )
    with running(desk.folder, desk.environment, "run", "--port", str(port)) as process:
        said = read_until(process, "until you press Ctrl-C")
        assert " where k8s.cluster/" in said  # asbuilt.yaml names the store, and questions are asked beside it
        assert answers(port)
        [lease] = desk.server.query("MATCH (s:AsbuiltStore) RETURN s.holder AS holder, s.fence - s.made AS times")
        assert lease["holder"].endswith(f" process {process.pid}")
        assert lease["times"] == 1  # nobody but the one writer ever took it
        here, there = desk.run("sources").stdout, desk.run("sources", "--store", desk.url).stdout
        assert here.count("readable") == there.count("readable") > 10
        assert "already writes to" in desk.run("once", code=3).stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    [lease] = desk.server.query("MATCH (s:AsbuiltStore) RETURN s.holder AS holder, s.lease AS until")
    assert lease == {"holder": None, "until": 0}
    desk.run("once")


def test_reading_makes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question, an export and a server find no store and say so; a plan plans all; no node and no schema is made."""
    none = desk.run("list", "--store", desk.url, code=3)
    assert none.stderr.startswith("There is no store at")
    assert "asbuilt once" in none.stderr
    assert "there is no store at" in desk.run("export", "--store", desk.url, code=3).stderr
    assert "there is no store at" in desk.run("retire", "any", "--store", desk.url, code=3).stderr
    assert "on revision 0; nothing was written" in desk.run("plan", "--store", desk.url).stdout
    monkeypatch.setenv("ASBUILT_NEO4J_USER", desk.server.user)
    monkeypatch.setenv("ASBUILT_NEO4J_PASSWORD", desk.server.password)
    with TestClient(create_app(location=location_of(desk.url), tokens=())) as client:
        assert client.get("/readyz").status_code == 503
        assert "there is no store at" in client.get("/v1/entities").json()["detail"]
    assert desk.server.query("MATCH (n) RETURN n LIMIT 1") == []
    assert desk.server.query("SHOW CONSTRAINTS") == []


def test_a_wrong_login_is_one_line(desk: Desk) -> None:
    """For who asks and who writes; the way to set it right is named, and the password is not."""
    login = {"ASBUILT_NEO4J_USER": "nobody", "ASBUILT_NEO4J_PASSWORD": "hunter2"}
    for command in ("list", "once", "plan", "export"):
        [line] = desk.run(command, "--store", desk.url, code=3, more=login).stderr.splitlines()
        assert "refused the login: correct ASBUILT_NEO4J_USER and ASBUILT_NEO4J_PASSWORD_FILE" in line
        assert "hunter2" not in line


def test_too_many_wrong_logins_are_told_as_such(desk: Desk) -> None:
    """A server that stops listening to a user says so, and a right login is heard again some seconds later."""
    said = {refused(desk, "hunter2") for _ in range(10)}
    assert any("given too many wrong passwords, and listens to none for some seconds" in one for one in said), said
    until = time.monotonic() + 30
    while "there is no store at" not in refused(desk, desk.server.password):
        assert time.monotonic() < until
        time.sleep(1)


def refused(desk: Desk, password: str) -> str:
    """Give what a store with this password has against being read."""
    store = Neo4jStore(desk.url, Login(desk.server.user, password))
    with pytest.raises(StoreError) as error:
        store.head()
    store.close()
    return str(error.value)


def test_the_login_may_be_in_a_file_and_the_address_may_route(desk: Desk) -> None:
    """ASBUILT_NEO4J_PASSWORD_FILE in place of the password, neo4j:// in place of bolt://, ASBUILT_STORE of --store."""
    (desk.folder / "password").write_text(f"{desk.server.password}\n")
    routed = {"ASBUILT_STORE": desk.url.replace("bolt://", "neo4j://")}
    filed = {"ASBUILT_NEO4J_PASSWORD": "", "ASBUILT_NEO4J_PASSWORD_FILE": "password"}
    desk.run("once", more={**routed, **filed})
    assert "k8s.node" in desk.run("list", "--kind", "k8s.node", more={**routed, **filed}).stdout


def test_what_is_no_server_is_one_line(desk: Desk) -> None:
    """An address without a server, one that asks for TLS where there is none, and one with a login in it."""
    away = f"bolt://127.0.0.1:{free_port()}"
    for url, code, said in (
        (away, 3, "docker run"),
        (desk.url.replace("bolt://", "bolt+s://"), 3, "TLS"),
        (desk.url.replace("bolt://", "bolt://neo4j:hunter2@"), 2, "ASBUILT_NEO4J_PASSWORD_FILE"),
    ):
        for command in ("list", "export"):
            refused = desk.run(command, "--store", url, code=code)
            assert len(refused.stderr.splitlines()) == 1
            assert said in refused.stderr
            assert "hunter2" not in refused.stderr
