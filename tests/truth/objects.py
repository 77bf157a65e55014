"""Which objects does a cluster have, and what is each called? One look at all that its own API lists.

The names are those of the documentation, written here once more, so that a mistake in the product's tables is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers.errors import RequestRefused
from tests.servers.kube_api import KubeApi, Manifest

Part = Mapping[str, Any]
"""A part of an object: a spec, a status, a reference."""

RESOURCE = "k8s.resource"
"""What an object of a custom resource is that has no kind of its own."""

BY_UID = frozenset({"k8s.pod", "k8s.replicaset", "k8s.job", "k8s.event"})
"""Kinds whose names come and go, so that their uid names them."""

NOT_READ = {
    "": "bindings componentstatuses endpoints events podtemplates replicationcontrollers",
    "apps": "controllerrevisions",
    "admissionregistration.k8s.io": "mutatingadmissionpolicies mutatingadmissionpolicybindings"
    " validatingadmissionpolicies validatingadmissionpolicybindings",
    "certificates.k8s.io": "*",
    "coordination.k8s.io": "*",
    "flowcontrol.apiserver.k8s.io": "*",
    "networking.k8s.io": "ipaddresses servicecidrs",
    "node.k8s.io": "*",
    "resource.k8s.io": "*",
    "scheduling.k8s.io": "*",
    "storage.k8s.io": "csidrivers csinodes csistoragecapacities volumeattachments volumeattributesclasses",
}
"""What of Kubernetes itself is not looked at: it carries no question, or says again what another resource says."""


class KindRow(NamedTuple):
    """One kind: what we call it, and what the API does."""

    word: str
    group: str
    plural: str
    name: str
    wide: bool


def _rows() -> Iterator[KindRow]:
    for line in Path(__file__).with_name("kinds.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, group, plural, name, *wide = line.split()
            yield KindRow(word, "" if group == "-" else group, plural, name, bool(wide))


KINDS = tuple(_rows())
_NAMES = {(row.group, row.name): row for row in KINDS}


class Tie(NamedTuple):
    """That one thing is something to another. An end is a key, or `type=value` of what no object of the cluster is.

    told: what is said of the tie, as JSON.
    """

    source: str
    verb: str
    target: str
    slot: str = ""
    told: str = "{}"


def tie(source: str, verb: str, target: str, slot: str = "", **told: Any) -> Tie:
    """Make a tie. What is None or empty is not said."""
    said = {name: value for name, value in told.items() if value not in (None, "", [])}
    return Tie(source, verb, target, slot, json.dumps(said, sort_keys=True))


class Thing(NamedTuple):
    """An object, its key, and the namespace that it stands in."""

    word: str
    key: str
    space: str
    item: Manifest

    @property
    def spec(self) -> Manifest:
        """What is wanted."""
        found: Manifest = self.item.get("spec") or {}
        return found

    @property
    def status(self) -> Manifest:
        """What is."""
        found: Manifest = self.item.get("status") or {}
        return found

    @property
    def meta(self) -> Manifest:
        """Its metadata."""
        found: Manifest = self.item["metadata"]
        return found


class Cluster:
    """One look at everything that a cluster has."""

    def __init__(self, api: KubeApi) -> None:
        """List it all."""
        system = api.read("/api/v1/namespaces/kube-system")
        assert system is not None
        self.key = f"k8s.cluster/{system['metadata']['uid']}"
        served = _served(api)
        self.things: list[Thing] = []
        self._others: dict[tuple[str, str], bool] = {}
        self._looked_for = {"k8s.cluster", "k8s.container", "helm.release"}
        for row in KINDS:
            if path := served.get((row.group, row.plural)):
                self._looked_for.add(row.word)
                self._take(row.word, api.items(path))
        for defined in [one.spec for one in self._defined()]:
            group, names = defined["group"], defined["names"]
            path = served.get((group, names["plural"]))
            if path and (group, names["kind"]) not in _NAMES:
                self._others[group, names["kind"]] = defined["scope"] == "Namespaced"
                stamp = {"apiVersion": f"{group}/{path.split('/')[3]}", "kind": names["kind"]}
                self._take(RESOURCE, [{**item, **stamp} for item in api.items(path)])
        self.unaccounted = {name for name in served if not self._accounted(*name)}
        self._named = {(one.word, one.space, one.meta["name"]): one.key for one in self.things}

    def _take(self, word: str, items: list[Manifest]) -> None:
        for item in items:
            meta = item["metadata"]
            name, space = meta["name"], meta.get("namespace", "")
            if word == RESOURCE:
                name = f"{item['apiVersion'].split('/')[0]}:{item['kind']}:{name}"
            key = self.at(space, word, meta["uid"] if word in BY_UID else name)
            self.things.append(Thing(word, key, space, item))

    def each(self, *words: str) -> Iterator[Thing]:
        """Give the things of some kinds."""
        return (one for one in self.things if one.word in words)

    def space(self, name: str) -> str:
        """Name a namespace."""
        return f"{self.key}/k8s.namespace/{name}"

    def at(self, space: str, word: str, name: str) -> str:
        """Name what stands in a namespace; or in none, where that is empty."""
        assert not set("%/#?|@ ") & set(name), f"{word} {name}: such a name is escaped in a key, and not by this"
        return f"{self.space(space) if space else self.key}/{word}/{name}"

    def refer(self, group: str, name: str, space: str, called: str, uid: str = "") -> str | None:
        """Give what a reference by group, Kind and name means; None where that is no kind that is known."""
        row = _NAMES.get((group, name))
        if row is None:
            namespaced = self._others.get((group, name))
            if namespaced is None or (namespaced and not space):
                return None
            return self.at(space if namespaced else "", RESOURCE, f"{group}:{name}:{called}")
        if row.wide:
            return self.at("", row.word, called)
        if not space:
            return None
        if row.word not in BY_UID:
            return self.at(space, row.word, called)
        if uid:
            return self.at(space, row.word, uid)
        return self._named.get((row.word, space, called), f"{row.word}.name={self.space(space)}/{called}")

    def entities(self) -> dict[str, str | None]:
        """Give the uid of everything that there is, by its key: the objects, their containers, Helm's releases.

        Of what has its uid in its key, and of what has none, None.
        """
        found: dict[str, str | None] = {self.key: None}
        for one in self.things:
            found[one.key] = None if one.word in BY_UID else one.meta["uid"]
            if one.word == "k8s.pod":
                fields = ("initContainers", "containers", "ephemeralContainers")
                inside = [part["name"] for field in fields for part in one.spec.get(field) or []]
                found |= dict.fromkeys((f"{one.key}/k8s.container/{name}" for name in inside), None)
            labels = one.meta.get("labels") or {}
            if one.word == "k8s.secret" and labels.get("owner") == "helm":
                found[self.at(one.space, "helm.release", labels["name"])] = None
        return found

    def missing(self, ties: set[Tie]) -> set[str]:
        """Give what ties name and this cluster could have, and has not."""
        known = self.entities()
        named = {end for one in ties for end in (one.source, one.target) if "=" not in end}
        return {end for end in named - known.keys() if end.split("/")[-2] in self._looked_for}

    def _accounted(self, group: str, plural: str) -> bool:
        """Tell whether a resource that is served is looked at, or is known not to be."""
        if any((row.group, row.plural) == (group, plural) for row in KINDS):
            return True
        if any((one.spec["group"], one.spec["names"]["plural"]) == (group, plural) for one in self._defined()):
            return True
        left_out = NOT_READ.get(group, "").split()
        return "*" in left_out or plural in left_out

    def _defined(self) -> Iterator[Thing]:
        return self.each("k8s.customresourcedefinition")


def _served(api: KubeApi) -> dict[tuple[str, str], str]:
    """Give the path of each listing that the server has, by group and resource, in the version that it prefers."""
    found: dict[tuple[str, str], str] = {}
    roots = [("", "/api/v1")]
    for group in api.request("GET", "/apis")["groups"]:
        versions = [group["preferredVersion"], *group["versions"]]
        roots += [(group["name"], f"/apis/{one['groupVersion']}") for one in versions]
    for name, root in roots:
        try:
            listed = api.request("GET", root)["resources"]
        except RequestRefused as error:
            if error.status != 503:  # an aggregated API whose service does not answer
                raise
            continue
        for one in listed:
            if "/" not in one["name"] and "list" in one["verbs"]:
                found.setdefault((name, one["name"]), f"{root}/{one['name']}")
    return found
