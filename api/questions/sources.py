"""What is read, and how fresh is it?"""

from __future__ import annotations

from typing import Any

from api.questions.asking import Inquiry, Page, Standing
from api.schemas.sources import Source
from graph.analysis.sources import SourceView, about, sources


def what_is_read() -> Inquiry[tuple[SourceView, ...]]:
    """Ask for the sources, each with its scopes. At the newest revision the data tells of runs, and moves with them."""

    def look(standing: Standing, _: Any) -> Page[tuple[SourceView, ...]]:
        return Page(sources(standing.reader, newest=standing.newest))

    return Inquiry("sources", {}, tuple[Source, ...], lambda _: about(), look)
