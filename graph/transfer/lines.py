"""How is a record of a dump written as one line of JSON, so that equal records are equal bytes, and read again?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from graph.identity import Claim
from graph.model import (
    Alias,
    Cause,
    Change,
    DocumentRef,
    EntityVersion,
    FieldChange,
    Holding,
    Interval,
    Key,
    Knowledge,
    Method,
    Outcome,
    Relation,
    RelationVersion,
    Resolved,
    RevisionMark,
    RunFold,
    Scope,
    ScopeState,
    ScopeStatus,
    Tie,
    Transition,
    instant_of,
    text_of,
)
from graph.model.canonical import end_of, end_text
from graph.plan import Known
from graph.store import Doubted, SourceRecord
from graph.transfer.records import (
    Head,
    KeptChange,
    KeptClaim,
    KeptDocument,
    KeptDoubt,
    KeptKnowledge,
    KeptPage,
    KeptState,
    Record,
)

Data = dict[str, Any]


def written(data: Mapping[str, Any]) -> bytes:
    """Write JSON data as a line: sorted names, no spaces, and a line feed at the end.

    A line that begins with a space all the same has a number beyond 64 bits, which most readers take for a float.
    """
    try:
        return orjson.dumps(data, default=dict, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return b" " + json.dumps(data, sort_keys=True, separators=(",", ":"), default=dict).encode() + b"\n"


def read(line: bytes) -> Any:
    """Read JSON data from a line, or raise ValueError."""
    return json.loads(line) if line.startswith(b" ") else orjson.loads(line)


def line_of(record: Record) -> bytes:
    """Write a record."""
    name, write, _ = _BY_TYPE[type(record)]
    return written({"record": name, **write(record)})


def record_of(data: Mapping[str, Any]) -> Record:
    """Read a record from its JSON data; raise KeyError, TypeError or ValueError where it is none."""
    rest = dict(data)
    make = _BY_NAME[rest.pop("record")]
    record: Record = make(**rest)
    return record


# ---------------------------------------------------------------------------------------------------- values


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else text_of(instant)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instant_of(text)


def _interval(interval: Interval | None) -> list[str | None] | None:
    return None if interval is None else [_text(interval.start), text_of(interval.end)]


def _interval_of(pair: Sequence[str]) -> Interval:
    start, end = pair
    return Interval(_instant(start), instant_of(end))


def _alias(alias: Alias) -> list[str]:
    return [alias.type, alias.value, alias.holding]


def _alias_of(row: Sequence[str]) -> Alias:
    type_, value, holding = row
    return Alias(type_, value, Holding(holding))


def _refs(refs: Sequence[DocumentRef]) -> list[list[str]]:
    return [[ref.source, ref.id] for ref in refs]


def _refs_of(rows: Sequence[Sequence[str]]) -> tuple[DocumentRef, ...]:
    return tuple(DocumentRef(source, id_) for source, id_ in rows)


def _meaning(end: Resolved) -> list[Any]:
    return [end.tie, list(end.keys), end.incarnation]


def _meaning_of(row: Sequence[Any]) -> Resolved:
    tie, keys, incarnation = row
    return Resolved(Tie(tie), tuple(map(Key, keys)), incarnation)


# ---------------------------------------------------------------------------------------------------- sources


def _mark(mark: Head | RevisionMark) -> Data:
    return {"number": mark.number, "instant": text_of(mark.instant)}


def _head_of(*, number: int, instant: str) -> Head:
    return Head(number, instant_of(instant))


def _mark_of(*, number: int, instant: str) -> RevisionMark:
    return RevisionMark(number, instant_of(instant))


def _source(one: SourceRecord) -> Data:
    return {"name": one.name, "type": one.type, "first_read": _text(one.first_read), "configured": bool(one.configured)}


def _source_of(*, name: str, type: str, first_read: str | None, configured: bool) -> SourceRecord:
    return SourceRecord(name, type, _instant(first_read), configured)


def _knowledge(one: KeptKnowledge) -> Data:
    fields = {word: sorted(names) for word, names in one.knowledge.fields.items()}
    return {"source": one.source, "version": one.knowledge.version, "fields": fields}


def _knowledge_of(*, source: str, version: int, fields: Mapping[str, Sequence[str]]) -> KeptKnowledge:
    return KeptKnowledge(source, Knowledge(version, {word: frozenset(names) for word, names in fields.items()}))


def _state(one: KeptState) -> Data:
    state, scope = one.state, one.state.scope
    return {
        "scope": {
            "source": scope.source,
            "name": scope.name,
            "states": sorted(scope.states),
            "range": scope.range,
            "within": scope.within,
            "snapshot": bool(scope.snapshot),
            **({"begins": scope.begins} if scope.begins else {}),
        },
        "status": state.status,
        "since": text_of(state.since),
        "error": state.error,
        "judged": _interval(state.judged),
        "stale_after": float(state.stale_after),
        "opened": one.opened,
        "closed": one.closed,
    }


def _state_of(*, opened: int, closed: int | None, **state: Any) -> KeptState:
    form = state["scope"]
    within = None if form["within"] is None else Key(form["within"])
    scope = Scope(
        form["source"],
        form["name"],
        frozenset(form["states"]),
        form["range"],
        within,
        snapshot=form["snapshot"],
        begins=form.get("begins", ""),
    )
    judged = None if state["judged"] is None else _interval_of(state["judged"])
    status, since = ScopeStatus(state["status"]), instant_of(state["since"])
    return KeptState(ScopeState(scope, status, since, state["error"], judged, state["stale_after"]), opened, closed)


_RUNS = ("first_started", "first_ended", "last_started", "last_ended")


def _fold(one: RunFold) -> Data:
    instants = {name: text_of(getattr(one, name)) for name in _RUNS}
    told = {"source": one.source, "scope": one.scope, "outcome": one.outcome, "error": one.error}
    return told | instants | {"count": one.count, "longest_gap": float(one.longest_gap)}


def _fold_of(*, outcome: str, **data: Any) -> RunFold:
    instants = {name: instant_of(data[name]) for name in _RUNS}
    return RunFold(outcome=Outcome(outcome), **{**data, **instants})


# ---------------------------------------------------------------------------------------------------- documents, claims


def _document(one: KeptDocument) -> Data:
    known = one.known
    if known is None:
        return {"source": one.ref.source, "id": one.ref.id, "known": None}
    told = {name: getattr(known, name) for name in ("fingerprint", "mapping", "version", "position", "subject")}
    told |= {"incarnation": known.incarnation, "missed": bool(known.missed), "gone": bool(known.gone)}
    return {"source": one.ref.source, "id": one.ref.id, "known": told}


def _document_of(*, source: str, id: str, known: Mapping[str, Any] | None) -> KeptDocument:
    return KeptDocument(DocumentRef(source, id), None if known is None else Known(**known))


def _page(one: KeptPage) -> Data:
    told = {"source": one.ref.source, "id": one.ref.id, "version": one.version, "mapping": one.mapping}
    return told | {"text": one.text, "opened": one.opened, "closed": one.closed}


def _page_of(*, source: str, id: str, **page: Any) -> KeptPage:
    return KeptPage(DocumentRef(source, id), **page)


def _doubt(one: KeptDoubt) -> Data:
    told = {"source": one.ref.source, "id": one.ref.id, "opened": one.opened, "closed": one.closed}
    return told | {"since": text_of(one.doubted.since), "had": _text(one.doubted.had)}


def _doubt_of(*, source: str, id: str, since: str, had: str | None, opened: int, closed: int | None) -> KeptDoubt:
    return KeptDoubt(DocumentRef(source, id), Doubted(instant_of(since), _instant(had)), opened, closed)


def _claim(one: KeptClaim) -> Data:
    claim = one.claim
    told = {"alias": _alias(claim.alias), "key": claim.key, "source": claim.source, "document": claim.document}
    return told | {"taken": _interval(claim.taken), "opened": one.opened, "closed": one.closed}


def _claim_of(*, opened: int, closed: int | None, **claim: Any) -> KeptClaim:
    alias, taken = _alias_of(claim["alias"]), _interval_of(claim["taken"])
    made = Claim(alias, Key(claim["key"]), claim["source"], claim["document"], taken, in_force=closed is None)
    return KeptClaim(made, opened, closed)


# ---------------------------------------------------------------------------------------------------- versions, changes


def _entity(one: EntityVersion) -> Data:
    return {
        "key": one.key,
        "name": one.name,
        "incarnation": one.incarnation,
        "attributes": one.attributes,
        "aliases": [_alias(alias) for alias in one.aliases],
        "evidence": _refs(one.evidence),
        "since": _interval(one.since),
        "opened": one.opened,
        "closed": one.closed,
    }


def _entity_of(*, key: str, aliases: Any, evidence: Any, since: Any, **rest: Any) -> EntityVersion:
    held = tuple(_alias_of(row) for row in aliases)
    return EntityVersion(key=Key(key), aliases=held, evidence=_refs_of(evidence), since=_interval_of(since), **rest)


def _relation(one: RelationVersion) -> Data:
    stated = one.stated
    return {
        "id": one.id,
        "stated": {
            "source": end_text(stated.source),
            "verb": stated.verb,
            "target": end_text(stated.target),
            "slot": stated.slot,
            "attributes": stated.attributes,
            "method": stated.method,
            "confidence": float(stated.confidence),
        },
        "source": _meaning(one.source),
        "target": _meaning(one.target),
        "evidence": _refs(one.evidence),
        "since": _interval(one.since),
        "opened": one.opened,
        "closed": one.closed,
    }


def _relation_of(*, id: str, stated: Mapping[str, Any], evidence: Any, since: Any, **rest: Any) -> RelationVersion:
    said = Relation(
        end_of(stated["source"]),
        stated["verb"],
        end_of(stated["target"]),
        stated["slot"],
        stated["attributes"],
        Method(stated["method"]),
        stated["confidence"],
    )
    source, target = _meaning_of(rest.pop("source")), _meaning_of(rest.pop("target"))
    return RelationVersion(id, said, source, target, _refs_of(evidence), _interval_of(since), **rest)


def _change(one: KeptChange) -> Data:
    change = one.change
    return {
        "revision": one.revision,
        "sequence": one.sequence,
        "subject": change.subject,
        "word": change.word,
        "transition": change.transition,
        "cause": change.cause,
        "fields": [[each.name, each.old, each.new, each.cause, bool(each.state)] for each in change.fields],
        "happened": _interval(change.happened),
        "evidence": _refs(one.evidence),
        "named": list(one.named),
    }


def _change_of(*, revision: int, sequence: int, fields: Any, evidence: Any, named: Any, **rest: Any) -> KeptChange:
    change = Change(
        rest["subject"],
        rest["word"],
        Transition(rest["transition"]),
        Cause(rest["cause"]),
        tuple(FieldChange(name, old, new, Cause(cause), state) for name, old, new, cause, state in fields),
        _interval_of(rest["happened"]),
    )
    return KeptChange(revision, sequence, change, _refs_of(evidence), tuple(map(Key, named)))


_FORMS: tuple[tuple[type[Record], str, Callable[[Any], Data], Callable[..., Record]], ...] = (
    (Head, "head", _mark, _head_of),
    (RevisionMark, "revision", _mark, _mark_of),
    (SourceRecord, "source", _source, _source_of),
    (KeptKnowledge, "knowledge", _knowledge, _knowledge_of),
    (KeptState, "scope", _state, _state_of),
    (RunFold, "runs", _fold, _fold_of),
    (KeptDocument, "document", _document, _document_of),
    (KeptPage, "page", _page, _page_of),
    (KeptDoubt, "doubt", _doubt, _doubt_of),
    (EntityVersion, "entity", _entity, _entity_of),
    (RelationVersion, "relation", _relation, _relation_of),
    (KeptClaim, "claim", _claim, _claim_of),
    (KeptChange, "change", _change, _change_of),
)

_BY_TYPE = {type_: (name, write, make) for type_, name, write, make in _FORMS}
_BY_NAME = {name: make for _, name, _, make in _FORMS}
