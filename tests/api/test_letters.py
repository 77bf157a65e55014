"""Is a name in any script shown to people without harm, and given to programs as it is?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graph.model import Entity
from graph.stores.sqlite import SqliteStore
from tests.graph.stores.estate import PODS, SHOP
from tests.graph.stores.test_hard_cases import TEXTS
from tests.graph.world import World, document

SHOWN = ("right to left", "combining", "composed", "beyond the basic plane", "quotes")
"""Those that have nothing in them which a screen would obey."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a pod for each text, named and labelled by it."""
    path = tmp_path_factory.mktemp("store") / "asbuilt.db"
    store = SqliteStore(path)
    world = World(store)
    world.configure("kube")
    world.scopes("kube", PODS)
    keys = [(SHOP.child("k8s.pod", text), text) for text in TEXTS.values()]
    world.read(PODS, *(document(key, "1", Entity(key, text, None, {"labels": {"app": text}})) for key, text in keys))
    world.writer.close()
    store.close()
    return path


def said(path: Path, *arguments: str | bytes) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process, so that its arguments are bytes, and its output too."""
    command = [sys.executable, "-c", "from api.cli import main; main()", *arguments, "--store", str(path)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
    return subprocess.run(command, capture_output=True, check=False, env=environment)


def test_a_table_shows_any_script_and_obeys_none(path: Path) -> None:
    """Each thing has one line; letters stand as they are, and what would move or colour the screen is replaced."""
    done = said(path, "list", "--kind", "k8s.pod")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert sum("k8s.pod" in line for line in text.split("\n")) == len(TEXTS)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    for name in SHOWN:
        assert TEXTS[name] in text, name


@pytest.mark.slow
def test_a_program_is_given_every_letter(path: Path) -> None:
    """JSON has each name as it was stated, and what is asked for by a text in any script is found."""
    done = said(path, "list", "--kind", "k8s.pod", "--output", "json")
    assert sorted(row["name"] for row in json.loads(done.stdout)["data"]) == sorted(TEXTS.values())
    for name in SHOWN:
        for asked in (("--name", TEXTS[name]), ("--label", f"app:{TEXTS[name]}")):
            found = json.loads(said(path, "list", *asked, "--output", "json").stdout)["data"]
            assert [row["name"] for row in found] == [TEXTS[name]], asked


@pytest.mark.parametrize(
    "arguments", [("list", "--name"), ("list", "--within"), ("list", "--kind"), ("show",), ("resolve", "x", "--kind")]
)
def test_bytes_that_are_no_text_are_refused(path: Path, arguments: tuple[str, ...]) -> None:
    """An argument that is not UTF-8 is a mistake, told in a sentence."""
    done = said(path, *arguments, b"k8s.node/\xff")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == "The question holds '\\udcff', which is no text: use UTF-8.\n"


def test_a_screen_without_the_letters_is_given_their_codes(path: Path) -> None:
    """And a program is given UTF-8 as anywhere."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", "from api.cli import main; main()", "list", "--store", str(path)]
    shown = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"\\u" in shown.stdout
    assert shown.stdout.isascii()
    given = subprocess.run([*command, "--output", "json"], capture_output=True, check=False, env=environment)
    assert {row["name"] for row in json.loads(given.stdout)["data"]} == set(TEXTS.values())


@pytest.mark.parametrize("output", ["table", "json"])
def test_who_reads_no_further_ends_the_command_quietly(path: Path, output: str) -> None:
    """As a closed pipe ends others."""
    command = [sys.executable, "-c", "from api.cli import main; main()", "list", "--store", str(path)]
    reading, writing = os.pipe()
    os.close(reading)
    found = subprocess.run([*command, "--output", output], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (found.returncode, found.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("output", ["table", "json"])
def test_an_answer_that_cannot_be_written_is_said_to_be_none(path: Path, output: str) -> None:
    """A full disk is a sentence and a code."""
    command = [sys.executable, "-c", "from api.cli import main; main()", "list", "--store", str(path)]
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run([*command, "--output", output], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (found.returncode, found.stderr) == (1, b"The answer could not be written: No space left on device.\n")
