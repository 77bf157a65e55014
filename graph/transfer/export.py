"""How does a dump become lines that prove themselves whole, so that a cut or altered one is refused?

The first line names the format, the newest revision and the Asbuilt that wrote it. The last has the number of records
and the SHA-256 of all lines before it, line feeds included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version

from graph.model import instant_of, text_of
from graph.store import GraphStore
from graph.transfer.lines import line_of, read, record_of, written
from graph.transfer.records import Head, Record

FORMAT = "asbuilt export"
VERSION = 1


class Unusable(Exception):
    """It is no export, or not all of one, or not as it was written. The message says which."""


def exported(store: GraphStore) -> Iterator[bytes]:
    """Give everything that a store keeps, line by line."""
    digest, count = hashlib.sha256(), 0
    for record in store.dump():
        line = _first(record) if isinstance(record, Head) else line_of(record)
        digest.update(line)
        count += not isinstance(record, Head)
        yield line
    yield written({"records": count, "sha256": digest.hexdigest()})


def _first(head: Head) -> bytes:
    told = {"format": FORMAT, "version": VERSION, "asbuilt": version("asbuilt")}
    return written({**told, "revision": head.number, "instant": text_of(head.instant)})


def proved(lines: Iterable[bytes]) -> int:
    """Give the number of records of an export that is whole and as it was written, or raise Unusable."""
    return sum(1 for number, _ in _sealed(lines) if number > 1)


def imported(lines: Iterable[bytes]) -> Iterator[Record]:
    """Read the records of an export. Raise Unusable: for what was not proved before, at the latest after the last."""
    for number, line in _sealed(lines):
        yield _head(line) if number == 1 else _record(line, number)


def _sealed(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line but the last with its number, and hold them all to what the last says."""
    rest = iter(lines)
    first = next(rest, b"")
    _head(first)
    yield 1, first
    digest, number, held = hashlib.sha256(first), 1, next(rest, b"")
    for line in rest:  # what is held is not the last line, so it is a record
        digest.update(held)
        number += 1
        yield number, held
        held = line
    _prove(held, number - 1, digest.hexdigest())


def _head(line: bytes) -> Head:
    try:
        told = read(line)
        form, number = told["format"], told["version"]
        if form != FORMAT:
            raise ValueError(form)
    except (ValueError, KeyError, TypeError):
        raise Unusable("this is no export: name a file that `asbuilt export` wrote") from None
    if number != VERSION:
        by = told.get("asbuilt", "another")
        raise Unusable(f"this export has format {number}, of Asbuilt {by}; this one reads {VERSION}: upgrade Asbuilt")
    try:
        return Head(int(told["revision"]), instant_of(told["instant"]))
    except (ValueError, KeyError, TypeError):
        raise Unusable("line 1 is damaged: export again") from None


def _record(line: bytes, number: int) -> Record:
    try:
        return record_of(read(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unusable(f"line {number} is damaged: export again") from None


def _prove(line: bytes, count: int, digest: str) -> None:
    try:
        told = read(line)
        records, sha256 = told["records"], told["sha256"]
    except (ValueError, KeyError, TypeError):
        raise Unusable(f"this export is cut after {count:,} records: export again") from None
    if records != count or not line.endswith(b"\n"):
        raise Unusable(f"this export has {count:,} records of {records:,}: export again")
    if sha256 != digest:
        raise Unusable("this export was altered since it was written (its SHA-256 is another): export again")
