"""How does an answer leave: whole, in the letters that the other side can read, or with a word of why it could not?"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

UNWRITTEN = 1
"""There is an answer, and it could not be written."""
ENOUGH = 141
"""Whoever read the output had enough of it: what a shell gives for those that a closed pipe ends."""


def write(answer: str | bytes) -> None:
    """Write an answer to standard output; where that fails, end with a sentence, or quietly where nobody reads on.

    JSON is given as bytes, and is UTF-8 wherever it goes. A letter that a screen does not have is written as its code.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    data = answer if isinstance(answer, bytes) else answer.encode(encoding, errors="backslashreplace")
    try:
        click.echo(data, nl=False)
    except BrokenPipeError:
        _drop()
        sys.exit(ENOUGH)
    except OSError as error:
        _drop()
        click.echo(f"The answer could not be written: {error.strerror or error}.", err=True)
        sys.exit(UNWRITTEN)


def _drop() -> None:
    """Send what is left in the buffer nowhere, for it is tried once more when the process ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
