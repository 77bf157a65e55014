"""What does a cluster of the real API server cost, as large as the machine bears it?

etcd, API server, controllers and scheduler are real; kwok plays the kubelets. What is applied is the generated cluster
of `tests/bench/around.py`; its ReplicaSets, pods, EndpointSlices and Events are the controllers' own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.around import PATHS, nodes, objects
from tests.bench.cluster import compared, costs, excess
from tests.bench.serving import PAGE, sort_of
from tests.servers import nodes as machines
from tests.servers.fault_proxy import FaultProxy
from tests.servers.fixtures import bypass_proxies
from tests.servers.kube_api import KubeApi, Manifest
from tests.servers.kubernetes import ControlPlane

APPLIED = ("Namespace", "ConfigMap", "Secret", "ServiceAccount", "Service", "Deployment")
"""What is applied, in this order; everything else is made from it, or comes with the machines."""
PATIENCE = 1_800.0
"""Seconds until every pod has to run."""
QUIET = 5.0
"""Seconds for which nothing of what is counted may have moved."""
_OF_THE_SYSTEM = ("kube-root-ca.crt", "default", "kube-node-lease", "kube-public", "kube-system")
_DROPPED = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


def manifests(pods: int) -> list[tuple[str, Manifest]]:
    """Give what to apply for so many pods, with the path where it is created, what others need first."""
    wanted: dict[str, list[tuple[str, Manifest]]] = {kind: [] for kind in APPLIED}
    for kind, made in objects(pods):
        meta = made["metadata"]
        if kind not in wanted or meta["name"] in _OF_THE_SYSTEM or meta.get("namespace") in _OF_THE_SYSTEM:
            continue
        metadata = {name: value for name, value in meta.items() if name not in _DROPPED}
        rest = {name: value for name, value in made.items() if name not in ("metadata", "status")}
        if kind == "Service":  # an address is the server's to give
            rest["spec"] = {name: rest["spec"][name] for name in ("ports", "selector", "type")}
        root, _, plural = PATHS[kind].rpartition("/")
        space = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
        wanted[kind].append((f"{root}{space}/{plural}", {"metadata": metadata, **rest}))
    return [one for kind in APPLIED for one in wanted[kind]]


def fill(plane: ControlPlane, pods: int) -> float:
    """Have so many pods run, on one node for each thirty; give the seconds that it took."""
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: plane.api.apply([one]), machines.nodes(nodes(pods))))
        for kind in APPLIED:
            these = [(path, one) for path, one in manifests(pods) if path.endswith(PATHS[kind].rpartition("/")[2])]
            list(pool.map(lambda one: plane.api.request("POST", *one), these))
    plane.wait_for(lambda: _running(plane.api) >= pods, what=f"{pods} running pods", timeout=PATIENCE)
    _wait_quiet(plane)
    return time.monotonic() - began


def _running(api: KubeApi) -> int:
    """Count the pods that are ready, by what their ReplicaSets say of them."""
    return sum(one["status"].get("readyReplicas", 0) for one in api.items(PATHS["ReplicaSet"], limit=PAGE))


def _wait_quiet(plane: ControlPlane) -> None:
    """Wait until the controllers have nothing left to do: what follows from pods has not moved for some seconds."""
    last: list[str] = []
    since = time.monotonic()

    def quiet() -> bool:
        nonlocal last, since
        paths = (PATHS[kind] for kind in ("Deployment", "EndpointSlice", "Event", "Node"))
        seen = [one["metadata"]["resourceVersion"] for path in paths for one in plane.api.items(path, limit=PAGE)]
        if seen != last:
            last, since = seen, time.monotonic()
        return time.monotonic() - since > QUIET

    plane.wait_for(quiet, what="controllers at rest", timeout=PATIENCE)


def held(api: KubeApi, paths: Iterator[str] | set[str]) -> tuple[int, int]:
    """Count the objects of listings, and the pages that these take."""
    counts = []
    for path in paths:
        page: dict[str, Any] = api.request("GET", path, query={"limit": 1})
        counts.append(len(page["items"] or []) + int(page["metadata"].get("remainingItemCount") or 0))
    return sum(counts), sum(max(1, -(-count // PAGE)) for count in counts)


def figures(pods: int) -> dict[str, float]:
    """Measure a real cluster of so many pods."""
    bypass_proxies()
    with ControlPlane() as plane, FaultProxy(plane.access) as proxy, TemporaryDirectory() as folder:
        filled = fill(plane, pods)
        asked: set[str] = set()

        def calls() -> Counter[str]:
            passed = proxy.requests
            proxy.forget()
            sorts = [(sort_of(one.path, {name: [text] for name, text in one.query.items()}), one) for one in passed]
            asked.update(one.path for sort, one in sorts if sort == "page")
            return Counter(sort for sort, _ in sorts)

        store = Path(folder) / "a.db"
        direct, counted = str(plane.kubeconfig()), str(plane.kubeconfig(server=proxy.url))
        found = compared(direct, store, calls, counted=counted)
        count, pages = held(plane.api, asked)
    found |= {"objects": count, "filled": filled, "nodes": nodes(pods)} | costs(found, count) | excess(found, pages)
    found.pop("fresh_cpu")
    return found | {"first_rate": pods / found["first_wall"]}
