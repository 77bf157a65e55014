"""Which entities does a text mean?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.errors import InvalidRequest
from api.questions.asking import Inquiry, Page, Standing
from api.schemas.resolve import Resolution as Wire
from graph.analysis.resolve import Resolution, about, resolve

LIMIT = 100
"""Results at most."""


def what_it_means(text: str, *, kinds: Sequence[str] = (), limit: int = 20) -> Inquiry[Resolution]:
    """Ask which entities a text could mean, the likeliest first."""
    if not text.strip():
        expected = "write a name, an address, a reference to an image, labels, or a key"
        errors = [{"parameter": "q", "message": expected}]
        raise InvalidRequest(f"there is nothing to resolve: {expected}", errors=errors)
    some = frozenset(kinds)
    asked = text.encode(errors="replace").decode()  # a command line may hand on bytes that are no text

    def look(standing: Standing, _: Any) -> Page[Resolution]:
        found = resolve(standing.reader, asked, kinds=some, limit=limit)
        return Page(found, truncated=found.truncated)

    parameters = {"q": asked, "kinds": sorted(some), "limit": limit}
    return Inquiry("resolve", parameters, Wire, lambda _: about(some), look, words={"kind": some})
