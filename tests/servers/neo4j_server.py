"""What is a Neo4j server that a test can have: started here, or one that already runs?"""

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from neo4j import Driver, GraphDatabase
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from tests.servers.errors import ServerDied, ServerUnavailable
from tests.servers.neo4j_jars import java, neo4j_jars
from tests.servers.process import Child, free_port, make_folder, remove_folder, wait_for

URL_VARIABLE = "ASBUILT_TEST_NEO4J_URL"
USER_VARIABLE = f"{URL_VARIABLE.removesuffix('_URL')}_USER"
PASSWORD_VARIABLE = f"{URL_VARIABLE.removesuffix('_URL')}_PASSWORD"
DATABASE = "neo4j"
USER = "neo4j"
FIRST_PASSWORD = "neo4j"  # what a new server has; it accepts nothing but its change
PASSWORD = "made-up-for-tests"
ENTRY_POINT = "org.neo4j.server.CommunityEntryPoint"
JAVA_OPTIONS = (
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
)
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # half the start; long queries take longer
SETTINGS = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size={pagecache}
dbms.usage_report.enabled=false
db.tx_log.preallocate=false
internal.server.bolt.thread_pool_shutdown_wait_time=0s
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
"""
STARTED = b"Started."  # the last line of its log before it serves
ATTEMPTS = 3
START_SECONDS = 120.0
STOP_SECONDS = 30.0
CONNECT_SECONDS = 5.0
ROWS_AT_ONCE = 10_000


class Neo4jServer:
    """A real Neo4j server, Community edition: one process with a home folder of its own.

    Use it as a context manager, or `start()` and `discard()`. Stopped or killed, it starts again on the same data
    and port. A server that already runs is used as it is: it must be empty, is never stopped, and is left empty.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        heap: str = "1g",
        pagecache: str = "256m",
        options: Sequence[str] = QUICK_START,
    ) -> None:
        """Decide nothing yet; `start` does. `home` is kept by whoever gives it; `options` are Java's own.

        For figures of speed give `options=()`: Java then compiles hot code fully, and chooses its collector.
        """
        self.user = USER
        self.password = PASSWORD
        self._given = home
        self._home = home
        self._heap, self._pagecache, self._options = heap, pagecache, tuple(options)
        self._borrowed = False
        self._url: str | None = None
        self._child: Child | None = None

    def start(self) -> Self:
        """Use the server of `ASBUILT_TEST_NEO4J_URL`, else start one; return it once it answers queries.

        Raises ServerUnavailable when there is none to be had, ServerDied when it fails.
        """
        running = os.environ.get(URL_VARIABLE)
        if self._borrowed or (self._child and self._child.alive):
            return self
        if running:
            self._borrow(running)
        else:
            self._launch_somewhere()
        return self

    def stop(self) -> None:
        """Stop the server cleanly and keep its data; `start` goes on with them."""
        self._owned("stopped")
        if self._child:
            self._child.stop(grace=STOP_SECONDS)
            self._child = None

    def discard(self) -> None:
        """Stop what was started and remove its folder, unless it was given; leave another's server empty."""
        if self._borrowed:
            self.wipe()
            self._borrowed = False
        else:
            self.stop()
            if self._home and not self._given:
                remove_folder(self._home)
                self._home = None
        self._url = None

    def kill(self) -> None:
        """End the process as a crash would, with no chance to write anything; its data stay."""
        self._owned("killed")
        child = self._running()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        wait_for(lambda: not child.alive, what="the end of Neo4j")
        child.stop()
        self._child = None

    def __enter__(self) -> Self:
        """Start, and see that what was started is stopped also when that fails."""
        try:
            return self.start()
        except BaseException:
            self.discard()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop, and leave nothing behind."""
        self.discard()

    @property
    def ours(self) -> bool:
        """Tell whether the server is not one that already ran; only ours can be stopped, killed and looked into."""
        return not self._borrowed

    @property
    def url(self) -> str:
        """Return the address, `bolt://` with host and port; it stays the same over a new start."""
        if self._url is None:
            raise ServerUnavailable("the Neo4j server is not started; call start() first")
        return self._url

    @property
    def pid(self) -> int:
        """Return the process id."""
        self._owned("looked into")
        return self._running().pid

    def resident(self) -> int:
        """Return how much memory the process holds now, in MB."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.is_file():
            raise ServerUnavailable("this system has no /proc, where the memory of a process is read")
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) // 1024

    def query(self, text: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of one query."""
        with self._driver() as driver, driver.session(database=DATABASE) as session:
            return session.run(text, parameters).data()

    def wipe(self) -> None:
        """Delete all nodes and relationships, in batches, all constraints, and all indexes that a new server lacks."""
        batches = f"IN TRANSACTIONS OF {ROWS_AT_ONCE} ROWS"
        with self._driver() as driver, driver.session(database=DATABASE) as session:
            for row in session.run("SHOW CONSTRAINTS YIELD name").data():
                session.run(f"DROP CONSTRAINT {_quoted(row['name'])} IF EXISTS").consume()
            for row in session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'").data():
                session.run(f"DROP INDEX {_quoted(row['name'])} IF EXISTS").consume()
            session.run(f"MATCH ()-[r]->() CALL (r) {{ DELETE r }} {batches}").consume()
            session.run(f"MATCH (n) CALL (n) {{ DELETE n }} {batches}").consume()

    def _borrow(self, url: str) -> None:
        self.user = os.environ.get(USER_VARIABLE, USER)
        self.password = os.environ.get(PASSWORD_VARIABLE, PASSWORD)
        try:
            with self._driver(url) as driver:
                (row,) = driver.execute_query("MATCH (n) RETURN count(n) AS nodes", database_=DATABASE).records
        except (DriverError, Neo4jError, ValueError) as error:
            raise ServerUnavailable(f"{URL_VARIABLE} names {url}, which does not serve: {error}") from error
        if row["nodes"]:
            raise ServerUnavailable(f"the Neo4j of {URL_VARIABLE} holds {row['nodes']} nodes; name an empty one")
        self._url, self._borrowed = url, True

    def _launch_somewhere(self) -> None:
        """Launch on the port of before, else on a free one; once more when somebody else took it."""
        for attempt in range(1, ATTEMPTS + 1):
            fresh = self._url is None
            port = free_port() if self._url is None else int(self._url.rpartition(":")[2])
            try:
                self._launch(port)
                return
            except ServerDied as error:
                self.stop()
                if attempt == ATTEMPTS or not fresh or "already in use" not in str(error):
                    raise
                self._url = None

    def _launch(self, port: int) -> None:
        program, jars = java(), neo4j_jars()
        if self._home is None:
            self._home = make_folder("neo4j")
        configuration = self._home / "conf"
        configuration.mkdir(parents=True, exist_ok=True)
        (configuration / "neo4j.conf").write_text(SETTINGS.format(port=port, pagecache=self._pagecache))
        memory = (f"-Xmx{self._heap}", *self._options)
        places = (f"--home-dir={self._home}", f"--config-dir={configuration}", "--console-mode")
        log = self._home / "server.log"
        log.unlink(missing_ok=True)  # each launch has its own
        command = [str(program), *memory, *JAVA_OPTIONS, "-cp", f"{jars}{os.sep}*", ENTRY_POINT, *places]
        self._url = f"bolt://127.0.0.1:{port}"
        self._child = Child("neo4j", command, log=log)
        # Its own word first: on a port that was taken meanwhile, it is somebody else who answers.
        self._child.wait_ready(lambda: STARTED in log.read_bytes() and self._answers(), timeout=START_SECONDS)

    def _answers(self) -> bool:
        """Tell whether the server answers us; a new one gets our password first."""
        change = "ALTER CURRENT USER SET PASSWORD FROM $before TO $after"
        try:
            try:
                self.query("RETURN 1")
            except AuthError:
                with GraphDatabase.driver(self.url, auth=(USER, FIRST_PASSWORD)) as driver:
                    driver.execute_query(change, before=FIRST_PASSWORD, after=self.password, database_="system")
                self.query("RETURN 1")
        except (DriverError, Neo4jError):
            return False  # its databases may come later than its word; wait_ready knows when to give up
        return True

    def _driver(self, url: str | None = None) -> Driver:
        return GraphDatabase.driver(
            url or self.url,
            auth=(self.user, self.password),
            connection_timeout=CONNECT_SECONDS,
            max_transaction_retry_time=0.0,
            notifications_min_severity="OFF",
        )

    def _running(self) -> Child:
        if self._child is None:
            raise ServerUnavailable("the Neo4j server is not started; call start() first")
        return self._child

    def _owned(self, wish: str) -> None:
        if not self.ours:
            raise ServerUnavailable(f"the Neo4j of {URL_VARIABLE} is not ours to be {wish}; unset it to start one here")


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
