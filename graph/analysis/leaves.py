"""What is another in a field, however deep it lies, told so that the two sides never look alike?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graph.model import Value, canonical

_LONGEST = 60
"""Characters of a side that are shown; of longer ones what both share is left out first."""

_AROUND = 16
"""Characters of what both share that stay beside the difference."""

_NAMES = ("name", "type")
"""What tells the items of a list apart."""


def field_words(name: str, old: Value, new: Value) -> str:
    """Write a differing field: each inner value that is another, old → new."""
    return "; ".join(f"{leaf}: {' → '.join(_sides(then, now))}" for leaf, then, now in _leaves(name, old, new))


def _leaves(name: str, old: Value, new: Value) -> Iterator[tuple[str, Value, Value]]:
    """Yield what differs inside, by its path; a list that grew or shrank as a whole."""
    inner: list[tuple[str, Value, Value]] = []
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        inner = [(f"{name}.{one}", old.get(one), new.get(one)) for one in sorted({*old, *new})]
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        both = enumerate(zip(old, new, strict=True))
        inner = [(f"{name}[{_item(then, now) or place}]", then, now) for place, (then, now) in both]
    deeper = [one for one in inner if canonical(one[1]) != canonical(one[2])]
    if not deeper:
        yield name, old, new
    for one in deeper:
        yield from _leaves(*one)


def _item(old: Value, new: Value) -> str | None:
    """Name an item of a list by what it calls itself, on both sides."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for one in _NAMES:
            called = old.get(one)
            if isinstance(called, str) and called == new.get(one):
                return called
    return None


def _sides(old: Value, new: Value) -> tuple[str, str]:
    then, now = (_plain(one) for one in (old, new))
    if then == now:  # 1 and "1", or - and nothing
        then, now = canonical(old), canonical(new)
    if max(len(then), len(now)) <= _LONGEST or None in (old, new):
        return _cut(then), _cut(now)
    before = _shared(then, now)
    after = _shared(then[before:][::-1], now[before:][::-1])
    return _around(then, before, after), _around(now, before, after)


def _shared(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _around(text: str, before: int, after: int) -> str:
    """Leave out of a text what it shares with the other at its beginning and end, but for what stands beside."""
    start, end = max(0, before - _AROUND), len(text) - max(0, after - _AROUND)
    shown = _cut(text[start:end])
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) and not shown.endswith('…') else ''}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _plain(value: Value) -> str:
    return "-" if value is None else value if isinstance(value, str) else canonical(value)
