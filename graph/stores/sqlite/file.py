"""Is this file a store that can be opened, and who may write to it?"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.store import StoreError, StoreLocked
from graph.stores.sqlite.schema import APPLICATION_ID, STEPS

BUSY_MILLISECONDS = 10_000
"""How long a connection waits for another one's moment of exclusion (a checkpoint, the recovery after a crash)."""

_CACHE_KIB = 32_768
_WAL_LIMIT = 64 * 1024 * 1024
"""What the log keeps of its size after a large commit, in bytes."""


def told(error: sqlite3.Error, path: Path) -> StoreError:
    """Say what an error of SQLite means for the store, and what to do."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return StoreError(f"the disk of {path} is full: free some space; nothing of this commit was written")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(f"{path} stayed locked by another program: close what has it open, and try again")
    if name.startswith("SQLITE_NOTADB"):
        return StoreError(f"{path} is not an Asbuilt store: name another file, or move this one away")
    if name.startswith("SQLITE_CORRUPT"):
        return StoreError(f"{path} is damaged ({error}): restore it from a backup, or move it away to begin anew")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreError(f"{path} cannot be opened ({error}): check that it and its folder may be read and written")
    if name.startswith("SQLITE_IOERR"):
        return StoreError(
            f"reading or writing {path} failed ({error}): check the disk; nothing of this commit was written"
        )
    return StoreError(f"{path}: {error}")


def identity(path: Path) -> tuple[int, int] | None:
    """Tell which file has a name: the same one, whatever is written to it; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Let errors of SQLite leave as errors of the store."""
    try:
        yield
    except sqlite3.Error as error:
        raise told(error, path) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    db.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    db.execute("PRAGMA foreign_keys = OFF")  # numbers are made by one writer, and checking each would cost a look-up
    return db


def _steps_taken(db: sqlite3.Connection, path: Path) -> int:
    """Give the number of steps that a file has taken; refuse what is no store, or a newer one."""
    taken = int(db.execute("PRAGMA user_version").fetchone()[0])
    owner = int(db.execute("PRAGMA application_id").fetchone()[0])
    foreign = owner != APPLICATION_ID and db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
    if foreign:
        raise StoreError(f"{path} is a database, but not an Asbuilt store: name another file")
    if taken > len(STEPS):
        raise StoreError(
            f"{path} was written by a newer Asbuilt (schema {taken}, this one knows {len(STEPS)}): upgrade Asbuilt"
        )
    return taken


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing store for reading only. Nothing is created."""
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet: run `asbuilt discover` or `asbuilt once` first")
    with telling(path):
        try:
            db = _connect(path, "rw")  # the log may need its index, which mode=ro cannot make
            taken = _steps_taken(db, path)
        except sqlite3.OperationalError:
            db = _connect(path, "ro")
            taken = _steps_taken(db, path)
        if taken < len(STEPS):
            db.close()
            raise StoreError(
                f"{path} has not been prepared by this Asbuilt yet: run `asbuilt discover` or `asbuilt once`"
            )
        db.execute("PRAGMA query_only = ON")
    return db


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a store for writing, make it where it is absent, and take the steps that it lacks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with telling(path):
        db = _connect(path, "rwc")
        taken = _steps_taken(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # what publish acknowledged survives a power cut
        db.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        for number in range(taken, len(STEPS)):
            _take(db, number)
    return db


def _take(db: sqlite3.Connection, number: int) -> None:
    """Take one step, whole or not at all."""
    step = STEPS[number]
    try:
        db.executescript(f"BEGIN IMMEDIATE; {step.script}")
        if step.fill is not None:
            step.fill(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


class WriterLock:
    """The right to write: a lock on a file beside the store, which the system takes back when its holder dies."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".lock")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"{store} cannot be written ({error.strerror}: {self._path}): give this user the right to write to it"
                " and its folder, or name another store"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise StoreError(f"{self._path} cannot be locked ({error}): put the store on a local disk") from error
            raise StoreLocked(
                f"process {holder} already writes to {store}: stop it first, or name another store"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process write. The file stays: removing it would let two processes lock two files of one name."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
