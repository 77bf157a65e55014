"""What does somebody who installs Asbuilt get?"""

import configparser
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.structure.checkout import PACKAGES, ROOT, project_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
METADATA = f"{PROJECT['name']}-{PROJECT['version']}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a release would."""
    target = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [path] = target.glob("*.whl")
    return path


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: Path) -> None:
    """The wheel's top level is the four packages and the metadata: no tests, no stray module."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert tops == {*PACKAGES, METADATA}


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    """Code, recordings, pages and `py.typed`: what is committed in the packages is what is installed."""
    committed = {str(path.relative_to(ROOT)) for path in project_files()}
    expected = {name for name in committed if name.partition("/")[0] in PACKAGES}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.startswith(METADATA)}
    assert packed == expected


def test_the_wheel_declares_the_entry_points(wheel: Path) -> None:
    """The command, the contributions to it and the collectors are found by entry point, as in pyproject.toml."""
    declared = {
        "console_scripts": PROJECT["scripts"],
        **PROJECT["entry-points"],
    }
    parser = configparser.ConfigParser(delimiters=("=",))
    with zipfile.ZipFile(wheel) as archive:
        parser.read_string(archive.read(f"{METADATA}/entry_points.txt").decode())
    assert {section: dict(parser[section]) for section in parser.sections()} == declared
    assert set(declared) == {"console_scripts", "asbuilt.commands", "asbuilt.collectors"}


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    """The licence goes with the code."""
    with zipfile.ZipFile(wheel) as archive:
        assert f"{METADATA}/licenses/LICENSE" in archive.namelist()
