"""How is a Neo4j server reached, and what is wrong when it is not?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    TransientError,
)

from graph.store import StoreError

T = TypeVar("T")

Row: TypeAlias = list[Any]
"""What a query returned, column by column."""

USER_VARIABLE, SECRET_VARIABLE, SECRET_FILE_VARIABLE = (
    f"ASBUILT_NEO4J_{name}" for name in ("USER", "PASSWORD", "PASSWORD_FILE")
)

_PATIENCE = 30.0
"""Seconds for which a server that restarts, or a deadlock, is tried again."""

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Login:
    """Who talks to the server."""

    user: str
    password: str = field(repr=False)


def login_from(environment: Mapping[str, str] | None = None) -> Login:
    """Read the login from the environment: the password itself, or a file that holds it."""
    found = os.environ if environment is None else environment
    user = found.get(USER_VARIABLE, "neo4j")
    if file := found.get(SECRET_FILE_VARIABLE):
        try:
            return Login(user, Path(file).expanduser().read_text().strip())
        except OSError as error:
            raise StoreError(f"{SECRET_FILE_VARIABLE} names {file}, which cannot be read: {error.strerror}") from error
    return Login(user, found.get(SECRET_VARIABLE, ""))


def told(error: Exception, url: str) -> StoreError:
    """Say what an error of the driver means for the store, and what to do."""
    if isinstance(error, AuthError):
        return StoreError(f"{url} refused the login: set {USER_VARIABLE} and {SECRET_VARIABLE} (or _FILE)")
    if isinstance(error, ConfigurationError):
        return StoreError(f"{url} is no address of a Neo4j server: write bolt://host:7687 or neo4j://host:7687")
    if isinstance(error, ServiceUnavailable):
        return StoreError(f"{url} cannot be reached ({error}): start the server, or check the address")
    if isinstance(error, TransientError):
        return StoreError(f"{url} could not do it just now ({error.message}): try again")
    if isinstance(error, ClientError):
        return StoreError(f"{url} refused a query ({error.code}: {error.message})")
    return StoreError(f"{url}: {error}")


class Database:
    """One Neo4j database. Every call is one transaction, tried again where the server was away or in a deadlock."""

    def __init__(self, url: str, login: Login) -> None:
        self.url = url
        with self.telling():
            self._driver: Driver = GraphDatabase.driver(
                url,
                auth=(login.user, login.password),
                connection_timeout=_TIMEOUT,
                max_transaction_retry_time=_PATIENCE,
                notifications_min_severity="OFF",
                user_agent="asbuilt",
            )

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Let errors of the driver leave as errors of the store."""
        try:
            yield
        except (DriverError, Neo4jError) as error:
            raise told(error, self.url) from error
        except ValueError as error:  # how the driver says that an address is none
            raise told(ConfigurationError(str(error)), self.url) from error

    def read(self, query: str, **values: Any) -> list[Row]:
        """Read with one query."""
        return self.reading(lambda ask: ask(query, **values))

    def reading(self, work: Callable[[Ask], T]) -> T:
        """Read with several queries, one after the other."""
        with self.telling(), self._driver.session(default_access_mode="READ") as session:
            return session.execute_read(lambda tx: work(_asking(tx)))

    def writing(self, work: Callable[[Ask], T]) -> T:
        """Write: all of it, or nothing. The work may be done again, so it looks first at what it finds.

        Where the connection was lost while the server committed, nobody knows whether it did: the work looks again.
        """
        patience = time.monotonic() + _PATIENCE
        while True:
            try:
                with self.telling(), self._driver.session() as session:
                    return session.execute_write(lambda tx: work(_asking(tx)))
            except StoreError as error:
                if not isinstance(error.__cause__, IncompleteCommit) or time.monotonic() > patience:
                    raise

    def streaming(self, query: str, **values: Any) -> Iterator[Row]:
        """Read a result of any size, some thousand rows at a time, in one transaction."""
        with self.telling(), self._driver.session(default_access_mode="READ") as session:
            for record in session.run(query, **values):
                yield record.values()

    def alone(self, query: str, **values: Any) -> None:
        """Run a query that manages its own transactions: a schema step, or a deletion in portions."""
        with self.telling(), self._driver.session() as session:
            session.run(query, **values).consume()

    def close(self) -> None:
        """Let go of all connections."""
        self._driver.close()


Ask: TypeAlias = Callable[..., list[Row]]
"""A query with its values to rows, inside a transaction."""


def _asking(tx: ManagedTransaction) -> Ask:
    def ask(query: str, **values: Any) -> list[Row]:
        return [record.values() for record in tx.run(query, **values)]

    return ask


def portions(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Give rows in portions that one statement can carry."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
