"""What do the commands do that look and end: once, on trial, to check, or to retire what is read no longer?"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence

import click

from discovery.checking import Finding, check, doubled, show_findings
from discovery.commands import (
    FINE,
    INCOMPLETE,
    MISTAKEN,
    NO_STORE,
    Mistake,
    Setup,
    chosen,
)
from discovery.ledger import Ledger
from discovery.listener import Look
from discovery.progress import shown_progress
from discovery.rendering import (
    change_record,
    changes_since,
    echo_table,
    json_text,
    look_record,
    show_changes,
    show_looks,
    shown,
    verdict,
)
from discovery.running import Address
from discovery.scratch import scratch_copy
from discovery.service import Service
from discovery.source import RESERVED, Source
from discovery.workers import Workers
from graph.model import RevisionMark
from graph.store import GraphStore
from graph.stores.opening import unwritable

_TOKENS = "ASBUILT_TOKENS"
"""Where `serve` finds references to tokens too."""


def once(setup: Setup, names: Sequence[str], *, as_json: bool) -> int:
    """Look at every source once (or at those named), and print what each scope came to."""
    with setup.opened() as store:
        looks = _looked(setup, store, Ledger(store), names)
        mark = store.head()
    if as_json:
        click.echo(json_text({"revision": mark.number, "looks": [look_record(look) for look in looks]}))
    else:
        _tell(looks, mark)
    return _exit_code(looks)


def plan(setup: Setup, names: Sequence[str], *, as_json: bool, limit: int) -> int:
    """Look at every source once on a throw-away copy of the store, and print what that would change."""
    with scratch_copy(setup.store) as copy:
        ledger = Ledger(copy)
        before = copy.head()
        looks = _looked(setup, copy, ledger, names)
        with copy.reader() as reader:
            changes = shown(reader, changes_since(reader, before.number))
    if as_json:
        data = {
            "revision": before.number,
            "changes": [change_record(one) for one in changes],
            "looks": [look_record(look) for look in looks],
        }
        click.echo(json_text(data))
    else:
        echo_table(lambda console: show_changes(console, changes, limit))
        echo_table(lambda console: show_looks(console, looks))
        told = f"{len(changes):,} {'change' if len(changes) == 1 else 'changes'} planned"
        click.echo(f"{told} on revision {before.number}; nothing was written.")
    return _exit_code(looks)


def _looked(setup: Setup, store: GraphStore, ledger: Ledger, names: Sequence[str]) -> list[Look]:
    """Look once, and let go of the store."""
    try:
        sources, said = setup.sources(ledger.sources())
        if said:
            click.echo(said, err=True)
        chosen(sources, names)
    except BaseException:
        ledger.close()
        raise
    with shown_progress() as progress:
        service = Service(store, ledger, sources, listener=progress)
        try:
            service.configure()
            return service.look_at_all(names)
        finally:
            service.stop()


def _tell(looks: Sequence[Look], mark: RevisionMark) -> None:
    echo_table(lambda console: show_looks(console, looks))
    click.echo(verdict(looks, mark))


def _exit_code(looks: Sequence[Look]) -> int:
    return FINE if all(look.complete for look in looks) else INCOMPLETE


def check_all(setup: Setup, names: Sequence[str], *, as_json: bool) -> int:
    """Try to read the beginning of every scope of every source (or of those named); record nothing."""
    sources, said = setup.sources()
    if said:
        click.echo(said, err=True)
    chosen(sources, names)
    tried = [source for source in sources if not names or source.name in names]
    findings = _checked(tried)
    if as_json:
        records = [
            {
                "source": one.source,
                "scope": one.scope,
                "verdict": one.verdict,
                "reason": one.reason,
                "polled": one.polled,
                "grant": one.grant or None,
            }
            for one in findings
        ]
        twice = [{"source": one.source, "by": one.by, "range": one.range} for one in doubled(findings)]
        click.echo(json_text({"findings": records, "doubled": twice}))
    else:
        echo_table(lambda console: show_findings(console, tried, findings))
    refused = _refused(setup)
    for told in refused.values():
        click.echo(f"{told}.", err=True)
    return next(iter(refused), FINE) if all(one.readable for one in findings) else INCOMPLETE


def _refused(setup: Setup) -> dict[int, str]:
    """Say what else `run` would refuse, as far as that can be told without writing, by its exit code."""
    found = {}
    api = setup.configuration.settings.api
    if Address(api.host, api.port).exposed and not (api.tokens or os.environ.get(_TOKENS)):
        found[MISTAKEN] = (
            f"asbuilt run would not serve on {api.host}, where others could read everything: set api.tokens, or"
            " api.host: 127.0.0.1"
        )
    store = unwritable(setup.store)
    if store is not None:
        found[NO_STORE] = store
    return found


def permissions(
    setup: Setup, name: str | None, account: str | None, *, without: Sequence[str], beside: Sequence[str]
) -> None:
    """Write to standard output what a source must be allowed, in its own form."""
    sources, said = setup.sources()
    if said:
        click.echo(said, err=True)
    chosen(sources, [name] if name else [])
    asked = [source for source in sources if source.name == (name or source.name)]
    if len(asked) != 1:
        raise Mistake(f"name one source, for each has permissions of its own: {', '.join(one.name for one in asked)}")
    (source,) = asked
    if source.plugin.manifest is None:
        told = "; ".join(f"{one}: {why}" for one, why in sorted(source.plugin.permissions.items())) or "none"
        raise Mistake(f"no manifest can be written for {source.name}; its permissions: {told}")
    try:
        click.echo(source.plugin.manifest(source.settings, account, without, beside), nl=False)
    except ValueError as error:
        raise Mistake(str(error)) from None


def _checked(sources: Sequence[Source]) -> list[Finding]:
    """Check sources side by side, each within its own deadline; give the findings in the order of configuration."""
    checking = Workers[Source, list[Finding]]("check", check, max(1, len(sources)))
    for source in sources:
        checking.give(source)
    found: dict[str, list[Finding]] = {}
    while checking.pending and (finished := checking.take(math.inf, threading.Event())) is not None:
        if finished.error is not None:
            raise finished.error
        found[finished.task.name] = finished.value or []
    return [one for source in sources for one in found[source.name]]


def retire(setup: Setup, source: str, scope: str | None, *, yes: bool) -> int:
    """End, on a person's word, what a source (or one scope of it) stated and only it covered."""
    with setup.opened(create=False) as store:
        with store.reader() as reader:
            known = [one for one in reader.sources() if one.name not in RESERVED]
        record = next((one for one in known if one.name == source), None)
        if record is None:
            names = ", ".join(one.name for one in known) or "none"
            raise Mistake(f"the store knows no source {source}; it knows: {names}")
        with store.reader() as reader:
            scopes = [state.scope.name for state in reader.scopes() if state.scope.source == source]
        if scope is not None and scope not in scopes:
            raise Mistake(f"{source} has no scope {scope}; it has: {', '.join(scopes) or 'none'}")
        what = f"{source}/{scope}" if scope else f"{source} ({len(scopes)} scopes)"
        if record.configured and any(one.name == source for one in setup.configuration.sources):
            click.echo(f"{source} is still configured, so the next look states again what it sees.", err=True)
        if not yes:
            raise Mistake(f"what only {what} states would be ended; that is your word, so say it: add --yes")
        ledger = Ledger(store)
        try:
            mark, ended = ledger.retire(source, scope)
        finally:
            ledger.close()
    if mark is None:
        raise Mistake(f"{what} has nothing left to retire")
    click.echo(f"Retired {what}: {ended:,} documents ended, in revision {mark.number}.")
    return FINE
