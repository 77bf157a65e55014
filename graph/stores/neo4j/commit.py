"""How does a revision come about in steps, never by halves, never twice, and only by the one who may write?

A transaction that holds a first load would not fit into the server's memory. So a revision is written in steps, each a
transaction: what they write is in force from a revision on that nobody reads yet. The last step publishes: it moves the
newest revision. What was left in the making is taken back before the next one begins.

Every step first locks the one node of the store. It sees whether the writer still is the writer (its fencing token),
and whether this very step was committed already, its answer having been lost with the connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any, TypeAlias
from uuid import uuid4

from graph.model import RevisionMark
from graph.store import StoreError, StoreLocked
from graph.stores.neo4j.connection import Ask, Database, Emptied
from graph.stores.neo4j.schema import MADE, UPKEEP, VERSIONS
from graph.stores.neo4j.written import Written

Write: TypeAlias = tuple[str, Sequence[Any]]
"""A query that goes through `$rows`, and the rows. `$revision` is the one in the making."""

STEP = 20_000
"""Rows written by one step."""

_STATEMENT = 5_000
"""Rows given to one query."""

_FENCED = "MATCH (s:AsbuiltStore {id: 0}) SET s.touched = timestamp() WITH v, s WHERE s.fence = $fence"
"""How a portion that is taken back locks the one node of the store, and does nothing once another writes."""

_PUBLISHED = "coalesce(v.closed, 0) <= $revision AND coalesce(v.superseded, 0) <= $revision"


def lock(ask: Ask) -> tuple[int, str | None, int, int | None]:
    """Lock the one node of the store; give its fencing token, last step, newest revision and the one in the making."""
    ask("MATCH (s:AsbuiltStore {id: 0}) SET s.touched = timestamp()")
    rows = ask("MATCH (s:AsbuiltStore {id: 0}) RETURN s.fence, s.step, s.head, s.pending")
    if not rows:
        raise Emptied
    fence, step, head, pending = rows[0]
    return fence, step, head, pending


def _steps(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Cut writes into steps of bounded size, in their order."""
    step: list[Write] = []
    size = 0
    for query, rows in writes:
        for start in range(0, len(rows), _STATEMENT):
            portion = rows[start : start + _STATEMENT]
            if step and size + len(portion) > STEP:
                yield step
                step, size = [], 0
            step.append((query, portion))
            size += len(portion)
    if step:
        yield step


class Commit:
    """The steps of one revision. head: the one that it follows. fence: the token of who writes."""

    def __init__(self, database: Database, fence: int, head: RevisionMark, written: Written, pool: Executor) -> None:
        self._database = database
        self._fence = fence
        self.head = head
        self.written = written
        self._pool = pool
        self._underway: Future[None] | None = None
        self._run = uuid4().hex
        self._count = 0
        self.begun = False

    @property
    def revision(self) -> int:
        """The number of the revision in the making."""
        return self.head.number + 1

    def read(self, query: str, **values: Any) -> list[list[Any]]:
        """Read, what the steps so far have written included."""
        self.wait()
        return self._database.read(query, **values)

    def write(self, writes: Sequence[Write], *, versions: bool = True) -> None:
        """Take as many steps as some writes need. versions: they write what is in force from this revision on.

        The last of them is still on its way when this returns: what fails there is raised by what comes next.
        """
        for step in _steps(writes):
            self.wait()
            self.begun |= versions
            self._underway = self._pool.submit(self._step, step, begin=versions, end=[])

    def wait(self) -> None:
        """Wait for the step that is on its way. Raise what it failed with."""
        underway, self._underway = self._underway, None
        if underway is not None:
            underway.result()

    def publish(self, writes: Sequence[Write], mark: RevisionMark | None) -> None:
        """Take the last step. mark: the revision that stands from then on; None where it made none."""
        end: list[tuple[str, dict[str, Any]]] = []
        if mark is not None:
            self.begun = True
            end.append(
                (
                    "MATCH (s:AsbuiltStore {id: 0}) SET s.head = $number REMOVE s.pending, s.restoring",
                    {"number": mark.number},
                )
            )
        self.wait()
        self._step(list(writes), begin=False, end=end)

    def _step(self, step: Sequence[Write], *, begin: bool, end: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self._count += 1
        name = f"{self._run}:{self._count}"

        def work(ask: Ask) -> None:
            fence, last, head, pending = lock(ask)
            if fence != self._fence:
                raise StoreLocked("another process has taken over writing to this store: stop this one")
            if last == name:
                return
            if head != self.head.number:
                raise StoreError(f"revision {head} came from elsewhere: run this again")
            if pending is not None and not (last or "").startswith(self._run):
                raise StoreError(f"revision {pending} was left in the making by another commit: run this again")
            ask("MATCH (s:AsbuiltStore {id: 0}) SET s.step = $name", name=name)
            if begin and pending is None:
                ask("MATCH (s:AsbuiltStore {id: 0}) SET s.pending = $revision", revision=self.revision)
            for query, rows in step:
                if rows:
                    ask(query, rows=rows, revision=self.revision)
            for query, values in end:
                ask(query, **values)

        self._database.writing(work)


def take_back(database: Database, fence: int) -> None:
    """Take back what a revision in the making has written, if there is one. It may be begun again at any point."""

    def pending(ask: Ask) -> int | None:
        held, _, _, number = lock(ask)
        if held != fence:
            raise StoreLocked("another process has taken over writing to this store: stop this one")
        return number

    def drop(match: str, action: str) -> None:
        _in_portions(database, match, f"{_FENCED} {action}", revision=revision, fence=fence)

    revision = database.writing(pending)
    if database.read("MATCH (s:AsbuiltStore {id: 0}) RETURN s.restoring")[0][0]:
        _empty(database, fence)
    if revision is None:
        return
    for label in VERSIONS:
        drop(f"MATCH (v:{label}) WHERE v.opened = $revision", "DELETE v")
    for label, place in MADE.items():
        drop(f"MATCH (v:{label}) WHERE v.{place} = $revision", "DELETE v")
    drop(
        "MATCH (v:AsbuiltClosing) WHERE v.closed = $revision",
        "REMOVE v.closed, v.closed_sequence, v.class, v.was_kind, v.was_source, v.was_target, v.left",
    )
    drop(
        "MATCH (v:AsbuiltClosing) WHERE v.superseded = $revision",
        "REMOVE v.superseded, v.past_key, v.past_id, v.past_ref, v.past_scope",
    )

    def done(ask: Ask) -> None:
        if pending(ask) == revision:
            ask("MATCH (s:AsbuiltStore {id: 0}) REMOVE s.pending")

    database.writing(done)


def _empty(database: Database, fence: int) -> None:
    """Take back a restoring that was left half way: there was nothing before it."""
    for label in (*VERSIONS, *MADE, *UPKEEP):
        which = (
            "MATCH (v:AsbuiltRevision) WHERE v.number > $revision"
            if label == "AsbuiltRevision"
            else f"MATCH (v:{label})"
        )
        _in_portions(database, which, f"{_FENCED} DETACH DELETE v", revision=0, fence=fence)
    query = "MATCH (s:AsbuiltStore {id: 0}) WHERE s.fence = $fence REMOVE s.restoring"
    database.writing(lambda ask: ask(query, fence=fence))


def sweep(database: Database, head: int) -> None:
    """Let the present forget what has closed by a published revision. It may be begun again at any point.

    A commit goes on meanwhile and may supersede what was found, so it is looked at again once it is locked.
    """
    _in_portions(
        database,
        f"MATCH (v:AsbuiltClosing) WHERE {_PUBLISHED}",
        f"SET v._locked = true REMOVE v._locked WITH v WHERE v:AsbuiltClosing AND {_PUBLISHED} "
        "FOREACH (_ IN CASE WHEN v.closed IS NULL THEN [] ELSE [1] END | REMOVE v.now_listed, "
        "v.now_source, v.now_target, v.cites_source, v.cites_target) "
        "FOREACH (_ IN CASE WHEN v.superseded IS NULL THEN [] ELSE [1] END | "
        "REMOVE v.last_key, v.last_id, v.last_ref, v.last_scope, v.left) "
        "FOREACH (_ IN CASE WHEN v.closed IS NULL OR v.left IS NOT NULL THEN [] ELSE [1] END | REMOVE v.now_home) "
        "REMOVE v:AsbuiltClosing",
        revision=head,
    )


def _in_portions(database: Database, match: str, action: str, **values: Any) -> None:
    each = f"MATCH (v) WHERE elementId(v) = id {action}"  # read anew: what the match read may have changed since
    database.alone(f"{match} WITH elementId(v) AS id CALL (id) {{ {each} }} IN TRANSACTIONS OF 10000 ROWS", **values)
