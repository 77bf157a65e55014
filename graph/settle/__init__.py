"""So what is true now? From changed documents to changed entities and relations. Pure, over a reader.

`settle` looks only at the subjects that the changed documents state, and at the relations that cite an alias whose
holders changed. `merge` makes one version of all that is stated about a subject; `differences` says what differs, and
why.
"""

from graph.settle.differences import Context, Delta, DocumentState, Fills
from graph.settle.settling import ChangeSet, Present, Settled, Standing, resettle, settle

__all__ = [
    "ChangeSet",
    "Context",
    "Delta",
    "DocumentState",
    "Fills",
    "Present",
    "Settled",
    "Standing",
    "resettle",
    "settle",
]
