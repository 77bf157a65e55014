"""Where in its file does each setting stand? YAML in; plain values out, and the line and column of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Path = tuple[str | int, ...]
"""The names (and in lists the indices) that lead to a value."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file, counted from one as editors do."""

    line: int
    column: int


class Unreadable(Exception):
    """The text is no YAML that a configuration could be. mark: where reading it stopped."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark


@dataclass(slots=True)
class Marked:
    """Plain values, and where the name and the value of each stand."""

    data: Any = None
    names: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)

    def of_name(self, path: Path) -> Mark:
        """Find where a setting is named; where it is not, the nearest that contains it."""
        while path and path not in self.names:
            path = path[:-1]
        return self.names.get(path, Mark(1, 1))

    def of_value(self, path: Path) -> Mark:
        """Find where a value stands. One that is empty, or spans lines, is found at its name."""
        return self.values.get(path) or self.of_name(path)


def read_marked(text: str) -> Marked:
    """Read YAML, or raise Unreadable. Values are never repeated in what it says, for one could be a secret."""
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        raise Unreadable(_mark_of(error), _problem_of(error)) from None
    except YAMLError:
        raise Unreadable(Mark(1, 1), "is no YAML: write `name: value`, one setting to a line") from None
    marked = Marked()
    marked.data = _plain(tree, (), marked)
    return marked


def _mark_of(error: MarkedYAMLError) -> Mark:
    mark = error.problem_mark or error.context_mark
    return Mark(1, 1) if mark is None else Mark(mark.line + 1, mark.column + 1)


def _problem_of(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "cannot be read")
    if "duplicate key" in problem:  # ruamel's text would show both values
        return f"{problem.split(' with value', 1)[0]}: keep one of them"
    return f"{problem}: check indentation, quotes and brackets here"


def _plain(tree: Any, path: Path, marked: Marked) -> Any:
    if isinstance(tree, CommentedMap):
        plain: dict[str, Any] = {}
        for key, value in tree.items():
            deeper = (*path, str(key))
            if key in tree.lc.data or not tree.lc.data:  # an entry merged in by `<<` stands elsewhere
                marked.names[deeper] = _at(tree.lc.key(key))
                _mark_value(marked, deeper, value, tree.lc.value(key))
            plain[str(key)] = _plain(value, deeper, marked)
        return plain
    if isinstance(tree, CommentedSeq):
        items = []
        for index, value in enumerate(tree):
            deeper = (*path, index)
            marked.names[deeper] = _at(tree.lc.item(index))
            items.append(_plain(value, deeper, marked))
        return items
    return _scalar(tree)


def _mark_value(marked: Marked, path: Path, value: Any, place: tuple[int, int]) -> None:
    if value is not None and not isinstance(value, CommentedMap | CommentedSeq):
        marked.values[path] = _at(place)


def _at(place: tuple[int, int]) -> Mark:
    return Mark(place[0] + 1, place[1] + 1)


def _scalar(value: Any) -> Any:
    """Give a scalar without what ruamel remembers of how it was written."""
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return None if value is None else str(value)
