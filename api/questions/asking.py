"""How is a question answered: at one revision, leaning on which scopes, and is the asker's copy still good?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from api.errors import InvalidRequest, Problem, StoreUnavailable
from api.questions.absence import absent
from api.questions.cursors import Place, opened, sealed
from api.questions.instants import marked
from api.questions.words import Named, check
from api.schemas.envelope import Envelope
from api.schemas.envelope import Freshness as Around
from graph.analysis.freshness import Freshness, freshness
from graph.analysis.names import is_place, under_identity
from graph.analysis.presence import presence
from graph.model import Key, Question, RevisionMark, canonical
from graph.store import GraphReader, GraphStore, StoreError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a question is answered from. key: what is asked about, under its identity. newest: the last revision.

    earlier: of a question about two revisions, the reader of the first of them. beside: the other entities that the
    question names, under their identities. within: the place that it is narrowed to, likewise.
    """

    reader: GraphReader
    newest: bool
    key: Key = field(default_factory=lambda: Key(""))
    earlier: GraphReader | None = None
    beside: tuple[Key, ...] = ()
    within: Key = field(default_factory=lambda: Key(""))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What a question found. position: where the next page begins, as JSON data; None at the end."""

    data: T
    truncated: bool = False
    position: Any = None


@dataclass(frozen=True, slots=True)
class Inquiry(Generic[T]):
    """A question with its parameters.

    parameters: all but `at` and `cursor`. model: the shape of the data on the wire. about: what the answer could
    return. look: finds a page from a position on. key: the entity that it is about, if it is about one. fields: what to
    leave in the data; empty means everything. since: of a question about two revisions, which the first of them is;
    the other is what `at` is to other questions. beside: other entities that it names. within: the place that it is
    narrowed to, if it is. words: the kinds and verbs that it names.
    """

    name: str
    parameters: Mapping[str, Any]
    model: Any
    about: Callable[[Standing], Sequence[Question]]
    look: Callable[[Standing, Any], Page[T]]
    key: Key | None = None
    fields: tuple[str, ...] = ()
    since: str | None = None
    beside: tuple[Key, ...] = ()
    within: Key | None = None
    words: Named = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Identify the question and its parameters."""
        return hashlib.blake2b(canonical({"": self.name, **self.parameters}).encode(), digest_size=9).hexdigest()


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a question came to. page: None where the asker's copy is still good (the tag is among those it knows)."""

    inquiry: Inquiry[T]
    mark: RevisionMark
    freshness: Freshness
    tag: str
    page: Page[T] | None

    @cached_property
    def document(self) -> dict[str, Any]:
        """Give the envelope as JSON data."""
        page = self.page
        position = page.position if page else None
        envelope = Envelope[Any](
            data=_on_the_wire(self.inquiry.model, page.data) if page else None,
            as_of=self.mark.instant,
            revision=self.mark.number,
            freshness=Around.model_validate(self.freshness),
            truncated=page.truncated if page else False,
            cursor=None if position is None else sealed(Place(self.inquiry.digest, self.mark.number, position)),
        )
        document = envelope.model_dump(mode="json")
        if self.inquiry.fields:
            document["data"] = _pruned(document["data"], self.inquiry.fields)
        return document

    @property
    def body(self) -> bytes:
        """Give the envelope as the bytes that go over the wire."""
        return orjson.dumps(self.document)


def no_text(error: UnicodeEncodeError) -> InvalidRequest:
    """Say that something was asked for by bytes that are no text."""
    return InvalidRequest(f"the question holds {error.object[error.start : error.end]!a}, which is no text: use UTF-8")


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _on_the_wire(model: Any, data: object) -> Any:
    adapter = _adapter(model)
    return adapter.dump_python(adapter.validate_python(data, from_attributes=True), mode="json")


def ask(
    store: GraphStore,
    inquiry: Inquiry[T],
    *,
    at: str | None = None,
    cursor: str | None = None,
    role: str = "reader",
    known: Collection[str] = (),
) -> Answer[T]:
    """Answer a question at one revision, or raise Problem."""
    try:
        place = opened(cursor, inquiry.digest)
    except UnicodeEncodeError as error:
        raise no_text(error) from None
    try:
        head = store.head()
        parameter = "at" if inquiry.since is None else "to"
        mark = marked(store, at, place.revision if place else None, inquiry.key, parameter)
        with store.reader(mark) as reader, _earlier(store, inquiry, mark) as earlier:
            check(inquiry.words, [one for one in (reader, earlier) if one is not None])
            standing = _standing(store, Standing(reader, mark.number == head.number, earlier=earlier), inquiry)
            fresh = freshness(reader, inquiry.about(standing), newest=standing.newest)
            position = place.position if place else None
            tag = _tag(inquiry, mark, fresh, position, role)
            page = None if tag in known else inquiry.look(standing, position)
    except Problem:
        raise
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
    return Answer(inquiry, mark, fresh, tag, page)


def _earlier(
    store: GraphStore, inquiry: Inquiry[T], mark: RevisionMark
) -> AbstractContextManager[GraphReader] | AbstractContextManager[None]:
    """Open the reader of the first of two revisions, or raise Problem where it is not the first."""
    if inquiry.since is None:
        return nullcontext()
    first = marked(store, inquiry.since, None, inquiry.key, "from")
    if first.number > mark.number:
        raise InvalidRequest(
            f"from={inquiry.since} (revision {first.number}) lies after to (revision {mark.number}): exchange them",
            errors=[{"parameter": "from", "message": "give what lies before `to`"}],
        )
    return store.reader(first)


def _standing(store: GraphStore, standing: Standing, inquiry: Inquiry[T]) -> Standing:
    if inquiry.within is not None:
        place = under_identity(standing.reader, inquiry.within)
        if not is_place(standing.reader, place):
            raise absent(store, standing.reader, place)
        standing = replace(standing, within=place)
    if inquiry.key is None:
        return standing
    keys = [under_identity(standing.reader, key) for key in (inquiry.key, *inquiry.beside)]
    readers = [reader for reader in (standing.reader, standing.earlier) if reader is not None]
    for key in keys:
        if all(presence(reader, key) is None for reader in readers):
            raise absent(store, standing.reader, key)
    return replace(standing, key=keys[0], beside=tuple(keys[1:]))


def _tag(inquiry: Inquiry[T], mark: RevisionMark, fresh: Freshness, position: Any, role: str) -> str:
    """Give the entity tag: from revision, runs of the scopes leaned on, query and role; and from the program itself."""
    parts = [inquiry.digest, mark.number, asdict(fresh), position, role, version("asbuilt")]
    digest = hashlib.blake2b(orjson.dumps(parts), digest_size=15).hexdigest()
    return f'"{digest}"'


def _pruned(data: Any, fields: Sequence[str]) -> Any:
    """Leave only some members of the data, or of each of its rows; the key always stays."""
    if isinstance(data, list):
        return [_pruned(row, fields) for row in data]
    kept: dict[str, Any] = {}
    for name, value in data.items():
        if name == "key" or name in fields:
            kept[name] = value
        elif isinstance(value, dict):
            inner = {one: held for one, held in value.items() if f"{name}.{one}" in fields}
            if inner:
                kept[name] = inner
    return kept
