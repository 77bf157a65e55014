"""Which revision does `at` mean?"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from api.errors import InvalidRequest, NoSuchRevisionAsked, NotYetObserved
from api.questions.absence import first_version
from graph.analysis.words import moment
from graph.model import Key, RevisionMark, instant_of, text_of
from graph.store import GraphStore, NoSuchRevision

REVISION = "revision:"

_TOLERANCE = timedelta(minutes=1)
"""By how much the asker's clock may go before this one."""

_SHOWN = 24
"""Digits of a number that are repeated to whoever gave them."""


def marked(
    store: GraphStore, at: str | None, continued: int | None, key: Key | None, parameter: str = "at"
) -> RevisionMark:
    """Give the revision that is meant: the cursor's, or that of `at`, or the newest. Raise Problem for none.

    parameter: what the question calls it.
    """
    head = store.head()
    if head.number == 0:
        raise NotYetObserved("nothing has been recorded yet: run `asbuilt once`, or `asbuilt discover`")
    if continued is not None:
        return _numbered(store, str(continued))
    if at is None:
        return head
    if at.startswith(REVISION):
        number = at.removeprefix(REVISION)
        if not number.isdecimal():
            raise invalid_at(at, parameter)
        mark = _numbered(store, number)
    else:
        mark = _at_instant(store, at, parameter)
    if mark.number == 0:
        raise _too_early(store, at, key)
    return mark


def _numbered(store: GraphStore, number: str) -> RevisionMark:
    """Find a revision by its decimal number. One with more digits than the newest would fit into no store."""
    newest = store.head().number
    digits = number.lstrip("0") or "0"
    if len(digits) <= len(str(newest)):
        with suppress(NoSuchRevision):
            return store.revision(int(digits))
    shown = digits if len(digits) <= _SHOWN else f"{digits[:_SHOWN]}..."
    raise NoSuchRevisionAsked(f"there is no revision {shown}: the newest is {newest}", newest=newest)


def _at_instant(store: GraphStore, at: str, parameter: str) -> RevisionMark:
    try:
        instant = instant_of(at.strip().replace(" ", "+"))  # an offset's plus sign is a space in a URL
    except ValueError:
        raise invalid_at(at, parameter) from None
    if instant > store.head().instant:  # what was recorded by a clock that goes before this one can be asked for
        refuse_to_come(parameter, at, instant)
    try:
        return store.revision_at(instant)
    except NoSuchRevision:
        return store.revision(0)


def refuse_to_come(parameter: str, text: str, instant: datetime) -> None:
    """Raise InvalidRequest for an instant that is still to come by the clock of this machine."""
    now = datetime.now(UTC)
    if instant <= now + _TOLERANCE:
        return
    expected = f"it is {moment(now)} now, and Z means UTC: of a local time give the offset, as in +02:00"
    errors = [{"parameter": parameter, "message": expected}]
    raise InvalidRequest(f"{parameter}='{text}' is still to come: {expected}", errors=errors)


def invalid_at(at: str, parameter: str = "at") -> InvalidRequest:
    """Make the problem of an `at` (or what the question calls it) that is neither an instant nor a revision."""
    expected = "write an instant as 2026-03-01T10:00:00Z, or a revision as revision:42"
    errors = [{"parameter": parameter, "message": expected}]
    return InvalidRequest(f"{parameter}='{at}' is neither an instant nor a revision: {expected}", errors=errors)


def _too_early(store: GraphStore, at: str, key: Key | None) -> NotYetObserved:
    first = store.revision(1)
    extensions = {"first_revision": 1, "first_recorded": text_of(first.instant)}
    if key is not None:
        extensions |= first_version(store, key)
    return NotYetObserved(
        f"{at} lies before the first look, which was at {text_of(first.instant)}: ask for a later instant", **extensions
    )
