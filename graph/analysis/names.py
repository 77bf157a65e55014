"""Which key does a person mean?

The key itself, one under a configured name, a unique alias, or a unique ending of a key: of what is in force, else of
what is gone, else of what is only named.
"""

from __future__ import annotations

from dataclasses import dataclass

from graph.analysis.presence import presence
from graph.identity import contested, holders, name_alias
from graph.model import Key, MalformedKey
from graph.store import ChangeFilter, EntityFilter, GraphReader
from graph.terms import Field, term

_CANDIDATES = 20
"""How many of the keys that a text could mean are given; that there are more is said as truncation."""

_PAGE = 1000

_NAMESAKES = 10_000
"""How many of those that were ever called so are looked through for what is gone."""


@dataclass(frozen=True, slots=True)
class Located:
    """What a text was found to mean: one key, or several candidates, or none. truncated: there are more candidates."""

    key: Key | None
    candidates: tuple[Key, ...] = ()
    truncated: bool = False


def under_identity(reader: GraphReader, key: Key) -> Key:
    """Give a key with its configured name replaced by the one identity that claims it; among several none is chosen."""
    name = key.configured_name
    if name is None:
        return key
    alias = name_alias(*name)
    claims = reader.claims([alias]).get(alias, ())
    roots = () if contested(claims) else holders(claims, (name[0],), lambda _: None)
    return key.under(roots[0]) if len(roots) == 1 else key


def is_place(reader: GraphReader, key: Key) -> bool:
    """Tell whether a key is a place: something is known by it, stands or was named in it, or a scope looks there."""
    if presence(reader, key) is not None or reader.entities(EntityFilter(prefix=key), 1):
        return True
    if any(Key(state.scope.range).within(key) for state in reader.scopes() if state.scope.range):
        return True
    return bool(reader.changes(ChangeFilter(prefix=key), 1))


def locate(reader: GraphReader, text: str) -> Located:
    """Find the key that a text names: a whole key, or the unique key that ends in it (`k8s.service/cart`).

    A text that several keys end in is never guessed at: they are given as candidates.
    """
    text = text.strip("/")
    try:
        whole = under_identity(reader, Key.parse(text))
    except MalformedKey:
        whole = None
    if whole is not None and (reader.latest([whole]) or (whole.container is not None and _rooted(reader, whole))):
        return Located(whole)
    ending = _by_ending(reader, text) or _gone(reader, text) or _only_named(reader, text)
    if len(ending) == 1:
        return Located(ending[0])
    return Located(None if ending else whole, tuple(ending[:_CANDIDATES]), len(ending) > _CANDIDATES)


def _rooted(reader: GraphReader, key: Key) -> bool:
    """Tell whether a key begins with something known, so that it is a whole key and not an ending."""
    root = key.root
    return bool(reader.latest([root])) or root.configured_name is not None


def _by_ending(reader: GraphReader, text: str) -> list[Key]:
    """Give the keys in force whose path ends in a text; the last pair may be `kind/name` where the id is no name.

    Namesakes are looked through until there are more keys than are given as candidates.
    """
    container, kinds, name = _parts(text)
    found: list[Key] = []
    after = ""
    while len(found) <= _CANDIDATES:
        namesakes = reader.entities(EntityFilter(kinds=kinds, name=name, after=after), _PAGE)
        found += [one.key for one in namesakes if not container or _ends_in(one.key.container, container)]
        if len(namesakes) < _PAGE:
            break
        after = namesakes[-1].key
    return found


def _gone(reader: GraphReader, text: str) -> list[Key]:
    """Give the keys that were had, and are no longer, whose path ends in a text, likewise."""
    container, kinds, name = _parts(text)
    terms = {term(field, name) for field in (Field.NAME, Field.IDENTIFIER)}
    had = reader.found(terms, _NAMESAKES, kinds=kinds)
    latest = reader.latest({one.key for some in had.values() for one in some})
    called = [key for key, version in latest.items() if name in (version.name, key.id) and version.closed is not None]
    return sorted(key for key in called if not container or _ends_in(key.container, container))


def _only_named(reader: GraphReader, text: str) -> list[Key]:
    """Give the keys that relations in force name, and no source ever stated, whose path ends in a text.

    They are looked for beside what there is of their kind: in whatever is of the sort that contains one of these.
    """
    container, kinds, name = _parts(text)
    sorts = {(one.key.container or one.key).kind for one in reader.entities(EntityFilter(kinds=kinds), 1) if kinds}
    if not sorts:
        return []
    places = [one.key for one in reader.entities(EntityFilter(kinds=frozenset(sorts)), _PAGE)]
    here = [place for place in places if not container or _ends_in(place, container)]
    could = {Key(f"{place}/{kind}/{name}") for place in here for kind in kinds}
    ties = [tie for outgoing in (False, True) for tie in reader.relations(could, outgoing=outgoing)]
    return sorted(could.intersection(key for tie in ties for key in tie.keys))


def _parts(text: str) -> tuple[str, frozenset[str], str]:
    """Part an ending into what contains the thing, its kind (or none), and its name."""
    parts = text.split("/")
    return "/".join(parts[:-2]), frozenset(parts[-2:-1]), parts[-1]


def _ends_in(key: Key | None, text: str) -> bool:
    return key is not None and f"/{key}".endswith(f"/{text}")
