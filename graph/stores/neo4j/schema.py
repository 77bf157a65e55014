"""Which labels and indexes are there, and by which numbered steps did a database come to have them?

What the API reads are version records, nodes of labels that begin with `Asbuilt`; they have no relationships. A record
is in force at revision r when `opened <= r` and `closed` is absent or greater. Nothing that a reader could look for is
ever moved: what closes gets the properties by which the past is found (`was_*`, `past_*`) when it closes, and loses
those by which the present is found (`now_*`, `last_*`) only after the revision that closed it was published.

    AsbuiltStore      one node: newest revision, who writes, what is in the making
    AsbuiltRevision   number, instant
    AsbuiltKey        key and its number; also the node of the current graph (labels of its kind, properties, relations)
    AsbuiltEntity     a version: last_key | past_key, now_listed, was_kind, class, body
    AsbuiltRelation   a version: last_id | past_id, now_source | was_source, now_target | was_target (numbers of keys),
                      cites_source, cites_target (aliases), class, verb, confidence, body
    AsbuiltCandidate  a key that an ambiguous end could mean, with the id of the relation
    AsbuiltDocument   a version: last_ref | past_ref, now_home, text, and what is known of it
    AsbuiltClaim, AsbuiltDoubt, AsbuiltState, AsbuiltFold, AsbuiltSource, AsbuiltKnowledge, AsbuiltCensus, AsbuiltTerm
    AsbuiltChanges    some hundred changes of one revision, with what they are about
    AsbuiltClosing    a second label of what closed, until the present forgets it
"""

from __future__ import annotations

from functools import partial

from graph.store import StoreError
from graph.stores.neo4j.connection import Ask, Database

VERSIONS = (
    "AsbuiltEntity",
    "AsbuiltRelation",
    "AsbuiltCandidate",
    "AsbuiltDocument",
    "AsbuiltClaim",
    "AsbuiltDoubt",
    "AsbuiltState",
)
"""The labels of what is in force from one revision until another."""

MADE = {
    "AsbuiltRevision": "number",
    "AsbuiltChanges": "revision",
    "AsbuiltTerm": "opened",
    "AsbuiltCensus": "revision",
}
"""The labels of what a revision adds for good, with the property that holds the revision."""

UPKEEP = ("AsbuiltKey", "AsbuiltFold", "AsbuiltSource", "AsbuiltKnowledge", "AsbuiltContested")
"""The labels of what has no versions."""


def _unique(label: str, name: str) -> str:
    return f"CREATE CONSTRAINT asbuilt_{label}_{name} IF NOT EXISTS FOR (n:Asbuilt{label}) REQUIRE n.{name} IS UNIQUE"


def _index(label: str, *names: str) -> str:
    of = ", ".join(f"n.{name}" for name in names)
    return f"CREATE RANGE INDEX asbuilt_{label}_{'_'.join(names)} IF NOT EXISTS FOR (n:Asbuilt{label}) ON ({of})"


_ABOUT = (
    "CREATE FULLTEXT INDEX asbuilt_changes_about IF NOT EXISTS FOR (n:AsbuiltChanges) ON EACH [n.about] "
    "OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace'}}"
)

_FIRST = (
    _unique("Store", "id"),
    _unique("Revision", "number"),
    _index("Revision", "instant"),
    _unique("Key", "key"),
    _unique("Key", "_number"),
    _index("Key", "_waiting"),
    _index("Entity", "last_key"),
    _index("Entity", "past_key", "opened"),
    _index("Entity", "now_listed"),
    _index("Entity", "was_kind", "class", "opened"),
    _index("Relation", "last_id"),
    _index("Relation", "past_id", "opened"),
    _index("Relation", "now_source"),
    _index("Relation", "now_target"),
    _index("Relation", "was_source", "class", "opened"),
    _index("Relation", "was_target", "class", "opened"),
    _index("Relation", "cites_source"),
    _index("Relation", "cites_target"),
    _index("Candidate", "key"),
    _index("Candidate", "relation"),
    _index("Document", "last_ref"),
    _index("Document", "past_ref", "opened"),
    _index("Document", "now_home"),
    _index("Claim", "alias"),
    _index("Contested", "alias"),
    _index("Doubt", "ref"),
    _index("State", "last_scope"),
    _index("State", "past_scope", "opened"),
    _index("Fold", "scope", "number"),
    _index("Fold", "number"),
    _unique("Source", "name"),
    _index("Knowledge", "source", "version"),
    _index("Census", "kind", "revision"),
    _index("Term", "term"),
    _index("Term", "key", "term"),
    _index("Changes", "revision", "first"),
    _ABOUT,
)

STEPS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Each leads from the version of its place to the next. One that was released is never edited: another follows it."""


def steps_taken(ask: Ask) -> int:
    """Give the number of steps that a database has taken; 0 for one that holds no store."""
    rows = ask("MATCH (s:AsbuiltStore {id: 0}) RETURN s.schema")
    return int(rows[0][0]) if rows else 0


def prepare(database: Database) -> None:
    """Take the steps that a database lacks. Any number of processes may do so at once, and again."""
    taken = database.reading(steps_taken)
    if taken > len(STEPS):
        raise StoreError(
            f"{database.url} was written by a newer Asbuilt (schema {taken}, this one knows {len(STEPS)}): "
            "upgrade Asbuilt"
        )
    if taken == len(STEPS):
        return
    for number in range(taken, len(STEPS)):
        for command in STEPS[number]:
            database.writing(partial(_taken, command))  # one by one: a schema change stands alone
    database.alone("CALL db.awaitIndexes(600)")
    database.writing(_found)


def _taken(command: str, ask: Ask) -> None:
    ask(command)


def _found(ask: Ask) -> None:
    """Make the one node of the store where it is absent, and note the steps.

    Where somebody emptied the database, it is another store, by its birth and by its tokens: who still has the former
    one open neither takes the numbers of its keys for theirs nor writes with a token that happens to be given again.
    """
    ask(
        "MERGE (s:AsbuiltStore {id: 0}) ON CREATE SET s.head = 0, s.made = timestamp(), s.fence = timestamp(), "
        "s.lease = 0, s.projected = 0 SET s.schema = $taken",
        taken=len(STEPS),
    )
    ask("MERGE (r:AsbuiltRevision {number: 0}) ON CREATE SET r.instant = 0")
