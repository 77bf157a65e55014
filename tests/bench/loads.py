"""What does it cost to take in an estate: all of it, none of it, a hundredth of it, and how much is kept?"""

from __future__ import annotations

import resource
from statistics import median

from graph.model import KINDS, VERBS, Scope
from tests.bench.estate import Estate
from tests.bench.looks import Looking, Timed, fingerprinted
from tests.bench.places import Place, followed, opened

Figures = dict[str, float]
"""What was measured, by name."""

PASSES = 5
AGAIN = (2, 3, 4)
"""The rounds of change that follow the first."""
ROWS = 5
"""An entity and four relations."""
_EVERYTHING = Scope("estate", "everything", frozenset({*KINDS, *VERBS}))


def peak_megabytes() -> float:
    """Give the most memory that this process has had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def first_load(place: Place, entities: int) -> Figures:
    """Load an estate into an empty store."""
    estate = Estate(entities)
    with opened(place) as store:
        timed = Looking(store).look(estate)
        after = followed(place)
    _check(timed.opened == entities, f"{timed.opened} of {entities} documents were opened")
    return {
        "wall": timed.wall,
        "cpu": timed.cpu,
        "record": timed.record_wall,
        "rows_per_second": ROWS * entities / timed.wall,
        **({"followed": after} if after else {}),
        "peak": peak_megabytes(),
    }


def cycles(place: Place, entities: int) -> Figures:
    """Look again at an estate that is loaded: as it was, and with a hundredth of its documents changed, some times.

    The first change is the first that a server has been asked to write since it was started: it knows no plan yet.
    """
    estate = Estate(entities)
    with opened(place) as store:
        looking = Looking(store)
        before = store.head().number
        reading = [fingerprinted(estate)]
        unchanged = [looking.look(estate) for _ in range(PASSES if entities <= 100_000 else 2)]
        reading.append(fingerprinted(estate))
        _check(store.head().number == before, "an unchanged look made a revision")
        changed = looking.look(estate.changed(0.01))
        again = [looking.look(estate.changed(0.01, round_)) for round_ in AGAIN]
        followed(place)
    _check(0 < changed.opened + changed.revised < entities / 20, f"{changed} of {entities} documents changed")
    least, quiet = min(reading), min(one.wall for one in unchanged)
    return {
        "reading": least,
        "unchanged": quiet,
        "unchanged_cpu": min(one.cpu for one in unchanged),
        "unchanged_share": quiet / least,
        "changed": changed.wall,
        "changed_documents": changed.opened + changed.revised + changed.ended,
        "changed_share": changed.wall / least,
        "again": (usual := median(one.wall for one in again)),
        "again_share": usual / least,
        "again_documents": median(one.opened + one.revised + one.ended for one in again),
        "peak": peak_megabytes(),
    }


def history(place: Place, entities: int, rounds: int = 5) -> Figures:
    """Change a fiftieth of a loaded estate, round after round, and see what that leaves behind."""
    estate = Estate(entities)
    with opened(place) as store:
        looking = Looking(store)
        made = [looking.look(estate.changed(0.02, round_)) for round_ in range(1, rounds + 1)]
        followed(place)
    changes = sum(one.changes for one in made)
    _check(changes > 0, "no round changed anything")
    return {"changes": changes, "changes_per_second": changes / sum(one.wall for one in made)}


def memory(place: Place, documents: int) -> Figures:
    """Load so many documents as one scope, the hardest case: nothing of it can be let go before the last."""
    began = peak_megabytes()
    estate = Estate(documents)
    with opened(place) as store:
        looking = Looking(store)
        loaded = Timed()
        looking.read(_EVERYTHING, estate.everything(), loaded)
        first = peak_megabytes()
        looking.read(_EVERYTHING, estate.everything(), Timed())
    _check(loaded.opened == documents, f"{loaded.opened} of {documents} documents were opened")
    return {"began": began, "peak_first": first, "peak": peak_megabytes()}


def _check(holds: bool, told: str) -> None:
    """Refuse to give a figure of something that did not happen."""
    if not holds:
        raise RuntimeError(f"the measurement is void: {told}")
