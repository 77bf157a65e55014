"""The embedded default: the promises of `graph.store` in one SQLite file, without a server.

One process writes, any number read, each in a snapshot of its own (WAL). What `publish` acknowledged is on the disk
(synchronous=FULL). Texts (keys, words, names of documents) are stored once and stand as numbers everywhere else.

    schema       the tables, and the numbered steps that lead to them
    file         opening the file, what is wrong with it, and who may write
    rows         from rows to values and back
    spans        what was in force at a revision, without looking through what is past
    lookup       numbers to texts, for whoever reads
    interning    texts to numbers, for the one who writes
    reader, listing, history     the questions of a GraphReader
    stage, present, documents, claims, settled, scopes     one commit in the making
    known, writer, store         who may begin one
    dump, restore                all of it, out of a file and into an empty one
"""

from graph.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
