"""How is a Neo4j server reached, and what is wrong when it is not?"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLError
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from neo4j import Driver, GraphDatabase, ManagedTransaction, Session, unit_of_work
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DatabaseError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    TransientError,
)

from graph.store import StoreError

logging.getLogger("neo4j").addHandler(logging.NullHandler())  # what it says comes as an error too, once

T = TypeVar("T")

Row: TypeAlias = list[Any]
"""What a query returned, column by column."""

USER_VARIABLE, SECRET_VARIABLE, SECRET_FILE_VARIABLE = (
    f"ASBUILT_NEO4J_{name}" for name in ("USER", "PASSWORD", "PASSWORD_FILE")
)

_PATIENCE = 30.0
"""Seconds for which a server that restarts, or a deadlock, is tried again."""

_PAUSE = 1.0
"""Seconds between two tries of what the driver does not try again itself."""

_TIMEOUT = 10.0

_OLDEST = (5, 24)
"""The first version that knows every clause that is used here (OPTIONAL CALL is the youngest)."""

_LOGIN = f"{USER_VARIABLE} and {SECRET_FILE_VARIABLE} (or {SECRET_VARIABLE})"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_LONGEST = 120.0
"""Seconds after which the server ends a transaction that writes: who stands still in one lets go of what it locked."""

_ENDED = frozenset(
    f"Neo.ClientError.Transaction.{name}"
    for name in ("TransactionTimedOutClientConfiguration", "LockClientStopped", "Terminated")
)


class Ended(StoreError):
    """The server ended a transaction: it took too long, or waited too long, or the server is about to stop."""


class Refused(StoreError):
    """The server will not do what it was asked, and will not the next time either."""


class Emptied(StoreError):
    """Somebody took the store out of the database while it was open."""

    def __init__(self) -> None:
        super().__init__(
            "the store is no longer in the database, which somebody emptied: import an export, or begin anew"
        )


@dataclass(frozen=True, slots=True)
class Login:
    """Who talks to the server."""

    user: str
    password: str = field(repr=False)


def login_from(environment: Mapping[str, str] | None = None) -> Login:
    """Read the login from the environment: the password itself, or a file that holds it, and never both."""
    found = os.environ if environment is None else environment
    user = found.get(USER_VARIABLE) or "neo4j"
    file, secret = found.get(SECRET_FILE_VARIABLE), found.get(SECRET_VARIABLE, "")
    if not file:
        return Login(user, secret)
    if secret:
        raise StoreError(f"{SECRET_VARIABLE} and {SECRET_FILE_VARIABLE} are both set: unset one of them")
    try:
        secret = Path(file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = f"cannot be read ({type(error).__name__}): correct the path or its permissions"
        raise StoreError(f"{SECRET_FILE_VARIABLE} names {file}, which {why}") from None
    if not secret:
        raise StoreError(f"{SECRET_FILE_VARIABLE} names {file}, which is empty: write the password into it")
    return Login(user, secret)


def told(error: Exception, url: str) -> StoreError:
    """Say what an error of the driver means for the store, and what to do."""
    if isinstance(error, AuthError):
        return StoreError(f"the Neo4j at {url} refused the login: correct {_LOGIN}")
    if isinstance(error, Neo4jError) and error.code in _REFUSED:
        return StoreError(f"the Neo4j at {url} {_REFUSED[error.code]}")
    if isinstance(error, Neo4jError) and error.code in _ENDED:
        return Ended(
            f"the Neo4j at {url} ended a transaction, as it does after {_LONGEST:.0f} s: look whether it is busy, "
            "or another process stands still in the midst of a commit, and try again"
        )
    if isinstance(error, ConfigurationError):
        return StoreError(f"{url} is no address of a Neo4j server: write bolt://host:7687 or neo4j://host:7687")
    if isinstance(error, ServiceUnavailable):
        reason, step = _away(error, url)
        return StoreError(f"the Neo4j at {url} cannot be reached ({reason}): {step}, or correct the address")
    if isinstance(error, TransientError):
        return StoreError(f"the Neo4j at {url} could not do it just now ({error.message}): try again")
    if isinstance(error, ClientError | DatabaseError):
        return Refused(f"the Neo4j at {url} refused a query ({error.code}: {error.message})")
    return StoreError(f"the Neo4j at {url}: {error}")


_REFUSED = {
    "Neo.ClientError.Security.CredentialsExpired": (
        f"wants its first password changed: do so with `ALTER CURRENT USER SET PASSWORD`, and correct {_LOGIN}"
    ),
    "Neo.ClientError.Security.AuthenticationRateLimit": (
        f"was given too many wrong passwords, and listens to none for some seconds: correct {_LOGIN}, and wait"
    ),
}
"""What a server may have against a login beside its being wrong, by its own codes."""


def _away(error: BaseException, url: str) -> tuple[str, str]:
    """Give in a few words why there is no connection (what the system said, else the driver), and the next step."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, SSLError):
            return cause.reason or "no TLS", "check that it speaks TLS, and its certificate"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror, _start(url)
        cause = cause.__cause__
    return str(error).partition("\n")[0], _start(url)


def _start(url: str) -> str:
    """Say how a server comes to be at an address: on this machine, by one line."""
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        return "start the server"
    port = f"127.0.0.1:{parts.port or 7687}:7687"
    login = f'--env NEO4J_AUTH="neo4j/${SECRET_VARIABLE}"'
    image = "--volume asbuilt-neo4j:/data neo4j:5.26-community"
    return f"start a server (`docker run --detach --publish {port} {login} {image}`)"


def check_version(agent: str, url: str) -> None:
    """Raise StoreError where a server says that it is older than what is asked of it."""
    found = re.match(r"Neo4j/v?(\d+)\.(\d+)", agent)
    if found is not None and (int(found[1]), int(found[2])) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise StoreError(
            f"the Neo4j at {url} is {agent}, and {oldest} is the oldest that will do: upgrade it, best to 5.26"
        )


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

    def greet(self) -> None:
        """Connect once, without patience: raise StoreError at once where this will not do."""
        with self.telling():
            info = self._driver.get_server_info()
        check_version(info.agent, self.url)

    def read(self, query: str, **values: Any) -> list[Row]:
        """Read with one query."""
        return self.reading(lambda ask: ask(query, **values))

    def reading(self, work: Callable[[Ask], T]) -> T:
        """Read with several queries, one after the other.

        Each is a transaction, which costs one journey to the server: one around all of them would show no more, for
        Neo4j has no snapshots, and cost two journeys more.
        """
        return self._patiently("READ", lambda session: work(_asking(session)))

    def writing(self, work: Callable[[Ask], T]) -> T:
        """Write: all of it, or nothing. The work may be done again, so it looks first at what it finds.

        Where the connection was lost while the server committed, nobody knows whether it did: the work looks again.
        """

        @unit_of_work(timeout=_LONGEST)
        def unit(tx: ManagedTransaction) -> T:
            return work(_asking(tx))

        return self._patiently("WRITE", lambda session: session.execute_write(unit))

    def _patiently(self, access: str, act: Callable[[Session], T]) -> T:
        """Act, again where the server was away, was in a deadlock, or ended the connection while it committed."""
        patience = time.monotonic() + _PATIENCE
        while True:
            try:
                with self.telling(), self._driver.session(default_access_mode=access) as session:
                    return act(session)
            except StoreError as error:
                if not _passing(error.__cause__) or time.monotonic() > patience:
                    raise
            time.sleep(_PAUSE)

    def streaming(self, query: str, **values: Any) -> Iterator[Row]:
        """Read a result of any size, some thousand rows at a time, in one transaction."""
        with self.telling(), self._driver.session(default_access_mode="READ") as session:
            for record in session.run(query, **values):
                yield record.values()

    @contextmanager
    def held(self) -> Iterator[Stream]:
        """Read in one transaction that may lock and leaves nothing behind, results of any size."""
        with self.telling(), self._driver.session() as session, session.begin_transaction() as tx:

            def stream(query: str, **values: Any) -> Iterator[Row]:
                return (record.values() for record in tx.run(query, **values))

            yield stream
            tx.rollback()

    def alone(self, query: str, **values: Any) -> None:
        """Run a query that manages its own transactions, such as a deletion in portions. It may be run again."""
        self._patiently("WRITE", lambda session: session.run(query, **values).consume())

    def close(self) -> None:
        """Let go of all connections."""
        self._driver.close()


Ask: TypeAlias = Callable[..., list[Row]]
"""A query with its values to rows, inside a transaction."""

Stream: TypeAlias = Callable[..., Iterator[Row]]
"""The same for results of any size: each is read to its end before the next query."""


def _asking(tx: ManagedTransaction | Session) -> Ask:
    def ask(query: str, **values: Any) -> list[Row]:
        return [record.values() for record in tx.run(query, **values)]

    return ask


def _passing(cause: BaseException | None) -> bool:
    """Tell whether what went wrong may go right the next time."""
    if isinstance(cause, Neo4jError):
        return cause.code in _ENDED or cause.is_retryable()
    if isinstance(cause, DriverError):
        return isinstance(cause, IncompleteCommit) or cause.is_retryable()
    return False


def portions(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Give rows in portions that one statement can carry."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
