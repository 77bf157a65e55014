"""How long is long? Spans are kept apart by how long they lasted, so that what is in force is soon found."""

from __future__ import annotations


def duration_class(duration: int) -> int:
    """Give the class of a row that was in force for some revisions, or of a change that took some seconds."""
    return max(duration, 1).bit_length() - 1
