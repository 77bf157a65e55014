"""How does a real source become a recording? See `python -m collectors.replay.record --help`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from collectors.contract import Collector, CollectorError, Forbidden, Plugin, looks_secret
from collectors.replay.recording import Frame, Recorded, Recording, recorded, write
from graph.model import Document, Knowledge, Outcome, Position, Scope

GROUP = "asbuilt.collectors"


class SecretInRecording(CollectorError):
    """A document holds a value that looks secret: it is not written, and its mapping has a hole."""

    def __init__(self, scope: str, document: str, place: str) -> None:
        super().__init__(
            f"{scope}: {place} of document {document} looks like a secret; nothing was written. The collector's mapping"
            " must leave it out"
        )


class Recorder:
    """Takes down what a collector says, look by look. A frame is kept only where something differs."""

    def __init__(self, source: str, collector: Collector, states: frozenset[str], knowledge: Knowledge) -> None:
        self._source, self._collector = source, collector
        self._states, self._knowledge = states, knowledge
        self._frames: dict[str, list[Frame]] = {}

    def look(self, at: float) -> int:
        """Read every scope once, as of that second; return how many frames that gave. Raise SecretInRecording."""
        scopes = self._collector.scopes()
        names = {scope.name for scope in scopes}
        frames = [self._look_into(scope, at) for scope in scopes]
        frames += [Frame(at, name, None) for name in self._frames if name not in names]
        return sum(self._keep(frame) for frame in frames)

    def recording(self) -> Recording:
        """Give what was taken down so far."""
        frames = {name: tuple(rows) for name, rows in self._frames.items()}
        return Recording(self._source, self._states, self._knowledge, frames)

    def _look_into(self, scope: Scope, at: float) -> Frame:
        position: int | None = None
        documents: dict[str, Recorded] = {}
        try:
            for item in self._collector.observe(scope):
                if isinstance(item, Position):
                    position, documents = item.value, {}
                else:
                    documents[item.id] = _without_secrets(scope, item)
        except SecretInRecording:
            raise
        except CollectorError as error:
            outcome = Outcome.FORBIDDEN if isinstance(error, Forbidden) else Outcome.FAILED
            return Frame(at, scope.name, scope, outcome, str(error), None, self._last_documents(scope.name))
        return Frame(at, scope.name, scope, Outcome.COMPLETE, None, position, documents)

    def _last_documents(self, name: str) -> dict[str, Recorded]:
        frames = self._frames.get(name)
        return dict(frames[-1].documents) if frames else {}

    def _keep(self, frame: Frame) -> bool:
        frames = self._frames.setdefault(frame.name, [])
        if frames and _said(frames[-1]) == _said(frame):
            return False
        frames.append(frame)
        return True


def _said(frame: Frame) -> tuple[object, ...]:
    """Give what makes two frames differ: not the instant, the position, or the version of an unchanged document."""
    statements = {id_: document.statements for id_, document in frame.documents.items()}
    return frame.scope, frame.outcome, statements if frame.scope else None


def _without_secrets(scope: Scope, document: Document) -> Recorded:
    taken = recorded(document)
    for statement in taken.statements:
        for place, text in _texts(statement, ""):
            if looks_secret(text):
                raise SecretInRecording(scope.name, document.id, place)
    return taken


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield place, str(name)
            yield from _texts(inner, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, place)


def _plugin(name: str) -> Plugin:
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise click.UsageError(f"there is no collector '{name}'; installed are {', '.join(sorted(found))}")
    loaded = found[name].load()
    if not isinstance(loaded, Plugin):
        raise click.UsageError(f"the entry point '{name}' of {GROUP} names no Plugin")
    return loaded


def _settings(assignments: tuple[str, ...]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"'{assignment}' is no setting: write it as name=value")
        try:
            settings[name] = json.loads(text)
        except json.JSONDecodeError:
            settings[name] = text
    return settings


@click.command()
@click.option("--source", required=True, help="The name that the source has in the recording.")
@click.option("--collector", "type_", required=True, help="Which collector reads it, such as kubernetes.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting of the collector.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write: .jsonl, or .jsonl.gz")
@click.option("--every", default=10.0, show_default=True, help="Seconds between two looks.")
@click.option("--looks", default=1, show_default=True, help="How often to look.")
def main(source: str, type_: str, assignments: tuple[str, ...], out: Path, every: float, looks: int) -> None:
    """Record what a source says. A value that looks secret stops the recording before anything is written."""
    plugin = _plugin(type_)
    try:
        settings = plugin.settings.model_validate(_settings(assignments))
    except ValidationError as error:
        raise click.UsageError(f"the collector does not take these settings: {error.errors()[0]['msg']}") from None
    collector = plugin.connect(source, settings)
    recorder = Recorder(source, collector, plugin.states, plugin.knowledge)
    began = time.monotonic()
    try:
        for number in range(looks):
            time.sleep(max(0.0, began + number * every - time.monotonic()))
            frames = recorder.look(round(number * every, 3))
            click.echo(f"look {number + 1} of {looks}: {frames} frames")
        write(recorder.recording(), out)
    except CollectorError as error:
        raise click.ClickException(str(error)) from None
    finally:
        collector.close()
    click.echo(f"written to {out}")


if __name__ == "__main__":
    main()
