"""What is true of a cluster? Asked of its own API, by code that shares nothing with what is tested."""

from typing import NamedTuple

from tests.servers.kube_api import KubeApi
from tests.truth import custom, places, pods, rules, traffic
from tests.truth.objects import KINDS, RESOURCE, Cluster, Thing, Tie, tie


class Look(NamedTuple):
    """What the cluster's own API said at one look.

    entities: everything by its key, with its uid. missing: what ties name and the cluster could have, and has not.
    unaccounted: resources of Kubernetes itself that are neither looked at nor known to be left out.
    """

    entities: set[tuple[str, str | None]]
    ties: set[Tie]
    missing: set[str]
    kinds: set[str]
    unaccounted: set[tuple[str, str]]


def look(api: KubeApi) -> Look:
    """Ask a cluster for everything."""
    cluster = Cluster(api)
    ties = all_ties(cluster)
    kinds = {one.word for one in cluster.things}
    return Look(set(cluster.entities().items()), ties, cluster.missing(ties), kinds, cluster.unaccounted)


def all_ties(cluster: Cluster) -> set[Tie]:
    """Give every tie that the objects of a cluster have."""
    parts = (pods, places, traffic, rules, custom)
    return {one for part in parts for one in part.ties(cluster)}


__all__ = ["KINDS", "RESOURCE", "Cluster", "Look", "Thing", "Tie", "all_ties", "look", "tie"]
