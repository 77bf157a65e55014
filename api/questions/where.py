"""Where does this entity run?"""

from __future__ import annotations

from typing import Any

from api.questions.asking import Inquiry, Page, Standing
from api.schemas.where import Where as Wire
from graph.analysis.where import Where, about, where
from graph.model import Key


def where_it_runs(key: Key) -> Inquiry[Where]:
    """Ask where an entity runs."""

    def look(standing: Standing, _: Any) -> Page[Where]:
        found = where(standing.reader, standing.key)
        return Page(found, truncated=found.truncated)

    return Inquiry("where", {"key": key}, Wire, lambda standing: about(standing.key), look, key=key)
