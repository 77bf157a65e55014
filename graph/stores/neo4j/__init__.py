"""Production: the promises of `graph.store` in a Neo4j database. Community edition is enough.

Beside the version records, which answer every question, stands the plain current graph for people's own Cypher.

    schema       labels and indexes, and the numbered steps that lead to them
    connection   reaching a server, and what is wrong with it
    lease        who may write
    commit       a revision in steps: never by halves, never twice
    numbers      keys to numbers and back
    encode, decode                     values to properties and back
    spans        what was in force at a revision
    reader, listing, history, terms    the questions of a GraphReader
    stage, present, documents, claims, settled, scopes     one commit in the making
    known, writer, store               who may begin one
    aftermath, projection, labels      what follows a published revision
"""

from graph.stores.neo4j.connection import Login
from graph.stores.neo4j.store import Neo4jStore

__all__ = ["Login", "Neo4jStore"]
