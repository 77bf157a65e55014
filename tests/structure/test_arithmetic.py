"""Is the middle arithmetic? `graph.model`, `plan`, `settle` and `identity` take values and return values."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.checkout import ROOT, at, python_files

PURE = ("graph.model", "graph.plan", "graph.settle", "graph.identity")
IMPURE_STANDARD_LIBRARY = {
    *("asyncio", "concurrent", "ctypes", "fcntl", "ftplib", "http", "io", "logging", "multiprocessing", "os"),
    *("pathlib", "random", "secrets", "select", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3"),
    *("ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "warnings"),
}
CLOCKS = {"now", "utcnow", "today"}


@pytest.mark.parametrize("name", PURE)
def test_the_arithmetic_exists(name: str) -> None:
    """Each of the four is a module or a package of `graph`."""
    assert files_of(name), f"{name} has no file"


@pytest.mark.parametrize("name", PURE)
def test_the_arithmetic_imports_nothing_but_python_and_itself(name: str) -> None:
    """No third-party package, no other part of the house, and none of Python's clocks, files, sockets and logs."""
    allowed = (sys.stdlib_module_names | {"graph"}) - IMPURE_STANDARD_LIBRARY
    wrong = [
        f"{at(path, line)} imports {module}"
        for path in files_of(name)
        for line, module in imports(path)
        if module.partition(".")[0] not in allowed or (module.partition(".")[0] == "graph" and not is_pure(module))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PURE)
def test_the_arithmetic_reads_no_clock(name: str) -> None:
    """Instants come in as arguments; nothing calls `now`, `utcnow` or `today`."""
    wrong = [
        f"{at(path, node.lineno)} calls {node.func.attr}()"
        for path in files_of(name)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert not wrong, "\n".join(wrong)


def files_of(name: str) -> list[Path]:
    """Return the files of a module or package, by its dotted name."""
    place = ROOT.joinpath(*name.split("."))
    return [path for path in python_files("graph") if path == place.with_suffix(".py") or place in path.parents]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything imported; relative imports name themselves as such."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            if base == "graph":  # `from graph import plan` names a module only in its second half
                yield from ((node.lineno, f"graph.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, base


def is_pure(module: str) -> bool:
    """Tell whether a dotted name lies in one of the four."""
    return any(module == pure or module.startswith(f"{pure}.") for pure in PURE)
