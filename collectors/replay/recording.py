"""How is written down what a source said, and when? See README.md in this folder for the format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from collectors.contract import Failed
from graph.model import Document, Key, Knowledge, Outcome, Scope, Statement
from graph.model.canonical import statement_from, statement_record

FORMAT = "asbuilt-recording"
VERSION = 1


class MalformedRecording(Failed):
    """A line of a recording cannot be understood."""

    def __init__(self, place: str, line: int, reason: str) -> None:
        super().__init__(f"{place}, line {line}: {reason}; correct the line, or record again")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One document as it was recorded: its statements as JSON data."""

    id: str
    version: str
    statements: tuple[Mapping[str, Any], ...]

    def document(self) -> Document:
        """Give the document, its statements read when they are asked for."""
        return Document(self.id, self.version, self._read)

    def _read(self) -> list[Statement]:
        return [statement_from(record) for record in self.statements]


@dataclass(frozen=True, slots=True)
class Frame:
    """What one scope said from a second on, until its next frame. scope: None where there is none any more."""

    at: float
    name: str
    scope: Scope | None
    outcome: Outcome = Outcome.COMPLETE
    error: str | None = None
    position: int | None = None
    documents: Mapping[str, Recorded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that one source said: the frames of each scope in order of time, scopes in order of appearance."""

    source: str
    states: frozenset[str]
    knowledge: Knowledge
    frames: Mapping[str, tuple[Frame, ...]]

    @property
    def length(self) -> float:
        """Seconds until the last frame."""
        return max((frames[-1].at for frames in self.frames.values()), default=0.0)


def read(path: Path | Traversable) -> Recording:
    """Read a recording, compressed or not. Raise Failed where there is none, MalformedRecording for a wrong line."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
    except (OSError, EOFError, ValueError) as error:
        raise Failed(f"{path} cannot be read ({type(error).__name__}); name an existing recording as `path`") from None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise MalformedRecording(str(path), 1, "it is empty")
    with _line_of(path, lines[0][0]):
        source, states, knowledge = header = _header(json.loads(lines[0][1]))
    frames: dict[str, list[Frame]] = {}
    for number, line in lines[1:]:
        with _line_of(path, number):
            _add(frames, header, json.loads(line))
    return Recording(source, states, knowledge, {name: tuple(rows) for name, rows in frames.items()})


@contextmanager
def _line_of(path: Path | Traversable, number: int) -> Iterator[None]:
    """Give any error that a line of foreign text causes the number of that line."""
    try:
        yield
    except json.JSONDecodeError as error:
        raise MalformedRecording(str(path), number, f"not JSON ({error.msg} at column {error.colno})") from None
    except KeyError as error:
        raise MalformedRecording(str(path), number, f"{error} is missing") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise MalformedRecording(str(path), number, str(error)) from None


def write(recording: Recording, path: Path) -> None:
    """Write a recording: each frame as what differs from its scope's last one. Same recording, same bytes."""
    text = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in _lines(recording))
    content = text.encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def recorded(document: Document) -> Recorded:
    """Take a document down."""
    return Recorded(document.id, document.version, tuple(statement_record(said) for said in document.statements))


def _header(line: Mapping[str, Any]) -> tuple[str, frozenset[str], Knowledge]:
    if line.get("format") != FORMAT:
        raise ValueError(f"the first line must say that its format is {FORMAT}")
    if line.get("version") != VERSION:
        raise ValueError(f"version {line.get('version')} is not {VERSION}, the only one known here")
    fields = {word: frozenset(names) for word, names in line["knowledge"]["fields"].items()}
    return line["source"], frozenset(line["states"]), Knowledge(int(line["knowledge"]["version"]), fields)


def _add(
    frames: dict[str, list[Frame]], header: tuple[str, frozenset[str], Knowledge], line: Mapping[str, Any]
) -> None:
    named = line["scope"]
    name = named if isinstance(named, str) else named["name"]
    before = frames.get(name, [])
    last = before[-1] if before else None
    at = float(line["at"])
    if last is not None and at < last.at:
        raise ValueError(f"{name} at {at} comes after its frame at {last.at}: frames of a scope stand in order of time")
    if line.get("absent"):
        frame = Frame(at, name, None)
    else:
        frame = _frame(at, name, _scope(header, name, named, before), line, last)
    frames.setdefault(name, []).append(frame)


def _frame(at: float, name: str, scope: Scope, line: Mapping[str, Any], last: Frame | None) -> Frame:
    outcome, position = Outcome(line.get("outcome", "complete")), line.get("position")
    if position is not None and not isinstance(position, int):
        raise TypeError("position is no whole number")
    documents = {row["id"]: _recorded(row) for row in line["documents"]} if "documents" in line else None
    if documents is None:
        documents = dict(last.documents) if last else {}
        for id_ in line.get("ended", ()):
            if documents.pop(id_, None) is None:
                raise ValueError(f"document {id_} ends without having been there")
        documents |= {row["id"]: _recorded(row) for row in line.get("changed", ())}
    return Frame(at, name, scope, outcome, line.get("error"), position, documents)


def _recorded(row: Mapping[str, Any]) -> Recorded:
    statements = tuple(row["statements"])
    if not statements:
        raise ValueError(f"document {row['id']} states nothing: its first statement is its subject")
    for record in statements:
        statement_from(record)
    return Recorded(row["id"], row.get("version", ""), statements)


def _scope(
    header: tuple[str, frozenset[str], Knowledge], name: str, named: str | Mapping[str, Any], before: list[Frame]
) -> Scope:
    if isinstance(named, str):
        known = next((frame.scope for frame in reversed(before) if frame.scope is not None), None)
        if known is None:
            raise ValueError(f"scope {name} is named before it is described")
        return known
    states = frozenset(named["states"])
    if not states <= header[1]:
        raise ValueError(f"scope {name} states {', '.join(sorted(states - header[1]))}, which the first line does not")
    range_ = named.get("range", "")
    within = Key.parse(named["within"]) if named.get("within") else None
    snapshot = bool(named.get("snapshot", True))
    begins = str(named.get("begins", ""))
    return Scope(header[0], name, states, Key.parse(range_) if range_ else "", within, snapshot, begins)


def _lines(recording: Recording) -> Iterator[dict[str, Any]]:
    fields = {word: sorted(names) for word, names in recording.knowledge.fields.items()}
    yield {
        "format": FORMAT,
        "version": VERSION,
        "source": recording.source,
        "states": sorted(recording.states),
        "knowledge": {"version": recording.knowledge.version, "fields": fields},
    }
    order = {name: index for index, name in enumerate(recording.frames)}
    rows = [
        (frame.at, order[name], index)
        for name, frames in recording.frames.items()
        for index, frame in enumerate(frames)
    ]
    names = list(recording.frames)
    for _, place, index in sorted(rows):
        frames = recording.frames[names[place]]
        yield _line(frames[index], frames[index - 1] if index else None)


def _line(frame: Frame, last: Frame | None) -> dict[str, Any]:
    if frame.scope is None:
        return {"at": float(frame.at), "scope": frame.name, "absent": True}
    line: dict[str, Any] = {"at": float(frame.at), "scope": frame.name, "outcome": frame.outcome.value}
    if last is None or frame.scope != last.scope:
        line["scope"] = _described(frame.scope)
    if frame.error is not None:
        line["error"] = frame.error
    if frame.position is not None:
        line["position"] = frame.position
    if last is None:
        return line | {"documents": [_row(document) for document in frame.documents.values()]}
    changed = [
        _row(document) for id_, document in sorted(frame.documents.items()) if last.documents.get(id_) != document
    ]
    ended = sorted(set(last.documents) - set(frame.documents))
    return line | ({"changed": changed} if changed else {}) | ({"ended": ended} if ended else {})


def _described(scope: Scope) -> dict[str, Any]:
    described: dict[str, Any] = {"name": scope.name, "states": sorted(scope.states), "range": scope.range}
    if scope.within is not None:
        described["within"] = scope.within
    if scope.begins:
        described["begins"] = scope.begins
    return described | ({} if scope.snapshot else {"snapshot": False})


def _row(document: Recorded) -> dict[str, Any]:
    return {"id": document.id, "version": document.version, "statements": document.statements}
