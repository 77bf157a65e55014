"""What does the checkout hold? The files of the project, as git would see them."""

import io
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "collectors", "discovery", "graph")


def project_files() -> list[Path]:
    """Return every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = {ROOT / name for name in listed.split("\0") if name}
    return sorted(path for path in paths if path.is_file())  # a deleted file stays listed until it is committed


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of these top-level folders."""
    return [
        path for path in project_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in set(folders)
    ]


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of every comment; strings that look like one do not count."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def at(path: Path, line: int) -> str:
    """Name a place as editors and terminals make it a link."""
    return f"{path.relative_to(ROOT)}:{line}"
