"""What does a command need before it can begin? Its configuration, its store, its sources; and a sentence where not."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import click

from discovery.config import Configuration, InvalidConfiguration, load
from discovery.defaults import NothingToRead, choose
from discovery.registry import Registry
from discovery.source import Source
from graph.store import GraphStore, SourceRecord, StoreError
from graph.stores.configured import usual_location
from graph.stores.location import Location, NoLocation, Server
from graph.stores.opening import open_to_read, open_to_write

FINE, INCOMPLETE, MISTAKEN, NO_STORE = 0, 1, 2, 3
"""The exit codes: all well; a scope could not be read; a mistake in usage or configuration; no store to work with."""


_LET_GO = 5.0
"""Seconds that closing the store may take. A commit that still holds it by then dies with the process, unpublished."""


class Mistake(click.ClickException):
    """The user asked for what cannot be. The message is a sentence and the next step."""

    exit_code = MISTAKEN


class StoreUnavailable(click.ClickException):
    """The store is taken by another process, is not there, or cannot be used."""

    exit_code = NO_STORE


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn what a user can cause into a sentence and an exit code; a defect passes through."""
    try:
        yield
    except InvalidConfiguration as error:
        raise Mistake(f"the configuration cannot be used:\n{error}") from None
    except (NothingToRead, NoLocation) as error:
        raise Mistake(str(error)) from None
    except StoreError as error:
        raise StoreUnavailable(str(error)) from None


@dataclass(frozen=True, slots=True)
class Setup:
    """What a command was told, made whole: a valid configuration, and where the store is."""

    configuration: Configuration
    registry: Registry
    store: Location

    @classmethod
    def of(cls, config: str | None, store: str | None) -> Setup:
        """Read the configuration that was named, or is there."""
        registry = Registry.installed()
        configuration = load(config, registry)
        return cls(configuration, registry, configuration.location(store))

    @classmethod
    def to_read(cls, config: str | None, store: str | None) -> Setup:
        """Read the configuration for a command that reads sources. Raise Mistake where a file is there and names none.

        What is read by default is for whoever has no file: a recording has no place in the store that a file sets up.
        """
        setup = cls.of(config, store)
        file = setup.configuration.file
        if file is not None and not setup.configuration.sources:
            raise Mistake(f"{file} names no sources: add one, as in docs/asbuilt.example.yaml")
        return setup

    @property
    def hint(self) -> str:
        """Give what a question must be told to find this store: nothing, where it looks there anyhow."""
        with suppress(NoLocation):
            if _absolute(self.store) == _absolute(usual_location()):
                return ""
        return f" --store {self.store}"

    def sources(self, known: Sequence[SourceRecord] = ()) -> tuple[tuple[Source, ...], str | None]:
        """Give the configured sources; without any what is read by default, and the line that says so."""
        if self.configuration.sources:
            return self.configuration.sources, None
        choice = choose(self.registry, known)
        return choice.sources, choice.said

    @contextmanager
    def opened(self, *, create: bool = True) -> Iterator[GraphStore]:
        """Open the store for as long as the command lasts. Raise StoreError where it is not there, or no store."""
        store = open_to_write(self.store) if create else open_to_read(self.store)
        try:
            yield store
        finally:
            letting_go = threading.Thread(target=store.close, daemon=True)
            letting_go.start()
            letting_go.join(_LET_GO)


def _absolute(place: Location) -> Location:
    return place if isinstance(place, Server) else place.absolute()


def chosen(sources: Sequence[Source], names: Sequence[str]) -> None:
    """Raise Mistake where a named source is not among those configured."""
    unknown = sorted(set(names) - {source.name for source in sources})
    if unknown:
        known = ", ".join(source.name for source in sources)
        raise Mistake(f"there is no source {', '.join(unknown)}; configured: {known}")
