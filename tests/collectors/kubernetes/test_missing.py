"""Is a reference to something that does not exist said to be missing, whatever it names?"""

from collectors import testing
from collectors.kubernetes.knowledge import KNOWLEDGE
from graph.analysis.presence import Said, presences
from graph.model import Entity, Key, KeyEnd, Relation
from graph.stores.memory import MemoryStore
from tests.collectors.kubernetes.memory_api import MemoryApi, collector, samples
from tests.graph.world import World

KINDS = {
    "flux.gitrepository",
    "flux.kustomization",
    "helm.release",
    "k8s.clusterrole",
    "k8s.configmap",
    "k8s.gateway",
    "k8s.ingressclass",
    "k8s.persistentvolumeclaim",
    "k8s.priorityclass",
    "k8s.role",
    "k8s.secret",
    "k8s.service",
    "k8s.serviceaccount",
    "k8s.storageclass",
}
"""Kinds of things that the samples are read without, and name."""


def test_whatever_is_named_and_not_there_is_missing() -> None:
    """A claim, a class, a role, an account, a backend, a webhook's service, a source of Flux: all by one law.

    What is there is present, and what nothing of the cluster contains is mentioned.
    """
    naming = {name: items for name, items in samples().items() if name not in LEFT_OUT}
    api = MemoryApi(naming)
    world = World(MemoryStore(), knowledge=KNOWLEDGE)
    world.configure("prod")
    world.scopes("prod", *collector(api).scopes())
    for _ in range(2):  # what is named in the first is looked for in the second
        for scope, documents in testing.world(collector(api)).items():
            world.read(scope, *documents)
    said = [
        one
        for documents in testing.world(collector(api)).values()
        for document in documents
        for one in document.statements
    ]
    stated = {one.key for one in said if isinstance(one, Entity)}
    named = {
        end.key
        for one in said
        if isinstance(one, Relation)
        for end in (one.source, one.target)
        if isinstance(end, KeyEnd)
    }
    absent = {key for key in named - stated if key.kind != "container.image"}
    with world.store.reader() as reader:
        found = {key: one.said for key, one in presences(reader, named).items()}
    assert {key for key, one in found.items() if one is Said.MISSING} == absent
    assert {key.kind for key in absent} >= KINDS
    assert {found[key] for key in named & stated} == {Said.PRESENT}
    images = {key for key in named if Key(key).kind == "container.image"}
    assert {found[key] for key in images} == {Said.MENTIONED}


LEFT_OUT = {
    "gateways.gateway.networking.k8s.io",
    "gitrepositories.source.toolkit.fluxcd.io",
    "ingressclasses.networking.k8s.io",
    "persistentvolumeclaims",
    "priorityclasses.scheduling.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "secrets",
    "storageclasses.storage.k8s.io",
}
