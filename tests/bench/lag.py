"""How long after a change in a real cluster can it be asked for? `python -m tests.bench.lag --rate 100 --seconds 60`.

`asbuilt discover` runs as a process of its own, with all its defaults. Objects of several kinds are created, changed
and deleted through the API server at a steady rate; each change counts from the server's answer to it until a reader of
the store sees it, or a later one of the same object. Latencies therefore hold the server's own, and the reader's pause.
"""

from __future__ import annotations

import argparse
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from collectors.kubernetes.mapping.cluster import cluster_key
from graph.model import EntityVersion, Key
from graph.store import EntityFilter
from graph.stores.sqlite import SqliteStore
from tests.bench.discover import cpu_of, discovering, metric
from tests.servers.fixtures import bypass_proxies
from tests.servers.kube_api import KubeApi
from tests.servers.kubernetes import ControlPlane
from tests.servers.process import free_port

SPACE = "churn"
SECONDS, OBJECTS = 60.0, 500
"""How long it is churned, and how many objects."""
PAUSE = 0.02
"""Seconds between two readings of the store."""

CONTAINERS = {"containers": [{"name": "c", "image": "example.org/x:1"}]}
TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": CONTAINERS}
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "configmaps": ("/api/v1", "k8s.configmap", {"data": {"a": "b"}}),
    "secrets": ("/api/v1", "k8s.secret", {"stringData": {"a": "b"}}),
    "services": ("/api/v1", "k8s.service", {"spec": {"ports": [{"port": 80}], "selector": {"app": "x"}}}),
    "deployments": (
        "/apis/apps/v1",
        "k8s.deployment",
        {"spec": {"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": TEMPLATE}},
    ),
    "pods": ("/api/v1", "k8s.pod", {"spec": {**CONTAINERS, "schedulerName": "nobody"}}),
}
"""What is churned: plural to path, kind, and what a new object holds. The pods are never scheduled."""


@dataclass(slots=True)
class Ledger:
    """What was changed and has not been seen yet: for each object (kind and name) number and instant of its changes."""

    waiting: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    took: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def changed(self, object_: tuple[str, str], number: int) -> None:
        with self.lock:
            self.waiting[object_].append((number, time.monotonic()))

    def seen(self, object_: tuple[str, str], number: float) -> None:
        """Note that an object was seen as of a change (infinity: it is gone)."""
        now = time.monotonic()
        with self.lock:
            waiting = self.waiting.get(object_, [])
            self.took += [now - at for one, at in waiting if one <= number]
            left = [(one, at) for one, at in waiting if one > number]
            if left:
                self.waiting[object_] = left
            else:
                self.waiting.pop(object_, None)


class Churn:
    """Changes objects of a cluster at a rate, and notes each change when the server has answered it."""

    def __init__(self, api: KubeApi, ledger: Ledger, objects: int) -> None:
        self._api = api
        self._ledger = ledger
        self._random = random.Random(7)
        self._free = [(plural, f"o{number}") for plural in KINDS for number in range(objects // len(KINDS))]
        self._busy: set[tuple[str, str]] = set()
        self._there: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._number = 0
        self.done = Counter[str]()

    def run(self, rate: float, seconds: float) -> float:
        """Change so many objects a second; give how many it really were."""
        began = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            for count in range(int(rate * seconds)):
                time.sleep(max(0.0, began + count / rate - time.monotonic()))
                pool.submit(self._one)
        return sum(self.done.values()) / (time.monotonic() - began)

    def _one(self) -> None:
        with self._lock:
            object_ = self._random.choice([one for one in self._free if one not in self._busy])
            self._busy.add(object_)
            self._number += 1
            number = self._number
            act = "create" if object_ not in self._there else self._random.choices(["patch", "delete"], [8, 1])[0]
        try:
            self._act(object_, number, act)
            self.done[act] += 1
        finally:
            with self._lock:
                self._busy.discard(object_)

    def _act(self, object_: tuple[str, str], number: int, act: str) -> None:
        plural, name = object_
        prefix, _, body = KINDS[plural]
        path = f"{prefix}/namespaces/{SPACE}/{plural}"
        labels = {"labels": {"n": str(number)}}
        if act == "create":
            self._api.request("POST", path, {**body, "metadata": {"name": name, **labels}})
            self._there.add(object_)
        elif act == "patch":
            self._api.patch(f"{path}/{name}", {"metadata": labels})
        else:
            self._api.request("DELETE", f"{path}/{name}", query={"gracePeriodSeconds": 0})
            self._there.discard(object_)
        self._ledger.changed(object_, number)


def watch_store(store: SqliteStore, root: Key, ledger: Ledger, stop: threading.Event) -> None:
    """See what the store shows of the objects that wait to be seen, again and again."""
    space = root.child("k8s.namespace", SPACE)
    kinds = {kind: plural for plural, (_, kind, _) in KINDS.items()}
    head = -1
    while not stop.wait(PAUSE):
        if store.head().number == head:
            continue
        with store.reader() as reader:
            head = reader.mark.number
            wanted = EntityFilter(kinds=frozenset(kinds), prefix=space)
            shown = {(kinds[one.kind], one.name): _number(one) for one in reader.entities(wanted, 10_000)}
        with ledger.lock:
            waiting = {object_: [number for number, _ in changes] for object_, changes in ledger.waiting.items()}
        for object_, numbers in waiting.items():
            # What was deleted waits under its last number, and what is shown of it is older, or nothing.
            number = shown.get(object_, float("inf"))
            if number == float("inf") or number >= numbers[0]:
                ledger.seen(object_, max(numbers) if number == float("inf") else number)


def _number(one: EntityVersion) -> float:
    labels = one.attributes.get("labels")
    return float(str(labels.get("n", 0))) if isinstance(labels, dict) else 0.0


def spread(took: Sequence[float]) -> dict[str, float]:
    """Say how latencies are spread, in seconds."""
    cut = quantiles(took, n=1000, method="inclusive")
    return {"p50": cut[499], "p90": cut[899], "p99": cut[989], "p99.9": cut[998], "max": max(took)}


def figures(rate: float, seconds: float = SECONDS, objects: int = OBJECTS) -> dict[str, float]:
    """Change so many objects a second in a cluster of its own, and see how late each change is seen."""
    bypass_proxies()
    with ControlPlane() as plane, TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}])
        uid = plane.api.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
        with discovering(plane.kubeconfig(folder / "kubeconfig"), folder, port) as process:
            plane.wait_for(lambda: metric(port, "asbuilt_watch_live") >= len(KINDS), what="live watches", timeout=60)
            time.sleep(2)
            store, ledger, stop = SqliteStore(folder / "a.db"), Ledger(), threading.Event()
            seeing = threading.Thread(target=watch_store, args=[store, cluster_key(uid), ledger, stop])
            seeing.start()
            churn = Churn(plane.api, ledger, objects)
            reached = churn.run(rate, seconds)
            until = time.monotonic() + 30
            while ledger.waiting and time.monotonic() < until:
                time.sleep(0.1)
            stop.set()
            seeing.join()
            found = {"rate": reached, **churn.done, "seen": len(ledger.took), "unseen": len(ledger.waiting)}
            for one in ("events_total", "batches_total", "restarts_total", "lag_seconds_sum"):
                found[one] = metric(port, f"asbuilt_watch_{one}")
            found |= spread(ledger.took) | {"runs": metric(port, "asbuilt_runs_total"), "cpu": cpu_of(process.pid)}
            found["revision"] = store.head().number
            store.close()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lag", description="How late is a change?")
    parser.add_argument("--rate", type=float, default=100.0, help="changes a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--objects", type=int, default=OBJECTS, help="objects that are churned")
    asked = parser.parse_args(arguments)
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, figure in figures(asked.rate, asked.seconds, asked.objects).items():
        print(f"  {name}: {figure:.2f}")
    print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
