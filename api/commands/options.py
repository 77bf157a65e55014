"""What do all questions on the command line have in common: options, exit codes, and how a problem is told?"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.commands.writing import write

if TYPE_CHECKING:
    from rich.console import Console

    from api.errors import Problem
    from api.questions.asking import Answer, Inquiry
    from graph.model import Key
    from graph.store import GraphStore

MISTAKE = 2
"""The question cannot be asked like that."""
UNAVAILABLE = 3
"""The store cannot be read."""
NOT_THERE = 4
"""It was never seen, cannot be told, or nobody had looked yet."""

_EXIT_CODES = {
    "never-seen": NOT_THERE,
    "unknown": NOT_THERE,
    "not-yet-observed": NOT_THERE,
    "store-unavailable": UNAVAILABLE,
}

Command = Callable[..., None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the common options said."""

    store: str | None
    at: str | None
    output: str

    @property
    def as_json(self) -> bool:
        """Tell whether a program reads the answer."""
        return self.output == "json"


store_option = click.option(
    "--store",
    metavar="STORE",
    envvar="ASBUILT_STORE",
    help="The store: a file, or a server as bolt://host:7687.  [env: ASBUILT_STORE]",
)


def question(command: Command) -> Command:
    """Give a command the options of every question as one argument, `asked`; a problem becomes a sentence."""
    at = click.option("--at", help="As of when: 2026-03-01T10:00:00Z, or revision:42. The newest revision by default.")
    return at(_asked(command))


def comparison(command: Command) -> Command:
    """Give a command the options of every question about two revisions; the later one is `asked.at`."""
    from_ = click.option(
        "--from", "from_", required=True, help="The earlier state: what was known at this instant, or at revision:40."
    )
    to = click.option("--to", "at", help="The later state, likewise. The newest revision by default.")
    return from_(to(_asked(command)))


def _asked(command: Command) -> Command:
    @click.option(
        "--output", type=click.Choice(["table", "json"]), default="table", help="For people, or the API's JSON."
    )
    @store_option
    @functools.wraps(command)
    def wrapped(*, store: str | None, at: str | None, output: str, **options: Any) -> None:
        from api.errors import Problem

        asked = Asked(store, at, output)
        try:
            command(asked=asked, **options)
        except Problem as problem:
            sys.exit(told(problem, asked))

    return wrapped


def list_options(command: Command) -> Command:
    """Give a command the options of every list."""
    limit = click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Rows at most.")
    cursor = click.option("--cursor", help="Continue a list: the cursor of the last page.")
    return limit(cursor(command))


def told(problem: Problem, asked: Asked) -> int:
    """Tell why there is no answer, on standard error, and give the exit code."""
    if asked.as_json:
        import orjson

        click.echo(orjson.dumps(problem.document()), err=True)
    else:
        click.echo(f"{_sentence(problem.detail)}.", err=True)
        for candidate in problem.extensions.get("candidates", ()):
            click.echo(f"  {candidate}", err=True)
        for gap in problem.extensions.get("gaps", ()):
            click.echo(f"  {gap['effect']}", err=True)
        if created := problem.extensions.get("created_at"):
            click.echo(f"  its source says that it was created at {created}", err=True)
    return _EXIT_CODES.get(problem.type, MISTAKE)


def _sentence(text: str) -> str:
    """Begin a text with a capital, unless it begins with the name of a file, a parameter or a key."""
    return f"{text[:1].upper()}{text[1:]}" if text.partition(" ")[0].isalpha() else text


def located(store: GraphStore, text: str, at: str | None) -> Key:
    """Find the key that somebody means: a whole key, or an ending that only one key has. Raise Problem otherwise."""
    from api.errors import Ambiguous, InvalidRequest, NeverSeen, StoreUnavailable
    from api.questions.asking import no_text
    from api.questions.instants import marked
    from graph.analysis.names import locate
    from graph.model import Key, MalformedKey
    from graph.store import StoreError

    text = text.strip("/")
    if not text:
        raise InvalidRequest("a key was given that is empty: write one, or an ending of one, such as k8s.service/cart")
    try:
        whole: Key | None = Key.parse(text)
    except MalformedKey:
        whole = None
    try:
        mark = marked(store, at, None, whole)
        with store.reader(mark) as reader:
            found = locate(reader, text)
            known = found.key is not None and found.key in reader.latest([found.key])
        if not known and not found.candidates:  # what an ending means may have come later than the revision asked for
            with store.reader() as newest:
                later = locate(newest, text)
                found = later if later.key is not None else found
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
    except UnicodeEncodeError as error:
        raise no_text(error) from None
    if found.key is not None:
        return found.key
    if found.candidates:
        count = len(found.candidates)
        several = f"more than {count} things, of which these are the first" if found.truncated else f"{count} things"
        raise Ambiguous(
            f"'{text}' could be {several}; name one by its whole key, or more of its ending",
            candidates=list(found.candidates),
        )
    raise NeverSeen(
        f"nothing in force at revision {mark.number}, and nothing gone, has a key that ends in '{text}':"
        " `asbuilt resolve` finds what is called something like it, and what is only named is found by its whole key"
    )


def answer(
    asked: Asked,
    inquiry_of: Callable[..., Inquiry[T]],
    draw: Callable[[Console, Answer[T]], None],
    *,
    key: str | None = None,
    beside: str | None = None,
    within: str | None = None,
    cursor: str | None = None,
) -> None:
    """Ask the store and print the answer: a table and what could not be seen, or the envelope.

    key, beside, within: what the question is about, and the place that it is narrowed to, as somebody wrote it; the
    question is made of the keys that are meant.
    """
    from api.questions.asking import ask
    from api.stores import open_store, place_of

    store = open_store(place_of(asked.store))
    try:
        keys = [located(store, text, asked.at) for text in (key, beside) if text is not None]
        place = {} if within is None else {"within": located(store, within, asked.at)}
        found = ask(store, inquiry_of(*(keys or (None,)), **place), at=asked.at, cursor=cursor)
        if asked.as_json:
            write(found.body + b"\n")
            return
        from api.commands.tables import console, footer

        screen = console()
        screen.file = drawn = StringIO()  # as wide and coloured as the screen that it is for
        draw(screen, found)
        footer(screen, found, newest=asked.at is None)
        write(drawn.getvalue())
    finally:
        store.close()
