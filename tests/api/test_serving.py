"""Does `asbuilt serve` answer over a real socket, and refuse what it should?"""

import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import quote

import pytest

from graph.stores.sqlite import SqliteStore
from tests.graph.analysis.shop import SHOP, Shop
from tests.graph.world import document, entity

KEY = SHOP.child("k8s.service", "a/b")
SERVE = [sys.executable, "-c", "from api.cli import main; main()", "serve"]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve a store with one service in it, on a port of this machine."""
    path = tmp_path_factory.mktemp("store") / "asbuilt.db"
    made = Shop(SqliteStore(path)).configure()
    made.read("services", document("x", "1", entity(KEY)))
    made.store.close()
    process = subprocess.Popen(
        [*SERVE, "--port", "0", "--store", str(path)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+) ", process.stderr.readline())
    assert found is not None
    yield int(found[1])
    process.terminate()
    assert process.wait(10) in (0, -15)
    process.stderr.close()


def ask(port: int, path: str) -> tuple[int, str]:
    """Ask over a socket, with the path exactly as written."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_it_answers(port: int) -> None:
    """Health, readiness, the docs, a question."""
    for path in ("/healthz", "/readyz", "/docs", "/v1/sources"):
        assert ask(port, path)[0] == 200


@pytest.mark.parametrize("safe", ["/", ""])
def test_a_key_with_an_escape_is_written_with_that_escaped_again(port: int, safe: str) -> None:
    """An id with a slash in it holds %2F; in a path that is %252F, whether the other slashes are escaped or not."""
    for suffix in ("", "/where"):
        status, body = ask(port, f"/v1/entities/{quote(KEY, safe=safe)}{suffix}")
        assert status == 200, body
        assert f'"key":"{KEY}"' in body


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "give a token with --token env:NAME"),
        (["--token", "a-literal-token-of-some-length"], "given by reference"),
        (["--host", "192.0.2.1", "--token", "env:TOKEN"], "--port"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_sentence(arguments: list[str], said: str) -> None:
    """Exit 2, before anything listens."""
    environment = {"TOKEN": "not-a-real-token-0123456789"}
    ended = subprocess.run(
        [*SERVE, *arguments], capture_output=True, text=True, check=False, env=environment, timeout=30
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_a_sentence(port: int) -> None:
    """The next step is another port."""
    ended = subprocess.run([*SERVE, "--port", str(port)], capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 2
    assert "choose another with --port" in ended.stderr
