"""What does this cluster say exists? Its scopes, and each of them read to the end or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from collectors.contract import CollectorError, Failed, Outdated, Plugin, SourceSettings, Unwatchable
from collectors.kubernetes.client import Client, Expired, Wanted
from collectors.kubernetes.connection import Connection
from collectors.kubernetes.custom.table import RESOURCE, Layout, Table
from collectors.kubernetes.knowledge import KNOWLEDGE
from collectors.kubernetes.kubeconfig import each_cluster
from collectors.kubernetes.mapping.cluster import cluster, cluster_key
from collectors.kubernetes.mapping.place import Place
from collectors.kubernetes.permissions import manifest
from collectors.kubernetes.resources import (
    CLUSTER_STATES,
    CUSTOM,
    PERMISSIONS,
    RESOURCES,
    STATES,
    Resource,
    custom_resource,
)
from collectors.kubernetes.served import OWN_GROUPS, Added, Served, discover
from collectors.kubernetes.settings import KubernetesSettings
from collectors.kubernetes.watching import Watch
from graph.model import Document, Ended, Key, Position, Scope

CLUSTER_SCOPE = "cluster"
BEGINNINGS = 3
"""How often one listing is begun when its instant keeps expiring under it."""
IDENTITY_HOLDS = 2.0
"""Seconds for which the cluster's identity counts as confirmed; a listing that ends later confirms it again."""


@dataclass(frozen=True, slots=True)
class _Identity:
    uid: str
    created_at: str | None
    confirmed: float


@dataclass(frozen=True, slots=True)
class _Target:
    """What reading a scope takes: its resource and where that is; or why it cannot be read.

    alone: it is one object, read by its name, and no listing.
    """

    scope: Scope
    resource: Resource | None = None
    wanted: Wanted | None = None
    failure: CollectorError | None = None
    alone: bool = False


class KubernetesCollector:
    """Reads one cluster. Remembers only its connection and what it listed as scopes. Safe for several threads."""

    def __init__(self, source: str, settings: KubernetesSettings, client: Client) -> None:
        self._source = source
        self._settings = settings
        self._client = client
        self._identity: _Identity | None = None
        self._targets: dict[str, _Target] = {}
        self._table = Table(settings.custom_resources)
        self._added: tuple[Added, ...] = ()
        self._had: dict[str, frozenset[str]] = {}

    def scopes(self) -> Sequence[Scope]:
        uid = self._confirmed().uid
        targets = [self._cluster_target(uid), *self._resource_targets(uid, discover(self._client))]
        self._targets = {target.scope.name: target for target in targets}
        return [target.scope for target in targets]

    def observe(self, scope: Scope) -> Iterator[Position | Document]:
        target = self._target(scope)
        if target.failure is not None:
            raise target.failure
        if target.resource is None or target.wanted is None:
            yield from self._observe_cluster()
            return
        read = self._reading(target.resource)
        if target.alone:
            yield from self._observe_one(target.wanted, read)
            self._confirm_after_listing(scope)
            return
        for _ in range(BEGINNINGS):
            try:
                yield from self._listing(target.wanted, read)
                break
            except Expired:  # Nothing of that instant counts: the position that now follows says so.
                continue
        else:
            raise Failed(
                f"{target.wanted.what}: the listing's instant expired {BEGINNINGS} times before its end (410);"
                " raise page_size, or have the server keep its history longer"
            )
        self._confirm_after_listing(scope)

    def watch(self, scope: Scope, since: Position) -> Iterator[Document | Ended | Position]:
        target = self._target(scope)
        if target.failure is not None:
            raise target.failure
        if target.resource is None or target.wanted is None or target.alone:
            raise Unwatchable(f"{scope.name}: nothing tells of its changes; it is read at every look")
        wanted = replace(target.wanted, permission=target.wanted.permission.replace("'list'", "'watch'"))
        with closing(Watch(self._client, wanted, since.value, self._settings.watch_silence)) as watch:
            # Once the connection stands: its position would mean nothing in another cluster.
            self._same_cluster(scope, self._confirmed())
            read = self._reading(target.resource)
            yield since
            for type_, item in watch.events():
                event = _event(scope, type_, item, read)
                if isinstance(event, Position) and event < since:
                    raise Outdated(f"{scope.name}, watch: the server's history was turned back; it is listed again")
                yield event

    def close(self) -> None:
        self._client.close()

    def _reading(self, resource: Resource) -> partial[Any]:
        others = {
            (one.group, one.kind): one.namespaced
            for one in self._added
            if self._table.layout(one.group, one.kind).word == RESOURCE
        }
        shown = frozenset(self._settings.configmap_values)
        return partial(resource.read, Place(cluster_key(self._uid()), self._hash_key(), others, shown))

    def _listing(self, wanted: Wanted, read: partial[Any]) -> Iterator[Position | Document]:
        """Yield one listing. Nothing is buffered: an unchanged object costs its decoding and this loop alone."""
        continue_, number = "", 0
        while number == 0 or continue_:
            number += 1
            page = self._client.page(wanted, limit=self._settings.page_size, continue_=continue_, number=number)
            if number == 1:
                yield Position(page.position)
            if page.continue_ and page.continue_ == continue_:
                raise Failed(f"{wanted.what}, page {number}: the server sends the same page again and again")
            continue_ = page.continue_
            items = iter(page.items)
            del page  # the iterator alone holds the objects, and lets go of them before the next page is decoded
            try:
                for item in items:
                    meta = item["metadata"]
                    yield Document(meta["uid"], meta["resourceVersion"], partial(read, item))
            except (KeyError, TypeError):
                raise Failed(
                    f"{wanted.what}, page {number}: an object without metadata.uid and resourceVersion; it cannot be"
                    " told from others, so nothing is concluded from this listing"
                ) from None
            item = meta = None

    def _observe_cluster(self) -> Iterator[Document]:
        version = self._client.read(Wanted("the server's version", "'get' on /version", "/version"))
        identity = self._confirmed()
        key = cluster_key(identity.uid)
        read = partial(cluster, key, self._source, identity.created_at, version)
        yield Document(str(key), "", read)  # the bare uid is the document of the namespace kube-system

    def _observe_one(self, wanted: Wanted, read: partial[Any]) -> Iterator[Document]:
        item = self._client.find(wanted)
        if item is None:
            return
        try:
            yield Document(item["metadata"]["uid"], item["metadata"]["resourceVersion"], partial(read, item))
        except (KeyError, TypeError):
            raise Failed(f"{wanted.what}: an object without metadata.uid; check that this is an API server") from None

    def _target(self, scope: Scope) -> _Target:
        if not self._targets:
            self.scopes()
        target = self._targets.get(scope.name)
        if target is None:
            raise Failed(f"{scope.name} is no scope of this cluster any more; list its scopes again")
        if target.scope.range != scope.range:
            raise Failed(
                f"{scope.name}: another cluster answers here than when its scopes were listed; list them again"
            )
        return target

    def _confirmed(self) -> _Identity:
        """Learn which cluster answers, anew."""
        if self._settings.cluster_uid:
            self._identity = _Identity(self._settings.cluster_uid, None, time.monotonic())
            return self._identity
        wanted = Wanted(
            "the cluster's identity (namespace kube-system)",
            "'get' on namespaces, or set cluster_uid,",
            "/api/v1/namespaces/kube-system",
        )
        metadata = self._client.read(wanted).get("metadata")
        uid = metadata.get("uid") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or not isinstance(uid, str) or not uid:
            raise Failed(f"{wanted.what}: it has no uid; check that this address is an API server")
        created_at = metadata.get("creationTimestamp")
        self._identity = _Identity(uid, created_at if isinstance(created_at, str) else None, time.monotonic())
        return self._identity

    def _confirm_after_listing(self, scope: Scope) -> None:
        """See that it is still the same cluster: the address may have been given to another while we listed."""
        identity = self._identity
        if identity is None or time.monotonic() - identity.confirmed > IDENTITY_HOLDS:
            identity = self._confirmed()
        self._same_cluster(scope, identity)

    def _same_cluster(self, scope: Scope, identity: _Identity) -> None:
        if Key(scope.range).root != cluster_key(identity.uid):
            raise Failed(f"{scope.name}: another cluster answers here than when reading began; list the scopes again")

    def _uid(self) -> str:
        return (self._identity or self._confirmed()).uid

    def _hash_key(self) -> bytes:
        configured = self._settings.hash_key
        return ((configured.get_secret_value() if configured else "") or self._uid()).encode()

    def _cluster_target(self, uid: str) -> _Target:
        return _Target(Scope(self._source, CLUSTER_SCOPE, CLUSTER_STATES, cluster_key(uid)))

    def _resource_targets(self, uid: str, served: Served) -> Iterator[_Target]:
        for told in served.told:
            self._had[told] = frozenset(plural for group, plural in served.prefixes if group == told)
        for resource in RESOURCES:
            prefix = served.prefixes.get((resource.group, resource.plural))
            failure = served.failures.get(resource.group) if prefix is None else None
            unserved = resource.plural not in self._had.get(resource.group, frozenset((resource.plural,)))
            if prefix is None and (failure is None or unserved):
                continue  # not served, when it was last told: there is nothing to look into
            yield from self._targets_of(uid, resource, prefix, failure)
        for resource, prefix, failure in self._custom(served) if self._settings.max_custom_kinds else ():
            yield from self._targets_of(uid, resource, prefix, failure)

    def _targets_of(
        self, uid: str, resource: Resource, prefix: str | None, failure: CollectorError | None
    ) -> Iterator[_Target]:
        if self._settings.namespaces is None:
            root, within = cluster_key(uid), None
            if resource.group not in OWN_GROUPS:  # it exists by its definition; one of an aggregated API has none
                within = root.child("k8s.customresourcedefinition", resource.name)
            scope = Scope(self._source, resource.name, resource.states, root, within, begins=resource.begins)
            yield _target(scope, resource, f"{prefix}/{resource.plural}", failure)
        else:
            yield from self._namespaced_targets(uid, resource, prefix, failure)

    def _custom(self, served: Served) -> Iterator[tuple[Resource, str | None, CollectorError | None]]:
        """Give what others have added, what has a row first.

        Of a group that could not be asked, what it had last counts. Where it never told, what has a row in it fails,
        and all the rest of it as one.
        """
        kept = [one for one in self._added if one.group in served.failures]
        self._added = tuple(sorted({(one.group, one.plural): one for one in (*kept, *served.added)}.values()))
        told = [
            (custom_resource(one.plural, layout, namespaced=one.namespaced), one.prefix)
            for one in self._added
            for layout in (self._table.layout(one.group, one.kind),)
        ]
        told.sort(key=lambda pair: not pair[0].layout.known)
        most = self._settings.max_custom_kinds
        for count, (resource, prefix) in enumerate(told):
            many = f"{resource.name}: one of {len(told)} kinds of custom resources, of which {most} are read"
            yield resource, prefix, None if count < most else Failed(f"{many}; raise max_custom_kinds to read it too")
        for group, failure in served.failures.items():
            if group not in OWN_GROUPS and group not in self._had:
                rest = custom_resource("*", Layout(group, ""), namespaced=True)
                for resource in (*(one for one in CUSTOM if one.group == group), rest):
                    yield resource, None, failure

    def _namespaced_targets(
        self, uid: str, resource: Resource, prefix: str | None, failure: CollectorError | None
    ) -> Iterator[_Target]:
        for namespace in self._settings.namespaces or ():
            key = Place(cluster_key(uid), b"").namespace(namespace)
            name = f"{resource.name}/{namespace}"
            if resource.namespaced:
                scope = Scope(self._source, name, resource.states, key, within=key, begins=resource.begins)
                yield _target(scope, resource, f"{prefix}/namespaces/{namespace}/{resource.plural}", failure)
            elif resource.kind == key.kind:
                # By its name, which who has no rights in the cluster may be allowed inside the namespace.
                scope, permission = Scope(self._source, name, resource.states, key), "'get' on namespaces in it"
                wanted = Wanted(name, permission, f"{prefix}/{resource.plural}/{namespace}")
                yield _Target(scope, resource, wanted, failure, alone=True)


def _event(scope: Scope, type_: str, item: dict[str, Any], read: partial[Any]) -> Document | Ended | Position:
    """Say what one event of a watch means."""
    try:
        meta = item["metadata"]
        position = int(meta["resourceVersion"])
        if type_ == "BOOKMARK":
            return Position(position)
        if type_ == "DELETED":
            return Ended(meta["uid"], Position(position))
        if type_ in ("ADDED", "MODIFIED"):
            return Document(meta["uid"], meta["resourceVersion"], partial(read, item))
    except (KeyError, TypeError, ValueError):
        pass
    raise Failed(f"{scope.name}, watch: an event that tells of no object; it is asked again from the last one")


def _target(scope: Scope, resource: Resource, path: str, failure: CollectorError | None) -> _Target:
    permission = f"'list' on {resource.plural} of API group '{resource.group}'"
    return _Target(scope, resource, Wanted(scope.name, permission, path, resource.accept), failure)


def _connect(source: str, settings: SourceSettings) -> KubernetesCollector:
    if not isinstance(settings, KubernetesSettings):
        raise TypeError(f"source {source} needs KubernetesSettings")
    return KubernetesCollector(source, settings, Client(Connection(settings)))


_WATCHED = {
    f"watch {resource.name}": "what changes there, as it happens; else it is polled"
    for resource in (*RESOURCES, *CUSTOM)
}

plugin = Plugin(
    "kubernetes",
    KubernetesSettings,
    STATES,
    KNOWLEDGE,
    _connect,
    PERMISSIONS | _WATCHED,
    manifest=manifest,
    each=each_cluster,
)
