"""The words that every part of Asbuilt speaks: keys, statements, scopes, runs, changes, and the vocabulary.

Values only: frozen, without I/O and without a clock. This is the only part of `graph` that collectors may import.
"""

from graph.model.canonical import canonical, fingerprint, relation_id, statements_from, statements_text, subject_of
from graph.model.changes import Cause, Change, FieldChange, Transition
from graph.model.keys import Key, MalformedKey
from graph.model.kinds import KINDS
from graph.model.scopes import Ended, Knowledge, Outcome, Position, Question, Run, Scope, ScopeStatus
from graph.model.statements import (
    CREATED,
    Alias,
    AliasEnd,
    AliasName,
    Attributes,
    Document,
    End,
    Entity,
    Holding,
    KeyEnd,
    Method,
    Relation,
    Statement,
    Value,
)
from graph.model.times import Interval, instant_of, text_of
from graph.model.verbs import VERBS
from graph.model.versions import (
    DocumentRef,
    EntityVersion,
    RelationVersion,
    Resolved,
    RevisionMark,
    RunFold,
    ScopeState,
    Tie,
)
from graph.model.vocabulary import Counts, Harm, Kind, UnknownWord, Verb

__all__ = [
    "CREATED",
    "KINDS",
    "VERBS",
    "Alias",
    "AliasEnd",
    "AliasName",
    "Attributes",
    "Cause",
    "Change",
    "Counts",
    "Document",
    "DocumentRef",
    "End",
    "Ended",
    "Entity",
    "EntityVersion",
    "FieldChange",
    "Harm",
    "Holding",
    "Interval",
    "Key",
    "KeyEnd",
    "Kind",
    "Knowledge",
    "MalformedKey",
    "Method",
    "Outcome",
    "Position",
    "Question",
    "Relation",
    "RelationVersion",
    "Resolved",
    "RevisionMark",
    "Run",
    "RunFold",
    "Scope",
    "ScopeState",
    "ScopeStatus",
    "Statement",
    "Tie",
    "Transition",
    "UnknownWord",
    "Value",
    "Verb",
    "canonical",
    "fingerprint",
    "instant_of",
    "relation_id",
    "statements_from",
    "statements_text",
    "subject_of",
    "text_of",
]
