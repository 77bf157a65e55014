"""Is every file and every function small enough to be read at one sitting?"""

import ast

from tests.structure.checkout import PACKAGES, ROOT, at, python_files

LINES_PER_FILE = 400
LINES_PER_FUNCTION = 50


def test_no_file_is_a_dumping_ground() -> None:
    """No Python file, of the packages or of the tests, is longer than 400 lines."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in python_files(*PACKAGES, "tests")}
    too_long = [
        f"{path.relative_to(ROOT)}: {length} lines" for path, length in lengths.items() if length > LINES_PER_FILE
    ]
    assert lengths
    assert not too_long, "\n".join(["Split by the question each part answers:", *too_long])


def test_every_function_fits_a_screen() -> None:
    """No function of the packages is longer than 50 lines, its docstring not counted."""
    too_long = [
        f"{at(path, node.lineno)} {node.name}: {length(node)} lines"
        for path in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > LINES_PER_FUNCTION
    ]
    assert not too_long, "\n".join(["Name the steps and make them functions:", *too_long])


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the last, without the docstring: explaining must cost nothing."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total
