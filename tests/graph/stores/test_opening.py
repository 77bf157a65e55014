"""Is a store found by what people type, and is what is no store refused in a sentence that tells no secret?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graph.store import StoreError
from graph.stores.location import NoLocation, Server, default_location, location_of
from graph.stores.neo4j import Neo4jStore
from graph.stores.neo4j.connection import check_version, login_from
from graph.stores.opening import holds_store, open_to_read, open_to_write
from graph.stores.sqlite import SqliteStore
from tests.servers.process import free_port

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("asbuilt.db", Path("asbuilt.db")),
        ("/var/lib/asbuilt.db", Path("/var/lib/asbuilt.db")),
        ("~/a:b.db", Path("~/a:b.db").expanduser()),
        ("neo4j", Path("neo4j")),
        ("sqlite:///var/lib/as%20built.db", Path("/var/lib/as built.db")),
        ("sqlite:////var/lib/asbuilt.db", Path("/var/lib/asbuilt.db")),
        ("bolt://db", Server("bolt://db")),
        ("BOLT://db:7687/", Server("bolt://db:7687")),
        ("bolt+s://db:7687", Server("bolt+s://db:7687")),
        ("neo4j://[::1]:7687", Server("neo4j://[::1]:7687")),
        ("neo4j+s://db.example.com", Server("neo4j+s://db.example.com")),
    ],
)
def test_a_store_is_a_path_or_an_address(text: str, place: Path | Server) -> None:
    """A file by its path or as sqlite:///path; a server by one of four schemes."""
    assert location_of(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "bolt://neo4j:hunter2@db:7687",
        "bolt://neo4j:hun/ter2@db",
        "neo4j+s://hunter2@db",
        "bolt://neo4j:hunter2",
        "bolt:hunter2",
        "bolt://",
        "bolt://db:99999999",
        "bolt://db:0",
        "bolt://[db",
        "neo4j://db/hunter2",
        "neo4j://db?hunter2",
        "neo4j://db#hunter2",
        "bolt+ssc://hunter2",
        "postgres://me:hunter2@db/graph",
        "sqlite://hunter2.db",
        "sqlite:hunter2.db",
        "sqlite:///",
    ],
)
def test_what_is_no_place_is_refused_and_not_repeated(text: str) -> None:
    """One line with the way to write it; nothing of what was given but its scheme, for it may hold a password."""
    with pytest.raises(NoLocation) as refused:
        location_of(text)
    told = str(refused.value)
    assert "\n" not in told
    assert "write " in told or "give " in told
    assert "hunter2" not in told


def test_a_login_in_an_address_is_sent_to_the_environment() -> None:
    """The message names the variables."""
    with pytest.raises(NoLocation, match="ASBUILT_NEO4J_USER and ASBUILT_NEO4J_PASSWORD_FILE"):
        location_of("bolt://neo4j:hunter2@db:7687")


def test_everybody_looks_in_the_same_place() -> None:
    """$ASBUILT_STORE, which may be an address; else among the user's data."""
    assert default_location({"ASBUILT_STORE": "bolt://db"}) == Server("bolt://db")
    assert default_location({"ASBUILT_STORE": "x.db"}) == Path("x.db")
    assert default_location({"XDG_DATA_HOME": "/data"}) == Path("/data/asbuilt/asbuilt.db")
    with pytest.raises(NoLocation):
        default_location({"ASBUILT_STORE": "http://db"})


def test_the_location_decides_which_store_it_is(tmp_path: Path) -> None:
    """Nothing is connected to, and no file made, by opening."""
    assert isinstance(open_to_write(Server("bolt://127.0.0.1:1")), Neo4jStore)
    assert isinstance(open_to_read(Server("bolt://127.0.0.1:1")), Neo4jStore)
    assert isinstance(open_to_write(tmp_path / "deep" / "new.db"), SqliteStore)
    assert not holds_store(tmp_path / "deep" / "new.db")
    with pytest.raises(StoreError, match="asbuilt once"):
        open_to_read(tmp_path / "deep" / "new.db")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="give another --store"):
        open_to_write(tmp_path / "file" / "new.db")


def test_who_uses_a_file_never_loads_the_driver(tmp_path: Path) -> None:
    """Neither the commands nor a question to a file import neo4j; only who names a server pays for that."""
    store = SqliteStore(tmp_path / "new.db")
    store.writer().close()
    store.close()
    code = (
        "import sys, api.stores, api.cli, discovery.cli, discovery.commands; from pathlib import Path;"
        "api.stores.open_store(Path(sys.argv[1])).head();"
        "loaded = 'neo4j' in sys.modules;"
        "api.stores.open_store(api.stores.place_of('bolt://db'));"
        "print(loaded, 'neo4j' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "new.db"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["False", "True"]


def test_the_login_comes_from_the_environment(tmp_path: Path) -> None:
    """The password itself or a file that holds it; the user is neo4j unless another is named."""
    (tmp_path / "password").write_text("hunter2\n")
    named = login_from({"ASBUILT_NEO4J_USER": "me", "ASBUILT_NEO4J_PASSWORD": "hunter2"})
    filed = login_from({"ASBUILT_NEO4J_PASSWORD_FILE": str(tmp_path / "password")})
    assert (named.user, named.password, filed.user, filed.password) == ("me", "hunter2", "neo4j", "hunter2")
    assert "hunter2" not in repr(named)


@pytest.mark.parametrize(
    ("content", "beside", "said"),
    [
        (b"hunter2", "hunter3", "are both set: unset one"),
        (b" \n", "", "is empty: write the password into it"),
        (b"\xff\xfe", "", "cannot be read (UnicodeDecodeError)"),
        (None, "", "cannot be read (FileNotFoundError)"),
    ],
)
def test_a_login_that_cannot_be_had_is_a_sentence(
    tmp_path: Path, content: bytes | None, beside: str, said: str
) -> None:
    """Two passwords, an empty file, one that is no text, and none."""
    if content is not None:
        (tmp_path / "password").write_bytes(content)
    with pytest.raises(StoreError) as refused:
        login_from({"ASBUILT_NEO4J_PASSWORD_FILE": str(tmp_path / "password"), "ASBUILT_NEO4J_PASSWORD": beside})
    assert said in str(refused.value)
    assert "hunter" not in str(refused.value)


def test_a_server_that_is_away_is_told_at_once_with_the_line_that_starts_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine the documented `docker run`, with the port of the address; elsewhere that it is to be started."""
    monkeypatch.setenv("ASBUILT_NEO4J_PASSWORD", "hunter2")
    port = free_port()
    with pytest.raises(StoreError) as away:
        open_to_read(Server(f"bolt://127.0.0.1:{port}")).head()
    told = str(away.value)
    assert "hunter2" not in told
    assert "\n" not in told
    assert "cannot be reached (Connection refused)" in told
    line = told.split("`")[1]
    page = (ROOT / "docs" / "neo4j.md").read_text("utf-8")
    assert line.startswith("docker run ")
    assert all(word in page for word in line.replace(f":{port}:", ":7687:").split()), line
    with pytest.raises(StoreError, match="start the server, or correct the address"):
        open_to_read(Server("bolt://nowhere.invalid")).head()


@pytest.mark.parametrize("agent", ["Neo4j/4.4.42", "Neo4j/5.23.0", "Neo4j/v5.11.0 compatible graph database server"])
def test_a_server_that_is_too_old_is_refused(agent: str) -> None:
    """What is older than the clauses that are used, and what only says that it is like such a one."""
    with pytest.raises(StoreError, match=r"5\.24 is the oldest that will do: upgrade"):
        check_version(agent, "bolt://db")


@pytest.mark.parametrize("agent", ["Neo4j/5.24.0", "Neo4j/5.26.30", "Neo4j/5.27-aura", "Neo4j/2025.03.0", "Neo4j/dev"])
def test_a_server_that_is_new_enough_is_not(agent: str) -> None:
    """The years that are versions since 2025 are newer than 5; who does not tell its version is tried."""
    check_version(agent, "bolt://db")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (["STORE=neo4j"], '--store "bolt://127.0.0.1:7687"'),
        (["STORE=neo4j", "NEO4J_URL=bolt+s://db:7687"], '--store "bolt+s://db:7687"'),
        (["STORE=bolt://db:7688"], '--store "bolt://db:7688"'),
        (["STORE=graph.db"], '--store "graph.db"'),
        ([], "asbuilt run"),
    ],
)
def test_make_run_takes_the_store(given: list[str], place: str) -> None:
    """`neo4j` means the server at NEO4J_URL; anything else goes to --store as it is, and nothing means the default."""
    done = subprocess.run(
        ["make", "-n", "--assume-old=.venv/.installed", "run", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if name not in ("STORE", "NEO4J_URL", "MAKEFLAGS")},
    )
    [line] = [one for one in done.stdout.splitlines() if "asbuilt run" in one]
    assert place in line
    assert ("--store" in line) is bool(given)


def _denied(*_args: object, **_kwargs: object) -> int:
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store, what was refused, and the next step."""
    store = SqliteStore(tmp_path / "new.db")
    monkeypatch.setattr("graph.stores.sqlite.file.os.open", _denied)
    with pytest.raises(StoreError, match=r"new\.db cannot be written \(Permission denied: .*\.lock\): give this user"):
        store.writer()
    monkeypatch.undo()
    store.close()


def test_a_folder_that_may_not_be_read_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not known whether there is a store, so nobody is told to make one."""
    monkeypatch.setattr(Path, "is_file", _denied)
    monkeypatch.setattr(Path, "exists", _denied)
    for look in (open_to_read, holds_store):
        with pytest.raises(StoreError, match=r"cannot be looked for \(Permission denied\): give this user .* --store"):
            look(tmp_path / "asbuilt.db")
