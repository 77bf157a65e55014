"""How many exceptions to its own rules does the house allow itself?

The budgets only ever shrink. To raise one is a decision, and the diff of this file shows it.
"""

import re

import pytest

from tests.structure.checkout import PACKAGES, ROOT, at, comments, project_files, python_files

BUDGETS = {
    r"#\s*pragma:\s*no\s+cover": 0,
    r"#\s*type:\s*ignore": 0,
    r"#\s*noqa": 0,
}
NEIGHBOUR = "../" + "shared"  # in two parts, so that this file does not mention it


@pytest.mark.parametrize("pattern", BUDGETS)
def test_exceptions_stay_within_their_budget(pattern: str) -> None:
    """Comments that switch a check off are counted, and there are no more of them than budgeted."""
    found = [
        f"{at(path, line)} {text}"
        for path in python_files(*PACKAGES, "tests")
        for line, text in comments(path)
        if re.search(pattern, text)
    ]
    assert len(found) <= BUDGETS[pattern], "\n".join([f"{len(found)} found, {BUDGETS[pattern]} allowed:", *found])


def test_nothing_points_outside_the_checkout() -> None:
    """No file leans on a folder beside the checkout: a clone is all that anybody has."""
    pointing = [
        str(path.relative_to(ROOT))
        for path in project_files()
        if NEIGHBOUR in path.read_text("utf-8", errors="replace")
    ]
    assert not pointing
