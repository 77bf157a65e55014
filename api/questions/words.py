"""Is there such a kind, and such a verb? One that nobody knows would find nothing, and look like an answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from api.errors import InvalidRequest
from graph.analysis.kind_words import kinds_meant
from graph.model import KINDS, VERBS
from graph.store import GraphReader

Named = Mapping[str, Collection[str]]
"""The kinds and verbs that a question names, by the parameter that it names them with."""


def split(words: Collection[str], kinds: str, verbs: str) -> Named:
    """Part words into kinds and verbs, each under its parameter. Verbs are written in capitals."""
    return {
        kinds: [word for word in words if not word.isupper()],
        verbs: [word for word in words if word.isupper()],
    }


def check(named: Named, readers: Sequence[GraphReader]) -> None:
    """Raise InvalidRequest for a kind or verb that neither the vocabulary has nor any source of the store states."""
    asked = [(parameter, word) for parameter, words in named.items() for word in sorted(words)]
    unknown = [one for one in asked if one[1] not in KINDS and one[1] not in VERBS]
    if not unknown:
        return
    stated = {word for reader in readers for state in reader.scopes() for word in state.scope.states}
    for parameter, word in unknown:
        if word not in stated:
            expected = _verbs(word, stated) if parameter.startswith("verb") else _kinds(word, stated)
            errors = [{"parameter": parameter, "message": expected}]
            raise InvalidRequest(f"there is no {parameter.removesuffix('s')} '{word}': {expected}", errors=errors)


def _verbs(word: str, stated: Collection[str]) -> str:
    known = sorted({*VERBS, *(one for one in stated if one.isupper())})
    near = get_close_matches(word, known, n=1)
    meant = f"{near[0]} may be meant; " if near else ""
    return f"{meant}the verbs are {', '.join(known)}"


def _kinds(word: str, stated: Collection[str]) -> str:
    known = sorted({*KINDS, *(one for one in stated if not one.isupper())})
    meant = sorted(kinds_meant(word.lower()).intersection(known)) or get_close_matches(word.lower(), known, n=3)
    if not meant:
        meant = [kind for kind in known if get_close_matches(word.lower(), [kind.rpartition(".")[2]])]
    if meant:
        return f"{' or '.join(meant[:3])} may be meant"
    return "a kind is written with where it comes from, such as k8s.deployment; docs/kubernetes.md lists them"
