"""Which tables are there, and by which numbered steps did a file come to have them?

A key, a word (kinds, verbs, names of sources, ...), a document, an alias and a relation each have one number. `opened`
and `closed` are revisions; instants are microseconds since 1970. `class` is explained in `spans`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from graph.stores.sqlite.terms import fill

APPLICATION_ID = 0x41534255
"""Stands in the header of every store, so that another program's file is never taken for one: ASBU."""

_NAMES = """
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE key (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (kind, text));
CREATE TABLE alias (id INTEGER PRIMARY KEY, type INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (type, value));
CREATE TABLE mark (number INTEGER PRIMARY KEY, instant INTEGER NOT NULL UNIQUE);
"""

_SCOPES = """
CREATE TABLE source (name TEXT PRIMARY KEY, type TEXT NOT NULL, first_read INTEGER, configured INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE knowledge (source TEXT, version INTEGER, fields TEXT NOT NULL, PRIMARY KEY (source, version))
    WITHOUT ROWID;
CREATE TABLE scope (id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (source, name));
CREATE TABLE form (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);
CREATE TABLE state (
    scope INTEGER, opened INTEGER, closed INTEGER, form INTEGER NOT NULL, status TEXT NOT NULL, since INTEGER NOT NULL,
    error TEXT, judged_start INTEGER, judged_end INTEGER, stale_after REAL NOT NULL, PRIMARY KEY (scope, opened)
) WITHOUT ROWID;
CREATE INDEX state_present ON state (scope) WHERE closed IS NULL;
CREATE TABLE fold (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, outcome TEXT NOT NULL, error TEXT,
    first_started INTEGER NOT NULL, first_ended INTEGER NOT NULL, last_started INTEGER NOT NULL,
    last_ended INTEGER NOT NULL, count INTEGER NOT NULL, longest_gap REAL NOT NULL
);
CREATE INDEX fold_scope ON fold (scope);
CREATE INDEX fold_outcome ON fold (scope, outcome);
"""

_DOCUMENTS = """
-- standing: 0 ended, 1 in force, 2 ended and its position is left behind. changed: the revision that last said so.
-- What moves without a new version (token, mapping, position, doubt) stands here; a version keeps what first stated it.
CREATE TABLE document (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL, standing INTEGER NOT NULL,
    changed INTEGER NOT NULL, subject INTEGER NOT NULL, fingerprint BLOB NOT NULL, mapping INTEGER NOT NULL,
    version TEXT NOT NULL, position INTEGER, incarnation TEXT, missed INTEGER NOT NULL, UNIQUE (source, name)
);
CREATE TABLE document_version (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER,
    version TEXT NOT NULL, mapping INTEGER NOT NULL, text NOT NULL
);
CREATE UNIQUE INDEX document_opened ON document_version (document, opened);
-- The documents that stand, by what a scope covers them by.
CREATE TABLE home (source INTEGER, kind INTEGER, subject TEXT, document INTEGER,
    PRIMARY KEY (source, kind, subject, document)) WITHOUT ROWID;
CREATE TABLE doubt (document INTEGER, opened INTEGER, closed INTEGER, since INTEGER NOT NULL,
    had INTEGER, PRIMARY KEY (document, opened)) WITHOUT ROWID;
CREATE TABLE claim (
    id INTEGER PRIMARY KEY, alias INTEGER NOT NULL, document INTEGER NOT NULL, key INTEGER NOT NULL,
    holding TEXT NOT NULL, taken_start INTEGER, taken_end INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER
);
CREATE INDEX claim_alias ON claim (alias, document);
CREATE TABLE contested (alias INTEGER PRIMARY KEY);
"""

_VERSIONS = """
CREATE TABLE entity_version (
    id INTEGER PRIMARY KEY, key INTEGER NOT NULL, kind INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER,
    class INTEGER NOT NULL, name TEXT NOT NULL, incarnation TEXT, since_start INTEGER, since_end INTEGER NOT NULL,
    evidence, aliases TEXT, attributes
);
CREATE UNIQUE INDEX entity_key ON entity_version (key, opened);
CREATE INDEX entity_kind ON entity_version (kind, class, opened, closed);
CREATE TABLE present (kind INTEGER, key TEXT, version INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
-- The keys that ever had a name or a label: where to look, not what is so.
CREATE TABLE term (text TEXT, key INTEGER, PRIMARY KEY (text, key)) WITHOUT ROWID;
CREATE TABLE census (kind INTEGER, revision INTEGER, present INTEGER NOT NULL, PRIMARY KEY (kind, revision))
    WITHOUT ROWID;
-- source, target: the number of a key, or the text of an alias end.
CREATE TABLE relation (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, verb INTEGER NOT NULL, source NOT NULL, target NOT NULL,
    slot TEXT NOT NULL
);
-- source, target: the keys that tied ends mean.
CREATE TABLE relation_version (
    id INTEGER PRIMARY KEY, relation INTEGER NOT NULL, verb INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER,
    class INTEGER NOT NULL, source INTEGER, target INTEGER, method INTEGER NOT NULL, confidence REAL NOT NULL,
    evidence, since_start INTEGER, since_end INTEGER NOT NULL, ambiguous INTEGER NOT NULL, extra TEXT
);
CREATE UNIQUE INDEX relation_opened ON relation_version (relation, opened);
CREATE INDEX relation_source ON relation_version (source, class, opened, closed) WHERE source IS NOT NULL;
CREATE INDEX relation_target ON relation_version (target, class, opened, closed) WHERE target IS NOT NULL;
CREATE TABLE candidate (key INTEGER, version INTEGER, PRIMARY KEY (key, version)) WITHOUT ROWID;
CREATE INDEX candidate_version ON candidate (version);
CREATE TABLE citing (alias INTEGER, relation INTEGER, PRIMARY KEY (alias, relation)) WITHOUT ROWID;
-- Keys that a relation names or named, were never had when it did, and wait for a look at their home.
CREATE TABLE waiting (kind INTEGER, key TEXT, id INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
"""

_CHANGES = """
-- id: revision * 2^32 + sequence. causes: a bit for each cause of a field, or of the whole. named: what ends mean.
CREATE TABLE change (
    id INTEGER PRIMARY KEY, key INTEGER, relation INTEGER, word INTEGER NOT NULL, transition TEXT NOT NULL,
    cause INTEGER NOT NULL, causes INTEGER NOT NULL, world INTEGER NOT NULL, class INTEGER NOT NULL,
    happened_start INTEGER, happened_end INTEGER NOT NULL, evidence, named TEXT, fields
);
CREATE INDEX change_key ON change (key) WHERE key IS NOT NULL;
CREATE INDEX change_relation ON change (relation) WHERE relation IS NOT NULL;
CREATE INDEX change_word ON change (word);
CREATE INDEX change_world ON change (world) WHERE world = 1;
CREATE INDEX change_happened ON change (class, world, happened_end);
CREATE TABLE change_named (key INTEGER, change INTEGER, PRIMARY KEY (key, change)) WITHOUT ROWID;
CREATE TABLE change_under (key INTEGER, change INTEGER, PRIMARY KEY (key, change)) WITHOUT ROWID;
"""

_TERMS = """
DROP TABLE term;
-- Which keys had a text in a field, since which revision: where to look, not what is so. Text is folded, and cut.
CREATE TABLE term (field INTEGER, text TEXT, key INTEGER, since INTEGER NOT NULL, PRIMARY KEY (field, text, key))
    WITHOUT ROWID;
"""

_HOPS = """
-- These hold all that a traversal reads of a relation, so that it reads no row of a table.
DROP INDEX relation_source;
DROP INDEX relation_target;
CREATE INDEX relation_source ON relation_version (source, class, opened, closed, verb, target, confidence, relation)
    WHERE source IS NOT NULL;
CREATE INDEX relation_target ON relation_version (target, class, opened, closed, verb, source, confidence, relation)
    WHERE target IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the schema: statements, and what fills new tables with what the file already has."""

    script: str
    fill: Callable[[sqlite3.Connection], None] | None = None


STEPS = (
    Step(_NAMES + _SCOPES + _DOCUMENTS + _VERSIONS + _CHANGES + "INSERT INTO mark VALUES (0, 0);"),
    Step(_TERMS + _HOPS, fill),
)
"""Each leads from the version of its place to the next. One that was released is never edited: another follows it."""
