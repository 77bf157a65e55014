"""How is a whole store written to a file, and a file read into an empty store?"""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from discovery.commands import Mistake
from graph.store import GraphStore
from graph.transfer.export import Unusable, exported, imported, proved

T = TypeVar("T")

LONGEST = 1 << 28
"""Bytes of a line that are read: what goes on after them is no export."""

_DATABASE = b"SQLite format 3\x00"
"""How a file of SQLite begins, such as a store."""

_STEP = 500
"""Records from one move of the progress line to the next."""


def export(store: GraphStore, name: str) -> None:
    """Write everything that a store keeps to a file, which is there only once it is whole; `-` is standard output."""
    if name == "-":
        for line in exported(store):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    with _telling(path):
        _refuse_what_is_no_place(path)
    with _telling(path), _part_of(path) as part:
        records = 0
        for line in _shown(exported(store), "exporting", None):
            part.write(line)
            records += 1
    click.echo(f"Exported {records - 2:,} records to {path}.", err=True)


def _refuse_what_is_no_place(path: Path) -> None:
    """Raise Mistake where an export would take the place of something else than a file that may be lost."""
    if path.is_dir():
        raise Mistake(f"{path} is a folder: name a file in it")
    if path.exists() and not path.is_file():
        raise Mistake(f"{path} is no plain file: name another, or write to standard output with -")
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_DATABASE)) == _DATABASE:
                raise Mistake(
                    f"{path} is a database, and would be lost: name another FILE; --store names what is exported"
                )


@contextmanager
def _part_of(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file that takes its name when it is whole and on the disk, and is removed otherwise."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as small:
                    yield small
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check(name: str) -> int:
    """Read an export from end to end, and give the number of its records; raise Mistake where it cannot be used."""
    path = Path(name)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise Mistake(f"{path} is no plain file, and an export is read twice, to be proved first: write it to one")
    with _telling(path), _opened(path) as file:
        return proved(_shown(_lines(file), "checking", None))


def import_(store: GraphStore, name: str, records: int) -> None:
    """Read an export of so many records into an empty store."""
    path = Path(name)
    writer = store.writer()  # what is wrong with the store is not the file's fault
    try:
        with _telling(path), _opened(path) as file:
            mark = writer.restore(_shown(imported(_lines(file)), "importing", records))
        click.echo(f"Imported {records:,} records, up to revision {mark.number}.", err=True)
    finally:
        writer.close()  # a server's lease would outlast this process, and whoever writes next be refused


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    with path.open("rb") as file:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=file, mode="rb") as whole:
                yield whole
        else:
            yield file


def _lines(file: BufferedIOBase) -> Iterator[bytes]:
    while line := file.readline(LONGEST):
        yield line


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Turn what can be wrong with a file into a sentence."""
    try:
        yield
    except Unusable as error:
        raise Mistake(f"{path}: {error}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Mistake(f"{path} is cut or damaged: export again") from None
    except OSError as error:
        raise Mistake(f"{path} cannot be used ({error.strerror}): give another file") from None


def _shown(items: Iterable[T], told: str, total: int | None) -> Iterator[T]:
    """Pass items on, and show at a terminal how many there were."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(told, total=total)
        for number, item in enumerate(items):
            if number % _STEP == 0:
                progress.update(task, completed=number)
            yield item
