"""Why could something not be read, in words that may be kept and shown?"""

from __future__ import annotations

import traceback
from collections.abc import Collection

from collectors.contract import CollectorError, Forbidden, looks_secret
from graph.model import Outcome

_SHOWN = 3
"""Documents that are named where many could not be mapped."""

_LENGTH = 500
"""Characters of a reason that are kept. The rest of a server's essay helps nobody."""


def outcome_of(error: BaseException) -> Outcome:
    """Tell what an exception makes of the run that it ended."""
    return Outcome.FORBIDDEN if isinstance(error, Forbidden) else Outcome.FAILED


def is_foreseen(error: BaseException) -> bool:
    """Tell whether a collector may raise this. Anything else is a defect, and worth a traceback."""
    return isinstance(error, CollectorError)


def reason_of(error: BaseException) -> str:
    """Say in one line why a run ended: what the collector says, or what was raised that should not have been.

    A text that looks as if it held a secret is withheld, wherever it comes from.
    """
    text = safe_text(error)
    if isinstance(error, CollectorError):
        return text or f"{type(error).__name__}, without a word"
    return (
        f"a defect in the collector or its mapping: {type(error).__name__}{text and f': {text}'}; its log has the place"
    )


def safe_text(error: BaseException) -> str:
    """Give what an exception says, in one line of text, shortened, and withheld where it looks like a secret."""
    text = " ".join(str(error).encode(errors="backslashreplace").decode().split())
    if looks_secret(text):
        return "(its message looks like a secret, and is withheld)"
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"


def unmapped_text(ids: Collection[str], *, new: bool = False) -> str:
    """Say which documents could not be mapped, and what that means; nothing where there are none."""
    if not ids:
        return ""
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    meaning = "nothing is known of what is there" if new else "what is known of it stands as it was"
    return f"could not be mapped, so {meaning} (the log has the place): {', '.join(sorted(ids)[:_SHOWN])}{more}"


def safe_traceback(error: BaseException) -> str:
    """Write where an exception came from: places, no values, and its message where that may be shown."""
    places = "".join(traceback.format_tb(error.__traceback__))
    return f"{places}{type(error).__name__}: {safe_text(error)}"
