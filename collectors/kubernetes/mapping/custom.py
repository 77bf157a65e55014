"""What does the object of a custom resource say, by the rows that its kind has, or by none?

Only what a row names is kept, never a whole spec: of an object without a row its owner and its conditions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collectors.kubernetes.custom.paths import NAMES, Found, beside, find, steps
from collectors.kubernetes.custom.rows import Reference
from collectors.kubernetes.custom.table import RESOURCE, Layout
from collectors.kubernetes.custom.taken import VALUES, is_named_so, without_secrets
from collectors.kubernetes.mapping.meta import entity, owners
from collectors.kubernetes.mapping.network import HOST, NAMED_OUTSIDE, in_cluster
from collectors.kubernetes.mapping.place import Object, Place, group_of, present
from collectors.kubernetes.mapping.secrecy import clean_text
from collectors.kubernetes.mapping.stated import stated
from collectors.kubernetes.mapping.template import template_attributes, template_relations
from graph.model import KINDS, VERBS, AliasEnd, End, KeyEnd, Method, Relation, Statement

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tie:
    """What a reference comes to: who is tied by which verb, and how that is known."""

    end: End
    verb: str
    method: Method = Method.EXPLICIT_REF
    confidence: float = 1.0


def custom(layout: Layout, place: Place, item: Object) -> Sequence[Statement]:
    """State an object of a custom resource. Listings need not say of what kind they are; the layout does."""
    named = {**item, "apiVersion": f"{layout.group}/", "kind": layout.kind}
    return stated(layout.word, lambda where, one: _mapped(layout, where, one), place, named)


def _mapped(layout: Layout, place: Place, item: Object) -> Iterator[Statement]:
    source, meta = place.of(layout.word, item), item["metadata"]
    templates = [one.value for path in layout.pods for one in find(item, path) if isinstance(one.value, dict)]
    attributes = _kept(item, layout.attributes)
    if layout.word == RESOURCE:
        attributes |= present(group=layout.group, resource_kind=layout.kind, status=_kept(item, layout.state))
    elif templates:
        attributes |= template_attributes(place, templates[0])
    if "conditions" in KINDS[layout.word].attributes:
        attributes |= present(conditions=_conditions(item))
    subject = entity(place, layout.word, item, attributes)
    if extras := _kept(item, layout.extras):
        subject = replace(
            subject, attributes={**subject.attributes, "raw": _with(subject.attributes.get("raw"), extras)}
        )
    yield subject
    yield from owners(place, source, item)
    yield from _ties(place, source, item, layout.references)
    for template in templates:
        if meta.get("namespace") and isinstance(template.get("spec"), dict):
            yield from template_relations(place, source, meta["namespace"], template["spec"])


def _with(raw: Any, extras: Told) -> Told:
    return {**(raw if isinstance(raw, dict) else {}), **extras}


def _kept(item: Object, paths: Any) -> Told:
    """Keep what the paths lead to: of a path into a list all that is found, in its order."""
    told: Told = {}
    for name, path in paths.items():
        found = [without_secrets(one.value, secret=_stands_beside(one, path)) for one in find(item, path)]
        if found:
            told[name] = found if "[*]" in path else found[0]
    return present(**told)


def _stands_beside(found: Found, path: str) -> bool:
    """Tell whether what was found is the value of an entry of a list, whose name beside it is that of a secret."""
    return steps(path)[-1] in VALUES and isinstance(found.entries[-1], dict) and is_named_so(found.entries[-1])


def _conditions(item: Object) -> dict[str, str]:
    """Give the conditions as type to status, of whatever looks like one: each project has its own idea of them."""
    return {
        one.value["type"]: str(one.value["status"])
        for one in find(item, "status.conditions[*]")
        if isinstance(one.value, dict)
        and isinstance(one.value.get("type"), str)
        and isinstance(one.value.get("status"), str | bool)
    }


def _ties(place: Place, source: KeyEnd, item: Object, references: Sequence[Reference]) -> Iterator[Relation]:
    """Tie an object to what it names: once each, ways and keys merged. Optional only where every naming is."""
    merged: dict[tuple[End, str, bool, str], Relation] = {}
    for reference in references:
        for found in _found(item, reference):
            tie = _tie(place, item, reference, found)
            if tie is None or not _holds(tie, source):
                continue
            slot = _slot(place, reference, found)
            told = _told(reference, tie.verb, found)
            ends = (tie.end, source) if reference.reverse else (source, tie.end)
            key = (tie.end, tie.verb, reference.reverse, slot)
            held = merged.get(key)
            told = _both(held.attributes, told) if held else told
            merged[key] = Relation(ends[0], tie.verb, ends[1], slot, told, tie.method, tie.confidence)
    yield from merged.values()


def _holds(tie: _Tie, source: KeyEnd) -> bool:
    """Tell whether a tie may be: none to itself, and none by a verb of one cluster to what may be outside."""
    if isinstance(tie.end, AliasEnd):
        return not VERBS[tie.verb].local
    return tie.end.key != source.key


def _found(item: Object, reference: Reference) -> list[Found]:
    found = list(find(item, reference.path))
    if steps(reference.path)[-1] == NAMES:  # each name in a map names something
        found = [Found(name, one.entries) for one in found for name in one.value]
    if not found and reference.default:
        whole = Found(item, (item,))
        found = [Found(value, (item,)) for value in beside(whole, reference.default)]
    return found


def _tie(place: Place, item: Object, reference: Reference, found: Found) -> _Tie | None:
    """Mint the end that a naming means; None where it means nothing that can be known."""
    name = _name(reference, found)
    if not name or name in reference.skip or clean_text(name) != name:
        return None
    if reference.alias is not None:
        method = Method.PROVIDER_ID if reference.verb == "REALIZED_BY" else Method.EXPLICIT_REF
        return _Tie(AliasEnd(reference.alias, name, reference.to), reference.verb, method)
    namespace = item["metadata"].get("namespace") or ""
    if reference.form == "host":
        return _host(place, namespace, name, reference)
    if reference.namespace:
        namespace = _text(beside(found, reference.namespace)) or namespace
    if reference.form == "path" and "/" in name:
        namespace, _, name = name.partition("/")
    kind, _, group = (reference.kind or "").partition(".")
    if reference.typed and isinstance(found.value, dict):
        kind, group = _typed(found.value, kind, group)
    end = place.referred(group, kind, namespace, name) if kind and name else None
    return None if end is None else _Tie(end, reference.verb)


def _typed(value: Object, kind: str, group: str) -> tuple[str, str]:
    """Read the kind that stands beside a name, and its group: an apiVersion, an apiGroup or a group."""
    kind = value["kind"] if isinstance(value.get("kind"), str) and value["kind"] else kind
    if isinstance(value.get("apiVersion"), str) and value["apiVersion"]:
        return kind, group_of(value["apiVersion"])
    for word in ("apiGroup", "group"):
        if isinstance(value.get(word), str):
            return kind, value[word]
    return kind, group


def _name(reference: Reference, found: Found) -> str:
    if reference.name:
        text = _text(beside(found, reference.name))
    elif isinstance(found.value, dict):
        text = _text([found.value.get("name")])
    else:
        text = _text([found.value])
    if reference.pattern and text:
        matched = re.fullmatch(reference.pattern, text)
        return (matched[1] or "") if matched else ""
    return text


def _text(values: Sequence[Any]) -> str:
    return next((one for one in values if isinstance(one, str)), "")


def _host(place: Place, namespace: str, host: str, reference: Reference) -> _Tie | None:
    """Mint what a host name means: a service of the namespace where it has no dots, one of the cluster, or outside."""
    name = host.lower().rstrip(".")
    name = re.sub(r":\d+$", "", name)
    if inside := in_cluster(name):
        return _Tie(place.end("k8s.service", *inside), reference.verb)
    if not HOST.fullmatch(name):  # a wildcard, or what is no name at all
        return None
    if "." not in name:
        return _Tie(place.end("k8s.service", namespace, name), reference.verb) if namespace else None
    if reference.reverse:
        return None
    return _Tie(AliasEnd("dns.name", name, NAMED_OUTSIDE), "DEPENDS_ON", Method.DNS, 0.95)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _told(reference: Reference, verb: str, found: Found) -> Told:
    """Say of a tie what its verb has words for."""
    words = VERBS[verb].attributes
    told: Told = {}
    if "uses" in words:
        way = [step for step in re.split(r"\.|\[\*\]|\{\}", reference.path) if step]
        told["uses"] = [way[-1]]
    if "keys" in words and reference.keys:
        told["keys"] = sorted({one for one in beside(found, reference.keys) if isinstance(one, str)})
    if "optional" in words and reference.optional:
        told["optional"] = True if True in beside(found, reference.optional) else None
    for word, path in (("port", reference.port), ("weight", reference.weight)):
        if word in words and path:
            told[word] = next((one for one in beside(found, path) if _plain(one)), None)
    return present(**told)


def _slot(place: Place, reference: Reference, found: Found) -> str:
    """Put into words what tells a tie apart. Of maps a keyed hash stands last: a value in them may be a credential."""
    parts = [one for path in reference.slot for one in beside(found, path)]
    words, maps = [str(one) for one in parts if _plain(one)], [one for one in parts if isinstance(one, dict) and one]
    if maps:
        words.append(f"#{place.hashed(json.dumps(maps, sort_keys=True))}")
    return " ".join(words)


def _both(one: Any, other: Told) -> Told:
    """Merge what two namings of one thing say: lists together, and what both say otherwise as the first has it.

    Of two weights the higher counts; where one naming has none, nothing says that it is less than all. So with keys.
    """
    merged = {**other, **one}
    if "keys" not in one or "keys" not in other:
        merged.pop("keys", None)
    for word in one.keys() & other.keys():
        if isinstance(one[word], list):
            merged[word] = sorted({*one[word], *other[word]})
    if one.get("weight") != other.get("weight"):
        weights = [one.get("weight"), other.get("weight")]
        merged["weight"] = max(weights) if all(isinstance(weight, int) for weight in weights) else None
    if not (one.get("optional") and other.get("optional")):
        merged.pop("optional", None)
    return present(**merged)
