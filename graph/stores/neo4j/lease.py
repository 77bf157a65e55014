"""Who may write? One process at a time, by a lease in the database, and a fencing token that every step checks."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from uuid import uuid4

from graph.store import StoreError, StoreLocked
from graph.stores.neo4j.commit import lock
from graph.stores.neo4j.connection import Ask, Database, Ended

SECONDS = 15.0
"""How long a writer that has fallen silent keeps the others out. The clock is the server's."""


class Lease:
    """The right to write. It is renewed while it is held; whoever takes it over gets a greater token."""

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._released = threading.Event()
        self._name = uuid4().hex  # by which it knows itself where the answer to its taking was lost
        try:
            self.fence = database.writing(self._take)
        except Ended:  # as did, at that moment, whoever stood still with the store locked
            self.fence = database.writing(self._take)
        self._renewing = threading.Thread(target=self._renew, name="asbuilt-lease", daemon=True)
        self._renewing.start()

    def _take(self, ask: Ask) -> int:
        fence, *_ = lock(ask)
        query = "MATCH (s:AsbuiltStore {id: 0}) RETURN s.holder, s.lease - timestamp(), s.taken"
        holder, left, taken = ask(query)[0]
        if taken == self._name:
            return fence
        mine = f"{socket.gethostname()} process {os.getpid()}"
        if holder is not None and left > 0:
            raise StoreLocked(
                f"{holder} already writes to {self._database.url}: stop it first, or wait {left / 1000:.0f} s "
                "where it has died"
            )
        ask(
            "MATCH (s:AsbuiltStore {id: 0}) SET s.fence = $fence, s.holder = $mine, s.taken = $name, "
            "s.lease = timestamp() + $length",
            fence=fence + 1,
            name=self._name,
            mine=mine,
            length=int(self._seconds * 1000),
        )
        return fence + 1

    def _renew(self) -> None:
        while not self._released.wait(self._seconds / 3):
            try:
                if not self._database.writing(self._extend):
                    return
            except StoreError:  # the next step says so, to whoever waits for it
                continue

    def _extend(self, ask: Ask) -> bool:
        fence, *_ = lock(ask)
        if fence == self.fence:
            query = "MATCH (s:AsbuiltStore {id: 0}) SET s.lease = timestamp() + $length"
            ask(query, length=int(self._seconds * 1000))
        return fence == self.fence

    def release(self) -> None:
        """Let another process write: now, or once the lease has run out where the server is away."""
        if self._released.is_set():
            return
        self._released.set()
        self._renewing.join(self._seconds)  # what it is about to open would outlive a database that is closed next
        with suppress(StoreError):
            self._database.writing(self._drop)

    def _drop(self, ask: Ask) -> None:
        fence, *_ = lock(ask)
        if fence == self.fence:
            ask("MATCH (s:AsbuiltStore {id: 0}) SET s.lease = 0 REMOVE s.holder")
