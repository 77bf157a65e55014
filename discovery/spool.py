"""Where do mapped documents wait for their commit? In memory while little, in a temporary file once that is much."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import orjson

from graph.plan import Mapped

IN_MEMORY = 5000
"""Documents kept in memory: a busy cycle fits, the first load of a large cluster does not."""

TEXT_IN_MEMORY = 8 * 2**20
"""Characters of their text kept in memory. Scopes wait for the one writer side by side, each with what it holds."""


class Interrupted(Exception):
    """The commit was given up half-way, because Asbuilt is stopping. Nothing of it was written."""


class Spool:
    """A keeper for `plan`, which reads back what was put in, in the same order.

    interrupted: asked before each document is handed out; once it says yes, reading raises Interrupted, and so the
    commit that reads is left without being published.
    """

    def __init__(
        self,
        in_memory: int = IN_MEMORY,
        interrupted: Callable[[], bool] = lambda: False,
        *,
        text_in_memory: int = TEXT_IN_MEMORY,
    ) -> None:
        self.held = 0
        """The characters of text that are in memory now."""
        self._in_memory = in_memory
        self._text_in_memory = text_in_memory
        self._interrupted = interrupted
        self._held: list[Mapped] = []
        self._file: IO[bytes] | None = None
        self._open = ExitStack()
        self._spilled = 0

    def append(self, mapped: Mapped, /) -> None:
        """Take one more."""
        self._held.append(mapped)
        self.held += len(mapped.text)
        if len(self._held) > self._in_memory or self.held > self._text_in_memory:
            self._spill()

    def clear(self) -> None:
        """Forget them all."""
        self._held.clear()
        self.held = 0
        self.close()

    def close(self) -> None:
        """Let go of the file, and of what is in it."""
        self._open.close()
        self._file, self._spilled = None, 0

    def __len__(self) -> int:
        return self._spilled + len(self._held)

    def __iter__(self) -> Iterator[Mapped]:
        for mapped in self._all():
            if self._interrupted():
                raise Interrupted
            yield mapped

    def _all(self) -> Iterator[Mapped]:
        if self._file is not None:
            self._file.seek(0)
            for line in self._file:
                yield Mapped(*orjson.loads(line))
        yield from self._held

    def _spill(self) -> None:
        """Move what is held to the end of the file, one JSON array to a line."""
        if self._file is None:
            self._file = self._open.enter_context(_nameless_file())
        self._file.seek(0, 2)
        self._file.writelines(orjson.dumps(_row(mapped), option=orjson.OPT_APPEND_NEWLINE) for mapped in self._held)
        self._spilled += len(self._held)
        self._held.clear()
        self.held = 0


@contextmanager
def _nameless_file() -> Iterator[IO[bytes]]:
    """Open a file that is gone with the process, however that ends."""
    with tempfile.TemporaryFile(prefix="asbuilt-") as file:
        yield file


def _row(one: Mapped) -> tuple[object, ...]:
    return (
        one.id,
        one.version,
        one.mapping,
        one.position,
        one.fingerprint,
        one.text,
        one.subject,
        one.incarnation,
    )
